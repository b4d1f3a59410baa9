/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the words and the field table of a user's imported key. One table serves the file on disk, Varlink and JSON.
 */
#include "aaa/user_key_report.h"

const char *const user_key_type_words[] = {
	[USER_KEY_RSA] = "rsa",
	[USER_KEY_ECDSA] = "ecdsa",
	[USER_KEY_ED25519] = "ed25519",
	[USER_KEY_DSA] = "dsa",
	[USER_KEY_TYPE_MAX] = NULL,
};

const char *const user_key_place_words[] = { "none", "first", "second", "third", "fourth", NULL };

const struct field user_key_report_fields[] = {
	FIELD_OF(FIELD_STR, struct user_key_report, user, "User who may log in with the key"),
	FIELD_OF(FIELD_U32, struct user_key_report, place,
		 "Place among the user's imported keys, from 1 to 4"),
	FIELD_ENUM_OF(struct user_key_report, type, user_key_type_words, "Type of the key"),
	FIELD_OF(FIELD_U32, struct user_key_report, bits, "Size of the key"),
	FIELD_OF(FIELD_I64, struct user_key_report, imported_us, "When the key was imported"),
	FIELD_OF(FIELD_STR, struct user_key_report, imported_by, "Who imported it"),
	FIELD_OF(FIELD_STR, struct user_key_report, fingerprint, "SHA-256 fingerprint of the key"),
	FIELD_OF(FIELD_STR, struct user_key_report, comment, "Comment that stood beside the key"),
	FIELD_OF(FIELD_STR, struct user_key_report, public_key, "The key as one line of OpenSSH"),
	FIELD_END,
};
