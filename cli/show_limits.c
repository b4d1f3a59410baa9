/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "show access-lists" in IOS XR's layout, "show ssh penalties" as a table, "clear ssh penalty".
 */
#include "cli/show_limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/column.h"

static int rows_get(const json_t *reply, const char *name, const json_t **ret_rows, struct err *err)
{
	*ret_rows = json_object_get(reply, name);
	if (json_is_array(*ret_rows))
		return 0;
	return err_set(err, -EPROTO,
		       "The answer of sallyport-sshd has no list \"%s\": CLI and daemon differ in version", name);
}

static int row_get(const struct field *fields, const json_t *object, void *row, struct err *err)
{
	if (json_is_object(object) && field_decode(fields, object, row, err) == 0)
		return 0;
	return err_add(err, -EPROTO, "A row from sallyport-sshd cannot be read");
}

/* ---- access lists ---- */

static void print_entry(FILE *out, struct access_entry_report *entry)
{
	column_clean(entry->text, strlen(entry->text), false);
	if (entry->number)
		fprintf(out, " %" PRIu32 " %s %s", entry->number, entry->action, entry->text);
	else if (entry->matches)
		fprintf(out, " (implicit) deny %s any any", entry->family);
	else
		return;
	if (entry->matches)
		fprintf(out, " (%" PRIu64 " match%s)", entry->matches, entry->matches == 1 ? "" : "es");
	fputc('\n', out);
}

int show_access_lists(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	json_t *all = as_json ? json_array() : NULL;
	char list[65] = "", family[8] = "";
	const json_t *rows = NULL;
	int r = rows_get(reply, "entries", &rows, err);

	for (size_t i = 0; r == 0 && i < json_array_size(rows); i++) {
		struct access_entry_report entry = { .number = 0 };

		r = row_get(access_entry_report_fields, json_array_get(rows, i), &entry, err);
		if (r == 0 && as_json) {
			json_array_append_new(all, field_encode(access_entry_report_fields, &entry));
		} else if (r == 0) {
			column_clean(entry.list, strlen(entry.list), false);
			column_clean(entry.family, strlen(entry.family), false);
			if (strcmp(entry.list, list) != 0 || strcmp(entry.family, family) != 0)
				fprintf(out, "%s access-list %s\n", entry.family, entry.list);
			snprintf(list, sizeof(list), "%s", entry.list);
			snprintf(family, sizeof(family), "%s", entry.family);
			print_entry(out, &entry);
		}
	}
	if (r == 0 && as_json)
		return column_json(out, all);
	json_decref(all);
	return r;
}

/* ---- penalties ---- */

static const char *text_state(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return ((const struct penalty_report *)row)->shut_out ? "shut-out" : "counted";
}

static const struct column penalty_columns[] = {
	{ .title = "source", .width = 24, .member = "source" },
	{ .title = "vrf", .width = 16, .member = "vrf" },
	{ .title = "state", .width = 8, .text = text_state },
	{ .title = "expires(s)", .width = 10, .member = "left_s" },
	{ .title = "offences", .width = 8, .member = "count" },
	{ .title = "refused", .width = 8, .member = "refused" },
	{ .title = "reason", .width = 22, .member = "reason" },
	COLUMN_END,
};

int show_penalties(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	json_t *all = as_json ? json_array() : NULL;
	const json_t *rows = NULL;
	int r = rows_get(reply, "penalties", &rows, err);

	if (r == 0 && !as_json)
		column_head(out, penalty_columns, true);
	for (size_t i = 0; r == 0 && i < json_array_size(rows); i++) {
		struct penalty_report penalty = { .count = 0 };

		r = row_get(penalty_report_fields, json_array_get(rows, i), &penalty, err);
		if (r == 0 && as_json)
			json_array_append_new(all, field_encode(penalty_report_fields, &penalty));
		else if (r == 0)
			column_row(out, penalty_columns, penalty_report_fields, &penalty);
	}
	if (r == 0 && as_json)
		return column_json(out, all);
	json_decref(all);
	return r;
}

/* ---- commands ---- */

/* Which lists the line means; *ret_named is the step that names one, or NULL. */
static json_t *lists_asked(const struct match *match, const struct match_step **ret_named)
{
	static const char *const words[] = { "ipv4", "ipv6" };
	const struct match_step *last = &match->steps[match->steps_len - 1];
	json_t *parameters = json_object();

	*ret_named = NULL;
	for (int i = 0; i < 2; i++) {
		if (strcmp(last->row->word, words[i]) != 0)
			continue;
		json_object_set_new(parameters, "family", json_string(words[i]));
		if (!last->value)
			continue;
		json_object_set_new(parameters, "name", json_string(last->value));
		*ret_named = last;
	}
	return parameters;
}

static int no_list(struct shell *shell, const struct match_step *named)
{
	return shell_refuse(shell, "There is no '%s access-list %s'", named->row->word, named->value);
}

static int run_clear_access_list(struct shell *shell, const struct match *match)
{
	const struct match_step *named;
	json_t *parameters = lists_asked(match, &named), *reply = NULL;
	int r = shell_fetch(shell, REMOTE_SSHD, SSH_CLEAR_ACCESS, parameters, &reply);

	if (r == 0 && named && json_integer_value(json_object_get(reply, "cleared")) == 0)
		r = no_list(shell, named);
	json_decref(reply);
	return r;
}

int exec_show_access_lists(struct shell *shell, const struct match *match)
{
	const struct match_step *named;
	json_t *parameters = lists_asked(match, &named), *reply = NULL;
	struct err err = { .text = "" };
	int r = shell_fetch(shell, REMOTE_SSHD, SSH_LIST_ACCESS, parameters, &reply);

	if (r < 0)
		return r;
	if (named && !json_array_size(json_object_get(reply, "entries")))
		r = no_list(shell, named);
	else if (show_access_lists(shell->out, reply, shell_wants_json(shell), &err) < 0)
		r = shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
	json_decref(reply);
	return r;
}

int exec_show_penalties(struct shell *shell, const struct match *match)
{
	const char *vrf = stmt_match_value(match, "vrf");

	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_PENALTIES,
				    vrf ? json_pack("{s:s}", "vrf", vrf) : NULL, show_penalties);
}

static int penalty_clear(struct shell *shell, const char *source, const char *vrf)
{
	json_t *parameters = json_pack("{s:s}", "source", source), *reply = NULL;
	AUTO(free) char *error = NULL;
	json_int_t cleared;
	int r;

	if (vrf)
		json_object_set_new(parameters, "vrf", json_string(vrf));
	r = shell_call(shell, REMOTE_SSHD, SSH_CLEAR_PENALTY, parameters, REMOTE_TIMEOUT_MS, &reply, &error);
	if (r == -EREMOTEIO && error && !strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse(shell, "This command is not authorized");
	if (r == -EREMOTEIO && error && !strcmp(error, "org.varlink.service.InvalidParameter"))
		return shell_refuse(shell, "'%s' is no source; show ssh penalties lists those there are", source);
	if (r == -EREMOTEIO)
		return shell_refuse(shell, "%s refused the command (%s)", remote_name(REMOTE_SSHD),
				    error ? error : "no reason given");
	if (r < 0)
		return r;
	cleared = json_integer_value(json_object_get(reply, "cleared"));
	json_decref(reply);
	if (cleared == 0 && source[0])
		return shell_refuse(shell, "%s has no penalty; show ssh penalties lists those there are", source);
	return 0;
}

static int run_clear_penalty(struct shell *shell, const struct match *match)
{
	const char *source = stmt_match_value(match, "penalty");

	return penalty_clear(shell, !strcmp(source, "all") ? "" : source, stmt_match_value(match, "vrf"));
}

static const struct arg arg_list_name = {
	.name = "WORD", .help = "Name of the access list", .text = true, .min = 1, .max = 64, .words_taken = 1,
	.complete = "access-list",
};
static const struct arg arg_vrf = {
	.name = "WORD", .help = "Name of the VRF", .text = true, .min = 1, .max = 32, .words_taken = 1,
	.complete = "vrf",
};
static const struct arg arg_source = {
	.name = "SOURCE", .help = "Address as in show ssh penalties, or all", .text = true, .min = 1, .max = 63,
	.words_taken = 1,
};

const struct stmt exec_access_lists_rows[] = {
	{ .kind = STMT_RUN, .word = "ipv4", .help = "Access lists of IPv4", .arg = &arg_list_name,
	  .run = exec_show_access_lists, .flags = STMT_ARG_OPTIONAL, .task = "acl", .source = "IOS XR" },
	{ .kind = STMT_RUN, .word = "ipv6", .help = "Access lists of IPv6", .arg = &arg_list_name,
	  .run = exec_show_access_lists, .flags = STMT_ARG_OPTIONAL, .task = "acl", .source = "IOS XR" },
	STMT_DONE,
};

const struct stmt exec_clear_access_rows[] = {
	{ .kind = STMT_RUN, .word = "ipv4", .help = "Access lists of IPv4", .arg = &arg_list_name,
	  .run = run_clear_access_list, .flags = STMT_ARG_OPTIONAL | STMT_WRITES, .task = "acl", .source = "IOS XR" },
	{ .kind = STMT_RUN, .word = "ipv6", .help = "Access lists of IPv6", .arg = &arg_list_name,
	  .run = run_clear_access_list, .flags = STMT_ARG_OPTIONAL | STMT_WRITES, .task = "acl", .source = "IOS XR" },
	STMT_DONE,
};

const struct stmt exec_penalties_rows[] = {
	{ .kind = STMT_RUN, .word = "vrf", .help = "Only those of one VRF", .arg = &arg_vrf,
	  .run = exec_show_penalties, .task = "crypto", .source = "features.md section 5 item 10" },
	STMT_DONE,
};

static const struct stmt clear_penalty_rows[] = {
	{ .kind = STMT_RUN, .word = "vrf", .help = "Only in one VRF", .arg = &arg_vrf, .run = run_clear_penalty,
	  .flags = STMT_WRITES, .task = "crypto", .source = "features.md section 5 item 10" },
	STMT_DONE,
};

const struct stmt exec_clear_ssh_rows[] = {
	{ .kind = STMT_RUN, .word = "penalty", .help = "Let a source in again", .arg = &arg_source,
	  .run = run_clear_penalty, .sub = clear_penalty_rows, .flags = STMT_WRITES, .task = "crypto",
	  .source = "features.md section 5 item 10" },
	STMT_DONE,
};
