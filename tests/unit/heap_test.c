// SPDX-License-Identifier: GPL-3.0-or-later
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"

enum { PIECES = 4000 };

/* In a process of its own: 0 when what is allocated after settling lies behind all that was there. */
static int settled(void)
{
	char *pieces[PIECES], *highest = NULL, *later;

	if (mallinfo2().arena == 0) /* a sanitizer's allocator */
		return 0;
	for (int i = 0; i < PIECES; i++) {
		pieces[i] = malloc(24 + (size_t)(i * 37 % 1500));
		if (!pieces[i])
			return 2;
		if (pieces[i] > highest)
			highest = pieces[i];
	}
	for (int i = 0; i < PIECES - 1; i += 2)
		free(pieces[i]);
	heap_settle();
	for (size_t size = 16; size < 2000; size += 100) {
		later = malloc(size);
		if (later < highest)
			return 3;
	}
	return 0;
}

Test(heap, nothing_is_allocated_in_holes_any_more)
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(settled());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
