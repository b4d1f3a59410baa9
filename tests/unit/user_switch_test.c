// SPDX-License-Identifier: GPL-3.0-or-later
/* Each test switches in a child, because there is no way back. */
#include "services/ssh/user_switch.h"

#include <cap-ng.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOME_UID = 1879150001, SOME_GID = 1879150002 };

static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(body());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void need_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
}

static const struct uid_identity somebody = { .uid = SOME_UID, .gid = SOME_GID, .home = "/" };

/* The number says which promise was broken. */
static int switch_and_look(void)
{
	const gid_t before[] = { 0, 4, 27 };
	struct err err;

	setgroups(3, before);
	if (user_switch(&somebody, "somebody", &err) < 0)
		return 1;
	if (getuid() != SOME_UID || geteuid() != SOME_UID || getgid() != SOME_GID || getegid() != SOME_GID)
		return 2;
	if (getgroups(0, NULL) != 0)
		return 3;
	capng_get_caps_process();
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return 4;
	return setuid(0) == 0 || setgid(0) == 0 ? 5 : 0;
}

Test(user_switch, leaves_nothing_of_root)
{
	need_root();
	cr_assert_eq(in_child(switch_and_look), 0);
}

/* Without the fixup the kernel would leave all capabilities in place. */
static int switch_with_securebits(void)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS) < 0)
		return 9;
	return switch_and_look();
}

Test(user_switch, clears_capabilities_that_the_kernel_would_keep)
{
	need_root();
	cr_assert_eq(in_child(switch_with_securebits), 0);
}

Test(user_switch, never_becomes_root)
{
	struct uid_identity root = somebody;
	struct err err = { .text = "" };

	root.uid = 0;
	cr_assert_eq(user_switch(&root, "root", &err), -EINVAL);
	cr_assert(strstr(err.text, "root"));
	root = somebody;
	root.gid = 0;
	cr_assert_eq(user_switch(&root, "wheel", &err), -EINVAL);
}

/* "games" has a uid of its own on every Debian system; its groups come from the account database. */
static int switch_to_account(void)
{
	struct uid_identity games = { .uid = 5, .gid = 60, .home = "/", .account = true };
	gid_t groups[64];
	int len;
	struct err err;

	if (user_switch(&games, "games", &err) < 0)
		return 1;
	len = getgroups(64, groups);
	for (int i = 0; i < len; i++)
		if (groups[i] == 0)
			return 2;
	return len == 1 && groups[0] == 60 ? 0 : 3;
}

Test(user_switch, an_account_has_its_groups)
{
	need_root();
	cr_assert_eq(in_child(switch_to_account), 0);
}

static int switch_without_right(void)
{
	struct uid_identity other = somebody;
	struct err err;

	if (user_switch(&somebody, "somebody", &err) < 0)
		return 1;
	other.uid++;
	return user_switch(&other, "other", &err) < 0 ? 0 : 2;
}

Test(user_switch, says_when_it_may_not)
{
	need_root();
	cr_assert_eq(in_child(switch_without_right), 0);
}
