/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_line.h - terminal lines as a table, as one block, or as JSON
 *
 * Shapes:  functions over replies of org.sallyport.SSH and rows of services/ssh_report.h
 * Units:   none
 * Errors:  0 or -errno; -EPROTO the reply is not what services/ssh_report.h says, with err; -ENOENT no such line
 * Owns:    nothing; replies are borrowed
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  clients.md section 4: show line, show terminal
 * Tests:   tests/golden/show
 */
#ifndef CLI_SHOW_LINE_H
#define CLI_SHOW_LINE_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "services/ssh_report.h"

struct show_line_ask {
	const char *own;  /* the line that asks, marked */
	const char *only; /* "vty3": that line alone, as a block; NULL: all of them, as a table */
};
int show_lines(FILE *out, const json_t *reply, const struct show_line_ask *ask, bool as_json, struct err *err);
/* The block of one line, "show terminal": with what is in force now. */
void show_line_block(FILE *out, const struct line_report *line, unsigned length, unsigned width, bool timestamp);

#endif
