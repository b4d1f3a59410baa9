/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: keys in the layout of the seed: blocks of "Name : value", and the key itself in groups of eight hexadecimal
 * digits, eight groups on a line. The layout has its own ideas of blanks, which programs have learned.
 */
#include "cli/show_crypto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/key_import.h"
#include "base/clock.h"
#include "cli/column.h"

#define GROUP_BYTES	4u
#define GROUPS_PER_LINE 8u

/* How a type is called, and what stands before a line of its data. */
static const struct {
	const char *name, *size_word, *margin;
} host_words[HOST_KEY_TYPE_MAX] = {
	[HOST_KEY_ED25519] = { "ED25519", "Size     ", " " },
	[HOST_KEY_ECDSA_256] = { "ECDSA General Curve Nistp256", "Degree   ", "" },
	[HOST_KEY_ECDSA_384] = { "ECDSA General Curve Nistp384", "Degree   ", "" },
	[HOST_KEY_ECDSA_521] = { "ECDSA General Curve Nistp521", "Degree   ", "" },
	[HOST_KEY_RSA] = { "RSA General purpose", "Size     ", " " },
	[HOST_KEY_RSA_DEPRECATED] = { "RSA General purpose", "Size     ", " " },
	[HOST_KEY_DSA] = { "DSA", "Size     ", " " },
};

static const char *const user_words[USER_KEY_TYPE_MAX] = {
	[USER_KEY_RSA] = "RSA public key authentication",
	[USER_KEY_ECDSA] = "ECDSA public key authentication",
	[USER_KEY_ED25519] = "ED25519 public key authentication",
	[USER_KEY_DSA] = "DSA public key authentication",
};

/* "10:59:08 UTC Mon Nov 19 2018" */
static void put_time(FILE *out, const char *name, int64_t wall_us)
{
	char text[64];
	int day;

	clock_text_long(wall_us, text, sizeof(text)); /* "Mon Nov 19 10:59:08 2018" */
	day = (int)strtol(text + 8, NULL, 10);
	fprintf(out, "%s: %.8s UTC %.3s %.3s %02d %s\n", name, text + 11, text, text + 4, day, text + 20);
}

static void put_data(FILE *out, const char *public_key, const char *margin)
{
	uint8_t bytes[USER_KEY_BLOB_MAX_BYTES];
	size_t len = key_import_data(public_key, bytes, sizeof(bytes));

	fputs("Data     :\n", out);
	for (size_t i = 0; i < len; i++) {
		if (i % (GROUP_BYTES * GROUPS_PER_LINE) == 0)
			fputs(margin, out);
		else if (i % GROUP_BYTES == 0)
			fputc(' ', out);
		fprintf(out, "%02X", bytes[i]);
		if (i + 1 == len || (i + 1) % (GROUP_BYTES * GROUPS_PER_LINE) == 0)
			fputc('\n', out);
	}
	fputc('\n', out);
}

static void print_host_key(FILE *out, const void *data)
{
	const struct host_key_report *row = data;

	fprintf(out, "Key label: %s\n", row->label);
	fprintf(out, "Type      : %s\n", host_words[row->type].name);
	fprintf(out, "%s: %" PRIu32 "\n", host_words[row->type].size_word, row->bits);
	put_time(out, "Created  ", row->created_us);
	if (row->type > HOST_KEY_RSA)
		fputs("Status   : Deprecated, never offered\n", out);
	put_data(out, row->public_key, host_words[row->type].margin);
}

static void print_user_key(FILE *out, const void *data)
{
	const struct user_key_report *row = data;

	fprintf(out, "Key label: %s\n", row->user);
	fprintf(out, "Type     : %s\n", user_words[row->type]);
	fprintf(out, "Size     : %" PRIu32 "\n", row->bits);
	put_time(out, "Imported ", row->imported_us);
	if (row->place >= 1 && row->place <= USER_KEY_PLACES_MAX)
		fprintf(out, "Place    : %s\n", user_key_place_words[row->place]);
	fprintf(out, "Digest   : %s\n", row->fingerprint);
	if (row->comment[0])
		fprintf(out, "Comment  : %s\n", row->comment);
	put_data(out, row->public_key, " ");
}

/* The kind of rows that a reply holds. */
struct kind {
	const struct field *fields;
	void (*print)(FILE *out, const void *row);
	const char *none;
};

static int show_keys(FILE *out, const json_t *reply, const struct kind *kind, void *row, size_t row_bytes,
		     bool as_json, struct err *err)
{
	const json_t *keys = json_object_get(reply, "keys"), *object;
	json_t *rows = json_array();
	size_t i;
	int r = 0;

	if (!json_is_array(keys))
		r = err_set(
			err, -EPROTO,
			"The answer of sallyport-sshd has no list 'keys': CLI and daemon differ in version");
	json_array_foreach(keys, i, object)
	{
		memset(row, 0, row_bytes);
		if (!json_is_object(object) || field_decode(kind->fields, object, row, err) < 0)
			r = err_add(err, -EPROTO, "A row from sallyport-sshd cannot be read");
		if (r < 0)
			break;
		if (as_json)
			json_array_append_new(rows, field_encode(kind->fields, row));
		else
			kind->print(out, row);
	}
	if (r < 0 || !as_json)
		json_decref(rows);
	if (r < 0)
		return r;
	if (as_json)
		return column_json(out, rows);
	if (!json_array_size(keys))
		fprintf(out, "%s\n", kind->none);
	return 0;
}

int show_crypto_mypubkey(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	static const struct kind kind = { host_key_report_fields, print_host_key,
					  "There is no such key pair" };
	struct host_key_report row;

	return show_keys(out, reply, &kind, &row, sizeof(row), as_json, err);
}

int show_crypto_authentication(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	static const struct kind kind = { user_key_report_fields, print_user_key, "There is no such key" };
	struct user_key_report row;

	return show_keys(out, reply, &kind, &row, sizeof(row), as_json, err);
}
