/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sessions from the daemon's side. A connection that is let in gets an id, a vty and a process of its own;
 * from then on the process is the session, and this file only listens to what it says. Nothing a session needs
 * lives here, so the daemon may die at any moment: ids are remembered before they are used, live rows are on
 * disk, and monitors come back.
 *
 * The process is asked for and not waited for: until it says hello, the connection is kept and can be asked for again.
 */
#include "services/session_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/unix_address.h"
#include "services/session_lines.h"
#include "services/session_link.h"

#define PEERS_MAX	    16384u  /* links, of sessions and of those that have not said who they are */
#define MESSAGES_PER_WAKE   16	    /* so that one talkative monitor does not starve the others */
#define REGISTER_BACKLOG    256
#define REGISTER_TIMEOUT_US 5000000 /* to say who it is */
#define TERMINATE_US	    8000000 /* the monitor gives its programs 2 s and its transport 1 s */
#define BEGIN_US	    30000000 /* to say hello; a large configuration takes its time to be read */
#define ASKS_MAX	    2	     /* for a monitor of one connection */
#define ENDINGS_MAX	    16	     /* that are asked for one by one */
#define SWEEP_US	    100000   /* until all children are asked for, when some were found by their numbers */

/* A connection whose monitor has not said hello. */
struct birth {
	int connection_fd;
	struct vrf vrf; /* as it was at the accept */
	bool is_netconf;
	unsigned asks;
};

struct peer {
	TAILQ_ENTRY(peer) link;
	struct session_server *server;
	struct session_entry *entry; /* NULL: has not registered, or has ended */
	int fd;			     /* -1: not attached */
	struct event *readable;
	pid_t pid;	     /* 0 as long as there is a birth */
	struct birth *birth; /* NULL: the monitor has said hello */
	bool child; /* ours to reap; else pid_fd tells its end */
	int pid_fd;
	struct event *pid_gone;
	struct admission_source source;
	int64_t opened_us;
	bool ended, recorded; /* said "end"; its row is on disk */
	bool is_ending;	      /* a child that has ended: in the list of those */
	TAILQ_ENTRY(peer) ending;
	bool terminating;
	enum session_end terminate_reason;
	char terminate_text[160];
	int64_t kill_us; /* monotonic; 0: not set */
};

TAILQ_HEAD(peer_list, peer);

struct session_server {
	struct session_server_options options;
	struct session_table *table;
	struct peer_list peers, endings;
	size_t peers_len, endings_len;
	int listen_fd;
	struct event *acceptable, *child_signal, *sweep_timer, *shutdown_timer;
	bool closing;
	void (*on_empty)(void *userdata);
	void *on_empty_userdata;
};

static void on_link_readable(evutil_socket_t fd, short what, void *userdata);
static void on_pid_gone(evutil_socket_t fd, short what, void *userdata);

/* ---- peers ---- */

static struct peer *peer_new(struct session_server *server)
{
	struct peer *peer;

	if (server->peers_len >= PEERS_MAX)
		return NULL;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->server = server;
	peer->fd = peer->pid_fd = -1;
	peer->opened_us = clock_monotonic_us();
	TAILQ_INSERT_TAIL(&server->peers, peer, link);
	server->peers_len++;
	return peer;
}

static void link_close(struct peer *peer)
{
	if (peer->readable)
		event_free(peer->readable);
	peer->readable = NULL;
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

static void birth_end(struct peer *peer)
{
	if (peer->birth && peer->birth->connection_fd >= 0)
		close(peer->birth->connection_fd);
	free(take(peer->birth));
}

static void ending_begin(struct peer *peer)
{
	if (peer->is_ending || !peer->child)
		return;
	peer->is_ending = true;
	TAILQ_INSERT_TAIL(&peer->server->endings, peer, ending);
	peer->server->endings_len++;
}

static void peer_free(struct peer *peer)
{
	if (peer->is_ending) {
		TAILQ_REMOVE(&peer->server->endings, peer, ending);
		peer->server->endings_len--;
	}
	link_close(peer);
	birth_end(peer);
	if (peer->pid_gone)
		event_free(peer->pid_gone);
	if (peer->pid_fd >= 0)
		close(peer->pid_fd);
	TAILQ_REMOVE(&peer->server->peers, peer, link);
	peer->server->peers_len--;
	free(peer);
}

static int link_attach(struct peer *peer, int fd)
{
	struct event *readable = event_new(peer->server->options.base, fd, EV_READ | EV_PERSIST,
					   on_link_readable, peer);

	if (!readable || event_add(readable, NULL) < 0) {
		if (readable)
			event_free(readable);
		return -ENOMEM;
	}
	link_close(peer);
	peer->fd = fd;
	peer->readable = readable;
	return 0;
}

static struct peer *peer_of_entry(const struct session_server *server, const struct session_entry *entry)
{
	struct peer *peer;

	TAILQ_FOREACH(peer, &server->peers, link)
		if (peer->entry == entry)
			return peer;
	return NULL;
}

/* From the youngest on: most connections are short. */
static struct peer *peer_of_child(const struct session_server *server, pid_t pid)
{
	struct peer *peer;

	TAILQ_FOREACH_REVERSE(peer, &server->peers, peer_list, link)
		if (peer->child && peer->pid == pid)
			return peer;
	return NULL;
}

static bool process_lives(pid_t pid, uint64_t start_ticks)
{
	uint64_t ticks;

	return pid > 0 && proc_start_ticks(pid, &ticks) == 0 && ticks == start_ticks;
}

/* Watches a process that is not our child. -ESRCH when it is gone or another one has its number. */
static int process_watch(struct peer *peer, pid_t pid, uint64_t start_ticks)
{
	peer->pid = pid;
	if (peer->pid_fd >= 0)
		return 0;
	peer->pid_fd = pidfd_open(pid, 0);
	/* asked after the descriptor was had: the number cannot change hands any more */
	if (!process_lives(pid, start_ticks))
		return -ESRCH;
	if (peer->pid_fd < 0)
		return 0; /* short of descriptors: the tick looks instead */
	peer->pid_gone = event_new(peer->server->options.base, peer->pid_fd, EV_READ, on_pid_gone, peer);
	return peer->pid_gone && event_add(peer->pid_gone, NULL) == 0 ? 0 : -ENOMEM;
}

static void source_of_text(struct admission_source *source, const char *vrf_name, const char *text)
{
	char plain[INET6_ADDRSTRLEN];
	uint8_t bytes[16] = { 0 };

	/* a link-local address has its interface behind '%' */
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "%"), text);
	if (inet_pton(AF_INET, plain, bytes) == 1)
		admission_source_set(source, vrf_name, bytes, 4);
	else if (inet_pton(AF_INET6, plain, bytes) <= 0) /* a row without an address: a source of its own */
		admission_source_set(source, vrf_name, memset(bytes, 0, sizeof(bytes)), sizeof(bytes));
	else
		admission_source_set(source, vrf_name, bytes, sizeof(bytes));
}

/* ---- talking to the monitor ---- */

static int message_send(struct peer *peer, const struct session_link_message *message)
{
	char buffer[1024];
	int len;

	if (peer->fd < 0)
		return -ENOTCONN;
	len = session_link_encode(message, buffer, sizeof(buffer));
	if (len < 0)
		return len;
	return send(peer->fd, buffer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void terminate_send(struct peer *peer)
{
	struct session_link_message message;

	session_link_begin(&message, SESSION_MESSAGE_TERMINATE);
	message.terminate_reason = (int)peer->terminate_reason;
	memcpy(message.terminate_text, peer->terminate_text, sizeof(message.terminate_text));
	message_send(peer, &message); /* when it does not get through, kill_us does */
}

static void peer_terminate(struct peer *peer, enum session_end reason, const char *text)
{
	if (peer->terminating)
		return;
	peer->terminating = true;
	peer->terminate_reason = reason;
	snprintf(peer->terminate_text, sizeof(peer->terminate_text), "%s", text);
	peer->kill_us = clock_monotonic_us() + TERMINATE_US;
	terminate_send(peer);
}

static void peer_kill(struct peer *peer)
{
	peer->kill_us = 0;
	if (peer->pid <= 0)
		return;
	if (peer->pid_fd >= 0)
		pidfd_send_signal(peer->pid_fd, SIGKILL, NULL, 0);
	else if (peer->child || (peer->entry && process_lives(peer->pid, peer->entry->report.pid_start_ticks)))
		kill(peer->pid, SIGKILL);
}

static void recorded_send(struct peer *peer)
{
	struct session_link_message message;

	session_link_begin(&message, SESSION_MESSAGE_RECORDED);
	peer->recorded = true;
	message_send(peer, &message);
}

/* ---- the end of a session ---- */

static void check_empty(struct session_server *server)
{
	void (*on_empty)(void *userdata) = server->on_empty;

	if (!server->closing || !on_empty || session_table_len(server->table) > 0)
		return;
	server->on_empty = NULL;
	on_empty(server->on_empty_userdata);
}

/* Writes the history row and gives id, vty and place free. The peer stays as long as its link. */
static int entry_finish(struct peer *peer)
{
	struct session_server *server = peer->server;
	struct session_entry *entry = peer->entry;
	int rc;

	if (entry->report.end_us == 0)
		entry->report.end_us = clock_wall_us();
	if (entry->report.end_reason == END_NONE)
		entry->report.end_reason = END_LOST;
	entry->report.state = SESSION_CLOSED;
	rc = history_put(server->options.history, &entry->report);
	door_leave(server->options.door, &peer->source, &entry->report, entry->authenticated);
	session_table_remove(server->table, entry);
	peer->entry = NULL;
	return rc;
}

/* The process is gone and never said "end". */
static void entry_lost(struct peer *peer)
{
	struct session_report *report = &peer->entry->report;

	report->end_reason = peer->terminating ? (int)peer->terminate_reason : END_LOST;
	snprintf(report->end_text, sizeof(report->end_text), "%s",
		 peer->terminating ? peer->terminate_text : "the session's process ended without a word");
	if (!peer->terminating)
		log_event(LOG_SSHD_ERR_GENERAL,
			  "Session %u from '%s' on 'vty%u' was lost: its process %u ended without a word",
			  report->id, report->peer_address, report->vty, report->pid);
	entry_finish(peer);
}

/* ---- what monitors say ---- */

/* The row changes on disk only when it tells something new about who it is. */
/* Who is let in has a vty of the pools: in the place of one who is not, if there is no other. */
static void line_settle(struct peer *peer)
{
	struct session_server *server = peer->server;
	struct session_entry *entry = peer->entry;
	const struct sshd_conf *conf = *server->options.conf;
	const struct session_lines_ask ask = { .conf = conf, .table = server->table, .door = server->options.door,
					       .session = &entry->report, .let_in = true };
	uint32_t vty;

	if (!conf || line_pool_has(&conf->lines, entry->report.vty))
		return;
	if (session_lines_pick(&ask, &vty) == LINE_GIVEN) {
		session_table_move(server->table, entry, vty);
		return;
	}
	log_event(LOG_SSHD_WARN_GENERAL, "User '%s' from '%s' was refused: no line (vty-pool) is free",
		  entry->report.user, entry->report.peer_address);
	peer_terminate(peer, END_REFUSED, session_lines_refusals[LINE_NONE_FREE]);
}

static void entry_update(struct peer *peer, const struct session_link_message *message)
{
	struct session_server *server = peer->server;
	struct session_entry *entry = peer->entry;
	bool authenticated = entry->authenticated, named = entry->report.user[0] != '\0';
	int state = entry->report.state;

	session_table_update(entry, &message->session, message->channels, message->channels_len);
	if (entry->authenticated && !authenticated && !door_promote(server->options.door, &peer->source)) {
		log_event(LOG_SSHD_WARN_GENERAL,
			  "User '%s' from '%s' was refused: the session limit of VRF %s is reached",
			  entry->report.user, entry->report.peer_address, entry->report.vrf);
		peer_terminate(peer, END_REFUSED, "the session limit is reached");
	} else if (entry->authenticated && !authenticated) {
		line_settle(peer);
	}
	if ((entry->authenticated && entry->report.state != state) || (entry->report.user[0] && !named))
		history_put(server->options.history, &entry->report);
}

static void entry_end(struct peer *peer, const struct session_link_message *message)
{
	struct session_entry *entry = peer->entry;
	bool authenticated = entry->authenticated;

	session_table_update(entry, &message->session, NULL, 0);
	/* it is over: too late to be let in, and to be counted as such */
	entry->authenticated = authenticated;
	peer->ended = true;
	ending_begin(peer);
	if (entry_finish(peer) == 0)
		recorded_send(peer);
}

/* Finds or makes the table's entry for a monitor that says who it is; its pid was told by the kernel. */
static int peer_register(struct peer *peer, const struct session_report *told)
{
	struct session_server *server = peer->server;
	struct session_report report = *told;
	struct session_entry *entry;
	struct peer *reserved;
	int rc;

	report.pid = (uint32_t)peer->pid;
	rc = proc_start_ticks(peer->pid, &report.pid_start_ticks);
	if (rc < 0)
		return rc;
	entry = session_table_find(server->table, report.id);
	if (entry) {
		if (entry->report.pid != report.pid || entry->report.pid_start_ticks != report.pid_start_ticks)
			return -EEXIST;
		/* this link takes the place of whatever stood for the session until now */
		reserved = peer_of_entry(server, entry);
		peer->child = reserved->child;
		peer->source = reserved->source;
		peer->terminating = reserved->terminating;
		peer->terminate_reason = reserved->terminate_reason;
		memcpy(peer->terminate_text, reserved->terminate_text, sizeof(peer->terminate_text));
		peer->kill_us = reserved->kill_us;
		reserved->entry = NULL;
		peer_free(reserved);
	} else {
		rc = session_table_restore(server->table, &report, &entry);
		if (rc < 0)
			return rc;
		source_of_text(&peer->source, entry->report.vrf, entry->report.peer_address);
		door_restore(server->options.door, &peer->source, entry->authenticated);
		if (session_table_last_id(server->table) != history_last_id(server->options.history))
			history_note_id(server->options.history, session_table_last_id(server->table));
		history_put(server->options.history, &entry->report);
	}
	peer->entry = entry;
	rc = peer->child ? 0 : process_watch(peer, peer->pid, report.pid_start_ticks);
	log_debug("session", "session %u of process %d registered", report.id, peer->pid);
	if (peer->terminating)
		terminate_send(peer);
	return rc == -ESRCH ? 0 : rc; /* gone already: its last words are in the link */
}

/* The end of a session that is not in the table any more: its row was written, and the answer lost with a daemon. */
static void orphan_end(struct peer *peer, const struct session_report *told)
{
	struct session_report report = *told;

	report.pid = (uint32_t)peer->pid;
	proc_start_ticks(peer->pid, &report.pid_start_ticks);
	report.state = SESSION_CLOSED;
	if (report.end_us == 0)
		report.end_us = clock_wall_us();
	peer->ended = true;
	if (history_put(peer->server->options.history, &report) == 0)
		recorded_send(peer);
}

/* 0, or -errno when the link is not to be believed any more. */
static int message_take(struct peer *peer, const struct session_link_message *message)
{
	int rc = 0;

	switch (message->type) {
	case SESSION_MESSAGE_STATE:
	case SESSION_MESSAGE_END:
		break;
	case SESSION_MESSAGE_HELLO:
	case SESSION_MESSAGE_TERMINATE:
	case SESSION_MESSAGE_RECORDED:
		return -EPROTO;
	}
	if (peer->ended)
		return -EPROTO;
	if (!peer->entry && message->type == SESSION_MESSAGE_END &&
	    !session_table_find(peer->server->table, message->session.id)) {
		orphan_end(peer, &message->session);
		return 0;
	}
	if (!peer->entry)
		rc = peer_register(peer, &message->session);
	if (rc < 0)
		return rc;
	if (peer->entry->report.id != message->session.id)
		return -EPROTO;
	if (message->type == SESSION_MESSAGE_END)
		entry_end(peer, message);
	else
		entry_update(peer, message);
	return 0;
}

/* One datagram. 1 taken, 0 nothing there, -errno the link is over. */
static int link_receive(struct peer *peer)
{
	static char buffer[SESSION_LINK_MAX_BYTES + 1];
	static struct session_link_message message;
	struct err err = { .text = "" };
	ssize_t len = recv(peer->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	int rc;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (len == 0)
		return -EPIPE;
	rc = session_link_decode(buffer, (size_t)len, &message, &err);
	if (rc == 0)
		rc = message_take(peer, &message);
	if (rc < 0)
		log_event(LOG_SSHD_WARN_GENERAL, "The link of session process %d was closed: %s", peer->pid,
			  err.text[0] ? err.text : strerror(-rc));
	return rc < 0 ? rc : 1;
}

/* The kernel's word for who sent the hello; 0: nobody did. */
static pid_t hello_sender(struct msghdr *msg, const char *bytes, size_t len)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(msg);
	struct session_link_message message;
	struct ucred sender;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_CREDENTIALS ||
	    session_link_decode(bytes, len, &message, NULL) < 0 || message.type != SESSION_MESSAGE_HELLO)
		return 0;
	memcpy(&sender, CMSG_DATA(head), sizeof(sender));
	return sender.uid == geteuid() ? sender.pid : 0;
}

/* The first datagram of a monitor. 1 taken, 0 nothing there, -errno there is no monitor at the other end. */
static int hello_receive(struct peer *peer)
{
	char bytes[256];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t len = recvmsg(peer->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (len == 0)
		return -EPIPE;
	peer->pid = hello_sender(&msg, bytes, (size_t)len);
	if (peer->pid == 0)
		return -EPROTO;
	birth_end(peer); /* the monitor has its own */
	peer->entry->report.pid = (uint32_t)peer->pid;
	/* not reaped yet, or its death is told in a moment */
	proc_start_ticks(peer->pid, &peer->entry->report.pid_start_ticks);
	history_put(peer->server->options.history, &peer->entry->report);
	return 1;
}

static int birth_ask(struct peer *peer);

/* Nobody has taken the connection. It is asked for once more; the client has got nothing yet. */
static void birth_failed(struct peer *peer)
{
	struct session_report *report = &peer->entry->report;
	int rc = -ECONNREFUSED;

	link_close(peer);
	if (peer->birth->asks < ASKS_MAX && !peer->server->closing && !peer->terminating)
		rc = birth_ask(peer);
	if (rc == 0)
		return;
	log_event(LOG_SSHD_ERR_GENERAL, "No session for '%s' port %u vrf '%s' on 'vty%u': it has no monitor",
		  report->peer_address, report->peer_port, report->vrf, report->vty);
	shutdown(peer->birth->connection_fd, SHUT_RDWR); /* whoever else has it */
	report->end_reason = END_REFUSED;
	snprintf(report->end_text, sizeof(report->end_text), "the session's processes cannot be started");
	entry_finish(peer);
}

/* Reads what is there; the link is closed when it is over. True while it is open. */
static bool link_drain(struct peer *peer, int messages_max)
{
	int rc = 1;

	for (int i = 0; peer->fd >= 0 && rc == 1 && i < messages_max; i++)
		rc = peer->birth ? hello_receive(peer) : link_receive(peer);
	if (rc < 0 && peer->birth && peer->entry)
		birth_failed(peer);
	else if (rc < 0)
		link_close(peer);
	return peer->fd >= 0;
}

static void on_link_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct peer *peer = userdata;
	struct session_server *server = peer->server;

	(void)fd;
	(void)what;
	/* a session without a link is kept: its process either comes back or is seen to die */
	if (!link_drain(peer, MESSAGES_PER_WAKE) && !peer->entry && !(peer->child && peer->pid > 0))
		peer_free(peer);
	check_empty(server);
}

/* The process of a peer has ended: its last words may still be in the link. */
static void peer_gone(struct peer *peer)
{
	struct session_server *server = peer->server;

	link_drain(peer, INT32_MAX);
	if (peer->entry)
		entry_lost(peer);
	peer_free(peer);
	check_empty(server);
}

static void on_pid_gone(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	peer_gone(userdata);
}

/* Reads the first words of all monitors that have not been heard yet. */
static void hellos_take(struct session_server *server)
{
	struct peer *peer, *after;

	for (peer = TAILQ_FIRST(&server->peers); peer; peer = after) {
		after = TAILQ_NEXT(peer, link);
		if (peer->birth && !link_drain(peer, 1) && !peer->entry)
			peer_free(peer);
	}
}

static void child_gone(struct session_server *server, struct peer *peer, pid_t pid, int status)
{
	if (WIFSIGNALED(status) && !(peer && peer->terminating))
		log_event(LOG_SSHD_ERR_GENERAL, "Session process %d ended by signal %d", pid, WTERMSIG(status));
	/* it may have been somebody guessing where things lie in its memory */
	if (peer && WIFSIGNALED(status) && !peer->terminating)
		monitor_pool_renew(server->options.monitors);
	if (peer)
		peer_gone(peer);
}

static void children_sweep(struct session_server *server)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct peer *peer = peer_of_child(server, pid);

		if (!peer && (spawner_pool_child(server->options.spawners, pid, status) ||
			      monitor_pool_child(server->options.monitors, pid, status) ||
			      (server->options.on_other_child &&
			       server->options.on_other_child(pid, status, server->options.userdata))))
			continue;
		/* its hello may still be in its link */
		if (!peer) {
			hellos_take(server);
			peer = peer_of_child(server, pid);
		}
		child_gone(server, peer, pid, status);
	}
}

/* Those that have said that they end; the kernel finds a child by its number at once, and any child by looking at all
 * of them. Whether there was one. */
static bool endings_reap(struct session_server *server)
{
	struct peer *peer, *after;
	bool any = false;
	int status;

	if (server->endings_len > ENDINGS_MAX)
		return false;
	for (peer = TAILQ_FIRST(&server->endings); peer; peer = after) {
		after = TAILQ_NEXT(peer, ending);
		if (waitpid(peer->pid, &status, WNOHANG) != peer->pid)
			continue;
		any = true;
		child_gone(server, peer, peer->pid, status);
	}
	return any;
}

static void on_sweep(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	children_sweep(userdata);
}

/* One signal may stand for several children: those that were not found by their numbers are looked for in a moment. */
static void on_child(evutil_socket_t signal_number, short what, void *userdata)
{
	static const struct timeval soon = { .tv_usec = SWEEP_US };
	struct session_server *server = userdata;

	(void)signal_number;
	(void)what;
	if (!endings_reap(server))
		children_sweep(server);
	else if (!evtimer_pending(server->sweep_timer, NULL))
		evtimer_add(server->sweep_timer, &soon);
}

/* ---- monitors of an earlier daemon ---- */

static void newcomer_take(struct session_server *server, int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);
	struct peer *peer = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == 0 && credentials.uid == geteuid() &&
	    credentials.pid > 0)
		peer = peer_new(server);
	if (peer)
		peer->pid = credentials.pid;
	if (!peer || link_attach(peer, fd) < 0) {
		if (peer)
			peer_free(peer);
		close(fd);
	}
}

static void on_newcomer(evutil_socket_t listen_fd, short what, void *userdata)
{
	(void)what;
	for (int i = 0; i < MESSAGES_PER_WAKE; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		newcomer_take(userdata, fd);
	}
}

static int register_listen(struct session_server *server, struct err *err)
{
	AUTO(free) char *path = NULL;
	AUTO(close) int fd = -1;
	struct unix_address address;
	int rc;

	if (asprintf(&path, "%s/%s", server->options.run_dir, SESSION_LINK_SOCKET) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	rc = unix_address_init(&address, AT_FDCWD, path);
	if (rc < 0)
		return err_set(err, rc, "%s: %s", path, strerror(-rc));
	unlink(path);
	/* the mode holds from the first moment on, whatever the umask */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address.sun, address.len) < 0 ||
	    chmod(path, 0600) < 0 || listen(fd, REGISTER_BACKLOG) < 0)
		rc = err_set(err, -errno, "%s: %s", path, strerror(errno));
	unix_address_done(&address);
	if (rc < 0)
		return rc;
	server->acceptable = event_new(server->options.base, fd, EV_READ | EV_PERSIST, on_newcomer, server);
	if (!server->acceptable || event_add(server->acceptable, NULL) < 0)
		return -ENOMEM;
	server->listen_fd = take_fd(fd);
	return 0;
}

struct live_rows {
	struct session_report *items;
	size_t len, size;
};

static void on_live_row(const struct session_report *row, void *userdata)
{
	struct live_rows *rows = userdata;

	if (rows->len == rows->size) {
		size_t size = rows->size ? 2 * rows->size : 16;
		struct session_report *grown = reallocarray(rows->items, size, sizeof(*grown));

		if (!grown)
			return;
		rows->items = grown;
		rows->size = size;
	}
	rows->items[rows->len++] = *row;
}

static void row_to_history(struct session_server *server, const struct session_report *row)
{
	struct session_report ended = *row;

	ended.end_us = clock_wall_us();
	ended.end_reason = END_LOST;
	ended.state = SESSION_CLOSED;
	snprintf(ended.end_text, sizeof(ended.end_text), "%s",
		 "the session's process ended while the service was not running");
	history_put(server->options.history, &ended);
}

/* Number and start may fit by chance after the machine was booted again; then the name does not. */
static bool process_is_ours(pid_t pid)
{
	AUTO(free) char *comm = NULL;
	char path[40];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return fs_read(path, 64, &comm, &len) == 0 && !strncmp(comm, "sallyport-", strlen("sallyport-"));
}

static void row_take_over(struct session_server *server, const struct session_report *row)
{
	struct peer *peer = process_is_ours((pid_t)row->pid) ? peer_new(server) : NULL;

	if (!peer || process_watch(peer, (pid_t)row->pid, row->pid_start_ticks) < 0 ||
	    session_table_restore(server->table, row, &peer->entry) < 0) {
		if (peer)
			peer_free(peer);
		row_to_history(server, row);
		return;
	}
	source_of_text(&peer->source, row->vrf, row->peer_address);
	door_restore(server->options.door, &peer->source, peer->entry->authenticated);
}

static void rows_take_over(struct session_server *server)
{
	struct live_rows rows = { .items = NULL };

	history_live(server->options.history, on_live_row, &rows);
	for (size_t i = 0; i < rows.len; i++)
		row_take_over(server, &rows.items[i]);
	free(rows.items);
}

/* ---- beginning a session ---- */

static void address_fill(const union listener_address *address, char text[static 46], uint16_t *ret_port)
{
	if (address->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->in.sin_addr, text, 46);
		*ret_port = ntohs(address->in.sin_port);
	} else {
		inet_ntop(AF_INET6, &address->in6.sin6_addr, text, 46);
		*ret_port = ntohs(address->in6.sin6_port);
	}
}

static void report_begin(struct session_report *report, const struct listener_connection *connection)
{
	snprintf(report->vrf, sizeof(report->vrf), "%s", connection->vrf->name);
	snprintf(report->auth_word, sizeof(report->auth_word), "%s", session_auth_words[AUTH_NONE_YET]);
	address_fill(&connection->peer, report->peer_address, &report->peer_port);
	address_fill(&connection->local, report->local_address, &report->local_port);
	report->start_us = clock_wall_us();
}

static void spawned_close(const struct spawner_transport *spawned)
{
	close(spawned->rpc_fd);
	close(spawned->event_fd);
	close(spawned->status_fd);
}

/* The transport is asked for first: it makes itself ready while the monitor is forked. */
static int pair_ask(struct session_server *server, const struct monitor_request *request, int connection_fd,
		    int link_fd)
{
	struct spawner_transport spawned;
	bool warm = spawner_pool_take(server->options.spawners, connection_fd, &spawned) == 0;
	const int fds[REQUEST_FDS_MAX] = {
		[REQUEST_CONNECTION] = connection_fd, [REQUEST_LINK] = link_fd, [REQUEST_RPC] = spawned.rpc_fd,
		[REQUEST_EVENTS] = spawned.event_fd, [REQUEST_STATUS] = spawned.status_fd,
	};
	int rc = monitor_pool_ask(server->options.monitors, request, fds, warm ? REQUEST_FDS_MAX : REQUEST_FDS_ALONE);

	if (warm)
		spawned_close(&spawned);
	return rc;
}

/* The two ends of a link; ours is non-blocking by its use (MSG_DONTWAIT), and told who sends. */
static int birth_ask(struct peer *peer)
{
	struct monitor_request request = { .session = peer->entry->report, .vrf = peer->birth->vrf,
					   .is_netconf = peer->birth->is_netconf };
	const int on = 1;
	AUTO(close) int ours = -1;
	AUTO(close) int theirs = -1;
	int pair[2], rc;

	peer->birth->asks++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	if (setsockopt(ours, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	rc = pair_ask(peer->server, &request, peer->birth->connection_fd, theirs);
	if (rc == 0)
		rc = link_attach(peer, ours);
	if (rc == 0)
		ours = -1;
	return rc;
}

static int birth_begin(struct peer *peer, const struct listener_connection *connection)
{
	int rc;

	peer->birth = calloc(1, sizeof(*peer->birth));
	if (!peer->birth)
		return -ENOMEM;
	*peer->birth = (struct birth){ .connection_fd = connection->fd, .vrf = *connection->vrf,
				       .is_netconf = connection->is_netconf };
	peer->child = true;
	rc = birth_ask(peer);
	if (rc < 0)
		peer->birth->connection_fd = -1; /* stays the caller's */
	return rc;
}

static int session_begin(struct session_server *server, const struct listener_connection *connection,
			 const struct admission_source *source, enum line_verdict *ret_verdict)
{
	struct session_report report = { .id = 0 };
	struct session_lines_ask ask = { .table = server->table, .door = server->options.door, .session = &report,
					 .netconf = connection->is_netconf };
	struct peer *peer;
	uint32_t vty = 0;
	int rc;

	if (server->closing || !*server->options.conf)
		return -ESHUTDOWN;
	report_begin(&report, connection);
	ask.conf = *server->options.conf;
	*ret_verdict = session_lines_pick(&ask, &vty);
	if (*ret_verdict != LINE_GIVEN)
		return -EUSERS;
	peer = peer_new(server);
	if (!peer)
		return -ENOMEM;
	peer->source = *source;
	rc = session_table_add_at(server->table, &report, vty, &peer->entry);
	if (rc == 0) {
		history_note_id(server->options.history, peer->entry->report.id);
		rc = birth_begin(peer, connection);
	}
	if (rc == 0)
		return 0;
	if (peer->entry)
		session_table_remove(server->table, peer->entry);
	peer_free(peer);
	return rc;
}

bool session_server_connection(struct session_server *server, const struct listener_connection *connection)
{
	enum line_verdict verdict = LINE_GIVEN;
	struct admission_source source;
	int rc;

	if (!door_ask(server->options.door, connection, &source))
		return false;
	rc = session_begin(server, connection, &source, &verdict);
	if (rc == 0)
		return true;
	if (verdict != LINE_GIVEN) {
		door_no_line(server->options.door, connection, &source, verdict == LINE_ACCESS,
			     session_lines_refusals[verdict]);
		return false;
	}
	door_short(server->options.door, connection, &source);
	log_debug("session", "a connection could not be served: %s", strerror(-rc));
	return false;
}

/* ---- ending sessions ---- */

int session_server_terminate(struct session_server *server, uint32_t id, enum session_end reason, const char *text)
{
	struct session_entry *entry = session_table_find(server->table, id);
	struct peer *peer = entry ? peer_of_entry(server, entry) : NULL;

	if (!peer)
		return -ENOENT;
	if (peer->terminating)
		return -EALREADY;
	peer_terminate(peer, reason, text);
	return 0;
}

void session_server_hear(struct session_server *server, uint32_t id)
{
	const struct session_entry *entry = session_table_find(server->table, id);
	struct peer *peer = entry ? peer_of_entry(server, entry) : NULL;

	if (peer)
		link_drain(peer, MESSAGES_PER_WAKE);
}

/* The time is over: who has not ended by itself is ended. */
static void on_shutdown_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct session_server *server = userdata;
	struct peer *peer, *after;

	(void)fd;
	(void)what;
	for (peer = TAILQ_FIRST(&server->peers); peer; peer = after) {
		after = TAILQ_NEXT(peer, link);
		if (!peer->entry)
			continue;
		if (peer->birth)
			link_drain(peer, 1);
		peer_kill(peer);
		link_drain(peer, INT32_MAX);
		if (peer->entry)
			entry_lost(peer);
	}
	check_empty(server);
}

void session_server_shutdown(struct session_server *server, int timeout_ms, void (*on_empty)(void *userdata),
			     void *userdata)
{
	const struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	struct peer *peer;

	server->closing = true;
	server->on_empty = on_empty;
	server->on_empty_userdata = userdata;
	TAILQ_FOREACH(peer, &server->peers, link)
		if (peer->entry)
			peer_terminate(peer, END_SHUTDOWN, "the SSH service is shut down");
	event_add(server->shutdown_timer, &timeout);
	check_empty(server);
}

/* ---- once a second ---- */

static void peer_tick(struct peer *peer, int64_t now_us)
{
	const struct sshd_conf *conf = *peer->server->options.conf;
	const struct session_entry *entry = peer->entry;

	if (peer->birth && now_us - peer->opened_us > BEGIN_US) {
		peer->birth->asks = ASKS_MAX;
		birth_failed(peer);
		peer_free(peer);
		return;
	}
	if (conf && entry && entry->authenticated &&
	    line_conf_is_over(&conf->lines, entry->report.vty, entry->report.start_us, clock_wall_us()))
		peer_terminate(peer, END_ABSOLUTE_TIMEOUT, "the absolute-timeout of the line is over");
	if (peer->kill_us && peer->kill_us <= now_us)
		peer_kill(peer);
	if (entry && !peer->child && peer->pid_fd < 0 && !process_lives(peer->pid, entry->report.pid_start_ticks))
		peer_gone(peer);
	else if (!entry && !peer->ended && !peer->child && now_us - peer->opened_us > REGISTER_TIMEOUT_US)
		peer_free(peer);
}

void session_server_tick(struct session_server *server)
{
	bool flushed = history_flush(server->options.history) == 0;
	int64_t now_us = clock_monotonic_us();
	struct peer *peer, *after;

	spawner_pool_tick(server->options.spawners);
	monitor_pool_tick(server->options.monitors);
	for (peer = TAILQ_FIRST(&server->peers); peer; peer = after) {
		after = TAILQ_NEXT(peer, link);
		if (flushed && peer->ended && !peer->recorded)
			recorded_send(peer);
		peer_tick(peer, now_us);
	}
}

/* ---- life ---- */

const struct session_table *session_server_table(const struct session_server *server)
{
	return server->table;
}

int session_server_new(const struct session_server_options *options, struct session_server **ret_server,
		       struct err *err)
{
	struct session_server *server = calloc(1, sizeof(*server));
	int rc;

	if (!server)
		return err_set(err, -ENOMEM, "out of memory");
	server->options = *options;
	server->listen_fd = -1;
	TAILQ_INIT(&server->peers);
	TAILQ_INIT(&server->endings);
	rc = session_table_new(history_last_id(options->history), &server->table);
	server->child_signal = evsignal_new(options->base, SIGCHLD, on_child, server);
	server->sweep_timer = evtimer_new(options->base, on_sweep, server);
	server->shutdown_timer = evtimer_new(options->base, on_shutdown_timer, server);
	if (rc == 0 && (!server->child_signal || !server->sweep_timer || !server->shutdown_timer ||
			event_add(server->child_signal, NULL) < 0))
		rc = err_set(err, -ENOMEM, "out of memory");
	if (rc == 0) {
		rows_take_over(server);
		rc = register_listen(server, err);
	}
	if (rc < 0) {
		session_server_free(server);
		return rc;
	}
	*ret_server = server;
	return 0;
}

void session_server_free(struct session_server *server)
{
	if (!server)
		return;
	while (!TAILQ_EMPTY(&server->peers))
		peer_free(TAILQ_FIRST(&server->peers));
	if (server->acceptable)
		event_free(server->acceptable);
	if (server->child_signal)
		event_free(server->child_signal);
	if (server->sweep_timer)
		event_free(server->sweep_timer);
	if (server->shutdown_timer)
		event_free(server->shutdown_timer);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	session_table_free(server->table);
	free(server);
}
