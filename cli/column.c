/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the only place where rows become text. Public parsers count the words of a row, so a cell is always exactly one
 * word. Much of the text was chosen by whoever connected to us, so nothing a terminal would obey leaves this file.
 */
#include "cli/column.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define COLUMN_GAP 2u

/* U+0080 to U+009F: control characters in two bytes, which some terminals obey as well */
static bool is_c1(const char *text, size_t len)
{
	return len == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0;
}

/* Marks that turn the order of what is shown around, or are not seen at all: U+200B to U+200F, U+2028 to U+202E,
 * U+2060 to U+206F, U+FEFF. A name with one of them looks like another. */
static bool is_format(const char *text, size_t len)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (len != 3)
		return false;
	if (byte[0] == 0xef)
		return byte[1] == 0xbb && byte[2] == 0xbf;
	if (byte[0] != 0xe2)
		return false;
	return (byte[1] == 0x80 && ((byte[2] >= 0x8b && byte[2] <= 0x8f) || (byte[2] >= 0xa8 && byte[2] <= 0xae))) ||
	       (byte[1] == 0x81 && byte[2] >= 0xa0 && byte[2] <= 0xaf);
}

void column_clean(char *text, size_t len_bytes, bool keep_lines)
{
	size_t at = 0;

	while (at < len_bytes) {
		size_t len = utf8_character(text + at, len_bytes - at);
		unsigned char c = (unsigned char)text[at];

		if (len == 1 && (c < 0x20 || c == 0x7f) && !(keep_lines && c == '\n'))
			len = 0;
		if (!len || is_c1(text + at, len) || is_format(text + at, len)) {
			memset(text + at, '?', len ? len : 1);
			len = len ? len : 1;
		}
		at += len;
	}
}

static const struct field *find_field(const struct field *fields, const char *member)
{
	while (fields && fields->name && strcmp(fields->name, member) != 0)
		fields++;
	return fields && fields->name ? fields : NULL;
}

static void cell_text(const struct column *column, const struct field *fields, const void *row, char *buffer,
		      size_t size_bytes)
{
	const struct field *field = column->member ? find_field(fields, column->member) : NULL;
	const char *text = "";
	size_t len;

	if (column->text)
		text = column->text(row, buffer, size_bytes);
	else if (field)
		text = field_text(field, row, buffer, size_bytes);
	if (!text[0])
		text = column->empty ? column->empty : "--";
	len = strnlen(text, size_bytes - 1);
	memmove(buffer, text, len);
	buffer[len] = '\0';
	column_clean(buffer, len, false);
	for (char *c = buffer; *c && !column->blanks; c++)
		if (*c == ' ')
			*c = '_';
}

/* Characters, not bytes: a continuation byte takes no place. */
static unsigned text_width(const char *text)
{
	unsigned width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0u) != 0x80;
	return width;
}

static void put_cell(FILE *out, const struct column *column, const char *text)
{
	unsigned width = text_width(text);

	fputs(text, out);
	if (!column[1].title) {
		fputc('\n', out);
		return;
	}
	/* a text that is too long still keeps one blank before the next word */
	fprintf(out, "%*s", width <= column->width ? (int)(column->width - width + COLUMN_GAP) : 1, "");
}

unsigned column_width(const struct column *columns)
{
	unsigned width = 0;

	for (const struct column *column = columns; column->title; column++)
		width += column->width + (column[1].title ? COLUMN_GAP : 0);
	return width;
}

void column_head(FILE *out, const struct column *columns, bool with_rule)
{
	unsigned width = column_width(columns);

	for (const struct column *column = columns; column->title; column++)
		put_cell(out, column, column->title);
	if (!with_rule)
		return;
	while (width--)
		fputc('-', out);
	fputc('\n', out);
}

void column_row(FILE *out, const struct column *columns, const struct field *fields, const void *row)
{
	char buffer[COLUMN_TEXT_MAX_BYTES];

	for (const struct column *column = columns; column->title; column++) {
		cell_text(column, fields, row, buffer, sizeof(buffer));
		put_cell(out, column, buffer);
	}
}

int column_json(FILE *out, json_t *rows)
{
	/* ASCII: what a terminal would obey leaves as \u001b */
	int r = rows ? json_dumpf(rows, out, JSON_INDENT(1) | JSON_ENSURE_ASCII) : -1;

	json_decref(rows);
	if (r < 0)
		return -ENOMEM;
	fputc('\n', out);
	return 0;
}
