/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the readers of a field table. Encoding never fails for its content: a word number outside the table is
 * left out, bytes that are not UTF-8 become '?', and a counter over the range of a JSON integer stays at the
 * largest one. Decoding believes nothing: every member is checked before the first one is written, so a
 * refused object changes no row.
 */
#include "base/field.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

static const void *field_at(const struct field *field, const void *row)
{
	return (const char *)row + field->offset;
}

/* NULL when the number has no word. */
static const char *field_word(const struct field *field, const void *row)
{
	int number, i;

	memcpy(&number, field_at(field, row), sizeof(number));
	if (number < 0)
		return NULL;
	for (i = 0; field->words[i]; i++)
		if (i == number)
			return field->words[i];
	return NULL;
}

/* Integer members only; *ret_unsigned says how to read the 64 bits. */
static uint64_t field_number(const struct field *field, const void *row, bool *ret_unsigned)
{
	const void *at = field_at(field, row);
	union {
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		int64_t i64;
	} value;

	assert(field->size <= sizeof(value));
	memcpy(&value, at, field->size);
	*ret_unsigned = field->type != FIELD_I64;
	if (field->type == FIELD_U16)
		return value.u16;
	if (field->type == FIELD_U32)
		return value.u32;
	return value.u64;
}

static json_t *encode_text(const char *text, size_t size)
{
	/* an array without its NUL loses the last byte, so that what is encoded can be decoded */
	size_t len = strnlen(text, size - 1), step;
	AUTO(free) char *clean = malloc(len + 1);

	if (!clean)
		return NULL;
	memcpy(clean, text, len);
	for (size_t at = 0; at < len; at += step) {
		step = utf8_character(clean + at, len - at);
		if (step == 0) {
			clean[at] = '?';
			step = 1;
		}
	}
	return json_stringn_nocheck(clean, len);
}

static json_t *encode_number(const struct field *field, const void *row)
{
	bool is_unsigned;
	uint64_t value = field_number(field, row, &is_unsigned);

	if (is_unsigned && value > INT64_MAX)
		value = INT64_MAX;
	return json_integer((json_int_t)value);
}

static json_t *encode_one(const struct field *field, const void *row)
{
	const char *word;
	bool flag;

	switch (field->type) {
	case FIELD_STR:
		return encode_text(field_at(field, row), field->size);
	case FIELD_BOOL:
		memcpy(&flag, field_at(field, row), sizeof(flag));
		return json_boolean(flag);
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return encode_number(field, row);
	case FIELD_ENUM:
		word = field_word(field, row);
		return word ? json_string_nocheck(word) : NULL;
	}
	return NULL;
}

/* What a row is without that nobody has said anything: nought, false, no text. */
static bool is_nothing(const struct field *field, const void *row)
{
	static const char nothing[sizeof(uint64_t)];

	if (field->type == FIELD_STR)
		return *(const char *)field_at(field, row) == '\0';
	return field->size <= sizeof(nothing) && !memcmp(field_at(field, row), nothing, field->size);
}

static json_t *encode_row(const struct field *fields, const void *row, bool all)
{
	json_t *object = json_object();

	if (!object)
		return NULL;
	for (const struct field *field = fields; field->name; field++) {
		if ((field->type == FIELD_ENUM && !field_word(field, row)) || (!all && is_nothing(field, row)))
			continue;
		/* names and words are ours: only texts of the row are looked at */
		if (json_object_set_new_nocheck(object, field->name, encode_one(field, row)) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *field_encode(const struct field *fields, const void *row)
{
	return encode_row(fields, row, true);
}

json_t *field_encode_said(const struct field *fields, const void *row)
{
	return encode_row(fields, row, false);
}

static int wrong_type(const struct field *field, const char *wanted, struct err *err)
{
	return err_set(err, -EINVAL, "%s: not a %s", field->name, wanted);
}

/* row may be NULL: then only check. */
static int decode_text(const struct field *field, const json_t *value, char *row, struct err *err)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text)
		return wrong_type(field, "text", err);
	if (memchr(text, '\0', len))
		return err_set(err, -EINVAL, "%s: holds a NUL", field->name);
	if (len >= field->size)
		return err_set(err, -ENAMETOOLONG, "%s: longer than %zu bytes", field->name, field->size - 1);
	if (row) {
		memset(row + field->offset, 0, field->size);
		memcpy(row + field->offset, text, len);
	}
	return 0;
}

static int decode_number(const struct field *field, const json_t *value, char *row, struct err *err)
{
	json_int_t number = json_integer_value(value), max = INT64_MAX;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	if (!json_is_integer(value))
		return wrong_type(field, "whole number", err);
	if (field->type == FIELD_U16)
		max = UINT16_MAX;
	if (field->type == FIELD_U32)
		max = UINT32_MAX;
	if ((field->type != FIELD_I64 && number < 0) || number > max)
		return err_set(err, -ERANGE, "%s: %" JSON_INTEGER_FORMAT " is out of range", field->name,
			       number);
	if (!row)
		return 0;
	if (field->type == FIELD_U16)
		memcpy(row + field->offset, &u16, sizeof(u16));
	else if (field->type == FIELD_U32)
		memcpy(row + field->offset, &u32, sizeof(u32));
	else
		memcpy(row + field->offset, &number, sizeof(number));
	return 0;
}

static int decode_word(const struct field *field, const json_t *value, char *row, struct err *err)
{
	const char *text = json_string_value(value);

	if (!text)
		return wrong_type(field, "word", err);
	for (int i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], text) != 0)
			continue;
		if (row)
			memcpy(row + field->offset, &i, sizeof(i));
		return 0;
	}
	return err_set(err, -EINVAL, "%s: not one of its words", field->name);
}

static int decode_one(const struct field *field, const json_t *value, char *row, struct err *err)
{
	bool flag = json_is_true(value);

	switch (field->type) {
	case FIELD_STR:
		return decode_text(field, value, row, err);
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			return wrong_type(field, "truth value", err);
		if (row)
			memcpy(row + field->offset, &flag, sizeof(flag));
		return 0;
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return decode_number(field, value, row, err);
	case FIELD_ENUM:
		return decode_word(field, value, row, err);
	}
	return -EINVAL;
}

static int decode_all(const struct field *fields, const json_t *object, char *row, struct err *err)
{
	const json_t *value;
	int r;

	for (const struct field *field = fields; field->name; field++) {
		value = json_object_get(object, field->name);
		if (!value || json_is_null(value))
			continue;
		r = decode_one(field, value, row, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int field_decode(const struct field *fields, const json_t *object, void *row, struct err *err)
{
	int r;

	if (!json_is_object(object))
		return err_set(err, -EINVAL, "not an object");
	r = decode_all(fields, object, NULL, err);
	if (r < 0)
		return r;
	return decode_all(fields, object, row, err);
}

/* As much of a text as fits, never half a character. */
static void copy_text(const char *text, size_t len, char *buffer, size_t size_bytes)
{
	size_t at = 0, step;

	while (at < len) {
		step = utf8_character(text + at, len - at);
		if (step == 0)
			step = 1;
		if (at + step >= size_bytes)
			break;
		at += step;
	}
	memcpy(buffer, text, at);
	buffer[at] = '\0';
}

const char *field_text(const struct field *field, const void *row, char *buffer, size_t size_bytes)
{
	const char *text = "";
	char number[24];
	bool flag, is_unsigned;
	uint64_t value;

	if (size_bytes == 0)
		return buffer;
	switch (field->type) {
	case FIELD_STR:
		text = field_at(field, row);
		copy_text(text, strnlen(text, field->size - 1), buffer, size_bytes);
		return buffer;
	case FIELD_BOOL:
		memcpy(&flag, field_at(field, row), sizeof(flag));
		text = flag ? "true" : "false";
		break;
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		value = field_number(field, row, &is_unsigned);
		if (is_unsigned)
			snprintf(number, sizeof(number), "%" PRIu64, value);
		else
			snprintf(number, sizeof(number), "%" PRId64, (int64_t)value);
		text = number;
		break;
	case FIELD_ENUM:
		text = field_word(field, row);
		if (!text)
			text = "?";
		break;
	}
	copy_text(text, strlen(text), buffer, size_bytes);
	return buffer;
}
