/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the clock of a commit that waits to be confirmed. The trial is written in the head of its commit, so it is on
 * the disk with it, in one rename, and outlives us and the machine; the newest commit alone decides whether a trial
 * runs. When its time is over the commit before it is committed again; when that fails it is tried again for as long
 * as the trial is the newest commit.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf/confd.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   30000

struct confd_trial {
	struct confd *confd;
	struct event *timer;
	uint32_t id; /* of the trial the clock runs for, 0 none */
	int retry_ms;
	bool submitted; /* its end is in the queue of commits */
};

const struct commit_record *confd_trial_record(const struct confd *confd)
{
	const struct commit_record *records;
	size_t len;

	records = confd_store_records(confd->store, &len);
	return len && records[0].trial_deadline_us ? &records[0] : NULL;
}

static void timer_start(struct confd_trial *trial, int64_t pause_us)
{
	struct timeval pause = { .tv_sec = pause_us / 1000000, .tv_usec = pause_us % 1000000 };

	event_add(trial->timer, &pause);
}

static void retry_later(struct confd_trial *trial)
{
	timer_start(trial, trial->retry_ms * (int64_t)1000);
	trial->retry_ms = trial->retry_ms < RETRY_MAX_MS / 2 ? trial->retry_ms * 2 : RETRY_MAX_MS;
}

static void on_ended(const char *error_name, json_t *parameters, void *userdata)
{
	struct confd_trial *trial = userdata;
	const struct commit_record *record = confd_trial_record(trial->confd);

	trial->submitted = false;
	json_decref(parameters);
	if (!error_name || !record || record->id != trial->id)
		return; /* the next commit has set the clock */
	log_event(LOG_CONFIG_ERR_GENERAL, "The unconfirmed commit %" PRIu32 " cannot be taken back yet (%s)",
		  trial->id, error_name);
	retry_later(trial);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct confd_trial *trial = userdata;
	const struct commit_record *record = confd_trial_record(trial->confd);
	struct confd_request *request;

	(void)fd;
	(void)what;
	if (!record || trial->submitted)
		return;
	request = calloc(1, sizeof(*request));
	if (request) {
		request->wish = WISH_TRIAL_ENDED;
		request->caller.trusted = true;
		request->on_answer = on_ended;
		request->userdata = trial;
		snprintf(request->undo_id, sizeof(request->undo_id), "%" PRIu32, record->id);
		snprintf(request->record.user, sizeof(request->record.user), "%s", record->user);
		snprintf(request->record.line, sizeof(request->record.line), "%s", record->line);
		snprintf(request->record.client, sizeof(request->record.client), "Rollback");
	}
	trial->submitted = true;
	if (!request || confd_commit_submit(trial->confd->commits, request) < 0) {
		trial->submitted = false;
		retry_later(trial);
	}
}

void confd_trial_watch(struct confd *confd)
{
	const struct commit_record *record = confd_trial_record(confd);
	struct confd_trial *trial = confd->trial;
	int64_t left_us;

	event_del(trial->timer);
	trial->id = record ? record->id : 0;
	trial->retry_ms = RETRY_FIRST_MS;
	if (!record)
		return;
	left_us = record->trial_deadline_us - clock_wall_us();
	/* a clock that was set back does not lengthen it */
	if (left_us > record->trial_s * (int64_t)1000000)
		left_us = record->trial_s * (int64_t)1000000;
	timer_start(trial, left_us > 0 ? left_us : 0);
}

int confd_trial_new(struct confd *confd, struct confd_trial **ret_trial)
{
	struct confd_trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		return -ENOMEM;
	*trial = (struct confd_trial){ .confd = confd, .retry_ms = RETRY_FIRST_MS };
	trial->timer = event_new(confd->base, -1, 0, on_timer, trial);
	if (!trial->timer) {
		free(trial);
		return -ENOMEM;
	}
	*ret_trial = trial;
	return 0;
}

void confd_trial_free(struct confd_trial *trial)
{
	if (!trial)
		return;
	event_free(trial->timer);
	free(trial);
}
