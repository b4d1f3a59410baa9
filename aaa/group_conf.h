/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/group_conf.h - "usergroup G" and "taskgroup T": what the members of a group may do
 *
 * Shapes:  GROUP_CONF_ROWS for conf/root.c, which nobody binds; the predefined groups; a struct task_set for a user
 *          or a group
 * Units:   none
 * Errors:  see conf/stmt.h; functions return 0 or -errno
 * Owns:    nothing: everything is read out of a configuration tree
 * Runs in: every program that links conf/root.c; pure
 * Source:  features.md 2D; aaa.md section 4: inheritance is a union, cycles are refused; IOS XR's predefined groups
 * Tests:   tests/unit/group_conf_test.c, tests/system/test_rights.py
 *
 * A user is in user groups, a user group takes its tasks from task groups and other user groups, a task group from its
 * own lines and other task groups. A predefined user group has the task group of its name, and neither can be changed.
 */
#ifndef AAA_GROUP_CONF_H
#define AAA_GROUP_CONF_H

#include "conf/task.h"
#include "conf/tree.h"

#define GROUP_NAME_MAX_BYTES 32u
#define GROUPS_MAX	     256u

extern const struct arg arg_group_name; /* of any user group */
extern const struct arg arg_usergroup_name, arg_taskgroup_name; /* of one's own: no predefined one */
extern const struct stmt usergroup_conf_children[], taskgroup_conf_children[];
#define GROUP_CONF_ROWS                                                                                                \
	{ .kind = STMT_LIST, .word = "taskgroup", .help = "Name a set of tasks", .arg = &arg_taskgroup_name,          \
	  .sub = taskgroup_conf_children, .mode = "config-tg", .task = "aaa",     \
	  .source = "features.md 2D", .max_entries = GROUPS_MAX, .owners = OWNER_CONFD | OWNER_SSHD },                \
	{ .kind = STMT_LIST, .word = "usergroup", .help = "Name a set of task groups, for users",                     \
	  .arg = &arg_usergroup_name, .sub = usergroup_conf_children, .mode = "config-ug",                            \
	  .task = "aaa", .source = "features.md 2D", .max_entries = GROUPS_MAX,                  \
	  .owners = OWNER_CONFD | OWNER_SSHD }

enum group_kind { GROUP_USER, GROUP_TASK, GROUP_KIND_MAX };
extern const char *const group_kind_words[]; /* "usergroup", "taskgroup" */

/* The names of the predefined groups, ended by NULL. */
extern const char *const group_predefined[];
bool group_is_predefined(const char *name);

/* Whether the tree, or the product, has it. */
bool group_exists(const struct tree *tree, enum group_kind kind, const char *name);
/* Adds what the group gives, with all that it inherits. A group that does not exist gives nothing. */
void group_tasks(const struct tree *tree, enum group_kind kind, const char *name, struct task_set *set);
/* The names a group takes its tasks from: its task groups (of a user group) or the groups it inherits from. */
void group_each_parent(const struct tree *tree, enum group_kind kind, const char *name, enum group_kind parent_kind,
		       void (*on_name)(const char *name, void *userdata), void *userdata);
/* Adds what the groups of a local user give. */
void group_user_tasks(const struct tree *tree, const char *user, struct task_set *set);

/* What cannot be meant: groups that do not exist, and circles. on_fault gets the line and the reason. */
void group_check(const struct tree *tree, void (*on_fault)(const char *line, const char *reason, void *userdata),
		 void *userdata);

#endif
