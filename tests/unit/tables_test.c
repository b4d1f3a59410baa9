/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The law of the tables, held over every row of conf_root, and what each statement takes and refuses.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/bind.h"
#include "conf/root.h"
#include "conf/system_conf.h"
#include "conf/task.h"
#include "conf/tree.h"
#include "aaa/user_conf.h"
#include "services/ssh_conf.h"
#include "vrf/vrf_conf.h"

/* ---- every row ---- */

static void path_name(const struct stmt *const *path, size_t len, char *name, size_t size)
{
	name[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(name + strlen(name), size - strlen(name), "%s%s", i ? " " : "", path[i]->word);
}

static void check_arg(const struct stmt *row, const char *name)
{
	const struct arg *arg = row->arg;

	cr_assert(arg && arg->help && arg->help[0], "%s: its operand has no help", name);
	cr_assert(arg->words_taken <= 1, "%s: an operand is one word or the rest of the line", name);
	if (arg->text)
		cr_assert(arg->min >= 0 && arg->max >= arg->min && arg->name, "%s: no length", name);
	if (!arg->text && !arg->words && !arg->canonical)
		cr_assert(arg->max > arg->min, "%s: no range", name);
	if (arg->secret)
		cr_assert(row->flags & STMT_SECRET, "%s: a secret would be shown", name);
}

static void check_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	unsigned owners = 0, *count = userdata;
	const char *task = NULL;
	char name[256];

	path_name(path, path_len, name, sizeof(name));
	for (size_t i = 0; i < path_len; i++) {
		if (path[i]->owners)
			owners = path[i]->owners;
		if (path[i]->task)
			task = path[i]->task;
	}
	++*count;
	cr_assert(row->word && row->word[0], "%s: no keyword", name);
	for (const char *c = row->word; *c; c++)
		cr_assert((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-', "%s: not lower case", name);
	cr_assert(row->help && row->help[0], "%s: no help", name);
	cr_assert(row->help[strlen(row->help) - 1] != '.', "%s: help ends with a full stop", name);
	cr_assert(row->source && row->source[0], "%s: no source", name);
	cr_assert(owners, "%s: nobody gets it", name);
	cr_assert(task && task_place(task) >= 0, "%s: no task", name);
	if (row->kind == STMT_LEAF || row->kind == STMT_LIST)
		check_arg(row, name);
	else
		cr_assert_null(row->arg, "%s: an operand that nobody reads", name);
	if (row->kind == STMT_LIST)
		cr_assert(row->max_entries > 0 && (!row->esize || (row->esize >= sizeof(char *) && row->key_offset + sizeof(char *) <= row->esize)),
			  "%s: no limit or no element", name);
	if (row->kind == STMT_NODE)
		cr_assert(row->sub, "%s: a group of nothing", name);
	cr_assert_neq(row->kind, STMT_RUN, "%s: a command among the statements", name);
}

Test(tables, every_row_says_everything)
{
	unsigned count = 0;

	stmt_walk(conf_root, check_row, &count);
	cr_assert_geq(count, 15);
}

static void check_siblings(const struct stmt *rows, const char *name)
{
	for (const struct stmt *row = rows; row->kind != STMT_END; row++) {
		for (const struct stmt *other = row + 1; other->kind != STMT_END; other++) {
			size_t shorter = strlen(row->word) < strlen(other->word) ? strlen(row->word) : strlen(other->word);

			/* IOS XR's own words: "port" is meant when it is typed whole */
			if (!strcmp(row->word, "port") && !strcmp(other->word, "port-forwarding"))
				continue;
			cr_assert(strncmp(row->word, other->word, shorter), "%s: %s and %s cannot be told apart", name, row->word,
				  other->word);
		}
		if (row->sub)
			check_siblings(row->sub, row->word);
	}
}

Test(tables, no_word_hides_a_sibling)
{
	check_siblings(conf_root, "top");
}

static void check_default(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	char *canonical = NULL;

	(void)userdata;
	if (!row->def)
		return;
	cr_assert_eq(stmt_arg_canonical(row->arg, row->def, &canonical, NULL), 0, "%s: default %s", row->word, row->def);
	cr_assert_str_eq(canonical, row->def);
	free(canonical);
}

Test(tables, defaults_are_allowed_values)
{
	stmt_walk(conf_root, check_default, NULL);
}

/* Two fields at one place would overwrite each other. */
static void check_offsets(const struct stmt *rows)
{
	for (const struct stmt *row = rows; row->kind != STMT_END; row++) {
		for (const struct stmt *other = row + 1; other->kind != STMT_END; other++) {
			if (row->kind != STMT_NODE && other->kind != STMT_NODE)
				cr_assert_neq(row->offset, other->offset, "%s and %s", row->word, other->word);
		}
		if (row->sub)
			check_offsets(row->sub);
	}
}

Test(tables, fields_lie_apart)
{
	check_offsets(system_domain_children);
	check_offsets(vrf_conf_children);
	check_offsets(user_conf_children);
	check_offsets(ssh_conf_children);
}

Test(tables, members)
{
	unsigned seen = 0;

	for (const struct conf_member *member = conf_members; member->name; member++) {
		cr_assert(member->owner && !(member->owner & (member->owner - 1)), "%s: one bit", member->name);
		cr_assert_not(seen & member->owner, "%s: its bit is another's", member->name);
		cr_assert(member->socket_name[0] && !strchr(member->socket_name, '/'));
		seen |= member->owner;
	}
	cr_assert_eq(seen, OWNER_SSHD);
}

/* ---- every statement ---- */

#define NAME32 "abcdefghijklmnopqrstuvwxyz012345"
#define NAME63 "a23456789012345678901234567890123456789012345678901234567890123"
#define KEY    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpT"
#define HASH   "10 $6$oddsalt7$P2lCZDlEeI7RSoJQAczX1j7ACBj6FESvD3kAJbtliRB44bIHsaijALZkYTeA4ICt0xVuDWAhUXHDEGedjQ/QU/"

struct line_case {
	char line[256], canonical[256]; /* canonical "" : refused with these words */
	char words[80];
};

ParameterizedTestParameters(tables, lines)
{
	static struct line_case cases[] = {
		{ "hostname r1", "hostname r1", "" },
		{ "host R-1", "hostname R-1", "" },
		{ "hostname " NAME63, "hostname " NAME63, "" },
		{ "hostname " NAME63 "4", "", "63" },
		{ "hostname -r1", "", "hyphen" },
		{ "hostname r1-", "", "hyphen" },
		{ "hostname r_1", "", "letters" },
		{ "hostname r.1", "", "letters" },
		{ "domain name example.com", "domain name example.com", "" },
		{ "domain name example..com", "", "empty part" },
		{ "domain name example.com.", "", "empty part" },
		{ "domain name " NAME63 "4.com", "", "63" },
		{ "vrf blue", "vrf blue", "" },
		{ "vrf " NAME32, "vrf " NAME32, "" },
		{ "vrf " NAME32 "6", "", "at most 32 characters, this one has 33" },
		{ "vrf a/b", "", "'/'" },
		{ "vrf ..", "", "cannot have the name" },
		{ "vrf blue description to the   lab", "vrf blue description to the lab", "" },
		{ "vrf blue device vrf0123456789ab", "vrf blue device vrf0123456789ab", "" },
		{ "vrf blue device vrf0123456789abc", "", "1 to 15" },
		{ "vrf blue device a:b", "", "':'" },
		{ "username admin", "username admin", "" },
		{ "usern admin gr root-lr", "username admin group root-lr", "" },
		{ "username admin group root", "username admin group root", "" },
		{ "username admin group -wheel", "", "letters" },
		{ "usergroup noc taskgroup look", "usergroup noc taskgroup look", "" },
		{ "usergroup noc inherit usergroup operator", "usergroup noc inherit usergroup operator", "" },
		{ "usergroup noc inherit usergroup root-lr", "", "inherited" },
		{ "usergroup operator", "", "predefined" },
		{ "taskgroup look task read crypto", "taskgroup look task read crypto", "" },
		{ "taskgroup look task read cheese", "", "one of" },
		{ "taskgroup root-lr", "", "predefined" },
		{ "taskgroup " NAME32 "6", "", "32" },
		{ "username admin secret " HASH, "username admin secret " HASH, "" },
		{ "username admin secret letmein", "", "hashed" },
		{ "username admin keystring " KEY " me", "username admin keystring " KEY, "" },
		{ "username admin keystring ssh-ed25519 AAAA", "", "broken" },
		{ "username " NAME32 "6", "", "32" },
		{ "ssh server v2", "ssh server v2", "" },
		{ "ssh server port 5520", "ssh server port 5520", "" },
		{ "ssh server port 5529", "ssh server port 5529", "" },
		{ "ssh server port 05529", "ssh server port 5529", "" },
		{ "ssh server port 5519", "", "5520" },
		{ "ssh server port 5530", "", "5529" },
		{ "ssh server port 22", "", "5520" },
		{ "ssh server vrf default", "ssh server vrf default", "" },
		{ "ssh server vrf " NAME32 "6", "", "32" },
		{ "ssh timeout 5", "ssh timeout 5", "" },
		{ "ssh timeout 120", "ssh timeout 120", "" },
		{ "ssh timeout 4", "", "5" },
		{ "ssh timeout 121", "", "120" },
		{ "ssh timeout 7s", "", "" },
		{ "ssh client v2", "", "" },
	};

	return cr_make_param_array(struct line_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct line_case *param, tables, lines)
{
	struct match match;
	char *text;

	stmt_match(conf_root, NULL, param->line, true, &match);
	if (!param->canonical[0]) {
		cr_assert_neq(match.status, MATCH_OK, "%s", param->line);
		cr_assert(strstr(match.err.text, param->words), "%s: \"%s\" lacks \"%s\"", param->line, match.err.text,
			  param->words);
	} else {
		cr_assert_eq(match.status, MATCH_OK, "%s: %s", param->line, match.err.text);
		text = stmt_match_text(&match);
		cr_assert_str_eq(text, param->canonical);
		free(text);
	}
	stmt_match_done(&match);
}

/* ---- the whole ---- */

static struct tree *tree_of(const char *text)
{
	struct err err = { .text = "" };
	struct tree *tree = NULL;

	cr_assert_eq(tree_new(conf_root, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s", err.text);
	return tree;
}

static char *text_of(const struct tree *tree, unsigned flags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_geq(tree_write(tree, NULL, flags, out), 0);
	fclose(out);
	return text;
}

static const char whole[] =
	"hostname r7\n"
	"domain name lab.example\n"
	"!\n"
	"vrf red\n"
	" description the other one\n"
	" device vrf-red\n"
	"!\n"
	"username amy\n"
	" group root-lr\n"
	" group sysadmin\n"
	" secret " HASH "\n"
	" keystring " KEY "\n"
	"!\n"
	"ssh server v2\n"
	"ssh server port 5523\n"
	"ssh server vrf default\n"
	"ssh server vrf red\n"
	"ssh timeout 47\n"
	"!\n";

Test(tables, order_of_the_running_configuration)
{
	struct tree *tree = tree_of("ssh timeout 47\nssh server vrf red\nssh server vrf default\nssh server port 5523\n"
				    "ssh server v2\nusername amy\n keystring " KEY "\n secret " HASH "\n group sysadmin\n"
				    " group root-lr\n!\nvrf red\n device vrf-red\n description the other one\n!\n"
				    "domain name lab.example\nhostname r7\n");
	char *text = text_of(tree, 0), *masked = text_of(tree, TREE_MASK_SECRETS);

	cr_assert_str_eq(text, whole);
	cr_assert_null(strstr(masked, "$6$"));
	cr_assert_not_null(strstr(masked, KEY), "a public key is no secret");
	free(text);
	free(masked);
	tree_free(tree);
}

Test(tables, four_keys_at_most)
{
	struct tree *tree = tree_of("username amy\n");
	struct err err = { .text = "" };
	int r = 1;

	for (unsigned i = 0; i < 5; i++) {
		struct match match;
		char line[256];

		snprintf(line, sizeof(line),
			 "username amy keystring ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFp%c",
			 "TUVWX"[i]);
		stmt_match(conf_root, NULL, line, true, &match);
		cr_assert_eq(match.status, MATCH_OK, "%s", match.err.text);
		r = tree_apply(tree, &match, &err);
		stmt_match_done(&match);
		cr_assert_eq(r, i < 4 ? 1 : -ENOSPC, "key %u", i + 1);
	}
	cr_assert_neq(err.text[0], '\0');
	tree_free(tree);
}

Test(tables, bound_fields)
{
	static const struct stmt system_rows[] = { SYSTEM_CONF_ROWS, STMT_DONE };
	static const struct stmt vrf_rows[] = { VRF_CONF_ROW, STMT_DONE };
	static const struct stmt user_rows[] = { USER_CONF_ROW, STMT_DONE };
	static const struct stmt ssh_rows[] = { SSH_CONF_ROW, STMT_DONE };
	struct bind_arena arena = { .chunks = NULL };
	struct system_conf system = { .hostname = NULL };
	struct vrf_conf vrfs = { .vrfs.len = 0 };
	struct users_conf users = { .users.len = 0 };
	struct ssh_conf ssh = { .v2 = true };
	struct tree *tree = tree_of(whole);
	const struct vrf_conf_entry *red;
	const struct user_conf *amy;

	cr_assert_eq(bind_tree(tree, system_rows, &system, &arena), 0);
	cr_assert_eq(bind_tree(tree, vrf_rows, &vrfs, &arena), 0);
	cr_assert_eq(bind_tree(tree, user_rows, &users, &arena), 0);
	cr_assert_eq(bind_tree(tree, ssh_rows, &ssh, &arena), 0);

	cr_assert_str_eq(system.hostname, "r7");
	cr_assert_str_eq(system.domain_name, "lab.example");
	cr_assert_eq(vrfs.vrfs.len, 1);
	red = vrfs.vrfs.items;
	cr_assert_str_eq(red->name, "red");
	cr_assert_str_eq(red->description, "the other one");
	cr_assert_str_eq(red->device, "vrf-red");
	cr_assert_eq(users.users.len, 1);
	amy = users.users.items;
	cr_assert_str_eq(amy->name, "amy");
	cr_assert_eq(amy->groups.len, 2);
	cr_assert_str_eq(((struct user_group_conf *)amy->groups.items)[1].name, "sysadmin");
	cr_assert_str_eq(amy->secret, HASH);
	cr_assert_eq(amy->keys.len, 1);
	cr_assert_str_eq(((struct user_key_conf *)amy->keys.items)[0].keystring, KEY);
	cr_assert(ssh.v2);
	cr_assert_eq(ssh.server.port, 5523);
	cr_assert_eq(ssh.server.timeout_s, 47);
	cr_assert_eq(ssh.vrfs.len, 2);
	cr_assert_str_eq(((struct ssh_vrf_conf *)ssh.vrfs.items)[0].name, "default");
	bind_arena_done(&arena);
	tree_free(tree);

	tree = tree_of("");
	cr_assert_eq(bind_tree(tree, ssh_rows, &ssh, &arena), 0);
	cr_assert_not(ssh.v2);
	cr_assert_eq(ssh.server.port, SSH_UNSET);
	cr_assert_eq(ssh.server.timeout_s, SSH_UNSET, "the default is that of the profile");
	cr_assert_eq(ssh.vrfs.len, 0);
	bind_arena_done(&arena);
	tree_free(tree);
}
