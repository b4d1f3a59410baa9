/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: docs/commands.md: an index with links, then every entry.
 */
#include "packaging/manual/manual.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const struct part_text {
	const char *title, *text;
} parts[] = {
	[MANUAL_STATEMENTS] = { "Configuration statements",
				"Typed in configuration mode (`configure`); in force after `commit`. `no` "
				"before a statement takes it "
				"back, and with it what was said below it. A statement below one that opens "
				"a mode may be typed in that "
				"mode without the words before it, or anywhere with all of them." },
	[MANUAL_MODE] = { "Commands of configuration mode",
			  "Typed in configuration mode beside the statements, and with them the `show "
			  "configuration` and `show "
			  "running-config` of exec mode." },
	[MANUAL_EXEC] = { "Exec commands", "Typed at the `#` prompt, or in configuration mode behind `do`." },
	[MANUAL_PIPE] = { "Output filters",
			  "Behind a command; several may follow each other. A pattern is an extended regular "
			  "expression. `| json` is described in [json.md](json.md)." },
};

/* What GitHub makes of a heading: letters, digits, hyphens. */
static void write_anchor(FILE *out, const char *title)
{
	for (const char *c = title; *c; c++) {
		if ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_')
			fputc(*c, out);
		else if (*c >= 'A' && *c <= 'Z')
			fputc(*c - 'A' + 'a', out);
		else if (*c == ' ')
			fputc('-', out);
	}
}

/* Headings of the same words are numbered by the reader, in order. */
static unsigned same_before(const struct manual *manual, size_t index)
{
	unsigned count = 0;

	for (size_t i = 0; i < index; i++)
		count += !strcmp(manual->entries[i].title, manual->entries[index].title);
	return count;
}

static void write_index(const struct manual *manual, enum manual_part part, FILE *out)
{
	for (size_t i = 0; i < manual->entries_len; i++) {
		const struct manual_entry *entry = &manual->entries[i];
		unsigned before = same_before(manual, i);

		if (entry->part != part)
			continue;
		fprintf(out, "- [%s](#", entry->title);
		write_anchor(out, entry->title);
		if (before)
			fprintf(out, "-%u", before);
		fprintf(out, "): %s\n", manual_help(entry));
	}
}

/* In a table a bar ends the cell, and < begins what a browser may take for its own. */
static void write_cell(FILE *out, const char *text, bool code)
{
	fputs(code ? " `" : " ", out);
	for (; *text; text++) {
		if (*text == '|')
			fputs("\\|", out);
		else if (*text == '<' && !code)
			fputs("&lt;", out);
		else
			fputc(*text, out);
	}
	fputs(code ? "` |" : " |", out);
}

struct table {
	FILE *out;
	bool begun;
};

static void on_word(const struct manual_word *word, void *userdata)
{
	struct table *table = userdata;

	if (!table->begun)
		fputs("\n| Word | Meaning | Values | Default |\n|---|---|---|---|\n", table->out);
	table->begun = true;
	fputc('|', table->out);
	write_cell(table->out, word->text, true);
	write_cell(table->out, word->help, false);
	write_cell(table->out, word->values, false);
	write_cell(table->out, word->def ? word->def : "", false);
	fputc('\n', table->out);
}

static void write_notes(const struct manual_entry *entry, FILE *out)
{
	const struct stmt *last = entry->steps[entry->steps_len - 1].row;
	const char *mode = manual_mode(entry), *opens = manual_opens(entry);

	fputc('\n', out);
	for (size_t i = 0; i < entry->steps_len; i++)
		if (entry->steps[i].optional)
			fprintf(out,
				"With `%s` it holds there alone; where it is not said, what is configured "
				"without `%s` "
				"holds. ",
				entry->steps[i].row->word, entry->steps[i].row->word);
	if (last->kind == STMT_LIST && last->max_entries && !(last->flags & STMT_BARE))
		fprintf(out, "May be given up to %u times. ", last->max_entries);
	if (last->flags & STMT_SECRET)
		fputs("Shown as `***` to those who may not configure. ", out);
	if (last->flags & STMT_DEPRECATED)
		fputs("Deprecated: it is stored and reported, and does nothing. ", out);
	if (last->alone)
		fprintf(out, "By itself it stands for `%s` below it, and so it does behind `no`. ", last->alone);
	if (opens)
		fprintf(out, "Opens the mode `%s`. ", opens);
	if (mode)
		fprintf(out, "Mode: `%s`. ", mode);
	if (manual_task(entry)[0])
		fprintf(out, "Task: `%s`, %s.\n", manual_task(entry), manual_access(entry));
	else
		fputs("Everybody may use it.\n", out);
}

static void write_entry(const struct manual *manual, const struct manual_entry *entry, FILE *out)
{
	AUTO(free) char *example = manual_example(manual, entry);
	struct table table = { .out = out };

	fprintf(out, "\n### %s\n\n%s.\n\n```\n", entry->title, manual_help(entry));
	manual_syntax(entry, MANUAL_PLAIN, out);
	fputs("\n```\n", out);
	if (entry->as[0])
		fprintf(out, "\nWhat follows is what follows `%s`.\n", entry->as);
	manual_words(entry, on_word, &table);
	write_notes(entry, out);
	if (example)
		fprintf(out, "\nExample: `%s`\n", example);
}

void manual_commands(const struct manual *manual, FILE *out)
{
	fputs("<!-- Written by `make manual` from the tables the programs run by; change the rows, not this "
	      "file. -->\n\n"
	      "# Commands\n\n"
	      "Every configuration statement and command. Words are typed as they stand, or as far as no "
	      "other word "
	      "of the place\nbegins the same; `<5-120>` is a number from 5 to 120, `WORD` one word, `LINE` "
	      "the rest "
	      "of the line; `{a | b}` is one\nof them, `[a]` may be left out, `...` repeats. `?` at any "
	      "place says "
	      "what may follow, TAB completes. The task and\naccess are what the user's groups must give "
	      "(`show "
	      "user tasks`); what a user may not use is not offered to him.\n",
	      out);
	for (enum manual_part part = 0; part < MANUAL_PART_MAX; part++) {
		fprintf(out, "\n**%s**\n\n", parts[part].title);
		write_index(manual, part, out);
	}
	for (enum manual_part part = 0; part < MANUAL_PART_MAX; part++) {
		fprintf(out, "\n## %s\n\n%s\n", parts[part].title, parts[part].text);
		for (size_t i = 0; i < manual->entries_len; i++)
			if (manual->entries[i].part == part)
				write_entry(manual, &manual->entries[i], out);
	}
}
