/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/option.h - the options of a program as a table: parsed, shown by --help, and printed in the manual
 *
 * Shapes:  struct option_row, arrays ended by OPTION_DONE
 * Units:   none
 * Errors:  0 or -errno; -EINVAL with a sentence for the person who typed it
 * Owns:    rows are const data; texts point into argv
 * Runs in: every program, at its start; the generator of the manual
 * Source:  none
 * Tests:   tests/unit/option_test.c
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define OPTIONS_MAX 24u

enum option_type {
	OPTION_END = 0, /* ends an array */
	OPTION_FLAG,	/* bool */
	OPTION_TEXT,	/* const char * */
	OPTION_U16,	/* uint16_t from min to max */
	OPTION_U32,	/* uint32_t from min to max */
};

struct option_row {
	enum option_type type;
	const char *name;  /* "run-dir" is typed --run-dir, "c" is typed -c */
	const char *value; /* "DIR"; NULL for a flag */
	const char *help;  /* one sentence, no full stop */
	const char *def;   /* what holds without it, as shown; NULL when that is nothing to be said */
	size_t offset;	   /* of the field in the program's struct */
	uint32_t min, max;
	bool required;
};

#define OPTION_DONE                \
	{                          \
		.type = OPTION_END \
	}
#define OPTION_ROW(kind, name_, value_, struct_, member, def_, help_)                            \
	.type = (kind), .name = (name_), .value = (value_), .offset = offsetof(struct_, member), \
	.def = (def_), .help = (help_)

/* Sets the fields that options name and leaves the others alone. Stops at the first word that is no option: *ret_rest
 * is its index. A required option that is missing is refused unless a flag named "help" or "describe" is given. */
int option_parse(const struct option_row *rows, int argc, char **argv, void *to, int *ret_rest,
		 struct err *err);

/* "usage: NAME [--run-dir DIR] …", tail behind the options (may be ""), then a line for each. */
void option_usage(const struct option_row *rows, const char *name, const char *tail, FILE *out);

#endif
