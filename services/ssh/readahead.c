// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Reading ahead
 *
 * libssh asks poll() and then receives 4096 bytes, eight times for each packet of a bulk transfer. A program's own
 * recv() and poll() come before the C library's for every library it loads, so the receives can be served from memory
 * without a change of libssh. It is a matter of speed alone: with the functions of the C library everything works too.
 */
#undef _FORTIFY_SOURCE /* its wrappers of recv() and poll() would be defined twice */
#include "services/ssh/readahead.h"
#include "services/ssh/gather.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int watched_fd = -1;
static uint8_t *buffer;
static size_t buffer_at, buffer_len;

void readahead_start(int fd)
{
	watched_fd = fd;
}

void readahead_stop(void)
{
	watched_fd = -1;
	buffer_at = buffer_len = 0;
	readahead_trim();
}

size_t readahead_pending(void)
{
	return buffer_len - buffer_at;
}

void readahead_trim(void)
{
	if (buffer_at < buffer_len)
		return;
	free(buffer);
	buffer = NULL;
}

static ssize_t receive(int fd, void *bytes, size_t size_bytes, int flags)
{
	return syscall(SYS_recvfrom, fd, bytes, size_bytes, flags, NULL, NULL);
}

static int wait_for(struct pollfd *polls, nfds_t polls_len, int timeout_ms)
{
#ifdef SYS_poll
	return (int)syscall(SYS_poll, polls, polls_len, timeout_ms);
#else
	struct timespec timeout = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000 };

	return (int)syscall(SYS_ppoll, polls, polls_len, timeout_ms < 0 ? NULL : &timeout, NULL, 0);
#endif
}

ssize_t recv(int fd, void *bytes, size_t size_bytes, int flags)
{
	ssize_t n;

	if (fd != watched_fd || flags || size_bytes >= READAHEAD_BYTES)
		return receive(fd, bytes, size_bytes, flags);
	if (!buffer)
		buffer = malloc(READAHEAD_BYTES);
	if (!buffer)
		return receive(fd, bytes, size_bytes, flags);
	if (buffer_at == buffer_len) {
		n = receive(fd, buffer, READAHEAD_BYTES, 0);
		if (n <= 0)
			return n;
		buffer_at = 0;
		buffer_len = (size_t)n;
	}
	if (size_bytes > buffer_len - buffer_at)
		size_bytes = buffer_len - buffer_at;
	memcpy(bytes, buffer + buffer_at, size_bytes);
	buffer_at += size_bytes;
	return (ssize_t)size_bytes;
}

/* The entry of the watched descriptor, when it waits for bytes that are there. */
static struct pollfd *entry_served(struct pollfd *polls, nfds_t polls_len)
{
	if (buffer_at == buffer_len)
		return NULL;
	for (nfds_t i = 0; i < polls_len; i++)
		if (polls[i].fd == watched_fd && polls[i].events & POLLIN)
			return &polls[i];
	return NULL;
}

int poll(struct pollfd *polls, nfds_t polls_len, int timeout_ms)
{
	struct pollfd *served = entry_served(polls, polls_len);
	int n = polls_len == 1 ? gather_poll(polls) : -1;

	if (n >= 0)
		return n;
	if (!served)
		return wait_for(polls, polls_len, timeout_ms);
	/* alone: what it may also wait for comes when the bytes are gone */
	if (polls_len == 1) {
		served->revents = POLLIN;
		return 1;
	}
	n = wait_for(polls, polls_len, 0);
	if (n < 0)
		return n;
	if (!served->revents)
		n++;
	served->revents |= POLLIN;
	return n;
}
