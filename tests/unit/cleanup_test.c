/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what a scope owns is released at its end, what was taken out is not, and errno survives.
 */
#include "base/cleanup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int scope_closes(void)
{
	AUTO(close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert(is_open(fd));
	errno = EDOM;
	return fd;
}

static int scope_takes(void)
{
	AUTO(close) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int taken = take_fd(fd);

	cr_assert_eq(fd, -1);
	return taken;
}

static char *scope_gives_text(void)
{
	AUTO(free) char *dropped = strdup("dropped");
	AUTO(free) char *text = strdup("kept");

	cr_assert_str_eq(dropped, "dropped");
	return take(text);
}

Test(cleanup, close_and_errno)
{
	int fd = scope_closes();

	cr_assert_eq(errno, EDOM);
	cr_assert(!is_open(fd));
}

Test(cleanup, taken_descriptor_stays_open)
{
	int fd = scope_takes();

	cr_assert(is_open(fd));
	close(fd);
}

Test(cleanup, taken_text_stays)
{
	AUTO(free) char *text = scope_gives_text();

	cr_assert_str_eq(text, "kept");
}

struct thing {
	int freed;
};

static void thing_free(struct thing *thing)
{
	thing->freed++;
}
AUTO_DECLARE(struct thing, thing_free)

Test(cleanup, declared_destructor_runs_once)
{
	struct thing thing = { 0 };

	{
		AUTO(thing_free) struct thing *owned = &thing;
		AUTO(thing_free) struct thing *nothing = NULL;

		cr_assert_eq(owned->freed, 0);
		cr_assert_null(nothing);
	}
	cr_assert_eq(thing.freed, 1);
}
