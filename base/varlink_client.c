/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the Varlink client of programs without an event loop. Every wait has one deadline for the whole call.
 * After anything but a complete answer the stream has lost its place, so the connection is not used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unix_address.h"
#include "base/varlink_wire.h"

#define MS_PER_S 1000

struct varlink_client {
	int fd;
	bool lost; /* no longer between two calls */
	struct varlink_decoder input;
	int watch_fd; /* -1 */
	bool (*stop)(void *userdata);
	void *userdata;
};

/* Not clock.h: a frozen clock must not make a wait endless. */
static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

static int64_t deadline_ms(int timeout_ms)
{
	return timeout_ms > 0 ? now_ms() + timeout_ms : 0;
}

static int wait_for(int fd, short events, int64_t until_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t left_ms = -1;
	int r;

	do {
		if (until_ms > 0) {
			left_ms = until_ms - now_ms();
			if (left_ms <= 0)
				return -ETIMEDOUT;
		}
		r = poll(&poll_fd, 1, (int)left_ms);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

/* The same for an answer, with an eye on what may end the wait. */
static int wait_for_answer(const struct varlink_client *client, int64_t until_ms)
{
	struct pollfd fds[] = { { .fd = client->fd, .events = POLLIN }, { .fd = client->watch_fd, .events = POLLIN } };
	int64_t left_ms = -1;

	if (!client->stop)
		return wait_for(client->fd, POLLIN, until_ms);
	for (;;) {
		if (until_ms > 0) {
			left_ms = until_ms - now_ms();
			if (left_ms <= 0)
				return -ETIMEDOUT;
		}
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents && client->stop(client->userdata))
			return -ECANCELED;
		if (fds[0].revents)
			return 0;
	}
}

static int connect_within(int fd, const struct unix_address *address, int timeout_ms)
{
	const struct timeval timeout = { .tv_sec = timeout_ms / MS_PER_S,
					 .tv_usec = timeout_ms % MS_PER_S * 1000 };
	int r;

	/* this is what limits how long connect(2) waits for room in the backlog of an AF_UNIX listener */
	if (timeout_ms > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	do
		r = connect(fd, (const struct sockaddr *)&address->sun, address->len);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return 0;
}

int varlink_client_open_at(int dir_fd, const char *path, int timeout_ms, struct varlink_client **ret_client,
			   struct err *err)
{
	struct varlink_client *client = NULL;
	struct unix_address address;
	AUTO(close) int fd = -1;
	int r;

	r = unix_address_init(&address, dir_fd, path);
	if (r < 0)
		return err_set(err, r, "cannot reach %s: %s", path, strerror(-r));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? -errno : connect_within(fd, &address, timeout_ms);
	unix_address_done(&address);
	if (r < 0)
		return err_set(err, r, "cannot reach %s: %s", path, strerror(-r));
	client = calloc(1, sizeof(*client));
	if (!client)
		return err_set(err, -ENOMEM, "out of memory");
	client->fd = take_fd(fd);
	client->watch_fd = -1;
	*ret_client = client;
	return 0;
}

int varlink_client_open(const char *path, int timeout_ms, struct varlink_client **ret_client, struct err *err)
{
	return varlink_client_open_at(AT_FDCWD, path, timeout_ms, ret_client, err);
}

void varlink_client_free(struct varlink_client *client)
{
	if (!client)
		return;
	varlink_decoder_done(&client->input);
	close(client->fd);
	free(client);
}

static int client_send(struct varlink_client *client, const char *bytes, size_t len, int64_t until_ms)
{
	ssize_t sent;
	int r;

	while (len > 0) {
		sent = send(client->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0) {
			bytes += sent;
			len -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(client->fd, POLLOUT, until_ms);
		if (r < 0)
			return r;
	}
	return 0;
}

static int client_receive(struct varlink_client *client, int64_t until_ms, json_t **ret_message)
{
	char bytes[VARLINK_READ_BYTES];
	ssize_t got;
	int r;

	for (;;) {
		r = varlink_decoder_next(&client->input, ret_message);
		if (r != 0)
			return r < 0 ? r : 0;
		r = wait_for_answer(client, until_ms);
		if (r < 0)
			return r;
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ECONNRESET;
		r = varlink_decoder_feed(&client->input, bytes, (size_t)got);
		if (r < 0)
			return r;
	}
}

static int client_start(struct varlink_client *client, const char *method, json_t *parameters, bool more,
			int64_t until_ms)
{
	struct varlink_bytes bytes;
	int r;

	if (client->lost) {
		json_decref(parameters);
		return -ENOTCONN;
	}
	r = varlink_encode_call(method, parameters, more, &bytes);
	if (r < 0)
		return r;
	client->lost = true;
	r = client_send(client, bytes.bytes, bytes.len, until_ms);
	free(bytes.bytes);
	return r;
}

static int client_answer(struct varlink_client *client, int64_t until_ms, json_t **ret_message,
			 struct varlink_answer *ret_answer)
{
	json_t *message;
	int r;

	r = client_receive(client, until_ms, &message);
	if (r < 0)
		return r;
	r = varlink_answer_parse(message, ret_answer);
	if (r < 0) {
		json_decref(message);
		return r;
	}
	*ret_message = message;
	return 0;
}

static int give_answer(const struct varlink_answer *answer, json_t **ret_reply, char **ret_error,
		       struct err *err)
{
	char *error = NULL;

	if (answer->error && ret_error) {
		error = strdup(answer->error);
		if (!error)
			return err_set(err, -ENOMEM, "out of memory");
		*ret_error = error;
	}
	if (ret_reply)
		*ret_reply = json_incref((json_t *)(uintptr_t)answer->parameters);
	return answer->error ? varlink_answer_error(answer, err) : 0;
}

int varlink_client_call(struct varlink_client *client, const char *method, json_t *parameters, int timeout_ms,
			json_t **ret_reply, char **ret_error, struct err *err)
{
	int64_t until_ms = deadline_ms(timeout_ms);
	struct varlink_answer answer;
	json_t *message = NULL;
	int r;

	r = client_start(client, method, parameters, false, until_ms);
	if (r == 0)
		r = client_answer(client, until_ms, &message, &answer);
	if (r == 0 && answer.continues) {
		json_decref(message);
		r = -EPROTO;
	}
	if (r < 0)
		return err_set(err, r, "%s: %s", method, strerror(-r));
	client->lost = false;
	r = give_answer(&answer, ret_reply, ret_error, err);
	json_decref(message);
	return r;
}

int varlink_client_hold(struct varlink_client *client, const char *method, json_t *parameters, int timeout_ms,
			json_t **ret_reply, char **ret_error, struct err *err)
{
	int64_t until_ms = deadline_ms(timeout_ms);
	struct varlink_answer answer;
	json_t *message = NULL;
	int r;

	r = client_start(client, method, parameters, true, until_ms);
	if (r == 0)
		r = client_answer(client, until_ms, &message, &answer);
	if (r < 0)
		return err_set(err, r, "%s: %s", method, strerror(-r));
	client->lost = answer.continues;
	r = give_answer(&answer, ret_reply, ret_error, err);
	json_decref(message);
	return r;
}

int varlink_client_call_more(struct varlink_client *client, const char *method, json_t *parameters,
			     int timeout_ms, int (*on_reply)(const json_t *parameters, void *userdata),
			     void *userdata, struct err *err)
{
	int64_t until_ms = deadline_ms(timeout_ms);
	struct varlink_answer answer = { .continues = true };
	json_t *message;
	int r;

	r = client_start(client, method, parameters, true, until_ms);
	if (r < 0)
		return err_set(err, r, "%s: %s", method, strerror(-r));
	while (answer.continues) {
		r = client_answer(client, until_ms, &message, &answer);
		if (r < 0)
			return err_set(err, r, "%s: %s", method, strerror(-r));
		client->lost = answer.continues;
		r = answer.error ? varlink_answer_error(&answer, err) : on_reply(answer.parameters, userdata);
		json_decref(message);
		if (r < 0)
			return r;
	}
	return 0;
}

void varlink_client_watch(struct varlink_client *client, int fd, bool (*stop)(void *userdata), void *userdata)
{
	client->watch_fd = fd;
	client->stop = stop;
	client->userdata = userdata;
}

int varlink_client_fd(const struct varlink_client *client)
{
	return client->fd;
}

int varlink_client_next(struct varlink_client *client, json_t **ret_reply)
{
	struct varlink_answer answer;
	char bytes[VARLINK_READ_BYTES];
	json_t *message;
	ssize_t got;
	int r;

	while ((r = varlink_decoder_next(&client->input, &message)) == 0) {
		got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (got == 0)
			return -ECONNRESET;
		r = varlink_decoder_feed(&client->input, bytes, (size_t)got);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	r = varlink_answer_parse(message, &answer);
	if (r == 0 && answer.error)
		r = -EREMOTEIO;
	if (r == 0)
		*ret_reply = json_incref((json_t *)(uintptr_t)answer.parameters);
	json_decref(message);
	return r < 0 ? r : 1;
}
