/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/history.h - every connection there was, on disk, and the ids that were given
 *
 * Shapes:  one row per connection, the columns being the members of struct session_report; written when it begins, when
 *          the user is known and when it ends
 * Units:   none
 * Errors:  0 stored, 1 kept in memory because the disk refuses (tried again by history_flush), -ENOMEM; what happens to
 *          the file is told by on_notice, once each way
 * Owns:    the history owns its database handle and its queue; rows given are copied
 * Runs in: sallyport-sshd; no log
 * Source:  features.md section 5 item 12; https://www.sqlite.org/wal.html
 * Tests:   tests/unit/history_test.c, tests/system/test_session_server.py
 *
 * Files in the directory: history.db (and -wal, -shm), history.id (the highest id given, so that no id repeats
 * even when the database is lost), history.db.broken (a database that could not be read, moved out of the way).
 */
#ifndef SERVICES_HISTORY_H
#define SERVICES_HISTORY_H

#include "services/ssh_report.h"

#define HISTORY_ROWS_MAX     100000u /* ended connections kept */
#define HISTORY_NAMELESS_MAX 10000u  /* of these, ended before a user was named */
#define HISTORY_QUEUE_MAX    4096u   /* rows kept in memory while the disk refuses */
#define HISTORY_BUSY_MS	     250     /* how long another program may hold the database before a row is queued */

struct history;

struct history_options {
	const char *dir;		 /* exists; borrowed until history_free() */
	unsigned rows_max, nameless_max; /* 0: the defaults above */
	/* trouble: rows are queued, lost, or the file was moved aside; else: all is well again */
	void (*on_notice)(bool trouble, const char *text, void *userdata);
	void *userdata;
};

/* Succeeds whatever the state of the disk; only -ENOMEM. */
int history_new(const struct history_options *options, struct history **ret_history);
/* Whether the database could be read when it was opened, so that its live rows are all there are. */
bool history_is_whole(const struct history *history);
void history_free(struct history *history); /* writes what is queued; NULL is fine */

/* Writes or replaces the row of report->id. */
int history_put(struct history *history, const struct session_report *report);
/* Tries the queued rows again. 0 when nothing is queued any more. */
int history_flush(struct history *history);
size_t history_queued(const struct history *history);

/* Remembers that this id has been given; cheap, call before it is used. */
void history_note_id(struct history *history, uint32_t id);
uint32_t history_last_id(const struct history *history);

/* Which ended connections; a zeroed filter takes all. */
struct history_filter {
	const char *user, *vrf;	    /* NULL: any */
	int64_t since_us, until_us; /* that lived at some time between; 0: without bound */
	bool failed;		    /* only those that nobody was let in by */
	uint32_t before_id;	    /* only those behind this one, for reading in pages; 0: from the newest on */
};

bool history_filter_takes(const struct history_filter *filter, const struct session_report *report);
/* As history_list() for those the filter takes. */
int history_find(struct history *history, const struct history_filter *filter, unsigned limit,
		 void (*on_row)(const struct session_report *row, void *userdata), void *userdata);
/* Ended connections, the newest end first, at most limit. Returns how many or -errno. */
int history_list(struct history *history, unsigned limit,
		 void (*on_row)(const struct session_report *row, void *userdata), void *userdata);
/* Rows without an end, as an earlier daemon left them. */
int history_live(struct history *history, void (*on_row)(const struct session_report *row, void *userdata),
		 void *userdata);

#endif
