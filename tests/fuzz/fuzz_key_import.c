/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that somebody imports as a public key, and a file of the store. What is taken must have one spelling, and be
 * what the monitor's own parser takes too (but for small RSA keys). */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/key_import.h"
#include "aaa/user_keys.h"
#include "services/ssh/hostkey_blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_key(const struct key_import_key *key)
{
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES], data[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key again;
	EVP_PKEY *parsed = NULL;
	size_t len;
	struct err err;
	int r;

	if (key_import_line(key->line, &again, blob, &len, &err) < 0 || again.bits != key->bits || again.type != key->type)
		abort();
	if (!key_import_data(key->line, data, sizeof(data)))
		abort();
	r = hostkey_blob_read(blob, len, &parsed, &err);
	if (r == 0)
		EVP_PKEY_free(parsed);
	/* a point that is not on its curve needs arithmetic to be seen, and is refused when the key is used */
	else if (r == -EPROTO && key->type == USER_KEY_ED25519)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct user_key_report rows[USER_KEY_PLACES_MAX];
	struct key_import *import;
	struct err err;
	size_t len;

	if (key_import_parse(bytes, len_bytes, &import, &err) == 0) {
		if (!import->len || import->len > KEY_IMPORT_KEYS_MAX)
			abort();
		for (size_t i = 0; i < import->len; i++)
			check_key(&import->keys[i]);
		free(import);
	}
	if (user_keys_decode((const char *)bytes, len_bytes, "a", rows, &len) == 0)
		for (size_t i = 0; i < len; i++)
			if (strcmp(rows[i].user, "a"))
				abort();
	return 0;
}
