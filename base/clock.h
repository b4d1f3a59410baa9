/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/clock.h - time that tests can replace
 *
 * Shapes:  int64_t microseconds
 * Units:   _us microseconds; wall time since 1970-01-01 UTC, monotonic time since boot
 * Errors:  none
 * Owns:    nothing
 * Runs in: every program
 * Source:  clock_gettime(2)
 * Tests:   tests/unit/clock_test.c
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);
/* Both clocks stand still at these values until clock_release(). Tests only. */
void clock_freeze(int64_t wall_us, int64_t monotonic_us);
void clock_release(void);

/* "Wed Oct 14 11:22:05.575 UTC", the first line of every exec command. Returns buffer. */
const char *clock_text_prompt(int64_t wall_us, char *buffer, size_t size_bytes);
/* "Wed Oct 14 11:22:05 2026", as in configuration headers and commit lists. Returns buffer. */
const char *clock_text_long(int64_t wall_us, char *buffer, size_t size_bytes);
/* "2026-10-14 11:22:05", as in history details. Returns buffer. */
const char *clock_text_iso(int64_t wall_us, char *buffer, size_t size_bytes);

#endif
