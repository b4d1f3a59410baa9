/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/line_pool.h - which vty a session gets: the lowest one that is free, of a pool whose template lets it in
 *
 * Shapes:  struct line_pick, one question; enum line_verdict
 * Units:   none
 * Errors:  a refusal is a verdict
 * Owns:    nothing
 * Runs in: sallyport-sshd; pure: no socket, no clock, no log
 * Source:  features.md 2A; IOS XR: pools are looked through in the order of their numbers
 * Tests:   tests/unit/line_test.c, tests/system/test_line.py
 *
 * A connection that has not logged in takes a vty too, but cannot keep one from those who have: where all are taken and
 * some by such, the next gets a number that no pool has (LINE_VTY_FREE and up), and changes it with one of them when it
 * is let in.
 */
#ifndef SERVICES_LINE_POOL_H
#define SERVICES_LINE_POOL_H

#include "services/line_conf.h"
#include "services/session_table.h"

enum line_verdict {
	LINE_GIVEN,
	LINE_NONE_FREE, /* all are taken by sessions */
	LINE_ACCESS,	/* no access-class lets it in */
	LINE_TRANSPORT, /* ssh may not come in on any */
};

struct line_pick {
	const struct lines_conf *conf;
	const struct session_table *table;
	bool let_in; /* it has logged in: others' vtys that have not are to be had */
	bool netconf; /* nobody's transport input or access-class: it has ports and lists of its own */
	bool (*permits)(const struct line_settings *settings, void *userdata);
	void *userdata;
};

/* *ret_vty is one of a pool, or from LINE_VTY_FREE on where it has to do until the session is let in. */
enum line_verdict line_pool_pick(const struct line_pick *pick, uint32_t *ret_vty);
/* Whether the number may stay with one who is let in. */
bool line_pool_has(const struct lines_conf *conf, uint32_t vty);

#endif
