/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the commands that tell who may do what. Groups are read out of the running configuration as confd gives it to
 * the caller; who the caller is, confd has said with the prompt.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/exec.h"
#include "cli/show_aaa.h"
#include "conf/config_report.h"
#include "conf/root.h"

AUTO_DECLARE(struct tree, tree_free)

static void on_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)line_number; /* a secret that is masked: it is not asked for here */
	(void)line;
	(void)reason;
	(void)userdata;
}

static int fetch_tree(struct shell *shell, struct tree **ret_tree)
{
	AUTO(tree_free) struct tree *tree = NULL;
	struct err err = { .text = "" };
	json_t *reply = NULL;
	const char *text;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_GET_RUNNING, NULL, &reply);

	if (r < 0)
		return r;
	text = json_string_value(json_object_get(reply, "text"));
	r = tree_new(conf_root, &tree);
	if (r == 0 && text)
		r = tree_parse(tree, text, on_fault, NULL, &err);
	json_decref(reply);
	if (r < 0)
		return shell_refuse(shell, "Out of memory");
	*ret_tree = take(tree);
	return 0;
}

static int show_group(struct shell *shell, enum group_kind kind, const char *name)
{
	AUTO(tree_free) struct tree *tree = NULL;
	int r = fetch_tree(shell, &tree);

	if (r < 0)
		return r;
	r = show_aaa_group(shell->out, tree, kind, name, shell_wants_json(shell));
	if (r == -ENOENT)
		return shell_refuse(shell, "There is no %s '%s'", group_kind_words[kind], name);
	return r < 0 ? shell_refuse(shell, "Out of memory") : 0;
}

static int run_usergroup(struct shell *shell, const struct match *match)
{
	return show_group(shell, GROUP_USER, stmt_match_value(match, "usergroup"));
}

static int run_taskgroup(struct shell *shell, const struct match *match)
{
	return show_group(shell, GROUP_TASK, stmt_match_value(match, "taskgroup"));
}

static int run_userdb(struct shell *shell, const struct match *match)
{
	const char *name = stmt_match_value(match, "userdb");
	AUTO(tree_free) struct tree *tree = NULL;
	int r = fetch_tree(shell, &tree);

	if (r < 0)
		return r;
	r = show_aaa_userdb(shell->out, tree, name, shell_wants_json(shell));
	if (r == -ENOENT)
		return shell_refuse(shell, "There is no user '%s'", name);
	return r < 0 ? shell_refuse(shell, "Out of memory") : 0;
}

static int run_tasks_supported(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_aaa_tasks(shell->out, shell_wants_json(shell));
}

static int show_self(struct shell *shell, unsigned parts)
{
	struct show_user user = { .name = shell->user, .groups = shell->groups, .tasks = &shell->tasks };

	shell_know_caller(shell, 0);
	if (!shell->caller_known)
		return shell_refuse(shell, "sallyport-confd does not answer: it alone knows what you may do");
	return show_user(shell->out, &user, parts, shell_wants_json(shell));
}

int exec_show_user(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_self(shell, SHOW_USER_NAME);
}

static int run_user_all(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_self(shell, SHOW_USER_ALL);
}

static int run_user_group(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_self(shell, SHOW_USER_GROUPS);
}

static int run_user_tasks(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_self(shell, SHOW_USER_TASKS);
}

/* ---- rows ---- */

#define AAA_ROW(word_, help_, run_, task_)                                                               \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = (task_), \
	.source = "features.md 2D; IOS XR"

static const struct arg arg_name = {
	.name = "WORD", .help = "Name of the user", .min = 1, .max = 32, .text = true, .words_taken = 1,
	.complete = "username",
};

static const struct arg arg_group = {
	.name = "WORD", .help = "Name of the group", .min = 1, .max = 32, .text = true, .words_taken = 1,
	.complete = "usergroup",
};

static const struct stmt task_rows[] = {
	{ AAA_ROW("supported", "Every task id", run_tasks_supported, "aaa") },
	STMT_DONE,
};

const struct stmt exec_show_aaa_rows[] = {
	{ .kind = STMT_NODE, .word = "task", .help = "Task ids", .sub = task_rows, .task = "aaa",
	  .source = "features.md 2D; IOS XR" },
	{ AAA_ROW("taskgroup", "Task groups and what they give", run_taskgroup, "aaa"), .arg = &arg_group,
	  .flags = STMT_ARG_OPTIONAL },
	{ AAA_ROW("userdb", "Local users and their groups", run_userdb, "aaa"), .arg = &arg_name,
	  .flags = STMT_ARG_OPTIONAL },
	{ AAA_ROW("usergroup", "User groups and what they give", run_usergroup, "aaa"), .arg = &arg_group,
	  .flags = STMT_ARG_OPTIONAL },
	STMT_DONE,
};

/* Everybody may know what he may do. */
const struct stmt exec_show_user_rows[] = {
	{ AAA_ROW("all", "Name, groups and tasks", run_user_all, TASK_NONE) },
	{ AAA_ROW("group", "Your groups", run_user_group, TASK_NONE) },
	{ AAA_ROW("tasks", "Your tasks", run_user_tasks, TASK_NONE) },
	STMT_DONE,
};
