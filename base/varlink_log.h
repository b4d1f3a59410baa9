/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/varlink_log.h - the interface org.sallyport.Log, which each daemon that keeps the log answers
 *
 * Shapes:  struct varlink_log, one per process
 * Units:   none
 * Errors:  0 or -errno
 * Owns:    the log owns its watch and the calls that follow it; the descriptor of the store is borrowed
 * Runs in: sallyport-confd, sallyport-sshd (libevent loop)
 * Source:  base/log_report.h
 * Tests:   tests/system/test_logging.py
 */
#ifndef BASE_VARLINK_LOG_H
#define BASE_VARLINK_LOG_H

#include "base/log_store.h"
#include "base/varlink.h"

struct varlink_log;

struct varlink_log_options {
	struct event_base *base;
	int dir_fd; /* of the store */
	bool (*may_read)(const struct ucred *peer, void *userdata);
	bool (*may_clear)(const struct ucred *peer, void *userdata);
	/* It is empty: says who did it, in what begins. */
	void (*on_cleared)(const struct ucred *peer, void *userdata);
	/* New lines are there, while varlink_log_want(). May be NULL. */
	void (*on_new)(void *userdata);
	void *userdata;
};

int varlink_log_new(const struct varlink_log_options *options, struct varlink_log **ret_log);
/* After the server, whose calls it holds. */
void varlink_log_free(struct varlink_log *log); /* NULL is fine */
/* Whether on_new is to be called. */
void varlink_log_want(struct varlink_log *log, bool wanted);

extern const struct varlink_type varlink_log_types[], varlink_log_errors[];
extern const struct varlink_method varlink_log_methods[];
/* To be put in the daemon's interface list. */
#define VARLINK_LOG_INTERFACE                                                                   \
	{ .name = "org.sallyport.Log", .help = "What the daemons and the sessions have to say.", \
	  .types = varlink_log_types, .methods = varlink_log_methods, .errors = varlink_log_errors }

#endif
