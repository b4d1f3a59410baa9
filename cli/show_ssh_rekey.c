/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "show ssh rekey": what is left of the time and the volume of each session's keys. The limits are those that the
 * session began with; a client may have keys made anew at any time.
 */
#include "base/cleanup.h"
#include "cli/column.h"
#include "cli/show_ssh.h"

#define US_PER_MIN INT64_C(60000000)

struct rekey_row {
	uint32_t id, rekey_count, time_to_rekey_min, volume_to_rekey_mb;
};

const struct field show_ssh_rekey_fields[] = {
	FIELD_OF(FIELD_U32, struct rekey_row, id, "Session number"),
	FIELD_OF(FIELD_U32, struct rekey_row, rekey_count, "Key exchanges after the first"),
	FIELD_OF(FIELD_U32, struct rekey_row, time_to_rekey_min, "Minutes that the keys in use have left"),
	FIELD_OF(FIELD_U32, struct rekey_row, volume_to_rekey_mb, "Megabytes in one direction that they have left"),
	FIELD_END,
};

static const struct column rekey_columns[] = {
	{ .title = "id", .width = 6, .member = "id" },
	{ .title = "RekeyCount", .width = 14, .member = "rekey_count" },
	{ .title = "TimeToRekey(min)", .width = 20, .member = "time_to_rekey_min" },
	{ .title = "VolumeToRekey(MB)", .width = 20, .member = "volume_to_rekey_mb" },
	COLUMN_END,
};

struct rekey_print {
	FILE *out;
	int64_t now_us;
	json_t *rows; /* NULL: text */
};

static void on_session(const struct session_report *session, void *userdata)
{
	const struct rekey_print *print = userdata;
	int64_t left_us = session->kex_us + session->rekey_time_min * US_PER_MIN - print->now_us;
	uint64_t used_mb = session->kex_bytes >> 20;
	struct rekey_row row = { .id = session->id, .rekey_count = session->rekeys };

	if (!session->kex_us) /* there are no keys yet */
		return;
	row.time_to_rekey_min = left_us > 0 ? (uint32_t)((left_us + US_PER_MIN - 1) / US_PER_MIN) : 0;
	/* a clock that was set back */
	if (row.time_to_rekey_min > session->rekey_time_min)
		row.time_to_rekey_min = session->rekey_time_min;
	row.volume_to_rekey_mb = used_mb < session->rekey_volume_mb ?
					 session->rekey_volume_mb - (uint32_t)used_mb : 0;
	if (print->rows)
		json_array_append_new(print->rows, field_encode(show_ssh_rekey_fields, &row));
	else
		column_row(print->out, rekey_columns, show_ssh_rekey_fields, &row);
}

int show_ssh_rekey(FILE *out, const json_t *reply, int64_t now_us, bool as_json, struct err *err)
{
	struct rekey_print print = { .out = out, .now_us = now_us, .rows = as_json ? json_array() : NULL };
	int r;

	if (!as_json) {
		fputs(SHOW_SSH_VERSION_LINE "\n", out);
		column_head(out, rekey_columns, true);
		fputs("Incoming Session\n", out);
	}
	r = show_ssh_each_session(reply, true, on_session, &print, err);
	if (!as_json)
		fputs("\nOutgoing connection\n\n", out);
	if (r < 0 || !as_json) {
		json_decref(print.rows);
		return r;
	}
	return column_json(out, print.rows);
}
