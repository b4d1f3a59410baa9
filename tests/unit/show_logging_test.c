/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: which lines of the log are meant, what automation must not read in them, and times as an operator types them.
 */
#include "cli/show_logging.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW_US (INT64_C(1787577015) * 1000000) /* 2026-08-24 13:10:15 UTC */

static void add(struct log_view *view, unsigned from, unsigned to)
{
	json_t *lines = json_array(), *reply;

	for (unsigned i = from; i < to; i++)
		json_array_append_new(lines, json_pack("{s:i, s:I, s:o}", "severity", (int)(i % 8), "wall_us",
						       (json_int_t)i, "text",
						       json_sprintf("RP/0/RP0/CPU0:x: %s_[%u]: %%A-B-6-C : line %u",
								    i % 2 ? "SSHD" : "CONFD", i, i)));
	reply = json_pack("{s:o}", "lines", lines);
	cr_assert_eq(log_view_add(view, reply, NULL), 0);
	json_decref(reply);
}

static void assert_view(struct log_view *view, size_t len, const char *first, const char *last)
{
	cr_assert_eq(view->len - view->first, len, "%zu", view->len - view->first);
	cr_assert_not_null(strstr(view->lines[view->first]->text, first));
	cr_assert_not_null(strstr(view->lines[view->len - 1]->text, last));
	log_view_done(view);
}

Test(show_logging, filters)
{
	struct log_view view = { .filter = { .last = 3 } };

	add(&view, 1, 1000);
	add(&view, 1000, 2001);
	assert_view(&view, 3, "line 1998", "line 2000");
	view.filter = (struct log_filter){ .process = "sshd" };
	add(&view, 1, 11);
	assert_view(&view, 5, "line 1", "line 9");
	view.filter = (struct log_filter){ .string = "line 7", .process = "SSHD" };
	add(&view, 1, 100);
	assert_view(&view, 6, "line 7", "line 79");
	view.filter = (struct log_filter){ .start_us = 20, .end_us = 22 };
	add(&view, 1, 100);
	assert_view(&view, 3, "line 20", "line 22");
}

Test(show_logging, the_newest_of_very_many, .timeout = 120)
{
	struct log_view view = { .len = 0 };

	for (unsigned i = 0; i < 21; i++)
		add(&view, i * 10000, (i + 1) * 10000);
	assert_view(&view, LOG_VIEW_LINES_MAX, "line 10000", "line 209999");
}

Test(show_logging, what_is_no_answer)
{
	struct log_view view = { .len = 0 };
	json_t *none = json_object(), *odd = json_pack("{s:[{s:i}]}", "lines", "text", 7);
	struct err err = { .text = "" };

	cr_assert_lt(log_view_add(&view, none, &err), 0);
	cr_assert_lt(log_view_add(&view, odd, &err), 0);
	json_decref(none);
	json_decref(odd);
	log_view_done(&view);
}

Test(show_logging, words_that_break_automation)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "user 'x# not found'", "user 'x\\x23\\x20not found'" },
		{ "% error and %Error", "\\x25 error and \\x25Error" },
		{ "INVALID INPUT", "\\x49NVALID INPUT" },
		{ "%SECURITY-SSHD-3-ERR_GENERAL : found", "%SECURITY-SSHD-3-ERR_GENERAL : found" },
		{ "a\033[2J\xc3\xa4", "a?[2J\xc3\xa4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = log_text_harmless(rows[i].before);

		cr_assert_str_eq(text, rows[i].after);
		free(text);
	}
}

Test(show_logging, times)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: no time */
	} rows[] = {
		{ "13:10", 1787577000 }, { "13:10:15", 1787577015 }, { "2026-08-24", 1787529600 },
		{ "2026-08-24T13:10", 1787577000 }, { "1999-12-31T23:59:59", 946684799 },
		{ "24:00", 0 }, { "13", 0 }, { "13:1", 0 }, { "2026-13-01", 0 }, { "2026-08-24T", 0 },
		{ "2026-08-24T13:10:15Z", 0 }, { "noon", 0 }, { "", 0 }, { "13:10 ", 0 },
	};

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t got_us = 0;
		int r = log_time_parse(rows[i].text, NOW_US, &got_us);

		cr_assert_eq(r == 0, rows[i].seconds != 0, "%s", rows[i].text);
		cr_assert_eq(got_us, rows[i].seconds * 1000000, "%s: %lld", rows[i].text, (long long)got_us);
	}
}
