/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the rows of "| json", command by command. Reports of daemons are described by the tables they travel by; what
 * the shell makes itself is described here.
 */
#include "cli/json_rows.h"

#include <stddef.h>

#include "base/log_report.h"
#include "cli/show_ssh.h"
#include "services/crypto_report.h"
#include "services/limits_report.h"
#include "services/ssh_report.h"
#include "vrf/vrf_report.h"

/* A member that is made without a struct. */
#define MEMBER(kind, name_, help_)                               \
	{                                                        \
		.name = (name_), .type = (kind), .help = (help_) \
	}

static const struct field clock_fields[] = {
	MEMBER(FIELD_STR, "clock", "The time of day as shown"),
	MEMBER(FIELD_I64, "wall_us", "The same as a number"),
	FIELD_END,
};

static const struct field history_line_fields[] = {
	MEMBER(FIELD_STR, "line", "A line that was typed; none of those that hold a secret"),
	FIELD_END,
};

static const struct field version_fields[] = {
	MEMBER(FIELD_STR, "version", "Version of the software"),
	MEMBER(FIELD_STR, "product", "Name of the software"),
	MEMBER(FIELD_STR, "hostname", "Name of the router"),
	MEMBER(FIELD_I64, "uptime_s", "Time since the machine started"),
	FIELD_END,
};

static const struct field terminal_fields[] = {
	MEMBER(FIELD_STR, "line", "The line: vty0, or con0 outside of SSH"),
	MEMBER(FIELD_STR, "location", "The node, always the same one"),
	MEMBER(FIELD_STR, "type", "VTY or Console"),
	MEMBER(FIELD_I64, "length", "Lines of the screen, 0 for no pausing"),
	MEMBER(FIELD_I64, "width", "Columns of the screen"),
	MEMBER(FIELD_BOOL, "timestamp", "Whether a time line precedes the output of commands"),
	FIELD_END,
};

static const struct field user_fields[] = {
	MEMBER(FIELD_BOOL, "own", "Whether this is the line of the command"),
	MEMBER(FIELD_STR, "line", "The line: vty0, or con0 outside of SSH"),
	MEMBER(FIELD_STR, "user", "Who is logged in"),
	MEMBER(FIELD_STR, "service", "ssh, or hardware outside of SSH"),
	MEMBER(FIELD_I64, "conns", "Connections that go on from the line, always 0"),
	MEMBER(FIELD_STR, "idle", "Time since something was typed, hours:minutes:seconds, -- when not known"),
	MEMBER(FIELD_STR, "location", "Address of the client"),
	FIELD_END,
};

static const struct field commit_fields[] = {
	MEMBER(FIELD_STR, "commit_id", "Number of the commit"),
	MEMBER(FIELD_STR, "user", "Who committed"),
	MEMBER(FIELD_STR, "line", "The line it was committed from"),
	MEMBER(FIELD_STR, "client", "What committed: CLI, Rollback, Starter"),
	MEMBER(FIELD_STR, "label", "Label of the commit, empty for none"),
	MEMBER(FIELD_STR, "comment", "Comment of the commit, empty for none"),
	MEMBER(FIELD_I64, "changed_us", "When it was committed"),
	MEMBER(FIELD_I64, "trial_deadline_us",
	       "When it is taken back unless it is confirmed, 0 when it is no trial"),
	FIELD_END,
};

static const struct field config_session_fields[] = {
	MEMBER(FIELD_STR, "session_id", "Which process is in configuration mode"),
	MEMBER(FIELD_STR, "line", "The line it runs on"),
	MEMBER(FIELD_STR, "user", "Whose it is"),
	MEMBER(FIELD_I64, "since_us", "Since when"),
	MEMBER(FIELD_BOOL, "exclusive", "Whether nobody else may commit"),
	FIELD_END,
};

static const struct field file_fields[] = {
	MEMBER(FIELD_STR, "name", "Name of the file"),
	MEMBER(FIELD_STR, "kind", "What it is: file, directory, link, other"),
	MEMBER(FIELD_STR, "mode", "Permissions as ls shows them"),
	MEMBER(FIELD_I64, "size_bytes", "Size of the file"),
	MEMBER(FIELD_I64, "changed_s", "When it was changed, since 1970-01-01 UTC"),
	FIELD_END,
};

static const struct field task_fields[] = {
	MEMBER(FIELD_STR, "task", "Name of the task"),
	MEMBER(FIELD_BOOL, "read", "Whether it may be read"),
	MEMBER(FIELD_BOOL, "write", "Whether it may be written"),
	MEMBER(FIELD_BOOL, "execute", "Whether its commands may be run"),
	MEMBER(FIELD_BOOL, "debug", "Whether its debug commands may be run"),
	FIELD_END,
};

static const struct field supported_task_fields[] = {
	MEMBER(FIELD_STR, "task", "Name of the task"),
	FIELD_END,
};

static const struct field group_fields[] = {
	MEMBER(FIELD_STR, "name", "Name of the group"),
	MEMBER(FIELD_BOOL, "predefined", "Whether every router has it"),
	FIELD_END,
};

static const struct field database_fields[] = {
	MEMBER(FIELD_STR, "username", "Name of the user"),
	FIELD_END,
};

static const struct field own_user_fields[] = {
	MEMBER(FIELD_STR, "username", "Name of the user"),
	MEMBER(FIELD_STR, "groups", "The user's groups, separated by commas"),
	FIELD_END,
};

static const struct field ping_fields[] = {
	MEMBER(FIELD_STR, "vrf", "VRF it was sent in"),
	MEMBER(FIELD_STR, "host", "The host as typed"),
	MEMBER(FIELD_STR, "address", "Its address"),
	MEMBER(FIELD_I64, "sent", "Packets sent"),
	MEMBER(FIELD_I64, "received", "Answers received"),
	MEMBER(FIELD_U32, "min_us", "Shortest time to an answer"),
	MEMBER(FIELD_U32, "avg_us", "Mean time to an answer"),
	MEMBER(FIELD_U32, "max_us", "Longest time to an answer"),
	FIELD_END,
};

static const struct field inventory_fields[] = {
	MEMBER(FIELD_STR, "name", "Name of the part"), MEMBER(FIELD_STR, "description", "Maker and model"),
	MEMBER(FIELD_STR, "pid", "Model as one word"), MEMBER(FIELD_STR, "vid", "Version of the model"),
	MEMBER(FIELD_STR, "sn", "Serial number"),      FIELD_END,
};

static const struct field memory_fields[] = {
	MEMBER(FIELD_STR, "node", "The node, always the same one"),
	MEMBER(FIELD_I64, "total_kib", "Memory of the machine"),
	MEMBER(FIELD_I64, "available_kib", "What programs may still have of it"),
	FIELD_END,
};

static const struct field platform_fields[] = {
	MEMBER(FIELD_STR, "node", "The node, always the same one"),
	MEMBER(FIELD_STR, "type", "Model of the machine, or of its processor"),
	MEMBER(FIELD_STR, "state", "Always IOS XR RUN"),
	FIELD_END,
};

#define TASK_LIST                                                                       \
	{                                                                               \
		"tasks", "What may be done, all inherited groups included", task_fields \
	}
#define GROUP_LISTS                                                                                 \
	{                                                                                           \
		{ "taskgroups", "Task groups that a user group takes its tasks from", NULL },       \
			{ "inherits", "Groups of its kind that it inherits from", NULL }, TASK_LIST \
	}

const struct json_rows json_rows[] = {
	{ "dir", { file_fields } },
	{ "ping", { ping_fields } },
	{ "show aaa task supported", { supported_task_fields } },
	{ "show aaa taskgroup", { group_fields }, GROUP_LISTS },
	{ "show aaa userdb", { database_fields }, { { "groups", "The user's groups", NULL } } },
	{ "show aaa usergroup", { group_fields }, GROUP_LISTS },
	{ "show access-lists", { access_entry_report_fields } },
	{ "show clock", { clock_fields } },
	{ "show configuration commit list", { commit_fields } },
	{ "show configuration history", { commit_fields } },
	{ "show configuration sessions", { config_session_fields } },
	{ "show crypto key authentication", { user_key_report_fields } },
	{ "show crypto key mypubkey", { host_key_report_fields } },
	{ "show history", { history_line_fields } },
	{ "show inventory", { inventory_fields } },
	{ "show line", { line_report_fields } },
	{ "show logging", { log_line_report_fields } },
	{ "show memory summary", { memory_fields } },
	{ "show platform", { platform_fields } },
	{ "show ssh", { session_report_fields, channel_report_fields } },
	{ "show ssh history", { session_report_fields } },
	{ "show ssh penalties", { penalty_report_fields } },
	{ "show ssh rekey", { show_ssh_rekey_fields } },
	{ "show ssh server",
	  { server_report_fields },
	  { { "listeners", "Where connections are accepted", listener_report_fields } } },
	{ "show ssh session details", { session_report_fields } },
	{ "show terminal", { terminal_fields } },
	{ "show user", { own_user_fields }, { TASK_LIST } },
	{ "show users", { user_fields } },
	{ "show version", { version_fields } },
	{ "show vrf", { vrf_report_fields } },
	{ "who", { user_fields } },
	{ NULL },
};
