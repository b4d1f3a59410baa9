/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd_store.h - commits on disk: one file each, the newest good one is the running configuration
 *
 * Shapes:  struct commit_record, the head of a commit; struct confd_store, the directory and the heads of what it holds
 * Units:   _us microseconds since 1970-01-01 UTC
 * Errors:  0 or -errno; -ENOSPC and the like leave the directory as it was
 * Owns:    the store owns its records; texts given out belong to the caller
 * Runs in: sallyport-confd; files, no socket, no loop
 * Source:  architecture.md walk (b): record is fsync and rename, the point of no return
 * Tests:   tests/unit/confd_store_test.c, tests/system/test_commit.py
 *
 * DIR/commits/1000000004.conf:
 *
 *	!! Sallyport configuration 1
 *	!! commit 1000000004
 *	!! changed-us 1791976925575000
 *	!! user admin
 *	!! line vty0
 *	!! client CLI
 *	!! label LABEL			(label and comment only where there is one)
 *	!! comment COMMENT
 *	!! trial DEADLINE-US SECONDS PID START-TICKS	(only while nobody has confirmed it)
 *	!
 *	hostname r1			(the whole configuration)
 *	!! end 8a5d3c0f11223344		(FNV-1a, 64 bits, of everything above)
 *
 * A file appears whole by rename, and nothing else changes in a commit: before the rename the old configuration holds,
 * after it the new one. Names that end in ".tmp" are rests of a crash, ".broken" are set aside.
 */
#ifndef CONF_CONFD_STORE_H
#define CONF_CONFD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONFD_COMMIT_ID_FIRST 1000000001u
#define CONFD_COMMIT_ID_LAST  4294967295u
#define CONFD_COMMITS_KEPT    100u /* that can be taken back: one more is stored, which the oldest was made on */
#define CONFD_TEXT_MAX_BYTES  (8u << 20) /* with JSON's escapes it still fits one Varlink message */

struct commit_record {
	uint32_t id; /* 0: no commit */
	int64_t changed_us;
	char user[33], line[33], client[33];
	char label[31], comment[257]; /* "" when there is none */
	/* A trial, taken back at its deadline; all 0 in an ordinary commit. It counts only in the newest commit. */
	int64_t trial_deadline_us; /* wall time */
	uint32_t trial_s;	   /* how long it was given */
	uint32_t trial_pid;	   /* the process that may confirm it, with its start time (proc(5), stat field 22) */
	uint64_t trial_ticks;
};

struct confd_store;

/* Makes dir and dir/commits where they are missing, and reads the names. No file is judged yet. */
int confd_store_open(const char *dir, struct confd_store **ret_store, struct err *err);
void confd_store_free(struct confd_store *store); /* NULL is fine */

/* Whether any commit, good or broken, was ever stored here. */
bool confd_store_is_virgin(const struct confd_store *store);

/* Finds the newest commit that is whole and that accept() takes (0), sets aside the others, and fills the records.
 * on_broken is told each file set aside and why. 1 and *ret_text, or 0 when there is no good commit. */
int confd_store_load(struct confd_store *store, int (*accept)(const char *text, void *userdata, struct err *err),
		     void (*on_broken)(const char *path, const char *reason, void *userdata), void *userdata,
		     char **ret_text, struct err *err);

/* The number the next commit will have: higher than any file ever seen here. 0 when they are used up. */
uint32_t confd_store_next_id(const struct confd_store *store);
/* Stores a commit with record->id == confd_store_next_id(); it is the newest from then on. The oldest is dropped when
 * there are more than CONFD_COMMITS_KEPT + 1. */
int confd_store_record(struct confd_store *store, const struct commit_record *record, const char *text,
		       struct err *err);

/* The whole configuration of a stored commit (malloc'ed); -ENOENT there is none of that number, -EBADMSG its file is
 * damaged. */
int confd_store_text(const struct confd_store *store, uint32_t id, char **ret_text, struct err *err);
/* Makes the newest commit, a trial with this text, an ordinary one; all or nothing, as a commit is. */
int confd_store_confirm(struct confd_store *store, const char *text, struct err *err);

/* Heads of the commits, newest first; valid until the next record. */
const struct commit_record *confd_store_records(const struct confd_store *store, size_t *ret_len);

/* Whether a text may stand in a record: at most max_bytes, no control characters. Pure. */
bool confd_store_is_plain(const char *text, size_t max_bytes);

#endif
