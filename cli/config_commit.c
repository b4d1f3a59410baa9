/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commit and its answers. The texts are those that programs wait for, to the letter; what is asked is asked only
 * when there is something to lose.
 */
#include "cli/config_commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/config_mode.h"
#include "conf/config_report.h"

#define CHANGES_SHOWN_MAX_BYTES 4096 /* of what others have committed meanwhile */

AUTO_DECLARE(struct tree, tree_free)

static const char text_failed[] = "\n% Failed to commit one or more configuration items during a "
				  "pseudo-atomic operation. All changes made have been "
				  "reverted. Please issue 'show configuration failed [inheritance]' from "
				  "this session to view the errors\n";
static const char text_best_effort[] = "\n% Failed to commit one or more configuration items. Please issue "
				       "'show configuration failed [inheritance]' from "
				       "this session to view the errors\n";
static const char text_conflict[] = "\nOne or more commits have occurred from other configuration sessions "
				    "since this session started or since the last "
				    "commit was made from this session. You can use the 'show configuration "
				    "commit list' command to see them.\n";
static const char text_proceed[] = "Do you wish to proceed with this commit anyway? [no]:";
static const char text_replace[] =
	"This commit will replace or remove the entire running configuration. This\n"
	"operation can be service affecting.\n";
static const char text_replace_proceed[] = "Do you wish to proceed? [no]:";

bool config_answer_is(const char *answer, const char *word)
{
	return answer[0] && !strncasecmp(answer, word, strlen(answer));
}

/* ---- what is asked of confd ---- */

struct commit_ask {
	char *label, *comment;
	int confirmed_s; /* 0: for good */
	bool replace, best_effort, force, shows_faults;
	json_t *lines;
};

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

static bool names_row(const struct match *match, const char *word)
{
	for (size_t i = 0; match && i < match->steps_len; i++)
		if (!strcmp(match->steps[i].row->word, word))
			return true;
	return false;
}

static int add_line(const char *line, void *userdata)
{
	return json_array_append_new(userdata, json_string(line)) < 0 ? -ENOMEM : 0;
}

static int gather_lines(struct shell *shell, struct commit_ask *ask)
{
	const struct config_mode *config = shell->config;

	json_decref(ask->lines);
	ask->lines = json_array();
	if ((ask->replace ? tree_each(config->typed, add_line, ask->lines)
			  : tree_diff(config->base, config->candidate, add_line, ask->lines)) < 0)
		return shell_refuse(shell, "Out of memory");
	return 0;
}

static int ask_of(struct shell *shell, const struct match *match, struct commit_ask *ask)
{
	const char *seconds = match ? stmt_match_value(match, "confirmed") : NULL;
	const char *minutes = match ? stmt_match_value(match, "minutes") : NULL;

	*ask = (struct commit_ask){
		.label = bare_text(match ? stmt_match_value(match, "label") : NULL),
		.comment = bare_text(match ? stmt_match_value(match, "comment") : NULL),
		.replace = names_row(match, "replace"),
		.best_effort = names_row(match, "best-effort"),
		.force = names_row(match, "force"),
		.shows_faults = names_row(match, "show-error"),
	};
	if (minutes)
		ask->confirmed_s = (int)strtol(minutes, NULL, 10) * 60;
	else if (seconds)
		ask->confirmed_s = (int)strtol(seconds, NULL, 10);
	else if (names_row(match, "confirmed"))
		return shell_refuse(shell, "Incomplete command.");
	return gather_lines(shell, ask);
}

/* ---- answers ---- */

void config_commit_tell(struct shell *shell, const json_t *reply)
{
	const json_t *warning;
	size_t i;

	if (json_is_true(json_object_get(reply, "confirmed")))
		shell_say(shell, "%% Confirming commit for trial session.\n");
	json_array_foreach(json_object_get(reply, "warnings"), i, warning)
		shell_say(shell, "%% WARNING: %s\n",
			  json_string_value(warning) ? json_string_value(warning) : "");
}

static int refuse_lockout(struct shell *shell, const json_t *reply)
{
	const json_t *reason;
	size_t i;

	shell_say(shell,
		  "%% Failed to commit: nothing was changed, because this session would lock itself out:\n");
	json_array_foreach(json_object_get(reply, "reasons"), i, reason)
		shell_say(shell, "%%   %s\n", json_string_value(reason) ? json_string_value(reason) : "");
	shell_say(shell, "%% To do it all the same: 'force'; to try it and have it taken back: 'commit "
			 "confirmed 60'\n");
	return -EINVAL;
}

static const char *reply_text(const json_t *reply, const char *name)
{
	const char *text = json_string_value(json_object_get(reply, name));

	return text ? text : "";
}

int config_commit_refuse(struct shell *shell, const char *error, const json_t *reply)
{
	const json_t *fault = json_array_get(json_object_get(reply, "faults"), 0);

	if (!strcmp(error, CONFIG_ERROR_LOCKOUT))
		return refuse_lockout(shell, reply);
	if (!strcmp(error, CONFIG_ERROR_LABEL))
		return shell_refuse(
			shell, "Failed to commit: label '%s' belongs to commit %s already, choose another",
			reply_text(reply, "label"), reply_text(reply, "commit_id"));
	if (!strcmp(error, CONFIG_ERROR_LOCKED)) {
		config_session_print(shell->refusals, json_object_get(reply, "sessions"));
		return shell_refuse(
			shell, "Failed to commit: the Configuration Namespace is locked by another agent");
	}
	if (!strcmp(error, CONFIG_ERROR_TRIAL))
		return shell_refuse(
			shell, "Cannot commit because there is an unexpired trial/rollback session '%s'.",
			reply_text(reply, "session_id"));
	if (!strcmp(error, CONFIG_ERROR_NO_COMMIT))
		return shell_refuse(shell, "%s", reply_text(reply, "reason"));
	if (!strcmp(error, CONFIG_ERROR_FAILED)) /* of a rollback */
		return shell_refuse(shell, "Failed to complete rollback operation: %s%s%s",
				    reply_text(fault, "line"), reply_text(fault, "line")[0] ? ": " : "",
				    reply_text(fault, "reason"));
	if (!strcmp(error, CONFIG_ERROR_NOTHING))
		return shell_refuse(shell, "No configuration changes to commit.");
	if (!strcmp(error, CONFIG_ERROR_STORAGE))
		return shell_refuse(
			shell,
			"The commit could not be stored (%s). Nothing was changed; the changes are kept in "
			"this session: make room, then commit again",
			reply_text(reply, "reason"));
	if (!strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse(shell, "This command is not authorized");
	if (!strcmp(error, "org.varlink.service.InvalidParameter"))
		return shell_refuse(shell, "Failed to commit: a %s of this form is not taken",
				    reply_text(reply, "parameter"));
	return shell_refuse(shell,
			    "sallyport-confd refused the commit (%s); the changes are kept in this session",
			    error);
}

static int fail(struct shell *shell, const struct commit_ask *ask, const json_t *reply)
{
	shell->config->faults = json_incref(json_object_get(reply, "faults"));
	shell_say(shell, "%s", text_failed);
	if (ask->shows_faults)
		config_mode_write_failed(shell->config, shell->refusals);
	return -EINVAL;
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
	json_array_foreach(lines, i, line)
	{
		struct err err = { 0 };
		struct match match;

		stmt_match(tree_root(base), NULL, json_string_value(line), true, &match);
		r = match.status == MATCH_OK ? tree_apply(candidate, &match, &err) : -EINVAL;
		stmt_match_done(&match);
		if (r < 0)
			return shell_refuse(shell,
					    "The line \"%s\" does not fit what was committed meanwhile: %s",
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

/* Who has committed meanwhile, and what. */
static void tell_of_others(struct shell *shell, const json_t *commits)
{
	json_t *reply = NULL;
	const json_t *commit;
	const char *text;
	char when[64];
	size_t i;

	shell_say(shell, "%s", text_conflict);
	json_array_foreach(commits, i, commit)
	{
		clock_text_long(json_integer_value(json_object_get(commit, "changed_us")), when,
				sizeof(when));
		shell_say(shell, "  %s  %s  %s  %s\n", reply_text(commit, "commit_id"),
			  reply_text(commit, "user"), reply_text(commit, "line"), when);
	}
	if (!json_array_size(commits))
		return;
	remote_call(&shell->remote, REMOTE_CONFD, CONFIG_GET_CHANGES,
		    json_pack("{s:i, s:b}", "last", (int)json_array_size(commits), "signs", true),
		    REMOTE_TIMEOUT_MS, &reply, NULL, NULL);
	text = json_string_value(json_object_get(reply, "text"));
	if (text && strlen(text) <= CHANGES_SHOWN_MAX_BYTES)
		shell_say(shell, "%s", text);
	json_decref(reply);
}

static int conflict(struct shell *shell, const struct commit_ask *ask, const json_t *reply)
{
	char answer[CONFIG_ANSWER_MAX] = "";
	int r;

	tell_of_others(shell, json_object_get(reply, "commits"));
	r = shell_ask(shell, text_proceed, answer, sizeof(answer));
	if (r < 0)
		return r;
	if (!config_answer_is(answer, "yes"))
		return -ECANCELED;
	/* a candidate that replaces all stays what it is */
	return rebase(shell, ask->replace ? NULL : ask->lines);
}

/* What an error answer means; -EAGAIN when the commit is to be sent again. */
static int take_error(struct shell *shell, struct commit_ask *ask, const char *error, const json_t *reply)
{
	int r;

	if (!strcmp(error, CONFIG_ERROR_FAILED))
		return fail(shell, ask, reply);
	if (!strcmp(error, CONFIG_ERROR_CONFLICT)) {
		r = conflict(shell, ask, reply);
		return r < 0 ? r : -EAGAIN;
	}
	if (!strcmp(error, CONFIG_ERROR_NOTHING)) {
		shell->trial_armed = false;
		shell_refuse(shell, "No configuration changes to commit.");
		return config_mode_refresh(shell);
	}
	return config_commit_refuse(shell, error, reply);
}

/* ---- commit ---- */

/* The candidate became what runs. */
static int adopt_candidate(struct shell *shell, const char *commit_id)
{
	struct config_mode *config = shell->config;
	AUTO(tree_free) struct tree *typed = NULL;
	char *base_id = strdup(commit_id);

	if (!base_id || tree_new(tree_root(config->candidate), &typed) < 0) {
		free(base_id);
		return shell_refuse(shell, "Out of memory");
	}
	free(config->base_id);
	config->base_id = base_id;
	tree_free(config->base);
	tree_free(config->typed);
	config->base = take(config->candidate);
	config->typed = take(typed);
	if (tree_copy(config->base, &config->candidate) == 0)
		return 0;
	config->candidate = NULL;
	config_mode_leave(shell);
	return shell_refuse(shell, "Out of memory");
}

/* After a commit. */
static int settle(struct shell *shell, const struct commit_ask *ask, const json_t *reply)
{
	json_t *faults = json_object_get(reply, "faults");

	shell->trial_armed = ask->confirmed_s > 0 && json_array_size(ask->lines);
	shell_forget_caller(shell);
	config_commit_tell(shell, reply);
	if (json_array_size(faults)) {
		shell->config->faults = json_incref(faults);
		shell_say(shell, "%s", text_best_effort);
	}
	if (!json_array_size(faults) && !ask->replace)
		return adopt_candidate(shell, reply_text(reply, "commit_id"));
	return config_mode_refresh(shell);
}

static int send_commit(struct shell *shell, struct commit_ask *ask)
{
	AUTO(free) char *error = NULL;
	json_t *reply = NULL, *parameters;
	int r;

	json_decref(shell->config->faults);
	shell->config->faults = NULL;
	parameters = json_pack("{s:s, s:O, s:s, s:s*, s:s*, s:b, s:b, s:b}", "base_commit_id",
			       shell->config->base_id, "lines", ask->lines, "line_name", shell->line_name,
			       "label", ask->label, "comment", ask->comment, "replace", ask->replace,
			       "best_effort", ask->best_effort, "force", ask->force);
	if (!parameters)
		return shell_refuse(shell, "The label or the comment is not UTF-8 text");
	if (ask->confirmed_s)
		json_object_set_new(parameters, "confirmed_s", json_integer(ask->confirmed_s));
	r = shell_call(shell, REMOTE_CONFD, CONFIG_COMMIT, parameters, REMOTE_COMMIT_TIMEOUT_MS, &reply,
		       &error);
	if (r == 0)
		r = settle(shell, ask, reply);
	else if (r == -EREMOTEIO)
		r = take_error(shell, ask, error ? error : "", reply);
	else
		shell_say(shell, "%% The changes are kept in this session\n");
	json_decref(reply);
	return r;
}

static int ask_replace(struct shell *shell)
{
	char answer[CONFIG_ANSWER_MAX] = "";
	int r;

	shell_say(shell, "%s", text_replace);
	r = shell_ask(shell, text_replace_proceed, answer, sizeof(answer));
	if (r < 0)
		return r;
	return config_answer_is(answer, "yes") ? 0 : -ECANCELED;
}

static int commit(struct shell *shell, struct commit_ask *ask)
{
	int r = 0;

	if (!json_array_size(ask->lines) && !shell->trial_armed) {
		shell_refuse(shell, "No configuration changes to commit.");
		return 0;
	}
	if (ask->replace && json_array_size(ask->lines))
		r = ask_replace(shell);
	else
		ask->replace = false; /* nothing to put in the place of all: at most a trial to confirm */
	if (r == 0)
		r = config_session_keep(shell);
	if (r == 0)
		r = send_commit(shell, ask);
	while (r == -EAGAIN) {
		r = gather_lines(shell, ask);
		if (r == 0)
			r = send_commit(shell, ask);
	}
	return r;
}

int config_commit_run(struct shell *shell, const struct match *match)
{
	struct commit_ask ask;
	int r = ask_of(shell, match, &ask);

	if (r == 0)
		r = commit(shell, &ask);
	json_decref(ask.lines);
	free(ask.label);
	free(ask.comment);
	return r;
}

/* ---- grammar ---- */

static const struct arg arg_label = {
	.name = "WORD",
	.help = "Label, beginning with a letter",
	.min = 1,
	.max = 30,
	.text = true,
	.words_taken = 1,
};

static const struct arg arg_comment = {
	.name = "LINE",
	.help = "Text of the comment",
	.min = 1,
	.max = 60,
	.text = true,
};

static const struct arg arg_seconds = {
	.help = "Time until rollback",
	.unit = "seconds",
	.min = CONFIG_TRIAL_MIN_S,
	.max = CONFIG_TRIAL_MAX_S,
	.words_taken = 1,
};

static const struct arg arg_minutes = {
	.help = "Time until rollback",
	.unit = "minutes",
	.min = 1,
	.max = 1024,
	.words_taken = 1,
};

#define COMMIT_ROW(word_, help_)                                                                            \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = config_commit_run, .flags = STMT_WRITES, \
	.task = "config-services", .source = "clients.md section 3; features.md 2E"
#define COMMENT_ROW                                                                           \
	{                                                                                     \
		COMMIT_ROW("comment", "Assign a comment to this commit"), .arg = &arg_comment \
	}
#define LABEL_ROW(sub_)                                                                                \
	{                                                                                              \
		COMMIT_ROW("label", "Assign a label to this commit"), .arg = &arg_label, .sub = (sub_) \
	}
#define CONFIRMED_ROW(sub_)                                                                        \
	{                                                                                          \
		.kind = STMT_RUN, .word = "confirmed",                                             \
		.help = "Roll back unless there is a confirming commit", .run = config_commit_run, \
		.flags = STMT_WRITES | STMT_ARG_OPTIONAL, .task = "config-services",               \
		.source = "clients.md section 3", .arg = &arg_seconds, .sub = (sub_)               \
	}
#define SHOW_ERROR_ROW                                                         \
	{                                                                      \
		COMMIT_ROW("show-error", "Show the lines that failed at once") \
	}

static const struct stmt comment_rows[] = { COMMENT_ROW, STMT_DONE };

static const struct stmt label_rows[] = { COMMENT_ROW, LABEL_ROW(comment_rows), STMT_DONE };

static const struct stmt confirmed_rows[] = {
	COMMENT_ROW,
	LABEL_ROW(comment_rows),
	{ COMMIT_ROW("minutes", "Give the time in minutes"), .arg = &arg_minutes,
	  .sub = label_rows },
	STMT_DONE,
};

static const struct stmt confirmed_comment_rows[] = {
	COMMENT_ROW,
	{ COMMIT_ROW("minutes", "Give the time in minutes"), .arg = &arg_minutes,
	  .sub = comment_rows },
	STMT_DONE,
};

static const struct stmt after_label_rows[] = { COMMENT_ROW, CONFIRMED_ROW(confirmed_comment_rows),
						STMT_DONE };

static const struct stmt kind_rows[] = {
	COMMENT_ROW, CONFIRMED_ROW(confirmed_rows), LABEL_ROW(after_label_rows), SHOW_ERROR_ROW, STMT_DONE,
};

static const struct stmt force_rows[] = {
	COMMENT_ROW,
	CONFIRMED_ROW(confirmed_rows),
	{ COMMIT_ROW("force", "Commit even when it locks this session out"), .sub = kind_rows },
	LABEL_ROW(after_label_rows),
	SHOW_ERROR_ROW,
	STMT_DONE,
};

const struct stmt config_commit_rows[] = {
	{ COMMIT_ROW("best-effort", "Commit what is accepted and leave out the rest"), .sub = force_rows },
	COMMENT_ROW,
	CONFIRMED_ROW(confirmed_rows),
	{ COMMIT_ROW("force", "Commit even when it locks this session out"), .sub = kind_rows },
	LABEL_ROW(after_label_rows),
	{ COMMIT_ROW("replace", "Replace the whole configuration by what was entered"), .sub = force_rows },
	SHOW_ERROR_ROW,
	STMT_DONE,
};
