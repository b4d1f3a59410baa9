/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packaging/manual/manual.h - the manual, written from the rows that the programs run by
 *
 * Shapes:  struct manual_entry, one heading of the reference: a statement or command with the options folded into it
 * Units:   none
 * Errors:  the writers cannot fail but for the stream they write to, whose owner looks at ferror()
 * Owns:    struct manual owns its entries (manual_done); rows are borrowed
 * Runs in: the generator alone (make manual); pure but for manual_main.c
 * Source:  conf/stmt.h, base/option.h, base/field.h
 * Tests:   make check T=manual: what is checked in is what the rows say now
 */
#ifndef PACKAGING_MANUAL_MANUAL_H
#define PACKAGING_MANUAL_MANUAL_H

#include <stdio.h>

#include "base/option.h"
#include "conf/stmt.h"

enum manual_part { MANUAL_STATEMENTS, MANUAL_MODE, MANUAL_EXEC, MANUAL_PIPE, MANUAL_PART_MAX };

struct manual_step {
	const struct stmt *row;
	bool optional; /* the same statement also stands without it: "ssh server [vrf WORD] port" */
	const struct stmt *
		rows; /* not NULL: it is one of these that have the same rows below: "line {console | default}" */
};

struct manual_entry {
	enum manual_part part;
	struct manual_step steps[STMT_DEPTH_MAX];
	size_t steps_len;
	/* The last step is one of these siblings, which differ in their word and help alone. */
	const struct stmt *others[32];
	size_t others_len;
	bool folded;	 /* what may follow the last row is said here and has no entry of its own */
	char as[160];	 /* not "": what follows is what follows these words, "crypto" */
	char title[160]; /* the keywords */
};

struct json_rows;

struct manual {
	const struct stmt *roots[MANUAL_PART_MAX];
	const struct option_row *cli_options; /* of the shell, and what stands behind them */
	const char *cli_tail;
	const struct json_rows *json;
	struct manual_entry *entries; /* by part, then by title */
	size_t entries_len, entries_size;
};

/* 0 or -ENOMEM. */
int manual_collect(struct manual *manual);
void manual_done(struct manual *manual);

/* ---- the syntax of an entry ---- */

enum manual_style { MANUAL_PLAIN, MANUAL_ROFF };

void manual_syntax(const struct manual_entry *entry, enum manual_style style, FILE *out);
/* Whether what follows the row belongs to its entry. */
bool manual_folds(const struct stmt *row);
/* The same words, operands and rows below: what may be said here may be said there. */
bool manual_same(const struct stmt *one, const struct stmt *other);
/* Whether the same is below both, in modes of their own. */
bool manual_shares(const struct stmt *row, const struct stmt *other);
/* Whether the siblings share an entry. */
bool manual_alike(const struct stmt *row, const struct stmt *other);
/* "<5-120>", "WORD", "LINE", "{a | b}". */
void manual_operand(const struct stmt *row, char *text, size_t size_bytes);
/* Whether a line may end with this row. */
bool manual_is_whole(const struct stmt *row);

/* ---- what is said about it ---- */

struct manual_word {
	char text[400];	   /* "burst <1-10000>" */
	char help[700];	   /* sentence without full stop */
	char values[1500]; /* "1 to 32 characters"; "" when there is nothing to be said */
	const char *def;   /* NULL: none */
};

/* The words of an entry that are not plain in its heading: keys on the way, the operand, and what is folded. */
void manual_words(const struct manual_entry *entry,
		  void (*on_word)(const struct manual_word *word, void *userdata), void *userdata);
const char *manual_help(const struct manual_entry *entry);
/* The task it asks for, "" none; and for which access: "read", "write", "execute". */
const char *manual_task(const struct manual_entry *entry);
const char *manual_access(const struct manual_entry *entry);
/* The mode it is typed in ("config-un") or opens; NULL: none. */
const char *manual_mode(const struct manual_entry *entry);
const char *manual_opens(const struct manual_entry *entry);
/* A line that the table takes, malloc'ed; NULL when none is known. */
char *manual_example(const struct manual *manual, const struct manual_entry *entry);

/* ---- the files ---- */

void manual_commands(const struct manual *manual, FILE *out);
void manual_json(const struct manual *manual, FILE *out);
void manual_man_sallyport(const struct manual *manual, FILE *out);
void manual_man_config(const struct manual *manual, FILE *out);
void manual_man_confd(const struct manual *manual, FILE *out);
void manual_man_sshd(const struct manual *manual, FILE *out);
void manual_man_run(const struct manual *manual, FILE *out);
void manual_bash(const struct manual *manual, FILE *out);

#endif
