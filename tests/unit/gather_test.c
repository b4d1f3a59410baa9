// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: send() of the program: nothing is lost, a full socket is no error, and other descriptors are as ever
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/ssh/gather.h"

static int ends[2];

static void begin(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	gather_start(ends[0]);
}

static void end(void)
{
	gather_stop();
	close(ends[0]);
	close(ends[1]);
}

TestSuite(gather, .init = begin, .fini = end);

Test(gather, less_than_wanted_waits_for_more)
{
	struct pollfd writable = { .fd = ends[0], .events = POLLIN | POLLOUT };
	char bytes[16];

	gather_until(8);
	cr_assert_eq(send(ends[0], "1234", 4, 0), 0);
	cr_assert_eq(recv(ends[1], bytes, sizeof(bytes), 0), -1);
	/* nobody is to try again with as little */
	cr_assert_eq(gather_poll(&writable), 0);
	gather_until(8);
	cr_assert_eq(send(ends[0], "12345678", 8, 0), 8);
	cr_assert_eq(recv(ends[1], bytes, sizeof(bytes), 0), 8);
	cr_assert_eq(send(ends[0], "9", 1, 0), 0);
	gather_until(0);
	cr_assert_eq(gather_poll(&writable), 1);
	cr_assert_eq(writable.revents, POLLOUT);
	cr_assert_eq(send(ends[0], "9", 1, 0), 1);
}

Test(gather, a_full_socket_takes_nothing_and_the_kernel_is_asked)
{
	struct pollfd writable = { .fd = ends[0], .events = POLLIN | POLLOUT };
	static char many[65536];

	cr_assert_eq(gather_poll(&writable), -1); /* nothing is known yet */
	while (send(ends[0], many, sizeof(many), 0) > 0)
		;
	cr_assert_eq(send(ends[0], many, sizeof(many), 0), 0);
	cr_assert_eq(gather_poll(&writable), -1);
	while (recv(ends[1], many, sizeof(many), 0) > 0)
		;
	cr_assert_eq(send(ends[0], "x", 1, 0), 1);
	cr_assert_eq(gather_poll(&writable), 1);
	writable.events = POLLIN;
	cr_assert_eq(gather_poll(&writable), -1);
}

Test(gather, errors_and_other_descriptors_are_as_ever)
{
	struct pollfd other = { .fd = ends[1], .events = POLLOUT };
	static char many[65536];

	gather_until(8);
	cr_assert_eq(send(ends[1], "1", 1, 0), 1);
	cr_assert_eq(gather_poll(&other), -1);
	while (send(ends[1], many, sizeof(many), 0) > 0)
		;
	cr_assert_eq(errno, EAGAIN);
	gather_until(0);
	shutdown(ends[0], SHUT_WR);
	errno = 0;
	cr_assert_eq(send(ends[0], "1", 1, MSG_NOSIGNAL), -1);
	cr_assert_eq(errno, EPIPE);
	gather_stop();
	gather_until(8);
	cr_assert_eq(send(ends[1], "1", 1, MSG_DONTWAIT), -1);
}
