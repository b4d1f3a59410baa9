/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: an err is filled, prefixed and cut, and the code given comes back.
 */
#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, set_writes_and_returns_the_code)
{
	struct err err = { "old" };

	cr_assert_eq(err_set(&err, -ENOENT, "VRF %s: port %d", "blue", 5527), -ENOENT);
	cr_assert_str_eq(err.text, "VRF blue: port 5527");
}

Test(err, nobody_reads_it)
{
	cr_assert_eq(err_set(NULL, -EIO, "%s", "x"), -EIO);
	cr_assert_eq(err_add(NULL, -EPERM, "%s", "x"), -EPERM);
}

Test(err, add_puts_in_front)
{
	struct err err;

	err_set(&err, -EIO, "disk 7");
	cr_assert_eq(err_add(&err, -ENOSPC, "commit %d", 41), -ENOSPC);
	cr_assert_str_eq(err.text, "commit 41: disk 7");
}

Test(err, long_texts_are_cut)
{
	char text[2 * sizeof(struct err)];
	struct err err;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, -EIO, "%s", text);
	cr_assert_eq(strlen(err.text), sizeof(err.text) - 1);
	err_add(&err, -EIO, "b");
	cr_assert_eq(strlen(err.text), sizeof(err.text) - 1);
	cr_assert_eq(strncmp(err.text, "b: aaa", 6), 0);
}
