/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/gather.h - what libssh sends of a bulk transfer, in pieces of an even size
 *
 * Shapes:  one descriptor per process
 * Units:   bytes
 * Errors:  send() as in its manual page, except that a full socket takes 0 bytes: libssh 0.10 closes on any error
 * Owns:    nothing; what is not sent stays in libssh's buffer
 * Runs in: sallyport-transport: send() of the program itself, which libssh's calls reach by dynamic linking
 * Source:  libssh sends the first packet of a burst alone and the rest at once, and asks poll() before each; a burst is
 *          what the pacing of BBR cuts into pieces by a timer, which costs more than the sending
 * Tests:   tests/unit/gather_test.c, tests/bench
 */
#ifndef SERVICES_SSH_GATHER_H
#define SERVICES_SSH_GATHER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define GATHER_BYTES (48u * 1024) /* two packets: each alone wakes the client as often again */

/* Without it everything is as the C library has it. */
void gather_start(int fd);
void gather_stop(void);
/* From now on less than least_bytes is not sent, and libssh keeps it. 0: all that is there is sent at its next try,
 * which is the caller's to bring about (SSH_WRITE_PENDING tells). */
void gather_until(size_t least_bytes);
/* Answers for poll() of the one descriptor, without waiting: 1 it can be written, 0 not now, -1 ask the kernel. */
int gather_poll(struct pollfd *poll);

#endif
