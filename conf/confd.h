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
#include "conf/tree.h"

struct event_base;
struct confd_commits;

struct confd {
	struct event_base *base;
	struct confd_store *store;
	struct confd_commits *commits;
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

struct confd_caller {
	uid_t uid;
	bool trusted;	    /* root, or our own uid: may speak for others */
	bool may_configure; /* and see secrets */
	char user[33];	    /* "" when the uid is nobody's */
};

void confd_caller_of(const struct confd *confd, const struct ucred *peer, struct confd_caller *ret_caller);
/* Groups of the caller in the running configuration, a JSON array; NULL: no memory. */
json_t *confd_caller_groups(const struct confd *confd, const struct confd_caller *caller);

/* ---- confd_commit.c ---- */

/* error_name NULL: it is done, parameters are the reply. parameters is the receiver's. */
typedef void (*confd_on_answer)(const char *error_name, json_t *parameters, void *userdata);

struct confd_request {
	json_t *lines;		  /* array of strings, owned */
	char base_commit_id[16];
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

/* ---- confd_varlink.c ---- */

extern const struct varlink_interface confd_interfaces[]; /* userdata: struct confd */

#endif
