/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: one commit from its turn to its answer: who may commit now, what would be, whether it locks the caller out, then
 * the members check and prepare, and it is recorded. The record is the point of no return: before it every failure
 * leaves all as it was, after it nothing can fail.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/confd_job.h"
#include "conf/config_report.h"

/* ---- after the decision ---- */

static void commit_aborted(void *userdata)
{
	struct job *job = userdata;

	confd_job_end(job, job->error_name, take(job->error_parameters));
}

/* Everybody forgets what was prepared, then the caller hears why. parameters stolen. */
static void commit_abort(struct job *job, const char *error_name, json_t *parameters)
{
	job->error_name = error_name;
	job->error_parameters = parameters;
	confd_round_ask(job->round, ROUND_ABORT, commit_aborted, job);
}

static void commit_build_and_ask(struct job *job);

static void commit_again(void *userdata)
{
	struct job *job = userdata;

	confd_round_free(take(job->round));
	commit_build_and_ask(job);
}

/* Whether members have refused; then the job goes another way. */
static bool commit_refused(struct job *job)
{
	json_t *faults = confd_round_faults(job->round);

	if (!json_array_size(faults))
		return false;
	if (job->request->best_effort && confd_commit_leave_out(job, faults))
		confd_round_ask(job->round, ROUND_ABORT, commit_again, job);
	else
		commit_abort(job, CONFIG_ERROR_FAILED, json_pack("{s:O}", "faults", faults));
	return true;
}

static void commit_applied(void *userdata)
{
	struct job *job = userdata;
	struct confd *confd = job->confd;
	char id[16];

	confd_repairs_note(job->commits, tree_diff_owners(confd->running, job->wanted),
			   confd_round_missed(job->round));
	confd_job_end(job, NULL,
		      json_pack("{s:s, s:i, s:b, s:O, s:O}", "commit_id", confd_running_id(confd, id),
				"items", job->items, "confirmed", job->confirms, "warnings", job->warnings,
				"faults", job->left_out));
}

static int commit_record(struct job *job, struct err *err)
{
	struct confd_request *request = job->request;
	struct commit_record *record = &request->record;
	char *text = confd_tree_text(job->wanted, 0);
	int r;

	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	record->changed_us = clock_wall_us();
	if (request->trial_s) {
		record->trial_s = request->trial_s;
		record->trial_deadline_us = record->changed_us + request->trial_s * (int64_t)1000000;
		record->trial_pid = request->caller.process.pid;
		record->trial_ticks = request->caller.process.ticks;
	}
	r = confd_store_record(job->confd->store, record, text, err);
	explicit_bzero(text, strlen(text)); /* password hashes */
	free(text);
	return r;
}

static void commit_log(const struct confd_request *request)
{
	const struct commit_record *record = &request->record;

	log_event(LOG_CONFIG_DB_COMMIT,
		  "Configuration committed by user '%s'. Use 'show configuration commit changes %" PRIu32
		  "' to view the changes.",
		  record->user, record->id);
	if (request->wish == WISH_TRIAL_ENDED)
		log_event(LOG_CONFIG_WARN_GENERAL, "Commit %s was not confirmed and has been taken back",
			  request->undo_id);
	if (record->trial_s)
		log_event(LOG_CONFIG_WARN_GENERAL,
			  "Commit %" PRIu32 " is taken back in %" PRIu32 " s unless its session confirms it",
			  record->id, record->trial_s);
}

static void commit_prepared(void *userdata)
{
	struct job *job = userdata;
	struct confd *confd = job->confd;
	struct err err = { .text = "" };
	struct tree *before;

	if (commit_refused(job))
		return;
	if (commit_record(job, &err) < 0) {
		log_event(LOG_CONFIG_ERR_GENERAL, "A commit of user '%s' cannot be stored: %s",
			  job->request->record.user, err.text);
		commit_abort(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", err.text));
		return;
	}
	/* the point of no return lies behind us; job->wanted keeps the old tree until the job ends */
	before = confd->running;
	confd->running = job->wanted;
	job->wanted = before;
	confd_trial_watch(confd);
	commit_log(job->request);
	confd_round_ask(job->round, ROUND_APPLY, commit_applied, job);
}

static void commit_checked(void *userdata)
{
	struct job *job = userdata;

	if (!commit_refused(job))
		confd_round_ask(job->round, ROUND_PREPARE, commit_prepared, job);
}

/* ---- before it ---- */

static void end_for_memory(struct job *job)
{
	confd_job_end(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", "out of memory"));
}

static void ask_members(struct job *job)
{
	struct confd_request *request = job->request;
	char id[16];

	request->record.id = confd_store_next_id(job->confd->store);
	snprintf(id, sizeof(id), "%" PRIu32, request->record.id);
	if (confd_round_new(job->confd, job->wanted, id, tree_diff_owners(job->confd->running, job->wanted),
			    &job->round) < 0)
		end_for_memory(job);
	else
		confd_round_ask(job->round, ROUND_CHECK, commit_checked, job);
}

static void on_guard(json_t *locked, json_t *warnings, void *userdata)
{
	struct job *job = userdata;

	json_array_extend(job->warnings, warnings);
	json_decref(warnings);
	if (json_array_size(locked) && !job->request->force && !job->request->trial_s) {
		confd_job_end(job, CONFIG_ERROR_LOCKOUT, json_pack("{s:o}", "reasons", locked));
		return;
	}
	json_array_extend(job->warnings, locked);
	json_decref(locked);
	ask_members(job);
}

static void commit_build_and_ask(struct job *job)
{
	json_t *parameters = NULL;
	const char *error_name = confd_commit_build(job, &parameters);

	confd_guard_free(take(job->guard));
	if (error_name)
		confd_job_end(job, error_name, parameters);
	else if (job->request->wish == WISH_TRIAL_ENDED)
		ask_members(job); /* back to where the operator was let in */
	else if (confd_guard_ask(job->confd, &job->request->caller, job->wanted, on_guard, job, &job->guard) <
		 0)
		end_for_memory(job);
}

static json_t *conflict_parameters(const struct confd *confd, const char *base_commit_id)
{
	const struct commit_record *records;
	json_t *commits = json_array();
	size_t len;

	records = confd_store_records(confd->store, &len);
	for (size_t i = 0; i < len && i < CONFD_COMMITS_KEPT; i++) {
		if (strtoul(base_commit_id, NULL, 10) >= records[i].id)
			break;
		json_array_append_new(commits, confd_record_json(&records[i]));
	}
	return json_pack("{s:o}", "commits", commits);
}

/* The session's own trial becomes a commit like any other. */
static void commit_confirm(struct job *job)
{
	struct confd *confd = job->confd;
	char *text = confd_tree_text(confd->running, 0);
	struct err err = { .text = "" };
	char id[16];
	int r = text ? confd_store_confirm(confd->store, text, &err)
		     : err_set(&err, -ENOMEM, "out of memory");

	if (text)
		explicit_bzero(text, strlen(text)); /* password hashes */
	free(text);
	if (r < 0) {
		confd_job_end(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", err.text));
		return;
	}
	confd_trial_watch(confd);
	confd_job_end(job, NULL,
		      json_pack("{s:s, s:i, s:b, s:[], s:[]}", "commit_id", confd_running_id(confd, id),
				"items", 0, "confirmed", true, "warnings", "faults"));
}

static bool request_is_empty(const struct confd_request *request)
{
	return request->wish == WISH_LINES && !json_array_size(request->lines);
}

/* What a trial means to this commit; true when the job has ended here. */
static bool trial_decides(struct job *job, const struct commit_record *trial)
{
	struct confd_process owner = { trial->trial_pid, trial->trial_ticks };
	struct confd_request *request = job->request;
	bool own = confd_process_is(owner, request->caller.process);
	char id[27];

	if (request->wish == WISH_TRIAL_ENDED && (own || request->caller.trusted))
		return false;
	if (!own) {
		confd_job_end(job, request_is_empty(request) ? CONFIG_ERROR_NOTHING : CONFIG_ERROR_TRIAL,
			      json_pack("{s:s}", "session_id", confd_session_id(owner, id)));
		return true;
	}
	if (request_is_empty(request)) {
		commit_confirm(job);
		return true;
	}
	job->confirms = true;
	return false;
}

/* The error of a label that another commit has; NULL when it is free. */
static json_t *label_taken(const struct job *job)
{
	const char *label = job->request->record.label;
	const struct commit_record *records;
	size_t index, len;
	char id[16];

	if (!label[0] || confd_past_find(job->confd, label, &index) < 0)
		return NULL;
	records = confd_store_records(job->confd->store, &len);
	snprintf(id, sizeof(id), "%" PRIu32, records[index].id);
	return json_pack("{s:s, s:s}", "label", label, "commit_id", id);
}

void confd_commit_begin(struct job *job)
{
	const struct confd *confd = job->confd;
	const struct confd_request *request = job->request;
	const struct commit_record *trial = confd_trial_record(confd);
	bool on_base = request->wish == WISH_LINES || request->wish == WISH_REPLACE;
	json_t *label;
	char id[16];

	if (request->wish == WISH_TRIAL_ENDED &&
	    (!trial || strcmp(request->undo_id, confd_running_id(confd, id)))) {
		confd_job_end(job, CONFIG_ERROR_NOTHING, NULL);
		return;
	}
	if (request->wish != WISH_TRIAL_ENDED &&
	    confd_session_locks_out(confd->sessions, request->caller.process)) {
		confd_job_end(job, CONFIG_ERROR_LOCKED,
			      json_pack("{s:o}", "sessions", confd_sessions_json(confd->sessions)));
		return;
	}
	if (trial && trial_decides(job, trial))
		return;
	if (request_is_empty(request)) {
		confd_job_end(job, CONFIG_ERROR_NOTHING, NULL);
		return;
	}
	if (on_base && strcmp(request->base_commit_id, confd_running_id(confd, id))) {
		confd_job_end(job, CONFIG_ERROR_CONFLICT,
			      conflict_parameters(confd, request->base_commit_id));
		return;
	}
	label = label_taken(job);
	if (label) {
		confd_job_end(job, CONFIG_ERROR_LABEL, label);
		return;
	}
	commit_build_and_ask(job);
}
