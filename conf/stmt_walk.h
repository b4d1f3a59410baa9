/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/stmt_walk.h - one step through the rows, shared by matching and by hints; private to conf/stmt*.c
 *
 * Shapes:  struct stmt_walk, where a line has got to: what may come next
 * Units:   positions count bytes from the start of the line
 * Errors:  enum match_status; the match says where and why
 * Owns:    the match given to walk_begin() owns the operand texts
 * Runs in: wherever conf/stmt.h does; pure
 * Source:  conf/stmt.h
 * Tests:   tests/unit/stmt_test.c
 */
#ifndef CONF_STMT_WALK_H
#define CONF_STMT_WALK_H

#include "conf/stmt.h"

struct stmt_walk {
	struct match *head;	 /* the match of the line: status, column and err go here */
	struct match *match;	 /* where steps go: head, or the last of its chain */
	const struct stmt *row;	 /* the last one taken, NULL before the first */
	const struct stmt *rows; /* keywords that may come next, NULL when none may */
	const struct arg *arg;	 /* operand that may come next, NULL when none may */
	bool arg_optional;
	const struct arg_joined *joined; /* may follow the operand just taken */
	bool joined_open;		 /* its keyword was taken, and nothing came behind it */
	/* what may follow a statement on its line */
	const struct stmt *more_rows; /* NULL: nothing */
	size_t more_len;	      /* steps before them */
	bool more;		      /* rows are more_rows: the next keyword begins a statement */
	unsigned matches;
};

struct stmt_word {
	size_t start, len;
};

/* The next word at or after *pos, which moves behind it. False at the end of the line. */
bool stmt_word_next(const char *line, size_t *pos, struct stmt_word *ret_word);
/* Length, control characters and UTF-8 of a whole line; -EINVAL sets the column of the word that is wrong. */
int stmt_line_check(const char *line, unsigned *ret_column, struct err *err);
/* Begins at the first context_len steps of the context; a leading "no" moves *pos. -ENOMEM is possible. */
int stmt_walk_begin(struct stmt_walk *walk, const struct stmt *root, const struct match *context, size_t context_len,
		    const char *line, size_t *pos, bool may_negate, struct match *match);
/* Takes the word at *pos, or the operand that begins there. */
enum match_status stmt_walk_step(struct stmt_walk *walk, const char *line, size_t *pos);
/* Takes one keyword. */
enum match_status stmt_walk_keyword(struct stmt_walk *walk, const char *line, const struct stmt_word *word);
/* The row whose operand the word is, when it is none of the keywords (STMT_UNSPOKEN); NULL: none. */
const struct stmt *stmt_walk_unspoken(const struct stmt_walk *walk, const char *line, const struct stmt_word *word);
/* Whether a row may come next where rows are more_rows: only those that may share a line. */
bool stmt_walk_offers(const struct stmt_walk *walk, const struct stmt *row);
/* Whether the next word is a keyword rather than the operand. */
bool stmt_walk_wants_keyword(const struct stmt_walk *walk, const char *line, const struct stmt_word *word);
/* Whether the line may end here. */
bool stmt_walk_may_end(const struct stmt_walk *walk);
/* The length of the next shorter context: the next sub-mode outwards, 0 for the top. */
size_t stmt_context_outer(const struct match *context, size_t context_len);
/* Whether the row is an operand without a keyword of its own (STMT_RUN with STMT_BARE, STMT_UNSPOKEN). */
bool stmt_row_is_operand(const struct stmt *row);
/* Whether word begins the keyword, letter case aside. */
bool stmt_word_begins(const char *word, size_t word_len, const char *keyword);

#endif
