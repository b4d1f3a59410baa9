/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what a typed line means, where it goes wrong, and what may come next.
 */
#include "conf/stmt.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/conf_rows.h"

static int run_nothing(struct shell *shell, const struct match *match)
{
	(void)shell;
	(void)match;
	return 0;
}

static const struct arg arg_id = { .help = "Number", .min = 1, .max = 1023, .words_taken = 1 };
static const struct arg arg_path = { .help = "What to show" };

static const struct stmt session_rows[] = {
	{ .kind = STMT_RUN, .word = "details", .help = "Details", .run = run_nothing },
	STMT_DONE,
};

static const struct stmt history_rows[] = {
	{ .kind = STMT_RUN, .word = "details", .help = "Details", .run = run_nothing },
	STMT_DONE,
};

static const struct stmt show_ssh_rows[] = {
	{ .kind = STMT_NODE, .word = "session", .help = "Sessions", .sub = session_rows },
	{ .kind = STMT_RUN, .word = "history", .help = "History", .arg = &arg_id, .flags = STMT_ARG_OPTIONAL,
	  .run = run_nothing, .sub = history_rows },
	STMT_DONE,
};

static const struct stmt show_rows[] = {
	{ .kind = STMT_RUN, .word = "ssh", .help = "SSH", .run = run_nothing, .sub = show_ssh_rows },
	{ .kind = STMT_RUN, .word = "running-config", .help = "Configuration", .arg = &arg_path,
	  .flags = STMT_ARG_OPTIONAL, .run = run_nothing },
	STMT_DONE,
};

static const struct stmt clear_rows[] = {
	{ .kind = STMT_RUN, .word = "ssh", .help = "End a session", .arg = &arg_id, .run = run_nothing },
	{ .kind = STMT_RUN, .word = "all", .help = "Nothing by itself" },
	STMT_DONE,
};

static const struct stmt exec_rows[] = {
	{ .kind = STMT_NODE, .word = "show", .help = "Show", .sub = show_rows },
	{ .kind = STMT_NODE, .word = "clear", .help = "Clear", .sub = clear_rows },
	STMT_DONE,
};

static const char *const status_words[] = { "OK", "EMPTY", "INCOMPLETE", "AMBIGUOUS", "INVALID" };

/* "INVALID 11/13" with column and mark, "AMBIGUOUS 4", "OK canonical text". */
static void outcome(const struct stmt *root, const struct match *context, const char *line, char *text, size_t size_bytes)
{
	struct match match;
	char *canonical;

	stmt_match(root, context, line, true, &match);
	switch (match.status) {
	case MATCH_OK:
		canonical = stmt_match_text(&match);
		snprintf(text, size_bytes, "OK %s", canonical);
		free(canonical);
		break;
	case MATCH_INVALID:
		snprintf(text, size_bytes, "INVALID %u/%u", match.column, match.mark);
		break;
	case MATCH_AMBIGUOUS:
		snprintf(text, size_bytes, "AMBIGUOUS %u", match.column);
		break;
	case MATCH_EMPTY:
	case MATCH_INCOMPLETE:
		snprintf(text, size_bytes, "%s", status_words[match.status]);
		break;
	}
	stmt_match_done(&match);
}

static void expect(const struct stmt *root, const struct match *context, const char *line, const char *expected)
{
	char text[512];

	outcome(root, context, line, text, sizeof(text));
	cr_expect_str_eq(text, expected, "[%s] gave [%s], not [%s]", line, text, expected);
}

struct pair {
	const char *line, *expected;
};

Test(stmt, lines_of_the_top)
{
	static const struct pair pairs[] = {
		{ "hostname Ab3", "OK hostname Ab3" },
		{ "  HOSTNAME\tAb3  ", "OK hostname Ab3" },
		{ "h x", "OK hostname x" },
		{ "ssh server v2", "OK ssh server v2" },
		{ "ss se po 05523", "OK ssh server port 5523" },
		{ "ssh server p 5523", "AMBIGUOUS 11" },
		{ "ssh server proto s", "AMBIGUOUS 17" },
		{ "ssh server proto ssh", "OK ssh server protocol ssh" },
		{ "ssh server proto sshd", "OK ssh server protocol sshd" },
		{ "ssh server proto TEL", "OK ssh server protocol telnet" },
		{ "ssh server proto x", "INVALID 17/17" },
		{ "ssh server port 5520", "INVALID 16/16" },
		{ "ssh server port 5530", "INVALID 16/16" },
		{ "ssh server port +5523", "INVALID 16/16" },
		{ "ssh server port 5523x", "INVALID 16/16" },
		{ "ssh server port 99999999999999999999", "INVALID 16/16" },
		{ "ssh server port", "INCOMPLETE" },
		{ "ssh server port 5523 5525", "INVALID 21/21" },
		{ "ssh server", "INCOMPLETE" },
		{ "ssh", "INCOMPLETE" },
		{ "ssh served", "INVALID 4/9" },
		{ "sh", "INVALID 0/1" },
		{ "xyz", "INVALID 0/0" },
		{ "ssh server vrf", "INCOMPLETE" },
		{ "ssh server vrf blue", "OK ssh server vrf blue" },
		{ "ssh server vrf blue acc a7", "OK ssh server vrf blue access-list a7" },
		{ "ssh server vrf access-list access-list a7", "OK ssh server vrf access-list access-list a7" },
		{ "ssh server vrf abcdefghijklmnopqrstuvwxyz01234567", "INVALID 15/15" },
		{ "ssh server deb", "OK ssh server debug" },
		{ "ssh server old", "OK ssh server old" },
		{ "username group group group", "OK username group group group" },
		{ "username al level -7", "OK username al level -7" },
		{ "username al level -8", "INVALID 18/18" },
		{ "username al level -", "INVALID 18/18" },
		{ "username al secret 10  a   b ", "OK username al secret 10 a b" },
		{ "line", "OK line" },
		{ "line banner ab", "INVALID 12/12" },
		{ "line banner  a \t b", "OK line banner a b" },
		{ "line banner ! x", "OK line banner ! x" },
		{ "line filter f permit", "OK line filter f permit" },
		{ "", "EMPTY" },
		{ " \t ", "EMPTY" },
		{ "!", "EMPTY" },
		{ " !! IOS XR Configuration", "EMPTY" },
		{ "hostname gr\303\274n", "OK hostname gr\303\274n" },
		{ "hostname a\x01", "INVALID 9/9" },
		{ "hostname a\x7f" "b", "INVALID 9/9" },
		{ "ho\033[2J x", "INVALID 0/0" },
		{ "hostname \302\233x", "INVALID 9/9" },
		{ "hostname \300\257", "INVALID 9/9" },
		{ "hostname \355\240\200", "INVALID 9/9" },
		{ "hostname \364\220\200\200", "INVALID 9/9" },
		{ "hostname x\303", "INVALID 9/9" },
		{ "! \xff", "INVALID 2/2" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		expect(rows, NULL, pairs[i].line, pairs[i].expected);
}

Test(stmt, negated_lines)
{
	static const struct pair pairs[] = {
		{ "no hostname", "OK no hostname" },
		{ "NO hostname Ab3", "OK no hostname" },
		{ "no ssh server", "OK no ssh server" },
		{ "no ssh", "OK no ssh" },
		{ "no", "INCOMPLETE" },
		{ "no no hostname", "INVALID 3/3" },
		{ "n hostname", "INVALID 0/0" },
		{ "no username", "INCOMPLETE" },
		{ "no username al", "OK no username al" },
		{ "no username al group x", "OK no username al group x" },
		{ "no username al group", "INCOMPLETE" },
		{ "no username al secret", "OK no username al secret" },
		{ "no username al secret clear text", "OK no username al secret" },
		{ "no ssh server port 5523", "OK no ssh server port" },
		{ "no ssh server port 5520", "INVALID 19/19" },
		{ "no ssh server v", "AMBIGUOUS 14" },
	};
	struct match match;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		expect(rows, NULL, pairs[i].line, pairs[i].expected);
	stmt_match(rows, NULL, "no hostname", false, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_eq(match.column, 0);
	stmt_match_done(&match);
}

Test(stmt, exec_lines)
{
	static const struct pair pairs[] = {
		{ "show ssh", "OK show ssh" },
		{ "sh ssh sess det", "OK show ssh session details" },
		{ "show ssh session", "INCOMPLETE" },
		{ "show ssh history", "OK show ssh history" },
		{ "show ssh history 17", "OK show ssh history 17" },
		{ "show ssh history 17 d", "OK show ssh history 17 details" },
		{ "show ssh history d", "OK show ssh history details" },
		{ "show ssh history 0", "INVALID 17/17" },
		{ "show run", "OK show running-config" },
		{ "show run  ssh   server", "OK show running-config ssh server" },
		{ "clear ssh", "INCOMPLETE" },
		{ "clear ssh 31", "OK clear ssh 31" },
		{ "clear all", "INCOMPLETE" },
		{ "show verzion", "INVALID 5/5" },
		{ "show runner", "INVALID 5/9" },
		{ "no show ssh", "INVALID 8/8" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		expect(exec_rows, NULL, pairs[i].line, pairs[i].expected);
}

static const struct stmt hidden_rows[] = {
	{ .kind = STMT_FLAG, .word = "debug-a", .help = "Hidden", .flags = STMT_HIDDEN },
	{ .kind = STMT_FLAG, .word = "debug-b", .help = "Hidden", .flags = STMT_HIDDEN },
	{ .kind = STMT_FLAG, .word = "domain", .help = "Shown" },
	STMT_DONE,
};

Test(stmt, hidden_rows_do_not_make_shown_ones_ambiguous)
{
	expect(hidden_rows, NULL, "d", "OK domain");
	expect(hidden_rows, NULL, "debug-a", "OK debug-a");
	expect(hidden_rows, NULL, "de", "AMBIGUOUS 0");
	expect(hidden_rows, NULL, "dx", "INVALID 0/1");
}

Test(stmt, long_lines_are_refused_whole)
{
	size_t size = STMT_LINE_MAX_BYTES + 2;
	char *line = malloc(size);
	struct match match;

	memset(line, 'a', size - 1);
	memcpy(line, "hostname ", 9);
	line[size - 1] = '\0';
	stmt_match(rows, NULL, line, true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_eq(match.column, 0);
	cr_expect(strstr(match.err.text, "65536"));
	stmt_match_done(&match);
	line[size - 2] = '\0';
	stmt_match(rows, NULL, line, true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_eq(match.column, 9);
	stmt_match_done(&match);
	free(line);
}

static const struct stmt endless[2];
static const struct stmt endless[2] = {
	{ .kind = STMT_NODE, .word = "deeper", .help = "Deeper", .mode = "config-deep", .sub = endless },
	STMT_DONE,
};

Test(stmt, depth_is_bounded)
{
	char line[256] = "";
	struct match match, deeper;

	for (int i = 0; i < STMT_DEPTH_MAX; i++)
		memcpy(line + 2 * i, "d ", 3);
	stmt_match(endless, NULL, line, true, &match);
	cr_expect_eq(match.status, MATCH_OK);
	cr_expect_eq(match.steps_len, STMT_DEPTH_MAX);
	stmt_match(endless, &match, "d", true, &deeper);
	cr_expect_eq(deeper.status, MATCH_OK, "the parents are tried when the context is full");
	cr_expect_eq(deeper.context_len, STMT_DEPTH_MAX - 1);
	stmt_match_done(&deeper);
	stmt_match_done(&match);
	memcpy(line + 2 * STMT_DEPTH_MAX, "d", 2);
	stmt_match(endless, NULL, line, true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_eq(match.column, 2 * STMT_DEPTH_MAX);
	stmt_match_done(&match);
}

static struct match context_of(const char *line)
{
	struct match match, copy;

	stmt_match(rows, NULL, line, false, &match);
	cr_assert_eq(match.status, MATCH_OK);
	cr_assert_eq(stmt_match_copy(&match, &copy), 0);
	stmt_match_done(&match);
	return copy;
}

Test(stmt, a_context_comes_first_and_falls_back_outwards)
{
	struct match user = context_of("username al"), filter = context_of("line filter f3"), match;

	expect(rows, &user, "group x", "OK username al group x");
	expect(rows, &user, "no group x", "OK no username al group x");
	expect(rows, &user, "g", "INCOMPLETE");
	expect(rows, &user, "hostname q", "OK hostname q");
	expect(rows, &user, "no ssh server v2", "OK no ssh server v2");
	expect(rows, &user, "username bo group z", "OK username bo group z");
	expect(rows, &user, "hostname", "INCOMPLETE");
	expect(rows, &user, "bogus", "INVALID 0/0");
	expect(rows, &user, "levels", "INVALID 0/5");
	expect(rows, &user, "level 14", "INVALID 6/6");
	expect(rows, &user, "ssh server port 1", "INVALID 16/16");
	expect(rows, &filter, "weight 3", "OK line filter f3 weight 3");
	expect(rows, &filter, "width 77", "OK line width 77");
	expect(rows, &filter, "hostname q", "OK hostname q");

	stmt_match(rows, &filter, "width 77", true, &match);
	cr_expect_eq(match.context_len, 1);
	stmt_match_done(&match);
	stmt_match(rows, &filter, "weight 3", true, &match);
	cr_expect_eq(match.context_len, 2);
	cr_expect_str_eq(stmt_match_value(&match, "filter"), "f3");
	cr_expect_str_eq(stmt_match_value(&match, "weight"), "3");
	cr_expect_null(stmt_match_value(&match, "username"));
	cr_expect_eq(stmt_match_owners(&match), OWNER_LPTSD);
	cr_expect_str_eq(stmt_match_row(&match)->word, "weight");
	stmt_match_done(&match);
	stmt_match_done(&user);
	stmt_match_done(&filter);
}

Test(stmt, a_clear_secret_is_told_from_other_faults)
{
	struct match user = context_of("username al"), match;

	/* typed as a whole line within another user's mode, as provisioning tools do */
	stmt_match(rows, &user, "username bo secret hunter7", true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_eq(match.column, 19);
	cr_expect(match.clear_secret);
	cr_expect_str_eq(match.steps[match.steps_len - 1].row->word, "secret");
	cr_expect_null(match.steps[match.steps_len - 1].value);
	cr_expect_null(strstr(match.err.text, "hunter7"));
	stmt_match_done(&match);
	/* "s" is "secret" here; that the same words are a statement of the top must not let a password become one */
	stmt_match(rows, &user, "s server v2", true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect(match.clear_secret);
	cr_expect_eq(match.column, 2);
	cr_expect_eq(match.context_len, 1);
	stmt_match_done(&match);
	stmt_match(rows, &user, "level 99", true, &match);
	cr_expect_eq(match.status, MATCH_INVALID);
	cr_expect_not(match.clear_secret);
	stmt_match_done(&match);
	stmt_match_done(&user);
}

Test(stmt, a_refused_operand_says_why)
{
	struct match match;

	stmt_match(rows, NULL, "ssh timeout 122", true, &match);
	cr_expect_str_eq(match.err.text, "timeout: must be from 5 to 121 seconds");
	stmt_match_done(&match);
	stmt_match(rows, NULL, "ssh server protocol x", true, &match);
	cr_expect_str_eq(match.err.text, "protocol: must be one of none, telnet, ssh, sshd");
	stmt_match_done(&match);
	stmt_match(rows, NULL, "ssh bogus", true, &match);
	cr_expect_str_eq(match.err.text, "", "a keyword needs no reason");
	stmt_match_done(&match);
	stmt_match(rows, NULL, "username al group x", true, &match);
	cr_expect_eq(stmt_match_owners(&match), OWNER_SSHD);
	stmt_match_done(&match);
	stmt_match(rows, NULL, "username al secret 10 x", true, &match);
	cr_expect_eq(stmt_match_owners(&match), OWNER_AAAD);
	stmt_match_done(&match);
}

/* ---- hints ---- */

struct hint_text {
	char text[2048];
	size_t len;
	bool with_help;
};

static void add_hint(const struct stmt_hint *hint, void *userdata)
{
	struct hint_text *to = userdata;

	to->len += (size_t)snprintf(to->text + to->len, sizeof(to->text) - to->len, "%s%s%s%s%s", to->len ? "|" : "",
				    hint->word, hint->arg ? "*" : "", to->with_help ? "=" : "",
				    to->with_help ? hint->help : "");
}

static bool not_the_server(const struct stmt *row, void *userdata)
{
	(void)userdata;
	return strcmp(row->word, "server") != 0;
}

static void expect_hints(const struct stmt *root, const struct match *context, const char *line, const char *expected)
{
	struct hint_text got = { .len = 0 };
	unsigned column = 9999;
	int count = stmt_hints(root, context, line, root == rows, NULL, add_hint, &got, &column);

	if (count < 0)
		snprintf(got.text, sizeof(got.text), "INVALID %u", column);
	cr_expect_str_eq(got.text, expected, "[%s] gave [%s], not [%s]", line, got.text, expected);
}

Test(stmt, hints_say_what_may_come_next)
{
	static const struct pair pairs[] = {
		{ "", "hostname|domain|username|ssh|line|no" },
		{ "h", "hostname" },
		{ "hostname", "hostname" },
		{ "hostname ", "WORD*" },
		{ "hostname x", "WORD*" },
		{ "hostname x ", "<cr>" },
		{ "hostname x y", "" },
		{ "n", "no" },
		{ "no", "no" },
		{ "no ", "hostname|domain|username|ssh|line" },
		{ "no ssh ", "server|timeout|<cr>" },
		{ "no ssh timeout ", "<5-121>*|<cr>" },
		{ "ssh server ", "v2|port|protocol|vrf|old" },
		{ "ssh server p", "port|protocol" },
		{ "ssh server p ", "INVALID 11" },
		{ "ssh serves ", "INVALID 4" },
		{ "ssh server deb", "" },
		{ "ssh server port ", "<5521-5529>*" },
		{ "ssh server port 55", "<5521-5529>*" },
		{ "ssh server port x", "" },
		{ "ssh server port 1 ", "INVALID 16" },
		{ "ssh server protocol ", "none|telnet|ssh|sshd" },
		{ "ssh server protocol s", "ssh|sshd" },
		{ "ssh server vrf ", "WORD*" },
		{ "ssh server vrf b ", "access-list|<cr>" },
		{ "line ", "width|banner|filter|<cr>" },
		{ "line banner ", "LINE*" },
		{ "line banner ab", "LINE*" },
		{ "line banner a ", "LINE*" },
		{ "line banner abc ", "LINE*|<cr>" },
		{ "line banner abc d", "LINE*" },
		{ "line filter f weight ", "WEIGHT*" },
		{ "username al secret x ", "LINE*|<cr>" },
		{ "bogus ", "INVALID 0" },
		{ "bogus", "" },
		{ "! x", "" },
		{ "ho\x02", "INVALID 0" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		expect_hints(rows, NULL, pairs[i].line, pairs[i].expected);
	expect_hints(exec_rows, NULL, "show ssh ", "session|history|<cr>");
	expect_hints(exec_rows, NULL, "show ssh history ", "details|<1-1023>*|<cr>");
	expect_hints(exec_rows, NULL, "clear ", "ssh|all");
	expect_hints(exec_rows, NULL, "", "show|clear");
}

Test(stmt, hints_of_a_context)
{
	struct match user = context_of("username al");

	expect_hints(rows, &user, "", "group|secret|level|no");
	expect_hints(rows, &user, "host", "hostname");
	expect_hints(rows, &user, "hostname ", "WORD*");
	expect_hints(rows, &user, "no level ", "<-7-13>*|<cr>");
	expect_hints(rows, &user, "bogus ", "INVALID 0");
	stmt_match_done(&user);
}

Test(stmt, hints_carry_unit_range_and_default)
{
	struct hint_text got = { .with_help = true };
	unsigned column;

	cr_expect_eq(stmt_hints(rows, NULL, "ssh timeout ", true, NULL, add_hint, &got, &column), 1);
	cr_expect_str_eq(got.text, "<5-121>*=Time (seconds, default 37)");
	got.len = 0;
	stmt_hints(rows, NULL, "ssh t", true, NULL, add_hint, &got, &column);
	cr_expect_str_eq(got.text, "timeout=Timeout (default 37 seconds)");
	got.len = 0;
	stmt_hints(rows, NULL, "line banner ", true, NULL, add_hint, &got, &column);
	cr_expect_str_eq(got.text, "LINE*=Text");
	got.len = 0;
	stmt_hints(rows, NULL, "line filter f weight ", true, NULL, add_hint, &got, &column);
	cr_expect_str_eq(got.text, "WEIGHT*=Weight (1-9, default 7)");
	got.len = 0;
	stmt_hints(rows, NULL, "ssh server o", true, NULL, add_hint, &got, &column);
	cr_expect_str_eq(got.text, "old=Old (deprecated)");
}

Test(stmt, hints_leave_out_what_is_not_visible)
{
	struct hint_text got = { .len = 0 };
	unsigned column;

	cr_expect_eq(stmt_hints(rows, NULL, "ssh ", true, not_the_server, add_hint, &got, &column), 1);
	cr_expect_str_eq(got.text, "timeout");
}

static void count_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct hint_text *to = userdata;

	for (size_t i = 0; i < path_len; i++)
		to->len += (size_t)snprintf(to->text + to->len, sizeof(to->text) - to->len, "%s%s", i ? " " : "/",
					    path[i]->word);
}

Test(stmt, walk_visits_each_row_with_its_path)
{
	struct hint_text got = { .len = 0 };

	stmt_walk(rows_ssh_children, count_row, &got);
	cr_expect_str_eq(got.text, "/server/server v2/server port/server protocol/server vrf/server vrf access-list"
				   "/server debug/server old/timeout");
}
