/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the field tables of access lists and penalties.
 */
#include "services/limits_report.h"

const struct field access_entry_report_fields[] = {
	FIELD_OF(FIELD_STR, struct access_entry_report, family, "Address family: ipv4 or ipv6"),
	FIELD_OF(FIELD_STR, struct access_entry_report, list, "Name of the access list"),
	FIELD_OF(FIELD_U32, struct access_entry_report, number, "Number of the entry, 0 for the deny at the end"),
	FIELD_OF(FIELD_STR, struct access_entry_report, action, "What it does: permit, deny or remark"),
	FIELD_OF(FIELD_STR, struct access_entry_report, text, "What it matches"),
	FIELD_OF(FIELD_U64, struct access_entry_report, matches, "Connections that it decided"),
	FIELD_END,
};

const struct field penalty_report_fields[] = {
	FIELD_OF(FIELD_STR, struct penalty_report, source, "Address of the source, of IPv6 its /64"),
	FIELD_OF(FIELD_STR, struct penalty_report, vrf, "VRF the source is in"),
	FIELD_OF(FIELD_STR, struct penalty_report, reason, "The last offence"),
	FIELD_OF(FIELD_BOOL, struct penalty_report, shut_out, "Whether its connections are refused"),
	FIELD_OF(FIELD_U32, struct penalty_report, left_s, "Seconds until it is forgotten"),
	FIELD_OF(FIELD_U32, struct penalty_report, count, "Offences"),
	FIELD_OF(FIELD_U64, struct penalty_report, refused, "Connections refused because of it"),
	FIELD_END,
};
