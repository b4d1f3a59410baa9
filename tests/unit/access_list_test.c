/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: entries are read, written back canonically and matched; lists keep their counters over a commit; statements are
 * numbered.
 */
#include "services/access_list.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/root.h"
#include "conf/tree.h"
#include "services/ssh_conf.h"

static const struct {
	enum access_family family;
	const char *text, *canonical; /* canonical NULL: refused */
} entries[] = {
	{ ACCESS_IPV4, "tcp 10.0.0.0 0.0.0.255 any eq ssh", "tcp 10.0.0.0 0.0.0.255 any eq ssh" },
	{ ACCESS_IPV4, "tcp 10.0.0.77 0.0.0.255 any eq 22", "tcp 10.0.0.0 0.0.0.255 any eq ssh" },
	{ ACCESS_IPV4, "10.0.0.0/24", "ipv4 10.0.0.0 0.0.0.255 any" },
	{ ACCESS_IPV4, "10.1.2.3", "ipv4 host 10.1.2.3 any" },
	{ ACCESS_IPV4, "10.1.2.3/32", "ipv4 host 10.1.2.3 any" },
	{ ACCESS_IPV4, "host 10.1.2.3", "ipv4 host 10.1.2.3 any" },
	{ ACCESS_IPV4, "any", "ipv4 any any" },
	{ ACCESS_IPV4, "0.0.0.0/0", "ipv4 any any" },
	{ ACCESS_IPV4, "IP any ANY", "ipv4 any any" },
	{ ACCESS_IPV4, "6 any any", "tcp any any" },
	{ ACCESS_IPV4, "89 any any", "89 any any" },
	{ ACCESS_IPV4, "tcp any gt 1023 host 10.0.0.1 range 22 23", "tcp any gt 1023 host 10.0.0.1 range ssh telnet" },
	{ ACCESS_IPV4, "tcp 10.0.0.1 0.0.255.0 any", "tcp 10.0.0.1 0.0.255.0 any" },
	{ ACCESS_IPV4, "udp any any neq 5520", "udp any any neq 5520" },
	{ ACCESS_IPV6, "tcp fd00::/64 any eq 5522", "tcp fd00::/64 any eq 5522" },
	{ ACCESS_IPV6, "fd00::1", "ipv6 host fd00::1 any" },
	{ ACCESS_IPV6, "ipv6 any host fd00::2", "ipv6 any host fd00::2" },
	{ ACCESS_IPV4, "", NULL },
	{ ACCESS_IPV4, "tcp", NULL },
	{ ACCESS_IPV4, "10.0.0.0/33", NULL },
	{ ACCESS_IPV4, "10.0.0.0/", NULL },
	{ ACCESS_IPV4, "10.0.0.256", NULL },
	{ ACCESS_IPV4, "fd00::/64", NULL },
	{ ACCESS_IPV6, "10.0.0.0/24", NULL },
	{ ACCESS_IPV4, "ipv4 any eq 22 any", NULL },
	{ ACCESS_IPV4, "tcp any any eq 65536", NULL },
	{ ACCESS_IPV4, "tcp any any range 30 20", NULL },
	{ ACCESS_IPV4, "tcp any any lt 0", NULL },
	{ ACCESS_IPV4, "tcp any any eq", NULL },
	{ ACCESS_IPV4, "tcp any any log", NULL },
	{ ACCESS_IPV4, "256 any any", NULL },
};

Test(access_list, entries_are_read_and_written)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct err err = { .text = "" };
		struct access_rule rule;
		char *text = NULL, *again = NULL;
		int rc = access_rule_parse(entries[i].family, entries[i].text, &rule, &text, &err);

		if (!entries[i].canonical) {
			cr_expect_eq(rc, -EINVAL, "%s is taken", entries[i].text);
			cr_expect_neq(err.text[0], '\0', "%s is refused without a word", entries[i].text);
			continue;
		}
		cr_assert_eq(rc, 0, "%s: %s", entries[i].text, err.text);
		cr_expect_str_eq(text, entries[i].canonical);
		cr_assert_eq(access_rule_parse(entries[i].family, text, &rule, &again, &err), 0, "%s", text);
		cr_expect_str_eq(again, text);
		free(text);
		free(again);
	}
}

struct bound {
	struct tree *tree;
	struct ssh_conf conf;
	struct bind_arena arena;
};

static void bind_text(const char *text, struct bound *bound)
{
	static const struct stmt rows[] = { ACCESS_LIST_ROWS, SSH_CONF_ROW, STMT_DONE };
	struct err err = { .text = "" };

	memset(bound, 0, sizeof(*bound));
	cr_assert_eq(tree_new(conf_root, &bound->tree), 0);
	cr_assert_eq(tree_parse(bound->tree, text, NULL, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(bind_tree(bound->tree, rows, &bound->conf, &bound->arena), 0);
}

static void bound_done(struct bound *bound)
{
	tree_free(bound->tree);
	bind_arena_done(&bound->arena);
}

static bool ask(struct access_lists *lists, const char *name, const char *from, uint16_t to_port)
{
	struct access_flow flow = { .family = strchr(from, ':') ? ACCESS_IPV6 : ACCESS_IPV4, .from_port = 50000,
				    .to_port = to_port };

	cr_assert_eq(inet_pton(flow.family == ACCESS_IPV4 ? AF_INET : AF_INET6, from, flow.from), 1);
	cr_assert_eq(inet_pton(flow.family == ACCESS_IPV4 ? AF_INET : AF_INET6,
			       flow.family == ACCESS_IPV4 ? "192.0.2.1" : "2001:db8::1", flow.to), 1);
	return access_lists_ask(lists, name, &flow);
}

static uint64_t matches[16];
static size_t rows_len;

static void on_entry(const char *list, const struct access_entry *entry, void *userdata)
{
	(void)list;
	(void)userdata;
	cr_assert_lt(rows_len, 16);
	matches[rows_len++] = entry->matches;
}

static void count(const struct access_lists *lists, const char *name)
{
	rows_len = 0;
	access_lists_each(lists, ACCESS_IPV4, name, on_entry, NULL);
}

static const char mgmt[] = "ipv4 access-list MGMT\n 10 remark the office\n 20 deny host 10.0.0.66\n"
			   " 30 permit tcp 10.0.0.0 0.0.0.255 any eq ssh\n 40 permit tcp 10.1.0.0/16 any\n"
			   " 50 permit udp any any\n!\nipv6 access-list MGMT\n 10 permit fd00::/64\n!\n";

Test(access_list, the_first_entry_that_fits_decides)
{
	struct access_lists *lists;
	struct bound bound;

	bind_text(mgmt, &bound);
	cr_assert_eq(access_lists_new(&bound.conf.access_lists, NULL, &lists), 0);
	cr_expect(ask(lists, "MGMT", "10.0.0.1", 22));
	cr_expect_not(ask(lists, "MGMT", "10.0.0.1", 5522), "eq ssh is port 22");
	cr_expect_not(ask(lists, "MGMT", "10.0.0.66", 22), "an entry before it");
	cr_expect(ask(lists, "MGMT", "10.1.2.3", 5522));
	cr_expect_not(ask(lists, "MGMT", "10.2.0.1", 22), "the end of the list");
	cr_expect(ask(lists, "MGMT", "fd00::5", 22), "another list of the same name");
	cr_expect_not(ask(lists, "MGMT", "fd01::5", 22));
	cr_expect_not(ask(lists, "OTHER", "10.0.0.1", 22), "a list that is not there");
	count(lists, "MGMT");
	cr_assert_eq(rows_len, 6);
	cr_expect_eq(matches[0], 0);
	cr_expect_eq(matches[1], 1);
	cr_expect_eq(matches[2], 1);
	cr_expect_eq(matches[3], 1);
	cr_expect_eq(matches[4], 0, "udp");
	cr_expect_eq(matches[5], 2, "the implicit deny");
	access_lists_free(lists);
	bound_done(&bound);
}

Test(access_list, counters_of_what_stays_go_on)
{
	struct access_lists *lists, *next;
	struct bound bound, after;

	bind_text(mgmt, &bound);
	bind_text("ipv4 access-list MGMT\n 20 permit host 10.0.0.66\n 40 permit tcp 10.1.0.0/16 any\n!\n", &after);
	cr_assert_eq(access_lists_new(&bound.conf.access_lists, NULL, &lists), 0);
	ask(lists, "MGMT", "10.0.0.66", 22);
	ask(lists, "MGMT", "10.1.0.1", 22);
	ask(lists, "MGMT", "10.9.0.1", 22);
	cr_assert_eq(access_lists_new(&after.conf.access_lists, lists, &next), 0);
	access_lists_free(lists);
	count(next, NULL);
	cr_assert_eq(rows_len, 3);
	cr_expect_eq(matches[0], 0, "it says another thing now");
	cr_expect_eq(matches[1], 1);
	cr_expect_eq(matches[2], 1);
	access_lists_free(next);
	bound_done(&bound);
	bound_done(&after);
}

static char *written(const char *text)
{
	struct bound bound;
	char *out = NULL;
	size_t len;
	FILE *file = open_memstream(&out, &len);

	bind_text(text, &bound);
	cr_assert_geq(tree_write(bound.tree, NULL, 0, file), 0);
	fclose(file);
	bound_done(&bound);
	return out;
}

Test(access_list, entries_are_numbered_ordered_and_replaced)
{
	char *text = written("ipv4 access-list A\n100 permit any\n9 deny host 10.0.0.1\n permit 10.0.0.0/8\n remark end\n"
			     " 100 deny any\n no 9\n exit\nipv4 access-list B\n permit any\n");

	cr_expect_str_eq(text, "ipv4 access-list A\n 100 deny ipv4 any any\n 110 permit ipv4 10.0.0.0 0.255.255.255 any\n"
			       " 120 remark end\n!\nipv4 access-list B\n 10 permit ipv4 any any\n!\n");
	free(text);
	text = written("ipv4 access-list A\n 10 permit any\n 20 permit any\n no 10 permit any\n");
	cr_expect_str_eq(text, "ipv4 access-list A\n 20 permit ipv4 any any\n!\n", "no entry is left empty");
	free(text);
}

static int on_line(const char *line, void *userdata)
{
	char *all = userdata;
	size_t len = strlen(all);

	snprintf(all + len, 1024 - len, "%s\n", line);
	return 0;
}

Test(access_list, a_difference_can_be_typed)
{
	char lines[1024] = "";
	struct bound before, after;
	struct match match;

	bind_text("ipv4 access-list A\n 10 permit any\n 20 deny any\n!\n", &before);
	bind_text("ipv4 access-list A\n 10 deny any\n 15 permit host 10.0.0.1\n!\n", &after);
	cr_assert_gt(tree_diff(before.tree, after.tree, on_line, lines), 0);
	for (char *next = lines, *line; (line = strsep(&next, "\n")) && *line;) {
		stmt_match(conf_root, NULL, line, true, &match);
		cr_assert_eq(match.status, MATCH_OK, "%s", line);
		cr_assert_geq(tree_apply(before.tree, &match, NULL), 0, "%s", line);
		stmt_match_done(&match);
	}
	cr_expect_eq(tree_diff(before.tree, after.tree, on_line, lines), 0, "%s", lines);
	bound_done(&before);
	bound_done(&after);
}

Test(access_list, prefixes_are_written_one_way)
{
	static const char *const texts[][2] = {
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "fd00::1", "fd00::1/128" },
		{ "::/0", "::/0" },
		/* whoever comes by IPv4 is known by that */
		{ "::ffff:10.1.2.3", "10.1.2.3/32" },
		{ "::ffff:10.1.2.3/104", "10.0.0.0/8" },
		{ "::ffff:0:0/96", "0.0.0.0/0" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum access_family family;
		struct access_side side;
		char *text = NULL;

		cr_assert_eq(access_prefix_parse(texts[i][0], &family, &side, &text, NULL), 0, "%s", texts[i][0]);
		cr_expect_str_eq(text, texts[i][1]);
		cr_expect_eq(family, strchr(text, ':') ? ACCESS_IPV6 : ACCESS_IPV4);
		free(text);
	}
}
