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
	const char *text = stmt_match_option(match, word, NULL);

	if (!text || log_time_parse(text, clock_wall_us(), ret_us) == 0)
		return 0;
	return shell_refuse(shell, "'%s' is no time: HH:MM, HH:MM:SS, YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS", text);
}

int exec_show_ssh_history(struct shell *shell, const struct match *match)
{
	const char *since_min = stmt_match_option(match, "since", NULL), *last = stmt_match_option(match, "last", NULL);
	int64_t from_us = 0, until_us = 0, since_us = 0;
	bool failed = false, details = false;

	if (time_get(shell, match, "start", &from_us) < 0 || time_get(shell, match, "end", &until_us) < 0)
		return -EINVAL;
	if (since_min)
		since_us = clock_wall_us() - strtoll(since_min, NULL, 10) * 60 * 1000000;
	if (from_us > since_us)
		since_us = from_us;
	stmt_match_option(match, "failed", &failed);
	stmt_match_option(match, "details", &details);
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_HISTORY,
				    json_pack("{s:I, s:s?, s:s?, s:I, s:I, s:b}", "limit",
					      (json_int_t)(last ? strtoll(last, NULL, 10) : 0), "user",
					      stmt_match_option(match, "user", NULL), "vrf",
					      stmt_match_option(match, "vrf", NULL), "since_us", (json_int_t)since_us,
					      "until_us", (json_int_t)until_us, "failed", failed),
				    details ? show_ssh_history_details : show_ssh_history);
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

/* In any order. */
#define OPTION(kind_, word_, help_, arg_, source_)                                              \
	{ .kind = (kind_), .word = (word_), .help = (help_), .arg = (arg_), .flags = STMT_MORE, \
	  .run = exec_show_ssh_history, .task = "crypto", .source = (source_) }
#define FILTER(word_, help_, arg_) OPTION(STMT_LEAF, word_, help_, arg_, "issue: filters by user, VRF and time")

const struct stmt exec_ssh_history_rows[] = {
	OPTION(STMT_FLAG, "details", "With algorithms, start, end and why", NULL, "features.md 1C-27"),
	FILTER("user", "Only this user", &arg_user),
	FILTER("vrf", "Only this VRF", &arg_vrf),
	FILTER("since", "Only the last minutes", &arg_since),
	FILTER("start", "Only those that ended from a time on", &arg_time),
	FILTER("end", "Only those that began until a time", &arg_time),
	FILTER("last", "More of them, or fewer", &arg_last),
	OPTION(STMT_FLAG, "failed", "Only those that nobody was let in by", NULL, "issue: failures with reason"),
	STMT_DONE,
};
