/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the daemon's configuration. The rows are those of the three folders; only where the struct of a folder lies in
 * ours is said here.
 */
#include "services/sshd_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vrf/vrf.h"

static struct stmt rows[4];

const struct stmt *sshd_conf_root(void)
{
	static const struct stmt templates[] = { VRF_CONF_ROW, USER_CONF_ROW, SSH_CONF_ROW, STMT_DONE };

	if (rows[0].kind != STMT_END)
		return rows;
	memcpy(rows, templates, sizeof(rows));
	rows[0].offset += offsetof(struct sshd_conf, vrf);
	rows[1].offset += offsetof(struct sshd_conf, users);
	return rows;
}

int sshd_conf_new(const struct tree *slice, struct sshd_conf **ret_conf)
{
	AUTO(sshd_conf_free) struct sshd_conf *conf = calloc(1, sizeof(*conf));
	int rc;

	if (!conf)
		return -ENOMEM;
	rc = bind_tree(slice, sshd_conf_root(), conf, &conf->arena);
	if (rc < 0)
		return rc;
	*ret_conf = take(conf);
	return 0;
}

void sshd_conf_free(struct sshd_conf *conf)
{
	if (!conf)
		return;
	bind_arena_done(&conf->arena);
	free(conf);
}

/* Two names for one device would be two listeners on one socket address. */
static const struct vrf_conf_entry *device_user(const struct sshd_conf *conf, size_t before, const char *device)
{
	const struct vrf_conf_entry *vrfs = conf->vrf.vrfs.items;

	for (size_t i = 0; i < before; i++)
		if (vrfs[i].device && !strcmp(vrfs[i].device, device))
			return &vrfs[i];
	return NULL;
}

static bool vrf_check(const struct sshd_conf *conf, size_t place, sshd_conf_report *report, void *to)
{
	const struct vrf_conf_entry *vrf = (const struct vrf_conf_entry *)conf->vrf.vrfs.items + place, *other;
	char line[128], reason[256];

	if (!vrf->device)
		return true;
	snprintf(line, sizeof(line), "vrf %s device %s", vrf->name, vrf->device);
	other = device_user(conf, place, vrf->device);
	if (!strcmp(vrf->name, VRF_DEFAULT_NAME))
		snprintf(reason, sizeof(reason), "The default VRF is no device; remove 'device %s'", vrf->device);
	else if (other)
		snprintf(reason, sizeof(reason), "Device %s belongs to VRF %s already; remove one of the two",
			 vrf->device, other->name);
	else
		return true;
	report(&(const struct member_fault){ .line = line, .reason = reason }, to);
	return false;
}

int sshd_conf_check(const struct sshd_conf *conf, sshd_conf_report *report, void *to)
{
	int rc = 0;

	for (size_t i = 0; i < conf->vrf.vrfs.len; i++)
		if (!vrf_check(conf, i, report, to))
			rc = -EINVAL;
	return rc;
}

const struct user_conf *sshd_conf_user(const struct sshd_conf *conf, const char *name)
{
	const struct user_conf *users = conf->users.users.items;

	for (size_t i = 0; i < conf->users.users.len; i++)
		if (!strcmp(users[i].name, name))
			return &users[i];
	return NULL;
}

bool sshd_conf_may_clear(const struct user_conf *user)
{
	static const char *const groups[] = { "root-lr", "netadmin", "sysadmin" };
	const struct user_group_conf *own = user->groups.items;

	for (size_t i = 0; i < user->groups.len; i++)
		for (size_t j = 0; j < ARRAY_SIZE(groups); j++)
			if (!strcmp(own[i].name, groups[j]))
				return true;
	return false;
}

void sshd_conf_each_locked(const struct sshd_conf *conf, void (*on_user)(const char *name, void *userdata),
			   void *userdata)
{
	const struct user_conf *users = conf->users.users.items;

	for (size_t i = 0; i < conf->users.users.len; i++)
		if (!users[i].secret && users[i].keys.len == 0)
			on_user(users[i].name, userdata);
}
