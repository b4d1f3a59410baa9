/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/json_rows.h - which members the objects of "COMMAND | json" have, for the manual and its test
 *
 * Shapes:  struct json_rows, one per command
 * Units:   by the end of a member's name: _us, _s, _min, _bytes, _mb
 * Errors:  none
 * Owns:    const data
 * Runs in: the generator of the manual
 * Source:  the field tables that the commands encode by
 * Tests:   tests/system/test_manual.py: what the running product prints has these members and no others
 */
#ifndef CLI_JSON_ROWS_H
#define CLI_JSON_ROWS_H

#include "base/field.h"

struct json_list {
	const char *name, *help;
	const struct field *fields; /* of one object; NULL: the array holds text */
};

struct json_rows {
	const char *command;	       /* "show ssh" */
	const struct field *fields[3]; /* of one object, ended by NULL */
	struct json_list lists[4];     /* members that are arrays, ended by {NULL} */
};

extern const struct json_rows json_rows[]; /* ends with {NULL} */

#endif
