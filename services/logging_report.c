/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: field tables of the reports about the log.
 */
#include "services/logging_report.h"

const struct field logging_report_fields[] = {
	FIELD_OF(FIELD_STR, struct logging_report, console, "The least severe messages on the console, or disable"),
	FIELD_OF(FIELD_STR, struct logging_report, monitor, "The same in sessions after terminal monitor"),
	FIELD_OF(FIELD_STR, struct logging_report, trap, "The same for servers, whatever these ask for"),
	FIELD_OF(FIELD_STR, struct logging_report, buffered, "The same on disk"),
	FIELD_OF(FIELD_U64, struct logging_report, console_messages, "Written to the console"),
	FIELD_OF(FIELD_U64, struct logging_report, console_dropped, "Not taken by the console"),
	FIELD_OF(FIELD_U64, struct logging_report, buffered_bytes, "Size of the log on disk"),
	FIELD_END,
};

const struct field log_host_report_fields[] = {
	FIELD_OF(FIELD_STR, struct log_host_report, address, "Address of the server"),
	FIELD_OF(FIELD_STR, struct log_host_report, vrf, "VRF it is reached in"),
	FIELD_OF(FIELD_STR, struct log_host_report, severity, "The least severe messages that it gets"),
	FIELD_OF(FIELD_U16, struct log_host_report, port, "UDP port"),
	FIELD_OF(FIELD_BOOL, struct log_host_report, reached, "Whether the last message could be sent"),
	FIELD_OF(FIELD_STR, struct log_host_report, reason, "Why not"),
	FIELD_OF(FIELD_U64, struct log_host_report, messages, "Sent since the daemon started"),
	FIELD_END,
};
