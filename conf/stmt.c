/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: matching a line against the rows. A line is walked word by word without copying it; nothing but the match is
 * written, so the same walk serves the shell, the daemons and a fuzzer. A line typed in a sub-mode is tried there
 * first and then in the modes around it, so that a pasted line of the top level finds its way by itself; of several
 * failures the one that understood most of the line is reported.
 */
#include "conf/stmt.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/stmt_walk.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool stmt_row_is_operand(const struct stmt *row)
{
	return (row->kind == STMT_RUN && (row->flags & STMT_BARE)) || (row->flags & STMT_UNSPOKEN);
}

/* How many leading bytes of the word the keyword shares, letter case aside (not by locale: keywords are ASCII). The
 * options of utilities are what they are in either case. */
static size_t common_len(const char *word, size_t word_len, const char *keyword)
{
	const bool option = keyword[0] == '-';
	size_t i = 0;

	while (i < word_len && keyword[i] &&
	       (option ? word[i] == keyword[i] : lower(word[i]) == lower(keyword[i])))
		i++;
	return i;
}

bool stmt_word_begins(const char *word, size_t word_len, const char *keyword)
{
	return common_len(word, word_len, keyword) == word_len;
}

bool stmt_word_next(const char *line, size_t *pos, struct stmt_word *ret_word)
{
	size_t at = *pos;

	while (is_blank(line[at]))
		at++;
	ret_word->start = at;
	while (line[at] && !is_blank(line[at]))
		at++;
	ret_word->len = at - ret_word->start;
	*pos = at;
	return ret_word->len > 0;
}

/* Bytes of the well-formed printable UTF-8 character at text, 0 when it is none. */
static size_t char_len(const unsigned char *text)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len, i;

	if (text[0] < 0x80)
		return text[0] == '\t' || (text[0] >= 0x20 && text[0] != 0x7f);
	if (text[0] >= 0xf0 && text[0] <= 0xf4)
		len = 4, code = text[0] & 0x07u;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		len = 3, code = text[0] & 0x0fu;
	else if (text[0] >= 0xc2 && text[0] <= 0xdf)
		len = 2, code = text[0] & 0x1fu;
	else
		return 0;
	for (i = 1; i < len; i++) {
		if ((text[i] & 0xc0u) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fu);
	}
	/* overlong forms, surrogates, beyond Unicode, and the control characters from 0x80 to 0x9f */
	if (code < smallest[len] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff || code < 0xa0)
		return 0;
	return len;
}

int stmt_line_check(const char *line, unsigned *ret_column, struct err *err)
{
	size_t at = 0, word = 0, len;

	if (strnlen(line, STMT_LINE_MAX_BYTES + 1) > STMT_LINE_MAX_BYTES) {
		*ret_column = 0;
		return err_set(err, -EINVAL, "the line is longer than %u bytes", STMT_LINE_MAX_BYTES);
	}
	while (line[at]) {
		len = char_len((const unsigned char *)line + at);
		if (!len) {
			*ret_column = (unsigned)word;
			return err_set(err, -EINVAL, "the line holds a control character or is not UTF-8");
		}
		if (is_blank(line[at]))
			word = at + 1;
		at += len;
	}
	return 0;
}

/* ---- operands ---- */

bool stmt_arg_is_number(const struct arg *arg)
{
	return !arg->words && !arg->text && arg->min < arg->max;
}

static int canonical_number(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	const char *unit = arg->unit ? arg->unit : "";
	size_t digits = strspn(text + (text[0] == '-'), "0123456789");
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (!digits || *end || errno || text[digits + (text[0] == '-')])
		return err_set(err, -EINVAL, "must be a number from %" PRId64 " to %" PRId64 "%s%s", arg->min,
			       arg->max, *unit ? " " : "", unit);
	if (value < arg->min || value > arg->max)
		return err_set(err, -EINVAL, "must be from %" PRId64 " to %" PRId64 "%s%s", arg->min, arg->max,
			       *unit ? " " : "", unit);
	return asprintf(ret_text, "%lld", value) < 0 ? -ENOMEM : 0;
}

/* "must be one of a, b, c", cut where the text is full. */
static int refuse_word(const struct arg *arg, struct err *err)
{
	char list[384] = "";
	size_t len = 0;

	for (const char *const *word = arg->words; *word && len < sizeof(list); word++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "", *word);
	return err_set(err, -EINVAL, "must be one of %s%s", list, len < sizeof(list) ? "" : " ...");
}

static int canonical_enum(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	const char *found = NULL;
	size_t len = strlen(text);
	unsigned found_count = 0;
	char *copy;

	for (const char *const *word = arg->words; *word; word++) {
		if (!stmt_word_begins(text, len, *word))
			continue;
		found = *word;
		found_count++;
		if (!found[len]) {
			found_count = 1;
			break;
		}
	}
	if (!found_count)
		return refuse_word(arg, err);
	if (found_count > 1)
		return err_set(err, -ENOTUNIQ, "begins more than one of the words allowed here");
	copy = strdup(found);
	if (!copy)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

static int canonical_text(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);
	char *copy;

	if (arg->max > 0 && len > (uint64_t)arg->max)
		return err_set(err, -EINVAL, "must be at most %" PRId64 " characters long", arg->max);
	if (arg->min > 0 && len < (uint64_t)arg->min)
		return err_set(err, -EINVAL, "must be at least %" PRId64 " characters long", arg->min);
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

int stmt_arg_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	if (arg->canonical)
		return arg->canonical(arg, text, ret_text, err);
	if (arg->words)
		return canonical_enum(arg, text, ret_text, err);
	if (stmt_arg_is_number(arg))
		return canonical_number(arg, text, ret_text, err);
	return canonical_text(arg, text, ret_text, err);
}

static void wipe_free(char *text)
{
	if (!text)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

/* How many words the operand at pos takes: two more than it says when its joined keyword follows. 0: all. */
static unsigned operand_words(const struct arg *arg, const char *line, size_t pos)
{
	struct stmt_word word;

	if (!arg->joined || !arg->words_taken)
		return arg->words_taken;
	for (unsigned i = 0; i <= arg->words_taken; i++)
		if (!stmt_word_next(line, &pos, &word))
			return arg->words_taken;
	return arg->words_taken + (stmt_word_begins(line + word.start, word.len, arg->joined->word) ? 2 : 0);
}

/* The words of the operand that begins at *pos, joined by single spaces. *ret_count says how many there were. */
static char *operand_text(const struct arg *arg, unsigned words, const char *line, size_t *pos, unsigned *ret_count)
{
	char *text = malloc(strlen(line + *pos) + sizeof(" ") + (arg->joined ? strlen(arg->joined->word) : 0));
	struct stmt_word word;
	unsigned count = 0;
	size_t len = 0;

	if (!text)
		return NULL;
	while ((!words || count < words) && stmt_word_next(line, pos, &word)) {
		const bool keyword = arg->joined && count == arg->words_taken;

		if (count++)
			text[len++] = ' ';
		/* the keyword as it is, however short it was typed */
		if (keyword)
			word.len = strlen(arg->joined->word);
		memcpy(text + len, keyword ? arg->joined->word : line + word.start, word.len);
		len += word.len;
	}
	text[len] = '\0';
	*ret_count = count;
	return text;
}

/* ---- one step ---- */

static enum match_status fail(struct stmt_walk *walk, enum match_status status, size_t column, size_t mark)
{
	walk->head->column = (unsigned)column;
	walk->head->mark = (unsigned)mark;
	return status;
}

/* A hidden row answers to a prefix only when no other row does: nobody can see why the word would be ambiguous. */
static enum match_status find_row(const struct stmt_walk *walk, const char *word, size_t len,
				  const struct stmt **ret_row)
{
	const bool negate = walk->head->negate;
	const struct stmt *shown = NULL, *hidden = NULL;
	unsigned shown_count = 0, hidden_count = 0;

	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END; row++) {
		if ((negate && row->kind == STMT_RUN) || !stmt_walk_offers(walk, row) || stmt_row_is_operand(row) ||
		    !stmt_word_begins(word, len, row->word))
			continue;
		if (!row->word[len]) {
			*ret_row = row;
			return MATCH_OK;
		}
		if (row->flags & STMT_HIDDEN) {
			hidden = row;
			hidden_count++;
		} else {
			shown = row;
			shown_count++;
		}
	}
	if (shown_count > 1 || (!shown_count && hidden_count > 1))
		return MATCH_AMBIGUOUS;
	if (!shown && !hidden)
		return MATCH_INVALID;
	*ret_row = shown ? shown : hidden;
	return MATCH_OK;
}

/* How far into the word some keyword agrees: there the "^" goes. */
static size_t mark_len(const struct stmt_walk *walk, const char *word, size_t len)
{
	size_t best = 0, common;

	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END; row++) {
		if ((row->flags & STMT_HIDDEN) || (walk->head->negate && row->kind == STMT_RUN) ||
		    !stmt_walk_offers(walk, row) || stmt_row_is_operand(row))
			continue;
		common = common_len(word, len, row->word);
		if (common > best)
			best = common;
	}
	return best;
}

bool stmt_walk_offers(const struct stmt_walk *walk, const struct stmt *row)
{
	return !walk->more || (row->flags & STMT_MORE);
}

static int copy_steps(const struct match *from, size_t steps_len, struct match *to);

/* The next keyword is a sibling of a row that is complete: what it says hangs below the same steps. */
static int match_begin(struct stmt_walk *walk)
{
	struct match *next = calloc(1, sizeof(*next));

	if (!next)
		return -ENOMEM;
	next->negate = walk->head->negate;
	next->shared_len = walk->more_len;
	walk->match->more = next;
	if (copy_steps(walk->match, walk->more_len, next) < 0)
		return -ENOMEM;
	walk->match = next;
	walk->matches++;
	return 0;
}

/* A FLAG, or a LEAF with its operand, below which nothing may come. */
static void statement_end(struct stmt_walk *walk)
{
	if (walk->rows || walk->arg || !walk->more_rows)
		return;
	walk->rows = walk->more_rows;
	walk->more = true;
}

static enum match_status step_fail(struct stmt_walk *walk, const struct stmt_word *word, int rc)
{
	if (rc == -ENOMEM)
		err_set(&walk->head->err, rc, "out of memory");
	return fail(walk, MATCH_INVALID, word->start, word->start);
}

enum match_status stmt_walk_keyword(struct stmt_walk *walk, const char *line, const struct stmt_word *word)
{
	struct match *match;
	const struct stmt *row = NULL;
	enum match_status status = find_row(walk, line + word->start, word->len, &row);

	if (status == MATCH_INVALID)
		return fail(walk, status, word->start,
			    word->start + mark_len(walk, line + word->start, word->len));
	if (status != MATCH_OK)
		return fail(walk, status, word->start, word->start);
	if (walk->more && walk->matches == STMT_MORE_MAX) {
		err_set(&walk->head->err, -EINVAL, "the line says more than %d things", STMT_MORE_MAX);
		return step_fail(walk, word, -EINVAL);
	}
	if (walk->more && match_begin(walk) < 0)
		return step_fail(walk, word, -ENOMEM);
	match = walk->match;
	if (match->steps_len == STMT_DEPTH_MAX) {
		err_set(&walk->head->err, -EINVAL, "the line goes deeper than %d statements", STMT_DEPTH_MAX);
		return step_fail(walk, word, -EINVAL);
	}
	if (row->flags & STMT_MORE) {
		walk->more_rows = walk->rows;
		walk->more_len = match->steps_len;
	}
	walk->more = false;
	walk->joined = NULL;
	match->steps[match->steps_len++] = (struct match_step){ .row = row };
	walk->row = row;
	walk->rows = row->sub;
	walk->arg = row->kind == STMT_NODE || row->kind == STMT_FLAG ? NULL : row->arg;
	walk->arg_optional = (row->kind == STMT_RUN && (row->flags & STMT_ARG_OPTIONAL)) ||
			     (row->kind == STMT_LEAF && match->negate);
	statement_end(walk);
	return MATCH_OK;
}

/* The row whose entries are typed without its keyword, when the word is none of the keywords. */
static const struct stmt *bare_row(const struct stmt_walk *walk, const char *line, const struct stmt_word *word)
{
	const struct stmt *found;

	if (find_row(walk, line + word->start, word->len, &found) != MATCH_INVALID)
		return NULL;
	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END; row++)
		if (row->flags & STMT_BARE)
			return row;
	return NULL;
}

/* A number begins an entry; one of its statements begins one that is yet to be numbered. False when it is neither. A
 * command's operand is whatever is no keyword, and so is an entry in which there is nothing more. */
static bool bare_begin(struct stmt_walk *walk, const struct stmt *row, const char *line, const struct stmt_word *word)
{
	const bool numbered = stmt_row_is_operand(row) || !row->sub ||
			      (line[word->start] >= '0' && line[word->start] <= '9');
	struct stmt_walk below = { .head = walk->head, .rows = row->sub };
	struct match *match = walk->match;
	const struct stmt *found;
	char *value = NULL;

	if (!numbered &&
	    (match->negate || find_row(&below, line + word->start, word->len, &found) == MATCH_INVALID))
		return false;
	if (match->steps_len == STMT_DEPTH_MAX || (!numbered && !(value = strdup(STMT_NEXT_NUMBER))))
		return false;
	match->steps[match->steps_len++] = (struct match_step){ .row = row, .value = value };
	walk->row = row;
	walk->rows = row->sub;
	walk->arg = numbered ? row->arg : NULL;
	walk->arg_optional = false;
	return true;
}

/* The step stays in the match without a value when its operand is refused. */
static enum match_status take_operand(struct stmt_walk *walk, const char *line, size_t *pos)
{
	struct match *match = walk->match;
	struct err *err = &walk->head->err;
	const struct arg *arg = walk->arg;
	struct stmt_word word;
	char *text, *canonical = NULL;
	unsigned count, words = operand_words(arg, line, *pos);
	size_t start = *pos;
	int r;

	stmt_word_next(line, &start, &word);
	text = operand_text(arg, words, line, pos, &count);
	if (!text) {
		return step_fail(walk, &word, -ENOMEM);
	}
	if (count < words) {
		walk->joined_open = words > arg->words_taken;
		wipe_free(text);
		return fail(walk, MATCH_INCOMPLETE, word.start, word.start);
	}
	r = stmt_arg_canonical(arg, text, &canonical, err);
	wipe_free(text);
	/* what a removed leaf held does not matter, so a clear secret need not be hashed for it */
	if (r == -EAGAIN && walk->arg_optional && match->negate)
		err->text[0] = '\0';
	else if (r < 0) {
		if (!err->text[0])
			err_set(err, r, "%s", r == -ENOMEM ? "out of memory" : "is not allowed here");
		err_add(err, r, "%s", walk->row->word);
		walk->head->clear_secret = r == -EAGAIN;
		return fail(walk, r == -ENOTUNIQ ? MATCH_AMBIGUOUS : MATCH_INVALID, word.start, word.start);
	}
	match->steps[match->steps_len - 1].value = canonical;
	walk->joined = words == arg->words_taken ? arg->joined : NULL;
	walk->arg = NULL;
	statement_end(walk);
	return MATCH_OK;
}

static bool operand_fits(const struct arg *arg, const char *text)
{
	char *canonical = NULL;
	int r = stmt_arg_canonical(arg, text, &canonical, NULL);

	wipe_free(canonical);
	return r == 0 || r == -ENOTUNIQ;
}

/* A number or an address that no row takes goes to the first of its kind all the same, which says what is wrong. */
static bool operand_resembles(const struct arg *arg, const char *text)
{
	if (stmt_arg_is_number(arg))
		return text[0] && !text[strspn(text, "-0123456789")];
	return arg->canonical && strpbrk(text, ".:");
}

const struct stmt *stmt_walk_unspoken(const struct stmt_walk *walk, const char *line, const struct stmt_word *word)
{
	const struct stmt *found, *similar = NULL;
	char *text = NULL;

	if (find_row(walk, line + word->start, word->len, &found) != MATCH_INVALID)
		return NULL;
	found = NULL;
	for (const struct stmt *row = walk->rows; row && row->kind != STMT_END && !found; row++) {
		if (!(row->flags & STMT_UNSPOKEN) || !stmt_walk_offers(walk, row))
			continue;
		if (!text && !(text = strndup(line + word->start, word->len)))
			return NULL;
		if (operand_fits(row->arg, text))
			found = row;
		else if (!similar && operand_resembles(row->arg, text))
			similar = row;
	}
	wipe_free(text);
	return found ? found : similar;
}

static enum match_status unspoken_take(struct stmt_walk *walk, const struct stmt *row, const char *line, size_t *pos)
{
	struct match *match = walk->match;
	struct stmt_word word;
	size_t after = *pos;

	stmt_word_next(line, &after, &word);
	if (match->steps_len == STMT_DEPTH_MAX)
		return fail(walk, MATCH_INVALID, word.start, word.start);
	match->steps[match->steps_len++] = (struct match_step){ .row = row };
	walk->row = row;
	walk->rows = row->sub;
	walk->arg = row->arg;
	walk->arg_optional = false;
	return take_operand(walk, line, pos);
}

bool stmt_walk_wants_keyword(const struct stmt_walk *walk, const char *line, const struct stmt_word *word)
{
	const struct stmt *row;

	if (!walk->arg)
		return true;
	/* of a removed leaf the operand may be left out at the end only: a word that follows is the operand */
	return walk->arg_optional && walk->row->kind == STMT_RUN &&
	       find_row(walk, line + word->start, word->len, &row) != MATCH_INVALID;
}

enum match_status stmt_walk_step(struct stmt_walk *walk, const char *line, size_t *pos)
{
	const struct stmt *bare;
	struct stmt_word word;
	size_t after = *pos;

	if (!stmt_word_next(line, &after, &word))
		return MATCH_OK;
	if (!stmt_walk_wants_keyword(walk, line, &word))
		return take_operand(walk, line, pos);
	bare = bare_row(walk, line, &word);
	if (bare && bare_begin(walk, bare, line, &word))
		return walk->arg ? take_operand(walk, line, pos) : MATCH_OK;
	bare = stmt_walk_unspoken(walk, line, &word);
	if (bare)
		return unspoken_take(walk, bare, line, pos);
	*pos = after;
	return stmt_walk_keyword(walk, line, &word);
}

bool stmt_walk_may_end(const struct stmt_walk *walk)
{
	if (!walk->row || (walk->arg && !walk->arg_optional))
		return false;
	switch (walk->row->kind) {
	case STMT_FLAG:
	case STMT_LEAF:
		return true;
	case STMT_LIST:
		return walk->head->negate || !(walk->row->flags & STMT_BARE) || !walk->row->sub;
	case STMT_NODE:
		return walk->head->negate || walk->row->mode || walk->row->alone;
	case STMT_RUN:
		return walk->row->run;
	case STMT_END:
		break;
	}
	return false;
}

/* ---- contexts ---- */

static int copy_steps(const struct match *from, size_t steps_len, struct match *to)
{
	for (size_t i = 0; i < steps_len; i++) {
		char *value = NULL;

		if (from->steps[i].value) {
			value = strdup(from->steps[i].value);
			if (!value)
				return -ENOMEM;
		}
		to->steps[i] = (struct match_step){ from->steps[i].row, value };
		to->steps_len = i + 1;
	}
	return 0;
}

size_t stmt_context_outer(const struct match *context, size_t context_len)
{
	while (context_len) {
		context_len--;
		if (context_len && context->steps[context_len - 1].row->mode)
			return context_len;
	}
	return 0;
}

int stmt_walk_begin(struct stmt_walk *walk, const struct stmt *root, const struct match *context, size_t context_len,
		    const char *line, size_t *pos, bool may_negate, struct match *match)
{
	struct stmt_word word;
	size_t after = *pos;
	int r;

	memset(match, 0, sizeof(*match));
	*walk = (struct stmt_walk){ .head = match, .match = match, .rows = root, .matches = 1 };
	if (context_len) {
		r = copy_steps(context, context_len, match);
		if (r < 0)
			return r;
		match->context_len = context_len;
		walk->rows = context->steps[context_len - 1].row->sub;
	}
	if (may_negate && stmt_word_next(line, &after, &word) && word.len == 2 &&
	    stmt_word_begins(line + word.start, word.len, "no")) {
		match->negate = true;
		*pos = after;
	}
	return 0;
}

static void match_in(const struct stmt *root, const struct match *context, size_t context_len, const char *line,
		     bool may_negate, struct match *ret_match)
{
	struct stmt_walk walk;
	struct stmt_word word;
	size_t pos = 0, peek;

	if (stmt_walk_begin(&walk, root, context, context_len, line, &pos, may_negate, ret_match) < 0) {
		err_set(&ret_match->err, -ENOMEM, "out of memory");
		ret_match->status = MATCH_INVALID;
		return;
	}
	while (peek = pos, stmt_word_next(line, &peek, &word)) {
		ret_match->status = stmt_walk_step(&walk, line, &pos);
		if (ret_match->status != MATCH_OK)
			return;
	}
	/* what a removed leaf held does not matter, but where words follow, so that they are read the same again */
	if (ret_match->negate && walk.row && walk.row->kind == STMT_LEAF && !(walk.row->flags & STMT_UNSPOKEN)) {
		wipe_free(walk.match->steps[walk.match->steps_len - 1].value);
		walk.match->steps[walk.match->steps_len - 1].value = NULL;
	}
	ret_match->status = stmt_walk_may_end(&walk) ? MATCH_OK : MATCH_INCOMPLETE;
}

/* Whether a try in an outer context tells more than the best so far, which is MATCH_INVALID. */
static bool match_better(const struct match *tried, const struct match *best)
{
	switch (tried->status) {
	case MATCH_OK:
	case MATCH_EMPTY:
	case MATCH_INCOMPLETE:
		return true;
	case MATCH_AMBIGUOUS:
		return tried->column >= best->column;
	case MATCH_INVALID:
		return tried->clear_secret || tried->column > best->column;
	}
	return false;
}

void stmt_match(const struct stmt *root, const struct match *context, const char *line, bool may_negate,
		struct match *ret_match)
{
	size_t context_len = context ? context->steps_len : 0;
	struct match tried;
	struct stmt_word word;
	size_t pos = 0;

	memset(ret_match, 0, sizeof(*ret_match));
	if (stmt_line_check(line, &ret_match->column, &ret_match->err) < 0) {
		ret_match->status = MATCH_INVALID;
		ret_match->mark = ret_match->column;
		return;
	}
	if (!stmt_word_next(line, &pos, &word) || line[word.start] == '!') {
		ret_match->status = MATCH_EMPTY;
		return;
	}
	match_in(root, context, context_len, line, may_negate, ret_match);
	/* a clear secret is meant where it stands: further out the same words could say anything */
	while (ret_match->status == MATCH_INVALID && !ret_match->clear_secret && context_len) {
		context_len = stmt_context_outer(context, context_len);
		match_in(root, context, context_len, line, may_negate, &tried);
		if (match_better(&tried, ret_match)) {
			stmt_match_done(ret_match);
			*ret_match = tried;
		} else {
			stmt_match_done(&tried);
		}
	}
}

void stmt_match_done(struct match *match)
{
	struct match *more;

	for (struct match *at = match; at; at = at->more)
		for (size_t i = 0; i < at->steps_len; i++)
			wipe_free(at->steps[i].value);
	while ((more = match->more)) {
		match->more = more->more;
		free(more);
	}
	memset(match, 0, sizeof(*match));
}

int stmt_match_copy(const struct match *from, struct match *ret_copy)
{
	struct match copy = *from;
	int r;

	memset(copy.steps, 0, sizeof(copy.steps));
	copy.steps_len = 0;
	copy.more = NULL;
	r = copy_steps(from, from->steps_len, &copy);
	if (r < 0) {
		stmt_match_done(&copy);
		return r;
	}
	*ret_copy = copy;
	return 0;
}

/* ---- reading a match ---- */

const struct stmt *stmt_match_row(const struct match *match)
{
	assert(match->status == MATCH_OK && match->steps_len);
	return match->steps[match->steps_len - 1].row;
}

const char *stmt_match_value(const struct match *match, const char *word)
{
	for (size_t i = match->steps_len; i-- > 0;)
		if (!strcmp(match->steps[i].row->word, word))
			return match->steps[i].value;
	return NULL;
}

const char *stmt_match_option(const struct match *match, const char *word, bool *ret_given)
{
	for (; match; match = match->more)
		for (size_t i = 0; i < match->steps_len; i++)
			if (!strcmp(match->steps[i].row->word, word)) {
				if (ret_given)
					*ret_given = true;
				return match->steps[i].value;
			}
	return NULL;
}

char *stmt_match_text(const struct match *match)
{
	AUTO(free) char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	bool failed;

	if (!out)
		return NULL;
	if (match->negate)
		fputs("no", out);
	for (const struct match *at = match; at; at = at->more) {
		for (size_t i = at->shared_len; i < at->steps_len; i++) {
			const struct match_step *step = &at->steps[i];
			const char *gap = i || match->negate ? " " : "";

			if (step->row->flags & (STMT_BARE | STMT_UNSPOKEN)) {
				if (step->value && strcmp(step->value, STMT_NEXT_NUMBER) != 0)
					fprintf(out, "%s%s", gap, step->value);
				continue;
			}
			fprintf(out, "%s%s", gap, step->row->word);
			if (step->value)
				fprintf(out, " %s", step->value);
		}
	}
	failed = ferror(out);
	if (fclose(out) || failed)
		return NULL;
	return take(text);
}

unsigned stmt_match_owners(const struct match *match)
{
	for (size_t i = match->steps_len; i-- > 0;)
		if (match->steps[i].row->owners)
			return match->steps[i].row->owners;
	return 0;
}

bool stmt_row_is_secret(const struct stmt *row)
{
	return (row->flags & STMT_SECRET) || (row->arg && row->arg->secret);
}
