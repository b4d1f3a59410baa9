/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/penalty_store.h - penalties as text, for the next daemon: nobody is let in again by a crash
 *
 * Shapes:  a head "BOOT_ID NOW_US", then a line a source: "UNTIL_US REASON SHUT_OUT COUNT REFUSED FAMILY HEX VRF"
 * Units:   microseconds of the monotonic clock, which goes on while the machine runs; boot_id as in
 *          /proc/sys/kernel/random/boot_id
 * Errors:  0 or -errno; a line that is not understood is left out, a text of another boot is worth nothing
 * Owns:    nothing
 * Runs in: sallyport-sshd; pure
 * Source:  issue: penalties per source survive a restart of sallyport-sshd
 * Tests:   tests/unit/penalty_store_test.c, tests/fuzz/fuzz_penalty_store.c, tests/system/test_limits.py
 */
#ifndef SERVICES_PENALTY_STORE_H
#define SERVICES_PENALTY_STORE_H

#include <stdio.h>

#include "services/penalty.h"

#define PENALTY_STORE_ROWS_MAX	4096u		  /* more at once is an attack from everywhere: these are enough */
#define PENALTY_STORE_BYTES_MAX (1u << 20)
#define PENALTY_STORE_BOOT_MAX	64u

void penalty_store_write(struct penalties *penalties, const char *boot_id, int64_t now_us, FILE *out);
/* How many sources were taken over. */
size_t penalty_store_read(struct penalties *penalties, const char *boot_id, int64_t now_us, const char *text);

#endif
