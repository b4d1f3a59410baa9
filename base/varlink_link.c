/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: one Varlink call from within an event loop. A link connects, asks, waits for the one answer, tells it,
 * and is gone; whatever goes wrong on the way, and the timeout, end in the same callback. Connecting to an
 * AF_UNIX listener with a full backlog says EAGAIN and offers nothing to wait for, so it is tried again every
 * few milliseconds.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unix_address.h"
#include "base/varlink_wire.h"

#define CONNECT_AGAIN_US 10000

struct varlink_link {
	struct event_base *base;
	struct unix_address address;
	char *path;
	int fd;
	struct event *start, *readable, *writable, *timeout;
	struct varlink_bytes request;
	size_t sent;
	struct varlink_decoder input;
	varlink_on_answer on_answer;
	void *userdata;
	bool answering; /* the callback runs: it is we who free */
};

static void link_destroy(struct varlink_link *link)
{
	if (link->start)
		event_free(link->start);
	if (link->readable)
		event_free(link->readable);
	if (link->writable)
		event_free(link->writable);
	if (link->timeout)
		event_free(link->timeout);
	unix_address_done(&link->address);
	if (link->fd >= 0)
		close(link->fd);
	varlink_decoder_done(&link->input);
	free(link->request.bytes);
	free(link->path);
	free(link);
}

void varlink_link_free(struct varlink_link *link)
{
	if (link && !link->answering)
		link_destroy(link);
}

/* The link is dead on return. */
static void link_answer(struct varlink_link *link, int result, const char *error_name,
			const json_t *parameters)
{
	link->answering = true;
	if (link->on_answer)
		link->on_answer(result, error_name, parameters, link->userdata);
	link_destroy(link);
}

static void on_timeout(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	link_answer(userdata, -ETIMEDOUT, NULL, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct varlink_link *link = userdata;
	char bytes[VARLINK_READ_BYTES];
	struct varlink_answer answer;
	json_t *message = NULL;
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int r;

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		link_answer(link, got < 0 ? -errno : -ECONNRESET, NULL, NULL);
		return;
	}
	r = varlink_decoder_feed(&link->input, bytes, (size_t)got);
	if (r == 0)
		r = varlink_decoder_next(&link->input, &message);
	if (r == 0)
		return;
	if (r > 0)
		r = varlink_answer_parse(message, &answer);
	if (r == 0 && answer.continues)
		r = -EPROTO;
	if (r < 0)
		link_answer(link, r, NULL, NULL);
	else
		link_answer(link, answer.error ? -EREMOTEIO : 0, answer.error, answer.parameters);
	json_decref(message);
}

static void on_writable(evutil_socket_t fd, short what, void *userdata)
{
	struct varlink_link *link = userdata;
	ssize_t sent = send(fd, link->request.bytes + link->sent, link->request.len - link->sent,
			    MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)what;
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		link_answer(link, -errno, NULL, NULL);
		return;
	}
	link->sent += (size_t)sent;
	if (link->sent == link->request.len)
		event_del(link->writable);
}

static int link_connect(struct varlink_link *link)
{
	if (link->fd < 0) {
		link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (link->fd < 0)
			return -errno;
	}
	if (connect(link->fd, (const struct sockaddr *)&link->address.sun, link->address.len) < 0)
		return -errno;
	unix_address_done(&link->address);
	link->readable = event_new(link->base, link->fd, EV_READ | EV_PERSIST, on_readable, link);
	link->writable = event_new(link->base, link->fd, EV_WRITE | EV_PERSIST, on_writable, link);
	if (!link->readable || !link->writable || event_add(link->readable, NULL) < 0 ||
	    event_add(link->writable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static void on_start(evutil_socket_t fd, short what, void *userdata)
{
	const struct timeval again = { .tv_usec = CONNECT_AGAIN_US };
	struct varlink_link *link = userdata;
	int r = 0;

	(void)fd;
	(void)what;
	if (link->address.parent_fd < 0)
		r = unix_address_init(&link->address, AT_FDCWD, link->path);
	if (r == 0)
		r = link_connect(link);
	if (r == -EAGAIN || r == -EINTR)
		r = evtimer_add(link->start, &again) < 0 ? -ENOMEM : 0;
	if (r < 0)
		link_answer(link, r, NULL, NULL);
}

int varlink_link_call(struct event_base *base, const char *path, const char *method, json_t *parameters,
		      int timeout_ms, varlink_on_answer on_answer, void *userdata,
		      struct varlink_link **ret_link)
{
	const struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	const struct timeval now = { 0 };
	struct varlink_bytes request;
	struct varlink_link *link;
	int r;

	r = varlink_encode_call(method, parameters, false, &request);
	if (r < 0)
		return r;
	link = calloc(1, sizeof(*link));
	if (!link) {
		free(request.bytes);
		return -ENOMEM;
	}
	*link = (struct varlink_link){ .base = base,
				       .address.parent_fd = -1,
				       .fd = -1,
				       .request = request,
				       .on_answer = on_answer,
				       .userdata = userdata,
				       .path = strdup(path) };
	link->start = evtimer_new(base, on_start, link);
	link->timeout = evtimer_new(base, on_timeout, link);
	if (!link->path || !link->start || !link->timeout || evtimer_add(link->start, &now) < 0 ||
	    (timeout_ms > 0 && evtimer_add(link->timeout, &timeout) < 0)) {
		link_destroy(link);
		return -ENOMEM;
	}
	if (ret_link)
		*ret_link = link;
	return 0;
}
