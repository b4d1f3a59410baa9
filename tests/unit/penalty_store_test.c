/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: penalties written by one daemon and read by the next.
 */
#include "services/penalty_store.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000)

static struct penalties *penalties_make(void)
{
	struct penalties *penalties;

	cr_assert_eq(penalties_new(&penalties), 0);
	return penalties;
}

static void source_fill(struct admission_source *source, const char *vrf, uint8_t last)
{
	admission_source_set(source, vrf, (const uint8_t[]){ 192, 0, 2, last }, 4);
}

static char *text_of(struct penalties *penalties, int64_t now_us)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	penalty_store_write(penalties, "boot-1", now_us, out);
	fclose(out);
	return text;
}

Test(penalty_store, the_next_daemon_knows_what_the_last_knew)
{
	struct penalties *before = penalties_make(), *after = penalties_make();
	struct admission_source bad, six, mild;
	char *text, *again;

	source_fill(&bad, "a vrf", 1);
	source_fill(&mild, "default", 2);
	admission_source_set(&six, "default", (const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 7, 9 }, 16);
	for (int i = 0; i < 6; i++)
		penalties_add(before, &bad, PENALTY_AUTHENTICATION, 100 * S);
	penalties_add(before, &six, PENALTY_CRASH, 100 * S);
	penalties_add(before, &mild, PENALTY_NO_ATTEMPT, 100 * S);
	cr_assert_eq(penalties_ask(before, &bad, 101 * S), 17 * S);
	text = text_of(before, 101 * S);
	/* the mild one has run out meanwhile */
	cr_assert_eq(penalty_store_read(after, "boot-1", 103 * S, text), 2);
	cr_assert_eq(penalties_ask(after, &bad, 103 * S), 15 * S);
	cr_assert_eq(penalties_ask(after, &six, 103 * S), 87 * S);
	cr_assert_eq(penalties_ask(after, &mild, 103 * S), 0);
	/* a second offence goes on from there */
	cr_assert_not(penalties_add(after, &bad, PENALTY_JUNK, 103 * S));
	cr_assert_eq(penalties_ask(after, &bad, 103 * S), 17 * S);
	again = text_of(after, 103 * S);
	cr_assert_not_null(strstr(again, " 4 c0000201 a vrf\n"));
	cr_assert_not_null(strstr(again, " 6 20010db800000007 default\n"));
	free(again);
	free(text);
	penalties_free(before);
	penalties_free(after);
}

Test(penalty_store, another_boot_and_rubbish_are_worth_nothing)
{
	static const char *const texts[] = {
		"", "boot-2 5\n999999999 0 1 1 1 4 c0000201 default\n", "boot-1", "boot-1 5\n",
		"boot-1 5\n999999999 5 1 1 1 4 c0000201 default\n", "boot-1 5\n999999999 0 1 1 1 5 c0000201 default\n",
		"boot-1 5\n999999999 0 1 1 1 4 c00002 default\n", "boot-1 5\n999999999 0 1 1 1 4 c0000201\n",
		"boot-1 5\nx\n\n\n", "boot-1 5\n1 0 1 1 1 4 c0000201 default\n",
	};
	struct penalties *penalties = penalties_make();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(penalty_store_read(penalties, "boot-1", 5, texts[i]), 0, "%s", texts[i]);
	cr_assert_eq(penalty_store_read(penalties, "", 5, " 5\n999999999 0 1 1 1 4 c0000201 default\n"), 0);
	penalties_free(penalties);
}

Test(penalty_store, no_stored_penalty_is_longer_than_a_real_one)
{
	struct penalties *penalties = penalties_make();
	struct admission_source source;

	source_fill(&source, "default", 1);
	cr_assert_eq(penalty_store_read(penalties, "b", 0, "b 0\n9223372036854775807 0 1 1 1 4 c0000201 default\n"), 1);
	cr_assert_eq(penalties_ask(penalties, &source, 0), PENALTY_MAX_US);
	penalties_free(penalties);
}
