// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: When to open a channel's window
 *
 * Often enough that the client never runs dry while a program keeps up, rarely enough that the messages cost nothing:
 * after each sixteenth of the window, once a channel has shown that it carries bulk.
 */
#include "services/ssh/window.h"

void window_take(struct window *window, size_t len)
{
	window->taken += len;
}

uint32_t window_wish(struct window *window)
{
	if (window->taken < WINDOW_FIRST_BYTES || window->taken - window->opened_at < WINDOW_STEP_BYTES)
		return 0;
	window->opened_at = window->taken;
	return WINDOW_BYTES;
}
