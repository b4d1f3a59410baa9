/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: from what a caller wants to the configuration that would be: lines on what runs, lines on nothing, or a
 * configuration of the past. Lines are matched again here, whoever matched them before.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd_job.h"
#include "conf/config_report.h"
#include "conf/root.h"

static const char *match_reason(const struct match *match)
{
	switch (match->status) {
	case MATCH_OK:
		break;
	case MATCH_EMPTY:
		return "an empty line changes nothing";
	case MATCH_INCOMPLETE:
		return "the statement is incomplete";
	case MATCH_AMBIGUOUS:
		return "the statement is ambiguous";
	case MATCH_INVALID:
		return match->err.text[0] ? match->err.text : "there is no such statement";
	}
	return "refused";
}

/* The words of an operand that have no effect, each with a sentence. */
static void warn_words(struct job *job, const struct match_step *last, const char *statement)
{
	const struct arg *arg = last->row->arg;
	AUTO(free) char *words = last->value && arg && arg->without_effect ? strdup(last->value) : NULL;
	char *next = words;
	const char *word, *why;

	while (next && (word = strsep(&next, " "))) {
		why = arg->without_effect(word);
		if (why)
			json_array_append_new(job->warnings,
					      json_sprintf("%s is %s: '%s' is stored, and %s has no effect", word, why,
							   statement, word));
	}
}

static void warn_operand(struct job *job, const struct match_step *last, const char *statement)
{
	const struct arg *arg = last->row->arg;
	const char *why = last->value && arg && arg->why_unused ? arg->why_unused(last->value) : NULL;

	if (why)
		json_array_append_new(job->warnings, json_sprintf("%s: '%.60s%s' is stored and has no effect", why,
								  statement, strlen(statement) > 60 ? "..." : ""));
}

static void warn_deprecated(struct job *job, const struct match *match)
{
	AUTO(free) char *text = match->negate ? NULL : stmt_match_text(match);

	if (!text)
		return;
	if (stmt_match_row(match)->flags & STMT_DEPRECATED)
		json_array_append_new(job->warnings,
				      json_sprintf("%s is deprecated: it is stored and has no effect", text));
	warn_words(job, &match->steps[match->steps_len - 1], text);
	warn_operand(job, &match->steps[match->steps_len - 1], text);
}

/* Takes one line into the tree; false when a fault was added. */
static bool line_apply(struct job *job, const char *line, json_t *faults)
{
	struct err err = { .text = "" };
	struct match match;
	bool taken = false;

	stmt_match(conf_root, NULL, line, true, &match);
	if (match.status != MATCH_OK) {
		confd_fault_add(faults, line, match_reason(&match));
	} else if (tree_apply(job->wanted, &match, &err) < 0) {
		confd_fault_add(faults, line, err.text[0] ? err.text : "it cannot be stored");
	} else {
		taken = true;
		warn_deprecated(job, &match);
	}
	stmt_match_done(&match);
	return taken;
}

static void lines_apply(struct job *job, json_t *faults)
{
	json_t *lines = job->request->lines;
	bool best_effort = job->request->best_effort;

	for (size_t i = 0; i < json_array_size(lines);) {
		const char *line = json_string_value(json_array_get(lines, i));

		if (line_apply(job, line, best_effort ? job->left_out : faults) || !best_effort)
			i++;
		else
			json_array_remove(lines, i);
	}
}

/* How many commits the request takes back; 0 and an error when there are not so many. */
static size_t commits_undone(const struct job *job, struct err *err)
{
	const struct confd_request *request = job->request;
	size_t depth = confd_past_depth(job->confd), count = request->undo_last;

	if (!count && confd_past_find(job->confd, request->undo_id, &count) < 0) {
		err_set(err, -ENOENT, "there is no commit '%s'", request->undo_id);
		return 0;
	}
	count += !request->undo_last; /* the one that is named goes too */
	if (count <= depth)
		return count;
	err_set(err, -ENOENT, "no more than %zu commits can be taken back", depth);
	return 0;
}

static int build_tree(struct job *job, json_t *faults, struct err *err)
{
	const struct confd *confd = job->confd;
	size_t count;
	int r = 0;

	switch (job->request->wish) {
	case WISH_LINES:
		r = tree_copy(confd->running, &job->wanted);
		break;
	case WISH_REPLACE:
		r = tree_new(conf_root, &job->wanted);
		break;
	case WISH_ROLLBACK:
		count = commits_undone(job, err);
		return count ? confd_past_tree(confd, count, &job->wanted, err) : -ENOENT;
	case WISH_TRIAL_ENDED:
		return confd_past_tree(confd, 1, &job->wanted, err);
	}
	if (r < 0)
		return err_set(err, r, "out of memory");
	lines_apply(job, faults);
	return 0;
}

static int on_diff_line(const char *line, void *userdata)
{
	(void)line;
	++*(int *)userdata;
	return 0;
}

static const char *failed(json_t *faults, json_t **ret_parameters)
{
	*ret_parameters = json_pack("{s:o}", "faults", faults);
	return CONFIG_ERROR_FAILED;
}

static void on_check_fault(const char *line, const char *reason, void *userdata)
{
	confd_fault_add(userdata, line, reason);
}

/* Whether it means something, and whether the caller may want it. */
static int check_tree(struct job *job, json_t *faults, struct err *err)
{
	conf_check(job->wanted, on_check_fault, faults);
	/* a trial that has ended goes back to what others were let to make */
	if (job->request->wish == WISH_TRIAL_ENDED)
		return 0;
	if (confd_rights_check(job->confd, &job->request->caller, job->wanted, faults) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

const char *confd_commit_build(struct job *job, json_t **ret_parameters)
{
	AUTO(free) char *text = NULL;
	json_t *faults = json_array();
	struct err err = { .text = "" };
	int r;

	*ret_parameters = NULL;
	tree_free(take(job->wanted));
	json_decref(job->warnings);
	job->warnings = json_array();
	if (!job->left_out)
		job->left_out = json_array();
	job->items = 0;
	r = build_tree(job, faults, &err);
	if (r == 0 && faults)
		r = check_tree(job, faults, &err);
	if (r == -ENOMEM || !faults || !job->warnings || !job->left_out) {
		json_decref(faults);
		*ret_parameters = json_pack("{s:s}", "reason", "out of memory");
		return CONFIG_ERROR_STORAGE;
	}
	if (r < 0)
		confd_fault_add(faults, "", err.text);
	else
		text = confd_tree_text(job->wanted, 0);
	if (r == 0 && (!text || strlen(text) > CONFD_TEXT_MAX_BYTES))
		confd_fault_add(faults, "", "the configuration would be larger than 8 MiB");
	if (text)
		explicit_bzero(text, strlen(text)); /* password hashes */
	if (json_array_size(faults) && job->request->best_effort && confd_commit_leave_out(job, faults)) {
		json_decref(faults);
		return confd_commit_build(job, ret_parameters); /* of fewer lines */
	}
	if (json_array_size(faults))
		return failed(faults, ret_parameters);
	json_decref(faults);
	tree_diff(job->confd->running, job->wanted, on_diff_line, &job->items);
	if (job->items)
		return NULL;
	return json_array_size(job->left_out) ? failed(json_incref(job->left_out), ret_parameters)
					      : CONFIG_ERROR_NOTHING;
}

/* Whether the fault is about the line, or about something that the line made. */
static bool fault_is_about(const char *fault_line, const char *line)
{
	size_t len = strlen(line);

	return len && !strncmp(fault_line, line, len) && (!fault_line[len] || fault_line[len] == ' ');
}

bool confd_commit_leave_out(struct job *job, const json_t *faults)
{
	json_t *lines = job->request->lines, *fault;
	size_t i;

	json_array_foreach(faults, i, fault)
	{
		const char *fault_line = json_string_value(json_object_get(fault, "line"));
		bool found = false;

		for (size_t at = 0; fault_line && at < json_array_size(lines);) {
			const char *line = json_string_value(json_array_get(lines, at));

			if (!fault_is_about(fault_line, line)) {
				at++;
				continue;
			}
			found = true;
			confd_fault_add(job->left_out, line,
					json_string_value(json_object_get(fault, "reason")));
			json_array_remove(lines, at);
		}
		if (!found)
			return false;
	}
	return true;
}
