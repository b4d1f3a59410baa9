/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the commands of configuration mode, and the ways out of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/config_commit.h"
#include "cli/config_mode.h"
#include "conf/config_report.h"

AUTO_DECLARE(struct tree, tree_free)

static const char text_uncommitted[] =
	"Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:";
static const char text_trial[] = "You are exiting after a 'commit confirm' with an active rollback session.  "
				 "If you exit the configuration awaiting "
				 "confirmation will not be confirmed and the router will immediately "
				 "rollback to the previous configuration.\n";
static const char text_exit[] = "Do you wish to exit? [no]:";

/* ---- ways out ---- */

static int run_abort(struct shell *shell, const struct match *match)
{
	(void)match;
	config_mode_leave(shell);
	return 0;
}

static int run_clear(struct shell *shell, const struct match *match)
{
	AUTO(tree_free) struct tree *candidate = NULL, *typed = NULL;

	(void)match;
	if (tree_copy(shell->config->base, &candidate) < 0 || tree_new(tree_root(candidate), &typed) < 0)
		return shell_refuse(shell, "Out of memory");
	tree_free(shell->config->candidate);
	tree_free(shell->config->typed);
	shell->config->candidate = take(candidate);
	shell->config->typed = take(typed);
	stmt_match_done(&shell->config->context);
	return 0;
}

/* Whether a commit of this process still waits to be confirmed. */
static bool trial_runs(struct shell *shell)
{
	const json_t *newest;
	json_t *reply = NULL;

	if (!shell->trial_armed)
		return false;
	if (shell_fetch(shell, REMOTE_CONFD, CONFIG_LIST_COMMITS, NULL, &reply) == 0) {
		newest = json_array_get(json_object_get(reply, "commits"), 0);
		shell->trial_armed = json_integer_value(json_object_get(newest, "trial_deadline_us")) != 0;
	}
	json_decref(reply);
	return shell->trial_armed;
}

/* 0 leave, 1 stay. */
static int ask_about_trial(struct shell *shell)
{
	char answer[CONFIG_ANSWER_MAX] = "";
	AUTO(free) char *error = NULL;
	int r;

	shell_say(shell, "\n%s", text_trial);
	r = shell_ask(shell, text_exit, answer, sizeof(answer));
	if (r < 0)
		return r;
	if (!config_answer_is(answer, "yes"))
		return 1;
	r = shell_call(shell, REMOTE_CONFD, CONFIG_END_TRIAL, NULL, REMOTE_COMMIT_TIMEOUT_MS, NULL, &error);
	shell->trial_armed = false;
	shell_forget_caller(shell);
	if (r == -EREMOTEIO && strcmp(error ? error : "", CONFIG_ERROR_NOTHING))
		return shell_refuse(
			shell, "The trial could not be taken back yet (%s): it is at the end of its time",
			error ? error : "no reason given");
	return r == -EREMOTEIO ? 0 : r;
}

/* 0 leave, 1 stay. */
static int ask_about_changes(struct shell *shell)
{
	char answer[CONFIG_ANSWER_MAX] = "";
	int r = shell_ask(shell, text_uncommitted, answer, sizeof(answer));

	if (r < 0)
		return r;
	if (config_answer_is(answer, "yes"))
		return config_commit_run(shell, NULL);
	return config_answer_is(answer, "no") ? 0 : 1;
}

static int run_end(struct shell *shell, const struct match *match)
{
	int r = 0;

	(void)match;
	if (config_mode_is_pending(shell->config))
		r = ask_about_changes(shell);
	if (r == 0 && trial_runs(shell))
		r = ask_about_trial(shell);
	if (r == 0)
		config_mode_leave(shell);
	return r < 0 ? r : 0;
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

static int run_pwd(struct shell *shell, const struct match *match)
{
	const struct match *context = &shell->config->context;
	AUTO(free) char *place = context->steps_len ? stmt_match_text(context) : NULL;

	(void)match;
	if (context->steps_len && !place)
		return shell_refuse(shell, "Out of memory");
	fprintf(shell->out, "%s\n", place ? place : "");
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
	.name = "LINE",
	.help = "Exec command",
	.min = 1,
	.max = STMT_LINE_MAX_BYTES,
	.text = true,
	.complete = SHELL_NESTED_EXEC,
};

#define COMMAND_ROW(word_, help_, run_)                                                               \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = "config-services", \
	.source = "clients.md section 3"

/* Whoever got in must get out again, whatever has become of his rights. */
#define LEAVE_ROW(word_, help_, run_)                                                                  \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = TASK_NONE, \
	.source = "clients.md section 3"

static const struct stmt show_rows[] = {
	{ .kind = STMT_NODE,
	  .word = "commit",
	  .help = "What a commit would do",
	  .sub = exec_show_commit_rows,
	  .task = "config-services",
	  .source = "clients.md section 3" },
	{ COMMAND_ROW("configuration", "The configuration that is not committed", exec_show_configuration),
	  .sub = exec_show_configuration_rows },
	{ COMMAND_ROW("running-config", "The running configuration, or a part of it", exec_show_running),
	  .arg = &arg_configuration_path, .flags = STMT_ARG_OPTIONAL },
	{ COMMAND_ROW("running-configuration", "The same", exec_show_running),
	  .arg = &arg_configuration_path, .flags = STMT_ARG_OPTIONAL | STMT_HIDDEN },
	STMT_DONE,
};

const struct stmt config_mode_commands[] = {
	{ LEAVE_ROW("abort", "Drop the changes and leave configuration mode", run_abort),
	  .flags = STMT_NO_TIMESTAMP },
	{ LEAVE_ROW("clear", "Drop the changes and stay", run_clear), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("commit", "Put the changes in force", config_commit_run), .sub = config_commit_rows,
	  .flags = STMT_WRITES },
	{ LEAVE_ROW("do", "Run an exec command", run_do), .arg = &arg_exec_line },
	{ LEAVE_ROW("end", "Leave configuration mode", run_end), .flags = STMT_NO_TIMESTAMP },
	{ LEAVE_ROW("exit", "Leave this sub-mode", run_exit), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("load", "Add the statements of a file to the changes", config_file_load),
	  .arg = &arg_config_file },
	{ LEAVE_ROW("pwd", "Show the path of the sub-mode", run_pwd), .flags = STMT_NO_TIMESTAMP },
	{ LEAVE_ROW("root", "Go to the top of the configuration", run_root), .flags = STMT_NO_TIMESTAMP },
	{ COMMAND_ROW("show", "Show the configuration that is not committed, or more", exec_show_configuration),
	  .sub = show_rows },
	STMT_DONE,
};
