/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd.h - the parts of sallyport-confd; private to conf/confd_*.c
 *
 * Shapes:  struct confd, the daemon; struct confd_caller, who a peer is; struct confd_request, one wish to commit
 * Units:   none
 * Errors:  0 or -errno; the answer to a request is a Varlink error name and its parameters
 * Owns:    confd owns all; a request belongs to the queue from confd_commit_submit() on
 * Runs in: sallyport-confd (libevent loop)
 * Source:  architecture.md walk (b); conf/config_report.h
 * Tests:   tests/system/test_commit.py
 */
#ifndef CONF_CONFD_H
#define CONF_CONFD_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/varlink.h"
#include "conf/confd_store.h"
#include "conf/task.h"
#include "conf/tree.h"

struct event_base;
struct confd_commits;
struct confd_sessions;
struct confd_trial;

struct confd {
	struct event_base *base;
	struct confd_store *store;
	struct confd_commits *commits;
	struct confd_sessions *sessions;
	struct confd_trial *trial;
	struct tree *running;
	const char *run_dir, *uids_path;
	uid_t own_uid;
};

/* The number of the running commit as callers see it, "" before the first one, in buffer. Returns buffer. */
const char *confd_running_id(const struct confd *confd, char buffer[16]);
/* A tree as text (malloc'ed): all of it with TREE_MASK_SECRETS or 0, or the slice of some owners. NULL: no memory. */
char *confd_tree_text(const struct tree *tree, unsigned flags);
char *confd_slice_text(const struct tree *tree, unsigned owners);

/* ---- confd_caller.c ---- */

/* A process as long as it lives: its number may be used again, its start time not. pid 0: nobody we can see. */
struct confd_process {
	uint32_t pid;
	uint64_t ticks; /* start time, proc(5), stat field 22; 0 when it cannot be read */
};

struct confd_caller {
	uid_t uid;
	struct confd_process process;
	bool trusted;	    /* root, or our own uid: may speak for others */
	bool may_configure; /* and see secrets, of what he may read */
	struct task_set tasks;
	char user[33];	    /* "" when the uid is nobody's */
};

void confd_caller_of(const struct confd *confd, const struct ucred *peer, struct confd_caller *ret_caller);
bool confd_process_is(struct confd_process a, struct confd_process b);
/* The parent of a process, 0 at the end or when /proc does not say. */
uint32_t confd_process_parent(uint32_t pid);
/* Groups of the caller in the running configuration, a JSON array; NULL: no memory. */
json_t *confd_caller_groups(const struct confd *confd, const struct confd_caller *caller);

/* ---- confd_rights.c ---- */

/* Whether the caller may call what asks for this; if not, the call is answered. */
bool confd_permits(struct varlink_call *call, const struct confd_caller *caller, const char *task, unsigned access);
/* What of the tree the caller may read: *ret_copy, or NULL when that is all of it. 0 or -ENOMEM. */
int confd_readable(const struct confd_caller *caller, const struct tree *tree, struct tree **ret_copy);
/* The same within the tree itself. */
void confd_restrict(const struct confd_caller *caller, struct tree *tree);
/* Whether the caller may turn the running configuration into wanted: line by line, and nobody may come out of it with
 * rights that the caller has not. His rights are those of the running configuration now. 0 or -ENOMEM. */
int confd_rights_check(const struct confd *confd, const struct confd_caller *caller, const struct tree *wanted,
		       json_t *faults);

/* ---- confd_commit.c ---- */

/* error_name NULL: it is done, parameters are the reply. parameters is the receiver's. */
typedef void (*confd_on_answer)(const char *error_name, json_t *parameters, void *userdata);

enum confd_wish {
	WISH_LINES,	  /* the lines, on what runs */
	WISH_REPLACE,	  /* the lines, on nothing */
	WISH_ROLLBACK,	  /* what was before the last undo_last commits, or before undo_id and all after it */
	WISH_TRIAL_ENDED, /* what was before the trial undo_id */
};

struct confd_request {
	enum confd_wish wish;
	json_t *lines;		     /* array of strings, owned; NULL when the wish takes none */
	unsigned undo_last;	     /* 0: undo_id counts */
	char undo_id[31];	     /* number or label */
	char base_commit_id[16];     /* of WISH_LINES and WISH_REPLACE */
	bool best_effort;	     /* lines that fail are left out */
	bool force;		     /* without asking whether it locks the caller out */
	uint32_t trial_s;	     /* 0: for good */
	struct confd_caller caller;
	struct commit_record record; /* id and changed_us are filled when it is recorded */
	confd_on_answer on_answer;   /* NULL: nobody waits any more */
	void *userdata;
};

int confd_commits_new(struct confd *confd, struct confd_commits **ret_commits);
void confd_commits_free(struct confd_commits *commits); /* NULL is fine; nobody waiting is answered */

/* Waits for its turn, then checks, prepares, records and applies. The request (heap) is owned by the queue, also on
 * failure. -EBUSY when too many wait. */
int confd_commit_submit(struct confd_commits *commits, struct confd_request *request);
/* The slice of a member when no commit is under way: between two phases it would be neither old nor new. The receiver
 * may be taken back by confd_commits_forget(). */
int confd_slice_submit(struct confd_commits *commits, unsigned owner, confd_on_answer on_answer, void *userdata);
/* Whoever waited with this userdata has gone. */
void confd_commits_forget(struct confd_commits *commits, const void *userdata);
/* Brings every member that runs to the running configuration: at our start, when one may hold half a commit. */
void confd_commits_reconcile(struct confd_commits *commits);

/* Frees the request and wipes what it holds. NULL is fine. */
void confd_request_free(struct confd_request *request);

/* ---- confd_log.c ---- */

struct varlink_log;

/* Keeps our lines in the store in this directory, which stays open, and answers who asks for them. */
int confd_log_new(struct confd *confd, int dir_fd, struct varlink_log **ret_log);

/* ---- confd_past.c ---- */

/* Where a commit stands in the list, by number or label; -ENOENT. */
int confd_past_find(const struct confd *confd, const char *id_or_label, size_t *ret_index);
/* The configuration a stored commit made; index 0 is what runs. One past the oldest is nothing, when the oldest was the
 * first of all; otherwise -ENOENT. */
int confd_past_tree(const struct confd *confd, size_t index, struct tree **ret_tree, struct err *err);
/* How many commits can be taken back. */
size_t confd_past_depth(const struct confd *confd);

/* ---- confd_session.c ---- */

/* A process in configuration mode, for as long as its call is open. */
struct confd_session {
	struct confd_session *next;
	struct confd *confd;
	struct confd_process process;
	char user[33], line[33];
	int64_t since_us;
	bool exclusive;
};

int confd_sessions_new(struct confd *confd, struct confd_sessions **ret_sessions);
void confd_sessions_free(struct confd_sessions *sessions); /* NULL is fine */
struct confd_session *confd_session_open(struct confd_sessions *sessions, const struct confd_caller *caller,
					 const char *line, bool exclusive); /* NULL: no memory, or too many */
void confd_session_close(struct confd_session *session);
/* Whether another process has the configuration for itself. */
bool confd_session_locks_out(const struct confd_sessions *sessions, struct confd_process process);
json_t *confd_sessions_json(const struct confd_sessions *sessions);
/* "00001000-000043a7-00000000"; returns buffer. */
const char *confd_session_id(struct confd_process process, char buffer[27]);

/* ---- confd_trial.c ---- */

int confd_trial_new(struct confd *confd, struct confd_trial **ret_trial);
void confd_trial_free(struct confd_trial *trial); /* NULL is fine */
/* The trial that runs, NULL when there is none. Valid until the next record. */
const struct commit_record *confd_trial_record(const struct confd *confd);
/* Sets or stops the clock by the newest commit: after each commit, and at the start. */
void confd_trial_watch(struct confd *confd);

/* ---- confd_guard.c ---- */

struct confd_guard;

/* Finds the SSH session that the caller works in and asks whether wanted would lock it out. on_answer is called once,
 * perhaps before this returns: locked (may be empty) are sentences that say how, warnings those that only matter to
 * know; both are the receiver's. -ENOMEM when it is not called. */
typedef void (*confd_on_guard)(json_t *locked, json_t *warnings, void *userdata);
int confd_guard_ask(const struct confd *confd, const struct confd_caller *caller, const struct tree *wanted,
		    confd_on_guard on_answer, void *userdata, struct confd_guard **ret_guard);
void confd_guard_free(struct confd_guard *guard); /* NULL is fine; takes the question back */

/* ---- confd_varlink.c, confd_varlink_commit.c ---- */

/* A text parameter into a buffer; absent or null leaves it as it is. False when it is something else or too long. */
bool confd_parameter_text(const json_t *parameters, const char *name, char *to, size_t size);
/* The same for a number within bounds, and for a flag. */
bool confd_parameter_number(const json_t *parameters, const char *name, int64_t min, int64_t max, int64_t *number);
bool confd_parameter_flag(const json_t *parameters, const char *name, bool *flag);
json_t *confd_record_json(const struct commit_record *record);

void confd_handle_commit(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_rollback(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_end_trial(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_get_slice(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_get_commit(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_get_changes(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_open_session(struct varlink_call *call, const json_t *parameters, void *userdata);
void confd_handle_list_sessions(struct varlink_call *call, const json_t *parameters, void *userdata);

extern const struct varlink_interface confd_interfaces[]; /* userdata: struct confd */

#endif
