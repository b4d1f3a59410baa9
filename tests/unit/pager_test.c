/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pager: where it stops, what each key does, what it leaves on the screen. And the pipes it shows the result of. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pager.h"
#include "cli/pipe.h"
#include "cli/running_text.h"

#define ERASE "\r          \r"

struct keys {
	const char *text; /* one key each; at its end the terminal has gone */
};

static int next_key(void *userdata)
{
	struct keys *keys = userdata;

	return *keys->text ? *keys->text++ : -1;
}

static void expect_paged(const char *text, unsigned length, unsigned width, const char *typed, const char *expected,
			 int expected_result)
{
	struct keys keys = { typed };
	char *shown = NULL;
	size_t len;
	FILE *out = open_memstream(&shown, &len);
	int r = pager_write(out, text, strlen(text), length, width, next_key, &keys);

	fclose(out);
	cr_expect_eq(r, expected_result);
	cr_expect_str_eq(shown, expected);
	cr_expect_str_empty(keys.text, "keys left over");
	free(shown);
}

Test(pager, nothing_and_no_limit)
{
	expect_paged("", 3, 80, "", "", 0);
	expect_paged("1\n2\n3\n4\n5\n", 0, 80, "", "1\n2\n3\n4\n5\n", 0);
}

Test(pager, what_fits_is_not_stopped)
{
	expect_paged("1\n2\n", 3, 80, "", "1\n2\n", 0);
}

Test(pager, page_line_and_stop)
{
	expect_paged("1\n2\n3\n", 3, 80, " ", "1\n2\n" PAGER_MORE ERASE "3\n", 0);
	expect_paged("1\n2\n3\n4\n5\n6\n", 3, 80, "  ",
		     "1\n2\n" PAGER_MORE ERASE "3\n4\n" PAGER_MORE ERASE "5\n6\n", 0);
	expect_paged("1\n2\n3\n4\n5\n", 3, 80, "\n ", "1\n2\n" PAGER_MORE ERASE "3\n" PAGER_MORE ERASE "4\n5\n", 0);
	expect_paged("1\n2\n3\n", 3, 80, "q", "1\n2\n" PAGER_MORE ERASE, 0);
	expect_paged("1\n2\n3\n", 3, 80, "\003", "1\n2\n" PAGER_MORE ERASE, 0);
}

Test(pager, other_keys_do_nothing)
{
	expect_paged("1\n2\n3\n", 3, 80, "xyz ", "1\n2\n" PAGER_MORE ERASE "3\n", 0);
}

Test(pager, terminal_gone)
{
	expect_paged("1\n2\n3\n", 3, 80, "", "1\n2\n" PAGER_MORE, -EIO);
}

Test(pager, wrapped_lines_take_their_room)
{
	expect_paged("12345678901\n2\n", 4, 10, "", "12345678901\n2\n", 0);
	expect_paged("12345678901\n2\n3\n", 4, 10, " ", "12345678901\n2\n" PAGER_MORE ERASE "3\n", 0);
}

Test(pager, rows)
{
	cr_expect_eq(pager_rows("", 0, 80), 1);
	cr_expect_eq(pager_rows("1234567890", 10, 10), 1);
	cr_expect_eq(pager_rows("12345678901", 11, 10), 2);
	cr_expect_eq(pager_rows("12345678901", 11, 0), 1);
	cr_expect_eq(pager_rows("\xc3\xa9\xc3\xa9", 4, 2), 1);
	cr_expect_eq(pager_rows("123456789012345678901", 21, 10), 3);
}

Test(pager, line_taller_than_the_page_is_shown)
{
	expect_paged("1\n1234567890\n3\n", 3, 2, "  ", "1\n" PAGER_MORE ERASE "1234567890\n" PAGER_MORE ERASE "3\n", 0);
}

/* ---- pipes ---- */

Test(pipe, find)
{
	const char *line = "show x|include a|b | exclude \"c | d\" | count";
	const char *first = pipe_find(line, true), *second, *third;

	cr_assert_not_null(first);
	cr_expect_eq(first - line, 6);
	second = pipe_find(first + 1, false);
	cr_assert_not_null(second);
	cr_expect_eq(second - line, 19);
	third = pipe_find(second + 1, false);
	cr_assert_not_null(third);
	cr_expect_str_eq(third, "| count");
	cr_expect_null(pipe_find(third + 1, false));
	cr_expect_null(pipe_find("show \"a|b\"", true));
	cr_expect_null(pipe_find("", true));
}

/* ---- a part of the running configuration ---- */

static void expect_part(const char *path, size_t lines, const char *expected)
{
	static const char text[] = "hostname r1\nvrf blue\n description a b\n!\nvrf red\n!\nusername admin\n group root-lr\n"
				   " secret ***\n!\nssh server v2\nssh server disable sftp scp\nssh server vrf blue\nssh timeout 30\n!\n";
	char *part = NULL;
	size_t len;
	FILE *out = open_memstream(&part, &len);

	cr_expect_eq(running_text_below(text, path, out), lines, "%s", path);
	fclose(out);
	cr_expect_str_eq(part, expected);
	free(part);
}

Test(running_text, parts)
{
	expect_part("hostname", 1, "hostname r1\n");
	expect_part("vrf", 3, "vrf blue\n description a b\n!\nvrf red\n!\n");
	expect_part("vrf blue", 2, "vrf blue\n description a b\n!\n");
	expect_part("vrf red", 1, "vrf red\n!\n");
	expect_part("vrf re", 0, "");
	expect_part("username admin secret", 1, "username admin\n secret ***\n!\n");
	expect_part("username admin group", 1, "username admin\n group root-lr\n!\n");
	expect_part("ssh", 4, "ssh server v2\nssh server disable sftp scp\nssh server vrf blue\nssh timeout 30\n!\n");
	expect_part("ssh server", 3, "ssh server v2\nssh server disable sftp scp\nssh server vrf blue\n!\n");
	expect_part("ssh server disable\tscp", 1, "ssh server disable sftp scp\n!\n");
	expect_part("ssh server disable\tsftp", 1, "ssh server disable sftp scp\n!\n");
	expect_part("ssh server disable\tsc", 0, "");
	expect_part("ssh server\tv", 0, "");
	expect_part("ssh timeout", 1, "ssh timeout 30\n!\n");
	expect_part("domain", 0, "");
}
