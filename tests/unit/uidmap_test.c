/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aaa/uidmap.h"

/* names that no machine has an account for */
#define ONE   "sallyport.one"
#define TWO   "sallyport.two"
#define THREE "sallyport.three"

static char dir[] = "/tmp/uidmap-test-XXXXXX";
static char path[64], lock_path[80];

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/uids", dir);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
}

static void teardown(void)
{
	unlink(path);
	unlink(lock_path);
	rmdir(dir);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

TestSuite(uidmap, .init = setup, .fini = teardown);

Test(uidmap, gives_a_number_once)
{
	struct uid_identity first, second, again;
	char name[33];
	struct stat st;

	cr_assert_eq(uidmap_identity(path, ONE, false, &first, NULL), -ENOENT);
	cr_assert_eq(uidmap_identity(path, ONE, true, &first, NULL), 0);
	cr_assert_eq(uidmap_identity(path, TWO, true, &second, NULL), 0);
	cr_assert_eq(uidmap_identity(path, ONE, true, &again, NULL), 0);
	cr_assert_eq(first.uid, UIDMAP_FIRST);
	cr_assert_eq(second.uid, UIDMAP_FIRST + 1);
	cr_assert_eq(again.uid, first.uid);
	cr_assert_eq(first.gid, first.uid);
	cr_assert_not(first.account);
	cr_assert_str_eq(first.home, "/");
	cr_assert_str_eq(first.shell, "");
	cr_assert_eq(uidmap_identity(path, TWO, false, &again, NULL), 0);
	cr_assert_eq(again.uid, second.uid);

	cr_assert_eq(uidmap_name(path, second.uid, name, sizeof(name)), 0);
	cr_assert_str_eq(name, TWO);
	cr_assert_eq(uidmap_name(path, UIDMAP_FIRST + 2, name, sizeof(name)), -ENOENT);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0644);
}

Test(uidmap, a_number_is_not_given_again)
{
	struct uid_identity identity;
	char text[64];

	/* the lower numbers belonged to users who went */
	snprintf(text, sizeof(text), "%u %s\n", UIDMAP_FIRST + 41, ONE);
	write_file(text);
	cr_assert_eq(uidmap_identity(path, TWO, true, &identity, NULL), 0);
	cr_assert_eq(identity.uid, UIDMAP_FIRST + 42);
}

Test(uidmap, range_ends)
{
	struct uid_identity identity = { .uid = 7 };
	char text[64];

	snprintf(text, sizeof(text), "%u %s\n", UIDMAP_LAST, ONE);
	write_file(text);
	cr_assert_eq(uidmap_identity(path, TWO, true, &identity, NULL), -ENOSPC);
	cr_assert_eq(identity.uid, 7);
	cr_assert_eq(uidmap_identity(path, ONE, true, &identity, NULL), 0);
	cr_assert_eq(identity.uid, UIDMAP_LAST);
}

Test(uidmap, root_is_never_given)
{
	struct uid_identity identity;
	char name[33] = "untouched";

	cr_assert_not_null(getpwnam("root"));
	cr_assert_eq(uidmap_identity(path, "root", true, &identity, NULL), 0);
	cr_assert_eq(identity.uid, UIDMAP_FIRST, "an account with uid 0 counts as none");
	cr_assert_eq(uidmap_name(path, 0, name, sizeof(name)), -ENOENT);
	cr_assert_str_eq(name, "untouched");
}

Test(uidmap, account_comes_first)
{
	struct passwd *account = getpwnam("daemon");
	struct uid_identity identity;
	char text[64], name[33];
	struct stat st;

	cr_assert_not_null(account, "every Debian system has this account");
	snprintf(text, sizeof(text), "%u daemon\n", UIDMAP_FIRST);
	write_file(text);
	cr_assert_eq(uidmap_identity(path, "daemon", true, &identity, NULL), 0);
	cr_assert(identity.account);
	cr_assert_eq(identity.uid, account->pw_uid);
	cr_assert_eq(identity.gid, account->pw_gid);
	cr_assert_str_eq(identity.home, account->pw_dir);
	cr_assert_str_eq(identity.shell, account->pw_shell);
	cr_assert_eq(uidmap_name(path, account->pw_uid, name, sizeof(name)), 0);
	cr_assert_str_eq(name, "daemon");
	cr_assert_lt(stat(lock_path, &st), 0, "nothing is allocated for an account");
}

Test(uidmap, refuses_names_that_would_break_the_file)
{
	static const char *const names[] = { "", "a b", "a\n1879100000 b", "-x",
					     "0123456789012345678901234567890123" };
	struct uid_identity identity;
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_eq(uidmap_identity(path, names[i], true, &identity, NULL), -EINVAL, "%s", names[i]);
	cr_assert_lt(stat(path, &st), 0);
}

Test(uidmap, broken_file_gives_nobody_a_number)
{
	static const char *const files[] = {
		"1879100000 " ONE "\n1879100001 " TWO, /* cut */
		"0 " ONE "\n",
		"1000 " ONE "\n",
		"1879200000 " ONE "\n",
		"-1879100000 " ONE "\n",
		" 1879100000 " ONE "\n",
		"1879100000 a b\n",
		"1879100000\n",
		"1879100000  " ONE "\n",
		"\n",
	};
	struct uid_identity identity;
	struct err err = { .text = "" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		write_file(files[i]);
		cr_assert_eq(uidmap_identity(path, THREE, true, &identity, &err), -EBADMSG, "%s", files[i]);
		cr_assert_not_null(strstr(err.text, path));
	}
}

Test(uidmap, name_must_fit)
{
	struct uid_identity identity;
	char name[sizeof(ONE)];

	cr_assert_eq(uidmap_identity(path, ONE, true, &identity, NULL), 0);
	cr_assert_eq(uidmap_name(path, identity.uid, name, sizeof(name) - 1), -ENAMETOOLONG);
	cr_assert_eq(uidmap_name(path, identity.uid, name, sizeof(name)), 0);
}

/* Logins at the same moment must not get the same number. */
Test(uidmap, many_at_once)
{
	enum { PROCESSES = 8, NAMES = 6 };
	struct uid_identity identity;
	char name[64];

	for (int i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		for (int j = 0; j < NAMES; j++) {
			snprintf(name, sizeof(name), "sallyport.%d.%d", i, j);
			if (uidmap_identity(path, name, true, &identity, NULL) < 0)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		cr_assert_gt(wait(&status), 0);
		cr_assert_eq(status, 0);
	}
	for (uid_t uid = UIDMAP_FIRST; uid < UIDMAP_FIRST + PROCESSES * NAMES; uid++)
		cr_assert_eq(uidmap_name(path, uid, name, sizeof(name)), 0, "%u", uid);
	cr_assert_eq(uidmap_name(path, UIDMAP_FIRST + PROCESSES * NAMES, name, sizeof(name)), -ENOENT);
}
