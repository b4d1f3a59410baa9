/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/gather.h - what libssh sends of a bulk transfer, in pieces of an even size
 *
 * Shapes:  one descriptor per process
 * Units:   bytes
 * Errors:  send() as in its manual page, except that a full socket takes 0 bytes: libssh 0.10 closes on any error
 * Owns:    nothing; what is not sent stays in libssh's buffer, or in that of the caller of gather_own()
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
#include <stdint.h>

#define GATHER_BYTES (48u * 1024) /* two packets: each alone wakes the client as often again */

/* Without it everything is as the C library has it. */
void gather_start(int fd);
void gather_stop(void);
/* From now on less than least_bytes is not sent, and libssh keeps it. 0: all that is there is sent at its next try,
 * which is the caller's to bring about (SSH_WRITE_PENDING tells). */
void gather_until(size_t least_bytes);
/* Sends bytes that libssh knows nothing of; it must have none waiting (SSH_WRITE_PENDING). What the socket does not
 * take stays where it is, which must remain valid, and goes before anything of libssh's. -EPIPE: the connection is
 * broken. */
int gather_own(const uint8_t *bytes, size_t len);
/* How much of that still waits; gather_own_flush() tries again. */
size_t gather_own_pending(void);
int gather_own_flush(void);
/* Answers for poll() of the one descriptor, without waiting: 1 it can be written, 0 not now, -1 ask the kernel. */
int gather_poll(struct pollfd *poll);

#endif
