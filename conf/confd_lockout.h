/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd_lockout.h - whether a configuration would still let a session in that is open now
 *
 * Shapes:  struct lockout_session, what the SSH server knows about a session
 * Units:   none
 * Errors:  none; what is found is told as sentences without full stop
 * Owns:    nothing
 * Runs in: sallyport-confd; pure
 * Source:  issue: self-lockout guard
 * Tests:   tests/unit/confd_lockout_test.c, tests/system/test_engine.py
 *
 * A rule compares the two configurations: what did not hold for the session before the commit (a user that some other
 * way of authentication let in, say) cannot be lost by it and is no lockout.
 */
#ifndef CONF_CONFD_LOCKOUT_H
#define CONF_CONFD_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/tree.h"

enum lockout_method {
	LOCKOUT_OTHER,
	LOCKOUT_PASSWORD,
	LOCKOUT_PUBLIC_KEY,
	LOCKOUT_KEYBOARD_INTERACTIVE,
	LOCKOUT_METHOD_MAX,
};

struct lockout_session {
	char vrf[33], user[33];
	char peer_address[46], local_address[46];
	uint16_t peer_port, local_port;
	enum lockout_method method;
	/* what its client and the server have agreed on, by their names on the wire; "" not known */
	char kex[64], host_key[64], cipher[64], mac[64];
};

/* Calls report for each thing that would keep the session's user from coming in again as now, or, with is_warning, that
 * he must only know. */
void confd_lockout_find(const struct tree *running, const struct tree *wanted, const struct lockout_session *session,
			void (*report)(const char *sentence, bool is_warning, void *userdata), void *userdata);

#endif
