/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what may come next. The words before the cursor are walked exactly as stmt_match() walks them, so nothing is
 * offered that matching would refuse; the word under the cursor only filters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/stmt_walk.h"

struct hinter {
	bool (*visible)(const struct stmt *row, void *userdata);
	void (*on_hint)(const struct stmt_hint *hint, void *userdata);
	void *userdata;
	const char *partial; /* the word under the cursor, "" when there is none */
	size_t partial_len;
	bool may_negate;
	int count;
};

static void offer(struct hinter *hinter, const struct stmt_hint *hint)
{
	hinter->on_hint(hint, hinter->userdata);
	hinter->count++;
}

static void offer_enter(struct hinter *hinter)
{
	if (!hinter->partial_len)
		offer(hinter, &(struct stmt_hint){ .word = "<cr>", .help = "", .enter = true });
}

static bool offers_row(const struct hinter *hinter, const struct stmt *row, bool negate)
{
	if ((row->flags & STMT_HIDDEN) || (negate && row->kind == STMT_RUN))
		return false;
	return !hinter->visible || hinter->visible(row, hinter->userdata);
}

static void offer_operand(struct hinter *hinter, const struct stmt *row, const struct arg *arg);

/* "Sentence (default 30 seconds)" */
static void keyword_help(const struct stmt *row, char *help, size_t size_bytes)
{
	const char *unit = row->def && row->arg && row->arg->unit && stmt_arg_is_number(row->arg) ? row->arg->unit : "";

	snprintf(help, size_bytes, "%s%s%s%s%s%s%s", row->help ? row->help : "", row->def ? " (default " : "",
		 row->def ? row->def : "", unit[0] ? " " : "", unit, row->def ? ")" : "",
		 row->flags & STMT_DEPRECATED ? " (deprecated)" : "");
}

static void offer_keywords(struct hinter *hinter, const struct stmt_walk *walk)
{
	char help[512];

	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END; row++) {
		if (row->flags & STMT_BARE) {
			/* its number, or the statement alone, which is numbered by itself */
			if (offers_row(hinter, row, walk->head->negate))
				offer_operand(hinter, row, row->arg);
			if (!walk->head->negate && !stmt_row_is_operand(row))
				offer_keywords(hinter, &(struct stmt_walk){ .head = walk->head, .rows = row->sub });
			continue;
		}
		if (row->flags & STMT_UNSPOKEN) {
			if (offers_row(hinter, row, walk->head->negate) && stmt_walk_offers(walk, row))
				offer_operand(hinter, row, row->arg);
			continue;
		}
		if (!stmt_word_begins(hinter->partial, hinter->partial_len, row->word) ||
		    !offers_row(hinter, row, walk->head->negate) || !stmt_walk_offers(walk, row))
			continue;
		keyword_help(row, help, sizeof(help));
		offer(hinter, &(struct stmt_hint){ .word = row->word, .help = help });
	}
}

/* "no" is offered where there is something it can be put before. */
static void offer_negation(struct hinter *hinter, const struct stmt_walk *walk)
{
	if (!hinter->may_negate || walk->row || walk->head->negate ||
	    !stmt_word_begins(hinter->partial, hinter->partial_len, "no"))
		return;
	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END; row++) {
		if (!offers_row(hinter, row, true))
			continue;
		offer(hinter, &(struct stmt_hint){ .word = "no", .help = "Negate a command or set its defaults" });
		return;
	}
}

/* "Sentence (5-120 seconds, default 30)"; the range of a number only when the word shown does not say it. */
static void operand_help(const struct stmt *row, const struct arg *arg, bool range_shown, char *help, size_t size_bytes)
{
	bool range = !range_shown && stmt_arg_is_number(arg);
	char range_text[64] = "", unit[64] = "";
	const char *def = row->kind == STMT_LEAF ? row->def : NULL;

	if (range)
		snprintf(range_text, sizeof(range_text), "%" PRId64 "-%" PRId64, arg->min, arg->max);
	if (arg->unit)
		snprintf(unit, sizeof(unit), "%s%s", range ? " " : "", arg->unit);
	if (!range && !unit[0] && !def) {
		snprintf(help, size_bytes, "%s", arg->help ? arg->help : "");
		return;
	}
	snprintf(help, size_bytes, "%s (%s%s%s%s%s)", arg->help ? arg->help : "", range_text, unit,
		 def && (range || unit[0]) ? ", " : "", def ? "default " : "", def ? def : "");
}

static void offer_words(struct hinter *hinter, const struct stmt *row, const struct arg *arg)
{
	char help[512], remarked[640];

	operand_help(row, arg, true, help, sizeof(help));
	for (const char *const *word = arg->words; *word; word++) {
		const char *remark = arg->without_effect ? arg->without_effect(*word) : NULL;

		snprintf(remarked, sizeof(remarked), "%s%s%s%s", help, remark ? " (" : "", remark ? remark : "",
			 remark ? ")" : "");
		if (stmt_word_begins(hinter->partial, hinter->partial_len, *word))
			offer(hinter, &(struct stmt_hint){ .word = *word, .help = remarked });
	}
}

static void offer_operand(struct hinter *hinter, const struct stmt *row, const struct arg *arg)
{
	char help[512], word[64];

	if (arg->words) {
		offer_words(hinter, row, arg);
		if (!arg->canonical || !arg->name)
			return;
	}
	if (stmt_arg_is_number(arg) && !arg->canonical &&
	    strspn(hinter->partial, "-0123456789") < hinter->partial_len)
		return;
	if (arg->name)
		snprintf(word, sizeof(word), "%s", arg->name);
	else if (stmt_arg_is_number(arg))
		snprintf(word, sizeof(word), "<%" PRId64 "-%" PRId64 ">", arg->min, arg->max);
	else
		snprintf(word, sizeof(word), "%s", arg->words_taken ? "WORD" : "LINE");
	operand_help(row, arg, !arg->name && stmt_arg_is_number(arg), help, sizeof(help));
	offer(hinter, &(struct stmt_hint){ .word = word, .help = help, .arg = arg });
}

/* Whether the operand that is expected at pos has words already and may take the one under the cursor as well. */
static bool inside_operand(const struct stmt_walk *walk, const char *done, size_t pos)
{
	struct stmt_word word;
	size_t peek = pos;
	unsigned count = 0;

	stmt_word_next(done, &peek, &word);
	if (stmt_walk_wants_keyword(walk, done, &word))
		return false;
	if (!walk->arg->words_taken)
		return true;
	while (count < walk->arg->words_taken && stmt_word_next(done, &pos, &word))
		count++;
	return count < walk->arg->words_taken;
}

static void offer_inside_operand(struct hinter *hinter, struct stmt_walk *walk, const char *done, size_t pos)
{
	const struct stmt *row = walk->row;
	const struct arg *arg = walk->arg;

	if (!arg->words || arg->canonical)
		offer_operand(hinter, row, arg);
	/* a clear secret is refused by the walk and hashed by the shell */
	if (!arg->words_taken &&
	    (arg->secret || (stmt_walk_step(walk, done, &pos) == MATCH_OK && stmt_walk_may_end(walk))))
		offer_enter(hinter);
}

/* Whether what is not understood is the beginning of an entry without a keyword. */
static bool is_begun_entry(const struct stmt_walk *walk)
{
	return walk->row && walk->row->kind == STMT_LIST && (walk->row->flags & STMT_BARE) && !walk->row->sub;
}

/* MATCH_OK when the words before the cursor were understood in this context. */
static enum match_status hints_in(struct hinter *hinter, struct stmt_walk *walk, const char *done, size_t pos)
{
	enum match_status status;
	struct stmt_word word;
	size_t peek;

	while (peek = pos, stmt_word_next(done, &peek, &word)) {
		if (inside_operand(walk, done, pos)) {
			offer_inside_operand(hinter, walk, done, pos);
			return MATCH_OK;
		}
		status = stmt_walk_step(walk, done, &pos);
		if (status == MATCH_INCOMPLETE && walk->joined_open) {
			offer_operand(hinter, walk->row, walk->row->arg->joined->arg);
			return MATCH_OK;
		}
		if (status != MATCH_OK && is_begun_entry(walk)) {
			offer_operand(hinter, walk->row, walk->row->arg);
			return MATCH_OK;
		}
		if (status != MATCH_OK)
			return status;
	}
	if (walk->joined && stmt_word_begins(hinter->partial, hinter->partial_len, walk->joined->word))
		offer(hinter, &(struct stmt_hint){ .word = walk->joined->word, .help = walk->joined->help });
	if (!walk->arg || (walk->arg_optional && walk->row->kind == STMT_RUN))
		offer_keywords(hinter, walk);
	offer_negation(hinter, walk);
	if (walk->arg)
		offer_operand(hinter, walk->row, walk->arg);
	if (stmt_walk_may_end(walk))
		offer_enter(hinter);
	return MATCH_OK;
}

/* One context after the other, from the innermost outwards, until one offers something. */
static int hints_outwards(struct hinter *hinter, const struct stmt *root, const struct match *context, const char *done,
			  unsigned *ret_column)
{
	size_t context_len = context ? context->steps_len : 0;
	unsigned column = 0;
	bool understood = false;

	for (;;) {
		enum match_status status;
		struct stmt_walk walk;
		struct match match;
		size_t pos = 0;

		if (stmt_walk_begin(&walk, root, context, context_len, done, &pos, hinter->may_negate, &match) < 0) {
			stmt_match_done(&match);
			return -ENOMEM;
		}
		status = hints_in(hinter, &walk, done, pos);
		if (status == MATCH_OK)
			understood = true;
		else if (match.column > column)
			column = match.column;
		stmt_match_done(&match);
		if (hinter->count || status == MATCH_AMBIGUOUS || !context_len)
			break;
		context_len = stmt_context_outer(context, context_len);
	}
	if (hinter->count || understood)
		return hinter->count;
	*ret_column = column;
	return -EINVAL;
}

int stmt_hints(const struct stmt *root, const struct match *context, const char *line, bool may_negate,
	       bool (*visible)(const struct stmt *row, void *userdata),
	       void (*on_hint)(const struct stmt_hint *hint, void *userdata), void *userdata, unsigned *ret_column)
{
	struct hinter hinter = {
		.visible = visible, .on_hint = on_hint, .userdata = userdata, .may_negate = may_negate
	};
	struct stmt_word word, last = { 0 };
	size_t pos = 0, len;
	char *done;
	int r;

	if (stmt_line_check(line, ret_column, NULL) < 0)
		return -EINVAL;
	while (stmt_word_next(line, &pos, &word))
		last = word;
	len = strlen(line);
	if (last.start + last.len < len || !last.len)
		last = (struct stmt_word){ .start = len };
	hinter.partial = line + last.start;
	hinter.partial_len = last.len;
	if (line[strspn(line, " \t")] == '!')
		return 0;
	done = strndup(line, last.start);
	if (!done)
		return -ENOMEM;
	r = hints_outwards(&hinter, root, context, done, ret_column);
	explicit_bzero(done, last.start);
	free(done);
	return r;
}

static void walk_rows(const struct stmt *rows, const struct stmt **path, size_t path_len,
		      void (*on_row)(const struct stmt *const *path, size_t path_len, void *userdata), void *userdata)
{
	if (path_len == STMT_DEPTH_MAX)
		return;
	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++) {
		path[path_len] = row;
		on_row(path, path_len + 1, userdata);
		walk_rows(row->sub, path, path_len + 1, on_row, userdata);
	}
}

void stmt_walk(const struct stmt *root, void (*on_row)(const struct stmt *const *path, size_t path_len, void *userdata),
	       void *userdata)
{
	const struct stmt *path[STMT_DEPTH_MAX];

	walk_rows(root, path, 0, on_row, userdata);
}
