/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd_job.h - the queue of commits and what stands in it; private to conf/confd_commit*.c
 *
 * Shapes:  struct job, one turn: a commit, a member's question for its slice, or the repair of a member
 * Units:   none
 * Errors:  see conf/confd.h
 * Owns:    the queue owns its jobs; a job owns its request, trees, round and guard
 * Runs in: sallyport-confd (libevent loop)
 * Source:  architecture.md walk (b)
 * Tests:   tests/system/test_commit.py, tests/system/test_engine.py
 */
#ifndef CONF_CONFD_JOB_H
#define CONF_CONFD_JOB_H

#include "conf/confd.h"
#include "conf/confd_round.h"

enum job_kind { JOB_COMMIT, JOB_SLICE, JOB_REPAIR };

struct job {
	struct job *next;
	struct confd_commits *commits;
	struct confd *confd;
	enum job_kind kind;
	confd_on_answer on_answer; /* NULL: nobody waits */
	void *userdata;
	unsigned owner; /* JOB_SLICE, JOB_REPAIR */
	/* JOB_COMMIT */
	struct confd_request *request;
	struct tree *wanted; /* before the record; the configuration before it after that */
	int items;	     /* lines that it changes */
	json_t *left_out;    /* best effort: []{line, reason} */
	json_t *warnings;    /* sentences */
	bool confirms;	     /* it is also the word its session's trial waits for */
	struct confd_guard *guard;
	struct confd_round *round;
	const char *error_name; /* what is answered after the abort */
	json_t *error_parameters;
};

/* Answers whoever still waits; the job is gone after it. parameters stolen. */
void confd_job_end(struct job *job, const char *error_name, json_t *parameters);
/* After a commit: who missed it is repaired soon, who took it needs no repair any more. */
void confd_repairs_note(struct confd_commits *commits, unsigned asked, unsigned missed);

/* ---- confd_commit_build.c ---- */

/* Makes job->wanted from the request. NULL, or the name of the error with which the commit ends, and its parameters. */
const char *confd_commit_build(struct job *job, json_t **ret_parameters);
/* Takes the request's lines that these faults speak of out of it and into job->left_out; false when a fault speaks of
 * none. */
bool confd_commit_leave_out(struct job *job, const json_t *faults);

/* ---- confd_commit_run.c ---- */

void confd_commit_begin(struct job *job);

#endif
