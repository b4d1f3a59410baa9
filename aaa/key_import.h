/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/key_import.h - public keys of users in every form that they come in, made into the one form that is stored
 *
 * Shapes:  struct key_import, the keys of one file or paste
 * Units:   bits of the key
 * Errors:  0 or -errno, with err in words for the operator: -EINVAL malformed or no public key at all, -ENOTSUP a type
 *          that is not accepted, -E2BIG more than fits
 * Owns:    *ret_import belongs to the caller: free()
 * Runs in: sallyport (CLI) parses files, sallyport-sshd only the one form (key_import_line); pure
 * Source:  RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4 (blobs); RFC 4716; RFC 5280 4.1.2.7, RFC 8017 A.1.1, RFC 5480,
 *          RFC 8410 (PEM, DER); sshd(8) AUTHORIZED_KEYS; features.md 4F
 * Tests:   tests/unit/key_import_test.c, tests/fuzz/fuzz_key_import.c
 */
#ifndef AAA_KEY_IMPORT_H
#define AAA_KEY_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "aaa/user_key_report.h"
#include "base/err.h"

#define KEY_IMPORT_FILE_MAX_BYTES 65536u
#define KEY_IMPORT_KEYS_MAX	  64u
#define KEY_IMPORT_RSA_SAFE_BITS \
	2048u /* NIST SP 800-131A; a smaller key is stored, and refused when it is used */

struct key_import_key {
	int type; /* enum user_key_type */
	uint32_t bits;
	char line[USER_KEY_LINE_MAX_BYTES];	      /* "ssh-ed25519 AAAA…", without comment */
	char comment[USER_KEY_COMMENT_MAX_BYTES + 1]; /* printable ASCII */
};

struct key_import {
	struct key_import_key keys[KEY_IMPORT_KEYS_MAX];
	size_t len;
	size_t skipped;		/* keys of an authorized_keys file whose type is not accepted */
	struct err skipped_why; /* of the first of them */
};

/* Any form: OpenSSH line, authorized_keys file, PEM (SPKI, PKCS#1), DER, RFC 4716, the SSH blob itself, its base64. At
 * least one key on success. */
int key_import_parse(const uint8_t *bytes, size_t len_bytes, struct key_import **ret_import, struct err *err);

/* One "TYPE BASE64" line as key_import_parse() makes it, nothing else; ret_blob gets the wire form. */
int key_import_line(const char *line, struct key_import_key *ret_key,
		    uint8_t ret_blob[USER_KEY_BLOB_MAX_BYTES], size_t *ret_len, struct err *err);
/* The line of a wire blob. */
int key_import_blob(const uint8_t *blob, size_t len_bytes, struct key_import_key *ret_key, struct err *err);

/* Why nobody can log in with the key, or NULL. Such keys are stored all the same, and their owner is told. */
const char *key_import_why_refused(int type, uint32_t bits);

/* The bytes that show commands print of a key: SubjectPublicKeyInfo of an RSA or DSA key, the point of the others.
 * Returns the number of bytes, 0 when the line is no key or size_bytes does not hold them. */
size_t key_import_data(const char *line, uint8_t *buffer, size_t size_bytes);

#endif
