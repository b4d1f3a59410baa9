/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: from a tree to the struct of the daemon that uses it. Every field the rows name is set, so the struct needs no
 * initialisation and no field keeps a value of an earlier configuration. All texts and arrays lie in one arena and go
 * together, wiped, because some are secrets. Rows are found by keyword, since a daemon assembles its own rows.
 */
#include "conf/bind.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tree_node.h"

#define CHUNK_MIN_BYTES 4096u

struct bind_chunk {
	struct bind_chunk *next;
	size_t size, used;
	max_align_t bytes[];
};

/* Zeroed memory that lives as long as the arena. */
static void *arena_get(struct bind_arena *arena, size_t count, size_t element_bytes)
{
	struct bind_chunk *chunk = arena->chunks;
	size_t bytes;
	void *got;

	if (__builtin_mul_overflow(count, element_bytes, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (!chunk || chunk->size - chunk->used < bytes) {
		size_t size = bytes > CHUNK_MIN_BYTES ? bytes : CHUNK_MIN_BYTES;

		chunk = calloc(1, sizeof(*chunk) + size);
		if (!chunk)
			return NULL;
		chunk->size = size;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	got = (char *)chunk->bytes + chunk->used;
	chunk->used += bytes;
	return got;
}

static char *arena_text(struct bind_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_get(arena, size, 1);

	if (copy)
		memcpy(copy, text, size);
	return copy;
}

void bind_arena_done(struct bind_arena *arena)
{
	struct bind_chunk *chunk;

	while ((chunk = arena->chunks)) {
		arena->chunks = chunk->next;
		explicit_bzero(chunk->bytes, chunk->used);
		free(chunk);
	}
}

static int bind_rows(const struct tree_node *node, const struct stmt *node_rows, const struct stmt *rows, char *base,
		     struct bind_arena *arena);

/* The tree's own row with that keyword among rows. */
static const struct stmt *own_row(const struct stmt *rows, const struct stmt *wanted)
{
	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++)
		if (row == wanted || (row->kind == wanted->kind && !strcmp(row->word, wanted->word)))
			return row;
	return NULL;
}

static int word_index(const struct arg *arg, const char *text)
{
	for (int i = 0; arg->words[i]; i++)
		if (!strcmp(arg->words[i], text))
			return i;
	return 0;
}

static int bind_leaf(const struct stmt *row, const char *text, char *field, struct bind_arena *arena)
{
	if (row->arg && stmt_arg_is_number(row->arg)) {
		*(int64_t *)(void *)field = text ? strtoll(text, NULL, 10) : row->flags & STMT_UNSET ? -1 : 0;
	} else if (row->arg && row->arg->words && row->arg->words_taken == 1) {
		*(int *)(void *)field = text ? word_index(row->arg, text) : 0;
	} else {
		char *copy = text ? arena_text(arena, text) : NULL;

		if (text && !copy)
			return -ENOMEM;
		*(char **)(void *)field = copy;
	}
	return 0;
}

static int bind_list(const struct stmt *row, const struct tree_node *node, const struct stmt *own, char *field,
		     struct bind_arena *arena)
{
	struct bind_list *list = (struct bind_list *)(void *)field;
	size_t first = node && own ? tree_node_first(node, own) : 0;
	size_t end = node && own ? tree_node_first(node, own + 1) : 0;
	int r;

	if (!row->esize)
		return 0; /* the struct has no place for it */
	*list = (struct bind_list){ 0 };
	if (first == end)
		return 0;
	list->items = arena_get(arena, end - first, row->esize);
	if (!list->items)
		return -ENOMEM;
	for (size_t i = first; i < end; i++) {
		const struct tree_node *entry = node->children[i];
		char *element = (char *)list->items + (i - first) * row->esize;
		char *key = arena_text(arena, entry->value);

		if (!key)
			return -ENOMEM;
		*(char **)(void *)(element + row->key_offset) = key;
		r = bind_rows(entry, own->sub, row->sub, element, arena);
		if (r < 0)
			return r;
		list->len++;
	}
	return 0;
}

/* node is NULL when the tree has nothing there: the fields get their defaults all the same. */
static int bind_row(const struct stmt *row, const struct tree_node *node, const struct stmt *own, char *base,
		    struct bind_arena *arena)
{
	const char *unset = row->flags & STMT_UNSET ? NULL : row->def;
	const struct tree_node *child;
	int r = 0;

	if (row->kind == STMT_LIST)
		return bind_list(row, node, own, base + row->offset, arena);
	child = node && own ? tree_node_find(node, own, NULL) : NULL;
	if (row->kind == STMT_FLAG)
		*(bool *)(void *)(base + row->offset) = child || (row->def && !strcmp(row->def, "true"));
	else if (row->kind == STMT_LEAF)
		r = bind_leaf(row, child ? child->value : unset, base + row->offset, arena);
	if (r < 0)
		return r;
	return bind_rows(child, own ? own->sub : NULL, row->sub, base, arena);
}

static int bind_rows(const struct tree_node *node, const struct stmt *node_rows, const struct stmt *rows, char *base,
		     struct bind_arena *arena)
{
	int r;

	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++) {
		r = bind_row(row, node, own_row(node_rows, row), base, arena);
		if (r < 0)
			return r;
	}
	return 0;
}

int bind_tree(const struct tree *tree, const struct stmt *root, void *conf, struct bind_arena *arena)
{
	return bind_rows(&tree->top, tree->root, root, conf, arena);
}
