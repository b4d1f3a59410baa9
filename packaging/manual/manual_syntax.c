/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a row and what may follow it as one line in the notation of router manuals: keywords as they are typed, operands
 * in angle brackets or capitals, {a | b} for one of several, [a] for what may be left out, ... for more of the same.
 *
 * What follows a row is folded into its line when that stays readable: words that end the line, and options that may
 * stand one behind the other, which the tables write as rows that repeat below each other.
 */
#include "packaging/manual/manual.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

#define FOLD_MAX_CHARACTERS   170
#define CHOICE_MAX_CHARACTERS 56 /* a longer list of words is told below the line */

struct writer {
	FILE *out;
	enum manual_style style;
	const char *gap;
};

static size_t rows_len(const struct stmt *rows)
{
	size_t len = 0;

	for (; rows && rows[len].kind != STMT_END; len++)
		;
	return len;
}

static const struct stmt *rows_find(const struct stmt *rows, const char *word)
{
	for (; rows && rows->kind != STMT_END; rows++)
		if (!strcmp(rows->word, word))
			return rows;
	return NULL;
}

static bool is_shown(const struct stmt *row)
{
	return !(row->flags & STMT_HIDDEN);
}

static size_t shown_len(const struct stmt *rows)
{
	size_t len = 0;

	for (; rows && rows->kind != STMT_END; rows++)
		len += is_shown(rows);
	return len;
}

bool manual_is_whole(const struct stmt *row)
{
	switch (row->kind) {
	case STMT_FLAG:
	case STMT_LEAF:
		return true;
	case STMT_LIST:
		return !(row->flags & STMT_BARE);
	case STMT_NODE:
		return row->mode || row->alone;
	case STMT_RUN:
		return row->run;
	case STMT_END:
		break;
	}
	return false;
}

void manual_operand(const struct stmt *row, char *text, size_t size_bytes)
{
	const struct arg *arg = row->arg;
	size_t len = 0;

	if (stmt_arg_is_number(arg) && !arg->name) {
		snprintf(text, size_bytes, "<%" PRId64 "-%" PRId64 ">", arg->min, arg->max);
		return;
	}
	for (const char *const *word = arg->words; word && *word && len < size_bytes; word++)
		len += (size_t)snprintf(text + len, size_bytes - len, "%s%s", len ? " | " : "{", *word);
	if (len && len <= CHOICE_MAX_CHARACTERS && len + 2 < size_bytes)
		snprintf(text + len, size_bytes - len, "}");
	else
		snprintf(text, size_bytes, "%s",
			 arg->name			  ? arg->name
			 : arg->words_taken || arg->words ? "WORD"
							  : "LINE");
	if (arg->words && !arg->words_taken)
		snprintf(text + strlen(text), size_bytes - strlen(text), " ...");
}

/* ---- one row ---- */

static void put(struct writer *writer, const char *text, char font)
{
	fputs(writer->gap, writer->out);
	writer->gap = " ";
	if (writer->style == MANUAL_PLAIN) {
		fputs(text, writer->out);
		return;
	}
	if (font)
		fprintf(writer->out, "\\f%c", font);
	for (const char *c = text; *c; c++)
		fprintf(writer->out, *c == '-' ? "\\-" : *c == '\\' ? "\\e" : *c == '.' ? "\\&." : "%c", *c);
	if (font)
		fputs("\\fR", writer->out);
}

static void open_bracket(struct writer *writer, const char *text)
{
	put(writer, text, '\0');
	writer->gap = "";
}

static void close_bracket(struct writer *writer, const char *text)
{
	writer->gap = "";
	put(writer, text, '\0');
}

static void write_operand(struct writer *writer, const struct stmt *row, bool optional)
{
	char text[400];

	if (!row->arg)
		return;
	manual_operand(row, text, sizeof(text));
	if (optional)
		open_bracket(writer, "[");
	put(writer, text, 'I');
	if (row->arg->joined) {
		open_bracket(writer, "[");
		put(writer, row->arg->joined->word, 'B');
		put(writer, "WORD", 'I');
		close_bracket(writer, "]");
	}
	if (optional)
		close_bracket(writer, "]");
}

static void write_row(struct writer *writer, const struct stmt *row)
{
	/* an entry that stands without its keyword */
	if (!(row->flags & (STMT_BARE | STMT_UNSPOKEN)))
		put(writer, row->word, 'B');
	write_operand(writer, row,
		      (row->kind == STMT_LIST && (row->flags & STMT_BARE)) ||
			      (row->kind == STMT_RUN && (row->flags & STMT_ARG_OPTIONAL)));
}

/* ---- what follows ---- */

/* Options that may stand one behind the other: rows below some are rows beside them. */
static bool are_options(const struct stmt *rows)
{
	bool repeat = false;

	for (const struct stmt *row = rows; row->kind != STMT_END; row++) {
		bool shares = false;

		if (row->kind != STMT_RUN || !row->run)
			return false;
		for (const struct stmt *sub = row->sub; sub && sub->kind != STMT_END; sub++)
			shares |= rows_find(rows, sub->word) != NULL;
		if (row->sub && !shares)
			return false;
		repeat |= shares;
	}
	return repeat;
}

/* Each of them is followed by the same. */
static bool has_common_sub(const struct stmt *rows)
{
	for (const struct stmt *row = rows; row->kind != STMT_END; row++)
		if (!row->sub || row->sub != rows->sub)
			return false;
	return rows_len(rows) > 1;
}

static void write_follow(struct writer *writer, const struct stmt *row, const struct stmt *beside);

static void write_option(struct writer *writer, const struct stmt *row, const struct stmt *beside)
{
	open_bracket(writer, "[");
	write_row(writer, row);
	write_follow(writer, row, beside);
	close_bracket(writer, "]");
}

static bool all_alike(const struct stmt *rows)
{
	for (const struct stmt *row = rows; row->kind != STMT_END; row++)
		if (!manual_alike(rows, row))
			return false;
	return true;
}

static void write_choice(struct writer *writer, const struct stmt *row, bool may_end, bool with_subs)
{
	const struct stmt *rows = row->sub;
	const bool one = shown_len(rows) == 1, alike = !one && all_alike(rows);
	const char *gap = "";

	if (may_end || !one)
		open_bracket(writer, may_end ? "[" : "{");
	for (const struct stmt *sub = rows; sub->kind != STMT_END; sub++) {
		if (!is_shown(sub))
			continue;
		if (*gap)
			put(writer, "|", '\0');
		if (alike)
			put(writer, sub->word, 'B');
		else
			write_row(writer, sub);
		if (with_subs)
			write_follow(writer, sub, NULL);
		gap = " ";
	}
	if (may_end || !one)
		close_bracket(writer, may_end ? "]" : "}");
	if (alike)
		write_operand(writer, rows, rows->flags & STMT_ARG_OPTIONAL);
	if (rows->kind == STMT_FLAG && (rows->flags & STMT_MORE) && !one)
		put(writer, "...", '\0');
}

/* beside: rows that are options already, and not said again below one of them. */
static void write_follow(struct writer *writer, const struct stmt *row, const struct stmt *beside)
{
	const struct stmt *rows = row->sub;
	bool may_end = manual_is_whole(row);

	if (!rows_len(rows))
		return;
	if (beside) {
		for (const struct stmt *sub = rows; sub->kind != STMT_END; sub++)
			if (is_shown(sub) && !rows_find(beside, sub->word))
				write_option(writer, sub, beside);
	} else if (has_common_sub(rows)) {
		write_choice(writer, row, may_end, false);
		write_follow(writer, rows, NULL);
	} else if (are_options(rows) || (rows->kind == STMT_LEAF && (rows->flags & STMT_MORE) && may_end)) {
		for (const struct stmt *sub = rows; sub->kind != STMT_END; sub++)
			if (is_shown(sub))
				write_option(writer, sub, rows);
	} else {
		write_choice(writer, row, may_end, true);
	}
}

/* ---- folding ---- */

static bool all_end(const struct stmt *rows, bool words_only)
{
	for (; rows->kind != STMT_END; rows++)
		if (rows->sub || rows->mode || (words_only && rows->arg))
			return false;
	return true;
}

static bool same_run(const struct stmt *rows)
{
	for (const struct stmt *row = rows; row->kind != STMT_END; row++) {
		if (row->kind != STMT_RUN || row->run != rows->run || !row->run)
			return false;
		if (row->sub && row->sub != rows && !same_run(row->sub))
			return false;
	}
	return true;
}

static bool is_short(const struct stmt *row)
{
	AUTO(free) char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct writer writer = { .out = out, .style = MANUAL_PLAIN, .gap = "" };

	if (!out)
		return false;
	write_follow(&writer, row, NULL);
	return fclose(out) == 0 && len <= FOLD_MAX_CHARACTERS;
}

bool manual_folds(const struct stmt *row)
{
	const struct stmt *rows = row->sub;

	if (!rows_len(rows) || row->mode)
		return false;
	if (row->flags & STMT_BARE)
		return true;
	switch (row->kind) {
	case STMT_NODE:
		if (rows_len(rows) == 1) /* its words belong into the heading */
			return false;
		return (all_end(rows, true) || same_run(rows) || has_common_sub(rows)) && is_short(row);
	case STMT_LEAF:
		return all_end(rows, false);
	case STMT_RUN:
		return (all_end(rows, false) || are_options(rows) ||
			(same_run(rows) && rows->run == row->run)) &&
		       is_short(row);
	case STMT_LIST:
	case STMT_FLAG:
	case STMT_END:
		break;
	}
	return false;
}

static bool same_below(const struct stmt *a, const struct stmt *b)
{
	if (a == b)
		return true;
	for (; a && b && a->kind != STMT_END && b->kind != STMT_END; a++, b++)
		if (!manual_same(a, b))
			return false;
	return (!a || a->kind == STMT_END) && (!b || b->kind == STMT_END);
}

bool manual_same(const struct stmt *one, const struct stmt *other)
{
	return one->kind == other->kind && !strcmp(one->word, other->word) && one->arg == other->arg &&
	       same_below(one->sub, other->sub);
}

bool manual_shares(const struct stmt *row, const struct stmt *other)
{
	return row->sub && row->mode && other->mode && same_below(row->sub, other->sub);
}

bool manual_alike(const struct stmt *row, const struct stmt *other)
{
	if (row->kind != other->kind || row->arg != other->arg || row->sub != other->sub || row->mode ||
	    other->mode)
		return false;
	if (row->kind == STMT_FLAG)
		return row->flags & other->flags & STMT_MORE;
	return row->kind == STMT_RUN && row->run && row->run == other->run &&
	       ((row->flags ^ other->flags) & ~(unsigned)STMT_WRITES) == 0;
}

/* ---- the whole line ---- */

static void write_others(struct writer *writer, const struct manual_entry *entry)
{
	const struct stmt *row = entry->steps[entry->steps_len - 1].row;

	open_bracket(writer, "{");
	put(writer, row->word, 'B');
	for (size_t i = 0; i < entry->others_len; i++) {
		put(writer, "|", '\0');
		put(writer, entry->others[i]->word, 'B');
	}
	close_bracket(writer, "}");
	if (row->kind == STMT_FLAG)
		put(writer, "...", '\0');
	write_operand(writer, row, row->flags & STMT_ARG_OPTIONAL);
}

static void write_step(struct writer *writer, const struct manual_step *step, bool last)
{
	const char *gap = "";

	if (step->optional || step->rows)
		open_bracket(writer, step->optional ? "[" : "{");
	for (const struct stmt *row = step->rows; row && row->kind != STMT_END; row++) {
		if (!is_shown(row) || !manual_shares(step->row, row))
			continue;
		if (*gap)
			put(writer, "|", '\0');
		write_row(writer, row);
		gap = " ";
	}
	/* a word behind an operand that may be left out stands in its place */
	if (!step->rows && !last && (step->row->flags & STMT_ARG_OPTIONAL))
		put(writer, step->row->word, 'B');
	else if (!step->rows)
		write_row(writer, step->row);
	if (step->optional || step->rows)
		close_bracket(writer, step->optional ? "]" : "}");
}

void manual_syntax(const struct manual_entry *entry, enum manual_style style, FILE *out)
{
	struct writer writer = { .out = out, .style = style, .gap = "" };
	const struct stmt *last = entry->steps[entry->steps_len - 1].row;

	if (entry->part == MANUAL_PIPE)
		put(&writer, "|", '\0');
	for (size_t i = 0; i < entry->steps_len; i++) {
		const struct manual_step *step = &entry->steps[i];

		if (step->row == last && entry->others_len) {
			write_others(&writer, entry);
			break;
		}
		write_step(&writer, step, step->row == last);
	}
	if (entry->as[0])
		put(&writer, "...", '\0');
	else if (entry->folded)
		write_follow(&writer, last, NULL);
}
