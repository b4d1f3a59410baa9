/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the exec commands: one table, and the handlers of those that need no daemon. The handlers of the rest are beside
 * it, in exec_ssh.c and exec_config.c.
 */
#include "cli/exec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/config_mode.h"
#include "cli/exec_logging.h"
#include "cli/exec_file.h"
#include "cli/exec_history.h"
#include "cli/exec_net.h"
#include "cli/exec_run.h"
#include "cli/show_limits.h"
#include "cli/show_line.h"
#include "cli/show_platform.h"
#include "cli/show_tech.h"
#include "cli/config_past.h"

/* ---- leaving ---- */

static int run_leave(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->config)
		return shell_refuse(shell, "Leave configuration mode first: end, or abort to drop the changes");
	shell->leaving = true;
	return 0;
}

static int run_end(struct shell *shell, const struct match *match)
{
	(void)match;
	(void)shell; /* already there: scripts send it to be sure */
	return 0;
}

static int run_configure(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->config)
		return shell_refuse(shell, "This session is in configuration mode already");
	return config_mode_enter(shell, false);
}

static int run_configure_exclusive(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->config)
		return shell_refuse(shell, "This session is in configuration mode already");
	return config_mode_enter(shell, true);
}

/* ---- terminal ---- */

static int run_length(struct shell *shell, const struct match *match)
{
	shell->length = (unsigned)strtoul(stmt_match_value(match, "length"), NULL, 10);
	shell->length_typed = true;
	return 0;
}

static int run_width(struct shell *shell, const struct match *match)
{
	shell->width = (unsigned)strtoul(stmt_match_value(match, "width"), NULL, 10);
	shell->width_typed = true;
	return 0;
}

static int run_timestamp(struct shell *shell, const struct match *match)
{
	(void)match;
	shell->timestamp = true;
	return 0;
}

static int run_no_timestamp(struct shell *shell, const struct match *match)
{
	(void)match;
	shell->timestamp = false;
	return 0;
}

static int show_terminal(struct shell *shell, const struct match *match)
{
	struct line_report line = shell->line;
	bool vty = shell->session_id != 0;

	(void)match;
	snprintf(line.line, sizeof(line.line), "%s", shell->line_name);
	if (shell_wants_json(shell))
		return column_json(shell->out,
				   json_pack("[{s:s, s:s, s:s, s:i, s:i, s:b}]", "line", shell->line_name, "location",
					     SHELL_LOCATION, "type", vty ? "VTY" : "Console", "length",
					     (int)shell->length, "width", (int)shell->width, "timestamp",
					     shell->timestamp));
	show_line_block(shell->out, &line, shell->length, shell->width, shell->timestamp);
	return 0;
}

/* ---- the machine ---- */

int exec_show_clock(struct shell *shell, const struct match *match)
{
	int64_t now_us = clock_wall_us();
	char day[64], time_text[64];

	(void)match;
	clock_text_prompt(now_us, time_text, sizeof(time_text)); /* "Wed Oct 14 11:22:05.575 UTC" */
	clock_text_long(now_us, day, sizeof(day));		  /* "Wed Oct 14 11:22:05 2026" */
	if (shell_wants_json(shell))
		return column_json(shell->out, json_pack("[{s:s, s:I}]", "clock", time_text, "wall_us",
							 (json_int_t)now_us));
	fprintf(shell->out, "%s %.10s %s\n", time_text + 11, day, day + 20);
	return 0;
}

static const struct uptime_unit {
	const char *name;
	int64_t seconds;
} uptime_units[] = {
	{ "year", 365 * 86400 }, { "week", 7 * 86400 }, { "day", 86400 }, { "hour", 3600 }, { "minute", 60 },
};

static void print_uptime(FILE *out, int64_t seconds)
{
	const char *gap = "";

	for (size_t i = 0; i < ARRAY_SIZE(uptime_units); i++) {
		int64_t count = seconds / uptime_units[i].seconds;

		seconds %= uptime_units[i].seconds;
		if (!count && (gap[0] == '\0') && i + 1 < ARRAY_SIZE(uptime_units))
			continue;
		fprintf(out, "%s%" PRId64 " %s%s", gap, count, uptime_units[i].name, count == 1 ? "" : "s");
		gap = ", ";
	}
	fputc('\n', out);
}

static int show_version(struct shell *shell, const struct match *match)
{
	struct timespec up = { 0 };

	(void)match;
	clock_gettime(CLOCK_BOOTTIME, &up);
	if (shell_wants_json(shell))
		return column_json(shell->out, json_pack("[{s:s, s:s, s:s, s:I}]", "version", SHELL_VERSION, "product",
							 "Sallyport", "hostname", shell->hostname, "uptime_s",
							 (json_int_t)up.tv_sec));
	fputs("Cisco IOS XR Software, Version " SHELL_VERSION "\n", shell->out); /* the form every client parses */
	fputs("Copyright (c) 2026 by the Sallyport authors\n\n", shell->out);
	fputs("Build Information:\n Version      : " SHELL_VERSION "\n", shell->out);
	fputs(" Label        : " SHELL_VERSION "\n\n", shell->out);
	fputs("cisco Sallyport () processor\n", shell->out);
	fprintf(shell->out, "%s uptime is ", shell->hostname);
	print_uptime(shell->out, up.tv_sec);
	return 0;
}

/* ---- the table ---- */

static const struct arg arg_length = {
	.help = "Number of lines on screen (0 for no pausing)", .unit = "lines", .min = 0, .max = SHELL_LENGTH_MAX,
	.words_taken = 1,
};

static const struct arg arg_width = {
	.help = "Number of characters on a screen line", .unit = "columns", .min = 0, .max = SHELL_WIDTH_MAX,
	.words_taken = 1,
};

static const struct arg arg_session = {
	.help = "Session id, as in show ssh", .min = 1, .max = UINT32_MAX, .words_taken = 1, .complete = "session",
};

#define RUN_ROW(word_, help_, run_, task_, source_) \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = (task_), .source = (source_)
#define NODE_ROW(word_, help_, task_, source_) \
	.kind = STMT_NODE, .word = (word_), .help = (help_), .task = (task_), .source = (source_)

static const struct stmt clear_rows[] = {
	{ NODE_ROW("access-list", "Count what access lists match from nothing again", "acl", "IOS XR"),
	  .sub = exec_clear_access_rows },
	{ RUN_ROW("logging", "Forget the log", exec_clear_logging, "logging", "IOS XR: clear logging"),
	  .flags = STMT_WRITES },
	{ RUN_ROW("ssh", "End an SSH session", exec_clear_ssh, "crypto", "features.md 2A"), .arg = &arg_session,
	  .sub = exec_clear_ssh_rows, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	STMT_DONE,
};

static const struct stmt configure_rows[] = {
	{ RUN_ROW("exclusive", "Configure while nobody else may", run_configure_exclusive, "config-services",
		  "features.md 2E"),
	  .flags = STMT_WRITES },
	{ RUN_ROW("terminal", "Configure from the terminal", run_configure, "config-services", "features.md 2E"),
	  .flags = STMT_WRITES },
	STMT_DONE,
};

static const struct stmt ssh_session_rows[] = {
	{ RUN_ROW("details", "Algorithms of each session", exec_show_ssh_details, "basic-services",
		  "features.md 1C-25") },
	STMT_DONE,
};

static const struct arg arg_server_vrf = {
	.name = "WORD", .help = "Name of the VRF", .text = true, .min = 1, .max = 32, .words_taken = 1,
	.complete = "vrf",
};

static const struct stmt show_server_rows[] = {
	{ RUN_ROW("vrf", "What holds in one VRF", exec_show_ssh_server_vrf, "crypto",
		  "issue: show ssh server vrf NAME"),
	  .arg = &arg_server_vrf },
	STMT_DONE,
};

static const struct stmt show_ssh_rows[] = {
	{ RUN_ROW("history", "The last hundred sessions that ended", exec_show_ssh_history, "crypto",
		  "features.md 1C-26"),
	  .sub = exec_ssh_history_rows },
	{ RUN_ROW("rekey", "What the keys of each session have left", exec_show_ssh_rekey, "crypto",
		  "features.md 2B") },
	{ RUN_ROW("server", "Parameters and listeners of the SSH server", exec_show_ssh_server, "crypto",
		  "features.md 2B"),
	  .sub = show_server_rows },
	{ RUN_ROW("penalties", "Sources that misbehave", exec_show_penalties, "crypto",
		  "features.md section 5 item 10"),
	  .sub = exec_penalties_rows },
	{ NODE_ROW("session", "SSH sessions", "basic-services", "features.md 1C-25"), .sub = ssh_session_rows },
	STMT_DONE,
};

static const struct stmt clock_rows[] = {
	{ RUN_ROW("detail", "And where the time is from", exec_show_clock_detail, "basic-services", "IOS XR") },
	STMT_DONE,
};

static const struct stmt memory_rows[] = {
	{ RUN_ROW("summary", "How much there is and is left", exec_show_memory, "basic-services",
		  "clients.md section 2: Ansible facts, RANCID") },
	STMT_DONE,
};

static const struct stmt show_rows[] = {
	{ NODE_ROW("aaa", "Users, groups and tasks", "aaa", "features.md 2D"), .sub = exec_show_aaa_rows },
	{ RUN_ROW("access-lists", "Access lists and what they have matched", exec_show_access_lists, "acl", "IOS XR"),
	  .sub = exec_access_lists_rows },
	{ RUN_ROW("clock", "Date and time", exec_show_clock, "basic-services", "clients.md section 1"),
	  .sub = clock_rows },
	{ RUN_ROW("configuration", "The configuration that is not committed, and commits", exec_show_configuration,
		  "config-services", "features.md 2E"), .sub = exec_show_configuration_rows },
	{ NODE_ROW("crypto", "Encryption keys", "crypto", "features.md 1D-35"), .sub = exec_show_crypto_rows },
	{ RUN_ROW("file", "The contents of a file", exec_file_more, "filesystem", "issue: files"),
	  .arg = &exec_file_arg },
	{ RUN_ROW("history", "What was typed on this line", exec_show_history, TASK_NONE, "issue: show history") },
	{ RUN_ROW("inventory", "What the machine is", exec_show_inventory, "basic-services",
		  "clients.md section 2: RANCID, Oxidized"),
	  .sub = exec_inventory_rows },
	{ NODE_ROW("memory", "The machine's memory", "basic-services", "clients.md section 2"), .sub = memory_rows },
	{ NODE_ROW("md5", "Digests", "filesystem", "clients.md section 2, Netmiko"), .sub = exec_file_md5_rows },
	{ RUN_ROW("line", "Terminal lines", exec_show_line, "tty-access", "clients.md section 4"),
	  .sub = exec_show_line_rows },
	{ RUN_ROW("logging", "The log of this router", exec_show_logging, "logging", "clients.md section 4"),
	  .sub = exec_logging_rows },
	{ RUN_ROW("platform", "The nodes of the router", exec_show_platform, "basic-services",
		  "clients.md section 2: Oxidized") },
	{ RUN_ROW("running-config", "The running configuration, or a part of it", exec_show_running, "config-services",
		  "clients.md section 3"), .arg = &arg_configuration_path, .flags = STMT_ARG_OPTIONAL },
	{ RUN_ROW("running-configuration", "The same", exec_show_running, "config-services",
		  "seed: Running Configuration"), .arg = &arg_configuration_path,
	  .flags = STMT_ARG_OPTIONAL | STMT_HIDDEN },
	{ RUN_ROW("ssh", "SSH sessions", exec_show_ssh, "basic-services", "features.md 1C-24"), .sub = show_ssh_rows },
	{ NODE_ROW("tech-support", "What somebody who helps will ask for", "crypto", "features.md 1C-28"),
	  .sub = exec_tech_rows },
	{ RUN_ROW("terminal", "Settings of this line", show_terminal, TASK_NONE, "clients.md section 4") },
	{ RUN_ROW("user", "Who you are and what you may do", exec_show_user, TASK_NONE, "features.md 2D"),
	  .sub = exec_show_user_rows },
	{ RUN_ROW("users", "Who is logged in", exec_show_users, "basic-services", "clients.md section 4") },
	{ RUN_ROW("version", "Version and uptime", show_version, "basic-services", "clients.md section 4") },
	{ RUN_ROW("vrf", "The VRFs and their state", exec_show_vrf, "ip-services", "architecture.md, A VRF") },
	STMT_DONE,
};

static const struct stmt prompt_rows[] = {
	{ RUN_ROW("no-timestamp", "Print no time line before the output of commands", run_no_timestamp, TASK_NONE,
		  "clients.md section 1"), .flags = STMT_NO_TIMESTAMP },
	{ RUN_ROW("timestamp", "Print a time line before the output of commands", run_timestamp, TASK_NONE,
		  "clients.md section 1"), .flags = STMT_NO_TIMESTAMP },
	STMT_DONE,
};

static const struct stmt terminal_exec_rows[] = {
	{ NODE_ROW("prompt", "What stands around the prompt", TASK_NONE, "clients.md section 1"),
	  .sub = prompt_rows },
	STMT_DONE,
};

static const struct stmt terminal_rows[] = {
	{ NODE_ROW("exec", "Settings of exec mode", TASK_NONE, "clients.md section 1"), .sub = terminal_exec_rows },
	{ NODE_ROW("history", "What was typed", TASK_NONE, "issue: terminal history size"),
	  .sub = exec_terminal_history_rows },
	{ RUN_ROW("length", "Lines of the screen", run_length, TASK_NONE, "clients.md section 1"),
	  .arg = &arg_length },
	{ RUN_ROW("monitor", "Show messages as they are written", exec_terminal_monitor, "logging",
		  "IOS XR: terminal monitor"),
	  .sub = exec_monitor_rows },
	{ RUN_ROW("width", "Columns of the screen", run_width, TASK_NONE, "clients.md section 1"),
	  .arg = &arg_width },
	STMT_DONE,
};

/* Older releases of Ansible's collection import keys there. */
static const struct stmt admin_rows[] = {
	{ NODE_ROW("crypto", "Encryption keys", "crypto", "features.md 1C-18"), .sub = exec_crypto_rows },
	STMT_DONE,
};

const struct stmt exec_root[] = {
	{ NODE_ROW("admin", "Commands of the administration plane", "crypto", "clients.md section 2, iosxr_user"),
	  .sub = admin_rows },
	{ NODE_ROW("clear", "End sessions, forget counters and logs", "crypto", "features.md 2A"),
	  .sub = clear_rows, .flags = STMT_WRITES },
	{ RUN_ROW("cd", "Change the working directory", exec_file_cd, "filesystem", "issue: files"),
	  .arg = &exec_file_arg, .flags = STMT_ARG_OPTIONAL },
	{ RUN_ROW("configure", "Enter configuration mode", run_configure, "config-services", "features.md 2E"),
	  .sub = configure_rows, .flags = STMT_WRITES },
	{ NODE_ROW("copy", "Copy to a file", "config-services", "issue: copy running-config FILE"),
	  .sub = config_copy_rows, .flags = STMT_WRITES },
	{ NODE_ROW("crypto", "Encryption keys", "crypto", "features.md 1C-18"), .sub = exec_crypto_rows },
	{ RUN_ROW("delete", "Delete a file", exec_file_delete, "filesystem", "issue: files"),
	  .arg = &exec_file_arg, .sub = exec_file_delete_rows, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	{ RUN_ROW("dir", "List files", exec_file_dir, "filesystem", "clients.md section 4"), .arg = &exec_file_arg,
	  .sub = exec_file_dir_rows, .flags = STMT_ARG_OPTIONAL },
	{ RUN_ROW("end", "Stay in exec mode", run_end, TASK_NONE, "clients.md section 2, Netmiko"),
	  .flags = STMT_NO_TIMESTAMP },
	{ RUN_ROW("exit", "End the session", run_leave, TASK_NONE, "clients.md section 1"),
	  .flags = STMT_NO_TIMESTAMP },
	{ RUN_ROW("logout", "End the session", run_leave, TASK_NONE, "clients.md section 1"),
	  .flags = STMT_NO_TIMESTAMP },
	{ RUN_ROW("mkdir", "Make a directory", exec_file_mkdir, "filesystem", "issue: files"),
	  .arg = &exec_file_arg, .flags = STMT_WRITES },
	{ RUN_ROW("more", "Show the contents of a file", exec_file_more, "filesystem", "issue: files"),
	  .arg = &exec_file_arg },
	{ NODE_ROW("ping", "Send echo requests", "basic-services", "issue: ping and traceroute with vrf"),
	  .sub = exec_net_ping_rows },
	{ RUN_ROW("pwd", "Show the working directory", exec_file_pwd, "filesystem", "issue: files") },
	{ RUN_ROW("quit", "End the session", run_leave, TASK_NONE, "clients.md section 1"),
	  .flags = STMT_NO_TIMESTAMP },
	{ NODE_ROW("rename", "Rename a file", "filesystem", "issue: files"), .sub = exec_file_rename_rows,
	  .flags = STMT_WRITES },
	{ RUN_ROW("rmdir", "Remove an empty directory", exec_file_rmdir, "filesystem", "issue: files"),
	  .arg = &exec_file_arg, .flags = STMT_WRITES },
	{ NODE_ROW("rollback", "Undo commits", "config-services", "features.md 2E"), .sub = config_past_undo_rows,
	  .flags = STMT_WRITES },
	{ RUN_ROW("run", "Linux shell or command, as yourself, logged; not for all", exec_run, "root-lr", "IOS XR"),
	  .arg = &exec_run_arg, .flags = STMT_WRITES | STMT_ARG_OPTIONAL | STMT_RAW },
	{ RUN_ROW("save", "Write the running configuration to a file", config_file_save, "config-services",
		  "issue: save"),
	  .arg = &arg_config_file, .flags = STMT_WRITES },
	{ NODE_ROW("show", "Show running system information", "basic-services", "issue: exec commands"),
	  .sub = show_rows },
	{ NODE_ROW("terminal", "Set up this line", TASK_NONE, "clients.md section 1"), .sub = terminal_rows },
	{ NODE_ROW("traceroute", "Show the way packets take", "basic-services", "issue: ping and traceroute with vrf"),
	  .sub = exec_net_traceroute_rows },
	{ RUN_ROW("who", "Who is logged in", exec_show_users, "basic-services", "IOS XR: as show users") },
	STMT_DONE,
};
