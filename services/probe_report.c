/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the field table of a probe.
 */
#include "services/probe_report.h"

const char *const probe_program_words[] = { [PROBE_PING] = "ping", [PROBE_TRACEROUTE] = "traceroute", NULL };

const struct field probe_request_fields[] = {
	FIELD_ENUM_OF(struct probe_request, program, probe_program_words, "What is run: ping or traceroute"),
	FIELD_OF(FIELD_STR, struct probe_request, vrf, "VRF it is run in"),
	FIELD_OF(FIELD_STR, struct probe_request, host, "An address, or in the default VRF a name"),
	FIELD_OF(FIELD_U32, struct probe_request, family, "4 or 6, 0 for what the host has"),
	FIELD_OF(FIELD_STR, struct probe_request, source, "Address to send from"),
	FIELD_OF(FIELD_BOOL, struct probe_request, numeric, "Whether addresses stay without names"),
	FIELD_OF(FIELD_U32, struct probe_request, count, "Packets of a ping"),
	FIELD_OF(FIELD_U32, struct probe_request, payload_bytes, "Bytes of payload, when has_payload"),
	FIELD_OF(FIELD_BOOL, struct probe_request, has_payload, "Whether payload_bytes says something"),
	FIELD_OF(FIELD_U32, struct probe_request, interval_ms, "Milliseconds between packets"),
	FIELD_OF(FIELD_BOOL, struct probe_request, dont_fragment, "Whether packets may not be fragmented"),
	FIELD_OF(FIELD_U32, struct probe_request, timeout_s, "Seconds to wait for an answer"),
	FIELD_OF(FIELD_U32, struct probe_request, probes, "Packets per hop"),
	FIELD_OF(FIELD_U32, struct probe_request, min_ttl, "First hop"),
	FIELD_OF(FIELD_U32, struct probe_request, max_ttl, "Last hop"),
	FIELD_END,
};
