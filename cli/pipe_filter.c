/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the filters at work. They see the whole text of a command at once: commands of a router print what a person can
 * read, and a filter that looks back (tail, sort) is then a loop over lines. Lines are places in that text; only what
 * is kept is written.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "cli/pattern.h"
#include "cli/pipe.h"

struct line {
	const char *text;
	size_t len, place; /* place: among the lines, for an order that keeps equals as they were */
};

struct lines {
	struct line *list;
	size_t len;
};

static void line_write(const struct line *line, FILE *out)
{
	fwrite(line->text, 1, line->len, out);
	fputc('\n', out);
}

static size_t lines_count(const char *text, size_t len)
{
	size_t count = 0;

	for (const char *end = text + len; text < end; count++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		text = newline ? newline + 1 : end;
	}
	return count;
}

static int lines_make(const char *text, size_t len, struct lines *lines)
{
	size_t count = lines_count(text, len);

	lines->list = calloc(count ? count : 1, sizeof(*lines->list));
	if (!lines->list)
		return -ENOMEM;
	for (const char *end = text + len; text < end;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t part = (size_t)((newline ? newline : end) - text);

		lines->list[lines->len] = (struct line){ text, part, lines->len };
		lines->len++;
		text += part + (newline ? 1 : 0);
	}
	return 0;
}

/* ---- lines that match ---- */

static void grep_write(const struct pipe_filter *filter, const struct line *line, bool matches, FILE *out)
{
	if (filter->number_lines)
		fprintf(out, "%zu%c", line->place + 1, matches ? ':' : '-');
	line_write(line, out);
}

static void grep_run(const struct pipe_filter *filter, const struct lines *lines, FILE *out)
{
	size_t found = 0, next = 0, until = 0; /* next: the first line not written; until: context ends there */

	for (size_t i = 0; i < lines->len; i++) {
		const struct line *line = &lines->list[i];
		bool matches = (!filter->most || found < filter->most) &&
			       pattern_finds(filter->pattern, line->text, line->len) != filter->invert;

		found += matches;
		if (filter->only_count || (!matches && i >= until))
			continue;
		if (matches) {
			size_t from = i > filter->before ? i - filter->before : 0;

			if (from < next)
				from = next;
			if (from > next && next && (filter->before || filter->after))
				fputs("--\n", out);
			for (; from < i; from++)
				grep_write(filter, &lines->list[from], false, out);
			until = i + 1 + filter->after;
		}
		grep_write(filter, line, matches, out);
		next = i + 1;
	}
	if (filter->only_count)
		fprintf(out, "%zu\n", found);
}

static size_t indent_of(const struct line *line)
{
	size_t indent = 0;

	while (indent < line->len && line->text[indent] == ' ')
		indent++;
	return indent;
}

static void section_run(const struct pipe_filter *filter, const struct lines *lines, FILE *out)
{
	size_t indent = 0;
	bool inside = false;

	for (size_t i = 0; i < lines->len; i++) {
		const struct line *line = &lines->list[i];
		bool below = inside && indent_of(line) > indent;

		if (!below) {
			inside = pattern_finds(filter->pattern, line->text, line->len);
			indent = indent_of(line);
		}
		if (inside)
			line_write(line, out);
	}
}

static void begin_run(const struct pipe_filter *filter, const struct lines *lines, FILE *out)
{
	bool begun = false;

	for (size_t i = 0; i < lines->len; i++) {
		begun = begun || pattern_finds(filter->pattern, lines->list[i].text, lines->list[i].len);
		if (begun)
			line_write(&lines->list[i], out);
	}
}

/* ---- order ---- */

/* The part of a line that sort looks at: from its field to the end. */
static struct line key_of(const struct pipe_filter *filter, const struct line *line)
{
	struct line key = *line;

	for (unsigned field = 1; field < filter->key && key.len; field++) {
		size_t skip = 0;

		if (filter->delimiter) {
			const char *end = memchr(key.text, filter->delimiter, key.len);

			skip = end ? (size_t)(end - key.text) + 1 : key.len;
		} else {
			while (skip < key.len && isblank((unsigned char)key.text[skip]))
				skip++;
			while (skip < key.len && !isblank((unsigned char)key.text[skip]))
				skip++;
		}
		key.text += skip;
		key.len -= skip;
	}
	return key;
}

static int bytes_compare(const struct line *a, const struct line *b, bool any_case)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = any_case ? strncasecmp(a->text, b->text, len) : memcmp(a->text, b->text, len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static double value_of(const struct line *line)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*s", line->len < sizeof(text) ? (int)line->len : (int)sizeof(text) - 1,
		 line->text);
	/* decimal numbers, as sort -n reads them: neither hexadecimal nor names of infinity */
	text[strspn(text, " \t+-.0123456789")] = '\0';
	return strtod(text, NULL);
}

static int lines_compare(const void *a, const void *b, void *userdata)
{
	const struct pipe_filter *filter = userdata;
	const struct line *one = a, *two = b;
	struct line key_one = key_of(filter, one), key_two = key_of(filter, two);
	int order = 0;

	if (filter->numeric) {
		double value_one = value_of(&key_one), value_two = value_of(&key_two);

		order = (value_one > value_two) - (value_one < value_two);
	}
	if (!order && (!filter->numeric || !filter->unique))
		order = bytes_compare(&key_one, &key_two, filter->any_case);
	if (filter->reverse)
		order = -order;
	return order;
}

static int lines_compare_stable(const void *a, const void *b, void *userdata)
{
	const struct line *one = a, *two = b;
	int order = lines_compare(a, b, userdata);

	return order ? order : (one->place > two->place) - (one->place < two->place);
}

static void sort_run(const struct pipe_filter *filter, struct lines *lines, FILE *out)
{
	qsort_r(lines->list, lines->len, sizeof(*lines->list), lines_compare_stable, (void *)(uintptr_t)filter);
	for (size_t i = 0; i < lines->len; i++)
		if (!filter->unique || !i ||
		    lines_compare(&lines->list[i - 1], &lines->list[i], (void *)(uintptr_t)filter) != 0)
			line_write(&lines->list[i], out);
}

static void uniq_run(const struct pipe_filter *filter, const struct lines *lines, FILE *out)
{
	for (size_t i = 0, end; i < lines->len; i = end) {
		end = i + 1;
		while (end < lines->len &&
		       bytes_compare(&lines->list[i], &lines->list[end], filter->any_case) == 0)
			end++;
		if ((filter->repeated && end - i == 1) || (filter->single && end - i > 1))
			continue;
		if (filter->counted)
			fprintf(out, "%7zu ", end - i);
		line_write(&lines->list[i], out);
	}
}

/* ---- parts of lines ---- */

static bool field_wanted(const struct pipe_filter *filter, size_t field)
{
	for (size_t i = 0; i < filter->fields_len; i++)
		if (field >= filter->fields[i].first && field <= filter->fields[i].last)
			return true;
	return false;
}

static void cut_fields(const struct pipe_filter *filter, const struct line *line, FILE *out)
{
	const char *at = line->text, *end = at + line->len;
	bool first = true;

	/* a line without the delimiter stays as it is: cut(1) */
	if (!memchr(at, filter->delimiter, line->len)) {
		line_write(line, out);
		return;
	}
	for (size_t field = 1; at <= end; field++) {
		const char *stop = at < end ? memchr(at, filter->delimiter, (size_t)(end - at)) : NULL;
		size_t len = (size_t)((stop ? stop : end) - at);

		if (field_wanted(filter, field)) {
			fprintf(out, "%.*s", first ? 0 : 1, &filter->delimiter);
			fwrite(at, 1, len, out);
			first = false;
		}
		at += len + 1;
	}
	fputc('\n', out);
}

/* Characters, so that none is cut in two. */
static void cut_places(const struct pipe_filter *filter, const struct line *line, FILE *out)
{
	size_t place = 0;

	for (size_t i = 0; i < line->len; i++) {
		place += ((unsigned char)line->text[i] & 0xc0u) != 0x80 || i == 0;
		if (field_wanted(filter, place))
			fputc(line->text[i], out);
	}
	fputc('\n', out);
}

int pipe_fields_parse(const char *text, struct pipe_filter *filter)
{
	filter->fields_len = 0;
	while (filter->fields_len < PIPE_FIELDS_MAX) {
		char *end;
		unsigned long first = 1, last;

		if (isdigit((unsigned char)*text))
			first = strtoul(text, &end, 10);
		else if (*text == '-' && isdigit((unsigned char)text[1]))
			end = (char *)(uintptr_t)text;
		else
			return -EINVAL;
		last = first;
		if (*end == '-') {
			last = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : UINT32_MAX;
			end += *end == '-';
		}
		if (first < 1 || first > UINT32_MAX || last < first)
			return -EINVAL;
		filter->fields[filter->fields_len].first = (uint32_t)first;
		filter->fields[filter->fields_len++].last = last > UINT32_MAX ? UINT32_MAX : (uint32_t)last;
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
		text = end + 1;
	}
	return -EINVAL;
}

/* One word with quotes taken off; moves behind it. False when there is none or it is too long. */
static bool cut_word(const char **at, char *word, size_t size_bytes)
{
	size_t len = 0;
	char quote = '\0';

	*at += strspn(*at, " ");
	if (!**at)
		return false;
	for (; **at && (quote || **at != ' '); (*at)++) {
		if ((**at == '"' || **at == '\'') && (!quote || quote == **at)) {
			quote = quote ? '\0' : **at;
			continue;
		}
		if (len + 1 >= size_bytes)
			return false;
		word[len++] = **at;
	}
	word[len] = '\0';
	return !quote;
}

int pipe_cut_parse(const char *text, struct pipe_filter *filter, struct err *err)
{
	char word[200], value[200];

	filter->delimiter = '\t';
	while (cut_word(&text, word, sizeof(word))) {
		if (word[0] != '-' || !word[1] || !strchr("dfc", word[1]))
			return err_set(err, -EINVAL, "cut has the options -d, -f and -c");
		if (word[2])
			snprintf(value, sizeof(value), "%s", word + 2);
		else if (!cut_word(&text, value, sizeof(value)))
			return err_set(err, -EINVAL, "Incomplete command.");
		if (word[1] == 'd' && strlen(value) != 1)
			return err_set(err, -EINVAL, "The delimiter of cut is one character");
		if (word[1] == 'd')
			filter->delimiter = value[0];
		else if (filter->fields_len || pipe_fields_parse(value, filter) < 0)
			return err_set(err, -EINVAL, "The list of cut is like 1,3-5, and given once");
		filter->by_bytes = filter->by_bytes || word[1] == 'c';
	}
	if (*(text + strspn(text, " ")))
		return err_set(err, -EINVAL, "The quotes of cut do not end");
	return filter->fields_len ? 0 : err_set(err, -EINVAL, "cut needs -f or -c and a list");
}

static void cut_run(const struct pipe_filter *filter, const struct lines *lines, FILE *out)
{
	for (size_t i = 0; i < lines->len; i++) {
		if (filter->by_bytes)
			cut_places(filter, &lines->list[i], out);
		else
			cut_fields(filter, &lines->list[i], out);
	}
}

/* ---- counting ---- */

static size_t words_count(const char *text, size_t len)
{
	size_t words = 0;

	for (size_t i = 0; i < len; i++)
		words += !isspace((unsigned char)text[i]) && (i == 0 || isspace((unsigned char)text[i - 1]));
	return words;
}

static void words_run(const struct pipe_filter *filter, const char *text, size_t len, FILE *out)
{
	const size_t numbers[] = { lines_count(text, len), words_count(text, len), len };
	const bool wanted[] = { filter->count_lines, filter->count_words, filter->count_bytes };
	unsigned count = wanted[0] + wanted[1] + wanted[2];
	const char *gap = "";

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!wanted[i])
			continue;
		fprintf(out, "%s%*zu", gap, count > 1 ? 7 : 0, numbers[i]);
		gap = " ";
	}
	fputc('\n', out);
}

static void part_run(const struct lines *lines, size_t first, size_t last, FILE *out)
{
	for (size_t i = first; i < last && i < lines->len; i++)
		line_write(&lines->list[i], out);
}

/* ---- the chain ---- */

static void filter_run(const struct pipe_filter *filter, const char *text, size_t len, struct lines *lines, FILE *out)
{
	switch (filter->kind) {
	case PIPE_GREP:
		grep_run(filter, lines, out);
		break;
	case PIPE_BEGIN:
		begin_run(filter, lines, out);
		break;
	case PIPE_SECTION:
		section_run(filter, lines, out);
		break;
	case PIPE_COUNT:
		fprintf(out, "%zu\n", lines->len);
		break;
	case PIPE_HEAD:
		part_run(lines, 0, filter->lines, out);
		break;
	case PIPE_TAIL:
		part_run(lines, lines->len > filter->lines ? lines->len - filter->lines : 0, lines->len, out);
		break;
	case PIPE_SORT:
		sort_run(filter, lines, out);
		break;
	case PIPE_UNIQ:
		uniq_run(filter, lines, out);
		break;
	case PIPE_CUT:
		cut_run(filter, lines, out);
		break;
	case PIPE_WORDS:
		words_run(filter, text, len, out);
		break;
	}
}

static int filter_apply(const struct pipe_filter *filter, const char *text, size_t len, char **ret_text,
			size_t *ret_len)
{
	struct lines lines = { .list = NULL };
	FILE *out;
	int r = lines_make(text, len, &lines);

	if (r < 0)
		return r;
	out = open_memstream(ret_text, ret_len);
	if (out) {
		filter_run(filter, text, len, &lines, out);
		r = fclose(out) ? -ENOMEM : 0;
	}
	free(lines.list);
	return out ? r : -ENOMEM;
}

int pipe_apply(const struct pipe_chain *chain, const char *text, size_t len_bytes, char **ret_text, size_t *ret_len)
{
	AUTO(free) char *current = malloc(len_bytes + 1);
	size_t current_len = len_bytes;

	if (!current)
		return -ENOMEM;
	memcpy(current, text, len_bytes);
	current[len_bytes] = '\0';
	for (size_t i = 0; i < chain->len; i++) {
		char *filtered = NULL;
		size_t filtered_len = 0;
		int r = filter_apply(&chain->filters[i], current, current_len, &filtered, &filtered_len);

		if (r < 0) {
			free(filtered);
			return r;
		}
		free(current);
		current = filtered;
		current_len = filtered_len;
	}
	*ret_text = take(current);
	*ret_len = current_len;
	return 0;
}
