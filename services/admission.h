/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/admission.h - may this connection begin? sessions, connections on the way in, rates, per VRF and source
 *
 * Shapes:  struct admission counts; struct admission_limits, what holds in the VRF of a connection; enum
 *          admission_verdict
 * Units:   now_us microseconds of the monotonic clock, always passed in; rates per minute
 * Errors:  a refusal is a verdict, not an error
 * Owns:    the admission owns its counts
 * Runs in: sallyport-sshd; pure: no socket, no clock, no log
 * Source:  features.md 2A (session limit 64, rate limit 60), 4D and section 5 item 11 (burst and per-source share)
 * Tests:   tests/unit/admission_test.c, tests/system/test_limits.py
 *
 *   ask --granted--> unauthenticated --admission_promote--> session --admission_leave--> gone
 *    \--refused (counted)                 \--admission_leave--> gone
 *
 * Every VRF has its own count of connections and its own bucket of tokens, so that a flood in one leaves the others
 * alone. The session limit that is said for all VRFs is one limit for all that have none of their own. A source has a
 * share of the VRF's bucket and of its unauthenticated connections.
 */
#ifndef SERVICES_ADMISSION_H
#define SERVICES_ADMISSION_H

#include "services/source_map.h"

#define ADMISSION_SOURCES_MAX	     65536u
#define ADMISSION_REPORT_INTERVAL_US 1000000 /* one line about refusals a second */

enum admission_verdict {
	ADMISSION_GRANTED,
	ADMISSION_SESSIONS,	   /* as many sessions as allowed are open */
	ADMISSION_UNAUTHENTICATED, /* too many connections have not authenticated yet */
	ADMISSION_SOURCE,	   /* too many of those come from this source */
	ADMISSION_RATE,		   /* too many connections a minute */
	ADMISSION_SOURCE_RATE,	   /* too many of this source */
	ADMISSION_ACCESS_LIST,	   /* decided elsewhere: the access list of the VRF */
	ADMISSION_PENALTY,	   /* decided elsewhere: the source has misbehaved */
	ADMISSION_RESOURCES,	   /* the machine has no descriptor, process or memory for it */
	ADMISSION_LINE,		   /* decided elsewhere: no terminal line is free, or none takes SSH */
	ADMISSION_VERDICT_MAX,
};
/* Why, as the end of "connections refused: …". */
extern const char *const admission_verdict_words[];

/* All at least 1. */
struct admission_limits {
	unsigned sessions;
	bool sessions_own; /* the VRF's own limit, not the one for all that have none */
	unsigned unauthenticated, per_source;
	unsigned rate_per_min, burst;
	unsigned source_rate_per_min, source_burst;
};
/* Those of a session limit and a rate: as many may be on the way in as may be in, within bounds; a source has three
 * eighths of those, and of the burst what it has of the rate. */
void admission_limits_set(struct admission_limits *limits, unsigned sessions, unsigned rate_per_min, unsigned burst,
			  unsigned source_rate_per_min);

struct admission;

int admission_new(struct admission **ret_admission);
void admission_free(struct admission *admission);

/* Decides on a new connection and counts it when granted, its refusal when not; then *ret_retry_s says when it is worth
 * another try. */
enum admission_verdict admission_ask(struct admission *admission, const struct admission_limits *limits,
				     const struct admission_source *source, int64_t now_us, unsigned *ret_retry_s);
/* Counts a connection that was let in by an earlier daemon, whatever the limits say. -ENOMEM. */
int admission_restore(struct admission *admission, const struct admission_source *source, bool authenticated);
/* The connection has authenticated. False when that makes more sessions than allowed: the caller ends it. */
bool admission_promote(struct admission *admission, const struct admission_limits *limits,
		       const struct admission_source *source);
void admission_leave(struct admission *admission, const struct admission_source *source, bool authenticated);
/* Counts a refusal decided elsewhere. */
void admission_refuse(struct admission *admission, enum admission_verdict verdict,
		      const struct admission_source *source);
/* Now and then: forgets sources whose bucket is full again. */
void admission_sweep(struct admission *admission, int64_t now_us);

/* Of a VRF; NULL: of all together. */
unsigned admission_sessions(const struct admission *admission, const char *vrf_name);
unsigned admission_unauthenticated(const struct admission *admission, const char *vrf_name);
uint64_t admission_refused(const struct admission *admission, const char *vrf_name, enum admission_verdict verdict);

/* What was refused since the last report. */
struct admission_report {
	uint64_t refused[ADMISSION_VERDICT_MAX];
	uint64_t total;
	enum admission_verdict last_verdict;
	struct admission_source last_source;
};
/* True, and the report, when something was refused and the last report is at least a second old. */
bool admission_report_due(struct admission *admission, int64_t now_us, struct admission_report *ret_report);

#endif
