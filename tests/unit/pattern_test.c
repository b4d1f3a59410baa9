/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/pattern.h"

static bool finds(const char *text, unsigned flags, const char *line)
{
	struct pattern *pattern = NULL;
	struct err err = { .text = "" };
	bool found;

	cr_assert_eq(pattern_new(text, flags, &pattern, &err), 0, "%s: %s", text, err.text);
	found = pattern_finds(pattern, line, strlen(line));
	pattern_free(pattern);
	return found;
}

Test(pattern, what_it_finds)
{
	static const struct {
		const char *pattern;
		unsigned flags;
		const char *yes, *no;
	} cases[] = {
		{ "ssh server", 0, "ssh server v2", "ssh client" },
		{ "^ssh", 0, "ssh server", " ssh server" },
		{ "v2$", 0, "ssh server v2", "ssh server v2 " },
		{ "^$", 0, "", " " },
		{ "a|b", 0, "xbx", "xcx" },
		{ "(ab|cd)+e", 0, "xcdabe", "abcd" },
		{ "^(ab?c*)$", 0, "accc", "abbc" },
		{ "^a{2,3}$", 0, "aaa", "aaaa" },
		{ "^a{2}$", 0, "aa", "a" },
		{ "^a{2,}$", 0, "aaaaaa", "a" },
		{ "^(ab){0,2}$", 0, "", "ababab" },
		{ "^xa{0}y$", 0, "xy", "xay" },
		{ "[0-9]+\\.[0-9]+", 0, "10.1", "10-1" },
		{ "[^a-z ]", 0, "ab1", "ab c" },
		{ "[]x]", 0, "]", "y" },
		{ "[a-]", 0, "-", "b" },
		{ "[[:digit:][:upper:]]", 0, "aB", "ab" },
		{ "\\bvty\\b", 0, "on vty 0", "vty0" },
		{ "\\<vty", 0, "a vty0", "xvty" },
		{ "\\d+\\s\\w", 0, "10 a", "10.a" },
		{ "a.c", 0, "a\xc3\xa4" "c", "ac" },
		{ "^.{3}$", 0, "a\xc3\xa4\xe2\x82\xac", "ab" },
		{ "SSH", PATTERN_ANY_CASE, "ssh", "sh" },
		{ "[a-c]X", PATTERN_ANY_CASE, "Bx", "dx" },
		{ "a.b*", PATTERN_FIXED, "xa.b*", "aab" },
		{ "vty", PATTERN_WORDS, "on vty", "vty0" },
		{ "a)b", 0, "a)b", "ab" },
		{ "|x", 0, "", NULL },
		{ "", 0, "anything", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_expect(finds(cases[i].pattern, cases[i].flags, cases[i].yes), "%s in %s", cases[i].pattern,
			  cases[i].yes);
		if (cases[i].no)
			cr_expect_not(finds(cases[i].pattern, cases[i].flags, cases[i].no), "%s not in %s",
				      cases[i].pattern, cases[i].no);
	}
}

Test(pattern, what_it_refuses)
{
	static const char *const wrong[] = { "*a", "a(b", "[a", "[[:nothing:]]", "[z-a]", "a{2,1}", "a{x}", "a{256}",
					     "\\", "(a)\\1", "(((a{99}){99}){99})", "x{255}{255}", "+" };
	char deep[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct pattern *pattern = NULL;
		struct err err = { .text = "" };

		cr_expect_eq(pattern_new(wrong[i], 0, &pattern, &err), -EINVAL, "%s", wrong[i]);
		cr_expect(err.text[0]);
	}
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	cr_expect_eq(pattern_new(deep, 0, &(struct pattern *){ NULL }, NULL), -EINVAL);
}

/* What takes others hours takes no longer than the length of the line times the steps. */
Test(pattern, time_is_bounded, .timeout = 10)
{
	static const char *const evil[] = { "(a*)*b", "(a|a)*b", "(a|aa)+$", "a?a?a?a?a?a?a?a?a?a?aaaaaaaaaab", "(.*)*x",
					    "(a{0,30}){0,30}b" };
	char line[4001];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 2] = 'c';
	line[sizeof(line) - 1] = '\0';
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++)
		cr_expect_not(finds(evil[i], 0, line), "%s", evil[i]);
}

/* Against the C library, for what both understand. */
Test(pattern, says_what_the_library_says)
{
	static const char *const pieces[] = { "a", "b", "ab", ".", "[ab]", "[^a]", "(a|b)", "(ab)", "^", "$", "(a|)", "b{1,2}" };
	static const char *const repeats[] = { "", "", "", "*", "+", "?", "{2}" };
	unsigned seed = 7;

	for (int round = 0; round < 4000; round++) {
		char text[64] = "", line[12] = "";
		struct pattern *pattern = NULL;
		regex_t regex;

		for (int i = 0; i < 1 + rand_r(&seed) % 4; i++) {
			unsigned piece = (unsigned)rand_r(&seed) % 12;
			const char *repeat = piece == 8 || piece == 9 ? "" : repeats[rand_r(&seed) % 7];

			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s", pieces[piece], repeat,
				 i == 1 && rand_r(&seed) % 4 == 0 ? "|" : "");
		}
		for (int i = 0; i < rand_r(&seed) % 9; i++)
			line[i] = (char)("abc"[rand_r(&seed) % 3]);
		if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB))
			continue;
		cr_assert_eq(pattern_new(text, 0, &pattern, NULL), 0, "%s", text);
		cr_expect_eq(pattern_finds(pattern, line, strlen(line)), regexec(&regex, line, 0, NULL, 0) == 0, "%s in %s",
			     text, line);
		regfree(&regex);
		pattern_free(pattern);
	}
}
