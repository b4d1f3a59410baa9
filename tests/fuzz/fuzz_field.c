/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: any JSON into a row with members of every type. A refused object leaves the row alone; an accepted row
 * encodes to an object that decodes to the same row. Then the raw bytes as the row itself: encoding must take
 * whatever is there.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static const char *const words[] = { "red", "green", "blue", NULL };

struct row {
	char text[7];
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int64_t i64;
	int color;
	bool flag;
};

static const struct field fields[] = {
	FIELD_OF(FIELD_STR, struct row, text, "text"),	FIELD_OF(FIELD_U16, struct row, u16, "u16"),
	FIELD_OF(FIELD_U32, struct row, u32, "u32"),	FIELD_OF(FIELD_U64, struct row, u64, "u64"),
	FIELD_OF(FIELD_I64, struct row, i64, "i64"),	FIELD_ENUM_OF(struct row, color, words, "color"),
	FIELD_OF(FIELD_BOOL, struct row, flag, "flag"), FIELD_END,
};

static void read_texts(const struct row *row)
{
	char text[8];

	for (const struct field *field = fields; field->name; field++)
		assert(strlen(field_text(field, row, text, sizeof(text))) < sizeof(text));
}

static void again(const struct row *row)
{
	json_t *first = field_encode(fields, row), *second;
	struct row copy;

	memset(&copy, 0, sizeof(copy));
	assert(first && field_decode(fields, first, &copy, NULL) == 0);
	second = field_encode(fields, &copy);
	/* a word number outside the table was left out and is 0 now */
	assert(second && json_object_update_missing(first, second) == 0 && json_equal(first, second));
	json_decref(first);
	json_decref(second);
	read_texts(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	json_t *object = json_loadb((const char *)bytes, len_bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct row row, old;
	struct err err;

	memset(&row, 0, sizeof(row));
	memcpy(row.text, "old", 4);
	old = row;
	if (object && field_decode(fields, object, &row, &err) < 0)
		assert(memcmp(&row, &old, sizeof(row)) == 0);
	else if (object)
		again(&row);
	json_decref(object);
	if (len_bytes < sizeof(row))
		return 0;
	memcpy(&row, bytes, sizeof(row));
	/* a bool holds nothing else in C */
	row.flag = bytes[offsetof(struct row, flag)] & 1;
	read_texts(&row);
	again(&row);
	return 0;
}
