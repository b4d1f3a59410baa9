/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/complete.h - what may come next on a line: for '?' as a list, for Tab as text to insert
 *
 * Shapes:  struct complete_scene, the tables in force; struct hint_list, the possibilities
 * Units:   columns count bytes from the start of the line
 * Errors:  0 or -errno; -EINVAL the words before do not match, with *ret_column
 * Owns:    a hint_list owns its texts (hint_list_done)
 * Runs in: sallyport (CLI); pure but for the source function it is given
 * Source:  features.md 1I-73; conf/stmt.h
 * Tests:   tests/unit/complete_test.c
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf/stmt.h"

#define HINTS_MAX 4096u

struct hint {
	char *word, *help;
	const struct arg *arg; /* operand, not a word to type */
	bool enter; /* <cr> or |: what may end a command */
};

struct hint_list {
	struct hint *hints;
	size_t len, size;
};

struct complete_table {
	const struct stmt *root; /* NULL: no such table */
	const struct match *context;
	bool may_negate;
};

struct complete_scene {
	struct complete_table commands;	  /* STMT_RUN rows */
	struct complete_table statements; /* configuration mode: tried beside the commands */
	const struct stmt *exec, *config, *pipe; /* behind an operand that is a line itself, and behind "|" */
	bool (*visible)(const struct stmt *row, void *userdata); /* may be NULL */
	void *userdata;
};

/* The possibilities at the end of before, sorted, <cr> last. */
int complete_hints(const struct complete_scene *scene, const char *before, struct hint_list *ret_list,
		   unsigned *ret_column);
void hint_list_add(struct hint_list *list, const char *word, const char *help, const struct arg *arg, bool enter);
void hint_list_done(struct hint_list *list);
/* The list as '?' shows it. */
void hint_list_print(const struct hint_list *list, FILE *out);

/* What Tab inserts: the rest that all candidates share, and a blank when there is one alone. source (may be NULL) names
 * the values an operand may have now. Returns the number of candidates. */
size_t complete_insert(const struct hint_list *list, const char *before,
		       void (*source)(const char *name, void (*on_value)(const char *value, void *to), void *to,
				      void *userdata),
		       void *userdata, char *ret_insert, size_t size_bytes);

/* Where the operand that is itself a line of another table begins in line; NULL when there is none. */
const char *complete_nested(const struct stmt *root, const char *line, const char *name);

#endif
