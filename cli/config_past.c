/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what was committed, in the forms that programs read, and the way back to it.
 */
#include "cli/config_past.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/config_commit.h"
#include "cli/config_mode.h"
#include "conf/config_report.h"

#define COMMITS_MAX 100

/* ---- show configuration commit list ---- */

struct commit_row {
	unsigned number;
	const char *label, *user, *line, *client;
	int64_t changed_us;
};

static const char *commit_number(const void *row, char *buffer, size_t size_bytes)
{
	snprintf(buffer, size_bytes, "%u", ((const struct commit_row *)row)->number);
	return buffer;
}

static const char *commit_label(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return ((const struct commit_row *)row)->label;
}

static const char *commit_user(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return ((const struct commit_row *)row)->user;
}

static const char *commit_line(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return ((const struct commit_row *)row)->line;
}

static const char *commit_client(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return ((const struct commit_row *)row)->client;
}

static const char *commit_time(const void *row, char *buffer, size_t size_bytes)
{
	return clock_text_long(((const struct commit_row *)row)->changed_us, buffer, size_bytes);
}

static const struct column commit_columns[] = {
	{ .title = "SNo.", .width = 4, .text = commit_number },
	{ .title = "Label/ID", .width = 10, .text = commit_label },
	{ .title = "User", .width = 10, .text = commit_user },
	{ .title = "Line", .width = 18, .text = commit_line },
	{ .title = "Client", .width = 10, .text = commit_client },
	{ .title = "Time Stamp", .width = 24, .text = commit_time, .blanks = true },
	COLUMN_END,
};

static const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static void print_list(FILE *out, const json_t *commits)
{
	const json_t *commit;
	size_t i;

	column_head(out, commit_columns, false);
	fputs("~~~~  ~~~~~~~~~~  ~~~~~~~~~~  ~~~~~~~~~~~~~~~~~~  ~~~~~~~~~~  ~~~~~~~~~~~~~~~~~~~~~~~~\n",
	      out);
	json_array_foreach(commits, i, commit)
	{
		struct commit_row row = {
			.number = (unsigned)i + 1,
			.label = member_text(commit, "label"),
			.user = member_text(commit, "user"),
			.line = member_text(commit, "line"),
			.client = member_text(commit, "client"),
			.changed_us = json_integer_value(json_object_get(commit, "changed_us")),
		};

		if (!row.label[0])
			row.label = member_text(commit, "commit_id");
		column_row(out, commit_columns, NULL, &row);
	}
}

static const char *text_or(const char *text, const char *otherwise)
{
	return text[0] ? text : otherwise;
}

static void print_details(FILE *out, const json_t *commits)
{
	const json_t *commit;
	char when[64];
	size_t i;

	json_array_foreach(commits, i, commit)
	{
		clock_text_long(json_integer_value(json_object_get(commit, "changed_us")), when,
				sizeof(when));
		fprintf(out, "  %zu) CommitId: %-26s Label: %s\n", i + 1, member_text(commit, "commit_id"),
			text_or(member_text(commit, "label"), "NONE"));
		fprintf(out, "     UserId:   %-26s Line:  %s\n", member_text(commit, "user"),
			member_text(commit, "line"));
		fprintf(out, "     Client:   %-26s Time:  %s\n", member_text(commit, "client"), when);
		fprintf(out, "     Comment:  %s\n", text_or(member_text(commit, "comment"), "NONE"));
		if (json_integer_value(json_object_get(commit, "trial_deadline_us"))) {
			clock_text_long(json_integer_value(json_object_get(commit, "trial_deadline_us")),
					when, sizeof(when));
			fprintf(out, "     Trial:    taken back %s unless it is confirmed\n", when);
		}
		fputc('\n', out);
	}
}

static void print_history(FILE *out, const json_t *commits)
{
	const json_t *commit;
	char when[64];
	size_t i;

	fputs("Sno.  Event      Info                           Time Stamp\n"
	      "~~~~  ~~~~~      ~~~~                           ~~~~~~~~~~\n",
	      out);
	json_array_foreach(commits, i, commit)
	{
		clock_text_long(json_integer_value(json_object_get(commit, "changed_us")), when,
				sizeof(when));
		fprintf(out, "%-4zu  %-9s  id %-27s %s\n", i + 1, "commit", member_text(commit, "commit_id"),
			when);
	}
}

static void print_history_details(FILE *out, const json_t *commits)
{
	const json_t *commit;
	char when[64];
	size_t i;

	json_array_foreach(commits, i, commit)
	{
		clock_text_long(json_integer_value(json_object_get(commit, "changed_us")), when,
				sizeof(when));
		fprintf(out, "%zu) Event: commit         Time: %s\n", i + 1, when);
		fprintf(out, "   Commit ID: %-14s Label: %s\n", member_text(commit, "commit_id"),
			member_text(commit, "label"));
		fprintf(out, "   User: %-19s Line: %s\n", member_text(commit, "user"),
			member_text(commit, "line"));
		fprintf(out, "   Client: %-17s Comment: %s\n", member_text(commit, "client"),
			member_text(commit, "comment"));
	}
}

static int show_commits(struct shell *shell, const struct match *match, const char *count_word,
			void (*print)(FILE *out, const json_t *commits))
{
	const char *count = count_word ? stmt_match_value(match, count_word) : NULL;
	size_t most = count ? strtoul(count, NULL, 10) : COMMITS_MAX;
	json_t *reply = NULL, *commits;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_LIST_COMMITS, NULL, &reply);

	if (r < 0)
		return r;
	commits = json_object_get(reply, "commits");
	while (json_array_size(commits) > most)
		json_array_remove(commits, json_array_size(commits) - 1);
	if (!json_is_array(commits))
		r = shell_refuse(
			shell, "The answer of sallyport-confd has no list: CLI and daemon differ in version");
	else if (shell_wants_json(shell))
		r = column_json(shell->out, json_incref(commits));
	else
		print(shell->out, commits);
	json_decref(reply);
	return r;
}

static int show_list(struct shell *shell, const struct match *match)
{
	return show_commits(shell, match, "list", print_list);
}

static int show_list_details(struct shell *shell, const struct match *match)
{
	return show_commits(shell, match, "list", print_details);
}

int config_past_history(struct shell *shell, const struct match *match)
{
	return show_commits(shell, match, NULL, print_history);
}

static int show_history_details(struct shell *shell, const struct match *match)
{
	return show_commits(shell, match, NULL, print_history_details);
}

/* ---- changes ---- */

/* A commit by the number or label behind word, or the last ones. */
static json_t *which_commits(const struct match *match, const char *word)
{
	const char *commit = stmt_match_value(match, word), *last = stmt_match_value(match, "last");
	json_t *which = json_object();

	if (last)
		json_object_set_new(which, "last", json_integer(strtol(last, NULL, 10)));
	else if (commit)
		json_object_set_new(which, strcmp(word, "to") ? "commit" : word, json_string(commit));
	return which;
}

static int show_changes(struct shell *shell, const struct match *match, const char *word, bool rollback,
			bool signs)
{
	json_t *parameters = which_commits(match, word), *reply = NULL;
	AUTO(free) char *error = NULL;
	const char *text;
	int r;

	if (!json_object_size(parameters)) {
		json_decref(parameters);
		return shell_refuse(shell, "Incomplete command.");
	}
	if (rollback && json_object_get(parameters, "to")) {
		json_object_set(parameters, "commit", json_object_get(parameters, "to"));
		json_object_del(parameters, "to");
	}
	json_object_set_new(parameters, "rollback", json_boolean(rollback));
	json_object_set_new(parameters, "signs", json_boolean(signs));
	r = shell_call(shell, REMOTE_CONFD, CONFIG_GET_CHANGES, parameters, REMOTE_TIMEOUT_MS, &reply,
		       &error);
	text = json_string_value(json_object_get(reply, "text"));
	if (r == -EREMOTEIO)
		r = config_commit_refuse(shell, error ? error : "", reply);
	else if (r == 0 && text)
		fprintf(shell->out,
			"Building configuration...\n!! IOS XR Configuration " SHELL_VERSION "\n%send\n\n",
			text);
	json_decref(reply);
	return r;
}

static int show_commit_changes(struct shell *shell, const struct match *match)
{
	return show_changes(shell, match, "changes", false, false);
}

static int show_commit_changes_diff(struct shell *shell, const struct match *match)
{
	return show_changes(shell, match, "changes", false, true);
}

static int show_rollback_changes(struct shell *shell, const struct match *match)
{
	return show_changes(shell, match, "to", true, false);
}

static int show_rollback_changes_diff(struct shell *shell, const struct match *match)
{
	return show_changes(shell, match, "to", true, true);
}

/* ---- rollback ---- */

static void tell_rollback(struct shell *shell, const struct match *match, const json_t *reply)
{
	const char *last = stmt_match_value(match, "last"), *to = stmt_match_value(match, "to");
	int items = (int)json_integer_value(json_object_get(reply, "items"));

	fprintf(shell->out,
		"Loaded Rollback Changes in 1 sec\nCommitting.\n%d items committed in 1 sec (%d)items/sec\n",
		items, items);
	fputs("Updating.\nUpdated Commit database in 1 sec\n", shell->out);
	if (last)
		fprintf(shell->out, "Configuration successfully rolled back %s commits.\n", last);
	else
		fprintf(shell->out, "Configuration successfully rolled back to '%s'.\n", to);
	config_commit_tell(shell, reply);
}

static int rollback(struct shell *shell, const struct match *match, bool force)
{
	json_t *parameters = which_commits(match, "to"), *reply = NULL;
	AUTO(free) char *error = NULL;
	int r;

	if (shell->config) {
		json_decref(parameters);
		return shell_refuse(shell,
				    "Leave configuration mode first: end, or abort to drop the changes");
	}
	json_object_set_new(parameters, "line_name", json_string(shell->line_name));
	json_object_set_new(parameters, "force", json_boolean(force));
	fputs("\nLoading Rollback Changes.\n", shell->out);
	r = shell_call(shell, REMOTE_CONFD, CONFIG_ROLLBACK, parameters, REMOTE_COMMIT_TIMEOUT_MS, &reply,
		       &error);
	if (r == -EREMOTEIO)
		r = config_commit_refuse(shell, error ? error : "", reply);
	else if (r == 0)
		tell_rollback(shell, match, reply);
	json_decref(reply);
	shell_forget_caller(shell);
	return r;
}

static int run_rollback(struct shell *shell, const struct match *match)
{
	return rollback(shell, match, false);
}

static int run_rollback_force(struct shell *shell, const struct match *match)
{
	return rollback(shell, match, true);
}

/* ---- rows ---- */

static const struct arg arg_count = {
	.help = "Number of commits, the newest first",
	.unit = "commits",
	.min = 1,
	.max = COMMITS_MAX,
	.words_taken = 1,
};

static const struct arg arg_commit = {
	.name = "WORD",
	.help = "Commit ID or label",
	.min = 1,
	.max = 30,
	.text = true,
	.words_taken = 1,
	.complete = "commit",
};

#define SHOW_ROW(word_, help_, run_)                                                                  \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = "config-services", \
	.source = "features.md 2E"
#define DIFF_ROW(run_)                                                    \
	{                                                                 \
		SHOW_ROW("diff", "Lines added (+) and removed (-)", run_) \
	}

static const struct stmt detail_rows[] = {
	{ SHOW_ROW("detail", "With label and comment", show_list_details) },
	STMT_DONE,
};

static const struct stmt commit_diff_rows[] = { DIFF_ROW(show_commit_changes_diff), STMT_DONE };
static const struct stmt rollback_diff_rows[] = { DIFF_ROW(show_rollback_changes_diff), STMT_DONE };

static const struct stmt commit_last_rows[] = {
	{ SHOW_ROW("last", "The last commits together", show_commit_changes), .arg = &arg_count,
	  .sub = commit_diff_rows },
	DIFF_ROW(show_commit_changes_diff),
	STMT_DONE,
};

const struct stmt config_past_commit_rows[] = {
	{ SHOW_ROW("changes", "What a commit has changed", show_commit_changes), .arg = &arg_commit,
	  .flags = STMT_ARG_OPTIONAL, .sub = commit_last_rows },
	{ SHOW_ROW("list", "The commits, newest first", show_list), .arg = &arg_count,
	  .flags = STMT_ARG_OPTIONAL, .sub = detail_rows },
	STMT_DONE,
};

static const struct stmt rollback_which_rows[] = {
	{ SHOW_ROW("last", "Of the last commits", show_rollback_changes), .arg = &arg_count,
	  .sub = rollback_diff_rows },
	{ SHOW_ROW("to", "Of this commit and all after it", show_rollback_changes), .arg = &arg_commit,
	  .sub = rollback_diff_rows },
	STMT_DONE,
};

const struct stmt config_past_rollback_rows[] = {
	{ .kind = STMT_NODE,
	  .word = "changes",
	  .help = "What a rollback would change",
	  .sub = rollback_which_rows,
	  .task = "config-services",
	  .source = "features.md 2E" },
	STMT_DONE,
};

const struct stmt config_past_history_rows[] = {
	{ SHOW_ROW("detail", "With label and comment", show_history_details) },
	STMT_DONE,
};

static const struct stmt force_rows[] = {
	{ SHOW_ROW("force", "Roll back even when it locks this session out", run_rollback_force),
	  .flags = STMT_WRITES },
	STMT_DONE,
};

static const struct stmt undo_which_rows[] = {
	{ SHOW_ROW("last", "Undo the last commits", run_rollback), .arg = &arg_count, .flags = STMT_WRITES,
	  .sub = force_rows },
	{ SHOW_ROW("to", "Undo this commit and all after it", run_rollback), .arg = &arg_commit,
	  .flags = STMT_WRITES, .sub = force_rows },
	STMT_DONE,
};

const struct stmt config_past_undo_rows[] = {
	{ .kind = STMT_NODE,
	  .word = "configuration",
	  .help = "Undo commits, by a new commit",
	  .sub = undo_which_rows,
	  .flags = STMT_WRITES,
	  .task = "config-services",
	  .source = "features.md 2E" },
	STMT_DONE,
};
