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
		cr_assert_eq(window_wish(&window), 0);
	}
}

Test(window, bulk_opens_it_in_steps)
{
	struct window window = { 0 };

	window_take(&window, WINDOW_FIRST_BYTES);
	cr_assert_eq(window_wish(&window), WINDOW_BYTES);
	cr_assert_eq(window_wish(&window), 0);
	window_take(&window, WINDOW_STEP_BYTES - 1);
	cr_assert_eq(window_wish(&window), 0);
	window_take(&window, 1);
	cr_assert_eq(window_wish(&window), WINDOW_BYTES);
	cr_assert_eq(window_wish(&window), 0);
}
