/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: configuration sessions as confd knows them. Ours is a call that stays open: when this process goes, by whatever
 * way, so do the session and its lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/varlink.h"
#include "cli/column.h"
#include "cli/config_commit.h"
#include "cli/config_mode.h"
#include "cli/config_past.h"
#include "conf/config_report.h"

static const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

void config_session_print(FILE *out, const json_t *sessions)
{
	const json_t *session;
	char when[64];
	size_t i;

	fputs("Current Configuration Session  Line       User     Date                     Lock\n", out);
	json_array_foreach(sessions, i, session)
	{
		clock_text_long(json_integer_value(json_object_get(session, "since_us")), when, sizeof(when));
		fprintf(out, "%-30s %-10s %-8s %-24s %s\n", member_text(session, "session_id"),
			member_text(session, "line"), member_text(session, "user"), when,
			json_is_true(json_object_get(session, "exclusive")) ? "*" : "");
	}
}

static bool somebody_locks(const json_t *sessions, const char *own_id)
{
	const json_t *session;
	size_t i;

	json_array_foreach(sessions, i,
			   session) if (json_is_true(json_object_get(session, "exclusive")) &&
					strcmp(member_text(session, "session_id"), own_id)) return true;
	return false;
}

static int refuse(struct shell *shell, const char *error, const json_t *reply)
{
	if (!strcmp(error, CONFIG_ERROR_LOCKED)) {
		config_session_print(shell->refusals, json_object_get(reply, "sessions"));
		shell_say(shell, "Cannot enter exclusive mode. The Configuration Namespace is locked by "
				 "another agent.\n");
		return -EINVAL;
	}
	if (!strcmp(error, CONFIG_ERROR_TRIAL)) {
		shell_say(shell, "Cannot enter exclusive mode. A trial commit is underway in another "
				 "configuration session.\n");
		return -EINVAL;
	}
	if (!strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse(shell, "This command is not authorized");
	return shell_refuse(shell, "sallyport-confd refused the command (%s)", error);
}

int config_session_open(struct shell *shell, struct config_mode *config)
{
	AUTO(free) char *error = NULL;
	struct err err = { 0 };
	json_t *reply = NULL;
	int r;

	varlink_client_free(config->session);
	config->session = NULL;
	r = remote_hold(&shell->remote, REMOTE_CONFD, CONFIG_OPEN_SESSION,
			json_pack("{s:s, s:b}", "line_name", shell->line_name, "exclusive",
				  config->exclusive),
			REMOTE_TIMEOUT_MS, &config->session, &reply, &error, &err);
	if (r == -EREMOTEIO)
		r = refuse(shell, error ? error : "", reply);
	else if (r < 0)
		r = shell_refuse(shell, "%s", err.text);
	snprintf(config->session_id, sizeof(config->session_id), "%s", member_text(reply, "session_id"));
	if (r == 0 && !config->exclusive &&
	    somebody_locks(json_object_get(reply, "sessions"), config->session_id))
		config_session_print(shell->out, json_object_get(reply, "sessions"));
	json_decref(reply);
	return r;
}

int config_session_keep(struct shell *shell)
{
	const json_t *session;
	json_t *reply = NULL;
	bool known = false;
	size_t i;
	int r;

	if (!shell->config->exclusive)
		return 0;
	r = shell_fetch(shell, REMOTE_CONFD, CONFIG_LIST_SESSIONS, NULL, &reply);
	json_array_foreach(json_object_get(reply, "sessions"), i, session)
		known = known || !strcmp(member_text(session, "session_id"), shell->config->session_id);
	json_decref(reply);
	return r < 0 || known ? r : config_session_open(shell, shell->config);
}

int config_past_sessions(struct shell *shell, const struct match *match)
{
	json_t *reply = NULL, *sessions;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_LIST_SESSIONS, NULL, &reply);

	(void)match;
	if (r < 0)
		return r;
	sessions = json_object_get(reply, "sessions");
	if (shell_wants_json(shell))
		r = column_json(shell->out, json_incref(sessions));
	else if (json_array_size(sessions))
		config_session_print(shell->out, sessions);
	json_decref(reply);
	return r;
}
