// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Gathering
 *
 * While more is to come, send() takes nothing until enough is together, and libssh is not told that it could write. A
 * socket that took everything last time is taken to have room: when it has none, the next send() finds out, and from
 * then on the kernel is asked.
 */
#include "services/ssh/gather.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int watched_fd = -1;
static size_t least;
static bool is_held, has_room;
static const uint8_t *own;
static size_t own_len;

void gather_start(int fd)
{
	watched_fd = fd;
	least = 0;
	is_held = has_room = false;
	own_len = 0;
}

void gather_stop(void)
{
	gather_start(-1);
}

void gather_until(size_t least_bytes)
{
	least = least_bytes;
	is_held = false;
}

static ssize_t send_now(const void *bytes, size_t len, int flags)
{
	ssize_t n = syscall(SYS_sendto, watched_fd, bytes, len, flags, NULL, 0);

	has_room = n == (ssize_t)len;
	return n < 0 && errno == EAGAIN ? 0 : n;
}

int gather_own(const uint8_t *bytes, size_t len)
{
	own = bytes;
	own_len = len;
	return gather_own_flush();
}

size_t gather_own_pending(void)
{
	return own_len;
}

int gather_own_flush(void)
{
	ssize_t n = own_len > 0 ? send_now(own, own_len, MSG_NOSIGNAL) : 0;

	if (n < 0 && errno != EINTR)
		return -EPIPE;
	if (n > 0) {
		own += n;
		own_len -= (size_t)n;
	}
	return 0;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	if (fd != watched_fd)
		return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
	is_held = len < least;
	if (is_held)
		return 0;
	if (own_len > 0 && gather_own_flush() < 0)
		return -1;
	return own_len > 0 ? 0 : send_now(bytes, len, flags);
}

int gather_poll(struct pollfd *poll)
{
	if (poll->fd != watched_fd || watched_fd < 0 || !(poll->events & POLLOUT))
		return -1;
	if (is_held) {
		poll->revents = 0;
		return 0;
	}
	if (!has_room)
		return -1;
	poll->revents = POLLOUT;
	return 1;
}
