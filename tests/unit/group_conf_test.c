/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What groups give, what they inherit, and groups that cannot be meant. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/group_conf.h"
#include "conf/root.h"

static const char text[] = "taskgroup look\n task read crypto\n task read acl\n!\n"
			   "taskgroup touch\n inherit taskgroup look\n task write crypto\n task execute crypto\n!\n"
			   "taskgroup debug-only\n task debug bgp\n!\n"
			   "usergroup noc\n taskgroup look\n!\n"
			   "usergroup seniors\n inherit usergroup noc\n taskgroup touch\n taskgroup operator\n!\n"
			   "usergroup empty\n!\n"
			   "username ann\n group noc\n!\nusername bob\n group seniors\n group noc\n!\n"
			   "username carl\n!\nusername dora\n group operator\n group empty\n!\n"
			   "username eve\n group nosuch\n!\n";

static struct tree *tree_of(const char *lines)
{
	struct err err = { .text = "" };
	struct tree *tree = NULL;

	cr_assert_eq(tree_new(conf_root, &tree), 0);
	cr_assert_eq(tree_parse(tree, lines, NULL, NULL, &err), 0, "%s", err.text);
	return tree;
}

static void expect_user(const char *user, const char *wanted)
{
	struct task_set set = { .access = { 0 } };
	struct tree *tree = tree_of(text);
	char got[TASK_TEXT_MAX_BYTES];

	group_user_tasks(tree, user, &set);
	cr_expect_str_eq(task_set_text(&set, got), wanted, "%s has %s", user, got);
	tree_free(tree);
}

Test(group_conf, what_users_get)
{
	expect_user("ann", "r:acl,r:crypto");
	expect_user("bob", "r:acl,rwxd:basic-services,r:cdp,rwx:crypto,r:diag,rx:ext-access,r:logging");
	expect_user("carl", "");
	expect_user("dora", "rwxd:basic-services,r:cdp,r:diag,rx:ext-access,r:logging");
	expect_user("eve", "");
	expect_user("nobody", "");
}

static struct task_set group_set(const char *name)
{
	struct task_set set = { .access = { 0 } };
	struct tree *tree = tree_of("");

	group_tasks(tree, GROUP_USER, name, &set);
	tree_free(tree);
	return set;
}

Test(group_conf, predefined)
{
	struct task_set root = group_set("root-lr"), sysadmin = group_set("sysadmin"), netadmin = group_set("netadmin");

	for (size_t i = 0; group_predefined[i]; i++) {
		struct task_set set = group_set(group_predefined[i]);

		cr_assert_not(task_set_is_empty(&set), "%s", group_predefined[i]);
		cr_assert(strcmp(group_predefined[i], "cisco-support") == 0 || task_set_covers(&root, &set, NULL), "%s",
			  group_predefined[i]);
	}
	cr_assert(task_set_has(&root, "aaa", TASK_ACCESS_ALL) && task_set_has(&root, "root-lr", TASK_ACCESS_ALL));
	cr_assert(task_set_has(&sysadmin, "aaa", TASK_WRITE) && task_set_has(&sysadmin, "crypto", TASK_EXECUTE));
	cr_assert(task_set_has(&netadmin, "config-services", TASK_WRITE) && !task_set_has(&netadmin, "aaa", TASK_WRITE));
}

struct faults {
	char all[1024];
	unsigned count;
};

static void on_fault(const char *line, const char *reason, void *userdata)
{
	struct faults *faults = userdata;

	snprintf(faults->all + strlen(faults->all), sizeof(faults->all) - strlen(faults->all), "%s: %s\n", line, reason);
	faults->count++;
}

static void expect_faults(const char *lines, const char *wanted)
{
	struct faults faults = { .count = 0 };
	struct tree *tree = tree_of(lines);

	group_check(tree, on_fault, &faults);
	cr_expect_str_eq(faults.all, wanted);
	tree_free(tree);
}

Test(group_conf, what_cannot_be_meant)
{
	expect_faults("", "");
	expect_faults(text, "username eve group nosuch: There is no usergroup 'nosuch'\n");
	expect_faults("usergroup a\n taskgroup t\n!\n", "usergroup a taskgroup t: There is no taskgroup 't'\n");
	expect_faults("usergroup a\n inherit usergroup b\n!\n",
		      "usergroup a inherit usergroup b: There is no usergroup 'b'\n");
	expect_faults("taskgroup a\n inherit taskgroup a\n!\n", "taskgroup a inherit: The group would inherit from itself\n");
	expect_faults("usergroup a\n inherit usergroup b\n!\nusergroup b\n inherit usergroup c\n!\n"
		      "usergroup c\n inherit usergroup a\n!\n",
		      "usergroup a inherit: The group would inherit from itself\n"
		      "usergroup b inherit: The group would inherit from itself\n"
		      "usergroup c inherit: The group would inherit from itself\n");
}

/* Sixty-four groups that each inherit from all before them: looked at once each, not once for every way to them. */
Test(group_conf, many_ways_to_one_group, .timeout = 20)
{
	struct task_set set = { .access = { 0 } };
	struct faults faults = { .count = 0 };
	char *lines = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&lines, &len);
	struct tree *tree;

	for (unsigned i = 0; i < 64; i++) {
		fprintf(out, "taskgroup g%u\n task read acl\n", i);
		for (unsigned j = i > 32 ? i - 32 : 0; j < i; j++)
			fprintf(out, " inherit taskgroup g%u\n", j);
		fputs("!\n", out);
	}
	fputs("taskgroup g0 task write crypto\n", out);
	fclose(out);
	tree = tree_of(lines);
	group_tasks(tree, GROUP_TASK, "g63", &set);
	cr_assert(task_set_has(&set, "crypto", TASK_WRITE));
	group_check(tree, on_fault, &faults);
	cr_assert_eq(faults.count, 0, "%s", faults.all);
	free(lines);
	tree_free(tree);
}

static bool keep_crypto(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct task_set set = { .access = { 0 } };

	(void)userdata;
	task_set_add(&set, "crypto", TASK_READ);
	return task_allows_path(&set, path, path_len, TASK_READ);
}

Test(group_conf, a_tree_without_what_may_not_be_read)
{
	struct tree *tree = tree_of("hostname r1\nusername amy\n group root-lr\n!\nssh server v2\nssh timeout 47\n!\n");
	char *shown = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&shown, &len);

	tree_prune(tree, keep_crypto, NULL);
	cr_assert_geq(tree_write(tree, NULL, 0, out), 0);
	fclose(out);
	cr_assert_str_eq(shown, "ssh server v2\nssh timeout 47\n!\n");
	free(shown);
	tree_free(tree);
}
