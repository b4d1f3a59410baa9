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

static int page_get(struct shell *shell, json_t *filter, bool quiet, json_t **ret_page)
{
	if (!quiet)
		return shell_fetch(shell, REMOTE_SSHD, SSH_LIST_HISTORY, json_incref(filter), ret_page);
	return remote_call(&shell->remote, REMOTE_SSHD, SSH_LIST_HISTORY, json_incref(filter), REMOTE_TIMEOUT_MS,
			   ret_page, NULL, NULL);
}

int exec_history_read(struct shell *shell, json_t *filter, size_t limit, bool quiet, json_t **ret_reply)
{
	json_t *all = json_array();
	size_t asked = 1, got = 1;
	int r = all && filter ? 0 : -ENOMEM;

	while (r == 0 && got == asked && json_array_size(all) < limit) {
		const json_t *last = json_array_get(all, json_array_size(all) - 1), *rows;
		json_t *page = NULL;

		asked = limit - json_array_size(all);
		if (asked > SSH_HISTORY_PAGE)
			asked = SSH_HISTORY_PAGE;
		json_object_set_new(filter, "limit", json_integer((json_int_t)asked));
		if (last)
			json_object_set(filter, "before_id", json_object_get(last, "id"));
		r = page_get(shell, filter, quiet, &page);
		rows = json_object_get(page, "sessions");
		got = json_array_size(rows);
		if (r == 0 && json_array_extend(all, (json_t *)(uintptr_t)rows) < 0)
			r = quiet ? -EPROTO : shell_refuse(shell, "%s gave no list of sessions",
							   remote_name(REMOTE_SSHD));
		json_decref(page);
	}
	json_decref(filter);
	if (r == 0)
		*ret_reply = json_pack("{s:O}", "sessions", all);
	json_decref(all);
	return r;
}

int exec_show_ssh_history(struct shell *shell, const struct match *match)
{
	const char *since_min = stmt_match_option(match, "since", NULL), *last = stmt_match_option(match, "last", NULL);
	int64_t from_us = 0, until_us = 0, since_us = 0;
	bool failed = false, details = false;
	struct err err = { .text = "" };
	json_t *reply = NULL;
	int r;

	if (time_get(shell, match, "start", &from_us) < 0 || time_get(shell, match, "end", &until_us) < 0)
		return -EINVAL;
	if (since_min)
		since_us = clock_wall_us() - strtoll(since_min, NULL, 10) * 60 * 1000000;
	if (from_us > since_us)
		since_us = from_us;
	stmt_match_option(match, "failed", &failed);
	stmt_match_option(match, "details", &details);
	r = exec_history_read(shell,
			      json_pack("{s:s?, s:s?, s:I, s:I, s:b}", "user", stmt_match_option(match, "user", NULL),
					"vrf", stmt_match_option(match, "vrf", NULL), "since_us", (json_int_t)since_us,
					"until_us", (json_int_t)until_us, "failed", failed),
			      last ? strtoul(last, NULL, 10) : SSH_HISTORY_SHOWN, false, &reply);
	if (r < 0)
		return r;
	r = (details ? show_ssh_history_details : show_ssh_history)(shell->out, reply, shell_wants_json(shell), &err);
	json_decref(reply);
	if (r == 0)
		return 0;
	fseeko(shell->out, 0, SEEK_SET); /* half a table would be taken for a whole one */
	return shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
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
