/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a part of the running configuration. It is cut out of the text and not written anew from a tree, because those
 * who may not see secrets get text with "***" in it, which no parser takes.
 */
#include "cli/running_text.h"

#include <stdbool.h>
#include <string.h>

#define LEVELS_MAX 16

struct level {
	const char *line; /* head of the block at this indentation */
	size_t len;
	bool written;
};

struct cutter {
	const char *path;
	FILE *out;
	struct level levels[LEVELS_MAX];
	size_t depth; /* levels in force */
	const char *last, *last_written; /* lines at the top of the text; NULL behind "!" */
	size_t matched;
};

/* Whether line begins with the words before the tab, and has those behind it somewhere after them. */
static bool is_joined(const char *path, const char *tab, const char *line, size_t len)
{
	const size_t head_len = (size_t)(tab - path), words_len = strlen(tab + 1);

	if (len <= head_len || strncmp(path, line, head_len))
		return false;
	for (size_t at = head_len; at + 1 + words_len <= len; at++)
		if (line[at] == ' ' && !strncmp(line + at + 1, tab + 1, words_len) &&
		    (at + 1 + words_len == len || line[at + 1 + words_len] == ' '))
			return true;
	return false;
}

/* Compares path with the words of heads and line in a row; true when path ends where a word ends. */
static bool is_below(const struct cutter *cutter, const char *line, size_t len)
{
	const char *path = cutter->path, *tab = strchr(path, '\t');

	if (tab)
		return !cutter->depth && is_joined(path, tab, line, len);
	for (size_t i = 0; i <= cutter->depth; i++) {
		const char *part = i < cutter->depth ? cutter->levels[i].line : line;
		size_t part_len = i < cutter->depth ? cutter->levels[i].len : len, path_len = strlen(path);

		if (path_len <= part_len)
			return !strncmp(path, part, path_len) && (path_len == part_len || part[path_len] == ' ');
		if (strncmp(path, part, part_len) || path[part_len] != ' ')
			return false;
		path += part_len + 1;
	}
	return false;
}

static void write_line(const struct cutter *cutter, size_t indent, const char *line, size_t len)
{
	fprintf(cutter->out, "%*s%.*s\n", (int)indent, "", (int)len, line);
}

static bool same_word(const char *one, const char *two)
{
	size_t len = strcspn(one, " \n");

	return len == strcspn(two, " \n") && !strncmp(one, two, len);
}

/* A block closes at the level of its head; lines at the top that begin with one word close together. */
static void close_block(struct cutter *cutter, size_t indent)
{
	bool written = indent < cutter->depth && cutter->levels[indent].written;

	if (indent == 0 && cutter->last && cutter->last_written)
		written = same_word(cutter->last, cutter->last_written);
	cutter->depth = indent < cutter->depth ? indent : cutter->depth;
	if (written)
		write_line(cutter, indent, "!", 1);
	if (indent == 0)
		cutter->last = cutter->last_written = NULL;
}

static void take_line(struct cutter *cutter, size_t indent, const char *line, size_t len)
{
	bool below;

	cutter->depth = indent < cutter->depth ? indent : cutter->depth;
	below = is_below(cutter, line, len);
	if (indent == 0)
		cutter->last = line;
	if (below) {
		for (size_t i = 0; i < cutter->depth; i++) {
			if (!cutter->levels[i].written)
				write_line(cutter, i, cutter->levels[i].line, cutter->levels[i].len);
			cutter->levels[i].written = true;
		}
		write_line(cutter, indent, line, len);
		cutter->matched++;
		cutter->last_written = cutter->last;
	}
	if (cutter->depth < LEVELS_MAX)
		cutter->levels[cutter->depth++] = (struct level){ line, len, below };
}

size_t running_text_below(const char *text, const char *path, FILE *out)
{
	struct cutter cutter = { .path = path, .out = out };

	while (*text) {
		size_t indent = strspn(text, " "), len = strcspn(text, "\n");

		if (len == indent + 1 && text[indent] == '!')
			close_block(&cutter, indent);
		else if (len > indent)
			take_line(&cutter, indent, text + indent, len - indent);
		text += len + (text[len] == '\n');
	}
	return cutter.matched;
}
