/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the three ways a time is written, at dates that are easy to get wrong, and that the clock can be
 * stopped.
 */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

struct clock_row {
	int64_t wall_us;
	char prompt[40], full[40], iso[40];
};

ParameterizedTestParameters(clock, texts)
{
	/* seconds by date(1) -u +%s */
	static struct clock_row rows[] = {
		{ 1791976925575000, "Wed Oct 14 11:22:05.575 UTC", "Wed Oct 14 11:22:05 2026",
		  "2026-10-14 11:22:05" },
		{ 1465310539999999, "Tue Jun  7 14:42:19.999 UTC", "Tue Jun  7 14:42:19 2016",
		  "2016-06-07 14:42:19" },
		{ 1709251199007000, "Thu Feb 29 23:59:59.007 UTC", "Thu Feb 29 23:59:59 2024",
		  "2024-02-29 23:59:59" },
		{ 0, "Thu Jan  1 00:00:00.000 UTC", "Thu Jan  1 00:00:00 1970", "1970-01-01 00:00:00" },
		{ -1000, "Wed Dec 31 23:59:59.999 UTC", "Wed Dec 31 23:59:59 1969", "1969-12-31 23:59:59" },
		{ 4102444800000000, "Fri Jan  1 00:00:00.000 UTC", "Fri Jan  1 00:00:00 2100",
		  "2100-01-01 00:00:00" },
	};

	return cr_make_param_array(struct clock_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct clock_row *row, clock, texts)
{
	char text[40];

	/* neither zone nor language of the machine may show */
	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	setlocale(LC_ALL, "de_DE.UTF-8");
	cr_assert_str_eq(clock_text_prompt(row->wall_us, text, sizeof(text)), row->prompt);
	cr_assert_str_eq(clock_text_long(row->wall_us, text, sizeof(text)), row->full);
	cr_assert_str_eq(clock_text_iso(row->wall_us, text, sizeof(text)), row->iso);
}

Test(clock, far_away_and_short_buffers)
{
	char text[40], tiny[5];

	cr_assert_neq(clock_text_iso(INT64_MAX, text, sizeof(text))[0], '\0');
	cr_assert_neq(clock_text_prompt(INT64_MIN, text, sizeof(text))[0], '\0');
	cr_assert_str_eq(clock_text_iso(0, tiny, sizeof(tiny)), "1970");
}

Test(clock, stands_still_when_frozen)
{
	int64_t before_us = clock_monotonic_us();

	clock_freeze(1700000000000001, 37);
	cr_assert_eq(clock_wall_us(), 1700000000000001);
	cr_assert_eq(clock_monotonic_us(), 37);
	clock_release();
	cr_assert_geq(clock_monotonic_us(), before_us);
	cr_assert_leq(llabs(clock_wall_us() / 1000000 - (int64_t)time(NULL)), 1);
}
