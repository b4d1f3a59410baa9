/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/uidmap.h - under which Linux uid a local user runs
 *
 * Shapes:  struct uid_identity; a text file "uids" with one "UID NAME" line per user that has no Linux account
 * Units:   uid_t numbers
 * Errors:  0 or -errno; -ENOSPC the range is used up, -ENOENT unknown
 * Owns:    nothing
 * Runs in: sallyport-sshd (writes), sallyport-confd (reads)
 * Source:  issue text: the account of that name where there is one, else a stable uid of our own range; never uid 0
 * Tests:   tests/unit/uidmap_test.c
 */
#ifndef AAA_UIDMAP_H
#define AAA_UIDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Unused by Debian policy and by systemd's documented allocations (1879048192..2147483647 is unassigned). */
#define UIDMAP_FIRST	  1879100000u
#define UIDMAP_LAST	  1879199999u
#define UIDMAP_CONFD	  1879090001u /* sallyport-confd in a run from the tree, where no account is made */
#define UIDMAP_TRANSPORT  1879090002u /* the transport */

struct uid_identity {
	uid_t uid;
	gid_t gid;
	char home[256];	 /* "/" when there is no account */
	char shell[64];	 /* the account's; "" when there is none */
	bool account;	 /* from the account database */
};

/* Looks the name up in the account database, then in the file at path; with allocate, gives it the next free number and
 * stores the file (atomic). An account with uid 0 or gid 0 counts as none. */
int uidmap_identity(const char *path, const char *user_name, bool allocate, struct uid_identity *ret_identity,
		    struct err *err);
/* The user name of a uid: the account database first, then the file. */
int uidmap_name(const char *path, uid_t uid, char *ret_name, size_t size_bytes);

#endif
