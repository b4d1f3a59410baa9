/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/user_hash.h - the password hashes that a configuration may bring along
 *
 * Shapes:  a secret as stored is "TYPE HASH": 10 SHA-512 crypt ($6$), 5 MD5 crypt ($1$), 8 PBKDF2-HMAC-SHA-256 of
 *          20,000 rounds ($8$), 9 scrypt of N=16384, r=1, p=1 ($9$); salt and digest in the base64 of crypt(3)
 * Units:   none
 * Errors:  -EINVAL: err says what is wrong, never with the text
 * Owns:    nothing
 * Runs in: the monitor, sallyport-confd and the CLI; pure
 * Source:  features.md 2D: secret {5|8|9|10}; crypt(5); RFC 8018 section 5.2; RFC 7914
 * Tests:   tests/unit/user_conf_test.c, with hashes that other programs made
 */
#ifndef AAA_USER_HASH_H
#define AAA_USER_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* The base64 of crypt(3). */
#define USER_HASH_BASE64 "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

enum user_hash_type {
	USER_HASH_SHA512_CRYPT, /* that of new secrets */
	USER_HASH_MD5_CRYPT,
	USER_HASH_PBKDF2,
	USER_HASH_SCRYPT,
	USER_HASH_MAX
};

/* Of the digit that begins a secret: its type and where its hash begins. -ENOENT: it does not begin with a type, so it
 * is a password in clear. -EOPNOTSUPP: a type there is no way to check (6, 7). */
int user_hash_type(const char *secret, enum user_hash_type *ret_type, const char **ret_hash);
/* Checks a secret whole: type, salt, digest. */
int user_hash_check(const char *secret, struct err *err);

#endif
