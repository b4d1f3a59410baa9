/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pattern.h"
#include "cli/pipe.h"

#define CONFIG "hostname r1\nusername b\n group root-lr\n secret 10 x\n!\nusername a\n group operator\n!\nssh server v2\n"

static void expect(const struct pipe_filter *filter, const char *pattern, const char *text, const char *expected)
{
	struct pipe_chain chain = { .filters = { *filter }, .len = 1 };
	char *got = NULL;
	size_t len;

	if (pattern)
		cr_assert_eq(pattern_new(pattern, 0, &chain.filters[0].pattern, NULL), 0);
	cr_assert_eq(pipe_apply(&chain, text, strlen(text), &got, &len), 0);
	cr_expect_str_eq(got, expected);
	cr_expect_eq(strlen(got), len);
	free(got);
	pipe_chain_done(&chain);
}

#define EXPECT(pattern, text, expected, ...) expect(&(struct pipe_filter){ __VA_ARGS__ }, pattern, text, expected)

Test(pipe, lines_that_match)
{
	EXPECT("^user", CONFIG, "username b\nusername a\n", .kind = PIPE_GREP);
	EXPECT("group|secret|!", CONFIG, "hostname r1\nusername b\nusername a\nssh server v2\n", .kind = PIPE_GREP,
	       .invert = true);
	EXPECT("name a", CONFIG, "6:username a\n", .kind = PIPE_GREP, .number_lines = true);
	EXPECT("user", CONFIG, "2\n", .kind = PIPE_GREP, .only_count = true);
	EXPECT("user", CONFIG, "username b\n", .kind = PIPE_GREP, .most = 1);
	EXPECT("secret", CONFIG, " group root-lr\n secret 10 x\n!\n", .kind = PIPE_GREP, .before = 1, .after = 1);
	EXPECT("host|ssh", CONFIG, "hostname r1\nusername b\n--\n!\nssh server v2\n", .kind = PIPE_GREP, .before = 1,
	       .after = 1);
	EXPECT("group", CONFIG, "2-username b\n3: group root-lr\n4- secret 10 x\n--\n6-username a\n7: group operator\n8-!\n",
	       .kind = PIPE_GREP, .before = 1, .after = 1, .number_lines = true);
	EXPECT("a$", CONFIG, "username a\n group operator\n!\nssh server v2\n", .kind = PIPE_BEGIN);
	EXPECT("^username", CONFIG, "username b\n group root-lr\n secret 10 x\nusername a\n group operator\n",
	       .kind = PIPE_SECTION);
	EXPECT("root-lr", CONFIG, " group root-lr\n", .kind = PIPE_SECTION);
	EXPECT("nothing", CONFIG, "", .kind = PIPE_SECTION);
	EXPECT("x", "", "", .kind = PIPE_GREP);
}

Test(pipe, parts)
{
	EXPECT(NULL, "a\nb\nc", "a\nb\n", .kind = PIPE_HEAD, .lines = 2);
	EXPECT(NULL, "a\nb\nc", "b\nc\n", .kind = PIPE_TAIL, .lines = 2);
	EXPECT(NULL, "a\nb\nc", "a\nb\nc\n", .kind = PIPE_TAIL, .lines = 9);
	EXPECT(NULL, "a\nb\nc", "", .kind = PIPE_HEAD);
	EXPECT(NULL, "a b\nc\n", "2\n", .kind = PIPE_COUNT);
	EXPECT(NULL, "a b\nc\n", "      2       3       6\n", .kind = PIPE_WORDS, .count_lines = true,
	       .count_words = true, .count_bytes = true);
	EXPECT(NULL, "a b\nc\n", "3\n", .kind = PIPE_WORDS, .count_words = true);
}

Test(pipe, order)
{
	EXPECT(NULL, "b\nB\na\n", "B\na\nb\n", .kind = PIPE_SORT);
	EXPECT(NULL, "b\na\nb\n", "a\nb\n", .kind = PIPE_SORT, .unique = true);
	EXPECT(NULL, "10\n9\n-1\n", "10\n9\n-1\n", .kind = PIPE_SORT, .numeric = true, .reverse = true);
	EXPECT(NULL, "x 10\nx 9\n", "x 9\nx 10\n", .kind = PIPE_SORT, .numeric = true, .key = 2);
	EXPECT(NULL, "a:2\nb:1\n", "b:1\na:2\n", .kind = PIPE_SORT, .key = 2, .delimiter = ':');
	EXPECT(NULL, "a\nA\nb\nb\n", "      1 a\n      1 A\n      2 b\n", .kind = PIPE_UNIQ, .counted = true);
	EXPECT(NULL, "a\nA\nb\nb\n", "a\nb\n", .kind = PIPE_UNIQ, .any_case = true);
	EXPECT(NULL, "a\nb\nb\n", "b\n", .kind = PIPE_UNIQ, .repeated = true);
	EXPECT(NULL, "a\nb\nb\n", "a\n", .kind = PIPE_UNIQ, .single = true);
}

static void expect_cut(const char *words, const char *text, const char *expected)
{
	struct pipe_filter filter = { .kind = PIPE_CUT };
	struct err err = { .text = "" };

	cr_assert_eq(pipe_cut_parse(words, &filter, &err), 0, "%s: %s", words, err.text);
	expect(&filter, NULL, text, expected);
}

Test(pipe, cutting)
{
	static const char *const wrong[] = { "", "-f", "-f 0", "-f 3-2", "-f x", "-d ,, -f 1", "-d , -f 1 -f 2", "-x 1",
					     "-d \" -f 1", "-d ,", "-f 1,", "-f 1 2" };

	expect_cut("-d , -f 2", "a,b,c\nd\n,e\n", "b\nd\ne\n");
	expect_cut("-d, -f1,3-", "a,b,c,d\n", "a,c,d\n");
	expect_cut("-d \" \" -f -2", "a b c\n", "a b\n");
	expect_cut("-f 2 -d ' '", "a b c\n", "b\n");
	expect_cut("-f 9 -d ,", "a,b\n", "\n");
	expect_cut("-c 1-3", "abcdef\n\xc3\xa4" "bcd\n", "abc\n\xc3\xa4" "bc\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct pipe_filter filter = { .kind = PIPE_CUT };
		struct err err = { .text = "" };

		cr_expect_eq(pipe_cut_parse(wrong[i], &filter, &err), -EINVAL, "%s", wrong[i]);
		cr_expect(err.text[0]);
	}
}

Test(pipe, chains)
{
	struct pipe_chain chain = { .filters = { { .kind = PIPE_GREP }, { .kind = PIPE_SORT }, { .kind = PIPE_HEAD, .lines = 1 } },
				    .len = 3 };
	char *got = NULL;
	size_t len;

	cr_assert_eq(pattern_new("user", 0, &chain.filters[0].pattern, NULL), 0);
	cr_assert_eq(pipe_apply(&chain, CONFIG, strlen(CONFIG), &got, &len), 0);
	cr_expect_str_eq(got, "username a\n");
	free(got);
	pipe_chain_done(&chain);
}
