/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/penalty.h - seconds of penalty for sources that misbehave before they authenticate
 *
 * Shapes:  struct penalties; enum penalty_reason; struct penalty_row
 * Units:   now_us microseconds of the monotonic clock, always passed in
 * Errors:  0 or -errno; what there is no place for is not kept
 * Owns:    penalties own their table
 * Runs in: sallyport-sshd; pure: no socket, no clock, no log
 * Source:  features.md section 3 (OpenSSH: penalties), 4D, section 5 item 10
 * Tests:   tests/unit/penalty_test.c, tests/system/test_limits.py
 *
 *   free --add (sum up to 15 s)--> COUNTED --add (sum over 15 s)--> SHUT OUT --the sum is over--> free
 *   any --success, clear--> free
 *
 * What is added runs out second by second. A host with an old password is let in again after a minute at most, and its
 * first success takes everything back; a tool that probes once a second is never shut out.
 */
#ifndef SERVICES_PENALTY_H
#define SERVICES_PENALTY_H

#include "services/source_map.h"

#define PENALTY_SOURCES_MAX  65536u
#define PENALTY_THRESHOLD_US 15000000  /* a source is shut out when its sum exceeds this */
#define PENALTY_MAX_US	     60000000  /* no sum grows beyond this … */
#define PENALTY_CRASH_MAX_US 600000000 /* … but for crashes of the transport, which no honest client causes */

enum penalty_reason {
	PENALTY_AUTHENTICATION, /* a connection with failed attempts */
	PENALTY_NO_ATTEMPT,	/* left without an attempt */
	PENALTY_TIMEOUT,	/* did not authenticate in time */
	PENALTY_JUNK,		/* what it sent is not SSH, or shares no algorithm */
	PENALTY_CRASH,		/* the transport died of it */
	PENALTY_REASON_MAX,
};
extern const char *const penalty_reason_words[];

struct penalties;

int penalties_new(struct penalties **ret_penalties);
void penalties_free(struct penalties *penalties);

/* True when the source is shut out from now on and was not before. */
bool penalties_add(struct penalties *penalties, const struct admission_source *source, enum penalty_reason reason,
		   int64_t now_us);
/* Microseconds for which the source is still shut out, 0 when it is not; counts the refusal. */
int64_t penalties_ask(struct penalties *penalties, const struct admission_source *source, int64_t now_us);
/* Takes back what a source has; source NULL: all. How many there were. */
size_t penalties_clear(struct penalties *penalties, const struct admission_source *source);
/* Now and then: forgets what is over. */
void penalties_sweep(struct penalties *penalties, int64_t now_us);

size_t penalties_len(const struct penalties *penalties); /* sources that have one */
/* Grows with each change that another daemon should know of. */
uint64_t penalties_changes(const struct penalties *penalties);

struct penalty_row {
	const struct admission_source *source;
	enum penalty_reason reason; /* the last one */
	bool shut_out;
	uint32_t count; /* of offences */
	uint64_t refused;
	int64_t left_us;
};
void penalties_each(struct penalties *penalties, int64_t now_us,
		    void (*on_row)(const struct penalty_row *row, void *userdata), void *userdata);
/* Takes over what an earlier daemon had; left_us is bounded as if it had been added here. */
void penalties_restore(struct penalties *penalties, const struct penalty_row *row, int64_t now_us);

#endif
