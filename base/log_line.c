/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the parts of a line of the log. The lines are our own, but they were on a disk: nothing is believed to be there.
 */
#include "base/log_line.h"

#include <stdlib.h>
#include <string.h>

/* "%FACILITY-GROUP-SEVERITY-MNEMONIC : " */
static void mnemonic_find(struct log_line *line)
{
	const char *end = strstr(line->message, " : "), *at = line->message;

	line->mnemonic = "";
	line->mnemonic_len = 0;
	if (*at != '%' || !end || memchr(at, ' ', (size_t)(end - at)))
		return;
	for (int dashes = 0; dashes < 3; dashes++) {
		at = memchr(at, '-', (size_t)(end - at));
		if (!at)
			return;
		at++;
	}
	line->mnemonic = at;
	line->mnemonic_len = (size_t)(end - at);
}

bool log_line_parse(const char *text, struct log_line *ret_line)
{
	const char *place = strstr(text, ": "), *bracket;
	struct log_line line;
	char *end;

	if (!place)
		return false;
	line.tagged = line.program = place + 2;
	bracket = strstr(line.program, "_[");
	if (!bracket)
		return false;
	line.program_len = (size_t)(bracket - line.program);
	line.pid = (unsigned)strtoul(bracket + 2, &end, 10);
	if (end == bracket + 2 || strncmp(end, "]: ", 3) != 0 || memchr(line.program, ' ', line.program_len) ||
	    line.program_len == 0)
		return false;
	line.message = end + 3;
	mnemonic_find(&line);
	*ret_line = line;
	return true;
}
