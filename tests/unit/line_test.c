/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: what their statements take, which template holds, which vty a session gets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/root.h"
#include "services/line_pool.h"

static struct tree *tree_of(const char *lines)
{
	struct err err = { .text = "" };
	struct tree *tree = NULL;

	cr_assert_eq(tree_new(conf_root, &tree), 0);
	cr_assert_eq(tree_parse(tree, lines, NULL, NULL, &err), 0, "%s", err.text);
	return tree;
}

static struct bind_arena arena;

static struct lines_conf conf_of(const char *lines)
{
	static const struct stmt rows[] = { LINE_CONF_ROWS, STMT_DONE };
	struct lines_conf conf = { .pool_default = NULL };
	struct tree *tree = tree_of(lines);

	cr_assert_eq(bind_tree(tree, rows, &conf, &arena), 0);
	tree_free(tree);
	return conf;
}

/* ---- statements ---- */

static const struct line_case {
	const char *line, *canonical; /* NULL: refused */
} line_cases[] = {
	{ "line console exec-timeout 0 0", "line console exec-timeout 0 0" },
	{ "line default exec-timeout 5", "line default exec-timeout 5 0" },
	{ "line default exec-timeout 35791 59", "line default exec-timeout 35791 59" },
	{ "line default exec-timeout 35792 0", NULL },
	{ "line default exec-timeout 10 60", NULL },
	{ "line default exec-timeout 10 5 5", NULL },
	{ "line default exec-timeout -1 0", NULL },
	{ "line default exec-timeout soon", NULL },
	{ "line console absolute-timeout 0", "line console absolute-timeout 0" },
	{ "line console absolute-timeout 10001", NULL },
	{ "line console session-timeout 0", "line console session-timeout 0" },
	{ "line console session-timeout 5", NULL },
	{ "line default timeout login response 300", "line default timeout login response 300" },
	{ "line default timeout login response 301", NULL },
	{ "line default access-class ingress MGMT", "line default access-class ingress MGMT" },
	{ "line default access-class ipv6 ingress MGMT6", "line default access-class ipv6 ingress MGMT6" },
	{ "line default access-class egress MGMT", NULL },
	{ "line default transport input ssh", "line default transport input ssh" },
	{ "line default transport input telnet ssh", "line default transport input ssh telnet" },
	{ "line default transport input none", "line default transport input none" },
	{ "line default transport input none ssh", NULL },
	{ "line default transport input rlogin", NULL },
	{ "line default length 0", "line default length 0" },
	{ "line default width 512", "line default width 512" },
	{ "line default timestamp disable", "line default timestamp disable" },
	{ "line template NOC autocommand show users", "line template NOC autocommand show users" },
	{ "line template default exec-timeout 0 0", NULL },
	{ "line template a/b exec-timeout 0 0", NULL },
	{ "vty-pool default 0 4", "vty-pool default 0 4" },
	{ "vty-pool default 0 99 line-template NOC", "vty-pool default 0 99 line-template NOC" },
	{ "vty-pool default 0 4 line-template default", "vty-pool default 0 4" },
	{ "vty-pool default 0 3", NULL },
	{ "vty-pool default 0 100", NULL },
	{ "vty-pool default 1 4", NULL },
	{ "vty-pool default 0", NULL },
	{ "vty-pool default 0 4 template NOC", NULL },
	{ "vty-pool default 0 4 line-template", NULL },
	{ "vty-pool eem 100 105", "vty-pool eem 100 105" },
	{ "vty-pool eem 100 104", NULL },
	{ "vty-pool ops 5 9", "vty-pool ops 5 9" },
	{ "vty-pool ops 200 299 line-template NOC", "vty-pool ops 200 299 line-template NOC" },
	{ "vty-pool ops 4 9", NULL },
	{ "vty-pool ops 90 105", NULL },
	{ "vty-pool ops 200 300", NULL },
	{ "vty-pool ops 9 5", NULL },
	{ "vty-pool ops", NULL },
	{ "no vty-pool default", "no vty-pool default" },
	{ "no vty-pool ops 5 9", "no vty-pool ops 5 9" },
	{ "no line default", "no line default" },
};

Test(line, statements)
{
	for (size_t i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
		const struct line_case *expected = &line_cases[i];
		struct match match;
		char *text;

		stmt_match(conf_root, NULL, expected->line, true, &match);
		if (!expected->canonical) {
			cr_expect_neq(match.status, MATCH_OK, "%s", expected->line);
		} else {
			cr_assert_eq(match.status, MATCH_OK, "%s: %s", expected->line, match.err.text);
			text = stmt_match_text(&match);
			cr_expect_str_eq(text, expected->canonical);
			free(text);
		}
		stmt_match_done(&match);
	}
}

Test(line, running_configuration)
{
	static const char text[] = "line console\n exec-timeout 0 0\n session-timeout 0\n!\n"
				   "line default\n access-class ingress MGMT\n exec-timeout 5 0\n transport input ssh\n!\n"
				   "line template NOC\n width 132\n!\n"
				   "vty-pool default 0 9 line-template NOC\nvty-pool eem 100 105\nvty-pool ops 10 19\n!\n";
	struct tree *tree = tree_of(text);
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	cr_assert_geq(tree_write(tree, NULL, 0, out), 0);
	fclose(out);
	cr_assert_str_eq(written, text);
	free(written);
	tree_free(tree);
}

/* ---- what holds ---- */

Test(line, settings_come_from_the_template_then_from_default_then_from_the_product)
{
	struct lines_conf conf = conf_of("line console\n length 0\n!\nline default\n exec-timeout 5 30\n width 99\n"
					 " transport input telnet\n!\nline template NOC\n exec-timeout 0 0\n"
					 " transport input ssh\n absolute-timeout 7\n!\n");
	struct lines_conf nothing = conf_of("");
	struct line_settings settings;

	line_conf_settings(&conf, "NOC", &settings);
	cr_assert(settings.exec_timeout_s == 0 && settings.absolute_timeout_s == 420 && settings.width == 99 &&
		  settings.length == -1 && settings.ssh && settings.timestamp);
	line_conf_settings(&conf, "default", &settings);
	cr_assert(settings.exec_timeout_s == 330 && settings.absolute_timeout_s == 0 && !settings.ssh);
	line_conf_settings(&conf, "console", &settings);
	cr_assert(settings.length == 0 && settings.exec_timeout_s == 330);
	line_conf_settings(&conf, "gone", &settings);
	cr_assert_eq(settings.exec_timeout_s, 330);
	line_conf_settings(&nothing, "default", &settings);
	cr_assert(settings.exec_timeout_s == 600 && settings.ssh && settings.length == -1);
	bind_arena_done(&arena);
}

Test(line, absolute_timeout)
{
	struct lines_conf conf = conf_of("line default absolute-timeout 2\nline template NOC absolute-timeout 0\n"
					 "vty-pool default 0 4 line-template NOC\nvty-pool ops 5 9\n");
	struct lines_conf nothing = conf_of("");

	cr_assert_not(line_conf_is_over(&conf, 5, 1000000, 121000000));
	cr_assert(line_conf_is_over(&conf, 5, 1000000, 121000001));
	cr_assert_not(line_conf_is_over(&conf, 4, 1000000, INT64_MAX / 2), "its template says never");
	cr_assert(line_conf_is_over(&conf, 77, 1000000, 121000001), "a pool that has become smaller");
	cr_assert_not(line_conf_is_over(&nothing, 0, 1000000, INT64_MAX / 2));
	bind_arena_done(&arena);
}

struct faults {
	char all[1024];
};

static void on_fault(const char *line, const char *reason, void *userdata)
{
	struct faults *faults = userdata;

	snprintf(faults->all + strlen(faults->all), sizeof(faults->all) - strlen(faults->all), "%s: %s\n", line, reason);
}

static void expect_faults(const char *lines, const char *wanted)
{
	struct lines_conf conf = conf_of(lines);
	struct faults faults = { .all = "" };

	line_conf_check(&conf, on_fault, &faults);
	cr_expect_str_eq(faults.all, wanted);
	bind_arena_done(&arena);
}

Test(line, what_cannot_be_meant)
{
	expect_faults("vty-pool default 0 9\nvty-pool eem 100 105\nvty-pool ops 10 19\nvty-pool far 200 299\n", "");
	expect_faults("vty-pool default 0 9 line-template NOC\n",
		      "vty-pool default 0 9 line-template NOC: There is no 'line template NOC'\n");
	expect_faults("vty-pool default 0 9\nvty-pool ops 9 19\n", "vty-pool ops 9 19: It has vtys of pool default\n");
	expect_faults("vty-pool ops 5 9\nvty-pool ops 10 19\n",
		      "vty-pool ops 10 19: Pool ops is configured twice; remove one\n");
}

/* ---- which vty ---- */

static unsigned asked;

static bool permits(const struct line_settings *settings, void *userdata)
{
	asked++;
	return !settings->access_class || !strcmp(settings->access_class, userdata);
}

static struct session_table *table_of(uint32_t vtys, uint32_t let_in)
{
	struct session_table *table = NULL;

	cr_assert_eq(session_table_new(0, &table), 0);
	for (uint32_t vty = 0; vty < vtys; vty++) {
		struct session_report report = { .state = vty < let_in ? SESSION_OPEN : SESSION_KEX };
		struct session_entry *entry;

		cr_assert_eq(session_table_add_at(table, &report, vty, &entry), 0);
	}
	return table;
}

static void expect_pick(const char *lines, uint32_t vtys, uint32_t sessions, bool let_in, enum line_verdict verdict,
			uint32_t vty)
{
	static char list[] = "MGMT";
	struct lines_conf conf = conf_of(lines);
	struct session_table *table = table_of(vtys, sessions);
	struct line_pick pick = { .conf = &conf, .table = table, .let_in = let_in, .permits = permits, .userdata = list };
	uint32_t got = UINT32_MAX;

	asked = 0;
	cr_expect_eq(line_pool_pick(&pick, &got), verdict, "%s", lines);
	if (verdict == LINE_GIVEN)
		cr_expect_eq(got, vty, "%s: vty%u", lines, got);
	cr_expect_leq(asked, 3, "an access list is asked once for each pool");
	session_table_free(table);
	bind_arena_done(&arena);
}

Test(line, vtys)
{
	expect_pick("", 0, 0, false, LINE_GIVEN, 0);
	expect_pick("", 300, 300, false, LINE_GIVEN, 300);
	expect_pick("vty-pool default 0 4\n", 4, 4, false, LINE_GIVEN, 4);
	expect_pick("vty-pool default 0 4\n", 5, 5, false, LINE_NONE_FREE, 0);
	expect_pick("vty-pool default 0 4\n", 5, 4, false, LINE_GIVEN, LINE_VTY_FREE);
	expect_pick("vty-pool default 0 4\n", 5, 4, true, LINE_GIVEN, 4);
	expect_pick("vty-pool default 0 4\n", 5, 5, true, LINE_NONE_FREE, 0);
	expect_pick("vty-pool default 0 4\nvty-pool ops 10 19\n", 5, 5, false, LINE_GIVEN, 10);
	expect_pick("vty-pool eem 100 105\n", 100, 100, false, LINE_GIVEN, 106);
	expect_pick("line default transport input none\n", 0, 0, false, LINE_TRANSPORT, 0);
	expect_pick("line default transport input ssh\n", 0, 0, false, LINE_GIVEN, 0);
	expect_pick("line default access-class ingress OTHER\n", 0, 0, false, LINE_ACCESS, 0);
	expect_pick("line default access-class ingress MGMT\n", 0, 0, false, LINE_GIVEN, 0);
	/* a line for those whom the others do not take */
	expect_pick("line default access-class ingress OTHER\nline template NOC access-class ingress MGMT\n"
		    "vty-pool default 0 4\nvty-pool ops 5 9 line-template NOC\n", 0, 0, false, LINE_GIVEN, 5);
	expect_pick("line default access-class ingress OTHER\nline template NOC access-class ingress MGMT\n"
		    "vty-pool default 0 4\nvty-pool ops 5 9 line-template NOC\n", 10, 10, false, LINE_NONE_FREE, 0);
}

Test(line, changing_places)
{
	struct session_table *table = table_of(3, 3);
	struct session_entry *first = session_table_at(table, 0), *last = session_table_at(table, 2);

	session_table_move(table, last, 0);
	cr_assert(last->report.vty == 0 && first->report.vty == 2);
	session_table_move(table, last, 7);
	cr_assert_eq(last->report.vty, 7);
	session_table_free(table);
}
