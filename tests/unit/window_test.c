// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: When a window is opened
 */
#include <criterion/criterion.h>

#include "services/ssh/window.h"

Test(window, a_channel_of_little_is_left_alone)
{
	struct window window = { 0 };

	for (unsigned i = 0; i < WINDOW_FIRST_BYTES / 64 - 1; i++) {
		window_take(&window, 64);
		cr_assert_eq(window_wish(&window, 0), 0);
	}
}

Test(window, bulk_opens_it_in_steps)
{
	struct window window = { 0 };

	window_take(&window, WINDOW_FIRST_BYTES);
	cr_assert_eq(window_wish(&window, 0), WINDOW_BYTES);
	cr_assert_eq(window_wish(&window, 0), 0);
	window_take(&window, WINDOW_STEP_BYTES - 1);
	cr_assert_eq(window_wish(&window, 0), 0);
	window_take(&window, 1);
	cr_assert_eq(window_wish(&window, 0), WINDOW_BYTES);
	cr_assert_eq(window_wish(&window, 0), 0);
}

Test(window, a_windowful_that_takes_its_time_opens_it_wide)
{
	struct window window = { 0 };
	int64_t now_us = 1000;

	window_take(&window, WINDOW_BYTES);
	window_wish(&window, now_us); /* a lap begins */
	for (int lap = 0; lap < 4; lap++) {
		int64_t lap_us = lap % 2 ? WINDOW_FAR_US / 2 : WINDOW_FAR_US * 2;

		for (unsigned i = 0; i < WINDOW_BYTES / WINDOW_STEP_BYTES; i++) {
			now_us += lap_us * WINDOW_STEP_BYTES / WINDOW_BYTES;
			window_take(&window, WINDOW_STEP_BYTES);
			cr_assert_neq(window_wish(&window, now_us), 0);
		}
		window_take(&window, WINDOW_STEP_BYTES);
		cr_assert_eq(window_wish(&window, now_us), lap % 2 ? WINDOW_BYTES : WINDOW_FAR_BYTES);
		window_take(&window, WINDOW_BYTES);
		window_wish(&window, now_us);
	}
}
