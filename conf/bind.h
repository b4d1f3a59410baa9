/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/bind.h - fill a daemon's own struct from a tree, by the offsets of the rows
 *
 * Shapes:  FLAG -> bool; LEAF with a number arg -> int64_t; LEAF with one of its words -> int (index); other LEAF
 *          -> char *; LIST -> struct bind_list of elements of row->esize, the key as char * at row->key_offset
 * Units:   as the row's arg says; -1 in a number of a STMT_UNSET row: not configured
 * Errors:  0 or -ENOMEM
 * Owns:    everything made is owned by the struct bind_arena given; bind_arena_done() frees it all at once
 * Runs in: daemons; pure
 * Source:  style.md section 8
 * Tests:   tests/unit/bind_test.c
 */
#ifndef CONF_BIND_H
#define CONF_BIND_H

#include <stddef.h>

#include "conf/tree.h"

struct bind_list {
	void *items; /* esize each */
	size_t len;
};

struct bind_arena {
	struct bind_chunk *chunks; /* zero-initialise */
};

/* Sets every field named by the rows below root: from the tree, else from the row's def, else zero or NULL. Offsets of
 * children of a LIST count from the element, all others from conf; a LIST without esize is left out. Rows whose owners
 * are foreign are bound too when they are in root: give only the rows of the struct. They need not be the rows of the
 * tree: the keyword decides. Secrets are wiped by bind_arena_done(). */
int bind_tree(const struct tree *tree, const struct stmt *root, void *conf, struct bind_arena *arena);
void bind_arena_done(struct bind_arena *arena);

#endif
