/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: which headings the manual has. The tables are walked; a row that ends a line gets an entry, unless it is folded
 * into the one above it. A statement that stands both beside a list and in it ("ssh server port" and "ssh server vrf
 * blue port") is one entry with the list in brackets. Rows that two places share are told at the shorter one.
 */
#include "packaging/manual/manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct walk {
	struct manual *manual;
	enum manual_part part;
	int result;
};

static bool rows_have(const struct stmt *rows, const struct stmt *row)
{
	for (; rows && rows->kind != STMT_END; rows++)
		if (rows == row || manual_same(rows, row))
			return true;
	return false;
}

/* The list beside the row that holds the same row again. */
static const struct stmt *list_around(const struct stmt *siblings, const struct stmt *row)
{
	for (const struct stmt *list = siblings; list->kind != STMT_END; list++)
		if (list != row && list->kind == STMT_LIST && rows_have(list->sub, row))
			return list;
	return NULL;
}

/* ---- rows that two places share ---- */

struct shortest {
	const struct stmt *sub;
	const char *word; /* preferred where there are several */
	size_t len;
	char words[160];
};

static void on_shortest(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	struct shortest *shortest = userdata;
	size_t len = 0;

	if (row->sub != shortest->sub || path_len > shortest->len ||
	    (path_len == shortest->len && (!shortest->words[0] || strcmp(row->word, shortest->word))))
		return;
	shortest->len = path_len;
	for (size_t i = 0; i < path_len && len < sizeof(shortest->words); i++)
		len += (size_t)snprintf(shortest->words + len, sizeof(shortest->words) - len, "%s%s",
					i ? " " : "", path[i]->word);
}

/* Where the rows below this one are told, when that is elsewhere; else "". */
static void told_at(const struct walk *walk, const struct manual_step *steps, size_t steps_len, char *as,
		    size_t size)
{
	const struct stmt *row = steps[steps_len - 1].row;
	struct shortest shortest = { .sub = row->sub, .word = row->word };

	as[0] = '\0';
	if (!row->sub || row->kind != STMT_NODE)
		return;
	for (size_t i = 0; i < steps_len; i++)
		shortest.len += !steps[i].optional;
	stmt_walk(walk->manual->roots[walk->part], on_shortest, &shortest);
	snprintf(as, size, "%s", shortest.words);
}

/* ---- entries ---- */

/* Siblings that share an entry are told under what stands above them, where something does. */
static void title_write(struct manual_entry *entry)
{
	const bool above = entry->others_len && entry->steps_len > 1;
	size_t len = 0;

	for (size_t i = 0; i + above < entry->steps_len && len < sizeof(entry->title); i++) {
		const struct stmt *row = entry->steps[i].row;

		/* an operand of a command is no part of its name */
		if (!entry->steps[i].optional && !entry->steps[i].rows &&
		    (row->kind != STMT_RUN || !(row->flags & STMT_BARE)))
			len += (size_t)snprintf(entry->title + len, sizeof(entry->title) - len, "%s%s",
						len ? " " : "",
						row->flags & STMT_BARE ? "(entry)" : row->word);
	}
	for (size_t i = 0; !above && i < entry->others_len && len < sizeof(entry->title); i++)
		len += (size_t)snprintf(entry->title + len, sizeof(entry->title) - len, ", %s",
					entry->others[i]->word);
}

static struct manual_entry *entry_add(struct walk *walk, const struct manual_step *steps, size_t steps_len)
{
	struct manual *manual = walk->manual;
	struct manual_entry *entry;

	if (manual->entries_len == manual->entries_size) {
		size_t size = manual->entries_size ? manual->entries_size * 2 : 64;
		struct manual_entry *more = reallocarray(manual->entries, size, sizeof(*more));

		if (!more) {
			walk->result = -ENOMEM;
			return NULL;
		}
		manual->entries = more;
		manual->entries_size = size;
	}
	entry = &manual->entries[manual->entries_len++];
	*entry = (struct manual_entry){ .part = walk->part, .steps_len = steps_len };
	memcpy(entry->steps, steps, steps_len * sizeof(*steps));
	return entry;
}

/* Siblings before this one share its entry already. */
static bool is_told(const struct stmt *siblings, const struct stmt *row)
{
	for (const struct stmt *before = siblings; before < row; before++)
		if (manual_alike(before, row))
			return true;
	return false;
}

static void add_row(struct walk *walk, const struct manual_step *steps, size_t steps_len)
{
	const struct stmt *row = steps[steps_len - 1].row;
	struct manual_entry *entry = entry_add(walk, steps, steps_len);

	if (!entry)
		return;
	entry->folded = manual_folds(row);
	for (const struct stmt *other = row + 1; other->kind != STMT_END; other++)
		if (manual_alike(row, other) && !(other->flags & STMT_HIDDEN) &&
		    entry->others_len < ARRAY_SIZE(entry->others))
			entry->others[entry->others_len++] = other;
	title_write(entry);
}

static void walk_rows(struct walk *walk, const struct stmt *rows, const struct stmt *told,
		      struct manual_step *steps, size_t steps_len);

/* Whether exec mode has the same command. */
static bool is_exec(const struct walk *walk, const struct stmt *row, const struct manual_step *steps,
		    size_t steps_len)
{
	const struct stmt *rows = walk->manual->roots[MANUAL_EXEC], *found = NULL;

	for (size_t i = 0; i <= steps_len && rows; i++) {
		const char *word = i < steps_len ? steps[i].row->word : row->word;

		for (found = rows; found->kind != STMT_END && strcmp(found->word, word); found++)
			;
		rows = found->kind == STMT_END ? NULL : found->sub;
		if (found->kind == STMT_END)
			return false;
	}
	return found && found->run == row->run && found->arg == row->arg && found->sub == row->sub;
}

/* The first of the rows that the same is below of; NULL: none. */
static const struct stmt *shared_with(const struct stmt *rows, const struct stmt *row)
{
	for (; rows->kind != STMT_END; rows++)
		if (rows == row || manual_shares(rows, row))
			return rows;
	return NULL;
}

static void walk_row(struct walk *walk, const struct stmt *rows, const struct stmt *row,
		     struct manual_step *steps, size_t steps_len)
{
	const struct stmt *list = list_around(rows, row);
	struct manual_entry *entry;
	char as[sizeof(entry->as)];

	if (steps_len + 2 > STMT_DEPTH_MAX ||
	    (walk->part == MANUAL_MODE && is_exec(walk, row, steps, steps_len)))
		return;
	if (list)
		steps[steps_len++] = (struct manual_step){ .row = list, .optional = true };
	steps[steps_len++] = (struct manual_step){ .row = row };
	told_at(walk, steps, steps_len, as, sizeof(as));
	if (as[0]) {
		entry = entry_add(walk, steps, steps_len);
		if (!entry)
			return;
		memcpy(entry->as, as, sizeof(as));
		title_write(entry);
		return;
	}
	if (manual_folds(row) || manual_is_whole(row))
		add_row(walk, steps, steps_len);
	if (manual_folds(row) || shared_with(rows, row) < row)
		return;
	if (shared_with(row + 1, row))
		steps[steps_len - 1].rows = rows;
	walk_rows(walk, row->sub, row->kind == STMT_LIST ? rows : NULL, steps, steps_len);
}

/* told: rows that are told already, with the list around them in brackets. */
static void walk_rows(struct walk *walk, const struct stmt *rows, const struct stmt *told,
		      struct manual_step *steps, size_t steps_len)
{
	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++)
		if (!(row->flags & STMT_HIDDEN) && !is_told(rows, row) && !(told && rows_have(told, row)))
			walk_row(walk, rows, row, steps, steps_len);
}

static int compare(const void *a, const void *b)
{
	const struct manual_entry *one = a, *other = b;

	if (one->part != other->part)
		return one->part < other->part ? -1 : 1;
	return strcmp(one->title, other->title);
}

int manual_collect(struct manual *manual)
{
	struct walk walk = { .manual = manual };

	for (walk.part = 0; walk.part < MANUAL_PART_MAX; walk.part++) {
		struct manual_step steps[STMT_DEPTH_MAX];

		walk_rows(&walk, manual->roots[walk.part], NULL, steps, 0);
	}
	if (walk.result == 0 && manual->entries_len)
		qsort(manual->entries, manual->entries_len, sizeof(*manual->entries), compare);
	return walk.result;
}

void manual_done(struct manual *manual)
{
	free(manual->entries);
	manual->entries = NULL;
	manual->entries_len = manual->entries_size = 0;
}
