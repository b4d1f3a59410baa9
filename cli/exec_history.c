/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sessions that ended, as sallyport-sshd keeps them: the last hundred, or more by "last", of those that the line
 * asks for. Whatever is kept is reached by "end", which a search through the past moves backwards.
 */
#include "cli/exec_history.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/show_logging.h"
#include "cli/show_ssh.h"

static int time_get(struct shell *shell, const struct match *match, const char *word, int64_t *ret_us)
{
	const char *text = stmt_match_value(match, word);

	if (!text || log_time_parse(text, clock_wall_us(), ret_us) == 0)
		return 0;
	return shell_refuse(shell, "'%s' is no time: HH:MM, HH:MM:SS, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS", text);
}

/* The filters of the line, as sallyport-sshd takes them. */
static int history_show(struct shell *shell, const struct match *match, bool failed,
			int (*print)(FILE *out, const json_t *reply, bool as_json, struct err *err))
{
	const char *since_min = stmt_match_value(match, "since"), *last = stmt_match_value(match, "last");
	int64_t from_us = 0, until_us = 0, since_us = 0;

	if (time_get(shell, match, "start", &from_us) < 0 || time_get(shell, match, "end", &until_us) < 0)
		return -EINVAL;
	if (since_min)
		since_us = clock_wall_us() - strtoll(since_min, NULL, 10) * 60 * 1000000;
	if (from_us > since_us)
		since_us = from_us;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_HISTORY,
				    json_pack("{s:I, s:s?, s:s?, s:I, s:I, s:b}", "limit",
					      (json_int_t)(last ? strtoll(last, NULL, 10) : 0), "user",
					      stmt_match_value(match, "user"), "vrf", stmt_match_value(match, "vrf"),
					      "since_us", (json_int_t)since_us, "until_us", (json_int_t)until_us,
					      "failed", failed),
				    print);
}

int exec_show_ssh_history(struct shell *shell, const struct match *match)
{
	return history_show(shell, match, false, show_ssh_history);
}

static int show_failed(struct shell *shell, const struct match *match)
{
	return history_show(shell, match, true, show_ssh_history);
}

static int show_details(struct shell *shell, const struct match *match)
{
	return history_show(shell, match, false, show_ssh_history_details);
}

static int show_details_failed(struct shell *shell, const struct match *match)
{
	return history_show(shell, match, true, show_ssh_history_details);
}

/* ---- rows ---- */

static const struct arg arg_user = {
	.name = "WORD", .help = "User name", .min = 1, .max = 32, .text = true, .words_taken = 1,
	.complete = "username",
};
static const struct arg arg_vrf = {
	.name = "WORD", .help = "VRF name", .min = 1, .max = 32, .text = true, .words_taken = 1, .complete = "vrf",
};
static const struct arg arg_since = {
	.help = "Only sessions that ended within this time", .unit = "minutes", .min = 1, .max = 5256000,
	.words_taken = 1,
};
static const struct arg arg_time = {
	.name = "TIME", .help = "HH:MM, HH:MM:SS, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS", .min = 1, .max = 32,
	.text = true, .words_taken = 1,
};
static const struct arg arg_last = { .help = "So many instead of a hundred", .unit = "sessions", .min = 1,
				     .max = SSH_HISTORY_MAX, .words_taken = 1 };

#define ROW(word_, help_, arg_, run_, sub_)                                                          \
	{ .kind = STMT_RUN, .word = (word_), .help = (help_), .arg = (arg_), .run = (run_), .sub = (sub_), \
	  .task = "crypto", .source = "issue: filters by user, VRF and time" }

/* Filters in this order, each may be left out. after_NAME_WORD is what may follow a word. */
#define FAILED(name, run, failed)   ROW("failed", "Only those that nobody was let in by", NULL, failed, NULL)
#define LAST(name, run, failed)	    ROW("last", "More of them, or fewer", &arg_last, run, after_##name##_last)
#define END(name, run, failed)	    ROW("end", "Only those that began until a time", &arg_time, run, after_##name##_end)
#define START(name, run, failed) \
	ROW("start", "Only those that ended from a time on", &arg_time, run, after_##name##_start)
#define SINCE(name, run, failed)    ROW("since", "Only the last minutes", &arg_since, run, after_##name##_since)
#define VRF(name, run, failed)	    ROW("vrf", "Only this VRF", &arg_vrf, run, after_##name##_vrf)
#define USER(name, run, failed)	    ROW("user", "Only this user", &arg_user, run, after_##name##_user)
#define FROM_LAST(...)		    LAST(__VA_ARGS__), FAILED(__VA_ARGS__)
#define FROM_END(...)		    END(__VA_ARGS__), FROM_LAST(__VA_ARGS__)
#define FROM_START(...)		    START(__VA_ARGS__), FROM_END(__VA_ARGS__)
#define FROM_SINCE(...)		    SINCE(__VA_ARGS__), FROM_START(__VA_ARGS__)
#define FROM_VRF(...)		    VRF(__VA_ARGS__), FROM_SINCE(__VA_ARGS__)
#define FROM_USER(...)		    USER(__VA_ARGS__), FROM_VRF(__VA_ARGS__)
#define FILTERS(name, run, failed)                                                                         \
	static const struct stmt after_##name##_last[] = { FAILED(name, run, failed), STMT_DONE };         \
	static const struct stmt after_##name##_end[] = { FROM_LAST(name, run, failed), STMT_DONE };       \
	static const struct stmt after_##name##_start[] = { FROM_END(name, run, failed), STMT_DONE };      \
	static const struct stmt after_##name##_since[] = { FROM_START(name, run, failed), STMT_DONE };    \
	static const struct stmt after_##name##_vrf[] = { FROM_SINCE(name, run, failed), STMT_DONE };      \
	static const struct stmt after_##name##_user[] = { FROM_VRF(name, run, failed), STMT_DONE }

FILTERS(plain, exec_show_ssh_history, show_failed);
FILTERS(details, show_details, show_details_failed);

static const struct stmt details_rows[] = {
	FROM_USER(details, show_details, show_details_failed),
	STMT_DONE,
};

const struct stmt exec_ssh_history_rows[] = {
	{ .kind = STMT_RUN, .word = "details", .help = "With algorithms, start and end", .run = show_details,
	  .sub = details_rows, .task = "crypto", .source = "features.md 1C-27" },
	FROM_USER(plain, exec_show_ssh_history, show_failed),
	STMT_DONE,
};
