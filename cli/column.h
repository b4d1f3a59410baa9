/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/column.h - report rows as a table for people, or as JSON for programs
 *
 * Shapes:  struct column, one column over a report struct; arrays end with COLUMN_END
 * Units:   width in characters, without the gap between columns
 * Errors:  0 or -errno
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  style.md section 8; clients.md section 4 (a fixed number of words in a row, none empty)
 * Tests:   tests/unit/column_test.c, tests/golden/show
 */
#ifndef CLI_COLUMN_H
#define CLI_COLUMN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/field.h"

#define COLUMN_TEXT_MAX_BYTES 520u

struct column {
	const char *title;
	unsigned width;
	const char *member; /* of the field table; NULL when text makes it */
	/* Makes the text from the row, in buffer. Returns buffer, or a constant. */
	const char *(*text)(const void *row, char *buffer, size_t size_bytes);
	const char *empty; /* shown for an empty text; "--" when NULL */
	bool blanks;	   /* the text is several words by design: a date and a time */
};

#define COLUMN_END { .title = NULL }

/* The titles; with_rule adds a line of dashes as wide as the table. */
void column_head(FILE *out, const struct column *columns, bool with_rule);
/* One row. Each cell is exactly one word unless the column says otherwise: blanks become '_', what a terminal would
 * obey becomes '?', a longer text pushes the rest of the line to the right. fields may be NULL when every column has a
 * text function. */
void column_row(FILE *out, const struct column *columns, const struct field *fields, const void *row);
/* The whole width of the table. */
unsigned column_width(const struct column *columns);

/* text with everything a terminal obeys, what is not UTF-8, and marks that only turn the order around, replaced by '?';
 * newlines are kept when keep_lines. In place; the length does not change. */
void column_clean(char *text, size_t len_bytes, bool keep_lines);

/* One JSON array, indented, with a newline after it. Steals rows. */
int column_json(FILE *out, json_t *rows);

#endif
