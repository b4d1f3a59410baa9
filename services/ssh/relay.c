// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The relay of one channel
 *
 * Nothing here waits, and nothing is read that cannot be kept: the program is read only when its last bytes have gone
 * and the client's window is open; the client's bytes are taken only as far as the buffer reaches, and the rest stays
 * in the channel, whose window then stays shut. The SSH connection itself is always read, because the messages that
 * open windows come through it.
 *
 * libssh calls relay_take() for each packet, also from inside send() and fetch(). While bytes are fetched it must take
 * nothing, or newer bytes would overtake the ones being fetched.
 */
#include "services/ssh/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

void relay_init(struct relay *relay, const struct relay_ops *ops, void *peer)
{
	*relay = (struct relay){ .ops = ops, .peer = peer, .in_fd = -1 };
	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++)
		relay->sources[i] = (struct relay_source){
			.fd = -1, .is_stderr = i == 1, .buffer.size_bytes = RELAY_OUTPUT_BYTES
		};
	relay->to_program.size_bytes = RELAY_FETCH_BYTES;
}

void relay_start(struct relay *relay, int in_fd, int out_fd, int err_fd, bool is_pty)
{
	relay->is_pty = is_pty;
	relay->in_fd = in_fd;
	relay->sources[0].fd = out_fd;
	relay->sources[1].fd = err_fd;
}

static void buffer_free(struct relay_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct relay_buffer){ .size_bytes = buffer->size_bytes };
}

void relay_done(struct relay *relay)
{
	if (relay->in_fd >= 0 && relay->in_fd != relay->sources[0].fd)
		close(relay->in_fd);
	relay->in_fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++) {
		if (relay->sources[i].fd >= 0)
			close(relay->sources[i].fd);
		relay->sources[i].fd = -1;
		buffer_free(&relay->sources[i].buffer);
	}
	buffer_free(&relay->to_program);
}

/* Room behind what the buffer holds; moves the rest to the front when it is small. */
static size_t buffer_room(struct relay_buffer *buffer)
{
	if (!buffer->bytes)
		buffer->bytes = malloc(buffer->size_bytes);
	if (!buffer->bytes)
		return 0;
	if (buffer->at == buffer->len)
		buffer->at = buffer->len = 0;
	if (buffer->at > 0 && buffer->len - buffer->at <= buffer->size_bytes / 32) {
		memmove(buffer->bytes, buffer->bytes + buffer->at, buffer->len - buffer->at);
		buffer->len -= buffer->at;
		buffer->at = 0;
	}
	return buffer->size_bytes - buffer->len;
}

static size_t buffer_fill(const struct relay_buffer *buffer)
{
	return buffer->len - buffer->at;
}

static bool buffer_is_empty(const struct relay_buffer *buffer)
{
	return buffer_fill(buffer) == 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool input_is_wanted(const struct relay *relay)
{
	return relay->in_fd >= 0 && !relay->input_ended;
}

size_t relay_take(struct relay *relay, const uint8_t *bytes, size_t len)
{
	size_t room, fill = buffer_fill(&relay->to_program);

	if (relay->input_ended)
		return len; /* nobody will read it: the window must go on */
	/* in order: nothing new before what was left behind, nothing before the program is there */
	if (relay->draining || relay->held_back || relay->in_fd < 0) {
		relay->held_back = true;
		return 0;
	}
	/* what lies in libssh keeps the client's window shut, what lies here does not */
	room = fill < RELAY_INPUT_BYTES ? smaller(buffer_room(&relay->to_program), RELAY_INPUT_BYTES - fill) : 0;
	if (len > room) {
		len = room;
		relay->held_back = true;
	}
	if (len > 0)
		memcpy(relay->to_program.bytes + relay->to_program.len, bytes, len);
	relay->to_program.len += len;
	window_take(&relay->window, len);
	return len;
}

void relay_peer_eof(struct relay *relay)
{
	relay->peer_eof = true;
}

void relay_peer_gone(struct relay *relay)
{
	relay->peer_eof = relay->peer_gone = true;
}

void relay_program_ended(struct relay *relay)
{
	relay->program_ended = true;
}

/* The program reads no more. What the client still sends is thrown away. */
static void input_end(struct relay *relay)
{
	relay->input_ended = true;
	buffer_free(&relay->to_program);
}

static void input_write(struct relay *relay)
{
	struct relay_buffer *buffer = &relay->to_program;
	ssize_t n;

	while (input_is_wanted(relay) && !buffer_is_empty(buffer)) {
		n = write(relay->in_fd, buffer->bytes + buffer->at, buffer->len - buffer->at);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			input_end(relay);
		else
			buffer->at += (size_t)n;
	}
}

/* Gets what relay_take() left behind, and what libssh finds meanwhile. */
static bool input_fetch(struct relay *relay)
{
	struct relay_buffer *buffer = &relay->to_program;
	static uint8_t waste[65536];
	uint8_t *to = waste;
	size_t room = sizeof(waste);
	int n;

	if (!relay->input_ended) {
		room = buffer_room(buffer);
		to = buffer->bytes + buffer->len;
	}
	if (room == 0)
		return false;
	relay->held_back = false;
	relay->draining = true;
	n = relay->ops->fetch(relay->peer, to, room);
	relay->draining = false;
	if (n <= 0)
		return false;
	if (!relay->input_ended)
		buffer->len += (size_t)n;
	window_take(&relay->window, (size_t)n);
	relay->held_back = true; /* perhaps there is more */
	return true;
}

/* The program keeps up: the client may send further ahead. libssh reads on meanwhile; true when something came. */
static bool input_open(struct relay *relay)
{
	struct relay_buffer *buffer = &relay->to_program;
	uint32_t wish;
	int n;

	if (!relay->ops->open || relay->peer_eof || relay->held_back || !input_is_wanted(relay) ||
	    !buffer_is_empty(buffer))
		return false;
	wish = window_wish(&relay->window, clock_monotonic_us());
	if (wish == 0 || buffer_room(buffer) < wish)
		return false;
	relay->draining = true;
	n = relay->ops->open(relay->peer, buffer->bytes + buffer->len, wish);
	relay->draining = false;
	if (n <= 0)
		return false;
	buffer->len += (size_t)n;
	window_take(&relay->window, (size_t)n);
	relay->held_back = true; /* perhaps there is more */
	return true;
}

static void input_drain(struct relay *relay)
{
	input_write(relay);
	while (relay->held_back && relay->in_fd >= 0 && buffer_is_empty(&relay->to_program)) {
		if (!input_fetch(relay))
			break;
		input_write(relay);
	}
}

static void input_move(struct relay *relay)
{
	input_drain(relay);
	if (input_open(relay))
		input_drain(relay);
	if (!relay->peer_eof || relay->held_back || relay->in_fd < 0 || relay->input_ended ||
	    !buffer_is_empty(&relay->to_program))
		return;
	/* a pty has one descriptor for both ways: a command on it learns nothing of an end of input, as with OpenSSH; a
	 * shell is told by the monitor (transport_channel.c) */
	if (relay->in_fd != relay->sources[0].fd && !relay->is_duplex)
		close(take_fd(relay->in_fd));
	else if (!relay->is_pty)
		shutdown(relay->in_fd, SHUT_WR);
	input_end(relay);
}

static void source_end(struct relay *relay, struct relay_source *source)
{
	/* a program that says no more on its pty or socket is gone; one with pipes may still read */
	if (source->fd == relay->in_fd) {
		relay->in_fd = -1;
		input_end(relay);
	}
	close(take_fd(source->fd));
}

static void source_send(struct relay *relay, struct relay_source *source)
{
	struct relay_buffer *buffer = &source->buffer;
	int n;

	while (!relay->peer_gone && !buffer_is_empty(buffer)) {
		n = relay->ops->send(relay->peer, source->is_stderr, buffer->bytes + buffer->at,
				     buffer->len - buffer->at);
		if (n == 0)
			return;
		if (n < 0)
			relay->peer_gone = true;
		else
			buffer->at += (size_t)n;
	}
	if (relay->peer_gone)
		buffer->at = buffer->len;
}

/* Reads once; false when there is nothing to read now or ever. */
static bool source_read(struct relay *relay, struct relay_source *source)
{
	size_t room = buffer_room(&source->buffer), window = relay->peer_gone ? room : relay->ops->window(relay->peer);
	ssize_t n;

	room = smaller(room, window);
	if (room == 0)
		return false;
	n = read(source->fd, source->buffer.bytes + source->buffer.len, room);
	if (n > 0) {
		source->buffer.len += (size_t)n;
		if (relay->is_pty && relay->program_ended) {
			relay->late_bytes += (size_t)n;
			if (relay->late_bytes >= RELAY_LATE_BYTES)
				source_end(relay, source);
		}
		return true;
	}
	if (n < 0 && errno == EINTR)
		return true;
	if (n == 0 && relay->is_duplex) {
		source->fd = -1; /* in_fd goes on */
		return false;
	}
	/* EIO: the last program has closed the pty. EAGAIN after the end of the program: the pty is empty, and the
	 * kernel has flushed what was under way before it says so */
	if (n == 0 || errno != EAGAIN || (relay->is_pty && relay->program_ended))
		source_end(relay, source);
	return false;
}

static void source_move(struct relay *relay, struct relay_source *source, bool congested, bool is_ready)
{
	source_send(relay, source);
	if (source->fd < 0 || !buffer_is_empty(&source->buffer))
		return;
	if (!is_ready || (congested && !relay->peer_gone))
		return;
	do {
		if (!source_read(relay, source))
			return;
		source_send(relay, source);
		/* nothing would wake us for the rest of a pty whose program has ended */
	} while (relay->is_pty && relay->program_ended && source->fd >= 0 && buffer_is_empty(&source->buffer));
}

static bool is_ready(int fd, const struct pollfd *polls, size_t polls_len)
{
	for (size_t i = 0; i < polls_len; i++)
		if (polls[i].fd == fd && polls[i].revents & (POLLIN | POLLHUP | POLLERR))
			return true;
	return false;
}

void relay_move(struct relay *relay, bool congested, const struct pollfd *polls, size_t polls_len)
{
	input_move(relay);
	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++) {
		struct relay_source *source = &relay->sources[i];
		/* at the end there may be nothing that poll() would tell of */
		bool ready = source->fd >= 0 &&
			     (is_ready(source->fd, polls, polls_len) || (relay->is_pty && relay->program_ended));

		source_move(relay, source, congested, ready);
	}
}

size_t relay_polls(struct relay *relay, bool congested, struct pollfd *ret_polls)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++) {
		const struct relay_source *source = &relay->sources[i];

		/* an entry without POLLIN would still report a hang-up, for ever: leave it out */
		if (source->fd < 0 || !buffer_is_empty(&source->buffer))
			continue;
		if (!relay->peer_gone && (congested || relay->ops->window(relay->peer) == 0))
			continue;
		ret_polls[n++] = (struct pollfd){ .fd = source->fd, .events = POLLIN };
	}
	if (input_is_wanted(relay) && !buffer_is_empty(&relay->to_program))
		ret_polls[n++] = (struct pollfd){ .fd = relay->in_fd, .events = POLLOUT };
	return n;
}

void relay_trim(struct relay *relay)
{
	if (buffer_is_empty(&relay->to_program))
		buffer_free(&relay->to_program);
	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++)
		if (buffer_is_empty(&relay->sources[i].buffer))
			buffer_free(&relay->sources[i].buffer);
}

bool relay_output_is_done(const struct relay *relay)
{
	for (size_t i = 0; i < ARRAY_SIZE(relay->sources); i++)
		if (relay->sources[i].fd >= 0 || (!relay->peer_gone && !buffer_is_empty(&relay->sources[i].buffer)))
			return false;
	return true;
}

bool relay_input_is_done(const struct relay *relay)
{
	return relay->in_fd < 0 || relay->input_ended || (!relay->held_back && buffer_is_empty(&relay->to_program));
}
