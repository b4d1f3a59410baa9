/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: help and completion read the same rows that commands are matched with. Three things make a line more than one
 * walk through one table: in configuration mode a line may be a command or a statement, behind "|" stand the filters,
 * and the operand of some commands is itself a line ("do show ssh", "show running-config ssh server").
 */
#include "cli/complete.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/pipe.h"
#include "cli/shell.h"

/* ---- the list ---- */

void hint_list_add(struct hint_list *list, const char *word, const char *help, const struct arg *arg, bool enter)
{
	struct hint hint = { .arg = arg, .enter = enter };

	if (list->len == HINTS_MAX)
		return;
	if (list->len == list->size) {
		size_t size = list->size ? list->size * 2 : 32;
		struct hint *more = reallocarray(list->hints, size, sizeof(*more));

		if (!more)
			return;
		list->hints = more;
		list->size = size;
	}
	hint.word = strdup(word);
	hint.help = strdup(help ? help : "");
	if (!hint.word || !hint.help) {
		free(hint.word);
		free(hint.help);
		return;
	}
	list->hints[list->len++] = hint;
}

void hint_list_done(struct hint_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		free(list->hints[i].word);
		free(list->hints[i].help);
	}
	free(list->hints);
	*list = (struct hint_list){ 0 };
}

/* stmt_hints() has one userdata for both of its callbacks. */
struct collector {
	struct hint_list *list;
	const struct complete_scene *scene; /* NULL: every row is visible */
};

static void on_hint(const struct stmt_hint *hint, void *userdata)
{
	const struct collector *collector = userdata;

	hint_list_add(collector->list, hint->word, hint->help, hint->arg, hint->enter);
}

static bool is_visible(const struct stmt *row, void *userdata)
{
	const struct collector *collector = userdata;

	return !collector->scene || !collector->scene->visible ||
	       collector->scene->visible(row, collector->scene->userdata);
}

static int compare(const void *a, const void *b)
{
	const struct hint *one = a, *two = b;

	if (one->enter != two->enter)
		return one->enter - two->enter;
	/* what ends a command comes last, <cr> after "|" */
	return one->enter ? strcmp(two->word, one->word) : strcmp(one->word, two->word);
}

static void sort(struct hint_list *list)
{
	size_t kept = 0;

	if (list->len)
		qsort(list->hints, list->len, sizeof(*list->hints), compare);
	/* a keyword that is a command and a statement is shown once */
	for (size_t i = 0; i < list->len; i++) {
		if (kept && !compare(&list->hints[kept - 1], &list->hints[i])) {
			free(list->hints[i].word);
			free(list->hints[i].help);
			continue;
		}
		list->hints[kept++] = list->hints[i];
	}
	list->len = kept;
}

void hint_list_print(const struct hint_list *list, FILE *out)
{
	size_t width = 0;

	for (size_t i = 0; i < list->len; i++)
		if (strlen(list->hints[i].word) > width)
			width = strlen(list->hints[i].word);
	for (size_t i = 0; i < list->len; i++) {
		const struct hint *hint = &list->hints[i];

		if (hint->help[0])
			fprintf(out, "  %-*s  %s\n", (int)width, hint->word, hint->help);
		else
			fprintf(out, "  %s\n", hint->word);
	}
}

/* ---- collecting ---- */

static bool has_nested(const struct hint_list *list, const char **ret_name)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct arg *arg = list->hints[i].arg;

		if (arg && arg->complete &&
		    (!strcmp(arg->complete, SHELL_NESTED_EXEC) || !strcmp(arg->complete, SHELL_NESTED_CONFIG))) {
			*ret_name = arg->complete;
			return true;
		}
	}
	return false;
}

static bool offers_nested(const struct stmt *root, const char *line, size_t len, const char *name)
{
	AUTO(free) char *before = strndup(line, len);
	struct hint_list list = { 0 };
	struct collector collector = { &list, NULL };
	const char *found = NULL;
	unsigned column;
	bool offers;

	if (!before)
		return false;
	stmt_hints(root, NULL, before, false, is_visible, on_hint, &collector, &column);
	offers = has_nested(&list, &found) && !strcmp(found, name);
	hint_list_done(&list);
	return offers;
}

const char *complete_nested(const struct stmt *root, const char *line, const char *name)
{
	const char *at = line + strspn(line, " \t");
	int words = 0;

	/* no path of commands is longer than the rows of a match */
	while (*at && words++ < STMT_DEPTH_MAX) {
		at += strcspn(at, " \t");
		if (!*at)
			break;
		at += strspn(at, " \t");
		if (offers_nested(root, line, (size_t)(at - line), name))
			return at;
	}
	return NULL;
}

static int table_hints(const struct complete_scene *scene, const struct complete_table *table, const char *before,
		       struct hint_list *list, unsigned *ret_column)
{
	struct collector collector = { list, scene };

	if (!table->root)
		return -EINVAL;
	return stmt_hints(table->root, table->context, before, table->may_negate, is_visible, on_hint, &collector,
			  ret_column);
}

/* A command's hints, or those of the line that its operand is. */
static int command_hints(const struct complete_scene *scene, const struct complete_table *table, const char *before,
			 struct hint_list *list, unsigned *ret_column)
{
	const char *name = NULL, *inner;
	struct complete_table nested = { 0 };
	struct hint_list more = { 0 };
	size_t kept = 0;
	unsigned column = 0;
	int r = table_hints(scene, table, before, list, ret_column);

	if (r < 0 || !has_nested(list, &name))
		return r;
	inner = complete_nested(table->root, before, name);
	if (!inner)
		return r;
	nested.root = !strcmp(name, SHELL_NESTED_EXEC) ? scene->exec : scene->config;
	if (nested.root == scene->exec)
		r = command_hints(scene, &nested, inner, &more, &column);
	else
		r = table_hints(scene, &nested, inner, &more, &column);
	/* the operand itself is replaced by what may be in it; whether a command is whole, its own table says */
	for (size_t i = 0; i < list->len; i++) {
		if (list->hints[i].arg || (nested.root == scene->exec && list->hints[i].enter)) {
			free(list->hints[i].word);
			free(list->hints[i].help);
		} else {
			list->hints[kept++] = list->hints[i];
		}
	}
	list->len = kept;
	for (size_t i = 0; i < more.len; i++)
		hint_list_add(list, more.hints[i].word, more.hints[i].help, more.hints[i].arg, more.hints[i].enter);
	hint_list_done(&more);
	if (r < 0)
		*ret_column = (unsigned)(inner - before) + column;
	return r < 0 ? r : 0;
}

static int pipe_hints(const struct complete_scene *scene, const char *before, struct hint_list *list,
		      unsigned *ret_column)
{
	const char *at = pipe_find(before, true), *next;
	struct complete_table table = { .root = scene->pipe };
	unsigned column = 0;
	int r;

	while (at && (next = pipe_find(at + 1, false)))
		at = next;
	if (!at)
		return -ENOENT;
	r = table_hints(scene, &table, at + 1, list, &column);
	if (r < 0)
		*ret_column = (unsigned)(at + 1 - before) + column;
	return r < 0 ? r : 0;
}

/* Whether the line is one of the commands, as far as its first word says. */
static bool begins_command(const struct complete_scene *scene, const char *before)
{
	size_t start = strspn(before, " \t"), len = strcspn(before + start, " \t");
	AUTO(free) char *word = strndup(before + start, len);
	struct hint_list list = { 0 };
	unsigned column;
	bool begins;

	if (!word || !len)
		return false;
	begins = table_hints(scene, &scene->commands, word, &list, &column) > 0;
	hint_list_done(&list);
	return begins;
}

/* A command that is whole may have filters behind it. */
static void offer_pipe(const struct complete_scene *scene, struct hint_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->hints[i].enter) {
			if (scene->pipe)
				hint_list_add(list, "|", "Output Modifiers", NULL, true);
			return;
		}
	}
}

int complete_hints(const struct complete_scene *scene, const char *before, struct hint_list *ret_list,
		   unsigned *ret_column)
{
	struct hint_list list = { 0 };
	unsigned column = 0, other_column = 0;
	int r, other;

	if (pipe_find(before, true) && begins_command(scene, before)) {
		r = pipe_hints(scene, before, &list, ret_column);
	} else {
		r = command_hints(scene, &scene->commands, before, &list, &column);
		offer_pipe(scene, &list);
		other = table_hints(scene, &scene->statements, before, &list, &other_column);
		*ret_column = other_column > column ? other_column : column;
		r = r >= 0 || other >= 0 ? 0 : -EINVAL;
	}
	if (r < 0) {
		hint_list_done(&list);
		return r;
	}
	sort(&list);
	*ret_list = list;
	return 0;
}

/* ---- Tab ---- */

struct candidates {
	const char *partial;
	size_t partial_len, count, common_len;
	char common[256]; /* what all candidates begin with */
};

static void add_candidate(const char *word, void *to)
{
	struct candidates *candidates = to;
	size_t same = 0;

	if (strncasecmp(word, candidates->partial, candidates->partial_len) ||
	    strlen(word) >= sizeof(candidates->common))
		return;
	if (!candidates->count++) {
		candidates->common_len = strlen(word);
		memcpy(candidates->common, word, candidates->common_len + 1);
		return;
	}
	while (same < candidates->common_len && word[same] == candidates->common[same])
		same++;
	candidates->common_len = same;
	candidates->common[same] = '\0';
}

size_t complete_insert(const struct hint_list *list, const char *before,
		       void (*source)(const char *name, void (*on_value)(const char *value, void *to), void *to,
				      void *userdata),
		       void *userdata, char *ret_insert, size_t size_bytes)
{
	const char *blank = strrchr(before, ' '), *tab = strrchr(before, '\t');
	struct candidates candidates = { .partial = before };

	if (blank && (!tab || blank > tab))
		candidates.partial = blank + 1;
	else if (tab)
		candidates.partial = tab + 1;
	candidates.partial_len = strlen(candidates.partial);
	for (size_t i = 0; i < list->len; i++) {
		const struct hint *hint = &list->hints[i];

		if (hint->arg && hint->arg->complete && source)
			source(hint->arg->complete, add_candidate, &candidates, userdata);
		else if (!hint->arg && !hint->enter)
			add_candidate(hint->word, &candidates);
	}
	ret_insert[0] = '\0';
	if (candidates.count && candidates.common_len >= candidates.partial_len) {
		/* a directory, or a volume, is only where the rest of a name begins */
		bool whole = candidates.count == 1 && candidates.common_len &&
			     !strchr("/:", candidates.common[candidates.common_len - 1]);

		snprintf(ret_insert, size_bytes, "%s%s", candidates.common + candidates.partial_len, whole ? " " : "");
	}
	return candidates.count;
}
