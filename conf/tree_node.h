/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/tree_node.h - what a tree is made of; private to conf/tree*.c and conf/bind.c
 *
 * Shapes:  struct tree_node, children sorted by row, then by key; struct tree_line, a path as text that grows and
 *          shrinks; struct tree_emit and struct tree_writer, flat and block form in the making
 * Units:   none
 * Errors:  -ENOMEM is remembered by a tree_line until tree_line_done()
 * Owns:    a node owns its value and its children; rows are borrowed
 * Runs in: wherever conf/tree.h does; pure
 * Source:  conf/tree.h
 * Tests:   tests/unit/tree_test.c
 */
#ifndef CONF_TREE_NODE_H
#define CONF_TREE_NODE_H

#include "conf/tree.h"

struct tree_node {
	const struct stmt *row;
	char *value; /* canonical operand or key, NULL when the row has none */
	struct tree_node **children;
	size_t len, size;
};

struct tree {
	const struct stmt *root;
	struct tree_node top; /* row and value are NULL */
};

/* Order of keys: "default", then by bytes with runs of digits as numbers. 0 only for equal texts. */
int tree_key_compare(const char *a, const char *b);
/* Index of the first child of parent that is not before the row's first entry; row may be a row's end (row + 1). */
size_t tree_node_first(const struct tree_node *parent, const struct stmt *row);
/* The child of that row; of a LIST the one with that key. NULL when there is none. */
struct tree_node *tree_node_find(const struct tree_node *parent, const struct stmt *row, const char *key);
/* Whether a node is something by itself, not only a group of others. */
bool tree_node_counts(const struct tree_node *node);
/* Follows the first steps_len steps; NULL when one is missing. A step without value stands for any LEAF value. */
struct tree_node *tree_node_follow(const struct tree *tree, const struct match *match, size_t steps_len);

struct tree_line {
	char *text; /* NULL while empty */
	size_t len, size;
	bool failed;
};

/* Adds "word value"; returns what tree_line_cut() takes to remove it again. */
size_t tree_line_push(struct tree_line *line, const struct tree_node *node, bool mask);
void tree_line_cut(struct tree_line *line, size_t len);
/* Wipes and frees. 0 or -ENOMEM when some push failed. */
int tree_line_done(struct tree_line *line);

/* A function for each flat line; an entry is a line of its own only where nothing is below it. */
struct tree_emit {
	int (*on_line)(const char *line, void *userdata);
	void *userdata;
	struct tree_line line;
	int count;
};

int tree_emit_line(struct tree_emit *emit);
/* Every flat line of a node and what is below it. */
int tree_emit_node(struct tree_emit *emit, const struct tree_node *node);

/* Running-config text. Zero-initialise but for out, flags, owners and path; line is emptied by tree_writer_done(). */
struct tree_writer {
	FILE *out;
	unsigned flags;
	unsigned owners;	  /* 0: whatever the owner */
	char sign;		  /* TREE_SIGNS: of the lines that are written */
	const struct match *path; /* NULL: everything */
	struct tree_line line;	  /* words since the innermost block began */
	int lines;
	bool closed; /* the last line was a "!" of the top level */
};

/* Where a node stands: owners it inherits, how many nodes are above it, and the blanks before its lines. */
struct tree_place {
	unsigned owners;
	size_t depth;
	int indent;
};

unsigned tree_row_owners(const struct stmt *row, unsigned inherited);
void tree_writer_line(struct tree_writer *writer, int indent, const char *prefix);
void tree_writer_close(struct tree_writer *writer, int indent);
/* After the last line of a top row: a "!" behind one-line statements of a group. */
void tree_writer_end_group(struct tree_writer *writer, const struct stmt *row, int lines_before);
void tree_writer_node(struct tree_writer *writer, const struct tree_node *node, struct tree_place place);
/* Opens and closes the block of a node with a mode; between them the line is empty. */
struct tree_line tree_writer_open(struct tree_writer *writer, int indent);
void tree_writer_leave(struct tree_writer *writer, struct tree_line outer, int indent);
/* Lines written, or -errno. */
int tree_writer_done(struct tree_writer *writer);

#endif
