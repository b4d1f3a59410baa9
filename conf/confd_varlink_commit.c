/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the methods of org.sallyport.Config that are not answered at once: commits, rollbacks and slices wait for their
 * turn, and a session is answered by its end only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define CLIENT_DEFAULT "CLI"

AUTO_DECLARE(struct confd_request, confd_request_free)

/* ---- what may take a while ---- */

/* One call that waits in the queue of commits; ends with its answer or with the caller. */
struct waiting_call {
	struct confd *confd;
	struct varlink_call *call;
};

static void waiting_answer(const char *error_name, json_t *parameters, void *userdata)
{
	struct waiting_call *waiting = userdata;

	if (error_name)
		varlink_error(waiting->call, error_name, parameters);
	else
		varlink_reply(waiting->call, parameters);
	free(waiting);
}

static void waiting_gone(void *userdata)
{
	struct waiting_call *waiting = userdata;

	confd_commits_forget(waiting->confd->commits, waiting);
	free(waiting);
}

static struct waiting_call *waiting_new(struct confd *confd, struct varlink_call *call)
{
	struct waiting_call *waiting = malloc(sizeof(*waiting));

	if (!waiting)
		return NULL;
	*waiting = (struct waiting_call){ .confd = confd, .call = call };
	varlink_call_on_gone(call, waiting_gone, waiting);
	return waiting;
}

static void reply_busy(struct varlink_call *call, const char *reason)
{
	varlink_error(call, CONFIG_ERROR_FAILED,
		      json_pack("{s:[{s:s, s:s}]}", "faults", "line", "", "reason", reason));
}

void confd_handle_get_slice(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct confd *confd = userdata;
	const struct conf_member *member = conf_members;
	struct waiting_call *waiting;
	struct confd_caller caller;
	const char *name;

	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!caller.trusted) {
		varlink_error_permission(call);
		return;
	}
	name = json_string_value(json_object_get(parameters, "member"));
	while (name && member->name && strcmp(member->name, name))
		member++;
	if (!name || !member->name) {
		varlink_error_parameter(call, "member");
		return;
	}
	waiting = waiting_new(confd, call);
	if (!waiting || confd_slice_submit(confd->commits, member->owner, waiting_answer, waiting) < 0) {
		varlink_call_on_gone(call, NULL, NULL);
		free(waiting);
		reply_busy(call, "too many members are waiting");
	}
}

/* ---- commits ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A label must not be taken for the number of a commit, and is one word. */
static bool label_is_good(const char *label)
{
	return !label[0] || (is_letter(label[0]) && !strchr(label, ' '));
}

/* What Commit and Rollback share; NULL, or the name of the parameter that is wrong. */
static const char *record_fill(const json_t *parameters, struct confd_request *request)
{
	struct commit_record *record = &request->record;

	snprintf(record->user, sizeof(record->user), "%s", request->caller.user);
	if (!confd_parameter_text(parameters, "line_name", record->line, sizeof(record->line)))
		return "line_name";
	if (!confd_parameter_text(parameters, "label", record->label, sizeof(record->label)) ||
	    !label_is_good(record->label))
		return "label";
	if (!confd_parameter_text(parameters, "comment", record->comment, sizeof(record->comment)))
		return "comment";
	if (!confd_parameter_flag(parameters, "force", &request->force))
		return "force";
	return NULL;
}

static const char *lines_fill(const json_t *parameters, struct confd_request *request)
{
	json_t *lines = json_object_get(parameters, "lines");
	const json_t *line;
	size_t i;

	if (!json_is_array(lines))
		return "lines";
	json_array_foreach(lines, i, line)
	{
		if (!json_is_string(line))
			return "lines";
	}
	request->lines = json_copy(lines); /* best effort takes lines out of it */
	return request->lines ? NULL : "lines";
}

static const char *commit_fill(const json_t *parameters, struct confd_request *request)
{
	struct commit_record *record = &request->record;
	const char *wrong = record_fill(parameters, request);
	bool replace = false;
	int64_t seconds = 0;

	if (wrong)
		return wrong;
	snprintf(record->client, sizeof(record->client), CLIENT_DEFAULT);
	if (!json_is_string(json_object_get(parameters, "base_commit_id")) ||
	    !confd_parameter_text(parameters, "base_commit_id", request->base_commit_id,
				  sizeof(request->base_commit_id)))
		return "base_commit_id";
	if (request->caller.trusted &&
	    !confd_parameter_text(parameters, "user", record->user, sizeof(record->user)))
		return "user";
	if (request->caller.trusted &&
	    !confd_parameter_text(parameters, "client", record->client, sizeof(record->client)))
		return "client";
	if (!confd_parameter_flag(parameters, "replace", &replace))
		return "replace";
	if (!confd_parameter_flag(parameters, "best_effort", &request->best_effort))
		return "best_effort";
	if (!confd_parameter_number(parameters, "confirmed_s", CONFIG_TRIAL_MIN_S, CONFIG_TRIAL_MAX_S,
				    &seconds))
		return "confirmed_s";
	request->wish = replace ? WISH_REPLACE : WISH_LINES;
	request->trial_s = (uint32_t)seconds;
	return lines_fill(parameters, request);
}

static const char *rollback_fill(const json_t *parameters, struct confd_request *request)
{
	const char *wrong = record_fill(parameters, request);
	int64_t last = 0;

	if (wrong)
		return wrong;
	request->wish = WISH_ROLLBACK;
	snprintf(request->record.client, sizeof(request->record.client), "Rollback");
	if (!confd_parameter_number(parameters, "last", 1, CONFD_COMMITS_KEPT, &last))
		return "last";
	if (!confd_parameter_text(parameters, "to", request->undo_id, sizeof(request->undo_id)) ||
	    (last == 0) == (request->undo_id[0] == '\0'))
		return "to";
	request->undo_last = (unsigned)last;
	return NULL;
}

static const char *end_trial_fill(const json_t *parameters, struct confd_request *request)
{
	(void)parameters;
	request->wish = WISH_TRIAL_ENDED;
	snprintf(request->record.client, sizeof(request->record.client), "Rollback");
	return NULL;
}

static void submit(struct confd *confd, struct varlink_call *call, struct confd_request *request)
{
	struct waiting_call *waiting = waiting_new(confd, call);

	if (!waiting) {
		confd_request_free(request);
		reply_busy(call, "out of memory");
		return;
	}
	request->on_answer = waiting_answer;
	request->userdata = waiting;
	if (confd_commit_submit(confd->commits, request) < 0) {
		varlink_call_on_gone(call, NULL, NULL);
		free(waiting);
		reply_busy(call, "too many commits are waiting, try again");
	}
}

static void handle(struct varlink_call *call, const json_t *parameters, struct confd *confd,
		   const char *(*fill)(const json_t *parameters, struct confd_request *request))
{
	AUTO(confd_request_free) struct confd_request *request = calloc(1, sizeof(*request));
	const struct commit_record *trial = confd_trial_record(confd);
	const char *wrong;

	if (!request) {
		reply_busy(call, "out of memory");
		return;
	}
	confd_caller_of(confd, varlink_call_peer(call), &request->caller);
	if (!request->caller.may_configure) {
		varlink_error_permission(call);
		return;
	}
	wrong = fill(parameters, request);
	if (wrong) {
		varlink_error_parameter(call, wrong);
		return;
	}
	if (request->wish == WISH_TRIAL_ENDED && trial) {
		snprintf(request->undo_id, sizeof(request->undo_id), "%" PRIu32, trial->id);
		snprintf(request->record.user, sizeof(request->record.user), "%s", trial->user);
		snprintf(request->record.line, sizeof(request->record.line), "%s", trial->line);
	}
	submit(confd, call, take(request));
}

void confd_handle_commit(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	handle(call, parameters, userdata, commit_fill);
}

void confd_handle_rollback(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	handle(call, parameters, userdata, rollback_fill);
}

void confd_handle_end_trial(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	handle(call, parameters, userdata, end_trial_fill);
}

/* ---- sessions ---- */

static void session_gone(void *userdata)
{
	confd_session_close(userdata);
}

/* Whether the caller may not have the configuration for himself now; the call is answered then. */
static bool exclusive_refused(struct varlink_call *call, const struct confd *confd,
			      const struct confd_caller *caller)
{
	const struct commit_record *trial = confd_trial_record(confd);
	struct confd_process owner = { 0 };
	char id[27];

	if (trial)
		owner = (struct confd_process){ trial->trial_pid, trial->trial_ticks };
	if (confd_session_locks_out(confd->sessions, caller->process))
		varlink_error(call, CONFIG_ERROR_LOCKED,
			      json_pack("{s:o}", "sessions", confd_sessions_json(confd->sessions)));
	else if (trial && !confd_process_is(owner, caller->process))
		varlink_error(call, CONFIG_ERROR_TRIAL,
			      json_pack("{s:s}", "session_id", confd_session_id(owner, id)));
	else
		return false;
	return true;
}

void confd_handle_open_session(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct confd *confd = userdata;
	struct confd_session *session;
	struct confd_caller caller;
	bool exclusive = false;
	char line[33] = "", id[27];

	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!caller.may_configure) {
		varlink_error_permission(call);
		return;
	}
	if (!varlink_call_wants_more(call) || !confd_parameter_flag(parameters, "exclusive", &exclusive)) {
		varlink_error_parameter(call, "exclusive");
		return;
	}
	if (!confd_parameter_text(parameters, "line_name", line, sizeof(line))) {
		varlink_error_parameter(call, "line_name");
		return;
	}
	if (exclusive && exclusive_refused(call, confd, &caller))
		return;
	session = confd_session_open(confd->sessions, &caller, line, exclusive);
	if (!session) {
		reply_busy(call, "too many sessions are in configuration mode");
		return;
	}
	varlink_call_on_gone(call, session_gone, session);
	varlink_reply_continues(call,
				json_pack("{s:s, s:o}", "session_id", confd_session_id(caller.process, id),
					  "sessions", confd_sessions_json(confd->sessions)));
}

void confd_handle_list_sessions(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	struct confd_caller caller;

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!confd_permits(call, &caller, TASK_CONFIGURE, TASK_READ))
		return;
	varlink_reply(call, json_pack("{s:o}", "sessions", confd_sessions_json(confd->sessions)));
}
