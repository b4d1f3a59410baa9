/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: filling the holes of the heap, and giving back. An allocation that makes the space at the top smaller has found
 * no hole of its size; from large sizes to small ones, each is asked for until that happens.
 */
#include "base/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGEST_BYTES  65536u /* below what is mapped by itself */
#define STEPS_BELOW    1024u  /* from here on every size there is */
#define STEP_BYTES     16u
#define HOLES_MAX      65536u
#define STACK_BYTES    (128u * 1024) /* as far down as anything of ours goes */

/* Where the compiler cannot see that nobody reads what is allocated. */
static void *volatile kept;

/* False when there is no hole of this size any more. */
static int hole_fill(size_t size_bytes)
{
	struct mallinfo2 before = mallinfo2(), after;
	void *bytes = malloc(size_bytes);

	after = mallinfo2();
	if (bytes && after.keepcost == before.keepcost && after.arena == before.arena && after.hblks == before.hblks) {
		kept = bytes;
		return 1;
	}
	free(bytes);
	return 0;
}

void heap_settle(void)
{
	unsigned left = HOLES_MAX;

	/* another allocator (a sanitizer's) counts nothing here */
	if (mallinfo2().arena == 0)
		return;
	for (size_t size = LARGEST_BYTES; size >= STEP_BYTES; size -= size > STEPS_BELOW ? size / 2 : STEP_BYTES)
		while (left > 0 && hole_fill(size - sizeof(size_t)))
			left--;
}

/* What lies below this frame is nobody's any more; the page it is in and the next stay, for what is called here. */
static void __attribute__((noinline)) stack_give_back(void)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = ((uintptr_t)__builtin_frame_address(0) & ~(page_bytes - 1)) - page_bytes;

	/* the stack may not reach as far down: what is there is taken all the same */
	(void)madvise((void *)(end - STACK_BYTES), STACK_BYTES, MADV_DONTNEED);
}

void heap_give_back_pages(void *bytes, size_t len_bytes)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)bytes + page_bytes - 1) & ~(page_bytes - 1);
	uintptr_t end = ((uintptr_t)bytes + len_bytes) & ~(page_bytes - 1);

	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void heap_give_back_beyond(size_t surplus_bytes)
{
	static size_t usual_bytes;
	size_t free_bytes = mallinfo2().fordblks;

	if (free_bytes < usual_bytes)
		usual_bytes = free_bytes;
	if (free_bytes - usual_bytes < surplus_bytes)
		return;
	heap_give_back();
	usual_bytes = mallinfo2().fordblks; /* what lies between is free and has no pages */
}

void heap_give_back(void)
{
	malloc_trim(0);
	stack_give_back();
}
