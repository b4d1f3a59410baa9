/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/task.h - task ids: what a user may read, write, execute and debug
 *
 * Shapes:  struct task_set, for each task id the accesses that are held; its text form "rw:crypto,r:acl"
 * Units:   none
 * Errors:  0 or -errno; -EINVAL a text that names no task
 * Owns:    nothing
 * Runs in: every program that authorizes or shows commands; pure
 * Source:  features.md 2D, aaa.md section 4 (task strings); IOS XR's list of task ids
 * Tests:   tests/unit/task_test.c, tests/fuzz/fuzz_task.c
 *
 * A row asks for one access to one task: a statement for WRITE (READ to be shown it), a command for READ, or EXECUTE
 * when it changes something (WRITE when that is the configuration), unless the row says otherwise. A row without a task
 * asks for what its parent does; with the task "" (TASK_NONE) for nothing at all.
 */
#ifndef CONF_TASK_H
#define CONF_TASK_H

#include "conf/stmt.h"

enum task_access {
	TASK_READ = 1u << 0,
	TASK_WRITE = 1u << 1,
	TASK_EXECUTE = 1u << 2,
	TASK_DEBUG = 1u << 3,
	TASK_ACCESS_ALL = 15u,
};

#define TASK_NONE      ""
#define TASK_CONFIGURE "config-services" /* to be in configuration mode at all */
#define TASKS_MAX      96u
#define TASK_TEXT_MAX_BYTES 2560u /* of every task with every access */

/* Every task id, in order, ended by NULL: also the words of an operand. */
extern const char *const task_words[];

struct task_set {
	uint8_t access[TASKS_MAX]; /* by place in task_words */
};

/* -ENOENT when there is no such task. */
int task_place(const char *task);
void task_set_add(struct task_set *set, const char *task, unsigned access); /* unknown tasks are nothing */
void task_set_add_all(struct task_set *set, unsigned access);
void task_set_join(struct task_set *set, const struct task_set *more);
/* Whether it holds all of the access; TASK_NONE is held by everybody. */
bool task_set_has(const struct task_set *set, const char *task, unsigned access);
/* Whether it holds whatever the other does; *ret_task (may be NULL): a task of which it does not. */
bool task_set_covers(const struct task_set *set, const struct task_set *other, const char **ret_task);
bool task_set_is_empty(const struct task_set *set);

/* "rwxd:aaa,r:acl". Returns text. */
char *task_set_text(const struct task_set *set, char text[static TASK_TEXT_MAX_BYTES]);
/* -EINVAL and nothing written when something in it is not understood. */
int task_set_parse(const char *text, struct task_set *ret_set);

/* ---- what rows ask for ---- */

/* The access that a command asks for: the row's own word, or what follows from its task and from STMT_WRITES on it or
 * above it. */
unsigned task_command_access(const struct stmt *row, const char *task, bool writes);
/* Whether the command may be run; the match is MATCH_OK and of a STMT_RUN row. */
bool task_allows_command(const struct task_set *set, const struct match *match);
/* Whether the statements of a line may be used so: TASK_WRITE to set or remove them, TASK_READ to be shown them. */
bool task_allows_statement(const struct task_set *set, const struct match *match, unsigned access);
/* The same for one path of rows: the last row's task, and that of every entry it lies in. */
bool task_allows_path(const struct task_set *set, const struct stmt *const *path, size_t path_len, unsigned access);
/* Whether a row that stands where its parents are shown is shown itself: a group when anything in it is. access is
 * what its statements are asked for; commands say that themselves. */
bool task_shows_row(const struct task_set *set, const struct stmt *row, unsigned access);
/* Whether every statement of the table may be used so. */
bool task_allows_table(const struct task_set *set, const struct stmt *root, unsigned access);

#endif
