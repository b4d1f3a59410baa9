/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: admission counts right on every road in and out, and says a flood in one line a second.
 */
#include "services/admission.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct admission_limits small = { .sessions = 3, .unauthenticated = 7, .per_source = 4 };

static struct admission *admission_make(void)
{
	struct admission *admission;

	cr_assert_eq(admission_new(&small, &admission), 0);
	return admission;
}

static struct admission_source source4(const char *vrf, uint8_t last)
{
	const uint8_t bytes[4] = { 10, 0, 0, last };
	struct admission_source source;

	admission_source_set(&source, vrf, bytes, sizeof(bytes));
	return source;
}

static struct admission_source source6(uint8_t net, uint8_t host)
{
	const uint8_t bytes[16] = { 0xfd, 0, 0, 0, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, host };
	struct admission_source source;

	admission_source_set(&source, "default", bytes, sizeof(bytes));
	return source;
}

Test(admission, one_source_is_bounded_and_the_next_is_not_hurt)
{
	struct admission *admission = admission_make();
	struct admission_source one = source4("blue", 1), two = source4("blue", 2);

	for (int i = 0; i < 4; i++)
		cr_assert_eq(admission_ask(admission, &one), ADMISSION_GRANTED);
	cr_assert_eq(admission_ask(admission, &one), ADMISSION_SOURCE);
	cr_assert_eq(admission_ask(admission, &two), ADMISSION_GRANTED);
	cr_assert_eq(admission_unauthenticated(admission), 5);
	admission_leave(admission, &one, false);
	cr_assert_eq(admission_ask(admission, &one), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, the_same_address_in_two_vrfs_is_two_sources)
{
	struct admission *admission = admission_make();
	struct admission_source blue = source4("blue", 1), red = source4("red", 1);

	for (int i = 0; i < 4; i++)
		cr_assert_eq(admission_ask(admission, &blue), ADMISSION_GRANTED);
	cr_assert_eq(admission_ask(admission, &blue), ADMISSION_SOURCE);
	cr_assert_eq(admission_ask(admission, &red), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, an_ipv6_source_is_its_64)
{
	struct admission *admission = admission_make();
	struct admission_source other = source6(2, 1);

	for (uint8_t host = 1; host <= 4; host++) {
		struct admission_source source = source6(1, host);

		cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
	}
	for (uint8_t host = 5; host <= 9; host++) {
		struct admission_source source = source6(1, host);

		cr_assert_eq(admission_ask(admission, &source), ADMISSION_SOURCE);
	}
	cr_assert_eq(admission_ask(admission, &other), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, unauthenticated_connections_are_bounded_in_total)
{
	struct admission *admission = admission_make();

	for (uint8_t i = 1; i <= 7; i++) {
		struct admission_source source = source4("default", i);

		cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
	}
	for (uint8_t i = 8; i <= 9; i++) {
		struct admission_source source = source4("default", i);

		cr_assert_eq(admission_ask(admission, &source), ADMISSION_UNAUTHENTICATED);
	}
	admission_free(admission);
}

Test(admission, sessions_are_bounded_and_do_not_count_as_unauthenticated)
{
	struct admission *admission = admission_make();
	struct admission_source source = source4("default", 1);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
		cr_assert(admission_promote(admission, &source));
	}
	cr_assert_eq(admission_sessions(admission), 3);
	cr_assert_eq(admission_unauthenticated(admission), 0);
	cr_assert_eq(admission_ask(admission, &source), ADMISSION_SESSIONS);
	admission_leave(admission, &source, true);
	cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
	cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
	cr_assert(admission_promote(admission, &source));
	cr_assert_not(admission_promote(admission, &source), "the second of two that raced for one place");
	admission_free(admission);
}

Test(admission, restored_connections_count_over_every_limit)
{
	struct admission *admission = admission_make();
	struct admission_source source = source4("default", 1);

	for (int i = 0; i < 5; i++)
		cr_assert_eq(admission_restore(admission, &source, true), 0);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(admission_restore(admission, &source, false), 0);
	cr_assert_eq(admission_sessions(admission), 5);
	cr_assert_eq(admission_unauthenticated(admission), 20);
	cr_assert_eq(admission_ask(admission, &source), ADMISSION_SESSIONS);
	for (int i = 0; i < 20; i++)
		admission_leave(admission, &source, false);
	for (int i = 0; i < 5; i++)
		admission_leave(admission, &source, true);
	cr_assert_eq(admission_sessions(admission) + admission_unauthenticated(admission), 0);
	cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, many_sources_come_and_go_in_any_order)
{
	const struct admission_limits wide = { .sessions = 1000, .unauthenticated = 1000, .per_source = 5 };
	struct admission *admission;

	cr_assert_eq(admission_new(&wide, &admission), 0);
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 200; i++) {
			struct admission_source source = source4("default", (uint8_t)i);

			cr_assert_eq(admission_ask(admission, &source), ADMISSION_GRANTED);
		}
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 200; i++) {
			struct admission_source source = source4("default", (uint8_t)(i * 7 % 200));

			admission_leave(admission, &source, false);
		}
	cr_assert_eq(admission_unauthenticated(admission), 0);
	admission_free(admission);
}

Test(admission, refusals_are_told_once_a_second_with_their_number)
{
	struct admission *admission = admission_make();
	struct admission_source source = source4("blue", 1), other = source4("red", 9);
	struct admission_report report;
	const int64_t t = 123456789;

	cr_assert_not(admission_report_due(admission, t, &report));
	for (int i = 0; i < 9; i++)
		admission_ask(admission, &source);
	cr_assert(admission_report_due(admission, t, &report));
	cr_assert_eq(report.total, 5);
	cr_assert_eq(report.refused[ADMISSION_SOURCE], 5);
	cr_assert_eq(report.last_verdict, ADMISSION_SOURCE);
	cr_assert_str_eq(report.last_source.vrf_name, "blue");

	admission_ask(admission, &source);
	admission_refuse(admission, ADMISSION_RESOURCES, &other);
	cr_assert_not(admission_report_due(admission, t + 999999, &report));
	cr_assert(admission_report_due(admission, t + 1000000, &report));
	cr_assert_eq(report.total, 2);
	cr_assert_eq(report.refused[ADMISSION_RESOURCES], 1);
	cr_assert_str_eq(report.last_source.vrf_name, "red");
	cr_assert_not(admission_report_due(admission, t + 9000000, &report), "nothing new");
	admission_free(admission);
}

Test(admission, every_verdict_has_words)
{
	for (int i = 0; i < ADMISSION_VERDICT_MAX; i++)
		cr_assert_not_null(admission_verdict_words[i]);
	cr_assert_null(admission_verdict_words[ADMISSION_VERDICT_MAX]);
}
