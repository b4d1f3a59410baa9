/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what a caller may see and change, by the tasks of the statements. The shell asks nothing that is not asked here
 * again: it runs as its user, who may as well talk to this daemon himself.
 *
 * Whoever may configure users could make himself anything. So nobody may hand out tasks that he does not hold, nor
 * change the account of one who holds more: a new password would be that user's rights.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd_job.h"
#include "conf/root.h"

bool confd_permits(struct varlink_call *call, const struct confd_caller *caller, const char *task, unsigned access)
{
	if (task_set_has(&caller->tasks, task, access))
		return true;
	varlink_error_permission(call);
	return false;
}

static bool may_read(const struct stmt *const *path, size_t path_len, void *userdata)
{
	return task_allows_path(userdata, path, path_len, TASK_READ);
}

void confd_restrict(const struct confd_caller *caller, struct tree *tree)
{
	struct task_set tasks = caller->tasks;

	if (!task_allows_table(&tasks, conf_root, TASK_READ))
		tree_prune(tree, may_read, &tasks);
}

int confd_readable(const struct confd_caller *caller, const struct tree *tree, struct tree **ret_copy)
{
	int r;

	*ret_copy = NULL;
	if (task_allows_table(&caller->tasks, conf_root, TASK_READ))
		return 0;
	r = tree_copy(tree, ret_copy);
	if (r == 0)
		confd_restrict(caller, *ret_copy);
	return r;
}

/* ---- changing ---- */

struct rights {
	const struct tree *running, *wanted;
	struct task_set tasks; /* the caller's */
	bool everything;       /* there is no statement that they do not allow */
	json_t *faults;
	json_t *users; /* object: whose account the commit changes */
};

/* "username U …": remembers U. */
static void note_user(struct rights *rights, const struct match *match)
{
	const struct match_step *step = &match->steps[0];

	if (match->steps_len && !strcmp(step->row->word, "username") && step->value)
		json_object_set_new(rights->users, step->value, json_true());
}

/* A line that one of the two has and the other has not. */
static int on_line(const char *line, void *userdata)
{
	struct rights *rights = userdata;
	struct match match;

	if (!strncmp(line, "no ", 3)) /* it comes again from the other side, with all that is in it */
		return 0;
	/* ten thousand lines need not be read once more to find nothing against them */
	if (rights->everything && strncmp(line, "username ", strlen("username ")))
		return 0;
	stmt_match(conf_root, NULL, line, false, &match);
	if (match.status != MATCH_OK || !task_allows_statement(&rights->tasks, &match, TASK_WRITE))
		confd_fault_add(rights->faults, line, "This command is not authorized");
	else
		note_user(rights, &match);
	stmt_match_done(&match);
	return 0;
}

/* Whether the user may be what he becomes, and be touched by the caller at all. */
static void on_user(const char *user, void *userdata)
{
	const struct rights *rights = userdata;
	struct task_set before = { .access = { 0 } }, after = { .access = { 0 } }, granted = rights->tasks;
	char line[64], reason[160];
	const char *task = "";

	conf_user_tasks(rights->running, user, &before);
	conf_user_tasks(rights->wanted, user, &after);
	snprintf(line, sizeof(line), "username %.32s", user);
	if (json_object_get(rights->users, user))
		task_set_join(&after, &before);
	else
		task_set_join(&granted, &before);
	if (task_set_covers(&granted, &after, &task))
		return;
	snprintf(reason, sizeof(reason),
		 "User '%.32s' has, or would have, rights to task '%s' that you have not; ask who has them", user,
		 task);
	confd_fault_add(rights->faults, line, reason);
}

static void on_removed_user(const char *user, void *userdata)
{
	const struct rights *rights = userdata;

	if (json_object_get(rights->users, user))
		on_user(user, userdata);
}

int confd_rights_check(const struct confd *confd, const struct confd_caller *caller, const struct tree *wanted,
		       json_t *faults)
{
	struct rights rights = { .running = confd->running, .wanted = wanted, .faults = faults };

	if (caller->trusted)
		return 0;
	rights.users = json_object();
	if (!rights.users)
		return -ENOMEM;
	conf_user_tasks(confd->running, caller->user, &rights.tasks);
	rights.everything = task_allows_table(&rights.tasks, conf_root, TASK_WRITE);
	/* what the one adds the other lacks: together every line that is not in both */
	if (tree_diff(confd->running, wanted, on_line, &rights) < 0 ||
	    tree_diff(wanted, confd->running, on_line, &rights) < 0) {
		json_decref(rights.users);
		return -ENOMEM;
	}
	conf_each_user(wanted, on_user, &rights);
	conf_each_user(confd->running, on_removed_user, &rights);
	json_decref(rights.users);
	return 0;
}
