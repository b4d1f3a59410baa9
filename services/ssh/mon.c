// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The record codec between transport and monitor
 *
 * A writer that runs out of room and a reader that runs out of bytes both set buf->bad and go on harmlessly: whoever
 * made the record asks once at its end. Both halves distrust the other: the monitor because the transport parses
 * hostile input, the transport because a parser should not care.
 */
#include "services/ssh/mon.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEADER_BYTES = 4, FDS_ROOM = 16 };

/* Room for n more bytes at the end of a record that is being written, NULL and bad when there is none. */
static uint8_t *put_room(struct mon_buf *buf, size_t n)
{
	uint8_t *at;

	if (buf->bad || n > MON_RECORD_MAX_BYTES - buf->len) {
		buf->bad = true;
		return NULL;
	}
	at = buf->bytes + buf->len;
	buf->len += n;
	return at;
}

static void put_number(struct mon_buf *buf, uint64_t value, size_t n)
{
	uint8_t *at = put_room(buf, n);

	if (!at)
		return;
	while (n--) {
		at[n] = (uint8_t)value;
		value >>= 8;
	}
}

void mon_put_start(struct mon_buf *buf, uint16_t type, uint16_t channel)
{
	buf->len = buf->at = 0;
	buf->bad = false;
	put_number(buf, type, 2);
	put_number(buf, channel, 2);
}

void mon_put_u8(struct mon_buf *buf, uint8_t value)
{
	put_number(buf, value, 1);
}

void mon_put_u32(struct mon_buf *buf, uint32_t value)
{
	put_number(buf, value, 4);
}

void mon_put_u64(struct mon_buf *buf, uint64_t value)
{
	put_number(buf, value, 8);
}

void mon_put_string(struct mon_buf *buf, const void *bytes, size_t len)
{
	uint8_t *at;

	/* Both at once, or a string that does not fit would leave a length without its bytes. */
	if (len > MON_RECORD_MAX_BYTES - 4 || buf->len + 4 + len > MON_RECORD_MAX_BYTES) {
		buf->bad = true;
		return;
	}
	put_number(buf, len, 4);
	at = put_room(buf, len);
	if (at && len)
		memcpy(at, bytes, len);
}

void mon_put_text(struct mon_buf *buf, const char *text)
{
	mon_put_string(buf, text, strlen(text));
}

/* The next n bytes of a record that is being read, NULL and bad when they are not there. */
static const uint8_t *get_bytes(struct mon_buf *buf, size_t n)
{
	const uint8_t *at;

	if (buf->bad || buf->at > buf->len || n > buf->len - buf->at) {
		buf->bad = true;
		return NULL;
	}
	at = buf->bytes + buf->at;
	buf->at += n;
	return at;
}

static uint64_t get_number(struct mon_buf *buf, size_t n)
{
	const uint8_t *at = get_bytes(buf, n);
	uint64_t value = 0;

	for (size_t i = 0; at && i < n; i++)
		value = value << 8 | at[i];
	return value;
}

int mon_get_start(struct mon_buf *buf, uint16_t *ret_type, uint16_t *ret_channel)
{
	uint16_t type, channel;

	buf->at = 0;
	buf->bad = false;
	type = (uint16_t)get_number(buf, 2);
	channel = (uint16_t)get_number(buf, 2);
	if (buf->bad)
		return -EPROTO;
	*ret_type = type;
	*ret_channel = channel;
	return 0;
}

uint8_t mon_get_u8(struct mon_buf *buf)
{
	return (uint8_t)get_number(buf, 1);
}

uint32_t mon_get_u32(struct mon_buf *buf)
{
	return (uint32_t)get_number(buf, 4);
}

uint64_t mon_get_u64(struct mon_buf *buf)
{
	return get_number(buf, 8);
}

struct mon_string mon_get_string(struct mon_buf *buf)
{
	struct mon_string string = { 0 };
	size_t len = mon_get_u32(buf);
	const uint8_t *at = get_bytes(buf, len);

	if (at) {
		string.bytes = at;
		string.len = len;
	}
	return string;
}

void mon_get_text(struct mon_buf *buf, char *text, size_t size_bytes)
{
	struct mon_string string = mon_get_string(buf);

	text[0] = '\0';
	if (buf->bad)
		return;
	if (string.len >= size_bytes || memchr(string.bytes, '\0', string.len)) {
		buf->bad = true;
		return;
	}
	memcpy(text, string.bytes, string.len);
	text[string.len] = '\0';
}

int mon_get_end(const struct mon_buf *buf)
{
	return buf->bad || buf->at != buf->len ? -EPROTO : 0;
}

int mon_send(int fd, const struct mon_buf *buf, const int *fds, size_t fds_len)
{
	struct iovec iov = { .iov_base = buf->bytes, .iov_len = buf->len };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MON_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (buf->bad || buf->len < HEADER_BYTES)
		return -EMSGSIZE;
	if (fds_len > MON_FDS_MAX)
		return -EINVAL;
	if (fds_len) {
		struct cmsghdr *head;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fds_len * sizeof(int));
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(fds_len * sizeof(int));
		memcpy(CMSG_DATA(head), fds, fds_len * sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
	return (size_t)n == buf->len ? 0 : -EPROTO;
}

/* Keeps the descriptors that were asked for and closes the others. */
static void take_fds(struct msghdr *msg, int *fds, size_t room, size_t *ret_len)
{
	size_t len = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		size_t n;

		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(0))
			continue;
		n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(fd));
			if (len < room)
				fds[len++] = fd;
			else
				close(fd);
		}
	}
	*ret_len = len;
}

int mon_receive(int fd, struct mon_buf *buf, int *ret_fds, size_t *inout_fds_len)
{
	struct iovec iov = { .iov_base = buf->bytes, .iov_len = MON_RECORD_MAX_BYTES };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_ROOM * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	int fds[MON_FDS_MAX];
	size_t len = 0, room = ret_fds && inout_fds_len ? *inout_fds_len : 0;
	ssize_t n;

	if (room > MON_FDS_MAX)
		room = MON_FDS_MAX;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	take_fds(&msg, fds, room, &len);
	if (n == 0 || n < HEADER_BYTES || msg.msg_flags & MSG_TRUNC) {
		while (len)
			close(fds[--len]);
		return n ? -EPROTO : -EPIPE;
	}
	buf->len = (size_t)n;
	buf->at = 0;
	buf->bad = false;
	if (inout_fds_len) {
		if (len)
			memcpy(ret_fds, fds, len * sizeof(int));
		*inout_fds_len = len;
	}
	return 0;
}
