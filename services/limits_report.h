/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/limits_report.h - what org.sallyport.SSH says about access lists and penalties
 *
 * Shapes:  struct access_entry_report, one entry of an access list; struct penalty_report, one source
 * Units:   _s seconds
 * Errors:  Varlink errors
 * Owns:    rows own their text
 * Runs in: sallyport-sshd, sallyport (CLI); data only
 * Source:  features.md section 5 item 10; IOS XR: show access-lists
 * Tests:   tests/system/test_limits.py, tests/system/test_access_list.py, tests/golden/show
 */
#ifndef SERVICES_LIMITS_REPORT_H
#define SERVICES_LIMITS_REPORT_H

#include "services/ssh_report.h"

struct access_entry_report {
	char family[8]; /* "ipv4", "ipv6" */
	char list[65];
	uint32_t number; /* 0: the implicit deny at the end */
	char action[8];	 /* "permit", "deny", "remark" */
	char text[256];	 /* what stands behind it; "" for the implicit one */
	uint64_t matches;
};

struct penalty_report {
	char source[64]; /* "192.0.2.1", "2001:db8::/64" */
	char vrf[33];
	char reason[32]; /* of the last offence */
	bool shut_out;	 /* else it is only counted */
	uint32_t left_s;
	uint32_t count; /* of offences */
	uint64_t refused;
};

extern const struct field access_entry_report_fields[], penalty_report_fields[];

/* (family: ?string, name: ?string) -> (entries: []AccessEntry) */
#define SSH_LIST_ACCESS SSH_INTERFACE ".ListAccessLists"
/* (family: ?string, name: ?string) -> (cleared: int): counters of so many lists */
#define SSH_CLEAR_ACCESS SSH_INTERFACE ".ClearAccessLists"
/* (vrf: ?string) -> (penalties: []Penalty) */
#define SSH_LIST_PENALTIES SSH_INTERFACE ".ListPenalties"
/* (source: string, vrf: ?string) -> (cleared: int); source "" is every source, vrf left out every VRF */
#define SSH_CLEAR_PENALTY SSH_INTERFACE ".ClearPenalty"

#endif
