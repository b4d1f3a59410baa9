/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commits, one at a time. A job is a commit, a member's question for its slice, or the repair of a
 * member that may be behind; jobs run in the order they came, each to its end, so that nobody ever sees
 * half a commit.
 *
 * A commit matches its lines again, lets the members check and prepare, and records. The record is the
 * point of no return: before it every failure leaves all as it was, after it nothing can fail. A member
 * that does not confirm apply is brought up to date later, with growing pauses, as is every member at
 * our start.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/confd.h"
#include "conf/confd_round.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define JOBS_MAX	256u
#define REPAIR_FIRST_MS 1000u
#define REPAIR_MAX_MS	30000u
#define REPAIRS_MAX	8u /* members */

enum job_kind { JOB_COMMIT, JOB_SLICE, JOB_REPAIR };

struct job {
	struct job *next;
	struct confd_commits *commits;
	enum job_kind kind;
	confd_on_answer on_answer; /* NULL: nobody waits */
	void *userdata;
	unsigned owner; /* JOB_SLICE, JOB_REPAIR */
	/* JOB_COMMIT */
	struct confd_request *request;
	struct tree *wanted;
	struct confd_round *round;
	const char *error_name; /* what is answered after the abort */
	json_t *error_parameters;
};

/* A member that may be behind. */
struct repair {
	struct confd_commits *commits;
	const struct conf_member *row;
	struct event *timer;
	unsigned pause_ms;
	bool needed, queued, told;
};

struct confd_commits {
	struct confd *confd;
	struct job *first, *last;
	size_t len;
	bool busy;     /* first has begun and not ended */
	bool draining; /* jobs_run() is on the stack */
	struct repair repairs[REPAIRS_MAX];
	size_t repairs_len;
};

/* ---- queue ---- */

static void job_begin(struct job *job);

static void jobs_run(struct confd_commits *commits)
{
	if (commits->draining)
		return;
	commits->draining = true;
	while (commits->first && !commits->busy) {
		commits->busy = true;
		job_begin(commits->first);
	}
	commits->draining = false;
}

static void job_free(struct job *job)
{
	confd_round_free(job->round);
	tree_free(job->wanted);
	json_decref(job->error_parameters);
	if (job->request)
		json_decref(job->request->lines);
	free(job->request);
	free(job);
}

/* The job at *slot leaves the queue. */
static void job_unlink(struct confd_commits *commits, struct job **slot)
{
	struct job *job = *slot;

	*slot = job->next;
	if (commits->last == job) {
		commits->last = commits->first;
		while (commits->last && commits->last->next)
			commits->last = commits->last->next;
	}
	commits->len--;
	job_free(job);
}

static int job_submit(struct confd_commits *commits, const struct job *model)
{
	struct job *job;

	/* repairs are few and always have room */
	if (commits->len >= JOBS_MAX && model->kind != JOB_REPAIR)
		return -EBUSY;
	job = malloc(sizeof(*job));
	if (!job)
		return -ENOMEM;
	*job = *model;
	job->commits = commits;
	if (commits->last)
		commits->last->next = job;
	else
		commits->first = job;
	commits->last = job;
	commits->len++;
	jobs_run(commits);
	return 0;
}

/* Answers whoever still waits; the job ends. parameters stolen. */
static void job_end(struct job *job, const char *error_name, json_t *parameters)
{
	struct confd_commits *commits = job->commits;

	if (job->on_answer)
		job->on_answer(error_name, parameters, job->userdata);
	else
		json_decref(parameters);
	job_unlink(commits, &commits->first);
	commits->busy = false;
	jobs_run(commits);
}

void confd_commits_forget(struct confd_commits *commits, const void *userdata)
{
	struct job **slot = &commits->first;

	while (*slot) {
		struct job *job = *slot;
		bool begun = commits->busy && job == commits->first;

		if (!job->on_answer || job->userdata != userdata) {
			slot = &job->next;
			continue;
		}
		/* one that has begun goes on to its end: its caller will find it in the list of commits */
		job->on_answer = NULL;
		if (!begun)
			job_unlink(commits, slot);
		else
			slot = &job->next;
	}
}

/* ---- repair ---- */

static struct repair *repair_find(struct confd_commits *commits, unsigned owner)
{
	for (size_t i = 0; i < commits->repairs_len; i++) {
		if (commits->repairs[i].row->owner == owner)
			return &commits->repairs[i];
	}
	return NULL;
}

static void repair_submit(struct repair *repair)
{
	struct job model = { .kind = JOB_REPAIR, .owner = repair->row->owner };

	if (repair->queued)
		return;
	repair->queued = true;
	if (job_submit(repair->commits, &model) < 0)
		repair->queued = false;
}

static void on_repair_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct repair *repair = userdata;

	(void)fd;
	(void)what;
	if (repair->needed)
		repair_submit(repair);
}

static void repair_later(struct repair *repair)
{
	struct timeval pause;

	repair->needed = true;
	pause.tv_sec = repair->pause_ms / 1000;
	pause.tv_usec = repair->pause_ms % 1000 * 1000;
	event_add(repair->timer, &pause);
	repair->pause_ms = repair->pause_ms < REPAIR_MAX_MS / 2 ? repair->pause_ms * 2 : REPAIR_MAX_MS;
}

static void repair_done(struct repair *repair)
{
	repair->needed = false;
	repair->told = false;
	repair->pause_ms = REPAIR_FIRST_MS;
	event_del(repair->timer);
}

static void repair_failed(struct job *job, const char *reason)
{
	struct repair *repair = repair_find(job->commits, job->owner);

	if (!repair->told)
		log_event(LOG_CONFIG_ERR_GENERAL, "sallyport-%s does not take the running configuration: %s",
			  repair->row->name, reason);
	repair->told = true;
	repair_later(repair);
}

static void repair_aborted(void *userdata)
{
	struct job *job = userdata;
	const json_t *fault = json_array_get(confd_round_faults(job->round), 0);
	const char *reason = json_string_value(json_object_get(fault, "reason"));

	repair_failed(job, reason ? reason : "no reason given");
	job_end(job, NULL, NULL);
}

static void repair_applied(void *userdata)
{
	struct job *job = userdata;

	if (confd_round_missed(job->round))
		repair_failed(job, "it did not confirm");
	else
		repair_done(repair_find(job->commits, job->owner));
	job_end(job, NULL, NULL);
}

static void repair_prepared(void *userdata)
{
	struct job *job = userdata;

	if (json_array_size(confd_round_faults(job->round)))
		confd_round_ask(job->round, ROUND_ABORT, repair_aborted, job);
	else
		confd_round_ask(job->round, ROUND_APPLY, repair_applied, job);
}

static void repair_checked(void *userdata)
{
	struct job *job = userdata;

	if (json_array_size(confd_round_faults(job->round)))
		confd_round_ask(job->round, ROUND_ABORT, repair_aborted, job);
	else
		confd_round_ask(job->round, ROUND_PREPARE, repair_prepared, job);
}

static void repair_begin(struct job *job)
{
	const struct confd *confd = job->commits->confd;
	char id[16];

	repair_find(job->commits, job->owner)->queued = false;
	if (confd_round_new(confd, confd->running, confd_running_id(confd, id), job->owner, &job->round) <
	    0) {
		repair_failed(job, "out of memory");
		job_end(job, NULL, NULL);
		return;
	}
	confd_round_ask(job->round, ROUND_CHECK, repair_checked, job);
}

void confd_commits_reconcile(struct confd_commits *commits)
{
	for (size_t i = 0; i < commits->repairs_len; i++)
		repair_submit(&commits->repairs[i]);
}

/* After a commit: who missed it is repaired soon, who took it needs no repair any more. */
static void repairs_note(struct confd_commits *commits, unsigned asked, unsigned missed)
{
	for (size_t i = 0; i < commits->repairs_len; i++) {
		struct repair *repair = &commits->repairs[i];

		if (missed & repair->row->owner)
			repair_later(repair);
		else if (asked & repair->row->owner)
			repair_done(repair);
	}
}

/* ---- slice ---- */

static void slice_begin(struct job *job)
{
	const struct confd *confd = job->commits->confd;
	AUTO(free) char *text = confd_slice_text(confd->running, job->owner);
	char id[16];

	if (!text) {
		job_end(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", "out of memory"));
		return;
	}
	job_end(job, NULL, json_pack("{s:s, s:s}", "commit_id", confd_running_id(confd, id), "text", text));
}

/* ---- commit ---- */

static const char *match_reason(const struct match *match)
{
	switch (match->status) {
	case MATCH_OK:
		break;
	case MATCH_EMPTY:
		return "an empty line changes nothing";
	case MATCH_INCOMPLETE:
		return "the statement is incomplete";
	case MATCH_AMBIGUOUS:
		return "the statement is ambiguous";
	case MATCH_INVALID:
		return match->err.text[0] ? match->err.text : "there is no such statement";
	}
	return "refused";
}

/* Takes one line into the tree. 0, or 1 when a fault was added. */
static int line_apply(struct tree *tree, const char *line, json_t *faults)
{
	struct err err = { .text = "" };
	struct match match;
	int r = 0;

	stmt_match(conf_root, NULL, line, true, &match);
	if (match.status != MATCH_OK) {
		confd_fault_add(faults, line, match_reason(&match));
		r = 1;
	} else if (tree_apply(tree, &match, &err) < 0) {
		confd_fault_add(faults, line, err.text[0] ? err.text : "it cannot be stored");
		r = 1;
	}
	stmt_match_done(&match);
	return r;
}

static int on_diff_line(const char *line, void *userdata)
{
	(void)line;
	*(bool *)userdata = true;
	return 0;
}

static json_t *conflict_parameters(const struct confd *confd, const char *base_commit_id)
{
	const struct commit_record *records;
	json_t *commits = json_array();
	size_t len;

	records = confd_store_records(confd->store, &len);
	for (size_t i = 0; i < len; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%" PRIu32, records[i].id);
		if (strtoul(base_commit_id, NULL, 10) >= records[i].id)
			break;
		json_array_append_new(commits,
				      json_pack("{s:s, s:s, s:I}", "commit_id", id, "user", records[i].user,
						"changed_us", (json_int_t)records[i].changed_us));
	}
	return json_pack("{s:o}", "commits", commits);
}

static void commit_aborted(void *userdata)
{
	struct job *job = userdata;

	job_end(job, job->error_name, take(job->error_parameters));
}

/* Everybody forgets what was prepared, then the caller hears why. parameters stolen. */
static void commit_abort(struct job *job, const char *error_name, json_t *parameters)
{
	job->error_name = error_name;
	job->error_parameters = parameters;
	confd_round_ask(job->round, ROUND_ABORT, commit_aborted, job);
}

static bool commit_refused(struct job *job)
{
	json_t *faults = confd_round_faults(job->round);

	if (!json_array_size(faults))
		return false;
	commit_abort(job, CONFIG_ERROR_FAILED, json_pack("{s:O}", "faults", faults));
	return true;
}

static void commit_applied(void *userdata)
{
	struct job *job = userdata;
	struct confd_commits *commits = job->commits;
	char id[16];

	repairs_note(commits, tree_diff_owners(commits->confd->running, job->wanted),
		     confd_round_missed(job->round));
	job_end(job, NULL, json_pack("{s:s}", "commit_id", confd_running_id(commits->confd, id)));
}

static int commit_record(struct job *job, struct err *err)
{
	struct confd *confd = job->commits->confd;
	AUTO(free) char *text = confd_tree_text(job->wanted, 0);

	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	job->request->record.changed_us = clock_wall_us();
	return confd_store_record(confd->store, &job->request->record, text, err);
}

static void commit_prepared(void *userdata)
{
	struct job *job = userdata;
	struct confd *confd = job->commits->confd;
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
	log_event(LOG_CONFIG_DB_COMMIT,
		  "Configuration committed by user '%s'. Use 'show configuration commit changes %" PRIu32
		  "' to view the changes.",
		  job->request->record.user, job->request->record.id);
	confd_round_ask(job->round, ROUND_APPLY, commit_applied, job);
}

static void commit_checked(void *userdata)
{
	struct job *job = userdata;

	if (!commit_refused(job))
		confd_round_ask(job->round, ROUND_PREPARE, commit_prepared, job);
}

/* The wanted tree from the lines. An error name when the commit ends here, with its parameters. */
static const char *commit_build(struct job *job, json_t **ret_parameters)
{
	const struct confd *confd = job->commits->confd;
	AUTO(free) char *text = NULL;
	json_t *faults = json_array(), *line;
	bool differs = false;
	size_t i;

	*ret_parameters = NULL;
	if (!faults || tree_copy(confd->running, &job->wanted) < 0) {
		json_decref(faults);
		*ret_parameters = json_pack("{s:s}", "reason", "out of memory");
		return CONFIG_ERROR_STORAGE;
	}
	json_array_foreach(job->request->lines, i, line)
		line_apply(job->wanted, json_string_value(line), faults);
	text = confd_tree_text(job->wanted, 0);
	if (!text || strlen(text) > CONFD_TEXT_MAX_BYTES)
		confd_fault_add(faults, "", "the configuration would be larger than 8 MiB");
	if (json_array_size(faults)) {
		*ret_parameters = json_pack("{s:o}", "faults", faults);
		return CONFIG_ERROR_FAILED;
	}
	json_decref(faults);
	tree_diff(confd->running, job->wanted, on_diff_line, &differs);
	return differs ? NULL : CONFIG_ERROR_NOTHING;
}

static void commit_begin(struct job *job)
{
	const struct confd *confd = job->commits->confd;
	struct confd_request *request = job->request;
	json_t *parameters = NULL;
	const char *error_name;
	char id[16];

	if (strcmp(request->base_commit_id, confd_running_id(confd, id))) {
		job_end(job, CONFIG_ERROR_CONFLICT, conflict_parameters(confd, request->base_commit_id));
		return;
	}
	error_name = commit_build(job, &parameters);
	if (error_name) {
		job_end(job, error_name, parameters);
		return;
	}
	request->record.id = confd_store_next_id(confd->store);
	snprintf(id, sizeof(id), "%" PRIu32, request->record.id);
	if (confd_round_new(confd, job->wanted, id, tree_diff_owners(confd->running, job->wanted),
			    &job->round) < 0) {
		job_end(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", "out of memory"));
		return;
	}
	confd_round_ask(job->round, ROUND_CHECK, commit_checked, job);
}

static void job_begin(struct job *job)
{
	switch (job->kind) {
	case JOB_COMMIT:
		commit_begin(job);
		return;
	case JOB_SLICE:
		slice_begin(job);
		return;
	case JOB_REPAIR:
		repair_begin(job);
		return;
	}
}

int confd_commit_submit(struct confd_commits *commits, struct confd_request *request)
{
	struct job model = { .kind = JOB_COMMIT,
			     .request = request,
			     .on_answer = request->on_answer,
			     .userdata = request->userdata };
	int r = job_submit(commits, &model);

	if (r < 0) {
		json_decref(request->lines);
		free(request);
	}
	return r;
}

int confd_slice_submit(struct confd_commits *commits, unsigned owner, confd_on_answer on_answer,
		       void *userdata)
{
	struct job model = {
		.kind = JOB_SLICE, .owner = owner, .on_answer = on_answer, .userdata = userdata
	};

	return job_submit(commits, &model);
}

/* ---- the whole ---- */

int confd_commits_new(struct confd *confd, struct confd_commits **ret_commits)
{
	struct confd_commits *commits = calloc(1, sizeof(*commits));

	if (!commits)
		return -ENOMEM;
	commits->confd = confd;
	for (const struct conf_member *row = conf_members; row->name && commits->repairs_len < REPAIRS_MAX;
	     row++) {
		struct repair *repair = &commits->repairs[commits->repairs_len];

		*repair = (struct repair){ .commits = commits, .row = row, .pause_ms = REPAIR_FIRST_MS };
		repair->timer = event_new(confd->base, -1, 0, on_repair_timer, repair);
		if (!repair->timer) {
			confd_commits_free(commits);
			return -ENOMEM;
		}
		commits->repairs_len++;
	}
	*ret_commits = commits;
	return 0;
}

void confd_commits_free(struct confd_commits *commits)
{
	if (!commits)
		return;
	while (commits->first)
		job_unlink(commits, &commits->first);
	for (size_t i = 0; i < commits->repairs_len; i++)
		event_free(commits->repairs[i].timer);
	free(commits);
}
