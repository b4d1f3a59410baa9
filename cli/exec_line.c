/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commands about terminal lines and about what was typed on one's own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/column.h"
#include "cli/exec.h"
#include "cli/show_line.h"

/* ---- lines ---- */

static int show_only(struct shell *shell, const char *only)
{
	struct show_line_ask ask = { .own = shell->line_name, .only = only };
	struct err err = { .text = "" };
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_SSHD, SSH_LIST_LINES, NULL, &reply);

	if (r < 0)
		return r;
	r = show_lines(shell->out, reply, &ask, shell_wants_json(shell), &err);
	json_decref(reply);
	if (r == -ENOENT)
		return shell_refuse(shell, "There is no line %s now; show line lists those there are", only);
	return r < 0 ? shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory") : 0;
}

int exec_show_line(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_only(shell, NULL);
}

static int show_console(struct shell *shell, const struct match *match)
{
	(void)match;
	return show_only(shell, "con0");
}

static int show_vty(struct shell *shell, const struct match *match)
{
	char name[24];

	snprintf(name, sizeof(name), "vty%s", stmt_match_value(match, "vty"));
	return show_only(shell, name);
}

static const struct arg arg_vty = {
	.help = "Number of the virtual terminal", .min = 0, .max = 8191, .words_taken = 1,
};

#define LINE_ROW(word_, help_, run_, task_)                                                 \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = (task_), \
	.source = "clients.md section 4; IOS XR"

const struct stmt exec_show_line_rows[] = {
	{ LINE_ROW("console", "The console", show_console, "tty-access") },
	{ LINE_ROW("vty", "A virtual terminal", show_vty, "tty-access"), .arg = &arg_vty },
	STMT_DONE,
};

/* ---- history ---- */

struct history_list {
	FILE *out;
	json_t *rows; /* NULL: text */
};

static void on_line(const char *line, void *userdata)
{
	const struct history_list *list = userdata;

	if (list->rows)
		json_array_append_new(list->rows, json_pack("{s:s}", "line", line));
	else
		fprintf(list->out, "  %s\n", line);
}

int exec_show_history(struct shell *shell, const struct match *match)
{
	struct history_list list = { .out = shell->out, .rows = shell_wants_json(shell) ? json_array() : NULL };

	(void)match;
	edit_each_line(shell->edit, on_line, &list);
	return list.rows ? column_json(shell->out, list.rows) : 0;
}

static int set_size(struct shell *shell, const struct match *match)
{
	edit_remember_lines(shell->edit, (unsigned)strtoul(stmt_match_value(match, "size"), NULL, 10));
	return 0;
}

static const struct arg arg_size = {
	.help = "Lines that are kept", .unit = "lines", .min = 0, .max = EDIT_HISTORY_MAX, .words_taken = 1,
};

const struct stmt exec_terminal_history_rows[] = {
	{ LINE_ROW("size", "How many lines are kept", set_size, TASK_NONE), .arg = &arg_size },
	STMT_DONE,
};
