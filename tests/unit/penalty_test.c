/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: penalties add up, run out, and are taken back; the table stays within its bound.
 */
#include "services/penalty.h"

#include <criterion/criterion.h>
#include <string.h>

#define S 1000000

static struct admission_source source_of(const char *vrf, uint32_t number)
{
	const uint8_t bytes[4] = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };
	struct admission_source source;

	admission_source_set(&source, vrf, bytes, sizeof(bytes));
	return source;
}

static struct penalties *make(void)
{
	struct penalties *penalties;

	cr_assert_eq(penalties_new(&penalties), 0);
	return penalties;
}

Test(penalty, five_failures_at_once_are_borne_and_the_sixth_shuts_out)
{
	struct admission_source blue = source_of("blue", 1), red = source_of("red", 1), other = source_of("blue", 2);
	struct penalties *penalties = make();

	for (int i = 0; i < 5; i++)
		cr_assert_not(penalties_add(penalties, &blue, PENALTY_AUTHENTICATION, 5 * S), "%d", i);
	cr_assert_eq(penalties_ask(penalties, &blue, 5 * S), 0);
	cr_assert(penalties_add(penalties, &blue, PENALTY_AUTHENTICATION, 5 * S));
	cr_assert_eq(penalties_ask(penalties, &blue, 5 * S), 18 * S);
	cr_assert_not(penalties_add(penalties, &blue, PENALTY_AUTHENTICATION, 5 * S), "said once");
	cr_assert_eq(penalties_ask(penalties, &red, 5 * S), 0, "the same address in another VRF");
	cr_assert_eq(penalties_ask(penalties, &other, 5 * S), 0);
	cr_assert_eq(penalties_ask(penalties, &blue, 26 * S - 1), 1);
	cr_assert_eq(penalties_ask(penalties, &blue, 26 * S), 0);
	cr_assert_not(penalties_add(penalties, &blue, PENALTY_AUTHENTICATION, 27 * S), "it begins anew");
	cr_assert_eq(penalties_ask(penalties, &blue, 27 * S), 0);
	penalties_free(penalties);
}

Test(penalty, who_probes_once_a_second_is_never_shut_out)
{
	struct admission_source source = source_of("default", 1);
	struct penalties *penalties = make();

	for (int64_t t = 1; t < 1000; t++)
		cr_assert_not(penalties_add(penalties, &source, PENALTY_NO_ATTEMPT, t * S));
	penalties_free(penalties);
}

Test(penalty, a_minute_is_the_most_but_for_crashes)
{
	struct admission_source source = source_of("default", 1), crasher = source_of("default", 2);
	struct penalties *penalties = make();

	for (int i = 0; i < 500; i++)
		penalties_add(penalties, &source, PENALTY_AUTHENTICATION, S);
	cr_assert_eq(penalties_ask(penalties, &source, S), PENALTY_MAX_US);
	cr_assert(penalties_add(penalties, &crasher, PENALTY_CRASH, S), "one is enough");
	cr_assert_eq(penalties_ask(penalties, &crasher, S), 90 * S);
	for (int i = 0; i < 500; i++)
		penalties_add(penalties, &crasher, PENALTY_CRASH, S);
	penalties_add(penalties, &crasher, PENALTY_NO_ATTEMPT, S);
	cr_assert_eq(penalties_ask(penalties, &crasher, S), PENALTY_CRASH_MAX_US, "a small offence shortens nothing");
	penalties_free(penalties);
}

Test(penalty, a_success_or_an_operator_takes_back)
{
	struct admission_source one = source_of("default", 1), two = source_of("default", 2);
	struct penalties *penalties = make();

	penalties_add(penalties, &one, PENALTY_CRASH, S);
	penalties_add(penalties, &two, PENALTY_CRASH, S);
	cr_assert_eq(penalties_clear(penalties, &one), 1);
	cr_assert_eq(penalties_clear(penalties, &one), 0);
	cr_assert_eq(penalties_ask(penalties, &one, S), 0);
	cr_assert_neq(penalties_ask(penalties, &two, S), 0);
	penalties_sweep(penalties, S);
	cr_assert_eq(penalties_clear(penalties, NULL), 1);
	cr_assert_eq(penalties_ask(penalties, &two, S), 0);
	penalties_free(penalties);
}

static void on_row(const struct penalty_row *row, void *userdata)
{
	struct penalty_row *seen = userdata;

	*seen = *row;
	seen->source = NULL;
}

Test(penalty, rows_tell_reason_count_refusals_and_time)
{
	struct admission_source source = source_of("default", 1);
	struct penalties *penalties = make();
	struct penalty_row row = { .count = 0 };

	penalties_add(penalties, &source, PENALTY_TIMEOUT, S);
	penalties_add(penalties, &source, PENALTY_CRASH, 2 * S);
	penalties_ask(penalties, &source, 3 * S);
	penalties_ask(penalties, &source, 3 * S);
	penalties_each(penalties, 4 * S, on_row, &row);
	cr_assert_eq(row.reason, PENALTY_CRASH);
	cr_assert_eq(row.count, 2);
	cr_assert_eq(row.refused, 2);
	cr_assert(row.shut_out);
	cr_assert_eq(row.left_us, (5 - 1 + 90 - 2) * (int64_t)S);
	penalties_free(penalties);
}

Test(penalty, the_table_is_bounded)
{
	struct penalties *penalties = make();
	struct admission_source late = source_of("default", PENALTY_SOURCES_MAX + 5);

	for (uint32_t i = 0; i < PENALTY_SOURCES_MAX; i++) {
		struct admission_source source = source_of("default", i);

		penalties_add(penalties, &source, PENALTY_CRASH, S);
	}
	cr_assert_not(penalties_add(penalties, &late, PENALTY_CRASH, S), "no place");
	cr_assert_eq(penalties_ask(penalties, &late, S), 0);
	cr_assert(penalties_add(penalties, &late, PENALTY_CRASH, 100 * S), "the others are over");
	cr_assert_neq(penalties_ask(penalties, &late, 100 * S), 0);
	penalties_free(penalties);
}

Test(penalty, sources_are_named)
{
	const uint8_t bytes[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9, 9 };
	struct admission_source four = source_of("default", 257), six;
	char text[64];

	admission_source_set(&six, "default", bytes, sizeof(bytes));
	cr_assert_str_eq(admission_source_text(&four, text, sizeof(text)), "10.0.1.1");
	cr_assert_str_eq(admission_source_text(&six, text, sizeof(text)), "2001:db8:0:1::/64");
}
