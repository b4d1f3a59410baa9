/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what is different between two trees over the same rows. Both sides are sorted alike, so each pair of nodes is
 * merged in one pass. A group that becomes empty is never named: only what counts by itself is removed, so an edit
 * taken over onto a newer configuration cannot remove more than the operator saw.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tree_node.h"

static const struct tree_node nothing;

/* The next pair of children: either may be missing, then it is NULL. */
struct merge {
	const struct tree_node *from, *to;
	size_t from_at, from_end, to_at, to_end;
	const struct tree_node *old, *new;
};

static int node_order(const struct tree_node *a, const struct tree_node *b)
{
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return a->row->kind == STMT_LIST ? tree_key_compare(a->value, b->value) : 0;
}

static struct merge merge_begin(const struct tree_node *from, const struct tree_node *to)
{
	return (struct merge){ .from = from, .to = to, .from_end = from->len, .to_end = to->len };
}

static bool merge_next(struct merge *merge)
{
	int order;

	merge->old = merge->from_at < merge->from_end ? merge->from->children[merge->from_at] : NULL;
	merge->new = merge->to_at < merge->to_end ? merge->to->children[merge->to_at] : NULL;
	if (!merge->old && !merge->new)
		return false;
	order = !merge->old ? 1 : !merge->new ? -1 : node_order(merge->old, merge->new);
	if (order < 0)
		merge->new = NULL;
	if (order > 0)
		merge->old = NULL;
	merge->from_at += merge->old != NULL;
	merge->to_at += merge->new != NULL;
	return true;
}

static bool value_changed(const struct tree_node *old, const struct tree_node *new)
{
	return old->value && new->value && strcmp(old->value, new->value) != 0;
}

static bool nodes_differ(const struct tree_node *from, const struct tree_node *to)
{
	struct merge merge = merge_begin(from, to);

	if (from->len != to->len || value_changed(from, to))
		return true;
	while (merge_next(&merge))
		if (!merge.old || !merge.new || nodes_differ(merge.old, merge.new))
			return true;
	return false;
}

/* ---- flat lines ---- */

/* The path as "no" takes it: a leaf without what it held, but where that is all it is known by. */
static size_t push_removal(struct tree_line *line, const struct tree_node *node, bool mask)
{
	struct tree_node bare = { .row = node->row };

	const bool named = node->row->kind == STMT_LEAF && !(node->row->flags & STMT_UNSPOKEN);

	return tree_line_push(line, named ? &bare : node, mask);
}

static int emit_removal(struct tree_emit *emit)
{
	char *text;
	int r;

	if (emit->line.failed || asprintf(&text, "no %s", emit->line.text) < 0)
		return -ENOMEM;
	r = emit->on_line(text, emit->userdata);
	free(text);
	if (r >= 0)
		emit->count++;
	return r;
}

static int diff_removals(struct tree_emit *emit, const struct tree_node *from, const struct tree_node *to)
{
	struct merge merge = merge_begin(from, to);
	int r = 0;

	while (r >= 0 && merge_next(&merge)) {
		bool gone = merge.old && !merge.new && tree_node_counts(merge.old);
		size_t before;

		if (!merge.old)
			continue;
		before = gone ? push_removal(&emit->line, merge.old, false) :
				tree_line_push(&emit->line, merge.old, false);
		r = gone ? emit_removal(emit) : diff_removals(emit, merge.old, merge.new ? merge.new : &nothing);
		tree_line_cut(&emit->line, before);
	}
	return r;
}

static int diff_additions(struct tree_emit *emit, const struct tree_node *from, const struct tree_node *to)
{
	struct merge merge = merge_begin(from, to);
	int r = 0;

	while (r >= 0 && merge_next(&merge)) {
		size_t before;

		if (!merge.new)
			continue;
		if (!merge.old) {
			r = tree_emit_node(emit, merge.new);
			continue;
		}
		before = tree_line_push(&emit->line, merge.new, false);
		if (value_changed(merge.old, merge.new))
			r = tree_emit_line(emit);
		if (r >= 0)
			r = diff_additions(emit, merge.old, merge.new);
		tree_line_cut(&emit->line, before);
	}
	return r;
}

int tree_diff(const struct tree *from, const struct tree *to, int (*on_line)(const char *line, void *userdata),
	      void *userdata)
{
	struct tree_emit emit = { .on_line = on_line, .userdata = userdata };
	int r;

	if (from->root != to->root)
		return -EINVAL;
	r = diff_removals(&emit, &from->top, &to->top);
	if (r >= 0)
		r = diff_additions(&emit, &from->top, &to->top);
	tree_line_done(&emit.line);
	return r < 0 ? r : emit.count;
}

/* ---- block form ---- */

static void write_children(struct tree_writer *writer, const struct tree_node *from, const struct tree_node *to,
			   struct tree_place place);

static void write_removal(struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	size_t before;

	if (writer->flags & TREE_SIGNS) {
		writer->sign = '-';
		tree_writer_node(writer, node, place);
		return;
	}
	before = push_removal(&writer->line, node, writer->flags & TREE_MASK_SECRETS);
	tree_writer_line(writer, place.indent, "no ");
	tree_line_cut(&writer->line, before);
}

static void write_old_value(struct tree_writer *writer, const struct tree_node *old, struct tree_place place)
{
	size_t before = tree_line_push(&writer->line, old, writer->flags & TREE_MASK_SECRETS);

	writer->sign = '-';
	tree_writer_line(writer, place.indent, "");
	tree_line_cut(&writer->line, before);
}

/* A node that is on both sides, or a group that is on one. */
static void write_pair(struct tree_writer *writer, const struct tree_node *old, const struct tree_node *new,
		       struct tree_place place)
{
	const struct tree_node *shown = new->row ? new : old;
	struct tree_place below = { tree_row_owners(shown->row, place.owners), place.depth + 1, place.indent };
	struct tree_line outer;
	size_t before;

	if (!nodes_differ(old, new))
		return;
	if ((writer->flags & TREE_SIGNS) && !shown->row->mode && value_changed(old, new))
		write_old_value(writer, old, place);
	before = tree_line_push(&writer->line, shown, writer->flags & TREE_MASK_SECRETS);
	if (shown->row->mode) {
		below.indent++;
		writer->sign = '#';
		outer = tree_writer_open(writer, place.indent);
		write_children(writer, old, new, below);
		tree_writer_leave(writer, outer, place.indent);
	} else {
		writer->sign = '+';
		if (value_changed(old, new))
			tree_writer_line(writer, place.indent, "");
		write_children(writer, old, new, below);
	}
	tree_line_cut(&writer->line, before);
}

/* The children of one row: removals first, so that a full list can take what comes after them. */
static void write_row(struct tree_writer *writer, struct merge merge, struct tree_place place)
{
	struct merge removals = merge;

	while (merge_next(&removals))
		if (removals.old && !removals.new && tree_node_counts(removals.old))
			write_removal(writer, removals.old, place);
	while (merge_next(&merge)) {
		writer->sign = '+';
		if (merge.new && !merge.old)
			tree_writer_node(writer, merge.new, place);
		else if (merge.new || !tree_node_counts(merge.old))
			write_pair(writer, merge.old, merge.new ? merge.new : &nothing, place);
	}
}

static void write_children(struct tree_writer *writer, const struct tree_node *from, const struct tree_node *to,
			   struct tree_place place)
{
	struct merge group = { .from = from, .to = to };
	const struct stmt *row;
	int lines_before;

	while (group.from_at < from->len || group.to_at < to->len) {
		row = group.from_at < from->len ? from->children[group.from_at]->row : NULL;
		if (group.to_at < to->len && (!row || to->children[group.to_at]->row < row))
			row = to->children[group.to_at]->row;
		group.from_end = tree_node_first(from, row + 1);
		group.to_end = tree_node_first(to, row + 1);
		lines_before = writer->lines;
		write_row(writer, group, place);
		if (!place.depth)
			tree_writer_end_group(writer, row, lines_before);
		group.from_at = group.from_end;
		group.to_at = group.to_end;
	}
}

int tree_write_diff(const struct tree *from, const struct tree *to, unsigned flags, FILE *out)
{
	struct tree_writer writer = { .out = out, .flags = flags };

	if (from->root != to->root)
		return -EINVAL;
	write_children(&writer, &from->top, &to->top, (struct tree_place){ 0 });
	return tree_writer_done(&writer);
}

/* ---- owners ---- */

/* Every owner named by a node that counts and by those below it. */
static unsigned owners_below(const struct tree_node *node, unsigned inherited)
{
	unsigned own = tree_row_owners(node->row, inherited), owners = tree_node_counts(node) ? own : 0;

	for (size_t i = 0; i < node->len; i++)
		owners |= owners_below(node->children[i], own);
	return owners;
}

static unsigned owners_differing(const struct tree_node *from, const struct tree_node *to, unsigned inherited)
{
	struct merge merge = merge_begin(from, to);
	unsigned owners = 0, own;

	while (merge_next(&merge)) {
		if (!merge.old || !merge.new) {
			owners |= owners_below(merge.old ? merge.old : merge.new, inherited);
			continue;
		}
		own = tree_row_owners(merge.new->row, inherited);
		/* the lines below a leaf name its value too */
		if (value_changed(merge.old, merge.new))
			owners |= owners_below(merge.old, inherited) | owners_below(merge.new, inherited);
		owners |= owners_differing(merge.old, merge.new, own);
	}
	return owners;
}

unsigned tree_diff_owners(const struct tree *from, const struct tree *to)
{
	return owners_differing(&from->top, &to->top, 0);
}
