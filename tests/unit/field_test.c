/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a row survives the way to JSON and back at its extremes; what does not fit is refused before the row
 * is touched.
 */
#include "base/field.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

static const char *const color_words[] = { "red", "green", "blue", NULL };

struct sample {
	char before;
	char name[9];
	bool on;
	uint16_t port;
	uint32_t count;
	uint64_t total_bytes;
	int64_t when_us;
	int color;
	char after;
};

static const struct field sample_fields[] = {
	FIELD_OF(FIELD_STR, struct sample, name, "A name"),
	FIELD_OF(FIELD_BOOL, struct sample, on, "Whether on"),
	FIELD_OF(FIELD_U16, struct sample, port, "A port"),
	FIELD_OF(FIELD_U32, struct sample, count, "A count"),
	FIELD_OF(FIELD_U64, struct sample, total_bytes, "A total"),
	FIELD_OF(FIELD_I64, struct sample, when_us, "A time"),
	FIELD_ENUM_OF(struct sample, color, color_words, "A color"),
	FIELD_END,
};

enum { NAME, ON, PORT, COUNT, TOTAL, WHEN, COLOR };

static void json_auto(json_t **json)
{
	json_decref(*json);
}

static void assert_same(const struct sample *to, const struct sample *from)
{
	cr_assert_str_eq(to->name, from->name);
	cr_assert_eq(to->on, from->on);
	cr_assert_eq(to->port, from->port);
	cr_assert_eq(to->count, from->count);
	cr_assert_eq(to->total_bytes, from->total_bytes);
	cr_assert_eq(to->when_us, from->when_us);
	cr_assert_eq(to->color, from->color);
}

static void assert_round_trip(const struct sample *from)
{
	AUTO(json) json_t *object = field_encode(sample_fields, from);
	struct sample to = { .before = 3, .after = 5 };
	struct err err = { "" };

	cr_assert_not_null(object);
	cr_assert_eq(json_object_size(object), 7);
	cr_assert_eq(field_decode(sample_fields, object, &to, &err), 0, "%s", err.text);
	assert_same(&to, from);
	cr_assert(to.before == 3 && to.after == 5);
}

/* As between processes that both begin with zeroes. */
static void assert_said_is_enough(const struct sample *from, size_t members)
{
	AUTO(json) json_t *object = field_encode_said(sample_fields, from);
	struct sample to;

	memset(&to, 0, sizeof(to));
	cr_assert_not_null(object);
	cr_assert_eq(json_object_size(object), members);
	cr_assert_eq(field_decode(sample_fields, object, &to, NULL), 0);
	assert_same(&to, from);
}

Test(field, what_is_nothing_need_not_be_said)
{
	struct sample row = { .name = "" };

	assert_said_is_enough(&row, 0);
	row = (struct sample){ .name = "eth0", .when_us = -1 };
	assert_said_is_enough(&row, 2);
	row = (struct sample){ .on = true, .port = 22, .count = 1, .total_bytes = UINT64_C(1) << 40, .color = 1 };
	assert_said_is_enough(&row, 5);
}

Test(field, round_trip)
{
	const struct sample zero = { 0 };
	const struct sample largest = { .name = "12345678",
					.on = true,
					.port = UINT16_MAX,
					.count = UINT32_MAX,
					.total_bytes = INT64_MAX,
					.when_us = INT64_MAX,
					.color = 2 };
	const struct sample odd = { .name = "b\xc3\xa4r\x1b\"",
				    .port = 5527,
				    .count = 70001,
				    .total_bytes = 5000000007,
				    .when_us = INT64_MIN,
				    .color = 1 };

	assert_round_trip(&zero);
	assert_round_trip(&largest);
	assert_round_trip(&odd);
}

Test(field, encode_never_fails_for_content)
{
	struct sample row = { .total_bytes = UINT64_MAX, .color = 3 };
	AUTO(json) json_t *object = NULL;

	memcpy(row.name, "a\xff\xc3-\xe2\x82zzz", 9); /* no NUL, and half a character */
	object = field_encode(sample_fields, &row);
	cr_assert_not_null(object);
	cr_assert_str_eq(json_string_value(json_object_get(object, "name")), "a?"
									     "?-?"
									     "?zz");
	cr_assert_eq(json_integer_value(json_object_get(object, "total_bytes")), INT64_MAX);
	cr_assert_null(json_object_get(object, "color"));
}

struct refused_row {
	char text[120];
	int result;
};

ParameterizedTestParameters(field, refused)
{
	static struct refused_row rows[] = {
		{ "{\"on\":true,\"name\":7}", -EINVAL },
		{ "{\"on\":true,\"name\":\"123456789\"}", -ENAMETOOLONG },
		{ "{\"on\":true,\"name\":\"a\\u0000b\"}", -EINVAL },
		{ "{\"on\":1}", -EINVAL },
		{ "{\"on\":true,\"port\":\"22\"}", -EINVAL },
		{ "{\"on\":true,\"port\":22.5}", -EINVAL },
		{ "{\"on\":true,\"port\":65536}", -ERANGE },
		{ "{\"on\":true,\"port\":-1}", -ERANGE },
		{ "{\"on\":true,\"count\":4294967296}", -ERANGE },
		{ "{\"on\":true,\"count\":-1}", -ERANGE },
		{ "{\"on\":true,\"total_bytes\":-1}", -ERANGE },
		{ "{\"on\":true,\"when_us\":[]}", -EINVAL },
		{ "{\"on\":true,\"color\":\"pink\"}", -EINVAL },
		{ "{\"on\":true,\"color\":1}", -EINVAL },
		{ "[true]", -EINVAL },
		{ "null", -EINVAL },
	};

	return cr_make_param_array(struct refused_row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct refused_row *row, field, refused)
{
	AUTO(json) json_t *object = json_loads(row->text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct sample to = { .name = "old", .port = 9 };
	struct err err = { "" };

	cr_assert_not_null(object);
	cr_assert_eq(field_decode(sample_fields, object, &to, &err), row->result);
	cr_assert_neq(err.text[0], '\0');
	cr_assert_str_eq(to.name, "old");
	cr_assert(to.port == 9 && !to.on);
}

Test(field, absent_null_and_unknown_members_leave_the_row)
{
	AUTO(json) json_t *object = json_pack("{s:n, s:s, s:i}", "name", "stranger", "x", "count", 11);
	struct sample to = { .name = "old", .color = 1 };

	cr_assert_eq(field_decode(sample_fields, object, &to, NULL), 0);
	cr_assert_str_eq(to.name, "old");
	cr_assert_eq(to.color, 1);
	cr_assert_eq(to.count, 11);
}

Test(field, text_for_a_table)
{
	struct sample row = { .name = "ab\xc3\xa4",
			      .on = true,
			      .port = 65535,
			      .total_bytes = UINT64_MAX,
			      .when_us = -7,
			      .color = 2 };
	char text[32];

	cr_assert_str_eq(field_text(&sample_fields[NAME], &row, text, sizeof(text)), "ab\xc3\xa4");
	cr_assert_str_eq(field_text(&sample_fields[NAME], &row, text, 4), "ab", "half a character was shown");
	cr_assert_str_eq(field_text(&sample_fields[ON], &row, text, sizeof(text)), "true");
	cr_assert_str_eq(field_text(&sample_fields[PORT], &row, text, sizeof(text)), "65535");
	cr_assert_str_eq(field_text(&sample_fields[COUNT], &row, text, sizeof(text)), "0");
	cr_assert_str_eq(field_text(&sample_fields[TOTAL], &row, text, sizeof(text)), "18446744073709551615");
	cr_assert_str_eq(field_text(&sample_fields[WHEN], &row, text, sizeof(text)), "-7");
	cr_assert_str_eq(field_text(&sample_fields[COLOR], &row, text, sizeof(text)), "blue");
	row.color = -1;
	cr_assert_str_eq(field_text(&sample_fields[COLOR], &row, text, sizeof(text)), "?");
	row.name[0] = '\0';
	cr_assert_str_eq(field_text(&sample_fields[NAME], &row, text, sizeof(text)), "");
}

Test(utf8, characters)
{
	static const struct {
		const char *text;
		size_t len, bytes;
	} rows[] = {
		{ "", 0, 0 },
		{ "\0", 1, 1 },
		{ "a", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc3", 1, 0 },
		{ "\xc3(", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xe2\x82\xac", 2, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_assert_eq(utf8_character(rows[i].text, rows[i].len), rows[i].bytes, "row %zu", i);
}
