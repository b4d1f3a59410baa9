/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: text in, text out, over the real tables. Each tests/golden/WALKER/NNN-name.in goes through the walker its folder
 * is named after and must give NNN-name.ok to the byte.
 *
 *   golden [--update] [NAME]     NAME: part of "WALKER/NNN-name"; --update rewrites the .ok, whose diff is then read
 *
 * parse     lines as typed in configuration mode; "exit" leaves a sub-mode
 * help      lines as they stand when "?" is typed
 * complete  lines as they stand when TAB is typed
 * running   configuration text; after a line "=== to" a second one, for what is different
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/root.h"
#include "conf/tree.h"
#include "tests/golden/cases.h"


/* ---- parse ---- */

struct place {
	struct match contexts[STMT_DEPTH_MAX];
	size_t depth;
};

static const struct match *place_context(const struct place *place)
{
	return place->depth ? &place->contexts[place->depth - 1] : NULL;
}

static const char *place_mode(const struct place *place)
{
	return place->depth ? stmt_match_row(place_context(place))->mode : "config";
}

static void place_leave(struct place *place)
{
	if (place->depth)
		stmt_match_done(&place->contexts[--place->depth]);
}

static void print_failure(const struct match *match, int prompt_len, FILE *out)
{
	if (match->status == MATCH_INCOMPLETE) {
		fputs("% incomplete\n", out);
		return;
	}
	if (match->status == MATCH_AMBIGUOUS) {
		fprintf(out, "%% ambiguous from %u\n", match->column);
		return;
	}
	fprintf(out, "%*s^\n%% invalid from %u%s%s%s\n", prompt_len + (int)match->mark, "", match->column,
		match->clear_secret ? ", clear secret" : "", match->err.text[0] ? ": " : "", match->err.text);
}

static void parse_line(struct place *place, const char *line, FILE *out)
{
	int prompt_len = fprintf(out, "%s# ", place_mode(place));
	AUTO(free) char *text = NULL;
	struct match match;

	fprintf(out, "%s\n", line);
	if (!strcmp(line, "exit")) {
		place_leave(place);
		return;
	}
	stmt_match(conf_root, place_context(place), line, true, &match);
	if (match.status == MATCH_EMPTY) {
		fputs("= nothing\n", out);
	} else if (match.status != MATCH_OK) {
		print_failure(&match, prompt_len, out);
	} else {
		text = stmt_match_text(&match);
		fprintf(out, "= %s\n", text);
		while (place->depth && place_context(place)->steps_len > match.context_len)
			place_leave(place);
		if (!match.negate && stmt_match_row(&match)->mode) {
			golden_must(place->depth < STMT_DEPTH_MAX, "modes too deep");
			place->contexts[place->depth++] = match;
			return;
		}
	}
	stmt_match_done(&match);
}

static void walk_parse(char *text, FILE *out)
{
	struct place place = { .depth = 0 };
	char *line;

	while ((line = strsep(&text, "\n")))
		if (line[0] || text)
			parse_line(&place, line, out);
	while (place.depth)
		place_leave(&place);
}

/* ---- help and complete ---- */

static void print_help(const struct stmt_hint *hint, void *userdata)
{
	if (hint->help[0])
		fprintf(userdata, "  %-14s  %s\n", hint->word, hint->help);
	else
		fprintf(userdata, "  %s\n", hint->word);
}

static void print_word(const struct stmt_hint *hint, void *userdata)
{
	if (hint->enter)
		return;
	if (!hint->arg)
		fprintf(userdata, " %s", hint->word);
	else if (hint->arg->complete)
		fprintf(userdata, " (%s)", hint->arg->complete);
}

/* A line "MODE-LINE | LINE" is typed in the sub-mode the first part opens. */
static void hint_line(char *line, bool help, FILE *out)
{
	char *typed = strstr(line, " | ");
	struct match context = { .steps_len = 0 };
	unsigned column = 0;
	int count;

	fprintf(out, "%s%s", line, help ? "?\n" : "\\t ->");
	if (typed) {
		*typed = '\0';
		typed += 3;
		stmt_match(conf_root, NULL, line, false, &context);
		golden_must(context.status == MATCH_OK && stmt_match_row(&context)->mode, "no such mode");
	}
	count = stmt_hints(conf_root, typed ? &context : NULL, typed ? typed : line, true, NULL,
			   help ? print_help : print_word, out, &column);
	if (count < 0)
		fprintf(out, "%s%% invalid from %u", help ? "  " : " ", column);
	if (count < 0 || !help)
		fputc('\n', out);
	stmt_match_done(&context);
}

static void walk_hints(char *text, bool help, FILE *out)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (line[0] || text)
			hint_line(line, help, out);
}

static void walk_help(char *text, FILE *out)
{
	walk_hints(text, true, out);
}

static void walk_complete(char *text, FILE *out)
{
	walk_hints(text, false, out);
}

/* ---- running ---- */

static void print_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	fprintf(userdata, "fault in line %u [%s]: %s\n", line_number, line, reason);
}

static struct tree *print_tree(const char *text, const char *title, FILE *out)
{
	struct tree *tree;

	golden_must(!tree_new(conf_root, &tree), "out of memory");
	fprintf(out, "=== %s\n", title);
	golden_must(!tree_parse(tree, text, print_fault, out, NULL), "tree_parse");
	golden_must(tree_write(tree, NULL, TREE_MASK_SECRETS, out) >= 0, "tree_write");
	return tree;
}

static int print_line(const char *line, void *userdata)
{
	return fprintf(userdata, "%s\n", line) < 0 ? -EIO : 0;
}

static void walk_running(char *text, FILE *out)
{
	char *second = strstr(text, "\n=== to\n");
	struct tree *from, *to;

	if (second)
		second[1] = '\0';
	from = print_tree(text, "running", out);
	if (second) {
		to = print_tree(second + strlen("\n=== to\n"), "to", out);
		fputs("=== edits\n", out);
		golden_must(tree_diff(from, to, print_line, out) >= 0, "tree_diff");
		fputs("=== changes\n", out);
		golden_must(tree_write_diff(from, to, TREE_MASK_SECRETS, out) >= 0, "tree_write_diff");
		tree_free(to);
	}
	tree_free(from);
}

/* ---- cases ---- */

static const struct walker {
	const char *name;
	void (*walk)(char *text, FILE *out);
} walkers[] = {
	{ "parse", walk_parse },
	{ "help", walk_help },
	{ "complete", walk_complete },
	{ "running", walk_running },
};

static char *case_output(const char *in_path, char *in, const void *userdata)
{
	const struct walker *walker = userdata;
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	golden_must(out, in_path);
	walker->walk(in, out);
	golden_must(!fclose(out), "out of memory");
	return got;
}

int main(int argc, char **argv)
{
	struct golden golden = golden_begin("golden", argc, argv);

	for (size_t i = 0; i < ARRAY_SIZE(walkers); i++)
		golden_run(&golden, walkers[i].name, case_output, &walkers[i]);
	return golden_end(&golden);
}
