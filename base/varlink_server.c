/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a Varlink server for peers that cannot be trusted to be polite. Each connection has at most one call
 *open; what was pipelined behind it waits in the decoder, which stops reading when it holds enough. Answers
 *wait in an output queue that is bounded too. A connection is closed only from the loop, never below a reply,
 *so that a handler may go on using its call after any reply but the last.
 *
 *	         message                  last reply
 *	WAITING ---------> call open ------------------> WAITING (next pipelined message)
 *	   | end of stream     | peer gone
 *	   v                   v
 *	 closed            on_gone, or the call lives on alone until it is replied to
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unix_address.h"
#include "base/varlink_service.h"
#include "base/varlink_wire.h"

#define ACCEPT_BURST	   16	    /* connections taken before the loop goes on */
#define ACCEPT_RETRY_US	   100000   /* pause when descriptors are short */
#define HANGUP_POLL_US	   250000   /* how often a peer we do not read from is looked at */
#define INPUT_PAUSE_BYTES  65536u   /* stop reading when a call is open and this much waits behind it */
#define OUTPUT_PAUSE_BYTES 1048576u /* start no further call while this much is unread */
#define OUTPUT_MAX_BYTES   (2 * VARLINK_MESSAGE_MAX_BYTES)
#define SEND_PIECES	   16

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct varlink_server *server;
	int fd;
	struct ucred peer;
	struct event *readable, *writable, *wake, *hangup;
	struct evbuffer *output;
	struct varlink_decoder input;
	struct varlink_call *call; /* open; owned until the peer goes */
	bool running, ended /* no more to read */, broken /* to be closed */;
};

struct varlink_call {
	TAILQ_ENTRY(varlink_call) entry;
	struct varlink_server *server; /* NULL when it was freed before the reply */
	struct connection *connection; /* NULL when the peer has gone */
	struct event_base *base;
	struct event *late; /* on_gone was set after the peer had gone */
	struct ucred peer;
	bool more, oneway;
	void (*on_gone)(void *userdata);
	void *userdata;
};

struct varlink_server {
	struct event_base *base;
	const struct varlink_interface *interfaces;
	void *userdata;
	int listen_fd, dir_fd;
	char *name; /* of the socket in dir_fd */
	struct stat made;
	struct event *acceptable, *accept_again;
	uid_t uid;
	size_t connections_len;
	bool freeing;
	TAILQ_HEAD(, connection) connections;
	TAILQ_HEAD(, varlink_call) calls;
};

/* ---- calls ---- */

static void call_free(struct varlink_call *call)
{
	if (call->connection)
		call->connection->call = NULL;
	if (call->server)
		TAILQ_REMOVE(&call->server->calls, call, entry);
	if (call->late)
		event_free(call->late);
	free(call);
}

/* The peer has gone: with on_gone the call ends here, else it waits for its reply. */
static void call_gone(struct varlink_call *call)
{
	void (*on_gone)(void *userdata) = call->on_gone;
	void *userdata = call->userdata;

	call->connection = NULL;
	if (!on_gone)
		return;
	call_free(call);
	on_gone(userdata);
}

static void on_call_late(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	call_gone(userdata);
}

void varlink_call_on_gone(struct varlink_call *call, void (*on_gone)(void *userdata), void *userdata)
{
	const struct timeval now = { 0 };

	call->on_gone = on_gone;
	call->userdata = userdata;
	if (call->connection || !on_gone || call->late)
		return;
	/* without memory nobody is told, and the call is freed by its reply as without on_gone */
	call->late = evtimer_new(call->base, on_call_late, call);
	if (!call->late || evtimer_add(call->late, &now) < 0)
		call->on_gone = NULL;
}

bool varlink_call_wants_more(const struct varlink_call *call)
{
	return call->more;
}

const struct ucred *varlink_call_peer(const struct varlink_call *call)
{
	return &call->peer;
}

/* ---- output ---- */

static void bytes_free(const void *bytes, size_t len, void *userdata)
{
	(void)len;
	(void)userdata;
	free((void *)(uintptr_t)bytes);
}

/* Sends what the socket takes now. -EPIPE and the like when the peer is gone. */
static int connection_flush(struct connection *connection)
{
	struct evbuffer_iovec pieces[SEND_PIECES];
	struct msghdr message = { 0 };
	ssize_t sent;
	int count;

	while (evbuffer_get_length(connection->output) > 0) {
		count = evbuffer_peek(connection->output, -1, NULL, pieces, SEND_PIECES);
		message.msg_iov = (struct iovec *)pieces;
		message.msg_iovlen = (size_t)(count > SEND_PIECES ? SEND_PIECES : count);
		sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? 0 : -errno;
		evbuffer_drain(connection->output, (size_t)sent);
	}
	return 0;
}

/* From below a reply: nothing is freed here, the loop does what is left to do. */
static int connection_send(struct connection *connection, struct varlink_bytes *bytes)
{
	int r = 0;

	if (connection->broken) {
		r = -EPIPE;
	} else if (evbuffer_get_length(connection->output) + bytes->len > OUTPUT_MAX_BYTES) {
		r = -ENOBUFS;
	} else if (evbuffer_add_reference(connection->output, bytes->bytes, bytes->len, bytes_free, NULL) <
		   0) {
		r = -ENOMEM;
	} else {
		bytes->bytes = NULL;
		r = connection_flush(connection) < 0 ? -EPIPE : 0;
	}
	free(bytes->bytes);
	if (r < 0)
		connection->broken = true;
	return r;
}

static void connection_wake(struct connection *connection)
{
	if (!connection->running)
		event_active(connection->wake, EV_TIMEOUT, 0);
}

static int call_send(struct varlink_call *call, json_t *message)
{
	struct varlink_bytes bytes;
	int r;

	if (!call->connection || call->oneway) {
		json_decref(message);
		return call->oneway ? 0 : -EPIPE;
	}
	r = varlink_encode(message, &bytes);
	if (r == 0)
		r = connection_send(call->connection, &bytes);
	else if (r != -EMSGSIZE)
		call->connection->broken = true;
	connection_wake(call->connection);
	return r;
}

/* The last message of a call. */
static int call_end(struct varlink_call *call, json_t *message)
{
	int r = call_send(call, message);

	if (r == -EMSGSIZE)
		(void)call_send(call, json_pack("{s:s}", "error", VARLINK_ERROR_TOO_LARGE));
	/* also when nothing was sent: the next pipelined call may begin */
	if (call->connection)
		connection_wake(call->connection);
	call_free(call);
	return r;
}

static json_t *reply_message(json_t *parameters)
{
	return json_pack("{s:o}", "parameters", parameters ? parameters : json_object());
}

int varlink_reply(struct varlink_call *call, json_t *parameters)
{
	return call_end(call, reply_message(parameters));
}

int varlink_reply_continues(struct varlink_call *call, json_t *parameters)
{
	json_t *message;

	if (!call->more) {
		json_decref(parameters);
		return -EINVAL;
	}
	message = reply_message(parameters);
	if (message && json_object_set_new(message, "continues", json_true()) != 0) {
		json_decref(message);
		return -ENOMEM;
	}
	return call_send(call, message);
}

int varlink_error(struct varlink_call *call, const char *name, json_t *parameters)
{
	json_t *message = reply_message(parameters);

	if (message && json_object_set_new(message, "error", json_string(name)) != 0) {
		json_decref(message);
		message = NULL;
	}
	return call_end(call, message);
}

int varlink_error_permission(struct varlink_call *call)
{
	return varlink_error(call, VARLINK_SERVICE ".PermissionDenied", NULL);
}

int varlink_error_parameter(struct varlink_call *call, const char *parameter)
{
	return varlink_error(call, VARLINK_SERVICE ".InvalidParameter",
			     json_pack("{s:s}", "parameter", parameter));
}

/* ---- connections ---- */

static void connection_close(struct connection *connection)
{
	struct varlink_call *call = connection->call;

	TAILQ_REMOVE(&connection->server->connections, connection, entry);
	connection->server->connections_len--;
	if (connection->readable)
		event_free(connection->readable);
	if (connection->writable)
		event_free(connection->writable);
	if (connection->wake)
		event_free(connection->wake);
	if (connection->hangup)
		event_free(connection->hangup);
	if (connection->output)
		evbuffer_free(connection->output);
	varlink_decoder_done(&connection->input);
	close(connection->fd);
	free(connection);
	/* last: the callback may free the server */
	if (call)
		call_gone(call);
}

static const struct varlink_interface *find_interface(const struct varlink_interface *interfaces,
						      const char *name, size_t len)
{
	for (; interfaces->name; interfaces++)
		if (strlen(interfaces->name) == len && memcmp(interfaces->name, name, len) == 0)
			return interfaces;
	return NULL;
}

static void call_dispatch(struct varlink_call *call, const char *method, const json_t *parameters)
{
	const char *dot = strrchr(method, '.');
	size_t len = dot ? (size_t)(dot - method) : strlen(method);
	struct varlink_server *server = call->server;
	const struct varlink_interface *interface = find_interface(server->interfaces, method, len);
	void *userdata = server->userdata;

	if (!interface) {
		interface = find_interface(varlink_service, method, len);
		userdata = (void *)(uintptr_t)server->interfaces;
	}
	if (!interface || !dot) {
		varlink_error(call, VARLINK_SERVICE ".InterfaceNotFound",
			      json_pack("{s:s%}", "interface", method, len));
		return;
	}
	for (const struct varlink_method *row = interface->methods; row->name; row++) {
		if (strcmp(row->name, dot + 1) == 0) {
			row->handle(call, parameters, userdata);
			return;
		}
	}
	varlink_error(call, VARLINK_SERVICE ".MethodNotFound", json_pack("{s:s}", "method", method));
}

/* Absent and null are false. */
static int get_flag(const json_t *message, const char *name, bool *ret_flag)
{
	const json_t *value = json_object_get(message, name);

	if (value && !json_is_boolean(value) && !json_is_null(value))
		return -EPROTO;
	*ret_flag = json_is_true(value);
	return 0;
}

static int connection_call(struct connection *connection, const json_t *message)
{
	const char *method = json_string_value(json_object_get(message, "method"));
	json_t *parameters = json_object_get(message, "parameters"), *none = NULL;
	bool more, oneway, upgrade;
	struct varlink_call *call;

	if (!method || get_flag(message, "more", &more) < 0 || get_flag(message, "oneway", &oneway) < 0 ||
	    get_flag(message, "upgrade", &upgrade) < 0)
		return -EPROTO;
	if (!parameters || json_is_null(parameters))
		parameters = none = json_object();
	call = calloc(1, sizeof(*call));
	if (!call || !parameters) {
		free(call);
		json_decref(none);
		return -ENOMEM;
	}
	*call = (struct varlink_call){ .server = connection->server,
				       .connection = connection,
				       .base = connection->server->base,
				       .peer = connection->peer,
				       .more = more && !oneway,
				       .oneway = oneway };
	TAILQ_INSERT_TAIL(&connection->server->calls, call, entry);
	connection->call = call;
	if (!json_is_object(parameters))
		varlink_error_parameter(call, "parameters");
	else if (upgrade)
		varlink_error_parameter(call, "upgrade");
	else
		call_dispatch(call, method, parameters);
	json_decref(none);
	return 0;
}

/* Starts calls until one stays open. */
static void connection_start_calls(struct connection *connection)
{
	json_t *message;
	int r;

	connection->running = true;
	while (!connection->broken && !connection->call &&
	       evbuffer_get_length(connection->output) < OUTPUT_PAUSE_BYTES) {
		r = varlink_decoder_next(&connection->input, &message);
		if (r == 0)
			break;
		if (r > 0) {
			r = connection_call(connection, message);
			json_decref(message);
		}
		if (r < 0)
			connection->broken = true;
	}
	connection->running = false;
}

static bool peer_hung_up(const struct connection *connection)
{
	struct pollfd poll_fd = { .fd = connection->fd };

	return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR));
}

static int event_want(struct event *event, bool wanted, const struct timeval *timeout)
{
	return wanted ? event_add(event, timeout) : event_del(event);
}

/* Goes on with a connection after anything happened to it, and closes it when it is over: dead on return. A
 * peer that only ended its own direction still gets its answers. */
static void connection_run(struct connection *connection)
{
	const struct timeval hangup_poll = { .tv_usec = HANGUP_POLL_US };
	size_t waiting, unread;
	bool idle, reading;

	connection_start_calls(connection);
	waiting = connection->input.len - connection->input.start;
	unread = evbuffer_get_length(connection->output);
	/* when nothing stopped the loop above, no whole message waits */
	idle = !connection->call && unread == 0;
	if (connection->broken || (connection->ended && (idle || peer_hung_up(connection)))) {
		connection_close(connection);
		return;
	}
	reading = !connection->ended &&
		  (waiting < INPUT_PAUSE_BYTES || (!connection->call && unread < OUTPUT_PAUSE_BYTES));
	if (event_want(connection->readable, reading, NULL) < 0 ||
	    event_want(connection->writable, unread > 0, NULL) < 0 ||
	    event_want(connection->hangup, !reading && connection->call, &hangup_poll) < 0)
		connection_close(connection);
}

static bool uid_exempt(const struct varlink_server *server, uid_t uid)
{
	return uid == 0 || uid == server->uid;
}

/* One user must not fill our memory with halves of messages over many connections. */
static bool input_allowed(const struct connection *connection)
{
	const struct connection *other;
	size_t bytes = 0;

	if (uid_exempt(connection->server, connection->peer.uid) || connection->input.len < INPUT_PAUSE_BYTES)
		return true;
	TAILQ_FOREACH(other, &connection->server->connections, entry)
	if (other->peer.uid == connection->peer.uid)
		bytes += other->input.len;
	return bytes <= VARLINK_UID_INPUT_MAX_BYTES;
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct connection *connection = userdata;
	char bytes[VARLINK_READ_BYTES];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == 0)
		connection->ended = true;
	else if (got < 0 || varlink_decoder_feed(&connection->input, bytes, (size_t)got) < 0 ||
		 !input_allowed(connection))
		connection->broken = true;
	connection_run(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
	struct connection *connection = userdata;

	(void)fd;
	(void)what;
	if (connection_flush(connection) < 0)
		connection->broken = true;
	connection_run(connection);
}

static void on_wake(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	connection_run(userdata);
}

static void on_hangup_poll(evutil_socket_t fd, short what, void *userdata)
{
	struct connection *connection = userdata;

	(void)fd;
	(void)what;
	if (peer_hung_up(connection))
		connection->broken = true;
	connection_run(connection);
}

static bool peer_allowed(const struct varlink_server *server, uid_t uid)
{
	const struct connection *other;
	size_t count = 0;

	if (server->connections_len >= VARLINK_CONNECTIONS_MAX)
		return false;
	if (uid_exempt(server, uid))
		return true;
	TAILQ_FOREACH(other, &server->connections, entry)
	if (other->peer.uid == uid)
		count++;
	return count < VARLINK_UID_CONNECTIONS_MAX;
}

/* Without memory or over a limit the descriptor is just closed. */
static void connection_new(struct varlink_server *server, int accepted_fd)
{
	AUTO(close) int fd = accepted_fd;
	struct connection *connection;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || !peer_allowed(server, peer.uid))
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return;
	connection->server = server;
	connection->peer = peer;
	connection->fd = take_fd(fd);
	TAILQ_INSERT_TAIL(&server->connections, connection, entry);
	server->connections_len++;
	connection->output = evbuffer_new();
	connection->readable = event_new(server->base, connection->fd, EV_READ | EV_PERSIST, on_readable,
					 connection);
	connection->writable = event_new(server->base, connection->fd, EV_WRITE | EV_PERSIST, on_writable,
					 connection);
	connection->wake = event_new(server->base, -1, 0, on_wake, connection);
	connection->hangup = evtimer_new(server->base, on_hangup_poll, connection);
	if (!connection->output || !connection->readable || !connection->writable || !connection->wake ||
	    !connection->hangup || event_add(connection->readable, NULL) < 0)
		connection_close(connection);
}

/* ---- the socket ---- */

static void on_acceptable(evutil_socket_t listen_fd, short what, void *userdata)
{
	const struct timeval again = { .tv_usec = ACCEPT_RETRY_US };
	struct varlink_server *server = userdata;
	int fd;

	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			connection_new(server, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		/* short of descriptors or memory: the peer keeps waiting, and so do we, without spinning */
		if (errno != EAGAIN && evtimer_add(server->accept_again, &again) == 0)
			event_del(server->acceptable);
		return;
	}
}

static void on_accept_again(evutil_socket_t fd, short what, void *userdata)
{
	struct varlink_server *server = userdata;

	(void)fd;
	(void)what;
	event_add(server->acceptable, NULL);
}

/* Binds and listens; a socket left by a daemon that died gives way, anything else there does not. */
static int server_listen(struct varlink_server *server, const struct unix_address *address, mode_t mode)
{
	const struct sockaddr *sockaddr = (const struct sockaddr *)&address->sun;
	struct stat st;

	if (fstatat(address->parent_fd, address->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		if (unlinkat(address->parent_fd, address->name, 0) < 0)
			return -errno;
	}
	/* Linux makes the file with the mode of the socket: at no moment is it wider than wanted */
	if (fchmod(server->listen_fd, mode) < 0 || bind(server->listen_fd, sockaddr, address->len) < 0)
		return -errno;
	if (fstatat(address->parent_fd, address->name, &server->made, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* the umask took from it */
	if (fchmodat(address->parent_fd, address->name, mode, 0) < 0 ||
	    listen(server->listen_fd, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

static int server_start(struct varlink_server *server, const char *path, mode_t mode)
{
	struct unix_address address;
	int r;

	r = unix_address_init(&address, AT_FDCWD, path);
	if (r < 0)
		return r;
	server->name = strdup(address.name);
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listen_fd < 0)
		r = -errno;
	else if (!server->name)
		r = -ENOMEM;
	else
		r = server_listen(server, &address, mode);
	server->dir_fd = take_fd(address.parent_fd);
	if (r < 0)
		return r;
	server->acceptable = event_new(server->base, server->listen_fd, EV_READ | EV_PERSIST, on_acceptable,
				       server);
	server->accept_again = evtimer_new(server->base, on_accept_again, server);
	if (!server->acceptable || !server->accept_again || event_add(server->acceptable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int varlink_server_new(struct event_base *base, const char *path, mode_t mode,
		       const struct varlink_interface *interfaces, void *userdata,
		       struct varlink_server **ret_server, struct err *err)
{
	struct varlink_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	*server = (struct varlink_server){ .base = base,
					   .interfaces = interfaces,
					   .userdata = userdata,
					   .listen_fd = -1,
					   .dir_fd = -1,
					   .uid = geteuid() };
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->calls);
	r = server_start(server, path, mode);
	if (r < 0) {
		varlink_server_free(server);
		return err_set(err, r, "cannot listen on %s: %s", path, strerror(-r));
	}
	*ret_server = server;
	return 0;
}

/* Only our own socket: the next daemon may have put its own there already. */
static void server_unlink(const struct varlink_server *server)
{
	struct stat st;

	if (server->dir_fd < 0 || !server->name || server->made.st_ino == 0)
		return;
	if (fstatat(server->dir_fd, server->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (st.st_ino == server->made.st_ino && st.st_dev == server->made.st_dev)
		unlinkat(server->dir_fd, server->name, 0);
}

void varlink_server_free(struct varlink_server *server)
{
	struct varlink_call *call;

	if (!server || server->freeing)
		return;
	server->freeing = true;
	if (server->acceptable)
		event_free(server->acceptable);
	if (server->accept_again)
		event_free(server->accept_again);
	server_unlink(server);
	while (!TAILQ_EMPTY(&server->connections))
		connection_close(TAILQ_FIRST(&server->connections));
	/* those whose peer went before: their holder may still reply */
	while (!TAILQ_EMPTY(&server->calls)) {
		call = TAILQ_FIRST(&server->calls);
		TAILQ_REMOVE(&server->calls, call, entry);
		call->server = NULL;
		call_gone(call);
	}
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->dir_fd >= 0)
		close(server->dir_fd);
	free(server->name);
	free(server);
}
