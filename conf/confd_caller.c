/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: who is calling, by the uid the kernel vouches for, and what that user may do by the groups of
 * the running configuration. Nothing a caller says about itself counts, unless it is root or runs under
 * our own uid.
 */
#include "conf/confd.h"

#include <stdio.h>
#include <string.h>

#include "aaa/uidmap.h"

/* Groups whose members may configure and see secrets; features.md 2D, predefined task groups. */
static const char *const configuring_groups[] = { "root-lr", "netadmin", "sysadmin", NULL };

struct group_search {
	bool may_configure;
};

static void on_group(const char *group, void *userdata)
{
	struct group_search *search = userdata;

	for (size_t i = 0; configuring_groups[i]; i++) {
		if (!strcmp(group, configuring_groups[i]))
			search->may_configure = true;
	}
}

static void on_group_list(const char *group, void *userdata)
{
	json_array_append_new(userdata, json_string(group));
}

static void caller_each_group(const struct confd *confd, const char *user,
			      void (*on_key)(const char *key, void *userdata), void *userdata)
{
	char path[sizeof("username  group") + 33];

	snprintf(path, sizeof(path), "username %s group", user);
	tree_keys(confd->running, path, on_key, userdata);
}

void confd_caller_of(const struct confd *confd, const struct ucred *peer, struct confd_caller *ret_caller)
{
	struct confd_caller caller = { .uid = peer->uid };
	struct group_search search = { .may_configure = false };

	caller.trusted = peer->uid == 0 || peer->uid == confd->own_uid;
	if (peer->uid == 0)
		snprintf(caller.user, sizeof(caller.user), "root");
	else if (uidmap_name(confd->uids_path, peer->uid, caller.user, sizeof(caller.user)) < 0)
		caller.user[0] = '\0';
	if (!caller.user[0] && caller.trusted)
		snprintf(caller.user, sizeof(caller.user), "system");
	if (caller.user[0] && !caller.trusted)
		caller_each_group(confd, caller.user, on_group, &search);
	caller.may_configure = caller.trusted || search.may_configure;
	*ret_caller = caller;
}

json_t *confd_caller_groups(const struct confd *confd, const struct confd_caller *caller)
{
	json_t *groups = json_array();

	if (!groups)
		return NULL;
	if (caller->trusted) /* whatever is configured, root may do all */
		json_array_append_new(groups, json_string(configuring_groups[0]));
	else if (caller->user[0])
		caller_each_group(confd, caller->user, on_group_list, groups);
	return groups;
}
