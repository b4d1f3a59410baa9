/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: org.sallyport.Config as its callers see it: the interface, and what only reads. Every method asks
 * first who is calling; parameters are bounded before they go anywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/config_report.h"
#include "conf/root.h"

static const char confd_description[] =
	"# The configuration: what runs, who asks, commits, and the way back\n"
	"interface org.sallyport.Config\n"
	"\n"
	"# trial_deadline_us is 0 but in a commit that is taken back then unless it is confirmed\n"
	"type Commit (commit_id: string, user: string, line: string, client: string, label: ?string,\n"
	"  comment: ?string, changed_us: int, trial_deadline_us: int)\n"
	"type Fault (line: string, reason: string)\n"
	"type Session (session_id: string, line: string, user: string, since_us: int, exclusive: bool)\n"
	"\n"
	"# The running configuration as text; secrets are masked for callers that may not configure\n"
	"method GetRunning() -> (commit_id: string, text: string, changed_us: int, changed_by: string)\n"
	"# Who the caller is, by its uid\n"
	"method GetCaller() -> (hostname: string, domain_name: string, user: string, groups: []string,\n"
	"  commit_id: string)\n"
	"# Changes the configuration by flat lines in order; without lines confirms the trial of the "
	"caller's\n"
	"# process. replace: the lines are all there is to be. best_effort: lines that fail are left out.\n"
	"# force: even when it locks the caller out. confirmed_s: taken back after so many seconds unless it "
	"is\n"
	"# confirmed. user and client count only from root\n"
	"method Commit(base_commit_id: string, lines: []string, line_name: string, label: ?string,\n"
	"  comment: ?string, replace: ?bool, best_effort: ?bool, force: ?bool, confirmed_s: ?int,\n"
	"  user: ?string, client: ?string) -> (commit_id: string, items: int, confirmed: bool,\n"
	"  warnings: []string, faults: []Fault)\n"
	"# Commits what was before the last commits, or before the one that is named by number or label\n"
	"method Rollback(last: ?int, to: ?string, line_name: string, label: ?string, comment: ?string,\n"
	"  force: ?bool) -> (commit_id: string, items: int, confirmed: bool, warnings: []string,\n"
	"  faults: []Fault)\n"
	"# Takes the trial of the caller's process back now\n"
	"method EndTrial() -> (commit_id: string, items: int, confirmed: bool, warnings: []string,\n"
	"  faults: []Fault)\n"
	"# Newest first, at most 100\n"
	"method ListCommits() -> (commits: []Commit)\n"
	"# A commit by number or label, with the whole configuration that it made\n"
	"method GetCommit(commit: string) -> (commit: Commit, text: string)\n"
	"# What one commit or the last ones changed, or what taking them back would change (rollback), as\n"
	"# statements or, with signs, as lines marked + - #\n"
	"method GetChanges(commit: ?string, last: ?int, rollback: ?bool, signs: ?bool) -> (text: string)\n"
	"# With \"more\": the caller is in configuration mode until it closes the connection\n"
	"method OpenSession(line_name: string, exclusive: ?bool) -> (session_id: string, sessions: "
	"[]Session)\n"
	"method ListSessions() -> (sessions: []Session)\n"
	"# What a member gets; members and root only\n"
	"method GetSlice(member: string) -> (commit_id: string, text: string)\n"
	"\n"
	"error CommitFailed (faults: []Fault)\n"
	"error Conflict (commits: []Commit)\n"
	"error NothingToCommit ()\n"
	"error StorageFailed (reason: string)\n"
	"error LockedOut (reasons: []string)\n"
	"error LabelTaken (label: string, commit_id: string)\n"
	"error Locked (sessions: []Session)\n"
	"error Trial (session_id: string)\n"
	"error NoSuchCommit (reason: string)\n";

/* ---- parameters ---- */

bool confd_parameter_text(const json_t *parameters, const char *name, char *to, size_t size)
{
	const json_t *value = json_object_get(parameters, name);
	const char *text;

	if (!value || json_is_null(value))
		return true;
	text = json_string_value(value);
	if (!text || !confd_store_is_plain(text, size - 1))
		return false;
	snprintf(to, size, "%s", text);
	return true;
}

bool confd_parameter_number(const json_t *parameters, const char *name, int64_t min, int64_t max,
			    int64_t *number)
{
	const json_t *value = json_object_get(parameters, name);

	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
		return false;
	*number = json_integer_value(value);
	return true;
}

bool confd_parameter_flag(const json_t *parameters, const char *name, bool *flag)
{
	const json_t *value = json_object_get(parameters, name);

	if (!value || json_is_null(value))
		return true;
	if (!json_is_boolean(value))
		return false;
	*flag = json_is_true(value);
	return true;
}

/* ---- reading ---- */

static const struct commit_record *running_record(const struct confd *confd)
{
	size_t len;
	const struct commit_record *records = confd_store_records(confd->store, &len);

	return len ? &records[0] : NULL;
}

static void handle_get_running(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	const struct commit_record *record = running_record(confd);
	AUTO(free) char *text = NULL;
	struct confd_caller caller;
	char id[16];

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	text = confd_tree_text(confd->running, caller.may_configure ? 0 : TREE_MASK_SECRETS);
	varlink_reply(call,
		      json_pack("{s:s, s:s, s:I, s:s}", "commit_id", confd_running_id(confd, id), "text",
				text ? text : "", "changed_us", (json_int_t)(record ? record->changed_us : 0),
				"changed_by", record ? record->user : ""));
}

/* The configured name, else the machine's own without its domain. */
static const char *prompt_hostname(const struct confd *confd, char *buffer, size_t size)
{
	const char *configured = tree_get(confd->running, "hostname");

	if (configured)
		return configured;
	if (gethostname(buffer, size) < 0)
		buffer[0] = '\0';
	buffer[size - 1] = '\0';
	buffer[strcspn(buffer, ".")] = '\0';
	for (const char *c = buffer; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return "router";
	}
	return buffer[0] ? buffer : "router";
}

static void handle_get_caller(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	const char *domain_name = tree_get(confd->running, "domain name");
	struct confd_caller caller;
	char id[16], hostname[65];

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	varlink_reply(call, json_pack("{s:s, s:s, s:s, s:o, s:s}", "hostname",
				      prompt_hostname(confd, hostname, sizeof(hostname)), "domain_name",
				      domain_name ? domain_name : "", "user", caller.user, "groups",
				      confd_caller_groups(confd, &caller), "commit_id",
				      confd_running_id(confd, id)));
}

json_t *confd_record_json(const struct commit_record *record)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", record->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "commit_id", id, "user", record->user,
			 "line", record->line, "client", record->client, "label", record->label, "comment",
			 record->comment, "changed_us", (json_int_t)record->changed_us, "trial_deadline_us",
			 (json_int_t)record->trial_deadline_us);
}

static void handle_list_commits(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	const struct commit_record *records;
	json_t *commits = json_array();
	size_t len;

	(void)parameters;
	records = confd_store_records(confd->store, &len);
	for (size_t i = 0; i < len && i < CONFD_COMMITS_KEPT; i++)
		json_array_append_new(commits, confd_record_json(&records[i]));
	varlink_reply(call, json_pack("{s:o}", "commits", commits));
}

static const struct varlink_method methods[] = {
	{ "GetRunning", handle_get_running },
	{ "GetCaller", handle_get_caller },
	{ "Commit", confd_handle_commit },
	{ "Rollback", confd_handle_rollback },
	{ "EndTrial", confd_handle_end_trial },
	{ "ListCommits", handle_list_commits },
	{ "GetCommit", confd_handle_get_commit },
	{ "GetChanges", confd_handle_get_changes },
	{ "OpenSession", confd_handle_open_session },
	{ "ListSessions", confd_handle_list_sessions },
	{ "GetSlice", confd_handle_get_slice },
	{ NULL }, /* end */
};

const struct varlink_interface confd_interfaces[] = {
	{ .name = CONFIG_INTERFACE, .description = confd_description, .methods = methods },
	{ .name = NULL },
};
