/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the configuration in memory keeps its order, reads what it writes, and says its differences so that they can be
 * applied: on one table by example, then on random tables and random trees as laws.
 */
#include "conf/tree.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "conf/tree_node.h"
#include "tests/unit/conf_rows.h"

static struct tree *tree_make(const struct stmt *root, const char *text)
{
	struct err err = { 0 };
	struct tree *tree;

	cr_assert_eq(tree_new(root, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s", err.text);
	return tree;
}

/* What a writer wrote, and how many lines it said it was. */
struct written {
	char *text;
	size_t len;
	FILE *out;
};

static FILE *written_begin(struct written *written)
{
	*written = (struct written){ 0 };
	written->out = open_memstream(&written->text, &written->len);
	cr_assert_not_null(written->out);
	return written->out;
}

static char *written_end(struct written *written, int lines)
{
	int newlines = 0;

	fclose(written->out);
	for (const char *c = written->text; *c; c++)
		newlines += *c == '\n';
	cr_assert_eq(lines, newlines, "%d lines were announced, %d written", lines, newlines);
	return written->text;
}

static char *tree_text(const struct tree *tree, const struct match *path, unsigned flags)
{
	struct written written;
	int lines = tree_write(tree, path, flags, written_begin(&written));

	return written_end(&written, lines);
}

static char *slice_text(const struct tree *tree, unsigned owners)
{
	struct written written;
	int lines = tree_write_slice(tree, owners, written_begin(&written));

	return written_end(&written, lines);
}

static char *diff_text(const struct tree *from, const struct tree *to, unsigned flags)
{
	struct written written;
	int lines = tree_write_diff(from, to, flags, written_begin(&written));

	return written_end(&written, lines);
}

static int add_line(const char *line, void *userdata)
{
	return fprintf(userdata, "%s\n", line) < 0 ? -EIO : 0;
}

static char *flat_text(const struct tree *tree)
{
	struct written written;
	int lines = tree_each(tree, add_line, written_begin(&written));

	return written_end(&written, lines);
}

static char *flat_diff(const struct tree *from, const struct tree *to)
{
	struct written written;
	int lines = tree_diff(from, to, add_line, written_begin(&written));

	return written_end(&written, lines);
}

static void expect_text(char *text, const char *expected)
{
	cr_expect_str_eq(text, expected, "got:\n%s\nexpected:\n%s", text, expected);
	free(text);
}

static int apply(struct tree *tree, const char *line, struct err *err)
{
	struct match match;
	int r;

	stmt_match(tree_root(tree), NULL, line, true, &match);
	cr_assert_eq(match.status, MATCH_OK, "%s", line);
	r = tree_apply(tree, &match, err);
	stmt_match_done(&match);
	return r;
}

static void expect_path(const struct tree *tree, const char *line, const char *expected)
{
	struct match match;

	stmt_match(tree_root(tree), NULL, line, false, &match);
	expect_text(tree_text(tree, &match, 0), expected);
	stmt_match_done(&match);
}

static const char sample[] = "hostname Ab3\n"
			     "domain name ex.am\n"
			     "!\n"
			     "username default\n"
			     "!\n"
			     "username u2\n"
			     " group x\n"
			     " secret 10 $6$a b\n"
			     "!\n"
			     "username u10\n"
			     " level -7\n"
			     "!\n"
			     "ssh server v2\n"
			     "ssh server port 5523\n"
			     "ssh server vrf blue\n"
			     "ssh server vrf red access-list a7\n"
			     "ssh timeout 37\n"
			     "!\n"
			     "line\n"
			     " width 77\n"
			     " banner no more\n"
			     " filter f2\n"
			     "  permit\n"
			     "  weight 3\n"
			     " !\n"
			     " filter f11\n"
			     " !\n"
			     "!\n";

Test(tree, writes_what_it_read)
{
	struct tree *tree = tree_make(rows, sample);

	expect_text(tree_text(tree, NULL, 0), sample);
	tree_free(tree);
	tree_free(NULL);
}

Test(tree, order_does_not_depend_on_the_order_of_typing)
{
	struct tree *tree = tree_make(rows, "line filter f11\nline filter f2 weight 3\nssh timeout 37\n"
					    "ssh server vrf red access-list a7\nno ssh server v2\nline filter f2 permit\n"
					    "ssh server vrf blue\nssh server port 5521\nssh server port 5523\nline\n"
					    "banner no more\nwidth 77\nssh server v2\nusername u10 level -7\n"
					    "username u2 secret 10 $6$a b\nusername u2\nusername u2 group x\n"
					    "username default\ndomain name ex.am\nhostname Ab3");

	expect_text(tree_text(tree, NULL, 0), sample);
	tree_free(tree);
}

Test(tree, reads_blocks_in_every_dress)
{
	static const char *const texts[] = {
		/* flat, left by a mark */
		"username u2\ngroup x\nlevel 5\n!\nhostname h\n",
		/* flat, left by exit, carriage returns and comments */
		"!! top\r\nusername u2\r\ngroup x\r\n! note\r\n\r\nlevel 5\r\nexit\r\nhostname h\r\nend\r\nnonsense\r\n",
		/* left by a line of the top */
		"username u2\ngroup x\nlevel 5\nhostname h",
		/* left by going back, without a mark */
		"username u2\n  group x\n  level 5\nhostname h\n",
		/* tabs, and a comment at the left that leaves nothing */
		"username u2\n\tgroup x\n! note\n\tlevel 5\nroot\nhostname h\n",
		/* whole lines */
		"username u2 group x\nusername u2 level 5\nhostname h\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tree *tree = tree_make(rows, texts[i]);

		expect_text(tree_text(tree, NULL, 0), "hostname h\nusername u2\n group x\n level 5\n!\n");
		tree_free(tree);
	}
}

static int seal_into_ten(const char *clear, char **ret_stored, struct err *err)
{
	if (!strcmp(clear, "bad"))
		return err_set(err, -EINVAL, "no such secret");
	return asprintf(ret_stored, "10 <%s>", clear) < 0 ? -ENOMEM : 0;
}

Test(tree, clear_secrets_of_a_text_are_sealed)
{
	static const char text[] = "hostname h\r\nusername u1\n secret open sesame\n level 5\n!\n! secret x\nnonsense\n below\n"
				   "username u2 secret 10 sealed\nend\nusername u3 secret after\n";
	struct err err = { 0 };
	char *sealed = NULL;

	cr_assert_eq(tree_text_seal(rows, text, seal_into_ten, &sealed, &err), 0, "%s", err.text);
	cr_expect_str_eq(sealed, "hostname h\nusername u1\n secret 10 <open sesame>\n level 5\n!\n! secret x\nnonsense\n below\n"
				 "username u2 secret 10 sealed\nend\n");
	free(sealed);
	sealed = NULL;
	cr_assert_eq(tree_text_seal(rows, "hostname h\nusername u1 secret bad\n", seal_into_ten, &sealed, &err), -EINVAL);
	cr_expect_str_eq(err.text, "line 2: no such secret");
	cr_expect_null(sealed);
}

Test(tree, nested_blocks_are_left_one_at_a_time)
{
	static const char expected[] = "line\n width 13\n filter f\n  permit\n  weight 3\n !\n!\n";
	static const char *const texts[] = {
		"line\n filter f\n  permit\n  weight 3\n !\n width 13\n!\n",
		"line\nfilter f\npermit\nweight 3\n!\nwidth 13\n!\n",
		"line\nfilter f\npermit\nweight 3\nexit\nwidth 13\n",
		"line\nfilter f\npermit\nweight 3\nwidth 13\n",
		"line filter f\npermit\nwidth 13\nfilter f\nweight 3\n",
		"line\n filter f\n  permit\n  weight 3\n width 13\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tree *tree = tree_make(rows, texts[i]);

		expect_text(tree_text(tree, NULL, 0), expected);
		tree_free(tree);
	}
}

/* "note" means one thing in a block and another outside it. */
static const struct stmt note_children[] = {
	{ .kind = STMT_LEAF, .word = "note", .help = "Note", .arg = &rows_arg_key },
	STMT_DONE,
};

static const struct stmt note_rows[] = {
	{ .kind = STMT_LEAF, .word = "hostname", .help = "Name", .arg = &rows_arg_host },
	{ .kind = STMT_LEAF, .word = "note", .help = "Note", .arg = &rows_arg_key },
	{ .kind = STMT_LIST, .word = "box", .help = "Box", .arg = &rows_arg_key, .sub = note_children, .mode = "config-box" },
	STMT_DONE,
};

Test(tree, a_word_of_both_levels_belongs_where_the_block_says)
{
	static const char *const texts[] = {
		/* going back leaves the block */
		"box b\n note inner\nnote outer\n",
		/* so does a line of the top, for those that follow it */
		"box b\nnote inner\nhostname h\nnote outer\nno hostname\n",
		"box b\nnote inner\n!\nnote outer\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct tree *tree = tree_make(note_rows, texts[i]);

		expect_text(tree_text(tree, NULL, 0), "note outer\nbox b\n note inner\n!\n");
		tree_free(tree);
	}
}

struct faults {
	char text[1024];
	size_t len;
};

static void add_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	struct faults *faults = userdata;

	faults->len += (size_t)snprintf(faults->text + faults->len, sizeof(faults->text) - faults->len, "%u [%s] %s\n",
					line_number, line, reason);
}

Test(tree, faults_are_told_and_reading_goes_on)
{
	struct faults faults = { .len = 0 };
	struct err err = { 0 };
	struct tree *tree;

	cr_assert_eq(tree_new(rows, &tree), 0);
	cr_expect_eq(tree_parse(tree,
				"hostname a\nbogus x\n hostname stray\n !\n level 3\n!\nusername u\n level 14\n group g\n"
				" secret clear\n!\nssh server\nssh server p\nssh server port 5523\n",
				add_fault, &faults, &err),
		     0);
	cr_expect_str_eq(faults.text, "2 [bogus x] 'bogus' is not known here\n"
				      "3 [hostname stray] it belongs to line 2, which was refused\n"
				      "5 [level 3] it belongs to line 2, which was refused\n"
				      "8 [level 14] level: must be from -7 to 13\n"
				      "10 [secret clear] secret: clear\n"
				      "12 [ssh server] the statement is not complete\n"
				      "13 [ssh server p] 'p' begins more than one keyword\n",
			 "%s", faults.text);
	expect_text(tree_text(tree, NULL, 0), "hostname a\nusername u\n group g\n!\nssh server port 5523\n!\n");
	cr_expect_eq(tree_parse(tree, "hostname b\n\nssh bogus\nhostname c\n", NULL, NULL, &err), -EINVAL);
	cr_expect_str_eq(err.text, "line 3: 'bogus' is not known here");
	cr_expect_str_eq(tree_get(tree, "hostname"), "b");
	tree_free(tree);
}

Test(tree, apply_says_whether_something_changed)
{
	struct err err = { 0 };
	struct tree *tree = tree_make(rows, "");

	cr_expect_eq(apply(tree, "hostname a", &err), 1);
	cr_expect_eq(apply(tree, "hostname a", &err), 0);
	cr_expect_eq(apply(tree, "hostname b", &err), 1);
	cr_expect_eq(apply(tree, "username u", &err), 1);
	cr_expect_eq(apply(tree, "username u", &err), 0);
	cr_expect_eq(apply(tree, "username u group g", &err), 1);
	cr_expect_eq(apply(tree, "line", &err), 0, "a group is nothing by itself");
	cr_expect_eq(apply(tree, "no username u group h", &err), 0);
	cr_expect_eq(apply(tree, "no username u level", &err), 0);
	cr_expect_eq(apply(tree, "no ssh server", &err), 0);
	cr_expect_eq(apply(tree, "ssh server v2", &err), 1);
	cr_expect_eq(apply(tree, "ssh server vrf red access-list a", &err), 1);
	cr_expect_eq(apply(tree, "ssh timeout 7", &err), 1);
	cr_expect_eq(apply(tree, "no ssh server", &err), 1);
	expect_text(tree_text(tree, NULL, 0), "hostname b\nusername u\n group g\n!\nssh timeout 7\n!\n");
	cr_expect_eq(apply(tree, "no ssh timeout 9", &err), 1, "a leaf goes whatever it held");
	cr_expect_eq(apply(tree, "no username u group g", &err), 1);
	cr_expect_eq(apply(tree, "no hostname", &err), 1);
	expect_text(tree_text(tree, NULL, 0), "username u\n!\n");
	cr_expect_eq(apply(tree, "no username u", &err), 1);
	cr_expect_eq(tree->top.len, 0, "empty groups are gone");
	tree_free(tree);
}

Test(tree, a_match_of_other_tables_is_refused)
{
	struct tree *tree = tree_make(rows, "");
	struct err err = { 0 };
	struct match match;

	stmt_match(rows_ssh_children, NULL, "server v2", false, &match);
	cr_expect_eq(match.status, MATCH_OK);
	cr_expect_eq(tree_apply(tree, &match, &err), -EINVAL);
	stmt_match_done(&match);
	stmt_match(rows, NULL, "ssh server", false, &match);
	cr_expect_eq(tree_apply(tree, &match, &err), -EINVAL);
	stmt_match_done(&match);
	stmt_match(rows, NULL, "! x", false, &match);
	cr_expect_eq(tree_apply(tree, &match, &err), 0);
	stmt_match_done(&match);
	tree_free(tree);
}

Test(tree, lists_have_a_limit_and_a_refusal_leaves_nothing)
{
	struct tree *tree = tree_make(rows, "ssh server vrf a\nssh server vrf b\nssh server vrf c\n");
	struct err err = { 0 };

	cr_expect_eq(apply(tree, "ssh server vrf d access-list x", &err), -ENOSPC);
	cr_expect(strstr(err.text, "at most 3"));
	cr_expect_eq(apply(tree, "ssh server vrf c access-list x", &err), 1);
	cr_expect_eq(apply(tree, "no ssh server vrf a", &err), 1);
	cr_expect_eq(apply(tree, "ssh server vrf d", &err), 1);
	expect_text(flat_text(tree), "ssh server vrf b\nssh server vrf c access-list x\nssh server vrf d\n");
	cr_expect_eq(tree_parse(tree, "hostname h\nssh server vrf e\n", NULL, NULL, &err), -ENOSPC);
	tree_free(tree);
}

Test(tree, keys_are_in_natural_order)
{
	static const char *const keys[] = { "default", "", "!", "00", "0", "01", "1", "2", "10", "99999999999999999998",
					    "99999999999999999999", "A", "a", "a1b02", "a1b2", "a1b10", "a2", "a10", "aa", "b",
					    "defaul", "default1", "\303\244" };
	size_t len = sizeof(keys) / sizeof(keys[0]);

	/* "01" and "1" are equal as numbers; the text decides, and '0' < '1' */
	for (size_t i = 0; i < len; i++) {
		for (size_t j = 0; j < len; j++) {
			int order = tree_key_compare(keys[i], keys[j]);
			int back = tree_key_compare(keys[j], keys[i]);

			cr_expect_eq(order == 0, i == j, "%s %s", keys[i], keys[j]);
			cr_expect((order < 0) == (back > 0), "%s %s", keys[i], keys[j]);
			for (size_t k = 0; k < len; k++)
				if (order < 0 && tree_key_compare(keys[j], keys[k]) < 0)
					cr_expect_lt(tree_key_compare(keys[i], keys[k]), 0, "%s %s %s", keys[i], keys[j],
						     keys[k]);
		}
	}
	cr_expect_lt(tree_key_compare("vty2", "vty10"), 0);
	cr_expect_lt(tree_key_compare("default", "a"), 0);
	cr_expect_lt(tree_key_compare("a1b2", "a1b10"), 0);
}

static void add_key(const char *key, void *userdata)
{
	add_fault(0, key, "", userdata);
}

Test(tree, get_and_keys)
{
	struct tree *tree = tree_make(rows, sample);
	struct faults keys = { .len = 0 };

	cr_expect_str_eq(tree_get(tree, "hostname"), "Ab3");
	cr_expect_str_eq(tree_get(tree, "ssh server v2"), "");
	cr_expect_str_eq(tree_get(tree, "ssh server port"), "5523");
	cr_expect_str_eq(tree_get(tree, "username u2 secret"), "10 $6$a b");
	cr_expect_str_eq(tree_get(tree, "line filter f2 weight"), "3");
	cr_expect_str_eq(tree_get(tree, "username u2"), "u2");
	cr_expect_null(tree_get(tree, "ssh server protocol"));
	cr_expect_null(tree_get(tree, "username u3 secret"));
	cr_expect_null(tree_get(tree, "username"));
	cr_expect_null(tree_get(tree, "bogus"));
	cr_expect_null(tree_get(tree, ""));
	cr_expect_eq(tree_keys(tree, "username", add_key, &keys), 3);
	cr_expect_str_eq(keys.text, "0 [default] \n0 [u2] \n0 [u10] \n");
	cr_expect_eq(tree_keys(tree, "username u2 group", add_key, &keys), 1);
	cr_expect_eq(tree_keys(tree, "username u3 group", add_key, &keys), 0);
	cr_expect_eq(tree_keys(tree, "hostname", add_key, &keys), -EINVAL);
	cr_expect_eq(tree_keys(tree, "bogus", add_key, &keys), -EINVAL);
	tree_free(tree);
}

Test(tree, a_path_limits_what_is_written)
{
	struct tree *tree = tree_make(rows, sample);

	expect_path(tree, "hostname", "hostname Ab3\n");
	expect_path(tree, "ssh server vrf", "ssh server vrf blue\nssh server vrf red access-list a7\n!\n");
	expect_path(tree, "ssh server vrf red", "ssh server vrf red access-list a7\n!\n");
	expect_path(tree, "ssh server vrf red access-list", "ssh server vrf red access-list a7\n!\n");
	expect_path(tree, "ssh server vrf blue access-list", "");
	expect_path(tree, "ssh server protocol", "");
	expect_path(tree, "username u10", "username u10\n level -7\n!\n");
	expect_path(tree, "username u2 group", "username u2\n group x\n!\n");
	expect_path(tree, "line filter f2 permit", "line\n filter f2\n  permit\n !\n!\n");
	expect_path(tree, "username u3", "");
	expect_path(tree, "hostname other", "");
	tree_free(tree);
}

Test(tree, secrets_are_masked_on_request)
{
	struct tree *tree = tree_make(rows, "username u2 secret 10 hash7\n"), *empty = tree_make(rows, "");

	expect_text(tree_text(tree, NULL, TREE_MASK_SECRETS), "username u2\n secret ***\n!\n");
	expect_text(tree_text(tree, NULL, 0), "username u2\n secret 10 hash7\n!\n");
	expect_text(diff_text(empty, tree, TREE_MASK_SECRETS), "username u2\n secret ***\n!\n");
	tree_free(tree);
	tree_free(empty);
}

Test(tree, slices_hold_what_an_owner_needs)
{
	struct tree *tree = tree_make(rows, sample);

	expect_text(slice_text(tree, OWNER_CONFD), "hostname Ab3\ndomain name ex.am\n!\n");
	expect_text(slice_text(tree, OWNER_AAAD), "username u2\n secret 10 $6$a b\n!\n");
	expect_text(slice_text(tree, OWNER_SSHD),
		    "username default\n!\nusername u2\n group x\n!\nusername u10\n level -7\n!\nssh server v2\n"
		    "ssh server port 5523\nssh server vrf blue\nssh server vrf red access-list a7\nssh timeout 37\n!\n");
	expect_text(slice_text(tree, 0), "");
	tree_free(tree);
}

Test(tree, differences_in_both_forms)
{
	struct tree *from = tree_make(rows, sample);
	struct tree *to = tree_make(rows, "hostname Ab5\nusername u2\n group x\n group y\n!\nusername u3\n!\n"
					  "ssh server port 5525\nssh server vrf green\nssh server vrf red\n"
					  "line\n width 77\n banner no more\n filter f2\n  weight 3\n !\n filter f11\n"
					  "  permit\n !\n!\n");

	expect_text(flat_diff(from, to),
		    "no domain name\nno username default\nno username u2 secret\nno username u10\nno ssh server v2\n"
		    "no ssh server vrf blue\nno ssh server vrf red access-list\nno ssh timeout\nno line filter f2 permit\n"
		    "hostname Ab5\nusername u2 group y\nusername u3\nssh server port 5525\nssh server vrf green\n"
		    "line filter f11 permit\n");
	expect_text(diff_text(from, to, 0),
		    "hostname Ab5\nno domain name\n!\nno username default\nno username u10\nusername u2\n group y\n"
		    " no secret\n!\nusername u3\n!\nno ssh server v2\nssh server port 5525\nno ssh server vrf blue\n"
		    "ssh server vrf green\nno ssh server vrf red access-list\nno ssh timeout\n!\nline\n filter f2\n"
		    "  no permit\n !\n filter f11\n  permit\n !\n!\n");
	expect_text(diff_text(from, from, 0), "");
	expect_text(flat_diff(to, to), "");
	cr_expect_eq(tree_diff_owners(from, to), OWNER_CONFD | OWNER_SSHD | OWNER_LPTSD | OWNER_AAAD);
	cr_expect_eq(tree_diff_owners(to, to), 0);
	tree_free(from);
	tree_free(to);
}

Test(tree, owners_of_a_difference)
{
	static const struct {
		const char *from, *to;
		unsigned owners;
	} cases[] = {
		{ "hostname a", "hostname b", OWNER_CONFD },
		{ "username u", "username u\n secret 10 x", OWNER_AAAD },
		{ "username u\n secret 10 x", "", OWNER_AAAD | OWNER_SSHD },
		{ "username u\n level 3", "username u\n level 5", OWNER_SSHD },
		{ "", "ssh timeout 7", OWNER_SSHD | OWNER_LPTSD },
		{ "", "line width 13", OWNER_LPTSD },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tree *from = tree_make(rows, cases[i].from), *to = tree_make(rows, cases[i].to);

		cr_expect_eq(tree_diff_owners(from, to), cases[i].owners, "case %zu", i);
		cr_expect_eq(tree_diff_owners(to, from), cases[i].owners, "case %zu back", i);
		tree_free(from);
		tree_free(to);
	}
}

static int stop_at_second(const char *line, void *userdata)
{
	int *seen = userdata;

	(void)line;
	return ++*seen == 2 ? -ECANCELED : 0;
}

Test(tree, a_callback_can_stop)
{
	struct tree *tree = tree_make(rows, sample), *empty = tree_make(rows, "");
	int seen = 0;

	cr_expect_eq(tree_each(tree, stop_at_second, &seen), -ECANCELED);
	cr_expect_eq(seen, 2);
	seen = 0;
	cr_expect_eq(tree_diff(tree, empty, stop_at_second, &seen), -ECANCELED);
	cr_expect_eq(seen, 2);
	tree_free(tree);
	tree_free(empty);
}

Test(tree, ten_thousand_entries)
{
	enum { ENTRIES = 10007 };
	struct tree *tree = tree_make(rows, ""), *copy;
	struct err err = { 0 };
	char line[64], *text;

	/* 7919 is prime to the count: every number once, far from sorted */
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(line, sizeof(line), "line filter f%d weight %d", i * 7919 % ENTRIES, 1 + i % 9);
		cr_assert_eq(apply(tree, line, &err), 1);
	}
	cr_assert_eq(tree_copy(tree, &copy), 0);
	text = tree_text(copy, NULL, 0);
	tree_free(copy);
	copy = tree_make(rows, text);
	expect_text(flat_diff(tree, copy), "");
	cr_expect(!strncmp(text, "line\n filter f0\n", 16));
	cr_expect(strstr(text, " filter f999\n") < strstr(text, " filter f1000\n"));
	free(text);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(line, sizeof(line), "no line filter f%d", i * 4447 % ENTRIES);
		cr_assert_eq(apply(tree, line, &err), 1);
	}
	expect_text(flat_text(tree), "");
	tree_free(tree);
	tree_free(copy);
}

/* ---- laws on random tables ---- */

#define TABLES	    120
#define TABLE_DEPTH 4

struct random {
	uint32_t state;
	/* everything a random table is made of */
	void *blocks[1024];
	size_t blocks_len;
};

static uint32_t draw(struct random *random, uint32_t below)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 17;
	random->state ^= random->state << 5;
	return random->state % below;
}

static void *block(struct random *random, size_t count, size_t size)
{
	void *got = calloc(count, size);

	cr_assert_not_null(got);
	cr_assert_lt(random->blocks_len, sizeof(random->blocks) / sizeof(random->blocks[0]));
	random->blocks[random->blocks_len++] = got;
	return got;
}

static void random_word(struct random *random, char *word, size_t len_max)
{
	size_t len = 1 + draw(random, (uint32_t)len_max);

	/* few letters: words that begin others are common */
	for (size_t i = 0; i < len; i++)
		word[i] = "abc"[draw(random, 3)];
	word[len] = '\0';
}

static const struct arg *random_arg(struct random *random, bool key)
{
	static const char *const words[] = { "a", "ab", "abc", "b", "cc", NULL };
	struct arg *arg = block(random, 1, sizeof(*arg));

	arg->help = "Help";
	arg->words_taken = 1;
	switch (draw(random, key ? 3 : 4)) {
	case 0:
		arg->min = -3;
		arg->max = 11;
		break;
	case 1:
		arg->words = words;
		break;
	case 2:
		arg->text = true;
		arg->max = 9;
		break;
	case 3:
		arg->words_taken = 0;
		break;
	}
	return arg;
}

static const struct stmt *random_table(struct random *random, int depth);

static void random_row(struct random *random, struct stmt *row, int depth)
{
	static const enum stmt_kind kinds[] = { STMT_NODE, STMT_FLAG, STMT_LEAF, STMT_LIST };

	row->kind = depth < TABLE_DEPTH ? kinds[draw(random, 4)] : kinds[1 + draw(random, 3)];
	row->help = "Help";
	row->owners = draw(random, 3) ? 0 : 1u << draw(random, 4);
	row->flags = draw(random, 9) ? 0 : STMT_HIDDEN;
	if (row->kind == STMT_LEAF || row->kind == STMT_LIST)
		row->arg = random_arg(random, row->kind == STMT_LIST);
	if (row->kind == STMT_LIST)
		row->max_entries = draw(random, 2) ? 1 + draw(random, 3) : 0;
	if (depth < TABLE_DEPTH && (row->kind == STMT_NODE || row->kind == STMT_LIST || !draw(random, 4))) {
		/* nothing can follow the rest of a line */
		if (!row->arg || row->arg->words_taken)
			row->sub = random_table(random, depth + 1);
		if ((row->kind == STMT_NODE || row->kind == STMT_LIST) && draw(random, 2))
			row->mode = "config-x";
	}
}

static const struct stmt *random_table(struct random *random, int depth)
{
	size_t len = 1 + draw(random, 4), used = 0;
	struct stmt *table = block(random, len + 1, sizeof(*table));

	while (used < len) {
		char *word = block(random, 5, 1);
		bool taken = false;

		random_word(random, word, 4);
		for (size_t i = 0; i < used; i++)
			taken |= !strcmp(table[i].word, word);
		if (taken)
			continue;
		table[used].word = word;
		random_row(random, &table[used++], depth);
	}
	return table;
}

static void random_value(struct random *random, const struct arg *arg, char *value, size_t size_bytes)
{
	char word[10];

	if (arg->words) {
		snprintf(value, size_bytes, "%s", arg->words[draw(random, 5)]);
	} else if (stmt_arg_is_number(arg)) {
		snprintf(value, size_bytes, "%d", (int)draw(random, 15) - 3);
	} else {
		random_word(random, value, 3);
		for (int more = arg->words_taken ? 0 : (int)draw(random, 3); more > 0; more--) {
			random_word(random, word, 9);
			snprintf(value + strlen(value), size_bytes - strlen(value), " %s", word);
		}
	}
}

/* A line that is right for the table, ending at a random depth. */
static void random_line(struct random *random, const struct stmt *rows_here, char *line, size_t size_bytes)
{
	line[0] = '\0';
	while (rows_here) {
		size_t len = 0;
		const struct stmt *row;
		char value[64];

		while (rows_here[len].kind != STMT_END)
			len++;
		row = &rows_here[draw(random, (uint32_t)len)];
		snprintf(line + strlen(line), size_bytes - strlen(line), "%s%s", line[0] ? " " : "", row->word);
		if (row->arg) {
			random_value(random, row->arg, value, sizeof(value));
			snprintf(line + strlen(line), size_bytes - strlen(line), " %s", value);
		}
		rows_here = row->kind != STMT_NODE && !draw(random, 3) ? NULL : row->sub;
	}
}

static struct tree *random_tree(struct random *random, const struct stmt *root)
{
	int lines = (int)draw(random, 25);
	struct tree *tree;
	char line[512];

	cr_assert_eq(tree_new(root, &tree), 0);
	while (lines-- > 0) {
		struct match match;
		int r;

		random_line(random, root, line, sizeof(line));
		stmt_match(root, NULL, line, true, &match);
		cr_assert(match.status == MATCH_OK || match.status == MATCH_INCOMPLETE, "[%s] %u", line, match.column);
		if (match.status == MATCH_OK) {
			r = tree_apply(tree, &match, NULL);
			cr_assert(r >= 0 || r == -ENOSPC);
		}
		stmt_match_done(&match);
	}
	return tree;
}

/* Equal by the flat lines, which no block form can blur. */
static void assert_same(const struct tree *a, const struct tree *b, const char *law, const char *text)
{
	char *a_text = flat_text(a), *b_text = flat_text(b);

	cr_assert_str_eq(a_text, b_text, "%s\nfirst:\n%s\nsecond:\n%s\ntext:\n%s", law, a_text, b_text, text);
	free(a_text);
	free(b_text);
}

static void law_text_becomes_tree(const struct tree *start, char *text, const struct tree *expected, const char *law)
{
	struct err err = { 0 };
	struct tree *tree;

	cr_assert_eq(tree_copy(start, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s: %s\n%s", law, err.text, text);
	assert_same(tree, expected, law, text);
	tree_free(tree);
	free(text);
}

/* Flat lines are whole: each is meant from the top, whatever the one before it opened. */
static void law_lines_become_tree(const struct tree *start, char *text, const struct tree *expected, const char *law)
{
	char *next = text, *line;
	struct tree *tree;

	cr_assert_eq(tree_copy(start, &tree), 0);
	while ((line = strsep(&next, "\n")))
		if (line[0])
			cr_assert_eq(apply(tree, line, NULL), 1, "%s: [%s] changes nothing", law, line);
	assert_same(tree, expected, law, "");
	tree_free(tree);
	free(text);
}

static void laws_of_slices(const struct tree *from, const struct tree *to)
{
	for (unsigned owner = 1; owner <= OWNER_AAAD; owner <<= 1) {
		char *old = slice_text(from, owner), *new = slice_text(to, owner);
		struct tree *slice = tree_make(tree_root(from), old);

		/* a slice of a slice is the slice, and an owner is told exactly when its slice differs */
		expect_text(slice_text(slice, owner), old);
		cr_assert_eq(strcmp(old, new) != 0, (tree_diff_owners(from, to) & owner) != 0, "%x\n%s\n%s", owner, old,
			     new);
		tree_free(slice);
		free(old);
		free(new);
	}
}

Test(tree, laws_hold_on_random_trees_of_random_tables, .timeout = 120)
{
	struct random random = { .state = 2463534242u };

	for (int table = 0; table < TABLES; table++) {
		const struct stmt *root = random_table(&random, 0);
		struct tree *empty = tree_make(root, "");

		for (int round = 0; round < 10; round++) {
			struct tree *from = random_tree(&random, root), *to = random_tree(&random, root);

			law_text_becomes_tree(empty, tree_text(from, NULL, 0), from, "reading undoes writing");
			law_lines_become_tree(empty, flat_text(from), from, "the flat lines make the tree");
			law_lines_become_tree(from, flat_diff(from, to), to, "the difference makes the other");
			law_text_becomes_tree(from, diff_text(from, to, 0), to, "the difference as blocks makes the other");
			laws_of_slices(from, to);
			tree_free(from);
			tree_free(to);
		}
		tree_free(empty);
		while (random.blocks_len)
			free(random.blocks[--random.blocks_len]);
	}
}

struct hint_check {
	const struct stmt *root;
	const struct match *context;
	char before[512]; /* the line up to the word under the cursor */
	int checked;
};

static void check_hint(const struct stmt_hint *hint, void *userdata)
{
	struct hint_check *check = userdata;
	char line[1024];
	struct match match;

	if (hint->arg)
		return;
	snprintf(line, sizeof(line), "%s%s", check->before, hint->enter ? "" : hint->word);
	stmt_match(check->root, check->context, line, true, &match);
	cr_assert(match.status == MATCH_OK || (!hint->enter && match.status == MATCH_INCOMPLETE),
		  "[%s] was offered after [%s] and gives status %d", hint->word, check->before, (int)match.status);
	stmt_match_done(&match);
	check->checked++;
}

/* A line cut anywhere, its words cut short here and there. */
static void random_beginning(struct random *random, char *line)
{
	size_t len = strlen(line), cut = draw(random, (uint32_t)len + 2);

	if (cut > len) {
		line[len] = ' ';
		line[len + 1] = '\0';
	} else {
		line[cut] = '\0';
	}
}

Test(tree, hints_never_offer_what_matching_refuses, .timeout = 120)
{
	struct random random = { .state = 88675123u };
	int checked = 0;

	for (int table = 0; table < TABLES; table++) {
		struct hint_check check = { .root = random_table(&random, 0) };

		for (int round = 0; round < 60; round++) {
			struct match context = { .steps_len = 0 };
			char line[512];
			unsigned column;

			random_line(&random, check.root, line, sizeof(line));
			stmt_match(check.root, NULL, line, false, &context);
			check.context = context.status == MATCH_OK && stmt_match_row(&context)->mode ? &context : NULL;
			random_line(&random, check.context ? stmt_match_row(&context)->sub : check.root, line, sizeof(line));
			random_beginning(&random, line);
			snprintf(check.before, sizeof(check.before), "%s", line);
			if (strrchr(check.before, ' '))
				strrchr(check.before, ' ')[1] = '\0';
			else
				check.before[0] = '\0';
			stmt_hints(check.root, check.context, line, true, NULL, check_hint, &check, &column);
			stmt_match_done(&context);
		}
		checked += check.checked;
		while (random.blocks_len)
			free(random.blocks[--random.blocks_len]);
	}
	cr_expect_gt(checked, 5000);
}
