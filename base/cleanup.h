/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/cleanup.h - scope-bound release of local resources and visible transfer of ownership
 *
 * Shapes:  AUTO(fn) before a local variable runs fn_auto() when the scope ends
 * Units:   none
 * Errors:  none
 * Owns:    take() and take_fd() move the value out and leave NULL or -1, so the scope releases nothing
 * Runs in: every program
 * Source:  GCC manual, variable attribute cleanup
 * Tests:   tests/unit/cleanup_test.c
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(fn) __attribute__((cleanup(fn##_auto)))

static inline void free_auto(void *slot)
{
	free(*(void **)slot);
}

static inline void close_auto(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void fclose_auto(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Declares name_auto() for a pointer type with a destructor that accepts NULL. */
#define AUTO_DECLARE(type, fn)                   \
	static inline void fn##_auto(type **slot) \
	{                                         \
		if (*slot)                        \
			fn(*slot);                \
	}

#define take(p)                            \
	({                                 \
		__typeof__(p) taken = (p); \
		(p) = NULL;                \
		taken;                     \
	})

static inline int take_fd_slot(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define take_fd(fd) take_fd_slot(&(fd))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
