/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: who is calling, by the uid the kernel vouches for, and what that user may do by the groups of
 * the running configuration. Nothing a caller says about itself counts, unless it is root or runs under
 * our own uid.
 */
#include "conf/confd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/uidmap.h"
#include "conf/root.h"

static void on_group_list(const char *group, void *userdata)
{
	json_array_append_new(userdata, json_string(group));
}

static void user_each_group(const struct tree *tree, const char *user,
			    void (*on_key)(const char *key, void *userdata), void *userdata)
{
	char path[sizeof("username  group") + 33];

	snprintf(path, sizeof(path), "username %s group", user);
	tree_keys(tree, path, on_key, userdata);
}

/* ---- processes ---- */

/* /proc/PID/stat: the name in parentheses may hold anything, so fields are counted behind its last ')'. */
static bool process_stat(uint32_t pid, uint32_t *ret_parent, uint64_t *ret_ticks)
{
	char path[32], line[1024], *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	line[0] = '\0';
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	rest = strrchr(line, ')');
	if (!rest || strlen(rest) < 4)
		return false;
	rest += 4; /* ") S " */
	*ret_parent = (uint32_t)strtoul(rest, &rest, 10);
	for (unsigned field = 5; field < 22 && rest; field++)
		rest = strchr(rest + 1, ' ');
	*ret_ticks = rest ? strtoull(rest, NULL, 10) : 0;
	return true;
}

uint32_t confd_process_parent(uint32_t pid)
{
	uint32_t parent = 0;
	uint64_t ticks;

	return process_stat(pid, &parent, &ticks) ? parent : 0;
}

bool confd_process_is(struct confd_process a, struct confd_process b)
{
	return a.pid && a.pid == b.pid && a.ticks == b.ticks;
}

static struct confd_process process_of(const struct ucred *peer)
{
	struct confd_process process = { .pid = peer->pid > 0 ? (uint32_t)peer->pid : 0 };
	uint32_t parent;

	if (process.pid && !process_stat(process.pid, &parent, &process.ticks))
		process.ticks = 0;
	return process;
}

/* ---- callers ---- */

void confd_caller_of(const struct confd *confd, const struct ucred *peer, struct confd_caller *ret_caller)
{
	struct confd_caller caller = { .uid = peer->uid, .process = process_of(peer) };

	caller.trusted = peer->uid == 0 || peer->uid == confd->own_uid;
	if (peer->uid == 0)
		snprintf(caller.user, sizeof(caller.user), "root");
	else if (uidmap_name(confd->uids_path, peer->uid, caller.user, sizeof(caller.user)) < 0)
		caller.user[0] = '\0';
	if (!caller.user[0] && caller.trusted)
		snprintf(caller.user, sizeof(caller.user), "system");
	if (caller.trusted) /* whatever is configured, root may do all */
		task_set_add_all(&caller.tasks, TASK_ACCESS_ALL);
	else if (caller.user[0])
		conf_user_tasks(confd->running, caller.user, &caller.tasks);
	caller.may_configure = task_set_has(&caller.tasks, TASK_CONFIGURE, TASK_WRITE);
	*ret_caller = caller;
}

json_t *confd_caller_groups(const struct confd *confd, const struct confd_caller *caller)
{
	json_t *groups = json_array();

	if (!groups)
		return NULL;
	if (caller->trusted)
		json_array_append_new(groups, json_string("root-lr"));
	else if (caller->user[0])
		user_each_group(confd->running, caller->user, on_group_list, groups);
	return groups;
}
