/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: checking of passwords. A check always costs one hash: with no user, with no secret and with a password that
 * cannot be right, a fixed SHA-512 hash is computed in place of the missing one, so that the time of an answer tells
 * nothing.
 */
#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/user_conf.h"
#include "aaa/user_hash.h"
#include "base/cleanup.h"

enum {
	HASH_CHARS_MAX = 128,
	SALT_CHARS = 14, /* of types 8 and 9 */
	DIGEST_BYTES = 32,
	PREFIX_CHARS = 3, /* "$8$" */
	PBKDF2_ROUNDS = 20000,
	SCRYPT_N = 16384,
	SCRYPT_MEMORY_MAX_BYTES = 32 << 20,
};

/* A well-formed hash that no password is checked against in earnest. */
static const char nobody_hash[] = "$6$sallyportnobody1$xbf2G8anH9ofns9EEtg6l6WJn17Mts."
				  "idMihuowoMjDaXfwfugjzLNc3GSq04i/m8E5dLqpA0apoMALsbpuCa/";

/* Most significant bits first, as RFC 4648 does with another alphabet; nothing fills up the end. */
static void base64_put(const uint8_t *bytes, size_t len, char *ret_text)
{
	static const char alphabet[] = USER_HASH_BASE64;
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 6; have -= 6)
			*ret_text++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		*ret_text++ = alphabet[bits << (6 - have) & 63];
	*ret_text = '\0';
}

static int hash_crypt(const char *hash, const char *password, char *ret_hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *made = data ? crypt_r(password, hash, data) : NULL;
	int r = !data ? -ENOMEM : -EIO;

	if (made && made[0] != '*' && strlen(made) < HASH_CHARS_MAX) {
		memcpy(ret_hash, made, strlen(made) + 1);
		r = 0;
	}
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return r;
}

/* Types 8 and 9: the salt is the text of the hash, not what it stands for in base64. */
static int hash_derived(const char *hash, const char *password, char *ret_hash, bool memory_hard)
{
	const char *salt = hash + PREFIX_CHARS;
	uint8_t digest[DIGEST_BYTES];
	int done;

	if (memory_hard)
		done = EVP_PBE_scrypt(password, strlen(password), (const uint8_t *)salt, SALT_CHARS, SCRYPT_N, 1, 1,
				      SCRYPT_MEMORY_MAX_BYTES, digest, sizeof(digest));
	else
		done = PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const uint8_t *)salt, SALT_CHARS,
					 PBKDF2_ROUNDS, EVP_sha256(), sizeof(digest), digest);
	if (done != 1)
		return -EIO;
	memcpy(ret_hash, hash, PREFIX_CHARS + SALT_CHARS + 1);
	base64_put(digest, sizeof(digest), ret_hash + PREFIX_CHARS + SALT_CHARS + 1);
	explicit_bzero(digest, sizeof(digest));
	return 0;
}

static int hash_pbkdf2(const char *hash, const char *password, char *ret_hash)
{
	return hash_derived(hash, password, ret_hash, false);
}

static int hash_scrypt(const char *hash, const char *password, char *ret_hash)
{
	return hash_derived(hash, password, ret_hash, true);
}

/* The hash of a password with the kind, salt and cost of another. */
static int (*const hashers[USER_HASH_MAX])(const char *hash, const char *password, char *ret_hash) = {
	[USER_HASH_SHA512_CRYPT] = hash_crypt,
	[USER_HASH_MD5_CRYPT] = hash_crypt,
	[USER_HASH_PBKDF2] = hash_pbkdf2,
	[USER_HASH_SCRYPT] = hash_scrypt,
};

bool user_secret_verify(const char *secret, const char *password)
{
	enum user_hash_type type = USER_HASH_SHA512_CRYPT;
	const char *expected = nobody_hash;
	bool known = secret && user_hash_check(secret, NULL) == 0 && user_hash_type(secret, &type, &expected) == 0;
	bool possible = password && user_password_check(password, NULL) == 0, same;
	char made[HASH_CHARS_MAX] = "";

	if (hashers[type](expected, possible ? password : "impossible", made) < 0)
		return false;
	same = strlen(made) == strlen(expected) && CRYPTO_memcmp(made, expected, strlen(expected)) == 0;
	explicit_bzero(made, sizeof(made));
	return same && known && possible;
}
