/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as words: a fixed number of them, none empty, nothing a terminal would obey. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/column.h"

struct row {
	char name[64];
	uint16_t port;
	int state;
};

static const char *const state_words[] = { "down", "up", NULL };

static const struct field fields[] = {
	FIELD_OF(FIELD_STR, struct row, name, "Name"),
	FIELD_OF(FIELD_U16, struct row, port, "Port"),
	FIELD_ENUM_OF(struct row, state, state_words, "State"),
	FIELD_END,
};

static const char *text_note(const void *row, char *buffer, size_t size_bytes)
{
	snprintf(buffer, size_bytes, "%s at %u", ((const struct row *)row)->name, ((const struct row *)row)->port);
	return buffer;
}

static const char *text_constant(const void *row, char *buffer, size_t size_bytes)
{
	(void)row;
	(void)buffer;
	(void)size_bytes;
	return "a constant";
}

static const struct column columns[] = {
	{ .title = "Name", .width = 6, .member = "name" },
	{ .title = "Port", .width = 5, .member = "port", .empty = "N/A" },
	{ .title = "State", .width = 5, .member = "state" },
	{ .title = "Note", .width = 10, .text = text_note, .blanks = true },
	{ .title = "Last", .width = 8, .text = text_constant },
	COLUMN_END,
};

static char *printed(const struct row *row)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	column_row(out, columns, fields, row);
	fclose(out);
	return text;
}

static void expect_row(const char *name, uint16_t port, int state, const char *expected)
{
	struct row row = { .port = port, .state = state };
	char *text;

	memcpy(row.name, name, strlen(name) + 1);
	text = printed(&row);
	cr_expect_str_eq(text, expected);
	free(text);
}

Test(column, row_is_aligned)
{
	expect_row("blue", 5521, 1, "blue    5521   up     blue at 5521 a_constant\n");
}

Test(column, empty_text_has_a_word)
{
	expect_row("", 7, 0, "--      7      down    at 7       a_constant\n");
}

Test(column, long_text_keeps_one_blank)
{
	expect_row("a-name-too-long", 65535, 1, "a-name-too-long 65535  up     a-name-too-long at 65535 a_constant\n");
	expect_row("sixsix", 1, 1, "sixsix  1      up     sixsix at 1 a_constant\n");
}

Test(column, blanks_become_underlines)
{
	expect_row("a b c", 3, 1, "a_b_c   3      up     a b c at 3  a_constant\n");
}

Test(column, characters_count_not_bytes)
{
	expect_row("\xc3\xa9t\xc3\xa9", 3, 1, "\xc3\xa9t\xc3\xa9     3      up     \xc3\xa9t\xc3\xa9 at 3    a_constant\n");
}

Test(column, nothing_a_terminal_obeys)
{
	expect_row("a\x1b[2J\n\x7f\xc2\x9bz", 3, 1,
		   "a?[2J????z 3      up     a?[2J????z at 3 a_constant\n");
}

Test(column, enum_without_a_word_is_not_empty)
{
	struct row row = { .name = "x", .state = 77 };
	char *text = printed(&row);

	cr_expect_null(strstr(text, "  up"));
	cr_expect_eq(strspn(text, " "), 0);
	free(text);
}

struct clean_case {
	const char *dirty, *clean, *clean_lines;
};

Test(column, clean)
{
	static const struct clean_case cases[] = {
		{ "plain text", "plain text", "plain text" },
		{ "two\nlines", "two?lines", "two\nlines" },
		{ "\r\t\b\a\x01", "?????", "?????" },
		{ "\x1b]0;title\a", "?]0;title?", "?]0;title?" },
		{ "\x9b" "31m", "?31m", "?31m" },
		{ "\xc2\x9b" "31m", "??31m", "??31m" },
		{ "\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80", "\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc2\xa0\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "cut \xe2\x82", "cut ??", "cut ??" },
		{ "\xc0\xaf\xed\xa0\x80", "?????", "?????" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		for (int lines = 0; lines < 2; lines++) {
			snprintf(text, sizeof(text), "%s", cases[i].dirty);
			column_clean(text, strlen(text), lines);
			cr_expect_str_eq(text, lines ? cases[i].clean_lines : cases[i].clean, "case %zu", i);
		}
	}
}

Test(column, clean_sees_bytes_behind_nul)
{
	char text[] = { 'a', '\0', '\x1b', 'b' };

	column_clean(text, sizeof(text), true);
	cr_expect_arr_eq(text, "a??b", 4);
}

Test(column, clean_takes_marks_that_are_not_seen)
{
	char text[] = "\xe2\x80\xaetoor a\xe2\x80\x8b" "b\xe2\x81\xa6 \xef\xbb\xbf \xe2\x80\x94 \xe2\x82\xac";

	column_clean(text, strlen(text), true);
	cr_expect_str_eq(text, "???toor a???b??? ??? \xe2\x80\x94 \xe2\x82\xac");
}

Test(column, head_and_rule_are_as_wide_as_the_table)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	column_head(out, columns, true);
	fclose(out);
	cr_expect_str_eq(text, "Name    Port   State  Note        Last\n------------------------------------------\n");
	cr_expect_eq(column_width(columns), 6 + 2 + 5 + 2 + 5 + 2 + 10 + 2 + 8);
	free(text);
}

Test(column, json_is_ascii)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_expect_eq(column_json(out, json_pack("[{s:s}]", "user", "\x1b[31m\xc3\xa9")), 0);
	fclose(out);
	cr_expect_str_eq(text, "[\n {\n  \"user\": \"\\u001B[31m\\u00E9\"\n }\n]\n");
	free(text);
}
