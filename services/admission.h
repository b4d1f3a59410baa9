/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/admission.h - may this connection begin? sessions, unauthenticated connections, connections of one source
 *
 * Shapes:  struct admission counts; struct admission_source, a VRF and an address (IPv6: its /64) as one key;
 *          enum admission_verdict
 * Units:   now_us microseconds of the monotonic clock, always passed in
 * Errors:  a refusal is a verdict, not an error
 * Owns:    the admission owns its counts
 * Runs in: sallyport-sshd; pure: no socket, no clock, no log
 * Source:  features.md 2A (session limit 64); issue 3: connection flood gets a clean close
 * Tests:   tests/unit/admission_test.c
 *
 *   ask --granted--> unauthenticated --admission_promote--> session --admission_leave--> gone
 *    \--refused (counted)                 \--admission_leave--> gone
 */
#ifndef SERVICES_ADMISSION_H
#define SERVICES_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADMISSION_SESSIONS_MAX	       64u
#define ADMISSION_UNAUTHENTICATED_MAX  64u
#define ADMISSION_PER_SOURCE_MAX       24u
#define ADMISSION_REPORT_INTERVAL_US   1000000 /* one line about refusals a second */

enum admission_verdict {
	ADMISSION_GRANTED,
	ADMISSION_SESSIONS,	   /* as many sessions as allowed are open */
	ADMISSION_UNAUTHENTICATED, /* too many connections have not authenticated yet */
	ADMISSION_SOURCE,	   /* too many of those come from this source */
	ADMISSION_RESOURCES,	   /* the machine has no descriptor, process or memory for it */
	ADMISSION_VERDICT_MAX,
};
/* Why, as the end of "connections refused: …". */
extern const char *const admission_verdict_words[];

struct admission_source {
	char vrf_name[33];
	uint8_t family;	     /* 4 or 6 */
	uint8_t address[16]; /* 4: the first four bytes; 6: the first eight, the rest zero */
};

/* bytes: 4 (IPv4) or 16 (IPv6) in network order. The same address in two VRFs is two sources. */
void admission_source_set(struct admission_source *source, const char *vrf_name, const uint8_t *bytes,
			  size_t len_bytes);

struct admission_limits {
	unsigned sessions, unauthenticated, per_source;
};

struct admission;

int admission_new(const struct admission_limits *limits, struct admission **ret_admission);
void admission_free(struct admission *admission);

/* Decides on a new connection and counts it when granted, its refusal when not. */
enum admission_verdict admission_ask(struct admission *admission, const struct admission_source *source);
/* Counts a connection that was let in by an earlier daemon, whatever the limits say. -ENOMEM. */
int admission_restore(struct admission *admission, const struct admission_source *source, bool authenticated);
/* The connection has authenticated. False when that makes more sessions than allowed: the caller ends it. */
bool admission_promote(struct admission *admission, const struct admission_source *source);
void admission_leave(struct admission *admission, const struct admission_source *source, bool authenticated);
/* Counts a refusal decided elsewhere. */
void admission_refuse(struct admission *admission, enum admission_verdict verdict,
		      const struct admission_source *source);

unsigned admission_sessions(const struct admission *admission);
unsigned admission_unauthenticated(const struct admission *admission);

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
