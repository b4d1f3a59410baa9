/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: commits, one at a time. A job is a commit, a member's question for its slice, or the repair of a
 * member that may be behind; jobs run in the order they came, each to its end, so that nobody ever sees
 * half a commit. A member that does not confirm apply is brought up to date later, with growing pauses,
 * as is every member at our start.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/confd_job.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define JOBS_MAX	256u
#define REPAIR_FIRST_MS 1000u
#define REPAIR_MAX_MS	30000u
#define REPAIRS_MAX	8u /* members */

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
	confd_guard_free(job->guard);
	confd_round_free(job->round);
	tree_free(job->wanted);
	json_decref(job->left_out);
	json_decref(job->warnings);
	json_decref(job->error_parameters);
	confd_request_free(job->request);
	free(job);
}

void confd_request_free(struct confd_request *request)
{
	if (!request)
		return;
	json_decref(request->lines);
	free(request);
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
	job->confd = commits->confd;
	if (commits->last)
		commits->last->next = job;
	else
		commits->first = job;
	commits->last = job;
	commits->len++;
	jobs_run(commits);
	return 0;
}

void confd_job_end(struct job *job, const char *error_name, json_t *parameters)
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
	confd_job_end(job, NULL, NULL);
}

static void repair_applied(void *userdata)
{
	struct job *job = userdata;

	if (confd_round_missed(job->round))
		repair_failed(job, "it did not confirm");
	else
		repair_done(repair_find(job->commits, job->owner));
	confd_job_end(job, NULL, NULL);
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
		confd_job_end(job, NULL, NULL);
		return;
	}
	confd_round_ask(job->round, ROUND_CHECK, repair_checked, job);
}

void confd_commits_reconcile(struct confd_commits *commits)
{
	for (size_t i = 0; i < commits->repairs_len; i++)
		repair_submit(&commits->repairs[i]);
}

void confd_repairs_note(struct confd_commits *commits, unsigned asked, unsigned missed)
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
		confd_job_end(job, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", "out of memory"));
		return;
	}
	confd_job_end(job, NULL,
		      json_pack("{s:s, s:s}", "commit_id", confd_running_id(confd, id), "text", text));
}

static void job_begin(struct job *job)
{
	switch (job->kind) {
	case JOB_COMMIT:
		confd_commit_begin(job);
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

	if (r < 0)
		confd_request_free(request);
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
