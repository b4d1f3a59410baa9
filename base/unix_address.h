/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/unix_address.h - the address of an AF_UNIX socket at a path of any length, below any directory
 *
 * Shapes:  struct unix_address, a sockaddr_un and the directory it leans on
 * Units:   none
 * Errors:  0 or -errno; -ENAMETOOLONG when the last part alone does not fit
 * Owns:    the directory descriptor, until unix_address_done(): bind or connect before that
 * Runs in: every program that names a socket
 * Source:  unix(7) (108 bytes), proc(5) /proc/self/fd
 * Tests:   tests/unit/varlink_test.c
 */
#ifndef BASE_UNIX_ADDRESS_H
#define BASE_UNIX_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

struct unix_address {
	struct sockaddr_un sun;
	socklen_t len;
	int parent_fd;	  /* O_PATH; -1 is nothing */
	const char *name; /* last part of the path given, which it points into */
};

/* path is relative to dir_fd (AT_FDCWD: the working directory) or absolute. */
int unix_address_init(struct unix_address *address, int dir_fd, const char *path);
void unix_address_done(struct unix_address *address);

#endif
