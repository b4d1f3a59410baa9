/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: every field the rows name holds what the tree says, else its default, whatever was there before.
 */
#include "conf/bind.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/conf_rows.h"

static void bind_text(const char *text, const struct stmt *root, struct rows_conf *conf, struct bind_arena *arena)
{
	struct err err = { 0 };
	struct tree *tree;

	cr_assert_eq(tree_new(rows, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(bind_tree(tree, root, conf, arena), 0);
	/* nothing bound may lean on the tree */
	tree_free(tree);
}

Test(bind, every_shape)
{
	struct bind_arena arena = { 0 };
	struct rows_conf conf;
	struct rows_user *users;
	struct rows_vrf *vrfs;
	struct rows_filter *filters;

	memset(&conf, 0xa5, sizeof(conf));
	bind_text("hostname Ab3\ndomain name ex.am\nusername u10\n level -7\n!\nusername u2\n group x\n group default\n"
		  " secret 10 h a\n!\nssh server v2\nssh server port 5523\nssh server protocol ssh\nssh server vrf red\n"
		  "ssh server vrf blue access-list a7\nssh server old\nssh timeout 119\nline\n width 77\n"
		  " banner two words\n filter f11\n  permit\n !\n filter f2\n  weight 3\n",
		  rows, &conf, &arena);
	cr_expect_str_eq(conf.hostname, "Ab3");
	cr_expect_str_eq(conf.domain_name, "ex.am");
	cr_expect(conf.v2);
	cr_expect_eq(conf.port, 5523);
	cr_expect_eq(conf.protocol, 2);
	cr_expect_eq(conf.timeout_s, 119);
	cr_expect_not(conf.debug);
	cr_expect(conf.old);
	cr_expect_eq(conf.width, 77);
	cr_expect_str_eq(conf.banner, "two words");

	cr_assert_eq(conf.users.len, 2);
	users = conf.users.items;
	cr_expect_str_eq(users[0].name, "u2");
	cr_expect_str_eq(users[0].secret, "10 h a");
	cr_expect_eq(users[0].level, -3, "the default of the row");
	cr_assert_eq(users[0].groups.len, 2);
	cr_expect_str_eq(((struct rows_group *)users[0].groups.items)[0].name, "default");
	cr_expect_str_eq(((struct rows_group *)users[0].groups.items)[1].name, "x");
	cr_expect_str_eq(users[1].name, "u10");
	cr_expect_null(users[1].secret);
	cr_expect_eq(users[1].level, -7);
	cr_expect_eq(users[1].groups.len, 0);
	cr_expect_null(users[1].groups.items);

	cr_assert_eq(conf.vrfs.len, 2);
	vrfs = conf.vrfs.items;
	cr_expect_str_eq(vrfs[0].name, "blue");
	cr_expect_str_eq(vrfs[0].access_list, "a7");
	cr_expect_str_eq(vrfs[1].name, "red");
	cr_expect_null(vrfs[1].access_list);

	cr_assert_eq(conf.filters.len, 2);
	filters = conf.filters.items;
	cr_expect_str_eq(filters[0].name, "f2");
	cr_expect_not(filters[0].permit);
	cr_expect_eq(filters[0].weight, 3);
	cr_expect_str_eq(filters[1].name, "f11");
	cr_expect(filters[1].permit);
	cr_expect_eq(filters[1].weight, 7);
	bind_arena_done(&arena);
	cr_expect_null(arena.chunks);
	bind_arena_done(&arena);
}

Test(bind, an_empty_tree_gives_the_defaults)
{
	struct bind_arena arena = { 0 };
	struct rows_conf conf;

	memset(&conf, 0xa5, sizeof(conf));
	bind_text("", rows, &conf, &arena);
	cr_expect_null(conf.hostname);
	cr_expect_null(conf.domain_name);
	cr_expect_eq(conf.users.len, 0);
	cr_expect_not(conf.v2);
	cr_expect_eq(conf.port, 0);
	cr_expect_eq(conf.protocol, 1, "telnet is the default of the row");
	cr_expect_eq(conf.timeout_s, 37);
	cr_expect_eq(conf.width, 0);
	cr_expect_null(conf.banner);
	cr_expect_eq(conf.filters.len, 0);
	bind_arena_done(&arena);
}

/* A daemon assembles the rows it binds; they are not the rows of the tree by address. */
static const struct stmt some_rows[] = {
	{ .kind = STMT_NODE, .word = "ssh", .help = "SSH", .sub = rows_ssh_children },
	STMT_DONE,
};

Test(bind, rows_of_ones_own_touch_only_their_fields)
{
	struct bind_arena arena = { 0 };
	struct rows_conf conf = { .width = 31, .hostname = NULL };

	bind_text("hostname a\nssh server port 5521\nssh timeout 9\nline width 77\n", some_rows, &conf, &arena);
	cr_expect_eq(conf.port, 5521);
	cr_expect_eq(conf.timeout_s, 9);
	cr_expect_eq(conf.width, 31);
	cr_expect_null(conf.hostname);
	bind_arena_done(&arena);
}

Test(bind, many_entries)
{
	enum { ENTRIES = 3001 };
	struct bind_arena arena = { 0 };
	struct rows_filter *filters;
	struct rows_conf conf;
	struct tree *tree;
	char text[64];

	cr_assert_eq(tree_new(rows, &tree), 0);
	for (int i = 0; i < ENTRIES; i++) {
		struct match match;

		snprintf(text, sizeof(text), "line filter f%d weight %d", i, 1 + i % 9);
		stmt_match(rows, NULL, text, false, &match);
		cr_assert_eq(tree_apply(tree, &match, NULL), 1);
		stmt_match_done(&match);
	}
	cr_assert_eq(bind_tree(tree, rows, &conf, &arena), 0);
	tree_free(tree);
	cr_assert_eq(conf.filters.len, ENTRIES);
	filters = conf.filters.items;
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(text, sizeof(text), "f%d", i);
		cr_assert_str_eq(filters[i].name, text);
		cr_assert_eq(filters[i].weight, 1 + i % 9);
	}
	bind_arena_done(&arena);
}
