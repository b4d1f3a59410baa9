/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the word tables are total, and every member of a report survives the way through JSON.
 */
#include "services/ssh_report.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void words_check(const char *const *words, int max)
{
	for (int i = 0; i < max; i++) {
		cr_assert_not_null(words[i]);
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(words[i], words[j]);
		cr_assert_null(strchr(words[i], ' '), "parsers count words: %s", words[i]);
	}
	cr_assert_null(words[max]);
}

Test(ssh_report, word_tables_are_total)
{
	words_check(session_state_words, SESSION_STATE_MAX);
	words_check(session_auth_words, SESSION_AUTH_MAX);
	words_check(channel_type_words, CHANNEL_TYPE_MAX);
	words_check(session_end_words, SESSION_END_MAX);
	words_check(listener_state_words, LISTENER_STATE_MAX);
}

Test(ssh_report, words_are_those_public_parsers_know)
{
	cr_assert_str_eq(session_state_words[SESSION_OPEN], "SESSION_OPEN");
	cr_assert_str_eq(channel_type_words[CHANNEL_SHELL], "Command-Line-Interface");
	cr_assert_str_eq(channel_type_words[CHANNEL_EXEC], "Exec-Command");
	cr_assert_str_eq(session_auth_words[AUTH_KEYBOARD_INTERACTIVE], "key-intr");
}

/* Gives every member another odd value, goes through JSON and compares the bytes of the members. */
static void fields_check(const struct field *fields, size_t size)
{
	char *row = calloc(1, size), *back = calloc(1, size);
	size_t covered = 0;
	json_t *object;
	int odd = 1;

	for (const struct field *field = fields; field->name; field++, odd += 2) {
		char *at = row + field->offset;

		cr_assert_not_null(field->help);
		covered += field->size;
		if (field->type == FIELD_STR)
			snprintf(at, field->size, "v%d", odd);
		else if (field->type == FIELD_ENUM)
			*(int *)(void *)at = 1;
		else if (field->type == FIELD_BOOL)
			*(bool *)(void *)at = true;
		else
			*(uint16_t *)(void *)at = (uint16_t)(odd * 101); /* little-endian or not, it is not zero */
	}
	object = field_encode(fields, row);
	cr_assert_not_null(object);
	cr_assert_eq(field_decode(fields, object, back, NULL), 0);
	for (const struct field *field = fields; field->name; field++)
		cr_assert_eq(memcmp(row + field->offset, back + field->offset, field->size), 0, "%s", field->name);
	cr_assert_geq(covered + 24, size, "a member without a row: %zu of %zu bytes", covered, size);
	json_decref(object);
	free(row);
	free(back);
}

Test(ssh_report, every_member_has_a_row_and_survives_json)
{
	fields_check(session_report_fields, sizeof(struct session_report));
	fields_check(channel_report_fields, sizeof(struct channel_report));
	fields_check(listener_report_fields, sizeof(struct listener_report));
	fields_check(server_report_fields, sizeof(struct server_report));
}
