/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/user_key_report.h - an imported public key of a user, as it is stored, shown and sent
 *
 * Shapes:  struct user_key_report, one row per key; user_key_report_fields
 * Units:   _us microseconds since 1970-01-01 UTC; bits of the key
 * Errors:  none
 * Owns:    rows own their text
 * Runs in: sallyport-sshd, monitor, sallyport (CLI); data only
 * Source:  features.md 2B "show crypto key authentication"
 * Tests:   tests/unit/key_import_test.c
 */
#ifndef AAA_USER_KEY_REPORT_H
#define AAA_USER_KEY_REPORT_H

#include <stdint.h>

#include "base/field.h"

#define USER_KEY_PLACES_MAX	   4u	 /* first, second, third, fourth: features.md 2A */
#define USER_KEY_LINE_MAX_BYTES	   2816u /* "ssh-rsa " and the base64 of a key of 16384 bits */
#define USER_KEY_BLOB_MAX_BYTES	   2100u
#define USER_KEY_COMMENT_MAX_BYTES 64u

enum user_key_type { USER_KEY_RSA, USER_KEY_ECDSA, USER_KEY_ED25519, USER_KEY_DSA, USER_KEY_TYPE_MAX };
extern const char *const user_key_type_words[];	 /* "rsa", "ecdsa", "ed25519", "dsa" */
extern const char *const user_key_place_words[]; /* by place, from 1: "first" … "fourth" */

struct user_key_report {
	char user[33];
	uint32_t place; /* 1 to 4 */
	int type;	/* enum user_key_type */
	uint32_t bits;
	int64_t imported_us;
	char imported_by[64];
	char fingerprint[64]; /* "SHA256:…" */
	char comment[USER_KEY_COMMENT_MAX_BYTES + 1];
	char public_key[USER_KEY_LINE_MAX_BYTES]; /* "ssh-ed25519 AAAA…" */
};

extern const struct field user_key_report_fields[];

#endif
