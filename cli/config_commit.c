/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the commands of configuration mode: commit and its answers, and the ways out. The texts are those that programs
 * wait for, to the letter; what is asked is asked only when there is something to lose.
 */
#include "cli/config_commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/config_mode.h"
#include "conf/config_report.h"

#define ANSWER_MAX 32

AUTO_DECLARE(struct tree, tree_free)

static const char text_failed[] =
	"\n% Failed to commit one or more configuration items during a pseudo-atomic operation. All changes made "
	"have been reverted. Please issue 'show configuration failed [inheritance]' from this session to view the "
	"errors\n";
static const char text_conflict[] =
	"\nOne or more commits have occurred from other configuration sessions since this session started or since "
	"the last commit was made from this session. You can use the 'show configuration commit list' command to "
	"see them.\n";
static const char text_uncommitted[] =
	"Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
static const char text_proceed[] = "Do you wish to proceed with this commit anyway? [no]:";

static bool is_word_begin(const char *answer, const char *word)
{
	return answer[0] && !strncasecmp(answer, word, strlen(answer));
}

/* ---- commit ---- */

struct commit_ask {
	const char *label, *comment;
	bool shows_faults;
};

static int add_line(const char *line, void *userdata)
{
	return json_array_append_new(userdata, json_string(line)) < 0 ? -ENOMEM : 0;
}

/* Applies the pending lines to what others have committed meanwhile. */
static int rebase(struct shell *shell, const json_t *lines)
{
	struct config_mode *config = shell->config;
	AUTO(tree_free) struct tree *base = NULL, *candidate = NULL;
	AUTO(free) char *base_id = NULL;
	const json_t *line;
	size_t i;
	int r = config_mode_fetch(shell, &base, &base_id);

	if (r < 0)
		return r;
	if (tree_copy(base, &candidate) < 0)
		return shell_refuse(shell, "Out of memory");
	json_array_foreach(lines, i, line) {
		struct err err = { 0 };
		struct match match;

		stmt_match(tree_root(base), NULL, json_string_value(line), true, &match);
		r = match.status == MATCH_OK ? tree_apply(candidate, &match, &err) : -EINVAL;
		stmt_match_done(&match);
		if (r < 0)
			return shell_refuse(shell, "The line \"%s\" does not fit what was committed meanwhile: %s",
					    json_string_value(line), err.text);
	}
	tree_free(config->base);
	tree_free(config->candidate);
	free(config->base_id);
	config->base = take(base);
	config->candidate = take(candidate);
	config->base_id = take(base_id);
	return 0;
}

/* After a commit the candidate is what runs. */
static void settle(struct shell *shell, const json_t *reply)
{
	struct config_mode *config = shell->config;
	const char *commit_id = json_string_value(json_object_get(reply, "commit_id"));
	struct tree *base = NULL;
	char *base_id = commit_id ? strdup(commit_id) : NULL;

	shell_forget_caller(shell);
	if (!base_id || tree_copy(config->candidate, &base) < 0) {
		free(base_id);
		return;
	}
	tree_free(config->base);
	free(config->base_id);
	config->base = base;
	config->base_id = base_id;
}

static int fail(struct shell *shell, const struct commit_ask *ask, const json_t *reply)
{
	shell->config->faults = json_incref(json_object_get(reply, "faults"));
	shell_say(shell, "%s", text_failed);
	if (ask->shows_faults)
		config_mode_write_failed(shell->config, shell->refusals);
	return -EINVAL;
}

static int conflict(struct shell *shell, const json_t *lines)
{
	char answer[ANSWER_MAX] = "";
	int r;

	shell_say(shell, "%s", text_conflict);
	r = shell_ask(shell, text_proceed, answer, sizeof(answer));
	if (r < 0)
		return r;
	return is_word_begin(answer, "yes") ? rebase(shell, lines) : -ECANCELED;
}

/* What an error answer means; -EAGAIN when the commit is to be sent again. */
static int take_error(struct shell *shell, const struct commit_ask *ask, const char *error, const json_t *reply,
		      const json_t *lines)
{
	int r;

	if (!strcmp(error, CONFIG_ERROR_FAILED))
		return fail(shell, ask, reply);
	if (!strcmp(error, CONFIG_ERROR_CONFLICT)) {
		r = conflict(shell, lines);
		return r < 0 ? r : -EAGAIN;
	}
	if (!strcmp(error, CONFIG_ERROR_NOTHING)) {
		shell_refuse(shell, "No configuration changes to commit.");
		return rebase(shell, NULL);
	}
	if (!strcmp(error, CONFIG_ERROR_STORAGE)) {
		const char *reason = json_string_value(json_object_get(reply, "reason"));

		return shell_refuse(shell,
				    "The commit could not be stored (%s). Nothing was changed; the changes are kept "
				    "in this session: make room, then commit again",
				    reason ? reason : "no reason given");
	}
	if (!strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse(shell, "This command is not authorized");
	return shell_refuse(shell, "sallyport-confd refused the commit (%s); the changes are kept in this session",
			    error);
}

static int send_commit(struct shell *shell, const struct commit_ask *ask, json_t *lines)
{
	AUTO(free) char *error = NULL;
	json_t *reply = NULL, *parameters;
	int r;

	json_decref(shell->config->faults);
	shell->config->faults = NULL;
	parameters = json_pack("{s:s, s:O, s:s, s:s?, s:s?}", "base_commit_id", shell->config->base_id, "lines", lines,
			       "line_name", shell->line_name, "label", ask->label, "comment", ask->comment);
	if (!parameters)
		return shell_refuse(shell, "The label or the comment is not UTF-8 text");
	r = shell_call(shell, REMOTE_CONFD, CONFIG_COMMIT, parameters, REMOTE_COMMIT_TIMEOUT_MS, &reply, &error);
	if (r == 0)
		settle(shell, reply);
	else if (r == -EREMOTEIO)
		r = take_error(shell, ask, error ? error : "", reply, lines);
	else
		shell_say(shell, "%% The changes are kept in this session\n");
	json_decref(reply);
	return r;
}

/* A label of several words as one client sends it: "text" in quotes. */
static char *bare_text(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return NULL;
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
		return strndup(text + 1, len - 2);
	return strdup(text);
}

static int commit(struct shell *shell, const struct match *match, bool shows_faults)
{
	AUTO(free) char *label = bare_text(match ? stmt_match_value(match, "label") : NULL);
	AUTO(free) char *comment = bare_text(match ? stmt_match_value(match, "comment") : NULL);
	struct commit_ask ask = { label, comment, shows_faults };
	json_t *lines = json_array();
	int r;

	if (tree_diff(shell->config->base, shell->config->candidate, add_line, lines) < 0) {
		json_decref(lines);
		return shell_refuse(shell, "Out of memory");
	}
	if (!json_array_size(lines)) {
		json_decref(lines);
		shell_refuse(shell, "No configuration changes to commit.");
		return 0;
	}
	do
		r = send_commit(shell, &ask, lines);
	while (r == -EAGAIN);
	json_decref(lines);
	return r;
}

static int run_commit(struct shell *shell, const struct match *match)
{
	return commit(shell, match, false);
}

static int run_commit_show_error(struct shell *shell, const struct match *match)
{
	return commit(shell, match, true);
}

/* ---- ways out ---- */

static int run_abort(struct shell *shell, const struct match *match)
{
	(void)match;
	config_mode_leave(shell);
	return 0;
}

static int run_clear(struct shell *shell, const struct match *match)
{
	struct tree *candidate = NULL;

	(void)match;
	if (tree_copy(shell->config->base, &candidate) < 0)
		return shell_refuse(shell, "Out of memory");
	tree_free(shell->config->candidate);
	shell->config->candidate = candidate;
	stmt_match_done(&shell->config->context);
	return 0;
}

static int run_end(struct shell *shell, const struct match *match)
{
	char answer[ANSWER_MAX] = "";
	int r;

	(void)match;
	if (!config_mode_is_pending(shell->config)) {
		config_mode_leave(shell);
		return 0;
	}
	r = shell_ask(shell, text_uncommitted, answer, sizeof(answer));
	if (r < 0)
		return r;
	if (is_word_begin(answer, "yes"))
		r = commit(shell, NULL, false);
	else if (!is_word_begin(answer, "no"))
		return 0;
	if (r == 0)
		config_mode_leave(shell);
	return r;
}

static int run_exit(struct shell *shell, const struct match *match)
{
	struct match *context = &shell->config->context;

	if (!context->steps_len)
		return run_end(shell, match);
	do
		free(context->steps[--context->steps_len].value);
	while (context->steps_len && !context->steps[context->steps_len - 1].row->mode);
	return 0;
}

static int run_root(struct shell *shell, const struct match *match)
{
	(void)match;
	stmt_match_done(&shell->config->context);
	return 0;
}

/* ---- the table ---- */

/* "do show ssh" is matched again as "show ssh" before any handler runs. */
static int run_do(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_refuse(shell, "Incomplete command.");
}

static const struct arg arg_exec_line = {
	.name = "LINE", .help = "Exec command", .min = 1, .max = STMT_LINE_MAX_BYTES, .text = true,
	.complete = SHELL_NESTED_EXEC,
};

static const struct arg arg_label = {
	.name = "WORD", .help = "Label of the commit", .min = 1, .max = 30, .text = true, .words_taken = 1,
};

static const struct arg arg_comment = {
	.name = "LINE", .help = "Comment of the commit", .min = 1, .max = 60, .text = true,
};

#define COMMAND_ROW(word_, help_, run_) \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = "config-services", \
	.source = "clients.md section 3"

static const struct stmt comment_rows[] = {
	{ COMMAND_ROW("comment", "Assign a comment to this commit", run_commit), .arg = &arg_comment },
	STMT_DONE,
};

static const struct stmt commit_rows[] = {
	{ COMMAND_ROW("comment", "Assign a comment to this commit", run_commit), .arg = &arg_comment },
	{ COMMAND_ROW("label", "Assign a label to this commit", run_commit), .arg = &arg_label, .sub = comment_rows },
	{ COMMAND_ROW("show-error", "Show the lines that failed at once", run_commit_show_error) },
	STMT_DONE,
};

static const struct stmt show_rows[] = {
	{ .kind = STMT_NODE, .word = "commit", .help = "What a commit would do", .sub = exec_show_commit_rows,
	  .task = "config-services", .source = "clients.md section 3" },
	{ COMMAND_ROW("configuration", "The configuration that is not committed", exec_show_configuration),
	  .sub = exec_show_configuration_rows },
	{ COMMAND_ROW("running-config", "The running configuration, or a part of it", exec_show_running),
	  .arg = &arg_configuration_path, .flags = STMT_ARG_OPTIONAL },
	STMT_DONE,
};

const struct stmt config_mode_commands[] = {
	{ COMMAND_ROW("abort", "Drop the changes and leave configuration mode", run_abort),
	  .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("clear", "Drop the changes and stay", run_clear), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("commit", "Make the changes run", run_commit), .sub = commit_rows, .flags = STMT_WRITES },
	{ COMMAND_ROW("do", "Run an exec command", run_do), .arg = &arg_exec_line },
	{ COMMAND_ROW("end", "Leave configuration mode", run_end), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("exit", "Leave this sub-mode", run_exit), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("root", "Go to the top of the configuration", run_root), .flags = STMT_NO_TIMESTAMP },
	{ .kind = STMT_NODE, .word = "show", .help = "Show what is", .sub = show_rows, .task = "config-services",
	  .source = "clients.md section 3" },
	STMT_DONE,
};
