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
#include "base/varlink_log.h"
#include "conf/confd.h"
#include "conf/config_report.h"
#include "conf/root.h"

AUTO_DECLARE(struct tree, tree_free)

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
	AUTO(tree_free) struct tree *readable = NULL;
	AUTO(free) char *text = NULL;
	struct confd_caller caller;
	char id[16];

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!confd_permits(call, &caller, TASK_CONFIGURE, TASK_READ))
		return;
	if (confd_readable(&caller, confd->running, &readable) == 0)
		text = confd_tree_text(readable ? readable : confd->running,
				       caller.may_configure ? 0 : TREE_MASK_SECRETS);
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
	char id[16], hostname[65], tasks[TASK_TEXT_MAX_BYTES];
	struct confd_caller caller;

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	varlink_reply(call, json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "hostname",
				      prompt_hostname(confd, hostname, sizeof(hostname)), "domain_name",
				      domain_name ? domain_name : "", "user", caller.user, "groups",
				      confd_caller_groups(confd, &caller), "tasks",
				      task_set_text(&caller.tasks, tasks), "commit_id", confd_running_id(confd, id)));
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
	struct confd_caller caller;
	json_t *commits;
	size_t len;

	(void)parameters;
	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!confd_permits(call, &caller, TASK_CONFIGURE, TASK_READ))
		return;
	commits = json_array();
	records = confd_store_records(confd->store, &len);
	for (size_t i = 0; i < len && i < CONFD_COMMITS_KEPT; i++)
		json_array_append_new(commits, confd_record_json(&records[i]));
	varlink_reply(call, json_pack("{s:o}", "commits", commits));
}

/* ---- the interface ---- */

#define COMMIT_REPLY "commit_id: string, items: int, confirmed: bool, warnings: []string, faults: []Fault"

static const struct varlink_type types[] = {
	{ "CommitRecord", .members = "commit_id: string, user: string, line: string, client: string, label: ?string, "
			       "comment: ?string, changed_us: int, trial_deadline_us: int",
	  .help = "A commit. changed_us: when, in microseconds since 1970 UTC; trial_deadline_us: 0 but in a commit "
		  "that is taken back then unless it is confirmed." },
	{ "Fault", .members = "line: string, reason: string", .help = "A statement that was refused, and why." },
	{ "Session", .members = "session_id: string, line: string, user: string, since_us: int, exclusive: bool",
	  .help = "A process in configuration mode." },
	{ NULL },
};

static const struct varlink_method methods[] = {
	{ "GetRunning", handle_get_running, NULL,
	  "commit_id: string, text: string, changed_us: int, changed_by: string",
	  "The running configuration as text, what the caller may read of it; secrets are masked for callers that may "
	  "not configure. Asks for config-services read, as all that looks does, and what changes for write." },
	{ "GetCaller", handle_get_caller, NULL,
	  "hostname: string, domain_name: string, user: string, groups: []string, tasks: string, commit_id: string",
	  "Who the caller is, by its uid, and what he may do: \"rwxd:crypto,r:acl\", read, write, execute, debug." },
	{ "Commit", confd_handle_commit,
	  "base_commit_id: string, lines: []string, line_name: string, label: ?string, comment: ?string, "
	  "replace: ?bool, best_effort: ?bool, force: ?bool, confirmed_s: ?int, user: ?string, client: ?string",
	  COMMIT_REPLY,
	  "Changes the configuration by flat lines in order; without lines confirms the trial of the caller's process. "
	  "base_commit_id: the commit that the lines were made against. line_name: the caller's line, vty0 or con0. "
	  "replace: the lines are all there is to be. best_effort: lines that fail are left out. force: even when it "
	  "locks the caller out. confirmed_s: taken back after so many seconds unless it is confirmed. user and client "
	  "count only from root." },
	{ "Rollback", confd_handle_rollback,
	  "last: ?int, to: ?string, line_name: string, label: ?string, comment: ?string, force: ?bool", COMMIT_REPLY,
	  "Commits what was before the last commits, or before the one that is named by number or label." },
	{ "EndTrial", confd_handle_end_trial, NULL, COMMIT_REPLY,
	  "Takes the trial of the caller's process back now." },
	{ "ListCommits", handle_list_commits, NULL, "commits: []CommitRecord", "Newest first, at most 100." },
	{ "GetCommit", confd_handle_get_commit, "commit: string", "commit: CommitRecord, text: string",
	  "A commit by number or label, with the whole configuration that it made." },
	{ "GetChanges", confd_handle_get_changes, "commit: ?string, last: ?int, rollback: ?bool, signs: ?bool",
	  "text: string",
	  "What one commit or the last ones changed, or what taking them back would change (rollback), as statements "
	  "or, with signs, as lines marked + - #." },
	{ "OpenSession", confd_handle_open_session, "line_name: string, exclusive: ?bool",
	  "session_id: string, sessions: []Session",
	  "With \"more\": the caller is in configuration mode until it closes the connection." },
	{ "ListSessions", confd_handle_list_sessions, NULL, "sessions: []Session",
	  "Who is in configuration mode, the oldest first." },
	{ "GetSlice", confd_handle_get_slice, "member: string", "commit_id: string, text: string",
	  "What a member gets; members and root only." },
	{ NULL }, /* end */
};

static const struct varlink_type errors[] = {
	{ "CommitFailed", .members = "faults: []Fault", .help = "Nothing was changed." },
	{ "Conflict", .members = "commits: []CommitRecord", .help = "Others have committed since base_commit_id." },
	{ "NothingToCommit", .help = "The lines change nothing." },
	{ "StorageFailed", .members = "reason: string", .help = "The disk refused; nothing was changed." },
	{ "LockedOut", .members = "reasons: []string",
	  .help = "The SSH session the caller works in could not be opened again." },
	{ "LabelTaken", .members = "label: string, commit_id: string", .help = "Another commit has the label." },
	{ "Locked", .members = "sessions: []Session", .help = "Another session has the configuration exclusively." },
	{ "Trial", .members = "session_id: string", .help = "The trial of another session runs." },
	{ "NoSuchCommit", .members = "reason: string" },
	{ NULL },
};

const struct varlink_interface confd_interfaces[] = {
	{ .name = CONFIG_INTERFACE,
	  .help = "The configuration: what runs, who asks, commits, and the way back.",
	  .types = types,
	  .methods = methods,
	  .errors = errors },
	VARLINK_LOG_INTERFACE,
	{ .name = NULL },
};
