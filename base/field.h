/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/field.h - one table describes a flat report struct for encoding, decoding and printing
 *
 * Shapes:  struct field, one row per member; a table ends with FIELD_END
 * Units:   said by the name of the field (…_us, …_bytes, …_s)
 * Errors:  0 or -errno; -EINVAL wrong JSON type, -ERANGE number out of range, -ENAMETOOLONG text too long
 * Owns:    the object returned by field_encode() belongs to the caller; rows own their text (char arrays)
 * Runs in: every program; pure
 * Source:  none
 * Tests:   tests/unit/field_test.c, tests/fuzz/fuzz_field.c
 */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum field_type {
	FIELD_STR,  /* char[size], NUL-terminated */
	FIELD_BOOL, /* bool */
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I64,
	FIELD_ENUM, /* int; words[] gives the text of 0, 1, 2 … and ends with NULL */
};

struct field {
	const char *name; /* JSON member, snake_case */
	enum field_type type;
	size_t offset, size;
	const char *const *words; /* FIELD_ENUM only */
	const char *help;	  /* one sentence for the interface description */
};

#define FIELD_END     { .name = NULL }
#define FIELD_OF(kind, type_, member, help_)                                                \
	{                                                                                   \
		.name = #member, .type = (kind), .offset = offsetof(type_, member),         \
		.size = sizeof(((type_ *)0)->member), .help = (help_)                       \
	}
#define FIELD_ENUM_OF(type_, member, words_, help_)                                         \
	{                                                                                   \
		.name = #member, .type = FIELD_ENUM, .offset = offsetof(type_, member),     \
		.size = sizeof(int), .words = (words_), .help = (help_)                     \
	}

/* Makes a JSON object of a row. NULL when memory is short. Text that is not UTF-8 is replaced byte by byte
 * with '?'; a FIELD_U64 over INT64_MAX is given as INT64_MAX; a FIELD_ENUM without a word is left out. */
json_t *field_encode(const struct field *fields, const void *row);
/* The same without the members that are zero, false or empty, for a reader that decodes into a row of zeroes. */
json_t *field_encode_said(const struct field *fields, const void *row);

/* Fills a row from a JSON object. Unknown members are ignored; absent members and null leave the
 * row's value as it is. On failure the row is not touched. */
int field_decode(const struct field *fields, const json_t *object, void *row, struct err *err);

/* The value of one member as text for a table, in buffer. Returns buffer. An empty text is given as "". */
const char *field_text(const struct field *field, const void *row, char *buffer, size_t size_bytes);

#endif
