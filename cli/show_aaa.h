/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_aaa.h - users, groups and tasks as text or JSON
 *
 * Shapes:  each function takes a configuration tree, or what confd said of the caller
 * Units:   none
 * Errors:  0 or -errno; -ENOENT there is no such user or group
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  IOS XR's show aaa and show user; features.md 2D
 * Tests:   tests/golden/show, tests/system/test_rights.py
 */
#ifndef CLI_SHOW_AAA_H
#define CLI_SHOW_AAA_H

#include <stdio.h>

#include "aaa/group_conf.h"

/* name NULL: all of them. */
int show_aaa_userdb(FILE *out, const struct tree *tree, const char *name, bool as_json);
int show_aaa_group(FILE *out, const struct tree *tree, enum group_kind kind, const char *name, bool as_json);
/* Every task id there is. */
int show_aaa_tasks(FILE *out, bool as_json);

enum show_user_part { SHOW_USER_NAME = 1, SHOW_USER_GROUPS = 2, SHOW_USER_TASKS = 4, SHOW_USER_ALL = 7 };
struct show_user {
	const char *name, *groups; /* "root-lr, operator" */
	const struct task_set *tasks;
};
int show_user(FILE *out, const struct show_user *user, unsigned parts, bool as_json);

#endif
