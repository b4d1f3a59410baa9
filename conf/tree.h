/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/tree.h - a configuration in memory: ordered, canonical, comparable
 *
 * Shapes:  struct tree; its nodes are opaque; order is row order, LIST entries in natural order (vty2 before vty10;
 *          "default" first)
 * Units:   none
 * Errors:  0 or -errno; -EINVAL a line does not match (err says line number and reason), -ENOSPC max_entries reached
 * Owns:    the tree owns its nodes and texts; rows are borrowed
 * Runs in: sallyport-confd, CLI (candidate), daemons (slice); pure
 * Source:  features.md 2E; clients.md section 3
 * Tests:   tests/unit/tree_test.c (writer and parser are inverse on random trees), tests/golden/running
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include <stddef.h>
#include <stdio.h>

#include "conf/stmt.h"

struct tree;

int tree_new(const struct stmt *root, struct tree **ret_tree);
void tree_free(struct tree *tree); /* NULL is fine */
int tree_copy(const struct tree *from, struct tree **ret_tree);
const struct stmt *tree_root(const struct tree *tree);
/* Takes out whatever keep refuses, with all that is below it, and the groups that are empty then. path: the rows from
 * the top to the one in question, which is no mere group. */
void tree_prune(struct tree *tree, bool (*keep)(const struct stmt *const *path, size_t path_len, void *userdata),
		void *userdata);

/* Does what a MATCH_OK configuration line says: sets or, negated, removes. 1 when the tree changed, 0 when it was so
 * already. Removing what is not there is 0. "no ssh" removes the whole node below; of a row with an alone, that. */
int tree_apply(struct tree *tree, const struct match *match, struct err *err);

/* Reads canonical or hand-written text: indented blocks, "!" comments, sub-modes by indentation or by "exit"/"!"; "end"
 * ends the text. What is indented below a line that was refused is refused with it, so that it cannot fall to another.
 * on_fault (may be NULL) is called for each line that does not match, and reading goes on; without it the first fault
 * ends with -EINVAL. */
int tree_parse(struct tree *tree, const char *text,
	       void (*on_fault)(unsigned line_number, const char *line, const char *reason, void *userdata),
	       void *userdata, struct err *err);

/* The same text (malloc'ed), read as tree_parse() reads it, with each clear secret (match.clear_secret) replaced by
 * what seal makes of it. Lines that do not match are left as they are; what seal refuses ends with its error and the
 * line's number. */
int tree_text_seal(const struct stmt *root, const char *text,
		   int (*seal)(const char *clear, char **ret_stored, struct err *err), char **ret_text,
		   struct err *err);

enum tree_write_flags {
	TREE_MASK_SECRETS = 1u << 0, /* operands of STMT_SECRET rows become "***" */
	TREE_SIGNS = 1u << 1,	     /* tree_write_diff(): "+  " comes, "-  " goes, "#  " a block they are in */
};
/* Writes running-config text: top rows in order, one space per level, each block closed by "!" at its own level.
 * One-line statements of a top row that groups are followed by one "!", those of a top leaf by none. path (may be NULL)
 * limits it to what lies below that path ("show running-config hostname"), which is MATCH_OK or MATCH_INCOMPLETE: "ssh
 * server" and "username" need not be whole statements. Returns the number of lines written, or -errno. */
int tree_write(const struct tree *tree, const struct match *path, unsigned flags, FILE *out);
/* The same for the rows owned by any of the owners: what a daemon gets as its slice. */
int tree_write_slice(const struct tree *tree, unsigned owners, FILE *out);

/* The flat canonical lines ("username admin group root-lr") that turn one tree into the other: removals first, each
 * as one "no …" of the highest entry, leaf or flag that went (never of a mere group: taken over onto a newer tree
 * that would remove what others put into it), then additions in row order. Each line is meant from the top. Returns how
 * many, or what on_line returned < 0. */
int tree_diff(const struct tree *from, const struct tree *to, int (*on_line)(const char *line, void *userdata),
	      void *userdata);
/* The difference as an indented block in running-config form ("show configuration"): changed lines with their parents,
 * removals as "no …". Returns the number of lines, 0 when the trees are equal. */
int tree_write_diff(const struct tree *from, const struct tree *to, unsigned flags, FILE *out);

/* Owners whose slices differ between the two trees. */
unsigned tree_diff_owners(const struct tree *from, const struct tree *to);

/* Every flat canonical line of the tree, in order; an entry is a line of its own only when nothing is below it. Returns
 * how many, or what on_line returned < 0. */
int tree_each(const struct tree *tree, int (*on_line)(const char *line, void *userdata), void *userdata);
/* The operand of the LEAF (or "" of a FLAG) at a full path such as "ssh server port"; NULL when it is not set. */
const char *tree_get(const struct tree *tree, const char *path);
/* Calls on_key for each key of the LIST at a full path such as "username"; returns how many. */
int tree_keys(const struct tree *tree, const char *path, void (*on_key)(const char *key, void *userdata),
	      void *userdata);

#endif
