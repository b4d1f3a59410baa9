/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/watchdog.h - end a process that spins inside a library
 *
 * Shapes:  a timer of processor time, and a count of turns
 * Units:   seconds of processor time
 * Errors:  0 or -errno with err
 * Owns:    SIGVTALRM and ITIMER_VIRTUAL of the process
 * Runs in: sallyport-transport
 * Source:  libssh.md section 0: libssh 0.10 writes for ever to a client whose largest packet has 10 bytes
 * Tests:   tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_WATCHDOG_H
#define SERVICES_SSH_WATCHDOG_H

#include "base/err.h"

#define WATCHDOG_TICK_MS 250
#define WATCHDOG_TICKS	 6 /* 1.5 s in one turn; the longest honest one is a key exchange, some 100 ms */

/* From now on a process that uses so much processor time without watchdog_turn() tells the monitor on rpc_fd and
 * ends. */
int watchdog_start(int rpc_fd, struct err *err);
void watchdog_turn(void);

#endif
