// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: recv() and poll() of the program: the same bytes in the same order, and other descriptors as ever
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/ssh/readahead.h"

static int ends[2];

static void begin(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	readahead_start(ends[0]);
}

static void end(void)
{
	readahead_stop();
	close(ends[0]);
	close(ends[1]);
}

TestSuite(readahead, .init = begin, .fini = end);

Test(readahead, small_reads_come_from_one_large_one)
{
	char bytes[4];

	cr_assert_eq(write(ends[1], "0123456789", 10), 10);
	cr_assert_eq(recv(ends[0], bytes, 4, 0), 4);
	cr_assert_arr_eq(bytes, "0123", 4);
	cr_assert_eq(readahead_pending(), 6);
	/* what comes later stays behind what is there */
	cr_assert_eq(write(ends[1], "ab", 2), 2);
	cr_assert_eq(recv(ends[0], bytes, 4, 0), 4);
	cr_assert_arr_eq(bytes, "4567", 4);
	cr_assert_eq(recv(ends[0], bytes, 4, 0), 2);
	cr_assert_arr_eq(bytes, "89", 2);
	cr_assert_eq(recv(ends[0], bytes, 4, 0), 2);
	cr_assert_arr_eq(bytes, "ab", 2);
	errno = 0;
	cr_assert_eq(recv(ends[0], bytes, 4, 0), -1);
	cr_assert_eq(errno, EAGAIN);
}

Test(readahead, poll_tells_of_bytes_that_are_there)
{
	struct pollfd polls[2] = { { .fd = ends[0], .events = POLLIN }, { .fd = ends[1], .events = POLLIN | POLLOUT } };
	char byte;

	cr_assert_eq(poll(polls, 1, 0), 0);
	cr_assert_eq(write(ends[1], "xy", 2), 2);
	cr_assert_eq(recv(ends[0], &byte, 1, 0), 1);
	/* nothing is left in the kernel */
	cr_assert_eq(poll(polls, 1, 1000), 1);
	cr_assert_eq(polls[0].revents, POLLIN);
	cr_assert_eq(poll(polls, 2, 1000), 2);
	cr_assert_eq(polls[0].revents, POLLIN);
	cr_assert_eq(polls[1].revents, POLLOUT);
	polls[0].events = POLLOUT;
	cr_assert_eq(poll(polls, 1, 0), 1);
	cr_assert_eq(polls[0].revents, POLLOUT);
	polls[0].events = POLLIN;
	cr_assert_eq(recv(ends[0], &byte, 1, 0), 1);
	cr_assert_eq(poll(polls, 1, 0), 0);
}

Test(readahead, the_end_comes_after_the_bytes)
{
	char bytes[2];

	cr_assert_eq(write(ends[1], "xyz", 3), 3);
	cr_assert_eq(shutdown(ends[1], SHUT_WR), 0);
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 2);
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 1);
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 0);
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 0);
}

Test(readahead, flags_and_other_descriptors_are_left_alone)
{
	char bytes[4];

	cr_assert_eq(write(ends[0], "abcd", 4), 4);
	cr_assert_eq(recv(ends[1], bytes, 2, 0), 2);
	cr_assert_eq(readahead_pending(), 0);
	cr_assert_eq(recv(ends[1], bytes, 4, 0), 2);
	cr_assert_eq(write(ends[1], "ef", 2), 2);
	cr_assert_eq(recv(ends[0], bytes, 4, MSG_PEEK), 2);
	cr_assert_eq(readahead_pending(), 0);
}

Test(readahead, trimming_loses_nothing)
{
	char bytes[4];

	cr_assert_eq(write(ends[1], "0123", 4), 4);
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 2);
	readahead_trim();
	cr_assert_eq(recv(ends[0], bytes, 2, 0), 2);
	cr_assert_arr_eq(bytes, "23", 2);
	readahead_trim();
	cr_assert_eq(write(ends[1], "4", 1), 1);
	cr_assert_eq(recv(ends[0], bytes, 4, 0), 1);
}
