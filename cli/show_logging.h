/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_logging.h - "show logging": which lines are meant, and how they are shown
 *
 * Shapes:  struct log_filter, what the line asks for; struct log_view, the lines that are left
 * Units:   _us microseconds since 1970-01-01 UTC
 * Errors:  0 or -errno with err
 * Owns:    the view owns its lines
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  IOS XR: show logging; clients.md section 1 (words that break Ansible) and section 4
 * Tests:   tests/golden/show, tests/unit/show_logging_test.c
 */
#ifndef CLI_SHOW_LOGGING_H
#define CLI_SHOW_LOGGING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"

struct log_filter {
	int64_t start_us, end_us;    /* 0: no bound */
	const char *process, *string; /* NULL: any */
	size_t last;		     /* 0: all */
};

#define LOG_VIEW_LINES_MAX 200000u /* the newest of them; a log of the usual size has a twentieth */

struct log_view_line {
	int severity;
	int64_t wall_us;
	char text[];
};

struct log_view {
	struct log_filter filter;
	struct log_view_line **lines; /* the first is at first */
	size_t first, len, size;
	unsigned long dropped; /* messages that the store did not take */
};

/* Takes those of "lines" of a reply that the filter lets through. */
int log_view_add(struct log_view *view, const json_t *reply, struct err *err);
void log_view_done(struct log_view *view);

/* state is the reply of GetLogging, NULL when nobody gave one. */
int show_logging(FILE *out, const struct log_view *view, const json_t *state, bool as_json, struct err *err);

/* text so that no program that reads a session takes it for a prompt or an error of ours: malloc'ed, NULL no memory. */
char *log_text_harmless(const char *text);

/* "HH:MM[:SS]" of the day of now_us, "YYYY-MM-DD", or both with a T between them, in local time; -EINVAL. */
int log_time_parse(const char *text, int64_t now_us, int64_t *ret_us);

#endif
