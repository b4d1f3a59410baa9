/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: terminal lines. The columns are those of IOS XR, which genie reads; speed and overruns are of serial lines and
 * nothing here.
 */
#include "cli/show_line.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/column.h"
#include "cli/shell.h"

/* Without a configuration a screen is as large as the terminal says; these are what is shown then. */
#define LENGTH_USUAL 24
#define WIDTH_USUAL  80

static bool is_console(const struct line_report *line)
{
	return line->line[0] == 'c';
}

void show_line_block(FILE *out, const struct line_report *line, unsigned length, unsigned width, bool timestamp)
{
	fprintf(out, "Line \"%s\", Location \"" SHELL_LOCATION "\", Type \"%s\"\n", line->line,
		is_console(line) ? "Console" : "VTY");
	fprintf(out, "Length: %u lines, Width: %u columns\n", length, width);
	fputs("Baud rate (TX/RX) is 9600, \"No\" Parity, 2 stopbits, 8 databits\n", out);
	fprintf(out, "Template: %s\n", line->template_name[0] ? line->template_name : "default");
	fprintf(out, "Capabilities: Timestamp %s\n", timestamp ? "Enabled" : "Disabled");
	if (!strcmp(line->transport_input, "none"))
		fputs("Allowed transports are none.\n", out);
	else if (!strcmp(line->transport_input, "telnet"))
		fputs("Allowed transports are none (there is no Telnet server).\n", out);
	else
		fputs("Allowed transports are ssh.\n", out);
}

static void put_limits(FILE *out, const struct line_report *line)
{
	if (line->exec_timeout_s)
		fprintf(out, "Exec timeout: %" PRId64 " min %" PRId64 " s", line->exec_timeout_s / 60,
			line->exec_timeout_s % 60);
	else
		fputs("Exec timeout: never", out);
	if (line->absolute_timeout_s)
		fprintf(out, ", absolute timeout: %" PRId64 " min\n", line->absolute_timeout_s / 60);
	else
		fputs(", absolute timeout: never\n", out);
	if (line->access_class[0])
		fprintf(out, "Access class in: %s\n", line->access_class);
	if (line->access_class_ipv6[0])
		fprintf(out, "Access class in over IPv6: %s\n", line->access_class_ipv6);
}

static void put_row(FILE *out, const struct line_report *line, bool own)
{
	char name[32], list[64];

	snprintf(name, sizeof(name), "%s%s", line->line, is_console(line) ? "/RP0/CPU0" : "");
	snprintf(list, sizeof(list), "%.40s/-", line->access_class[0] ? line->access_class : "-");
	column_clean(list, strlen(list), false);
	fprintf(out, "%-3s%-14s%7s%13s%20s\n", own ? "*" : "", name, is_console(line) ? "9600" : "0", "0/0", list);
}

static void put_block(FILE *out, const struct line_report *line)
{
	struct line_report clean = *line;

	column_clean(clean.template_name, strlen(clean.template_name), false);
	column_clean(clean.access_class, strlen(clean.access_class), false);
	column_clean(clean.access_class_ipv6, strlen(clean.access_class_ipv6), false);
	show_line_block(out, &clean, line->length >= 0 ? (unsigned)line->length : LENGTH_USUAL,
			line->width >= 0 ? (unsigned)line->width : WIDTH_USUAL, line->timestamp);
	put_limits(out, &clean);
}

int show_lines(FILE *out, const json_t *reply, const struct show_line_ask *ask, bool as_json, struct err *err)
{
	const json_t *lines = json_object_get(reply, "lines"), *entry;
	json_t *rows = as_json ? json_array() : NULL;
	size_t i, shown = 0;
	int r = json_is_array(lines) ? 0 : err_set(err, -EPROTO, "the answer of sallyport-sshd has no lines");

	if (r == 0 && !as_json && !ask->only)
		fputs("   Tty             Speed     Overruns             Acc I/O\n", out);
	json_array_foreach(lines, i, entry) {
		struct line_report line;

		r = r < 0 ? r : field_decode(line_report_fields, entry, &line, err);
		if (r < 0 || (ask->only && strcmp(ask->only, line.line) != 0))
			continue;
		shown++;
		if (as_json)
			json_array_append(rows, (json_t *)(uintptr_t)entry);
		else if (ask->only)
			put_block(out, &line);
		else
			put_row(out, &line, !strcmp(ask->own, line.line));
	}
	if (r == 0 && ask->only && !shown)
		r = -ENOENT;
	if (r == 0 && as_json)
		return column_json(out, rows);
	json_decref(rows);
	return r;
}
