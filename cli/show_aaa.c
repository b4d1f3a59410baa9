/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: users, groups and tasks, in the blocks of IOS XR. What a group gives is worked out by aaa/group_conf.c from the
 * configuration, as the daemons do it.
 */
#include "cli/show_aaa.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cli/column.h"

static const struct {
	unsigned bit;
	const char *word, *name;
} accesses[] = {
	{ TASK_READ, "READ", "read" },
	{ TASK_WRITE, "WRITE", "write" },
	{ TASK_EXECUTE, "EXECUTE", "execute" },
	{ TASK_DEBUG, "DEBUG", "debug" },
};

/* ---- tasks ---- */

/* "Task:                  aaa  : READ    WRITE    EXECUTE   DEBUG"; what is not held leaves its column empty */
static void put_task(FILE *out, const char *task, unsigned access)
{
	char line[80];
	size_t len;

	snprintf(line, sizeof(line), "Task: %20s  : %-8s%-9s%-10s%s", task, access & TASK_READ ? "READ" : "",
		 access & TASK_WRITE ? "WRITE" : "", access & TASK_EXECUTE ? "EXECUTE" : "",
		 access & TASK_DEBUG ? "DEBUG" : "");
	len = strlen(line);
	while (len && line[len - 1] == ' ')
		len--;
	fprintf(out, "%.*s\n", (int)len, line);
}

static void put_tasks(FILE *out, const struct task_set *set)
{
	for (size_t i = 0; task_words[i]; i++)
		if (set->access[i])
			put_task(out, task_words[i], set->access[i]);
}

static json_t *tasks_json(const struct task_set *set)
{
	json_t *rows = json_array();

	for (size_t i = 0; task_words[i]; i++) {
		json_t *row;

		if (!set->access[i])
			continue;
		row = json_pack("{s:s}", "task", task_words[i]);
		for (size_t j = 0; j < sizeof(accesses) / sizeof(accesses[0]); j++)
			json_object_set_new(row, accesses[j].name, json_boolean(set->access[i] & accesses[j].bit));
		json_array_append_new(rows, row);
	}
	return rows;
}

int show_aaa_tasks(FILE *out, bool as_json)
{
	json_t *rows = json_array();

	for (size_t i = 0; task_words[i]; i++) {
		if (as_json)
			json_array_append_new(rows, json_pack("{s:s}", "task", task_words[i]));
		else
			fprintf(out, "%s\n", task_words[i]);
	}
	if (as_json)
		return column_json(out, rows);
	json_decref(rows);
	return 0;
}

/* ---- what is shown of one name, or of all ---- */

struct printer {
	FILE *out;
	const struct tree *tree;
	enum group_kind kind;
	const char *only;
	json_t *rows; /* NULL: text */
	size_t shown;
};

static void on_name_json(const char *name, void *userdata)
{
	json_array_append_new(userdata, json_string(name));
}

static void on_parent(const char *name, void *userdata)
{
	fprintf(userdata, "  Inherits from task group '%s'\n", name);
}

static void on_user_parent(const char *name, void *userdata)
{
	fprintf(userdata, "  Inherits from user group '%s'\n", name);
}

static void group_json(struct printer *print, const char *name, const struct task_set *tasks)
{
	json_t *taskgroups = json_array(), *inherits = json_array();

	group_each_parent(print->tree, print->kind, name, GROUP_TASK, on_name_json,
			  print->kind == GROUP_USER ? taskgroups : inherits);
	if (print->kind == GROUP_USER)
		group_each_parent(print->tree, print->kind, name, GROUP_USER, on_name_json, inherits);
	json_array_append_new(print->rows, json_pack("{s:s, s:b, s:o, s:o, s:o}", "name", name, "predefined",
						     group_is_predefined(name), "taskgroups", taskgroups, "inherits",
						     inherits, "tasks", tasks_json(tasks)));
}

static void on_group(const char *name, void *userdata)
{
	struct printer *print = userdata;
	const char *word = print->kind == GROUP_USER ? "User" : "Task";
	struct task_set tasks = { .access = { 0 } };

	if (print->only && strcmp(print->only, name) != 0)
		return;
	print->shown++;
	group_tasks(print->tree, print->kind, name, &tasks);
	if (print->rows) {
		group_json(print, name, &tasks);
		return;
	}
	fprintf(print->out, "%s%s group '%s'\n", print->shown > 1 ? "\n" : "", word, name);
	if (print->kind == GROUP_USER)
		group_each_parent(print->tree, print->kind, name, GROUP_USER, on_user_parent, print->out);
	group_each_parent(print->tree, print->kind, name, GROUP_TASK, on_parent, print->out);
	fprintf(print->out, "\n%s group '%s' has the following combined set\n", word, name);
	fputs("  of task IDs (including all inherited groups):\n", print->out);
	put_tasks(print->out, &tasks);
}

static int finish(struct printer *print)
{
	if (print->only && !print->shown) {
		json_decref(print->rows);
		return -ENOENT;
	}
	return print->rows ? column_json(print->out, print->rows) : 0;
}

int show_aaa_group(FILE *out, const struct tree *tree, enum group_kind kind, const char *name, bool as_json)
{
	struct printer print = { .out = out, .tree = tree, .kind = kind, .only = name };

	if (as_json && !(print.rows = json_array()))
		return -ENOMEM;
	for (size_t i = 0; group_predefined[i]; i++)
		on_group(group_predefined[i], &print);
	tree_keys(tree, group_kind_words[kind], on_group, &print);
	return finish(&print);
}

static void on_users_group(const char *name, void *userdata)
{
	fprintf(userdata, "User group %s\n", name);
}

static void on_user(const char *name, void *userdata)
{
	struct printer *print = userdata;
	json_t *groups;
	char path[64];

	if (print->only && strcmp(print->only, name) != 0)
		return;
	print->shown++;
	snprintf(path, sizeof(path), "username %.32s group", name);
	if (!print->rows) {
		fprintf(print->out, "Username %s (Local)\n", name);
		tree_keys(print->tree, path, on_users_group, print->out);
		return;
	}
	groups = json_array();
	tree_keys(print->tree, path, on_name_json, groups);
	json_array_append_new(print->rows, json_pack("{s:s, s:o}", "username", name, "groups", groups));
}

int show_aaa_userdb(FILE *out, const struct tree *tree, const char *name, bool as_json)
{
	struct printer print = { .out = out, .tree = tree, .only = name };

	if (as_json && !(print.rows = json_array()))
		return -ENOMEM;
	tree_keys(tree, "username", on_user, &print);
	return finish(&print);
}

/* ---- who one is ---- */

int show_user(FILE *out, const struct show_user *user, unsigned parts, bool as_json)
{
	if (as_json)
		return column_json(out, json_pack("[{s:s, s:s, s:o}]", "username", user->name, "groups", user->groups,
						  "tasks", tasks_json(user->tasks)));
	if (parts == SHOW_USER_NAME) {
		fprintf(out, "%s\n", user->name);
	} else if (parts == SHOW_USER_GROUPS) {
		fprintf(out, "%s\n", user->groups);
	} else if (parts == SHOW_USER_ALL) {
		fprintf(out, "Username: %s\nGroups: %s\n", user->name, user->groups);
		fprintf(out, "Authenticated using method local\nUser %s has the following Task ID(s):\n\n", user->name);
	}
	if (parts & SHOW_USER_TASKS)
		put_tasks(out, user->tasks);
	return 0;
}
