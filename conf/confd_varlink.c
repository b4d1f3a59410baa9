/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: org.sallyport.Config as its callers see it. Every method asks first who is calling; parameters
 * are bounded here, before they go anywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define CLIENT_DEFAULT "CLI"

static const char confd_description[] =
	"# The configuration: what runs, who asks, and commits\n"
	"interface org.sallyport.Config\n"
	"\n"
	"type Commit (commit_id: string, user: string, line: string, client: string, label: ?string,\n"
	"  comment: ?string, changed_us: int)\n"
	"type Fault (line: string, reason: string)\n"
	"\n"
	"# The running configuration as text; secrets are masked for callers that may not configure\n"
	"method GetRunning() -> (commit_id: string, text: string, changed_us: int, changed_by: string)\n"
	"# Who the caller is, by its uid\n"
	"method GetCaller() -> (hostname: string, domain_name: string, user: string, groups: []string,\n"
	"  commit_id: string)\n"
	"# Changes the configuration by flat lines in order; user and client count only from root\n"
	"method Commit(base_commit_id: string, lines: []string, line_name: string, label: ?string,\n"
	"  comment: ?string, user: ?string, client: ?string) -> (commit_id: string)\n"
	"# Newest first, at most 100\n"
	"method ListCommits() -> (commits: []Commit)\n"
	"# What a member gets; members and root only\n"
	"method GetSlice(member: string) -> (commit_id: string, text: string)\n"
	"\n"
	"error CommitFailed (faults: []Fault)\n"
	"error Conflict (commits: []Commit)\n"
	"error NothingToCommit ()\n"
	"error StorageFailed (reason: string)\n";

/* ---- parameters ---- */

/* A text parameter into a buffer; absent or null leaves it as it is. False when it is something else or
 * too long. */
static bool parameter_text(const json_t *parameters, const char *name, char *to, size_t size)
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

static json_t *record_json(const struct commit_record *record)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", record->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "commit_id", id, "user", record->user, "line",
			 record->line, "client", record->client, "label", record->label, "comment",
			 record->comment, "changed_us", (json_int_t)record->changed_us);
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
		json_array_append_new(commits, record_json(&records[i]));
	varlink_reply(call, json_pack("{s:o}", "commits", commits));
}

/* ---- what may take a while ---- */

/* One call that waits in the queue of commits; ends with its answer or with the caller. */
struct waiting_call {
	struct confd *confd;
	struct varlink_call *call;
};

static void waiting_answer(const char *error_name, json_t *parameters, void *userdata)
{
	struct waiting_call *waiting = userdata;

	if (error_name)
		varlink_error(waiting->call, error_name, parameters);
	else
		varlink_reply(waiting->call, parameters);
	free(waiting);
}

static void waiting_gone(void *userdata)
{
	struct waiting_call *waiting = userdata;

	confd_commits_forget(waiting->confd->commits, waiting);
	free(waiting);
}

static struct waiting_call *waiting_new(struct confd *confd, struct varlink_call *call)
{
	struct waiting_call *waiting = malloc(sizeof(*waiting));

	if (!waiting)
		return NULL;
	*waiting = (struct waiting_call){ .confd = confd, .call = call };
	varlink_call_on_gone(call, waiting_gone, waiting);
	return waiting;
}

static void reply_busy(struct varlink_call *call, const char *reason)
{
	varlink_error(call, CONFIG_ERROR_FAILED,
		      json_pack("{s:[{s:s, s:s}]}", "faults", "line", "", "reason", reason));
}

static void handle_get_slice(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct confd *confd = userdata;
	const struct conf_member *member = conf_members;
	struct waiting_call *waiting;
	struct confd_caller caller;
	const char *name;

	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!caller.trusted) {
		varlink_error_permission(call);
		return;
	}
	name = json_string_value(json_object_get(parameters, "member"));
	while (name && member->name && strcmp(member->name, name))
		member++;
	if (!name || !member->name) {
		varlink_error_parameter(call, "member");
		return;
	}
	waiting = waiting_new(confd, call);
	if (!waiting || confd_slice_submit(confd->commits, member->owner, waiting_answer, waiting) < 0) {
		varlink_call_on_gone(call, NULL, NULL);
		free(waiting);
		reply_busy(call, "too many members are waiting");
	}
}

/* Fills a request from the parameters of Commit; NULL, or the name of the parameter that is wrong. */
static const char *request_fill(const json_t *parameters, const struct confd_caller *caller,
				struct confd_request *request)
{
	struct commit_record *record = &request->record;
	json_t *lines = json_object_get(parameters, "lines");
	const json_t *line;
	size_t i;

	snprintf(record->user, sizeof(record->user), "%s", caller->user);
	snprintf(record->client, sizeof(record->client), CLIENT_DEFAULT);
	if (!json_is_string(json_object_get(parameters, "base_commit_id")) ||
	    !parameter_text(parameters, "base_commit_id", request->base_commit_id,
			    sizeof(request->base_commit_id)))
		return "base_commit_id";
	if (!parameter_text(parameters, "line_name", record->line, sizeof(record->line)))
		return "line_name";
	if (!parameter_text(parameters, "label", record->label, sizeof(record->label)))
		return "label";
	if (!parameter_text(parameters, "comment", record->comment, sizeof(record->comment)))
		return "comment";
	if (caller->trusted && !parameter_text(parameters, "user", record->user, sizeof(record->user)))
		return "user";
	if (caller->trusted && !parameter_text(parameters, "client", record->client, sizeof(record->client)))
		return "client";
	if (!json_is_array(lines))
		return "lines";
	json_array_foreach(lines, i, line) {
		if (!json_is_string(line))
			return "lines";
	}
	request->lines = json_incref(lines);
	return NULL;
}

static void request_free(struct confd_request *request)
{
	json_decref(request->lines);
	free(request);
}

AUTO_DECLARE(struct confd_request, request_free)

static void handle_commit(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct confd *confd = userdata;
	AUTO(request_free) struct confd_request *request = calloc(1, sizeof(*request));
	struct waiting_call *waiting;
	struct confd_caller caller;
	const char *wrong;

	confd_caller_of(confd, varlink_call_peer(call), &caller);
	if (!caller.may_configure) {
		varlink_error_permission(call);
		return;
	}
	wrong = request ? request_fill(parameters, &caller, request) : NULL;
	if (wrong) {
		varlink_error_parameter(call, wrong);
		return;
	}
	waiting = request ? waiting_new(confd, call) : NULL;
	if (!waiting) {
		reply_busy(call, "out of memory");
		return;
	}
	request->on_answer = waiting_answer;
	request->userdata = waiting;
	if (confd_commit_submit(confd->commits, take(request)) < 0) {
		varlink_call_on_gone(call, NULL, NULL);
		free(waiting);
		reply_busy(call, "too many commits are waiting, try again");
	}
}

static const struct varlink_method methods[] = {
	{ "GetRunning", handle_get_running },
	{ "GetCaller", handle_get_caller },
	{ "Commit", handle_commit },
	{ "ListCommits", handle_list_commits },
	{ "GetSlice", handle_get_slice },
	{ NULL }, /* end */
};

const struct varlink_interface confd_interfaces[] = {
	{ .name = CONFIG_INTERFACE, .description = confd_description, .methods = methods },
	{ .name = NULL },
};
