/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: A parser writes steps, and all ways through the steps are walked at once, byte by byte: there is nothing to try
 * again, so no expression makes a line take longer than its length times the steps. What is repeated a counted number
 * of times is written that often, and an expression of too many steps is refused.
 */
#include "cli/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define SETS_MAX   256u
#define REPEAT_MAX 255u

enum op { OP_BYTE, OP_SET, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_WORD_BEGIN, OP_WORD_END, OP_EDGE, OP_NO_EDGE,
	  OP_FOUND };

struct step {
	uint8_t op, byte;
	uint16_t x, y; /* OP_SPLIT, OP_JUMP: where to; OP_SET: which */
};

struct byte_set {
	uint8_t bits[32];
};

struct pattern {
	struct step steps[PATTERN_STEPS_MAX];
	size_t steps_len;
	struct byte_set sets[SETS_MAX];
	size_t sets_len;
	char literal[PATTERN_MAX_BYTES + 1]; /* when it is nothing but a text */
	size_t literal_len;
	bool is_literal;
	/* walking */
	uint16_t now[PATTERN_STEPS_MAX], next[PATTERN_STEPS_MAX], stack[2 * PATTERN_STEPS_MAX + 2];
	uint32_t seen[PATTERN_STEPS_MAX], turn;
};

struct parser {
	struct pattern *pattern;
	const char *at;
	unsigned flags, depth;
	struct err *err;
};

/* ---- steps ---- */

static int step_add(struct parser *parser, enum op op, uint8_t byte, size_t x, size_t y)
{
	struct pattern *pattern = parser->pattern;

	if (pattern->steps_len == PATTERN_STEPS_MAX)
		return err_set(parser->err, -EINVAL, "The regular expression is too large");
	pattern->steps[pattern->steps_len++] = (struct step){ (uint8_t)op, byte, (uint16_t)x, (uint16_t)y };
	return 0;
}

/* Moves the steps from start on by one, to put one before them. */
static int step_insert(struct parser *parser, size_t start, enum op op, size_t x, size_t y)
{
	struct pattern *pattern = parser->pattern;
	int r = step_add(parser, OP_JUMP, 0, 0, 0);

	if (r < 0)
		return r;
	memmove(pattern->steps + start + 1, pattern->steps + start,
		(pattern->steps_len - 1 - start) * sizeof(*pattern->steps));
	for (size_t i = start + 1; i < pattern->steps_len; i++) {
		struct step *step = &pattern->steps[i];

		if (step->op == OP_SPLIT || step->op == OP_JUMP) {
			step->x += step->x >= start;
			step->y += step->y >= start;
		}
	}
	pattern->steps[start] = (struct step){ (uint8_t)op, 0, (uint16_t)x, (uint16_t)y };
	return 0;
}

static void set_put(struct byte_set *set, uint8_t byte)
{
	set->bits[byte / 8] |= (uint8_t)(1u << byte % 8);
}

static bool set_has(const struct byte_set *set, uint8_t byte)
{
	return set->bits[byte / 8] >> byte % 8 & 1;
}

static int set_add(struct parser *parser, const struct byte_set *set)
{
	struct pattern *pattern = parser->pattern;
	size_t i = 0;

	while (i < pattern->sets_len && memcmp(&pattern->sets[i], set, sizeof(*set)) != 0)
		i++;
	if (i == SETS_MAX)
		return err_set(parser->err, -EINVAL, "The regular expression has too many different sets");
	if (i == pattern->sets_len)
		pattern->sets[pattern->sets_len++] = *set;
	return step_add(parser, OP_SET, 0, i, 0);
}

/* The bytes that continue a character of UTF-8 belong to the one before them. */
static int continuation_add(struct parser *parser)
{
	struct byte_set set = { { 0 } };
	size_t start = parser->pattern->steps_len;
	int r;

	for (unsigned byte = 0x80; byte < 0xc0; byte++)
		set_put(&set, (uint8_t)byte);
	r = step_add(parser, OP_SPLIT, 0, start + 1, start + 3);
	if (r == 0)
		r = set_add(parser, &set);
	return r < 0 ? r : step_add(parser, OP_JUMP, 0, start, 0);
}

static int byte_add(struct parser *parser, uint8_t byte)
{
	struct byte_set set = { { 0 } };

	if (!(parser->flags & PATTERN_ANY_CASE) || byte >= 0x80 || !isalpha(byte))
		return step_add(parser, OP_BYTE, byte, 0, 0);
	set_put(&set, (uint8_t)tolower(byte));
	set_put(&set, (uint8_t)toupper(byte));
	return set_add(parser, &set);
}

/* ---- sets ---- */

static const struct class_row {
	const char *name;
	int (*is)(int byte);
} classes[] = {
	{ "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum }, { "upper", isupper },
	{ "lower", islower }, { "space", isspace }, { "blank", isblank }, { "punct", ispunct },
	{ "print", isprint }, { "graph", isgraph }, { "cntrl", iscntrl }, { "xdigit", isxdigit },
};

/* "[:alpha:]" at the place; moves behind it. */
static int class_take(struct parser *parser, struct byte_set *set)
{
	const char *name = parser->at + 2, *end = strstr(name, ":]");

	for (size_t i = 0; end && i < ARRAY_SIZE(classes); i++) {
		if (strlen(classes[i].name) != (size_t)(end - name) ||
		    strncmp(classes[i].name, name, (size_t)(end - name)) != 0)
			continue;
		for (int byte = 0; byte < 0x80; byte++)
			if (classes[i].is(byte))
				set_put(set, (uint8_t)byte);
		parser->at = end + 2;
		return 0;
	}
	return err_set(parser->err, -EINVAL, "The regular expression has no such class: %.16s", parser->at);
}

static int range_take(struct parser *parser, struct byte_set *set)
{
	uint8_t first = (uint8_t)*parser->at++, last = first;

	if (parser->at[0] == '-' && parser->at[1] && parser->at[1] != ']') {
		last = (uint8_t)parser->at[1];
		parser->at += 2;
	}
	if (last < first)
		return err_set(parser->err, -EINVAL, "The regular expression has a range that ends before it begins");
	for (unsigned byte = first; byte <= last; byte++)
		set_put(set, (uint8_t)byte);
	return 0;
}

static void set_fold(struct byte_set *set)
{
	for (int byte = 'a'; byte <= 'z'; byte++) {
		int upper = toupper(byte);

		if (set_has(set, (uint8_t)byte) || set_has(set, (uint8_t)upper)) {
			set_put(set, (uint8_t)byte);
			set_put(set, (uint8_t)upper);
		}
	}
}

/* "[^a-z]", the bracket is taken. */
static int brackets_take(struct parser *parser)
{
	struct byte_set set = { { 0 } };
	bool negated = *parser->at == '^', first = true;
	int r = 0;

	parser->at += negated;
	while (r == 0 && *parser->at && (first || *parser->at != ']')) {
		first = false;
		r = !strncmp(parser->at, "[:", 2) ? class_take(parser, &set) : range_take(parser, &set);
	}
	if (r < 0)
		return r;
	if (!*parser->at)
		return err_set(parser->err, -EINVAL, "The regular expression has a [ without ]");
	parser->at++;
	if (parser->flags & PATTERN_ANY_CASE)
		set_fold(&set);
	for (size_t i = 0; negated && i < sizeof(set.bits); i++)
		set.bits[i] = (uint8_t)~set.bits[i];
	return set_add(parser, &set);
}

/* Letters behind a backslash that mean something; everything else is itself. */
static int escape_take(struct parser *parser)
{
	struct byte_set set = { { 0 } };
	char letter = *parser->at;

	if (!letter)
		return err_set(parser->err, -EINVAL, "The regular expression ends with a backslash");
	if (letter >= '1' && letter <= '9')
		return err_set(parser->err, -EINVAL, "Regular expressions have no back-references here");
	parser->at++;
	switch (letter) {
	case '<':
		return step_add(parser, OP_WORD_BEGIN, 0, 0, 0);
	case '>':
		return step_add(parser, OP_WORD_END, 0, 0, 0);
	case 'b':
		return step_add(parser, OP_EDGE, 0, 0, 0);
	case 'B':
		return step_add(parser, OP_NO_EDGE, 0, 0, 0);
	case 'w':
	case 'W':
	case 's':
	case 'S':
	case 'd':
	case 'D':
		for (int byte = 0; byte < 0x100; byte++) {
			bool in = byte < 0x80 && (tolower(letter) == 'w' ? isalnum(byte) || byte == '_' :
						  tolower(letter) == 's' ? isspace(byte) : isdigit(byte));

			if (in == (islower((unsigned char)letter) != 0))
				set_put(&set, (uint8_t)byte);
		}
		return set_add(parser, &set);
	default:
		return byte_add(parser, (uint8_t)letter);
	}
}

/* ---- expressions ---- */

static int ways_take(struct parser *parser);

static int any_add(struct parser *parser)
{
	struct byte_set set;
	int r;

	memset(&set, 0xff, sizeof(set));
	r = set_add(parser, &set);
	return r < 0 ? r : continuation_add(parser);
}

static int group_take(struct parser *parser)
{
	int r;

	if (++parser->depth > PATTERN_DEPTH_MAX)
		return err_set(parser->err, -EINVAL, "The regular expression has too many parentheses");
	r = ways_take(parser);
	parser->depth--;
	if (r < 0)
		return r;
	if (*parser->at != ')')
		return err_set(parser->err, -EINVAL, "The regular expression has a ( without )");
	parser->at++;
	return 0;
}

/* One thing that may be repeated. */
static int atom_take(struct parser *parser)
{
	char c = *parser->at++;

	switch (c) {
	case '(':
		return group_take(parser);
	case '[':
		return brackets_take(parser);
	case '.':
		return any_add(parser);
	case '^':
		return step_add(parser, OP_BEGIN, 0, 0, 0);
	case '$':
		return step_add(parser, OP_END, 0, 0, 0);
	case '\\':
		return escape_take(parser);
	case '*':
	case '+':
	case '?':
		return err_set(parser->err, -EINVAL, "The regular expression has a %c with nothing before it", c);
	default:
		return byte_add(parser, (uint8_t)c);
	}
}

/* The steps from start on, once more at the end. */
static int steps_copy(struct parser *parser, size_t start, size_t len)
{
	struct pattern *pattern = parser->pattern;
	size_t offset = pattern->steps_len - start;
	int r = 0;

	for (size_t i = start; i < start + len && r == 0; i++) {
		struct step step = pattern->steps[i];
		bool jumps = step.op == OP_SPLIT || step.op == OP_JUMP;

		r = step_add(parser, step.op, step.byte, step.x + (jumps ? offset : 0), step.y + (jumps ? offset : 0));
	}
	return r;
}

static int star_make(struct parser *parser, size_t start)
{
	size_t end = parser->pattern->steps_len;
	int r = step_insert(parser, start, OP_SPLIT, start + 1, end + 2);

	return r < 0 ? r : step_add(parser, OP_JUMP, 0, start, 0);
}

static int maybe_make(struct parser *parser, size_t start)
{
	return step_insert(parser, start, OP_SPLIT, start + 1, parser->pattern->steps_len + 1);
}

/* A copy of the thing of this length that stands at start, which may be left out or repeated. */
static int copy_make(struct parser *parser, size_t start, size_t len, int (*make)(struct parser *parser, size_t start))
{
	size_t copy = parser->pattern->steps_len;
	int r = steps_copy(parser, start, len);

	return r < 0 || !make ? r : make(parser, copy);
}

/* most UINT32_MAX: without end. */
static int repeat_make(struct parser *parser, size_t start, uint32_t least, uint32_t most)
{
	struct pattern *pattern = parser->pattern;
	size_t len = pattern->steps_len - start;
	int r = 0;

	if (most == 0) {
		pattern->steps_len = start;
		return 0;
	}
	if (least == 0 && most == UINT32_MAX)
		return star_make(parser, start);
	if (least == 0) {
		r = repeat_make(parser, start, 1, most);
		return r < 0 ? r : maybe_make(parser, start);
	}
	for (uint32_t i = 1; i < least && r == 0; i++)
		r = copy_make(parser, start, len, NULL);
	if (r == 0 && most == UINT32_MAX)
		return copy_make(parser, start, len, star_make);
	for (uint32_t i = least; i < most && r == 0; i++)
		r = copy_make(parser, start, len, maybe_make);
	return r;
}

static bool number_take(struct parser *parser, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)*parser->at))
		return false;
	number = strtoul(parser->at, &end, 10);
	parser->at = end;
	*ret_number = number > REPEAT_MAX ? REPEAT_MAX + 1 : (uint32_t)number;
	return true;
}

/* "{3}", "{3,}", "{3,5}"; the brace is taken. */
static int counts_take(struct parser *parser, uint32_t *ret_least, uint32_t *ret_most)
{
	bool whole = number_take(parser, ret_least);

	*ret_most = *ret_least;
	if (whole && *parser->at == ',') {
		parser->at++;
		if (!number_take(parser, ret_most))
			*ret_most = UINT32_MAX;
	}
	if (!whole || *parser->at != '}' || *ret_most < *ret_least)
		return err_set(parser->err, -EINVAL, "The regular expression has a { that is no {number,number}");
	if (*ret_least > REPEAT_MAX || (*ret_most > REPEAT_MAX && *ret_most != UINT32_MAX))
		return err_set(parser->err, -EINVAL, "The regular expression repeats more than %u times", REPEAT_MAX);
	parser->at++;
	return 0;
}

static int repeats_take(struct parser *parser, size_t start)
{
	uint32_t least = 0, most = UINT32_MAX;
	int r = 0;

	while (r == 0 && *parser->at && strchr("*+?{", *parser->at)) {
		switch (*parser->at++) {
		case '*':
			least = 0, most = UINT32_MAX;
			break;
		case '+':
			least = 1, most = UINT32_MAX;
			break;
		case '?':
			least = 0, most = 1;
			break;
		case '{':
			r = counts_take(parser, &least, &most);
			break;
		}
		if (r == 0)
			r = repeat_make(parser, start, least, most);
	}
	return r;
}

/* Things one behind the other, up to "|", ")" or the end. */
static int row_take(struct parser *parser)
{
	int r = 0;

	while (r == 0 && *parser->at && *parser->at != '|' && !(*parser->at == ')' && parser->depth)) {
		size_t start = parser->pattern->steps_len;

		r = atom_take(parser);
		if (r == 0)
			r = repeats_take(parser, start);
	}
	return r;
}

static int ways_take(struct parser *parser)
{
	struct pattern *pattern = parser->pattern;
	size_t start = pattern->steps_len, jump;
	int r = row_take(parser);

	while (r == 0 && *parser->at == '|') {
		parser->at++;
		/* split to the ways so far or the one that follows; those so far jump behind it */
		r = step_insert(parser, start, OP_SPLIT, start + 1, pattern->steps_len + 2);
		jump = pattern->steps_len;
		if (r == 0)
			r = step_add(parser, OP_JUMP, 0, 0, 0);
		if (r == 0)
			r = row_take(parser);
		if (r == 0)
			pattern->steps[jump].x = (uint16_t)pattern->steps_len;
	}
	return r;
}

/* ---- making ---- */

static int fixed_take(struct parser *parser)
{
	int r = 0;

	while (r == 0 && *parser->at)
		r = byte_add(parser, (uint8_t)*parser->at++);
	return r;
}

static int steps_make(struct parser *parser)
{
	bool words = parser->flags & PATTERN_WORDS;
	int r = 0;

	if (words)
		r = step_add(parser, OP_WORD_BEGIN, 0, 0, 0);
	if (r == 0)
		r = parser->flags & PATTERN_FIXED ? fixed_take(parser) : ways_take(parser);
	if (r == 0 && words)
		r = step_add(parser, OP_WORD_END, 0, 0, 0);
	return r < 0 ? r : step_add(parser, OP_FOUND, 0, 0, 0);
}

/* Most are a word or two: those are looked for by the C library. */
static void literal_find(struct pattern *pattern)
{
	for (size_t i = 0; i + 1 < pattern->steps_len; i++) {
		if (pattern->steps[i].op != OP_BYTE || i >= PATTERN_MAX_BYTES)
			return;
		pattern->literal[i] = (char)pattern->steps[i].byte;
	}
	pattern->literal_len = pattern->steps_len - 1;
	pattern->is_literal = true;
}

int pattern_new(const char *text, unsigned flags, struct pattern **ret_pattern, struct err *err)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	struct parser parser = { .pattern = pattern, .at = text, .flags = flags, .err = err };
	int r;

	if (!pattern)
		return err_set(err, -ENOMEM, "Out of memory");
	r = strlen(text) > PATTERN_MAX_BYTES ? err_set(err, -EINVAL, "The regular expression is too long") :
					       steps_make(&parser);
	if (r < 0) {
		free(pattern);
		return r;
	}
	literal_find(pattern);
	*ret_pattern = pattern;
	return 0;
}

void pattern_free(struct pattern *pattern)
{
	free(pattern);
}

/* ---- finding ---- */

struct text {
	const char *bytes;
	size_t len, at;
};

static bool word_at(const struct text *text, size_t at)
{
	unsigned char byte = at < text->len ? (unsigned char)text->bytes[at] : 0;

	return at < text->len && (isalnum(byte) || byte == '_' || byte >= 0x80);
}

/* Whether a step that takes no byte lets one through here. */
static bool passes(enum op op, const struct text *text)
{
	bool before = text->at > 0 && word_at(text, text->at - 1), after = word_at(text, text->at);

	switch (op) {
	case OP_BEGIN:
		return text->at == 0;
	case OP_END:
		return text->at == text->len;
	case OP_WORD_BEGIN:
		return !before;
	case OP_WORD_END:
		return !after;
	case OP_EDGE:
		return before != after;
	case OP_NO_EDGE:
		return before == after;
	case OP_BYTE:
	case OP_SET:
	case OP_SPLIT:
	case OP_JUMP:
	case OP_FOUND:
		break;
	}
	return false;
}

/* Adds every step that is reached from one without taking a byte. True when the end is among them. */
static bool way_add(struct pattern *pattern, const struct text *text, size_t first, uint16_t *list, size_t *len)
{
	size_t depth = 0;

	pattern->stack[depth++] = (uint16_t)first;
	while (depth) {
		size_t at = pattern->stack[--depth];
		const struct step *step = &pattern->steps[at];

		if (pattern->seen[at] == pattern->turn)
			continue;
		pattern->seen[at] = pattern->turn;
		switch (step->op) {
		case OP_FOUND:
			return true;
		case OP_SPLIT:
			pattern->stack[depth++] = step->y;
			pattern->stack[depth++] = step->x;
			break;
		case OP_JUMP:
			pattern->stack[depth++] = step->x;
			break;
		case OP_BYTE:
		case OP_SET:
			list[(*len)++] = (uint16_t)at;
			break;
		default:
			if (passes(step->op, text))
				pattern->stack[depth++] = (uint16_t)(at + 1);
			break;
		}
	}
	return false;
}

static bool takes(const struct pattern *pattern, const struct step *step, uint8_t byte)
{
	return step->op == OP_BYTE ? step->byte == byte : set_has(&pattern->sets[step->x], byte);
}

static void turn_next(struct pattern *pattern)
{
	if (++pattern->turn == 0) {
		memset(pattern->seen, 0, sizeof(pattern->seen));
		pattern->turn = 1;
	}
}

bool pattern_finds(struct pattern *pattern, const char *line, size_t len_bytes)
{
	struct text text = { line, len_bytes, 0 };
	uint16_t *now = pattern->now, *next = pattern->next, *swap;
	size_t now_len = 0, next_len;

	if (pattern->is_literal)
		return memmem(line, len_bytes, pattern->literal, pattern->literal_len) != NULL;
	turn_next(pattern);
	for (;; text.at++) {
		/* it may begin at each byte */
		if (way_add(pattern, &text, 0, now, &now_len))
			return true;
		if (text.at == len_bytes)
			return false;
		next_len = 0;
		turn_next(pattern);
		text.at++; /* the steps are reached behind the byte */
		for (size_t i = 0; i < now_len; i++)
			if (takes(pattern, &pattern->steps[now[i]], (uint8_t)line[text.at - 1]) &&
			    way_add(pattern, &text, now[i] + 1u, next, &next_len))
				return true;
		text.at--;
		swap = now, now = next, next = swap;
		now_len = next_len;
	}
}
