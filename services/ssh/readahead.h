/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/readahead.h - libssh's small reads of the connection, served from one large one
 *
 * Shapes:  one descriptor per process
 * Units:   bytes
 * Errors:  recv() and poll() as in their manual pages
 * Owns:    the buffer, while a descriptor is watched
 * Runs in: sallyport-transport: recv() and poll() of the program itself, which libssh's calls reach by dynamic linking
 * Source:  ssh-performance.md 1.4: 4 KiB for each poll() and recv() cost a third of an upload
 * Tests:   tests/unit/readahead_test.c, tests/bench
 *
 *   Only receives without flags on the watched descriptor are changed, and poll() only in that it tells POLLIN while
 *   bytes are there. Whoever waits for the same connection by another descriptor has to ask readahead_pending() first.
 */
#ifndef SERVICES_SSH_READAHEAD_H
#define SERVICES_SSH_READAHEAD_H

#include <stdbool.h>
#include <stddef.h>

/* Environment of a transport, for measuring: no reading ahead and no opening of windows. */
#define TRANSPORT_PLAIN "SALLYPORT_TRANSPORT_PLAIN"
#define READAHEAD_BYTES (64u * 1024) /* 256 KiB went through the cache and gained nothing */

/* Without it, or without memory, everything is as the C library has it. */
void readahead_start(int fd);
void readahead_stop(void);
/* Bytes that were received and not yet asked for. */
size_t readahead_pending(void);
/* Gives the memory of an empty buffer back; the next receive takes it again. */
void readahead_trim(void);

#endif
