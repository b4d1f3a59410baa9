/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the methods of org.sallyport.Config that look back: what a commit made, and what it changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/config_report.h"

AUTO_DECLARE(struct tree, tree_free)

/* Whether the caller may look at all; if not, the call is answered. */
static bool caller_may_look(const struct confd *confd, struct varlink_call *call, struct confd_caller *ret_caller)
{
	confd_caller_of(confd, varlink_call_peer(call), ret_caller);
	return confd_permits(call, ret_caller, TASK_CONFIGURE, TASK_READ);
}

static unsigned caller_flags(const struct confd_caller *caller)
{
	return caller->may_configure ? 0 : TREE_MASK_SECRETS;
}

static void reply_no_commit(struct varlink_call *call, const char *reason)
{
	varlink_error(call, CONFIG_ERROR_NO_COMMIT, json_pack("{s:s}", "reason", reason));
}

/* The text is wiped and freed. */
static void reply_text(struct varlink_call *call, char *text, json_t *record)
{
	json_t *parameters = text ? json_pack("{s:s}", "text", text) : NULL;

	if (record)
		json_object_set_new(parameters, "commit", record);
	if (text)
		explicit_bzero(text, strlen(text)); /* password hashes */
	free(text);
	if (parameters)
		varlink_reply(call, parameters);
	else
		varlink_error(call, CONFIG_ERROR_STORAGE, json_pack("{s:s}", "reason", "out of memory"));
}

void confd_handle_get_commit(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	AUTO(tree_free) struct tree *tree = NULL;
	struct err err = { .text = "" };
	const struct commit_record *records;
	struct confd_caller caller;
	char name[31] = "";
	size_t index, len;

	if (!caller_may_look(confd, call, &caller))
		return;
	if (!confd_parameter_text(parameters, "commit", name, sizeof(name)) || !name[0]) {
		varlink_error_parameter(call, "commit");
		return;
	}
	if (confd_past_find(confd, name, &index) < 0)
		err_set(&err, -ENOENT, "there is no commit '%s'", name);
	else
		confd_past_tree(confd, index, &tree, &err);
	if (!tree) {
		reply_no_commit(call, err.text);
		return;
	}
	records = confd_store_records(confd->store, &len);
	confd_restrict(&caller, tree);
	reply_text(call, confd_tree_text(tree, caller_flags(&caller)),
		   confd_record_json(&records[index]));
}

static char *diff_text(const struct tree *from, const struct tree *to, unsigned flags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return NULL;
	r = tree_write_diff(from, to, flags, out);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}

struct changes {
	size_t newer, older; /* places in the list of commits */
	bool rollback, signs;
};

/* NULL, or the name of the parameter that is wrong. With err.text there is no such commit. */
static const char *changes_fill(const struct confd *confd, const json_t *parameters, struct changes *changes,
				struct err *err)
{
	size_t depth = confd_past_depth(confd);
	char name[31] = "";
	int64_t last = 0;

	if (!confd_parameter_text(parameters, "commit", name, sizeof(name)))
		return "commit";
	if (!confd_parameter_number(parameters, "last", 1, CONFD_COMMITS_KEPT, &last) ||
	    (last == 0) == (name[0] == '\0'))
		return "last";
	if (!confd_parameter_flag(parameters, "rollback", &changes->rollback))
		return "rollback";
	if (!confd_parameter_flag(parameters, "signs", &changes->signs))
		return "signs";
	changes->older = (size_t)last;
	if (name[0]) {
		if (confd_past_find(confd, name, &changes->newer) < 0)
			err_set(err, -ENOENT, "there is no commit '%s'", name);
		changes->older = changes->newer + 1;
		if (changes->rollback)
			changes->newer = 0;
	}
	if (!err->text[0] && changes->older > depth)
		err_set(err, -ENOENT, "of the last commits %zu are kept", depth);
	return NULL;
}

void confd_handle_get_changes(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct confd *confd = userdata;
	AUTO(tree_free) struct tree *newer = NULL, *older = NULL;
	struct changes changes = { 0 };
	struct err err = { .text = "" };
	struct confd_caller caller;
	const char *wrong;
	unsigned flags;

	if (!caller_may_look(confd, call, &caller))
		return;
	flags = caller_flags(&caller);
	wrong = changes_fill(confd, parameters, &changes, &err);
	if (wrong) {
		varlink_error_parameter(call, wrong);
		return;
	}
	if (!err.text[0] && confd_past_tree(confd, changes.newer, &newer, &err) == 0)
		confd_past_tree(confd, changes.older, &older, &err);
	if (!newer || !older) {
		reply_no_commit(call, err.text);
		return;
	}
	confd_restrict(&caller, newer);
	confd_restrict(&caller, older);
	if (changes.signs)
		flags |= TREE_SIGNS;
	reply_text(call, diff_text(changes.rollback ? newer : older, changes.rollback ? older : newer, flags),
		   NULL);
}
