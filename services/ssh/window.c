// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: When to open a channel's window
 *
 * Often enough that the client never runs dry while a program keeps up, rarely enough that the messages cost nothing:
 * after each sixteenth of the window, once a channel has shown that it carries bulk. A window wider than the way is
 * long gains nothing, so it is wide only while a windowful takes its time.
 */
#include "services/ssh/window.h"

void window_take(struct window *window, size_t len)
{
	window->taken += len;
}

static void lap_look(struct window *window, int64_t now_us)
{
	if (window->taken - window->lap_at < WINDOW_BYTES)
		return;
	window->is_far = now_us - window->lap_us > WINDOW_FAR_US;
	window->lap_at = window->taken;
	window->lap_us = now_us;
}

uint32_t window_wish(struct window *window, int64_t now_us)
{
	if (window->taken < WINDOW_FIRST_BYTES || window->taken - window->opened_at < WINDOW_STEP_BYTES)
		return 0;
	window->opened_at = window->taken;
	lap_look(window, now_us);
	return window->is_far ? WINDOW_FAR_BYTES : WINDOW_BYTES;
}
