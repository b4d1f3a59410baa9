/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commands that look at the configuration, in exec mode and in configuration mode alike.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/config_mode.h"
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

/* The words of a match as they stand in the configuration; NULL when memory is short. */
static char *path_text(const struct match *path)
{
	AUTO(free) char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < path->steps_len; i++)
		fprintf(out, "%s%s%s%s", i ? " " : "", path->steps[i].row->word, path->steps[i].value ? " " : "",
			path->steps[i].value ? path->steps[i].value : "");
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
			clock_text_long(changed_us, when, sizeof(when)), changed_by[0] ? changed_by : "system");
	else
		fputs("!! Last configuration change at start by system\n", shell->out);
	fprintf(shell->out, "!\n%send\n\n", text);
}

int exec_show_running(struct shell *shell, const struct match *match)
{
	const char *line = stmt_match_value(match, "running-config"), *text, *changed_by;
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_GET_RUNNING, NULL, &reply);

	if (r < 0)
		return r;
	text = json_string_value(json_object_get(reply, "text"));
	changed_by = json_string_value(json_object_get(reply, "changed_by"));
	if (!text)
		r = shell_refuse(shell, "The answer of sallyport-confd has no text: CLI and daemon differ in version");
	else if (line)
		r = show_part(shell, line, text);
	else
		show_whole(shell, text, json_integer_value(json_object_get(reply, "changed_us")),
			   changed_by ? changed_by : "");
	json_decref(reply);
	return r;
}

/* ---- show configuration ---- */

int exec_show_configuration(struct shell *shell, const struct match *match)
{
	(void)match;
	fputs("Building configuration...\n!! IOS XR Configuration " SHELL_VERSION "\n", shell->out);
	config_mode_write_pending(shell->config, shell->out);
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

static int show_changes(struct shell *shell, const struct match *match)
{
	(void)match;
	fputs("Building configuration...\n!! IOS XR Configuration " SHELL_VERSION "\n", shell->out);
	config_mode_write_changes(shell->config, shell->out);
	fputs("end\n\n", shell->out);
	return 0;
}

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

static void print_commits(FILE *out, const json_t *commits)
{
	const json_t *commit;
	size_t i;

	column_head(out, commit_columns, false);
	fputs("~~~~  ~~~~~~~~~~  ~~~~~~~~~~  ~~~~~~~~~~~~~~~~~~  ~~~~~~~~~~  ~~~~~~~~~~~~~~~~~~~~~~~~\n", out);
	json_array_foreach(commits, i, commit) {
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

static int show_commits(struct shell *shell, const struct match *match)
{
	json_t *reply = NULL, *commits;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_LIST_COMMITS, NULL, &reply);

	(void)match;
	if (r < 0)
		return r;
	commits = json_object_get(reply, "commits");
	if (!json_is_array(commits))
		r = shell_refuse(shell, "The answer of sallyport-confd has no list: CLI and daemon differ in version");
	else if (shell_wants_json(shell))
		r = column_json(shell->out, json_incref(commits));
	else
		print_commits(shell->out, commits);
	json_decref(reply);
	return r;
}

/* ---- rows ---- */

static const struct stmt commit_list_rows[] = {
	{ .kind = STMT_RUN, .word = "list", .help = "The commits, newest first", .run = show_commits,
	  .task = "config-services", .source = "clients.md section 4" },
	STMT_DONE,
};

static const struct stmt changes_rows[] = {
	{ .kind = STMT_RUN, .word = "diff", .help = "Lines added (+) and removed (-)", .run = show_changes,
	  .task = "config-services", .source = "clients.md section 2, Ansible" },
	STMT_DONE,
};

const struct stmt exec_show_configuration_rows[] = {
	{ .kind = STMT_NODE, .word = "changes", .help = "What a commit would change", .sub = changes_rows,
	  .task = "config-services", .source = "clients.md section 3" },
	{ .kind = STMT_NODE, .word = "commit", .help = "Commits", .sub = commit_list_rows, .task = "config-services",
	  .source = "features.md 2E" },
	{ .kind = STMT_RUN, .word = "failed", .help = "Lines that the last commit refused, with reasons",
	  .run = show_failed, .task = "config-services", .source = "clients.md section 3" },
	STMT_DONE,
};

const struct stmt exec_show_commit_rows[] = {
	{ .kind = STMT_NODE, .word = "changes", .help = "What a commit would change", .sub = changes_rows,
	  .task = "config-services", .source = "clients.md section 2, Ansible" },
	STMT_DONE,
};
