/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the configuration in memory. The children of a node lie in one array sorted by row and key, so that finding is a
 * binary search, reading canonical text only ever appends, and every reader gets the order of the running
 * configuration for nothing. A group (NODE) exists exactly while something is below it.
 */
#include "conf/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/tree_node.h"

/* ---- order ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Compares the numbers that begin at *a and *b and moves behind them. */
static int number_compare(const char **a, const char **b)
{
	size_t a_len, b_len;
	int order;

	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	a_len = strspn(*a, "0123456789");
	b_len = strspn(*b, "0123456789");
	order = a_len != b_len ? (a_len < b_len ? -1 : 1) : strncmp(*a, *b, a_len);
	*a += a_len;
	*b += b_len;
	return order;
}

int tree_key_compare(const char *a, const char *b)
{
	const char *at = a, *bt = b;
	bool a_default = !strcmp(a, "default"), b_default = !strcmp(b, "default");
	int order;

	if (a_default || b_default)
		return b_default - a_default;
	while (*at && *bt) {
		if (is_digit(*at) && is_digit(*bt)) {
			order = number_compare(&at, &bt);
			if (order)
				return order;
			continue;
		}
		if (*at != *bt)
			return (unsigned char)*at < (unsigned char)*bt ? -1 : 1;
		at++;
		bt++;
	}
	if (*at || *bt)
		return *at ? 1 : -1;
	return strcmp(a, b); /* "vty2" and "vty02" are two keys */
}

/* Order of a child against a row and key; without a key it is the place before all entries of the row. */
static int node_compare(const struct tree_node *node, const struct stmt *row, const char *key)
{
	if (node->row != row)
		return node->row < row ? -1 : 1;
	if (!key)
		return 1;
	return row->kind == STMT_LIST ? tree_key_compare(node->value, key) : 0;
}

static size_t node_index(const struct tree_node *parent, const struct stmt *row, const char *key, bool *ret_found)
{
	size_t low = 0, high = parent->len, middle;
	int order;

	*ret_found = false;
	/* canonical text comes in order: try the end first */
	if (high && node_compare(parent->children[high - 1], row, key) < 0)
		return high;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = node_compare(parent->children[middle], row, key);
		if (!order) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t tree_node_first(const struct tree_node *parent, const struct stmt *row)
{
	bool found;

	return node_index(parent, row, NULL, &found);
}

struct tree_node *tree_node_find(const struct tree_node *parent, const struct stmt *row, const char *key)
{
	bool found;
	size_t at = node_index(parent, row, row->kind == STMT_LIST && key ? key : "", &found);

	return found ? parent->children[at] : NULL;
}

bool tree_node_counts(const struct tree_node *node)
{
	return node->row->kind != STMT_NODE && !((node->row->flags & STMT_BARE) && node->row->sub);
}

/* ---- nodes ---- */

static void node_free(struct tree_node *node);

static void node_done(struct tree_node *node)
{
	for (size_t i = 0; i < node->len; i++)
		node_free(node->children[i]);
	free(node->children);
	if (node->value)
		explicit_bzero(node->value, strlen(node->value));
	free(node->value);
}

static void node_free(struct tree_node *node)
{
	if (!node)
		return;
	node_done(node);
	free(node);
}

static struct tree_node *node_new(const struct stmt *row, const char *value)
{
	struct tree_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->row = row;
	if (value) {
		node->value = strdup(value);
		if (!node->value) {
			free(node);
			return NULL;
		}
	}
	return node;
}

/* Takes the child on success. */
static int node_insert(struct tree_node *parent, struct tree_node *child)
{
	bool found;
	size_t at = node_index(parent, child->row, child->value ? child->value : "", &found);

	if (parent->len == parent->size) {
		size_t size = parent->size ? parent->size * 2 : 4;
		struct tree_node **children = reallocarray(parent->children, size, sizeof(*children));

		if (!children)
			return -ENOMEM;
		parent->children = children;
		parent->size = size;
	}
	memmove(parent->children + at + 1, parent->children + at, (parent->len - at) * sizeof(*parent->children));
	parent->children[at] = child;
	parent->len++;
	return 0;
}

static void node_remove(struct tree_node *parent, struct tree_node *child)
{
	bool found;
	size_t at = node_index(parent, child->row, child->value ? child->value : "", &found);

	parent->len--;
	memmove(parent->children + at, parent->children + at + 1, (parent->len - at) * sizeof(*parent->children));
	node_free(child);
}

static int node_copy_children(const struct tree_node *from, struct tree_node *to)
{
	int r;

	if (!from->len)
		return 0;
	to->children = calloc(from->len, sizeof(*to->children));
	if (!to->children)
		return -ENOMEM;
	to->size = from->len;
	for (size_t i = 0; i < from->len; i++) {
		struct tree_node *child = node_new(from->children[i]->row, from->children[i]->value);

		if (!child)
			return -ENOMEM;
		to->children[to->len++] = child;
		r = node_copy_children(from->children[i], child);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the tree ---- */

int tree_new(const struct stmt *root, struct tree **ret_tree)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->root = root;
	*ret_tree = tree;
	return 0;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	node_done(&tree->top);
	free(tree);
}

int tree_copy(const struct tree *from, struct tree **ret_tree)
{
	struct tree *copy;
	int r = tree_new(from->root, &copy);

	if (r < 0)
		return r;
	r = node_copy_children(&from->top, &copy->top);
	if (r < 0) {
		tree_free(copy);
		return r;
	}
	*ret_tree = copy;
	return 0;
}

const struct stmt *tree_root(const struct tree *tree)
{
	return tree->root;
}

struct pruner {
	bool (*keep)(const struct stmt *const *path, size_t path_len, void *userdata);
	void *userdata;
	const struct stmt *path[STMT_DEPTH_MAX];
};

static void node_prune(struct pruner *pruner, struct tree_node *node, size_t depth)
{
	size_t kept = 0;

	for (size_t i = 0; i < node->len; i++) {
		struct tree_node *child = node->children[i];
		bool group = !tree_node_counts(child), stays;

		pruner->path[depth] = child->row;
		stays = group || pruner->keep(pruner->path, depth + 1, pruner->userdata);
		if (stays)
			node_prune(pruner, child, depth + 1);
		if (stays && (!group || child->len))
			node->children[kept++] = child;
		else
			node_free(child);
	}
	node->len = kept;
}

void tree_prune(struct tree *tree, bool (*keep)(const struct stmt *const *path, size_t path_len, void *userdata),
		void *userdata)
{
	struct pruner pruner = { .keep = keep, .userdata = userdata };

	node_prune(&pruner, &tree->top, 0);
}

struct tree_node *tree_node_follow(const struct tree *tree, const struct match *match, size_t steps_len)
{
	const struct tree_node *node = &tree->top;
	struct tree_node *child = NULL;

	for (size_t i = 0; i < steps_len; i++) {
		child = tree_node_find(node, match->steps[i].row, match->steps[i].value);
		if (!child)
			return NULL;
		node = child;
	}
	return child;
}

/* Rows are told apart by address, so a match against other tables must not get in. */
static bool match_fits(const struct tree *tree, const struct match *match)
{
	const struct stmt *rows = tree->root, *row;

	if (match->status != MATCH_OK || !match->steps_len)
		return false;
	for (size_t i = 0; i < match->steps_len; i++) {
		const struct match_step *step = &match->steps[i];

		for (row = rows; row && row->kind != STMT_END && row != step->row; row++)
			;
		if (!row || row != step->row || row->kind == STMT_RUN)
			return false;
		if ((row->kind == STMT_LIST || (row->kind == STMT_LEAF && row->arg && !match->negate)) &&
		    !step->value)
			return false;
		rows = row->sub;
	}
	return true;
}

static int limit_check(const struct tree_node *parent, const struct stmt *row, struct err *err)
{
	if (row->kind != STMT_LIST || !row->max_entries)
		return 0;
	if (tree_node_first(parent, row + 1) - tree_node_first(parent, row) < row->max_entries)
		return 0;
	return err_set(err, -ENOSPC, "%s: at most %u entries are possible; remove one first", row->word,
		       row->max_entries);
}

/* The nodes of the steps from first on, hanging in one another, not yet in the tree. */
static struct tree_node *chain_new(const struct match_step *steps, size_t first, size_t steps_len)
{
	struct tree_node *below = NULL, *node;

	for (size_t i = steps_len; i-- > first;) {
		node = node_new(steps[i].row, steps[i].value);
		if (!node || (below && node_insert(node, below) < 0)) {
			node_free(below);
			node_free(node);
			return NULL;
		}
		below = node;
	}
	return below;
}

static int chain_insert(struct tree_node *parent, const struct match_step *steps, size_t first, size_t steps_len,
			struct err *err)
{
	struct tree_node *chain;
	int r = limit_check(parent, steps[first].row, err);

	if (r < 0)
		return r;
	chain = chain_new(steps, first, steps_len);
	if (!chain || node_insert(parent, chain) < 0) {
		node_free(chain);
		return err_set(err, -ENOMEM, "out of memory");
	}
	return 1;
}

/* A LEAF that is there takes the new value. 1 when it changed. */
static int leaf_update(struct tree_node *node, const char *value, struct err *err)
{
	char *copy;

	if (node->row->kind != STMT_LEAF || !value || !strcmp(node->value, value))
		return 0;
	copy = strdup(value);
	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	explicit_bzero(node->value, strlen(node->value));
	free(node->value);
	node->value = copy;
	return 1;
}

/* An entry without a keyword holds one statement: what else it held goes. */
static void entry_clear(struct tree_node *entry, const struct stmt *row)
{
	for (size_t i = entry->len; (entry->row->flags & STMT_BARE) && i-- > 0;)
		if (entry->children[i]->row != row)
			node_remove(entry, entry->children[i]);
}

/* What STMT_NEXT_NUMBER stands for: ten more than the last entry, in a full ten. */
static int number_next(const struct tree *tree, const struct match *match, size_t step, char text[static 24],
		       struct err *err)
{
	const struct match_step *at = &match->steps[step];
	const struct tree_node *parent = step ? tree_node_follow(tree, match, step) : &tree->top;
	size_t end = parent ? tree_node_first(parent, at->row + 1) : 0;
	int64_t number = 10;

	if (end > 0 && parent->children[end - 1]->row == at->row)
		number = strtoll(parent->children[end - 1]->value, NULL, 10) / 10 * 10 + 10;
	if (number > at->row->arg->max)
		return err_set(err, -ENOSPC, "there is no number left after %s; give one",
			       parent->children[end - 1]->value);
	snprintf(text, 24, "%lld", (long long)number);
	return 0;
}

static int apply_set(struct tree *tree, const struct match *match, struct err *err);

static int apply_numbered(struct tree *tree, const struct match *match, struct err *err)
{
	struct match numbered = *match; /* borrows the values */
	char text[24];
	int r;

	for (size_t i = 0; i < match->steps_len; i++) {
		const struct match_step *step = &match->steps[i];

		if (!(step->row->flags & STMT_BARE) || strcmp(step->value, STMT_NEXT_NUMBER) != 0)
			continue;
		r = number_next(tree, match, i, text, err);
		if (r < 0)
			return r;
		numbered.steps[i].value = text;
		break;
	}
	return apply_set(tree, &numbered, err);
}

static int apply_set(struct tree *tree, const struct match *match, struct err *err)
{
	struct tree_node *node = &tree->top, *child;
	size_t steps_len = match->steps_len, i;
	int r, changed = 0;

	while (steps_len && match->steps[steps_len - 1].row->kind == STMT_NODE)
		steps_len--;
	for (i = 0; i < steps_len; i++) {
		child = tree_node_find(node, match->steps[i].row, match->steps[i].value);
		if (!child)
			break;
		r = leaf_update(child, match->steps[i].value, err);
		if (r < 0)
			return r;
		changed |= r;
		node = child;
	}
	if (i == steps_len)
		return changed;
	if (node != &tree->top)
		entry_clear(node, match->steps[i].row);
	return chain_insert(node, match->steps, i, steps_len, err);
}

static int apply_remove(struct tree *tree, const struct match *match)
{
	struct tree_node *path[STMT_DEPTH_MAX + 1] = { &tree->top };
	size_t depth = match->steps_len;

	for (size_t i = 0; i < depth; i++) {
		path[i + 1] = tree_node_find(path[i], match->steps[i].row, match->steps[i].value);
		if (!path[i + 1])
			return 0;
	}
	do {
		node_remove(path[depth - 1], path[depth]);
		depth--;
	} while (depth && !path[depth]->len && !tree_node_counts(path[depth]));
	return 1;
}

/* What the row means where nothing follows it, said in full. */
static int apply_alone(struct tree *tree, const struct match *match, const char *words, struct err *err)
{
	AUTO(free) char *text = stmt_match_text(match);
	AUTO(free) char *line = NULL;
	struct match whole;
	int r;

	if (!text || asprintf(&line, "%s %s", text, words) < 0) {
		line = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	stmt_match(tree->root, NULL, line, true, &whole);
	r = tree_apply(tree, &whole, err);
	stmt_match_done(&whole);
	return r;
}

int tree_apply(struct tree *tree, const struct match *match, struct err *err)
{
	const char *alone;
	int r, changed = 0;

	if (match->status == MATCH_EMPTY)
		return 0;
	for (const struct match *at = match; at; at = at->more)
		if (!match_fits(tree, at))
			return err_set(err, -EINVAL, "the line is not a statement of this configuration");
	alone = stmt_match_row(match)->alone;
	if (alone)
		return apply_alone(tree, match, alone, err);
	for (const struct match *at = match; at; at = at->more) {
		r = match->negate ? apply_remove(tree, at) : apply_numbered(tree, at, err);
		if (r < 0)
			return r;
		changed |= r;
	}
	return changed;
}

/* ---- flat lines ---- */

static bool line_add(struct tree_line *line, const char *text)
{
	size_t len = strlen(text);

	if (line->size - line->len <= len) {
		size_t size = (line->len + len + 1) * 2;
		char *bigger = malloc(size);

		if (!bigger)
			return false;
		if (line->text) {
			memcpy(bigger, line->text, line->len + 1);
			explicit_bzero(line->text, line->size);
			free(line->text);
		}
		line->text = bigger;
		line->size = size;
	}
	memcpy(line->text + line->len, text, len + 1);
	line->len += len;
	return true;
}

size_t tree_line_push(struct tree_line *line, const struct tree_node *node, bool mask)
{
	const bool bare = node->row->flags & (STMT_BARE | STMT_UNSPOKEN);
	size_t before = line->len;

	if ((before && !line_add(line, " ")) || (!bare && !line_add(line, node->row->word)))
		line->failed = true;
	if (node->value &&
	    ((!bare && !line_add(line, " ")) ||
	     !line_add(line, mask && stmt_row_is_secret(node->row) ? "***" : node->value)))
		line->failed = true;
	return before;
}

void tree_line_cut(struct tree_line *line, size_t len)
{
	line->len = len;
	if (line->text)
		line->text[len] = '\0';
}

int tree_line_done(struct tree_line *line)
{
	int r = line->failed ? -ENOMEM : 0;

	if (line->text)
		explicit_bzero(line->text, line->size);
	free(line->text);
	*line = (struct tree_line){ 0 };
	return r;
}

int tree_emit_line(struct tree_emit *emit)
{
	int r;

	if (emit->line.failed)
		return -ENOMEM;
	r = emit->on_line(emit->line.text, emit->userdata);
	if (r < 0)
		return r;
	emit->count++;
	return 0;
}

int tree_emit_node(struct tree_emit *emit, const struct tree_node *node)
{
	size_t before = tree_line_push(&emit->line, node, false);
	int r = 0;

	/* an entry is made by the lines below it; a leaf or flag says something that those do not */
	if (tree_node_counts(node) && (!node->len || node->row->kind != STMT_LIST))
		r = tree_emit_line(emit);
	for (size_t i = 0; i < node->len && r >= 0; i++)
		r = tree_emit_node(emit, node->children[i]);
	tree_line_cut(&emit->line, before);
	return r;
}

int tree_each(const struct tree *tree, int (*on_line)(const char *line, void *userdata), void *userdata)
{
	struct tree_emit emit = { .on_line = on_line, .userdata = userdata };
	int r = 0;

	for (size_t i = 0; i < tree->top.len && r >= 0; i++)
		r = tree_emit_node(&emit, tree->top.children[i]);
	tree_line_done(&emit.line);
	return r < 0 ? r : emit.count;
}

/* ---- asking ---- */

/* A path need not be a whole statement: "ssh server port" lacks its operand, "username" its key. */
static bool path_match(const struct tree *tree, const char *path, struct match *ret_match)
{
	stmt_match(tree->root, NULL, path, false, ret_match);
	if (ret_match->status == MATCH_OK || (ret_match->status == MATCH_INCOMPLETE && ret_match->steps_len))
		return true;
	stmt_match_done(ret_match);
	return false;
}

const char *tree_get(const struct tree *tree, const char *path)
{
	const struct tree_node *node = NULL;
	struct match match;

	if (!path_match(tree, path, &match))
		return NULL;
	if (match.steps[match.steps_len - 1].row->kind != STMT_LIST || match.steps[match.steps_len - 1].value)
		node = tree_node_follow(tree, &match, match.steps_len);
	stmt_match_done(&match);
	if (!node)
		return NULL;
	return node->value ? node->value : "";
}

int tree_keys(const struct tree *tree, const char *path, void (*on_key)(const char *key, void *userdata),
	      void *userdata)
{
	const struct tree_node *parent = &tree->top;
	const struct stmt *row;
	struct match match;
	size_t first, end;

	if (!path_match(tree, path, &match))
		return -EINVAL;
	row = match.steps[match.steps_len - 1].row;
	if (match.steps_len > 1)
		parent = tree_node_follow(tree, &match, match.steps_len - 1);
	stmt_match_done(&match);
	if (row->kind != STMT_LIST)
		return -EINVAL;
	if (!parent)
		return 0;
	first = tree_node_first(parent, row);
	end = tree_node_first(parent, row + 1);
	for (size_t i = first; i < end; i++)
		on_key(parent->children[i]->value, userdata);
	return (int)(end - first);
}
