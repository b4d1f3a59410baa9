/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/heap.h - the heap of a process that will be forked often
 *
 * Shapes:  none
 * Units:   none
 * Errors:  none: without memory, or with another allocator, it does nothing
 * Owns:    what it allocates is never freed
 * Runs in: spawners, before they serve
 * Source:  mallinfo(3)
 * Tests:   tests/unit/heap_test.c
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

/* Fills the holes that freed memory has left. A child then allocates behind everything that is there: it writes to
 * pages of its own, one after the other, instead of a few bytes on each of those it shares. */
void heap_settle(void);

#endif
