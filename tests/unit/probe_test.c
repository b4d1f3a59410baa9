/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "services/probe.h"

static const char *line_of(const struct probe_words *words)
{
	static char line[1024];

	line[0] = '\0';
	for (size_t i = 0; words->argv[i]; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? " " : "", words->argv[i]);
	return line;
}

Test(probe, words_of_ping)
{
	const struct probe_request request = { .program = PROBE_PING, .vrf = "blue", .host = "10.0.0.1", .family = 4,
					       .source = "10.0.0.2", .numeric = true, .count = 1000000,
					       .has_payload = true, .payload_bytes = 65507, .interval_ms = 1250,
					       .timeout_s = 3600, .dont_fragment = true };
	const struct probe_request named = { .host = "r1.example" }; /* its words point into it */
	struct probe_words words;
	struct err err = { .text = "" };

	cr_assert_eq(probe_words_make(&request, "blue", false, &words, &err), 0);
	cr_expect_str_eq(line_of(&words), "ping -n -O -4 -c 1000000 -s 65507 -i 1.250 -W 3600 -M do -I blue -I 10.0.0.2 "
					  "-- 10.0.0.1");
	cr_assert_eq(probe_words_make(&named, NULL, true, &words, &err), 0);
	cr_expect_str_eq(line_of(&words), "ping -O -c 5 -- r1.example");
}

Test(probe, words_of_traceroute)
{
	const struct probe_request request = { .program = PROBE_TRACEROUTE, .host = "2001:db8::1", .family = 6,
					       .source = "2001:db8::2", .numeric = true, .timeout_s = 1, .probes = 10,
					       .min_ttl = 255, .max_ttl = 255 };
	struct probe_words words;
	struct err err = { .text = "" };

	cr_assert_eq(probe_words_make(&request, "blue", false, &words, &err), 0);
	cr_expect_str_eq(line_of(&words),
			 "traceroute -n -6 -q 10 -w 1 -f 255 -m 255 -i blue -s 2001:db8::2 -- 2001:db8::1");
}

Test(probe, nothing_becomes_an_option)
{
	static const struct probe_request refused[] = {
		{ .host = "" },
		{ .host = "-f" },
		{ .host = "a b" },
		{ .host = "$(id)" },
		{ .host = "a;b" },
		{ .host = "a\nb" },
		{ .host = "a", .source = "-I" },
		{ .host = "a", .source = "eth0" },
		{ .host = "10.0.0.1", .family = 6 },
		{ .host = "::1", .family = 4 },
		{ .host = "a", .family = 5 },
		{ .host = "10.0.0.1", .family = 4, .source = "::1" },
		{ .host = "a", .count = 1000001 },
		{ .host = "a", .payload_bytes = 65508 },
		{ .host = "a", .interval_ms = 9 },
		{ .host = "a", .timeout_s = 3601 },
		{ .host = "a", .probes = 11 },
		{ .host = "a", .min_ttl = 256 },
		{ .host = "a", .min_ttl = 3, .max_ttl = 2 },
	};
	struct probe_words words;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct err err = { .text = "" };

		cr_expect_eq(probe_words_make(&refused[i], NULL, true, &words, &err), -EINVAL, "case %zu", i);
		cr_expect(err.text[0], "case %zu says why", i);
	}
}

Test(probe, names_are_of_the_default_vrf)
{
	struct probe_words words;
	struct err err = { .text = "" };

	cr_expect_eq(probe_words_make(&(struct probe_request){ .host = "r1" }, "blue", false, &words, &err), -EINVAL);
	cr_expect(strstr(err.text, "default VRF"));
	cr_expect_eq(probe_words_make(&(struct probe_request){ .host = "fe80::1%eth0" }, NULL, false, &words, &err), 0);
}

Test(probe, time_is_bounded)
{
	cr_expect_eq(probe_time_max_s(&(struct probe_request){ .count = 1000000, .interval_ms = 3600000 }), 3600);
	cr_expect_eq(probe_time_max_s(&(struct probe_request){ .count = 5, .interval_ms = 100, .timeout_s = 2 }), 34);
	cr_expect_geq(probe_time_max_s(&(struct probe_request){ .program = PROBE_TRACEROUTE }), 900);
}
