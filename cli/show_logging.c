/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "show logging". The lines are those of the store; what strangers sent stands escaped in them already. Here more
 * is escaped: automation takes a '#' for a prompt and some words for a failure of the command, and somebody who tries
 * to log in as "x not found" must not be able to break it.
 */
#include "cli/show_logging.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log_line.h"
#include "base/log_report.h"
#include "cli/column.h"
#include "services/logging_report.h"

/* ---- text ---- */

/* What clients look for in any output (clients.md section 1). The first character is written as \xNN. */
static const char *const feared[] = {
	"#",		      " not found",	   "% Error",		"%Error",		"invalid input",
	"incomplete command", "ambiguous command", "Failed to commit", "connection timed out", "returned error code",
};

static bool is_feared(const char *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(feared); i++)
		if (!strncasecmp(at, feared[i], strlen(feared[i])))
			return true;
	return false;
}

char *log_text_harmless(const char *text)
{
	char *clean = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&clean, &len);

	if (!out)
		return NULL;
	for (; *text; text++) {
		if (is_feared(text))
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, out);
	}
	if (fclose(out) != 0) {
		free(clean);
		return NULL;
	}
	column_clean(clean, len, false);
	return clean;
}

static bool read_number(const char **at, size_t digits, int least, int most, int *ret_number)
{
	int number = 0;

	for (size_t i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		number = number * 10 + (**at - '0');
	}
	*ret_number = number;
	return number >= least && number <= most;
}

static bool read_date(const char **at, struct tm *tm)
{
	int year, month;

	if (!read_number(at, 4, 1970, 2999, &year) || *(*at)++ != '-' || !read_number(at, 2, 1, 12, &month) ||
	    *(*at)++ != '-' || !read_number(at, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

static bool read_time(const char **at, struct tm *tm)
{
	if (!read_number(at, 2, 0, 23, &tm->tm_hour) || *(*at)++ != ':' || !read_number(at, 2, 0, 59, &tm->tm_min))
		return false;
	if (**at != ':')
		return true;
	(*at)++;
	return read_number(at, 2, 0, 59, &tm->tm_sec);
}

int log_time_parse(const char *text, int64_t now_us, int64_t *ret_us)
{
	time_t now = (time_t)(now_us / 1000000);
	const bool dated = strchr(text, '-');
	struct tm tm;
	bool good;

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	good = !dated || read_date(&text, &tm);
	if (good && dated && *text == 'T') {
		text++;
		good = read_time(&text, &tm);
	} else if (good && !dated) {
		good = read_time(&text, &tm);
	}
	if (!good || *text)
		return -EINVAL;
	now = mktime(&tm);
	*ret_us = (int64_t)now * 1000000;
	return now < 0 ? -EINVAL : 0;
}

/* ---- view ---- */

static bool has_process(const char *text, const char *process)
{
	struct log_line line;

	return log_line_parse(text, &line) && strlen(process) == line.program_len &&
	       !strncasecmp(line.program, process, line.program_len);
}

static bool filter_takes(const struct log_filter *filter, int64_t wall_us, const char *text)
{
	return (!filter->start_us || wall_us >= filter->start_us) && (!filter->end_us || wall_us <= filter->end_us) &&
	       (!filter->process || has_process(text, filter->process)) &&
	       (!filter->string || strstr(text, filter->string));
}

static void dropped_count(struct log_view *view, const char *text)
{
	struct log_line line;

	if (log_line_parse(text, &line) && line.mnemonic_len == strlen("LOG_DROPPED") &&
	    !strncmp(line.mnemonic, "LOG_DROPPED : ", strlen("LOG_DROPPED : ")))
		view->dropped += strtoul(line.mnemonic + strlen("LOG_DROPPED : "), NULL, 10);
}

/* The place for one more; those that fell out in front are used again before more are asked for. */
static int view_grow(struct log_view *view)
{
	size_t size = view->size ? view->size * 2 : 256;
	struct log_view_line **lines;

	if (view->len < view->size)
		return 0;
	if (view->first > view->size / 2) {
		memmove(view->lines, view->lines + view->first, (view->len - view->first) * sizeof(*view->lines));
		view->len -= view->first;
		view->first = 0;
		return 0;
	}
	lines = reallocarray(view->lines, size, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	view->lines = lines;
	view->size = size;
	return 0;
}

static int view_put(struct log_view *view, int severity, int64_t wall_us, const char *text)
{
	const size_t most = view->filter.last ? view->filter.last : LOG_VIEW_LINES_MAX, size = strlen(text) + 1;
	struct log_view_line *line = malloc(sizeof(*line) + size);

	if (!line)
		return -ENOMEM;
	line->severity = severity;
	line->wall_us = wall_us;
	memcpy(line->text, text, size);
	if (view->len - view->first == most)
		free(view->lines[view->first++]);
	if (view_grow(view) < 0) {
		free(line);
		return -ENOMEM;
	}
	view->lines[view->len++] = line;
	return 0;
}

int log_view_add(struct log_view *view, const json_t *reply, struct err *err)
{
	const json_t *lines = json_object_get(reply, "lines");
	json_t *line;
	size_t i;

	if (!json_is_array(lines))
		return err_set(err, -EPROTO, "The answer has no list \"lines\": CLI and daemon differ in version");
	json_array_foreach(lines, i, line) {
		const char *text = json_string_value(json_object_get(line, "text"));
		int64_t wall_us = json_integer_value(json_object_get(line, "wall_us"));
		int severity = (int)json_integer_value(json_object_get(line, "severity"));

		if (!text)
			return err_set(err, -EPROTO, "A line of the log cannot be read");
		dropped_count(view, text);
		if (filter_takes(&view->filter, wall_us, text) && view_put(view, severity, wall_us, text) < 0)
			return err_set(err, -ENOMEM, "Out of memory");
	}
	return 0;
}

void log_view_done(struct log_view *view)
{
	for (size_t i = view->first; i < view->len; i++)
		free(view->lines[i]);
	free(view->lines);
	*view = (struct log_view){ .lines = NULL };
}

/* ---- showing ---- */

static void print_hosts(FILE *out, const json_t *hosts)
{
	json_t *row;
	size_t i;

	json_array_foreach(hosts, i, row) {
		struct log_host_report host = { .port = 0 };

		if (field_decode(log_host_report_fields, row, &host, NULL) < 0)
			continue;
		column_clean(host.reason, strlen(host.reason), false);
		fprintf(out, "        Logging to %s vrf %s port %u, level %s, %" PRIu64 " message lines logged",
			host.address, host.vrf, host.port, host.severity, host.messages);
		if (!host.reached)
			fprintf(out, " (waiting: %s)", host.reason);
		fputc('\n', out);
	}
}

static void print_state(FILE *out, const struct log_view *view, const json_t *state)
{
	struct logging_report report = { .buffered_bytes = 0 };

	fprintf(out, "Syslog logging: enabled (%lu messages dropped, 0 flushes, 0 overruns)\n", view->dropped);
	if (!state || field_decode(logging_report_fields, json_object_get(state, "logging"), &report, NULL) < 0) {
		fputs("    Console, monitor and trap logging: unknown while sallyport-sshd does not answer\n\n", out);
		return;
	}
	if (!strcmp(report.console, "disable"))
		fputs("    Console logging: Disabled\n", out);
	else
		fprintf(out, "    Console logging: level %s, %" PRIu64 " messages logged, %" PRIu64 " not taken\n",
			report.console, report.console_messages, report.console_dropped);
	fprintf(out, "    Monitor logging: level %s\n", report.monitor);
	fprintf(out, "    Trap logging: level %s\n", report.trap);
	print_hosts(out, json_object_get(state, "hosts"));
	fprintf(out, "    Buffer logging: level %s, %zu messages shown\n\n", report.buffered, view->len - view->first);
	fprintf(out, "Log Buffer (%" PRIu64 " bytes):\n\n", report.buffered_bytes);
}

int show_logging(FILE *out, const struct log_view *view, const json_t *state, bool as_json, struct err *err)
{
	json_t *rows;

	if (!as_json) {
		print_state(out, view, state);
		for (size_t i = view->first; i < view->len; i++) {
			AUTO(free) char *text = log_text_harmless(view->lines[i]->text);

			if (!text)
				return err_set(err, -ENOMEM, "Out of memory");
			fprintf(out, "%s\n", text);
		}
		return 0;
	}
	rows = json_array();
	for (size_t i = view->first; i < view->len; i++)
		json_array_append_new(rows, json_pack("{s:i, s:I, s:s}", "severity", view->lines[i]->severity,
						      "wall_us", (json_int_t)view->lines[i]->wall_us, "text",
						      view->lines[i]->text));
	return column_json(out, rows);
}
