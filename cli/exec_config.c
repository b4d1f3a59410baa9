/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commands that look at the configuration, in exec mode and in configuration mode alike.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/config_commit.h"
#include "cli/config_mode.h"
#include "cli/config_past.h"
#include "cli/running_text.h"
#include "conf/config_report.h"
#include "conf/root.h"

const struct arg arg_configuration_path = {
	.name = "LINE",
	.help = "A part of the configuration",
	.min = 1,
	.max = STMT_LINE_MAX_BYTES,
	.text = true,
	.complete = SHELL_NESTED_CONFIG,
};

/* ---- show running-config ---- */

/* The words of a match as they stand in the configuration, for running_text_below(); NULL when memory is short. */
static char *path_text(const struct match *path)
{
	AUTO(free) char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < path->steps_len; i++) {
		const struct stmt *row = path->steps[i].row;
		const char *value = path->steps[i].value ? path->steps[i].value : "";

		fputs(!i ? "" : row->flags & STMT_MORE ? "\t" : " ", out);
		if (row->flags & (STMT_BARE | STMT_UNSPOKEN))
			fputs(value, out);
		else
			fprintf(out, "%s%s%s", row->word, value[0] ? " " : "", value);
	}
	if (fclose(out))
		return NULL;
	return take(text);
}

static int show_part(struct shell *shell, const char *line, const char *text)
{
	AUTO(free) char *path = NULL;
	struct match match;
	size_t lines = 0;

	stmt_match(conf_root, NULL, line, false, &match);
	if (match.status == MATCH_OK || match.status == MATCH_INCOMPLETE)
		path = path_text(&match);
	stmt_match_done(&match);
	if (path && path[0])
		lines = running_text_below(text, path, shell->out);
	if (!lines)
		return shell_refuse(shell, "No such configuration item(s)");
	fputc('\n', shell->out);
	return 0;
}

static void show_whole(struct shell *shell, const char *text, int64_t changed_us, const char *changed_by)
{
	char when[64];

	fputs("Building configuration...\n!! IOS XR Configuration " SHELL_VERSION "\n", shell->out);
	if (changed_us)
		fprintf(shell->out, "!! Last configuration change at %s by %s\n",
			clock_text_long(changed_us, when, sizeof(when)),
			changed_by[0] ? changed_by : "system");
	else
		fputs("!! Last configuration change at start by system\n", shell->out);
	fprintf(shell->out, "!\n%send\n\n", text);
}

int exec_show_running(struct shell *shell, const struct match *match)
{
	/* the last step, whichever of the two words was typed; none where the whole is asked for by other ways */
	const char *line = match->steps_len ? match->steps[match->steps_len - 1].value : NULL, *text, *changed_by;
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_GET_RUNNING, NULL, &reply);

	if (r < 0)
		return r;
	text = json_string_value(json_object_get(reply, "text"));
	changed_by = json_string_value(json_object_get(reply, "changed_by"));
	if (!text)
		r = shell_refuse(
			shell, "The answer of sallyport-confd has no text: CLI and daemon differ in version");
	else if (line)
		r = show_part(shell, line, text);
	else
		show_whole(shell, text, json_integer_value(json_object_get(reply, "changed_us")),
			   changed_by ? changed_by : "");
	json_decref(reply);
	return r;
}

/* ---- show configuration ---- */

static void show_head(struct shell *shell)
{
	fputs("Building configuration...\n!! IOS XR Configuration " SHELL_VERSION "\n", shell->out);
}

int exec_show_configuration(struct shell *shell, const struct match *match)
{
	(void)match;
	show_head(shell);
	config_mode_write_pending(shell->config, shell->out);
	fputs("end\n\n", shell->out);
	return 0;
}

static int show_whole_configuration(struct shell *shell, const struct match *match)
{
	(void)match;
	return exec_show_running(shell, &(const struct match){ .status = MATCH_OK });
}

/* What would run after a commit. */
static int show_merge(struct shell *shell, const struct match *match)
{
	if (!shell->config)
		return show_whole_configuration(shell, match);
	show_head(shell);
	tree_write(shell->config->candidate, NULL, 0, shell->out);
	fputs("end\n\n", shell->out);
	return 0;
}

static int show_failed(struct shell *shell, const struct match *match)
{
	(void)match;
	if (!config_mode_write_failed(shell->config, shell->out))
		return shell_refuse(shell, "No such configuration item(s)");
	return 0;
}

/* "show commit changes diff": what commit would do. */
static int show_commit_changes(struct shell *shell, const struct match *match)
{
	(void)match;
	show_head(shell);
	config_mode_write_changes(shell->config, false, shell->out);
	fputs("end\n\n", shell->out);
	return 0;
}

/* "show configuration changes diff": what commit replace would do. */
static int show_replace_changes(struct shell *shell, const struct match *match)
{
	(void)match;
	show_head(shell);
	config_mode_write_changes(shell->config, true, shell->out);
	fputs("end\n\n", shell->out);
	return 0;
}

/* ---- rows ---- */

#define SHOW_ROW(word_, help_, run_, source_)                                                         \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = "config-services", \
	.source = (source_)
#define NODE_ROW(word_, help_, source_) \
	.kind = STMT_NODE, .word = (word_), .help = (help_), .task = "config-services", .source = (source_)

static const struct stmt commit_changes_rows[] = {
	{ SHOW_ROW("diff", "Lines added (+) and removed (-)", show_commit_changes,
		   "clients.md section 2, Ansible") },
	STMT_DONE,
};

static const struct stmt replace_changes_rows[] = {
	{ SHOW_ROW("diff", "Lines added (+) and removed (-)", show_replace_changes, "clients.md section 3") },
	STMT_DONE,
};

static const struct stmt failed_rows[] = {
	{ SHOW_ROW("inheritance", "The same: nothing is inherited here", show_failed,
		   "clients.md section 3") },
	STMT_DONE,
};

static const struct stmt sessions_rows[] = {
	{ SHOW_ROW("detail", "The same", config_past_sessions, "features.md 2E") },
	STMT_DONE,
};

const struct stmt exec_show_configuration_rows[] = {
	{ NODE_ROW("changes", "What commit replace would change", "clients.md section 3"),
	  .sub = replace_changes_rows },
	{ NODE_ROW("commit", "Commits", "features.md 2E"), .sub = config_past_commit_rows },
	{ SHOW_ROW("failed", "Lines that the last commit refused, with reasons", show_failed,
		   "clients.md section 3"),
	  .sub = failed_rows },
	{ SHOW_ROW("history", "What has happened to the configuration", config_past_history,
		   "clients.md section 2, Ansible"),
	  .sub = config_past_history_rows },
	{ SHOW_ROW("merge", "What would run after a commit", show_merge, "features.md 2E") },
	{ NODE_ROW("rollback", "What taking commits back would change", "features.md 2E"),
	  .sub = config_past_rollback_rows },
	{ SHOW_ROW("running", "The running configuration", show_whole_configuration, "features.md 2E") },
	{ SHOW_ROW("sessions", "Who is in configuration mode", config_past_sessions, "features.md 2E"),
	  .sub = sessions_rows },
	STMT_DONE,
};

const struct stmt exec_show_commit_rows[] = {
	{ NODE_ROW("changes", "What a commit would change", "clients.md section 2, Ansible"),
	  .sub = commit_changes_rows },
	STMT_DONE,
};
