/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the log from the command line. Every daemon can read it out; the one that knows more is asked first, and another
 * when it is away.
 */
#include "cli/exec_logging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log_report.h"
#include "cli/show_logging.h"
#include "services/logging_report.h"

#define PIECES_MAX 8192u /* answers of 32 KiB: more than the log can hold */

static inline void log_view_auto(struct log_view *view)
{
	log_view_done(view);
}

static int piece_get(struct shell *shell, enum remote_daemon daemon, char **cursor, struct log_view *view,
		     bool *ret_more, struct err *err)
{
	json_t *parameters = *cursor ? json_pack("{s:s}", "cursor", *cursor) : NULL, *reply = NULL;
	AUTO(free) char *error = NULL;
	const char *next;
	int r = remote_call(&shell->remote, daemon, LOG_READ, parameters, REMOTE_TIMEOUT_MS, &reply, &error, err);

	if (r == -EREMOTEIO)
		r = err_set(err, r, "%s refused the command (%s)", remote_name(daemon),
			    error ? error : "no reason given");
	if (r == 0)
		r = log_view_add(view, reply, err);
	next = json_string_value(json_object_get(reply, "cursor"));
	*ret_more = r == 0 && next && json_is_true(json_object_get(reply, "more"));
	if (*ret_more) {
		free(*cursor);
		*cursor = strdup(next);
		*ret_more = *cursor != NULL;
	}
	json_decref(reply);
	return r;
}

static int lines_get(struct shell *shell, struct log_view *view, struct err *err)
{
	static const enum remote_daemon daemons[] = { REMOTE_SSHD, REMOTE_CONFD };
	struct log_filter filter = view->filter;
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(daemons) && r < 0; i++) {
		AUTO(free) char *cursor = NULL;
		bool more = true;

		log_view_done(view);
		view->filter = filter;
		r = 0;
		for (unsigned piece = 0; more && r == 0 && piece < PIECES_MAX; piece++)
			r = piece_get(shell, daemons[i], &cursor, view, &more, err);
	}
	return r;
}

static int time_get(struct shell *shell, const struct match *match, const char *word, int64_t *ret_us)
{
	const char *text = stmt_match_value(match, word);

	if (!text || log_time_parse(text, clock_wall_us(), ret_us) == 0)
		return 0;
	return shell_refuse(shell, "'%s' is no time: HH:MM, HH:MM:SS, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS", text);
}

int exec_show_logging(struct shell *shell, const struct match *match)
{
	const char *last = stmt_match_value(match, "last");
	AUTO(log_view) struct log_view view = { .filter = { .process = stmt_match_value(match, "process"),
							    .string = stmt_match_value(match, "string"),
							    .last = last ? strtoul(last, NULL, 10) : 0 } };
	struct err err = { .text = "" };
	json_t *state = NULL;
	int r;

	if (time_get(shell, match, "start", &view.filter.start_us) < 0 ||
	    time_get(shell, match, "end", &view.filter.end_us) < 0)
		return -EINVAL;
	r = lines_get(shell, &view, &err);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
	remote_call(&shell->remote, REMOTE_SSHD, SSH_GET_LOGGING, NULL, REMOTE_TIMEOUT_MS, &state, NULL, NULL);
	r = show_logging(shell->out, &view, state, shell_wants_json(shell), &err);
	json_decref(state);
	return r < 0 ? shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory") : 0;
}

int exec_clear_logging(struct shell *shell, const struct match *match)
{
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_SSHD, LOG_CLEAR, NULL, &reply);

	(void)match;
	json_decref(reply);
	return r;
}

/* ---- rows ---- */

static const struct arg arg_last = { .help = "The newest lines only", .unit = "lines", .min = 1, .max = 1000000,
				     .words_taken = 1 };
static const struct arg arg_time = { .name = "TIME", .text = true, .min = 1, .max = 32, .words_taken = 1,
				     .help = "HH:MM, HH:MM:SS, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS" };
static const struct arg arg_process = { .name = "WORD", .help = "Program that wrote the line: sshd, confd",
					.text = true, .min = 1, .max = 23, .words_taken = 1 };
static const struct arg arg_string = { .name = "WORD", .help = "Text that the line holds", .text = true, .min = 1,
				       .max = 128, .words_taken = 1 };

/* Filters in this order; each may be left out. */
#define ROW(word_, help_, arg_, sub_)                                                                            \
	{ .kind = STMT_RUN, .word = (word_), .help = (help_), .arg = (arg_), .sub = (sub_), .run = exec_show_logging, \
	  .task = "logging", .source = "IOS XR: show logging" }
#define LAST	     ROW("last", "Only the newest lines", &arg_last, NULL)
#define STRING(sub)  ROW("string", "Only lines that hold a text", &arg_string, sub)
#define PROCESS(sub) ROW("process", "Only lines of one program", &arg_process, sub)
#define END(sub)     ROW("end", "Only lines until a time", &arg_time, sub)
#define START(sub)   ROW("start", "Only lines from a time on", &arg_time, sub)

static const struct stmt last_rows[] = { LAST, STMT_DONE };
static const struct stmt string_rows[] = { STRING(last_rows), LAST, STMT_DONE };
static const struct stmt process_rows[] = { PROCESS(string_rows), STRING(last_rows), LAST, STMT_DONE };
static const struct stmt end_rows[] = { END(process_rows), PROCESS(string_rows), STRING(last_rows), LAST, STMT_DONE };

const struct stmt exec_logging_rows[] = {
	START(end_rows), END(process_rows), PROCESS(string_rows), STRING(last_rows), LAST, STMT_DONE,
};
