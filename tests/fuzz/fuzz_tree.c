/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: any text makes some tree; what is written of it reads back as the same tree; the difference of two such trees,
 * applied, makes one the other. The two texts are parted by a form feed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/root.h"
#include "conf/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool held)
{
	if (!held)
		abort();
}

static void ignore_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)userdata;
	require(line_number && line && reason[0]);
}

static struct tree *read_tree(const char *text, bool strict)
{
	struct tree *tree;

	require(!tree_new(conf_root, &tree));
	require(!tree_parse(tree, text, strict ? NULL : ignore_fault, NULL, NULL));
	return tree;
}

static char *written(const struct tree *from, const struct tree *to)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	require(out);
	require((from ? tree_write_diff(from, to, 0, out) : tree_write(to, NULL, 0, out)) >= 0);
	require(!fclose(out));
	return text;
}

static int apply_line(const char *line, void *userdata)
{
	struct match match;

	stmt_match(conf_root, NULL, line, true, &match);
	require(match.status == MATCH_OK && tree_apply(userdata, &match, NULL) == 1);
	stmt_match_done(&match);
	return 0;
}

static void check_written(const struct tree *tree)
{
	char *text = written(NULL, tree), *again;
	struct tree *copy = read_tree(text, true);

	again = written(NULL, copy);
	require(!strcmp(text, again) && !tree_diff_owners(tree, copy));
	tree_free(copy);
	free(text);
	free(again);
}

static void check_diff(const struct tree *from, const struct tree *to)
{
	struct tree *flat, *blocks;
	char *text = written(from, to), *wanted = written(NULL, to), *got;

	require(!tree_copy(from, &flat));
	require(!tree_copy(from, &blocks));
	require(tree_diff(from, to, apply_line, flat) >= 0);
	require(!tree_parse(blocks, text, NULL, NULL, NULL));
	got = written(NULL, flat);
	require(!strcmp(wanted, got));
	free(got);
	got = written(NULL, blocks);
	require(!strcmp(wanted, got));
	free(got);
	tree_free(flat);
	tree_free(blocks);
	free(text);
	free(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1), *second;
	struct tree *from, *to;

	if (!text)
		return 0;
	memcpy(text, bytes, len);
	text[len] = '\0';
	second = strchr(text, '\f');
	if (second)
		*second++ = '\0';
	from = read_tree(text, false);
	to = read_tree(second ? second : "", false);
	check_written(from);
	check_diff(from, to);
	check_diff(to, from);
	tree_free(from);
	tree_free(to);
	free(text);
	return 0;
}
