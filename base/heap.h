/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/heap.h - memory of a process that will be forked often, and of one that will be idle for long
 *
 * Shapes:  none
 * Units:   none
 * Errors:  none: without memory, or with another allocator, it does nothing
 * Owns:    what heap_settle() allocates is never freed
 * Runs in: spawners, monitor, transport
 * Source:  mallinfo(3), malloc_trim(3), madvise(2)
 * Tests:   tests/unit/heap_test.c
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>

/* Fills the holes that freed memory has left. A child then allocates behind everything that is there: it writes to
 * pages of its own, one after the other, instead of a few bytes on each of those it shares. */
void heap_settle(void);

/* Gives the kernel what is not in use: free pages of the heap, and the stack below its caller. For who has done much
 * and will do little. */
void heap_give_back(void);
/* Now and then, for who never knows when it was much: heap_give_back() when so much more is free than after the last
 * time. */
void heap_give_back_beyond(size_t surplus_bytes);
/* The same for whole pages of something that holds nothing now: it reads as zeroes when it is used again. */
void heap_give_back_pages(void *bytes, size_t len_bytes);

#endif
