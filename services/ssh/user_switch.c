// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Becoming the user of a session
 *
 * Each step is checked by asking the kernel afterwards, not by its return value alone: a session that keeps one group
 * or one capability of the monitor is worse than a session that does not start.
 */
#include "services/ssh/user_switch.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { GROUPS_MAX = 1024 };

/* The groups of the account without group 0, which would open what is root's; none for a user without account. */
static int groups_of(const struct uid_identity *identity, const char *user_name, gid_t *ret_groups, size_t *ret_len)
{
	int len = GROUPS_MAX;
	size_t kept = 0;

	*ret_len = 0;
	if (!identity->account)
		return 0;
	if (getgrouplist(user_name, identity->gid, ret_groups, &len) < 0)
		return -E2BIG;
	for (int i = 0; i < len; i++)
		if (ret_groups[i] != 0)
			ret_groups[kept++] = ret_groups[i];
	*ret_len = kept;
	return 0;
}

static bool same_groups(const gid_t *wanted, size_t wanted_len)
{
	gid_t have[GROUPS_MAX];
	int len = getgroups(GROUPS_MAX, have);

	if (len < 0)
		return false;
	for (int i = 0; i < len; i++) {
		size_t j = 0;

		while (j < wanted_len && wanted[j] != have[i])
			j++;
		if (j == wanted_len)
			return false;
	}
	return true;
}

static bool same_ids(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (u[i] != uid || g[i] != gid)
			return false;
	return true;
}

/* The kernel clears them when the last uid 0 goes, unless securebits say otherwise: so say it again, and look. */
static int clear_capabilities(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	capng_apply(CAPNG_SELECT_CAPS);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (capng_get_caps_process() < 0)
		return -EPERM;
	return capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE ? 0 : -EPERM;
}

int user_switch(const struct uid_identity *identity, const char *user_name, struct err *err)
{
	gid_t groups[GROUPS_MAX];
	size_t groups_len;
	int r;

	if (identity->uid == 0 || identity->gid == 0 || identity->uid == (uid_t)-1 || identity->gid == (gid_t)-1)
		return err_set(err, -EINVAL, "user %s would run as uid %u, gid %u", user_name, (unsigned)identity->uid,
			       (unsigned)identity->gid);
	r = groups_of(identity, user_name, groups, &groups_len);
	if (r < 0)
		return err_set(err, r, "user %s is in more than %d groups", user_name, GROUPS_MAX);
	if (setgroups(groups_len, groups) < 0)
		return err_set(err, -errno, "cannot take the groups of user %s: %s", user_name, strerror(errno));
	if (setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return err_set(err, -errno, "cannot become gid %u: %s", (unsigned)identity->gid, strerror(errno));
	if (setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return err_set(err, -errno, "cannot become uid %u: %s", (unsigned)identity->uid, strerror(errno));
	r = clear_capabilities();
	if (r < 0)
		return err_set(err, r, "capabilities are left after the switch to user %s", user_name);
	if (!same_ids(identity->uid, identity->gid) || !same_groups(groups, groups_len))
		return err_set(err, -EPERM, "ids or groups are left after the switch to user %s", user_name);
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0)
		return err_set(err, -EPERM, "root can be had back after the switch to user %s", user_name);
	return 0;
}
