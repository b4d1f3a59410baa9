/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_path.h"

Test(file_path, one_file_has_one_name)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "disk0:", "disk0:/" },
		{ "harddisk:/x", "harddisk:/x" },
		{ "/harddisk:/x", "harddisk:/x" },
		{ "harddisk:x", "harddisk:/x" },
		{ "//harddisk:///a//./b/", "harddisk:/a/b" },
		{ "disk0:/a/../b", "disk0:/b" },
		{ "disk0:/a/b/../..", "disk0:/" },
		{ "", "disk0:/" },
		{ "x", "disk0:/x" },
		{ "./x/..", "disk0:/" },
		{ "...", "disk0:/..." },
		{ "disk0:/..x", "disk0:/..x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char name[FILE_PATH_MAX_BYTES] = "";

		cr_expect_eq(file_path_name(cases[i].path, name, NULL), 0, "%s", cases[i].path);
		cr_expect_str_eq(name, cases[i].name, "%s", cases[i].path);
	}
}

Test(file_path, nothing_above_or_beside_a_volume)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{ "disk0:/..", -EXDEV },      { "..", -EXDEV },		{ "disk0:/a/../../harddisk:/x", -EXDEV },
		{ "/etc/passwd", -ENODEV },   { "/", -ENODEV },		{ "tftp://10.0.0.1/x", -ENODEV },
		{ "disk1:/x", -ENODEV },      { "bootflash:", -ENODEV },	{ "a:b", -ENODEV },
	};
	char longest[3 * FILE_PATH_MAX_BYTES], name[FILE_PATH_MAX_BYTES] = "as it was";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = { .text = "" };

		cr_expect_eq(file_path_name(cases[i].path, name, &err), cases[i].error, "%s", cases[i].path);
		cr_expect(err.text[0]);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_expect_eq(file_path_name(longest, name, NULL), -ENAMETOOLONG);
	cr_expect_str_eq(name, "as it was");
}
