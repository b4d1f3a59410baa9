/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: admission counts right on every road in and out, and says a flood in one line a second.
 */
#include "services/admission.h"

#include <criterion/criterion.h>
#include <string.h>

#define FREELY .rate_per_min = 600000, .burst = 10000, .source_rate_per_min = 600000, .source_burst = 10000

static const struct admission_limits small = { .sessions = 3, .unauthenticated = 7, .per_source = 4, FREELY };
static const struct admission_limits *limits = &small;
static int64_t now_us = 777000000;
static unsigned retry_s;

static enum admission_verdict ask(struct admission *admission, const struct admission_source *source)
{
	return admission_ask(admission, limits, source, now_us, &retry_s);
}

static struct admission *admission_make(void)
{
	struct admission *admission;

	cr_assert_eq(admission_new(&admission), 0);
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
		cr_assert_eq(ask(admission, &one), ADMISSION_GRANTED);
	cr_assert_eq(ask(admission, &one), ADMISSION_SOURCE);
	cr_assert_eq(ask(admission, &two), ADMISSION_GRANTED);
	cr_assert_eq(admission_unauthenticated(admission, NULL), 5);
	admission_leave(admission, &one, false);
	cr_assert_eq(ask(admission, &one), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, the_same_address_in_two_vrfs_is_two_sources)
{
	struct admission *admission = admission_make();
	struct admission_source blue = source4("blue", 1), red = source4("red", 1);

	for (int i = 0; i < 4; i++)
		cr_assert_eq(ask(admission, &blue), ADMISSION_GRANTED);
	cr_assert_eq(ask(admission, &blue), ADMISSION_SOURCE);
	cr_assert_eq(ask(admission, &red), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, an_ipv6_source_is_its_64)
{
	struct admission *admission = admission_make();
	struct admission_source other = source6(2, 1);

	for (uint8_t host = 1; host <= 4; host++) {
		struct admission_source source = source6(1, host);

		cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
	}
	for (uint8_t host = 5; host <= 9; host++) {
		struct admission_source source = source6(1, host);

		cr_assert_eq(ask(admission, &source), ADMISSION_SOURCE);
	}
	cr_assert_eq(ask(admission, &other), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, unauthenticated_connections_are_bounded_in_total)
{
	struct admission *admission = admission_make();

	for (uint8_t i = 1; i <= 7; i++) {
		struct admission_source source = source4("default", i);

		cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
	}
	for (uint8_t i = 8; i <= 9; i++) {
		struct admission_source source = source4("default", i);

		cr_assert_eq(ask(admission, &source), ADMISSION_UNAUTHENTICATED);
	}
	admission_free(admission);
}

Test(admission, sessions_are_bounded_and_do_not_count_as_unauthenticated)
{
	struct admission *admission = admission_make();
	struct admission_source source = source4("default", 1);

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
		cr_assert(admission_promote(admission, &small, &source));
	}
	cr_assert_eq(admission_sessions(admission, NULL), 3);
	cr_assert_eq(admission_unauthenticated(admission, NULL), 0);
	cr_assert_eq(ask(admission, &source), ADMISSION_SESSIONS);
	admission_leave(admission, &source, true);
	cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
	cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
	cr_assert(admission_promote(admission, &small, &source));
	cr_assert_not(admission_promote(admission, &small, &source), "the second of two that raced for one place");
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
	cr_assert_eq(admission_sessions(admission, NULL), 5);
	cr_assert_eq(admission_unauthenticated(admission, NULL), 20);
	cr_assert_eq(ask(admission, &source), ADMISSION_SESSIONS);
	for (int i = 0; i < 20; i++)
		admission_leave(admission, &source, false);
	for (int i = 0; i < 5; i++)
		admission_leave(admission, &source, true);
	cr_assert_eq(admission_sessions(admission, NULL) + admission_unauthenticated(admission, NULL), 0);
	cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
	admission_free(admission);
}

Test(admission, many_sources_come_and_go_in_any_order)
{
	const struct admission_limits wide = { .sessions = 1000, .unauthenticated = 1000, .per_source = 5, FREELY };
	struct admission *admission = admission_make();

	limits = &wide;
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 200; i++) {
			struct admission_source source = source4("default", (uint8_t)i);

			cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED);
		}
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 200; i++) {
			struct admission_source source = source4("default", (uint8_t)(i * 7 % 200));

			admission_leave(admission, &source, false);
		}
	cr_assert_eq(admission_unauthenticated(admission, NULL), 0);
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
		ask(admission, &source);
	cr_assert(admission_report_due(admission, t, &report));
	cr_assert_eq(report.total, 5);
	cr_assert_eq(report.refused[ADMISSION_SOURCE], 5);
	cr_assert_eq(report.last_verdict, ADMISSION_SOURCE);
	cr_assert_str_eq(report.last_source.vrf_name, "blue");

	ask(admission, &source);
	admission_refuse(admission, ADMISSION_RESOURCES, &other);
	cr_assert_not(admission_report_due(admission, t + 999999, &report));
	cr_assert(admission_report_due(admission, t + 1000000, &report));
	cr_assert_eq(report.total, 2);
	cr_assert_eq(report.refused[ADMISSION_RESOURCES], 1);
	cr_assert_str_eq(report.last_source.vrf_name, "red");
	cr_assert_not(admission_report_due(admission, t + 9000000, &report), "nothing new");
	admission_free(admission);
}

Test(admission, a_source_has_a_share_of_the_burst_and_gets_it_back_with_time)
{
	struct admission *admission = admission_make();
	struct admission_source one = source4("blue", 1), two = source4("blue", 2), red = source4("red", 1);
	struct admission_limits limited;

	admission_limits_set(&limited, 64, 60, 30, 40);
	limits = &limited;
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(ask(admission, &one), ADMISSION_GRANTED, "%d", i);
		admission_leave(admission, &one, false);
	}
	cr_assert_eq(ask(admission, &one), ADMISSION_SOURCE_RATE);
	cr_assert_eq(retry_s, 2, "a token of 40 a minute takes 1.5 s");
	for (int i = 0; i < 10; i++) {
		cr_assert_eq(ask(admission, &two), ADMISSION_GRANTED, "%d", i);
		admission_leave(admission, &two, false);
	}
	cr_assert_eq(ask(admission, &two), ADMISSION_RATE);
	cr_assert_eq(retry_s, 2);
	cr_assert_eq(ask(admission, &red), ADMISSION_GRANTED, "a flood in another VRF");
	now_us += 1000000;
	cr_assert_eq(ask(admission, &two), ADMISSION_GRANTED);
	now_us += 500000;
	cr_assert_eq(ask(admission, &one), ADMISSION_RATE, "its own token is there, the VRF's is not");
	now_us += 500000;
	cr_assert_eq(ask(admission, &one), ADMISSION_GRANTED);
	now_us += 3600000000;
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(ask(admission, &one), ADMISSION_GRANTED, "%d", i);
		admission_leave(admission, &one, false);
	}
	cr_assert_eq(ask(admission, &one), ADMISSION_SOURCE_RATE, "no bucket overflows");
	cr_assert_eq(admission_refused(admission, "blue", ADMISSION_SOURCE_RATE), 2);
	cr_assert_eq(admission_refused(admission, "red", ADMISSION_SOURCE_RATE), 0);
	cr_assert_eq(admission_refused(admission, NULL, ADMISSION_RATE), 2);
	admission_free(admission);
}

Test(admission, a_steady_rate_is_let_through_whole)
{
	struct admission *admission = admission_make();
	struct admission_source source = source4("blue", 1);
	struct admission_limits limited;

	admission_limits_set(&limited, 64, 60, 1, 60);
	limits = &limited;
	for (int i = 0; i < 600; i++, now_us += 1000000) {
		cr_assert_eq(ask(admission, &source), ADMISSION_GRANTED, "%d", i);
		admission_leave(admission, &source, false);
		admission_sweep(admission, now_us + 1);
	}
	admission_free(admission);
}

Test(admission, limits_of_the_way_in_follow_the_session_limit)
{
	struct admission_limits set;

	admission_limits_set(&set, 64, 60, 30, 40);
	cr_expect_eq(set.unauthenticated, 128);
	cr_expect_eq(set.per_source, 64);
	cr_expect_eq(set.source_burst, 20);
	admission_limits_set(&set, 1, 60, 30, 60);
	cr_expect_eq(set.unauthenticated, 128);
	cr_expect_eq(set.source_burst, 30, "the whole rate is the whole burst");
	admission_limits_set(&set, 500, 600000, 300000, 1);
	cr_expect_eq(set.unauthenticated, 500);
	cr_expect_eq(set.source_burst, 1, "never nothing");
	admission_limits_set(&set, 4096, 60, 30, 40);
	cr_expect_eq(set.unauthenticated, 1024);
}

Test(admission, a_vrf_with_a_limit_of_its_own_counts_alone)
{
	const struct admission_limits own = { .sessions = 2, .sessions_own = true, .unauthenticated = 9, .per_source = 9,
					      FREELY };
	struct admission *admission = admission_make();
	struct admission_source blue = source4("blue", 1), red = source4("red", 1), green = source4("green", 1);

	limits = &own;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(ask(admission, &red), ADMISSION_GRANTED);
		cr_assert(admission_promote(admission, &own, &red));
	}
	cr_assert_eq(ask(admission, &red), ADMISSION_SESSIONS);
	limits = &small;
	cr_assert_eq(ask(admission, &blue), ADMISSION_GRANTED);
	cr_assert(admission_promote(admission, &small, &blue));
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(ask(admission, &green), ADMISSION_GRANTED);
		cr_assert(admission_promote(admission, &small, &green));
	}
	cr_assert_eq(ask(admission, &blue), ADMISSION_SESSIONS, "one limit for those that have none of their own");
	cr_assert_eq(admission_sessions(admission, "red"), 2);
	cr_assert_eq(admission_sessions(admission, NULL), 5);
	admission_free(admission);
}

Test(admission, every_verdict_has_words)
{
	for (int i = 0; i < ADMISSION_VERDICT_MAX; i++)
		cr_assert_not_null(admission_verdict_words[i]);
	cr_assert_null(admission_verdict_words[ADMISSION_VERDICT_MAX]);
}
