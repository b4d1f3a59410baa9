/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/window.h - when the window of a channel is to be opened further than libssh does by itself
 *
 * Shapes:  struct window, one channel
 * Units:   bytes
 * Errors:  none
 * Owns:    nothing
 * Runs in: sallyport-transport; pure
 * Source:  ssh-performance.md 1.4 "window trick": libssh 0.10 lets 1.28 MB on their way at most, and opens again at
 *          half of that, which at a round trip of 40 ms is a third of what sshd carries; from 0.11 on it has 2 MiB
 * Tests:   tests/unit/window_test.c, tests/bench
 */
#ifndef SERVICES_SSH_WINDOW_H
#define SERVICES_SSH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_BYTES	  (2u * 1024 * 1024)
#define WINDOW_FAR_BYTES  (4u * 1024 * 1024) /* what one channel may make us hold; near by it costs the cache */
#define WINDOW_FAR_US	  10000		     /* for WINDOW_BYTES: a client that takes longer is far away, or slow */
#define WINDOW_STEP_BYTES (WINDOW_BYTES / 16)
#define WINDOW_FIRST_BYTES (256u * 1024) /* a channel that carries less needs no window */

struct window {
	uint64_t taken;
	uint64_t opened_at; /* of taken */
	uint64_t lap_at;    /* of taken: where the lap began that tells how far away the client is */
	int64_t lap_us;
	bool is_far;
};

/* Bytes of the client that were taken from the channel. */
void window_take(struct window *window, size_t len);
/* How far the window is to be opened now: 0 not at all, else WINDOW_BYTES or WINDOW_FAR_BYTES. Ask only while nothing
 * of the client's waits: a slow program must not fill the memory. */
uint32_t window_wish(struct window *window, int64_t now_us);

#endif
