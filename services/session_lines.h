/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/session_lines.h - the lines of sessions by the configuration in force: which vty, and for how long
 *
 * Shapes:  functions over struct sshd_conf and the session table; struct line_report filled
 * Units:   now_us microseconds since 1970-01-01 UTC
 * Errors:  a refusal is a verdict
 * Owns:    nothing
 * Runs in: sallyport-sshd main loop
 * Source:  features.md 2A; services/line_conf.h
 * Tests:   tests/system/test_line.py
 */
#ifndef SERVICES_SESSION_LINES_H
#define SERVICES_SESSION_LINES_H

#include "services/door.h"
#include "services/line_pool.h"
#include "services/sshd_conf.h"

struct session_lines_ask {
	const struct sshd_conf *conf;
	const struct session_table *table;
	struct door *door; /* whose access lists count what they match */
	const struct session_report *session; /* its addresses */
	bool let_in, netconf;
};

enum line_verdict session_lines_pick(const struct session_lines_ask *ask, uint32_t *ret_vty);
/* Why there is no line, for the client and for the log. */
extern const char *const session_lines_refusals[];

/* vty NULL: the console. entry may be NULL: nobody has it. conf may be NULL: nothing is configured yet. */
void session_lines_report(const struct sshd_conf *conf, const uint32_t *vty, const struct session_entry *entry,
			  struct line_report *ret_report);

#endif
