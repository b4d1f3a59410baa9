/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/member.h - a daemon's side of the commit: check, prepare, apply, abort
 *
 * Shapes:  struct member_ops, four functions over one slice tree
 * Units:   none
 * Errors:  check and prepare return 0 or -errno and report faults by canonical line; apply and abort cannot fail
 * Owns:    the member owns its Varlink methods; the tree given to check/prepare is borrowed until apply or abort
 * Runs in: sallyport-sshd, lptsd, aaad (libevent loop)
 * Source:  architecture.md walk (b)
 * Tests:   tests/unit/member_test.c, tests/system/test_commit.py
 *
 *            GetSlice at start, or Check from confd
 *   IDLE ------------------------------------------> CHECKED --Prepare--> PREPARED --Apply--> IDLE (new)
 *     ^                                                 |                    |
 *     +------------------------- Abort ------------------+--------------------+
 *
 * apply or abort is called once for each prepare that succeeded. A slice whose text is in force already calls nothing.
 * Left alone between two steps for 10 s (confd died), the member aborts and asks for its slice again.
 */
#ifndef CONF_MEMBER_H
#define CONF_MEMBER_H

#include "base/varlink.h"
#include "conf/tree.h"

struct member;

struct member_fault {
	const char *line;   /* canonical flat line the fault belongs to; "" when it is about the whole */
	const char *reason; /* one sentence without full stop */
};

struct member_ops {
	/* Pure: is the slice meaningful? Call report for each fault; 0 when there was none. */
	int (*check)(const struct tree *slice, void (*report)(const struct member_fault *fault, void *to), void *to,
		     void *userdata);
	/* Everything that can fail: allocate, open, resolve. Keep the result aside; after a failure nothing may be
	 * kept, and abort is not called. */
	int (*prepare)(const struct tree *slice, void (*report)(const struct member_fault *fault, void *to), void *to,
		       void *userdata);
	void (*apply)(void *userdata);
	void (*abort)(void *userdata);
};

/* owner is the member's bit; root its rows. confd_path is confd's socket. peer_uid: the only uid besides root that may
 * call the methods (confd's). At once, and again whenever confd may have restarted, asks confd for the slice by
 * GetSlice and runs check, prepare, apply on it; on_first (may be NULL) is called when the first slice is in force, or
 * after 2 s without confd, once. */
int member_new(struct event_base *base, const char *confd_path, const char *member_name, unsigned owner,
	       const struct stmt *root, uid_t peer_uid, const struct member_ops *ops, void (*on_first)(void *userdata),
	       void *userdata, struct member **ret_member, struct err *err);
void member_free(struct member *member);

/* org.sallyport.Member with the methods Check, Prepare, Apply, Abort, to be put in the daemon's interface list; the
 * server's userdata must let member_of find the member. */
extern const struct varlink_interface member_interface;
/* Set by the daemon once: how a method finds its member from the server's userdata. */
void member_set_lookup(struct member *(*member_of)(void *server_userdata));

#endif
