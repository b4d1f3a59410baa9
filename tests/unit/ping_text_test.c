/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ping_text.h"

/* What is shown of these lines; each comes step_ms after the one before. */
static char *shown(uint32_t count, uint32_t interval_ms, const char *const *lines, int64_t step_ms, char **ret_error)
{
	static char error[256];
	struct ping_text ping;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int64_t now_ms = 1000;

	cr_assert_eq(ping_text_begin(&ping, count, interval_ms, 2), 0);
	for (; *lines; lines++, now_ms += step_ms) {
		ping_text_line(&ping, *lines, now_ms);
		ping_text_marks(&ping, now_ms, false, out);
	}
	ping_text_marks(&ping, now_ms, true, out);
	fputc('\n', out);
	ping_text_result(&ping, out);
	fclose(out);
	snprintf(error, sizeof(error), "%s", ping.error);
	if (ret_error)
		*ret_error = error;
	ping_text_done(&ping);
	return text;
}

#define EXPECT_SHOWN(expected, count, interval_ms, step_ms, ...)                                    \
	do {                                                                                        \
		const char *const lines_[] = { __VA_ARGS__, NULL };                                 \
		char *got_ = shown(count, interval_ms, lines_, step_ms, NULL);                      \
		cr_expect_str_eq(got_, expected);                                                   \
		free(got_);                                                                         \
	} while (0)

#define HELLO "PING 10.0.0.1 (10.0.0.1) 72(100) bytes of data."

Test(ping_text, answers)
{
	EXPECT_SHOWN("!!!\nSuccess rate is 100 percent (3/3), round-trip min/avg/max = 1/5/12 ms\n", 3, 100, 100, HELLO,
		     "80 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.038 ms",
		     "80 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=3.4 ms",
		     "80 bytes from 10.0.0.1: icmp_seq=3 ttl=64 time=11.6 ms", "",
		     "--- 10.0.0.1 ping statistics ---", "3 packets transmitted, 3 received, 0% packet loss, time 208ms");
}

Test(ping_text, order_of_late_answers)
{
	/* the first is late and comes last, but is counted; the second is never heard of */
	EXPECT_SHOWN(".!.!\nSuccess rate is 75 percent (3/4), round-trip min/avg/max = 1/701/2100 ms\n", 4, 1000, 1100,
		     HELLO, "no answer yet for icmp_seq=1", "80 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=1 ms",
		     "80 bytes from 10.0.0.1: icmp_seq=4 ttl=64 time=1 ms", "no answer yet for icmp_seq=3",
		     "80 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=2100 ms");
	EXPECT_SHOWN("!!\nSuccess rate is 100 percent (2/2), round-trip min/avg/max = 1/2/2 ms\n", 2, 100, 1, HELLO,
		     "80 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=1 ms",
		     "80 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=2 ms");
}

Test(ping_text, what_is_not_an_answer)
{
	EXPECT_SHOWN("UNMA&.?\nSuccess rate is 0 percent (0/7)\n", 7, 100, 100, HELLO,
		     "From 10.0.0.254 icmp_seq=1 Destination Host Unreachable",
		     "From 10.0.0.254 icmp_seq=2 Destination Net Unreachable",
		     "From 10.0.0.254 icmp_seq=3 Frag needed and DF set (mtu = 1400)",
		     "From 10.0.0.254 icmp_seq=4 Communication prohibited by filtering",
		     "From 10.0.0.254 icmp_seq=5 Time to live exceeded", "From 10.0.0.254 icmp_seq=7 Something else",
		     "7 packets transmitted, 0 received, +6 errors, 100% packet loss, time 202ms");
	EXPECT_SHOWN("MM\nSuccess rate is 0 percent (0/2)\n", 5, 100, 100, HELLO,
		     "ping: local error: message too long, mtu=1500", "ping: local error: message too long, mtu=1500");
	EXPECT_SHOWN("!\nSuccess rate is 100 percent (1/1), round-trip min/avg/max = 1/1/1 ms\n", 1, 100, 100, HELLO,
		     "80 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=1 ms",
		     "80 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=1 ms (DUP!)");
}

Test(ping_text, silence_is_shown_when_it_ends)
{
	EXPECT_SHOWN(".....\nSuccess rate is 0 percent (0/5)\n", 5, 100, 100, HELLO, "no answer yet for icmp_seq=1",
		     "5 packets transmitted, 0 received, 100% packet loss, time 4004ms");
	EXPECT_SHOWN("\nSuccess rate is 0 percent (0/0)\n", 5, 100, 100, HELLO);
}

Test(ping_text, lines_break_and_numbers_wrap)
{
	struct ping_text ping;
	char *text = NULL, line[80];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cr_assert_eq(ping_text_begin(&ping, 70000, 10, 2), 0);
	ping_text_line(&ping, HELLO, 0);
	for (unsigned i = 1; i <= 70000; i++) {
		snprintf(line, sizeof(line), "80 bytes from 10.0.0.1: icmp_seq=%u ttl=64 time=1 ms", i & 0xffff);
		ping_text_line(&ping, line, 0);
		ping_text_marks(&ping, 0, false, out);
	}
	fclose(out);
	cr_expect_eq(len, 70000 + 999);
	cr_expect_eq(strspn(text, "!"), 70);
	cr_expect_null(strchr(text, '.'));
	cr_expect_eq(ping.received, 70000);
	free(text);
	ping_text_done(&ping);
}

Test(ping_text, complaints)
{
	const char *const unknown[] = { "ping: nowhere: Name or service not known", NULL };
	const char *const broken[] = { HELLO, "ping: Warning: source address might be wrong", "icmp_seq=", "icmp_seq=99999999",
				       "80 bytes from x: icmp_seq=1 time=nan ms", "80 bytes from x: icmp_seq=0 time=1e999",
				       "80 bytes from x: icmp_seq=-1", "", NULL };
	char *error = NULL;

	free(shown(5, 100, unknown, 1, &error));
	cr_expect_str_eq(error, "nowhere: Name or service not known");
	free(shown(5, 100, (const char *const[]){ "ping: connect: Network is unreachable", NULL }, 1, &error));
	cr_expect_str_eq(error, "Network is unreachable");
	free(shown(2, 100, broken, 1, &error));
	cr_expect_str_eq(error, "");
}

static void check_hop(const char *line, const char *expected, const char *expected_error)
{
	char *text = NULL, error[256] = "";
	size_t len;
	FILE *out = open_memstream(&text, &len);

	traceroute_text_line(line, out, error, sizeof(error));
	fclose(out);
	cr_expect_str_eq(text, expected);
	cr_expect_str_eq(error, expected_error);
	free(text);
}

Test(ping_text, traceroute)
{
	check_hop("traceroute to r1 (10.0.0.9), 30 hops max, 60 byte packets",
		  "Type escape sequence to abort.\nTracing the route to 10.0.0.9\n\n", "");
	check_hop(" 1  10.0.0.1  0.045 ms  1.510 ms  20 ms", " 1  10.0.0.1 1 msec 2 msec 20 msec\n", "");
	check_hop("12  r2 (10.0.1.1)  0.045 ms !H * 10.0.1.2  3 ms", "12  r2 (10.0.1.1) 1 msec !H * 10.0.1.2 3 msec\n", "");
	check_hop(" 3  * * *", " 3  * * *\n", "");
	check_hop("nowhere: Name or service not known", "", "nowhere: Name or service not known");
	check_hop("Cannot handle \"host\" cmdline arg `nowhere' on position 1 (argc 1)", "", "");
	check_hop("", "", "");
}
