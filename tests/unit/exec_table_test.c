/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the law of every table an operator types from: what each row has to say, in which form, and that help and
 * completion offer it where it may stand.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/config_commit.h"
#include "cli/json_rows.h"
#include "cli/pipe.h"
#include "cli/shell.h"
#include "conf/root.h"

static const struct stmt *const tables[] = { conf_root, config_mode_commands, exec_root, pipe_root };

static const char *path_text(const struct stmt *const *path, size_t len)
{
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", path[i]->word);
	return text;
}

/* One sentence or its beginning: a capital or a name, no full stop, no blanks at the ends, one line of a terminal. */
static void check_help(const char *help, const char *where)
{
	static const char *const names[] = { "scp", "sftp", "ssh" };
	size_t len = help ? strlen(help) : 0;
	bool small = len && help[0] >= 'a' && help[0] <= 'z';

	cr_assert(len, "%s: no help", where);
	cr_assert(help[len - 1] != '.' && help[len - 1] != ' ' && help[0] != ' ', "%s: help [%s]", where, help);
	cr_assert(!strchr(help, '\n') && !strchr(help, '\t') && len <= 100, "%s: help of %zu characters [%s]", where, len,
		  help);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		small = small && strncmp(help, names[i], strlen(names[i])) != 0;
	cr_assert(!small, "%s: help begins small [%s]", where, help);
}

static void check_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	const char *where = path_text(path, path_len), *task = NULL;
	bool statements = userdata != NULL;

	for (size_t i = 0; i < path_len; i++)
		task = path[i]->task ? path[i]->task : task;
	cr_assert(row->word && row->word[0], "%s: no keyword", where);
	if (!(row->flags & STMT_HIDDEN))
		check_help(row->help, where);
	cr_assert(row->source && row->source[0], "%s: no source", where);
	cr_assert_not_null(task, "%s: no task, not even TASK_NONE", where);
	cr_assert(!statements || row->kind != STMT_RUN, "%s: a command among statements", where);
	cr_assert(row->kind != STMT_NODE || row->sub, "%s: a group of nothing", where);
	cr_assert(row->kind != STMT_RUN || row->run || row->sub, "%s: leads nowhere", where);
	if (row->arg && !(row->flags & STMT_HIDDEN))
		check_help(row->arg->help, where);
	cr_assert(!(row->flags & STMT_ARG_OPTIONAL) || row->arg, "%s: nothing that could be left out", where);
}

Test(exec_table, every_row_says_everything)
{
	bool statements = true;

	stmt_walk(conf_root, check_row, &statements);
	for (size_t i = 1; i < ARRAY_SIZE(tables); i++)
		stmt_walk(tables[i], check_row, NULL);
}

/* ---- help and completion offer each row ---- */

struct looking {
	const struct stmt *root, *row;
	unsigned found;
};

static void on_hint(const struct stmt_hint *hint, void *userdata)
{
	struct looking *looking = userdata;

	if (hint->arg || hint->enter || strcmp(hint->word, looking->row->word))
		return;
	looking->found++;
	cr_expect(!strncmp(hint->help, looking->row->help, strlen(looking->row->help)), "%s: [%s]", hint->word, hint->help);
}

static const char *value_of(const struct stmt *row)
{
	static const char *const tries[] = { "7",     "5520",  "40",     "2000",
					     "n1",    "ab",    "10.0.0.0/8", "tcp any any",
					     ("10 $6$s$" "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz12345678"),
					     "/x/y",  "192.0.2.1", "192.0.2.1 vrf default", "4096" };
	char *canonical = NULL;

	if (row->arg->words)
		return row->arg->words[0];
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		if (stmt_arg_canonical(row->arg, tries[i], &canonical, NULL) < 0)
			continue;
		free(canonical);
		return tries[i];
	}
	return NULL;
}

static void check_offered(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct looking *looking = userdata;
	char line[1024] = "";
	size_t len;
	unsigned column;
	int r;

	looking->row = path[path_len - 1];

	if (looking->row->flags & (STMT_HIDDEN | STMT_BARE | STMT_UNSPOKEN))
		return;
	for (size_t i = 0; i + 1 < path_len; i++) {
		const char *value = path[i]->arg && !(path[i]->flags & STMT_ARG_OPTIONAL) ? value_of(path[i]) : "";

		const bool spoken = !(path[i]->flags & (STMT_BARE | STMT_UNSPOKEN));

		cr_assert(value, "%s: no value is known", path_text(path, i + 1));
		if (path[i]->flags & STMT_HIDDEN)
			return;
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s%s ",
			 spoken ? path[i]->word : "", value[0] && spoken ? " " : "", value);
	}
	/* "?" behind what stands before, and TAB in the word itself */
	len = strlen(line);
	for (unsigned letters = 0; letters <= 1; letters++) {
		snprintf(line + len, sizeof(line) - len, "%.*s", (int)letters, looking->row->word);
		looking->found = 0;
		r = stmt_hints(looking->root, NULL, line, false, NULL, on_hint, looking, &column);
		cr_expect(r > 0 && looking->found == 1, "[%s]: %s is offered %u times", line, looking->row->word,
			  looking->found);
	}
}

Test(exec_table, every_row_is_offered_where_it_may_stand)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct looking looking = { .root = tables[i] };

		stmt_walk(tables[i], check_offered, &looking);
	}
}

/* ---- the rows of "| json" ---- */

static void check_fields(const struct field *fields, const char *command)
{
	for (; fields->name; fields++) {
		cr_assert(fields->help && fields->help[0], "%s: %s has no help", command, fields->name);
		check_help(fields->help, fields->name);
	}
}

Test(exec_table, rows_of_json)
{
	for (const struct json_rows *row = json_rows; row->command; row++) {
		struct match match;

		stmt_match(exec_root, NULL, row->command, false, &match);
		cr_assert(match.status == MATCH_OK || match.status == MATCH_INCOMPLETE, "%s is no command", row->command);
		stmt_match_done(&match);
		for (size_t i = 0; i < ARRAY_SIZE(row->fields) && row->fields[i]; i++)
			check_fields(row->fields[i], row->command);
		for (const struct json_list *list = row->lists; list->name; list++)
			if (list->fields)
				check_fields(list->fields, row->command);
		cr_assert(!row[1].command || strcmp(row->command, row[1].command) < 0, "%s: not in order", row[1].command);
	}
}
