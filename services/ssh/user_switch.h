/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/user_switch.h - become the user of a session, for good
 *
 * Shapes:  none
 * Units:   none
 * Errors:  0 or -errno with err; after a failure the process must end: it may be half switched
 * Owns:    nothing
 * Runs in: the child that a monitor forks for a session's program
 * Source:  setresuid(2), capabilities(7) "Effect of user ID changes on capabilities"
 * Tests:   tests/unit/user_switch_test.c
 */
#ifndef SERVICES_SSH_USER_SWITCH_H
#define SERVICES_SSH_USER_SWITCH_H

#include "aaa/uidmap.h"

/* Takes uid, gid and, for an account, its supplementary groups; no group of them is 0. Reads back that nothing of the
 * former identity and no capability is left. -EINVAL for uid or gid 0. */
int user_switch(const struct uid_identity *identity, const char *user_name, struct err *err);

#endif
