/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help and completion over small tables: commands, statements beside them, pipes, and lines within lines. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete.h"
#include "cli/pipe.h"
#include "cli/shell.h"

static int run_nothing(struct shell *shell, const struct match *match)
{
	(void)shell;
	(void)match;
	return 0;
}

#define ROW(kind_, word_) .kind = (kind_), .word = (word_), .help = "Help of " word_, .source = "test"

static const struct arg arg_name = { .name = "WORD", .help = "A name", .min = 1, .max = 9, .text = true, .words_taken = 1,
				     .complete = "vrf" };
static const struct arg arg_number = { .help = "A number", .min = 5, .max = 120, .words_taken = 1 };
static const struct arg arg_exec = { .name = "LINE", .help = "Command", .min = 1, .max = 99, .text = true,
				     .complete = SHELL_NESTED_EXEC };
static const struct arg arg_config = { .name = "LINE", .help = "Path", .min = 1, .max = 99, .text = true,
				       .complete = SHELL_NESTED_CONFIG };

static const struct stmt show_rows[] = {
	{ ROW(STMT_RUN, "running-config"), .arg = &arg_config, .flags = STMT_ARG_OPTIONAL, .run = run_nothing },
	{ ROW(STMT_RUN, "vrf"), .run = run_nothing },
	{ ROW(STMT_RUN, "version"), .run = run_nothing },
	STMT_DONE,
};

static const struct stmt exec_rows[] = {
	{ ROW(STMT_NODE, "show"), .sub = show_rows },
	{ ROW(STMT_RUN, "reload"), .run = run_nothing, .flags = STMT_WRITES },
	STMT_DONE,
};

static const struct stmt command_rows[] = {
	{ ROW(STMT_RUN, "do"), .arg = &arg_exec, .run = run_nothing },
	{ ROW(STMT_NODE, "show"), .sub = show_rows },
	STMT_DONE,
};

static const struct stmt ssh_rows[] = {
	{ ROW(STMT_LIST, "vrf"), .arg = &arg_name },
	{ ROW(STMT_LEAF, "timeout"), .arg = &arg_number },
	STMT_DONE,
};

static const struct stmt config_rows[] = {
	{ ROW(STMT_NODE, "ssh"), .sub = ssh_rows },
	{ ROW(STMT_LEAF, "hostname"), .arg = &arg_name },
	STMT_DONE,
};

static const struct complete_scene exec_scene = {
	.commands = { .root = exec_rows }, .exec = exec_rows, .config = config_rows, .pipe = pipe_root,
};

static const struct complete_scene config_scene = {
	.commands = { .root = command_rows }, .statements = { .root = config_rows, .may_negate = true },
	.exec = exec_rows, .config = config_rows, .pipe = pipe_root,
};

/* The words of the list, one blank apart; "!column" when there is none. */
static void expect_hints(const struct complete_scene *scene, const char *before, const char *expected)
{
	struct hint_list list = { 0 };
	unsigned column = 0;
	char words[512] = "";

	if (complete_hints(scene, before, &list, &column) < 0)
		snprintf(words, sizeof(words), "!%u", column);
	for (size_t i = 0; i < list.len; i++)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", i ? " " : "", list.hints[i].word);
	cr_expect_str_eq(words, expected, "\"%s\": %s", before, words);
	hint_list_done(&list);
}

Test(complete, commands)
{
	expect_hints(&exec_scene, "", "reload show");
	expect_hints(&exec_scene, "s", "show");
	expect_hints(&exec_scene, "show ", "running-config version vrf");
	expect_hints(&exec_scene, "show v", "version vrf");
	expect_hints(&exec_scene, "show vrf ", "| <cr>");
	expect_hints(&exec_scene, "show nonsense ", "!5");
}

Test(complete, commands_and_statements_together)
{
	expect_hints(&config_scene, "", "do hostname no show ssh");
	expect_hints(&config_scene, "s", "show ssh");
	expect_hints(&config_scene, "no ", "hostname ssh");
	expect_hints(&config_scene, "ssh timeout ", "<5-120>");
}

Test(complete, pipes)
{
	expect_hints(&exec_scene, "show vrf | ", "begin count exclude file include json no-more section utility");
	expect_hints(&exec_scene, "show vrf | include a|b | ut", "utility");
	expect_hints(&exec_scene, "show vrf | zzz ", "!11");
	/* a statement may hold the character */
	expect_hints(&config_scene, "hostname |", "WORD");
}

Test(complete, line_within_a_line)
{
	expect_hints(&config_scene, "do ", "reload show");
	expect_hints(&config_scene, "do show v", "version vrf");
	expect_hints(&config_scene, "do show vrf ", "| <cr>");
	expect_hints(&config_scene, "do show vrf | beg", "begin");
	expect_hints(&exec_scene, "show running-config ", "hostname ssh | <cr>");
	expect_hints(&exec_scene, "show run ssh ti", "timeout");
	expect_hints(&config_scene, "do show run ssh ", "timeout vrf | <cr>");
	expect_hints(&exec_scene, "show running-config zzz ", "!20");
}

static bool only_readers(const struct stmt *row, void *userdata)
{
	cr_assert_str_eq(userdata, "mine"); /* and not what the list is collected with */
	return !(row->flags & STMT_WRITES);
}

Test(complete, hidden_rows)
{
	struct complete_scene scene = exec_scene;
	char mine[] = "mine";

	scene.visible = only_readers;
	scene.userdata = mine;
	expect_hints(&scene, "", "show");
}

static void give_vrfs(const char *name, void (*on_value)(const char *value, void *to), void *to, void *userdata)
{
	(void)userdata;
	if (strcmp(name, "vrf") != 0)
		return;
	on_value("blue", to);
	on_value("blush", to);
	on_value("red", to);
}

static void expect_insert(const char *before, size_t candidates, const char *expected)
{
	struct hint_list list = { 0 };
	char insert[64];
	unsigned column;

	cr_assert_geq(complete_hints(&config_scene, before, &list, &column), 0);
	cr_expect_eq(complete_insert(&list, before, give_vrfs, NULL, insert, sizeof(insert)), candidates, "%s", before);
	cr_expect_str_eq(insert, expected, "%s: \"%s\"", before, insert);
	hint_list_done(&list);
}

Test(complete, insert)
{
	expect_insert("sho", 1, "w ");
	expect_insert("show ver", 1, "sion ");
	expect_insert("show v", 2, "");
	expect_insert("s", 2, "");
	expect_insert("SHO", 1, "w ");
	expect_insert("ssh vrf b", 2, "lu");
	expect_insert("ssh vrf r", 1, "ed ");
	expect_insert("ssh vrf x", 0, "");
	expect_insert("ssh timeout ", 0, "");
	expect_insert("show vrf | inc", 1, "lude ");
}

Test(complete, insert_is_bounded)
{
	struct hint_list list = { 0 };
	char insert[4], word[300];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	hint_list_add(&list, "abcdefgh", "", NULL, false);
	hint_list_add(&list, word, "", NULL, false);
	cr_expect_eq(complete_insert(&list, "a", NULL, NULL, insert, sizeof(insert)), 1);
	cr_expect_str_eq(insert, "bcd");
	hint_list_done(&list);
}

Test(complete, print_lines_up)
{
	struct hint_list list = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	hint_list_add(&list, "a", "First", NULL, false);
	hint_list_add(&list, "longer", "Second", NULL, false);
	hint_list_add(&list, "<cr>", "", NULL, true);
	hint_list_print(&list, out);
	fclose(out);
	cr_expect_str_eq(text, "  a       First\n  longer  Second\n  <cr>\n");
	free(text);
	hint_list_done(&list);
}
