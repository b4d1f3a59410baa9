/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of tasks, their text, and what rows ask of them. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/config_commit.h"
#include "cli/shell.h"
#include "conf/root.h"
#include "conf/task.h"

static struct task_set set_of(const char *text)
{
	struct task_set set;

	cr_assert_eq(task_set_parse(text, &set), 0, "%s", text);
	return set;
}

Test(task, words_are_in_order_and_different)
{
	for (size_t i = 1; task_words[i]; i++)
		cr_assert_lt(strcmp(task_words[i - 1], task_words[i]), 0, "%s", task_words[i]);
	for (int i = 0; task_words[i]; i++)
		cr_assert_eq(task_place(task_words[i]), i);
	cr_assert_lt(task_place("cheese"), 0);
}

Test(task, text_and_back)
{
	struct task_set set = set_of("rx:acl,rwxd:crypto,d:vrrp"), all = { .access = { 0 } }, again;
	char text[TASK_TEXT_MAX_BYTES];

	cr_assert_str_eq(task_set_text(&set, text), "rx:acl,rwxd:crypto,d:vrrp");
	set = set_of("w:acl,r:acl");
	cr_assert_str_eq(task_set_text(&set, text), "rw:acl");
	set = set_of("");
	cr_assert(task_set_is_empty(&set));
	task_set_add_all(&all, TASK_ACCESS_ALL);
	again = set_of(task_set_text(&all, text));
	cr_assert_eq(memcmp(&all, &again, sizeof(all)), 0, "the longest text fits");
}

Test(task, texts_that_are_none)
{
	static const char *const texts[] = { "r", ":acl", "r:", "q:acl", "r:cheese", "r:acl,", ",r:acl", "r:acl,,r:aaa",
					     "r:acl r:aaa", "r:acl:aaa", "R:acl",
					     "r:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct task_set set = set_of("r:aaa"), before = set;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert_lt(task_set_parse(texts[i], &set), 0, "%s", texts[i]);
		cr_assert_eq(memcmp(&set, &before, sizeof(set)), 0, "%s is written", texts[i]);
	}
}

Test(task, has_and_covers)
{
	struct task_set set = set_of("rw:crypto,r:aaa"), less = set_of("w:crypto"), other = set_of("r:crypto,x:aaa");
	const char *task = NULL;

	cr_assert(task_set_has(&set, "crypto", TASK_READ | TASK_WRITE));
	cr_assert_not(task_set_has(&set, "crypto", TASK_READ | TASK_EXECUTE), "all of it is meant");
	cr_assert_not(task_set_has(&set, "cheese", TASK_READ), "nobody holds a task there is not");
	cr_assert(task_set_has(&set, TASK_NONE, TASK_ACCESS_ALL));
	cr_assert(task_set_covers(&set, &less, &task));
	cr_assert_null(task);
	cr_assert_not(task_set_covers(&set, &other, &task));
	cr_assert_str_eq(task, "aaa");
}

static bool may_run(const char *rights, const char *line)
{
	struct task_set set = set_of(rights);
	struct match match;
	bool may;

	stmt_match(exec_root, NULL, line, false, &match);
	cr_assert_eq(match.status, MATCH_OK, "%s", line);
	may = task_allows_command(&set, &match);
	stmt_match_done(&match);
	return may;
}

Test(task, commands)
{
	cr_assert(may_run("r:basic-services", "show ssh"));
	cr_assert_not(may_run("wxd:basic-services,r:aaa", "show ssh"));
	cr_assert(may_run("x:crypto", "clear ssh 1"));
	cr_assert_not(may_run("rwd:crypto", "clear ssh 1"));
	cr_assert(may_run("w:config-services", "configure"));
	cr_assert(may_run("w:config-services", "rollback configuration last 1"));
	cr_assert_not(may_run("rxd:config-services", "configure"));
	cr_assert(may_run("", "exit"), "whoever came in may go");
	cr_assert(may_run("", "terminal length 0"));
	cr_assert(may_run("", "show user tasks"));
	cr_assert_not(may_run("r:basic-services", "show aaa userdb"));
}

static bool may_use(const char *rights, const char *line, unsigned access)
{
	struct task_set set = set_of(rights);
	struct match match;
	bool may;

	stmt_match(conf_root, NULL, line, true, &match);
	cr_assert_eq(match.status, MATCH_OK, "%s", line);
	may = task_allows_statement(&set, &match, access);
	stmt_match_done(&match);
	return may;
}

Test(task, statements)
{
	cr_assert(may_use("w:crypto", "ssh timeout 47", TASK_WRITE), "children ask for what their parents do");
	cr_assert(may_use("w:crypto", "no ssh server vrf blue", TASK_WRITE));
	cr_assert_not(may_use("r:crypto,w:aaa", "ssh timeout 47", TASK_WRITE));
	cr_assert(may_use("r:aaa", "username amy group operator", TASK_READ));
	cr_assert_not(may_use("rxd:aaa", "username amy group operator", TASK_WRITE));
	cr_assert(may_use("w:aaa", "taskgroup look task read crypto", TASK_WRITE));
}

static const struct stmt *row_of(const struct stmt *rows, const char *word)
{
	while (strcmp(rows->word, word) != 0)
		rows++;
	return rows;
}

Test(task, what_is_shown)
{
	struct task_set none = set_of(""), look = set_of("r:crypto"), all = { .access = { 0 } };

	cr_assert_not(task_shows_row(&none, row_of(exec_root, "configure"), TASK_READ));
	cr_assert(task_shows_row(&none, row_of(exec_root, "exit"), TASK_READ));
	cr_assert(task_shows_row(&none, row_of(exec_root, "show"), TASK_READ), "show user is for everybody");
	cr_assert_not(task_shows_row(&look, row_of(exec_root, "clear"), TASK_READ));
	cr_assert(task_shows_row(&look, row_of(conf_root, "ssh"), TASK_READ));
	cr_assert_not(task_shows_row(&look, row_of(conf_root, "ssh"), TASK_WRITE));
	cr_assert_not(task_allows_table(&look, conf_root, TASK_READ));
	task_set_add_all(&all, TASK_READ);
	cr_assert(task_allows_table(&all, conf_root, TASK_READ));
	cr_assert_not(task_allows_table(&all, conf_root, TASK_WRITE));
}

/* A command whose task is misspelled would be nobody's. */
static void check_command(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	const char *task = NULL;

	for (size_t i = 0; i < path_len; i++)
		if (path[i]->task)
			task = path[i]->task;
	cr_assert(task && (!task[0] || task_place(task) >= 0), "%s: task %s", row->word, task ? task : "none");
	++*(unsigned *)userdata;
}

Test(task, every_command_has_one)
{
	unsigned count = 0;

	stmt_walk(exec_root, check_command, &count);
	stmt_walk(config_mode_commands, check_command, &count);
	cr_assert_gt(count, 50);
}
