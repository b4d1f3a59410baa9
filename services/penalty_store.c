/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: penalties as text. The monotonic clock is the machine's, so a moment of one daemon is the same for the next;
 * after a reboot everything has run out anyway.
 */
#include "services/penalty_store.h"

#include <inttypes.h>
#include <string.h>

struct writing {
	FILE *out;
	int64_t now_us;
	size_t len;
};

static void on_row(const struct penalty_row *row, void *userdata)
{
	struct writing *writing = userdata;
	const size_t bytes = row->source->family == 4 ? 4 : 8;

	if (writing->len++ >= PENALTY_STORE_ROWS_MAX)
		return;
	fprintf(writing->out, "%" PRId64 " %d %d %" PRIu32 " %" PRIu64 " %u ", writing->now_us + row->left_us,
		(int)row->reason, row->shut_out, row->count, row->refused, row->source->family);
	for (size_t i = 0; i < bytes; i++)
		fprintf(writing->out, "%02x", row->source->address[i]);
	fprintf(writing->out, " %s\n", row->source->vrf_name);
}

void penalty_store_write(struct penalties *penalties, const char *boot_id, int64_t now_us, FILE *out)
{
	struct writing writing = { .out = out, .now_us = now_us };

	fprintf(out, "%s %" PRId64 "\n", boot_id, now_us);
	penalties_each(penalties, now_us, on_row, &writing);
}

static bool address_read(const char *hex, unsigned family, struct admission_source *source)
{
	const size_t bytes = family == 4 ? 4 : 8;

	if ((family != 4 && family != 6) || strlen(hex) != 2 * bytes)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		source->address[i] = (uint8_t)byte;
	}
	source->family = (uint8_t)family;
	return true;
}

static bool line_read(const char *line, int64_t now_us, struct admission_source *source, struct penalty_row *row)
{
	unsigned family, reason, shut_out;
	int64_t until_us;
	char hex[17];

	if (sscanf(line, "%" SCNd64 " %u %u %" SCNu32 " %" SCNu64 " %u %16[0-9a-f] %32[^\n]", &until_us, &reason,
		   &shut_out, &row->count, &row->refused, &family, hex, source->vrf_name) != 8)
		return false;
	if (reason >= PENALTY_REASON_MAX || until_us <= now_us || !address_read(hex, family, source))
		return false;
	row->left_us = until_us - now_us;
	row->reason = (enum penalty_reason)reason;
	row->shut_out = shut_out != 0;
	row->source = source;
	return true;
}

size_t penalty_store_read(struct penalties *penalties, const char *boot_id, int64_t now_us, const char *text)
{
	const size_t boot_len = strlen(boot_id);
	size_t len = 0, lines = 0;

	if (boot_len == 0 || strncmp(text, boot_id, boot_len) != 0 || text[boot_len] != ' ')
		return 0;
	for (const char *at = strchr(text, '\n'); at && lines++ < PENALTY_STORE_ROWS_MAX; at = strchr(at + 1, '\n')) {
		struct admission_source source = { .family = 0 };
		struct penalty_row row = { .count = 0 };

		if (!line_read(at + 1, now_us, &source, &row))
			continue;
		penalties_restore(penalties, &row, now_us);
		len++;
	}
	return len;
}
