/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "terminal monitor". A call that lasts brings the lines; they are shown above the line that is being typed, never
 * in the middle of an answer. When the daemon that sends them goes, the operator is told.
 */
#include "cli/exec_logging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log_report.h"
#include "base/varlink.h"
#include "cli/show_logging.h"
#include "conf/logging_conf.h"
#include "services/logging_report.h"

#define SEVERITY_DEFAULT 7 /* logging monitor */

struct log_monitor {
	struct shell *shell;
	struct varlink_client *client;
};

void log_monitor_free(struct log_monitor *monitor)
{
	if (!monitor)
		return;
	edit_watch(monitor->shell->edit, -1, NULL, NULL);
	varlink_client_free(monitor->client);
	free(monitor);
}

static void lines_print(struct shell *shell, const json_t *reply)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(reply, "lines"), i, line) {
		const char *text = json_string_value(json_object_get(line, "text"));
		AUTO(free) char *clean = text ? log_text_harmless(text) : NULL;

		if (clean)
			fprintf(shell->terminal, "%s\n", clean);
	}
}

/* The lines that are there. True when something was printed. */
static bool on_ready(void *userdata)
{
	struct log_monitor *monitor = userdata;
	struct shell *shell = monitor->shell;
	bool printed = false;
	json_t *reply;
	int r;

	while ((r = varlink_client_next(monitor->client, &reply)) > 0) {
		if (!printed && json_array_size(json_object_get(reply, "lines")) > 0) {
			edit_step_aside(shell->edit);
			printed = true;
		}
		lines_print(shell, reply);
		json_decref(reply);
	}
	if (r < 0) {
		if (!printed)
			edit_step_aside(shell->edit);
		fputs("% Messages are no longer shown: the service went away; terminal monitor asks again\n",
		      shell->terminal);
		printed = true;
		log_monitor_free(take(shell->monitor));
	}
	fflush(shell->terminal);
	return printed;
}

/* What "logging monitor" says. */
static int severity_wanted(struct shell *shell)
{
	json_t *state = NULL;
	const char *word;
	int severity = SEVERITY_DEFAULT;

	remote_call(&shell->remote, REMOTE_SSHD, SSH_GET_LOGGING, NULL, REMOTE_TIMEOUT_MS, &state, NULL, NULL);
	word = json_string_value(json_object_get(json_object_get(state, "logging"), "monitor"));
	for (int i = 0; word && logging_severity_words[i]; i++)
		if (!strcmp(logging_severity_words[i], word))
			severity = i;
	json_decref(state);
	return severity;
}

/* Whichever daemon answers: all of them see every line. */
static int monitor_begin(struct shell *shell, int severity, struct varlink_client **ret_client, struct err *err)
{
	static const enum remote_daemon daemons[] = { REMOTE_SSHD, REMOTE_CONFD };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(daemons) && r < 0; i++) {
		AUTO(free) char *error = NULL;
		json_t *reply = NULL;

		r = remote_hold(&shell->remote, daemons[i], LOG_FOLLOW, json_pack("{s:i}", "severity", severity),
				REMOTE_TIMEOUT_MS, ret_client, &reply, &error, err);
		if (r == -EREMOTEIO)
			err_set(err, r, "%s refused the command (%s)", remote_name(daemons[i]),
				error ? error : "no reason given");
		json_decref(reply);
	}
	return r;
}

int exec_terminal_monitor(struct shell *shell, const struct match *match)
{
	struct varlink_client *client = NULL;
	struct err err = { .text = "" };

	(void)match;
	if (!edit_is_terminal(shell->edit))
		return shell_refuse(shell, "This command is for terminals: show logging shows what has been written");
	if (shell->monitor)
		return 0;
	if (monitor_begin(shell, severity_wanted(shell), &client, &err) < 0)
		return shell_refuse(shell, "%s", err.text);
	shell->monitor = calloc(1, sizeof(*shell->monitor));
	if (!shell->monitor) {
		varlink_client_free(client);
		return shell_refuse(shell, "Out of memory");
	}
	*shell->monitor = (struct log_monitor){ shell, client };
	edit_watch(shell->edit, varlink_client_fd(client), on_ready, shell->monitor);
	return 0;
}

static int run_disable(struct shell *shell, const struct match *match)
{
	(void)match;
	log_monitor_free(take(shell->monitor));
	return 0;
}

const struct stmt exec_monitor_rows[] = {
	{ .kind = STMT_RUN, .word = "disable", .help = "Show messages no longer", .run = run_disable, .task = "logging",
	  .source = "IOS XR: terminal monitor disable" },
	STMT_DONE,
};
