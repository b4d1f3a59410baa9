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

void gather_start(int fd)
{
	watched_fd = fd;
	least = 0;
	is_held = has_room = false;
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

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	ssize_t n;

	if (fd == watched_fd && len < least) {
		is_held = true;
		return 0;
	}
	n = syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
	if (fd != watched_fd)
		return n;
	is_held = false;
	has_room = n == (ssize_t)len;
	return n < 0 && errno == EAGAIN ? 0 : n;
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
