/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the only place that asks the kernel for the time, and the three ways to write it. Names of days and
 * months are ours and in English: what an operator's script parses must not follow the locale.
 */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define US_PER_S 1000000

static bool frozen;
static int64_t frozen_wall_us, frozen_monotonic_us;

static const char *const day_words[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const month_words[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int64_t clock_read_us(clockid_t clock)
{
	struct timespec now = { 0 };

	/* these two clocks always exist, and the pointer is good */
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return frozen ? frozen_wall_us : clock_read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	return frozen ? frozen_monotonic_us : clock_read_us(CLOCK_MONOTONIC);
}

void clock_freeze(int64_t wall_us, int64_t monotonic_us)
{
	frozen = true;
	frozen_wall_us = wall_us;
	frozen_monotonic_us = monotonic_us;
}

void clock_release(void)
{
	frozen = false;
}

/* Seconds are rounded down, also before 1970. A year beyond struct tm is shown as the epoch. */
static struct tm clock_split(int64_t wall_us, int *ret_ms)
{
	int64_t rest_us = wall_us % US_PER_S;
	time_t seconds = (time_t)(wall_us / US_PER_S);
	struct tm parts = { 0 };

	if (rest_us < 0) {
		rest_us += US_PER_S;
		seconds--;
	}
	if (!gmtime_r(&seconds, &parts)) {
		seconds = 0;
		(void)gmtime_r(&seconds, &parts);
	}
	*ret_ms = (int)(rest_us / 1000);
	return parts;
}

const char *clock_text_prompt(int64_t wall_us, char *buffer, size_t size_bytes)
{
	int ms;
	struct tm parts = clock_split(wall_us, &ms);

	snprintf(buffer, size_bytes, "%s %s %2d %02d:%02d:%02d.%03d UTC", day_words[parts.tm_wday],
		 month_words[parts.tm_mon], parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms);
	return buffer;
}

const char *clock_text_long(int64_t wall_us, char *buffer, size_t size_bytes)
{
	int ms;
	struct tm parts = clock_split(wall_us, &ms);

	snprintf(buffer, size_bytes, "%s %s %2d %02d:%02d:%02d %d", day_words[parts.tm_wday],
		 month_words[parts.tm_mon], parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
		 parts.tm_year + 1900);
	return buffer;
}

const char *clock_text_iso(int64_t wall_us, char *buffer, size_t size_bytes)
{
	int ms;
	struct tm parts = clock_split(wall_us, &ms);

	snprintf(buffer, size_bytes, "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
		 parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	return buffer;
}
