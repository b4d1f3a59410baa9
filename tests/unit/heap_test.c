// SPDX-License-Identifier: GPL-3.0-or-later
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* How much of it is in memory, in pages. */
static size_t resident(unsigned char *bytes, size_t pages)
{
	unsigned char there[64];
	size_t count = 0;

	cr_assert_leq(pages, sizeof(there));
	cr_assert_eq(mincore(bytes, pages * 4096, there), 0);
	for (size_t i = 0; i < pages; i++)
		count += there[i] & 1;
	return count;
}

Test(heap, whole_pages_go_back_and_read_as_zeroes)
{
	unsigned char *bytes = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(bytes != MAP_FAILED && sysconf(_SC_PAGESIZE) == 4096);
	memset(bytes, 7, 8 * 4096);
	heap_give_back_pages(bytes + 100, 4096); /* not one whole page */
	cr_assert_eq(resident(bytes, 8), 8);
	heap_give_back_pages(bytes + 100, 3 * 4096);
	cr_assert_eq(resident(bytes, 8), 6);
	cr_assert(bytes[100] == 7 && bytes[4095] == 7 && bytes[4096] == 0 && bytes[3 * 4096 - 1] == 0 && bytes[3 * 4096] == 7);
	munmap(bytes, 8 * 4096);
}

/* 0 when much that was freed behind something small goes back, once. */
static int surplus(void)
{
	enum { MUCH = 600, PIECE_BYTES = 2000 };
	static void *pieces[MUCH];
	unsigned char *in_the_middle;
	size_t arena = mallinfo2().arena;

	if (arena == 0)
		return 0;
	for (size_t i = 0; i < MUCH; i++)
		pieces[i] = memset(malloc(PIECE_BYTES), 1, PIECE_BYTES);
	in_the_middle = (unsigned char *)((uintptr_t)pieces[MUCH / 2] & ~(uintptr_t)4095);
	if (!malloc(PIECE_BYTES)) /* stays, above them all */
		return 2;
	heap_give_back_beyond(100000);
	if (resident(in_the_middle, 1) != 1)
		return 3;
	for (size_t i = 0; i < MUCH; i++)
		free(pieces[i]);
	heap_give_back_beyond(100000);
	return resident(in_the_middle, 1) == 0 ? 0 : 4;
}

Test(heap, a_surplus_goes_back)
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(surplus());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

static __attribute__((noinline)) void deep(void)
{
	volatile unsigned char used[100000];

	for (size_t i = 0; i < sizeof(used); i += 512)
		used[i] = 1;
}

Test(heap, nothing_in_use_is_given_back)
{
	unsigned char here[3000], *there = malloc(3000);

	cr_assert_not_null(there);
	memset(here, 5, sizeof(here));
	memset(there, 6, 3000);
	for (int i = 0; i < 3; i++) {
		deep();
		heap_give_back();
	}
	for (size_t j = 0; j < sizeof(here); j++)
		cr_assert(here[j] == 5 && there[j] == 6);
	free(there);
}
