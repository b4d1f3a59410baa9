/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the shell's line. sallyport-sshd knows which vty a session has and what the configuration says of it; the
 * console's settings come from there too. The absolute timeout of a session is kept by sallyport-sshd, whatever the
 * shell does; only the console's is kept here.
 */
#include "cli/shell_line.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

#define LENGTH_DEFAULT		24
#define WIDTH_DEFAULT		80

static void line_ask(struct shell *shell)
{
	struct line_report report;
	struct err err = { .text = "" };
	json_t *ask = json_pack("{s:I}", "session_id", (json_int_t)shell->session_id), *reply = NULL;

	remote_call(&shell->remote, REMOTE_SSHD, SSH_GET_LINE, ask, REMOTE_PROMPT_TIMEOUT_MS, &reply, NULL,
		    NULL);
	if (reply && field_decode(line_report_fields, json_object_get(reply, "line"), &report, &err) == 0)
		shell->line = report;
	json_decref(reply);
}

static void limits_set(struct shell *shell)
{
	int64_t until_us = 0;

	if (!shell->session_id && shell->line.absolute_timeout_s > 0)
		until_us = shell->start_us + shell->line.absolute_timeout_s * 1000000;
	edit_limit(shell->edit, shell->line.exec_timeout_s, until_us);
}

void shell_line_size(struct shell *shell)
{
	unsigned lines, columns;

	edit_size(shell->edit, &lines, &columns);
	if (shell->line.length >= 0 && shell->line.length <= SHELL_LENGTH_MAX && !shell->length_typed)
		shell->length = (unsigned)shell->line.length;
	else if (!shell->length_typed)
		shell->length = lines ? lines : LENGTH_DEFAULT;
	if (shell->line.width >= 0 && shell->line.width <= SHELL_WIDTH_MAX && !shell->width_typed)
		shell->width = (unsigned)shell->line.width;
	else if (!shell->width_typed)
		shell->width = columns ? columns : WIDTH_DEFAULT;
}

void shell_line_begin(struct shell *shell)
{
	shell->start_us = clock_monotonic_us();
	line_ask(shell);
	if (shell->session_id && shell->line.line[0])
		snprintf(shell->line_name, sizeof(shell->line_name), "%s", shell->line.line);
	shell->timestamp = shell->line.timestamp;
	shell_line_size(shell);
	limits_set(shell);
}

void shell_line_refresh(struct shell *shell)
{
	line_ask(shell);
	limits_set(shell);
}

bool shell_line_timed_out(struct shell *shell)
{
	switch (edit_timed_out(shell->edit)) {
	case EDIT_IN_TIME:
		return false;
	case EDIT_IDLE:
		fprintf(shell->terminal,
			"\n%% The session ends: nothing was typed for %" PRId64 " min %" PRId64 " s (exec-timeout)\n",
			shell->line.exec_timeout_s / 60, shell->line.exec_timeout_s % 60);
		break;
	case EDIT_OVER:
		fprintf(shell->terminal, "\n%% The session ends: it lasted %" PRId64 " min (absolute-timeout)\n",
			shell->line.absolute_timeout_s / 60);
		break;
	}
	fflush(shell->terminal);
	return true;
}
