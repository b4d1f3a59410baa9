/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/probe_report.h - what org.sallyport.SSH.Probe is asked for: one run of the system's ping or traceroute
 *
 * Shapes:  struct probe_request and its field table; a member that is 0 or "" is left to the program
 * Units:   _s seconds, _ms milliseconds, _bytes bytes of the payload
 * Errors:  Varlink errors; what went wrong otherwise is the member error of the last reply, for the operator
 * Owns:    nothing
 * Runs in: sallyport-sshd, sallyport (CLI); data only
 * Source:  ping(8) of iputils, traceroute(8); Linux Documentation/networking/vrf.rst
 * Tests:   tests/unit/probe_test.c, tests/system/test_probe.py
 */
#ifndef SERVICES_PROBE_REPORT_H
#define SERVICES_PROBE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

enum probe_program { PROBE_PING, PROBE_TRACEROUTE, PROBE_PROGRAM_MAX };
extern const char *const probe_program_words[]; /* "ping", "traceroute", NULL */

struct probe_request {
	int program;	 /* enum probe_program */
	char vrf[33];
	char host[256];
	uint32_t family; /* 4, 6 */
	char source[64]; /* an address */
	bool numeric;	 /* no names for addresses */
	/* ping */
	uint32_t count, payload_bytes, interval_ms;
	bool has_payload, dont_fragment;
	/* both: how long an answer is waited for */
	uint32_t timeout_s;
	/* traceroute */
	uint32_t probes, min_ttl, max_ttl;
};

extern const struct field probe_request_fields[];

#define PROBE_COUNT_MAX	      1000000u
#define PROBE_PAYLOAD_MAX     65507u
#define PROBE_INTERVAL_MIN_MS 10u /* what the program gives everybody */
#define PROBE_INTERVAL_MAX_MS 3600000u
#define PROBE_TIMEOUT_MAX_S   3600u
#define PROBE_PROBES_MAX      10u
#define PROBE_TTL_MAX	      255u

#endif
