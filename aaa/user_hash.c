/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: kinds of password hashes, one row each. What a router made for its own users moves here with its configuration,
 * so the kinds are those that carrier routers write.
 */
#include "aaa/user_hash.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *type, *prefix, *name;
	size_t salt_min, salt_max, digest_chars;
} kinds[USER_HASH_MAX] = {
	[USER_HASH_SHA512_CRYPT] = { "10", "$6$", "a SHA-512 crypt", 1, 16, 86 },
	[USER_HASH_MD5_CRYPT] = { "5", "$1$", "an MD5 crypt", 1, 8, 22 },
	[USER_HASH_PBKDF2] = { "8", "$8$", "a PBKDF2", 14, 14, 43 },
	[USER_HASH_SCRYPT] = { "9", "$9$", "an scrypt", 14, 14, 43 },
};

int user_hash_type(const char *secret, enum user_hash_type *ret_type, const char **ret_hash)
{
	size_t len = strcspn(secret, " ");

	if (!secret[len])
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].type) == len && !strncmp(secret, kinds[i].type, len)) {
			*ret_type = (enum user_hash_type)i;
			*ret_hash = secret + len + 1;
			return 0;
		}
	}
	return len == 1 && strchr("67", secret[0]) ? -EOPNOTSUPP : -ENOENT;
}

int user_hash_check(const char *secret, struct err *err)
{
	enum user_hash_type type = USER_HASH_MAX;
	const char *hash = NULL;
	size_t salt, digest;

	if (user_hash_type(secret, &type, &hash) < 0)
		return err_set(err, -EINVAL, "a secret is stored as its type (5, 8, 9 or 10) and its hash");
	if (strncmp(hash, kinds[type].prefix, strlen(kinds[type].prefix)))
		return err_set(err, -EINVAL, "secret type %s takes %s hash that begins with %s", kinds[type].type,
			       kinds[type].name, kinds[type].prefix);
	hash += strlen(kinds[type].prefix);
	/* another number of rounds: the time of a login would tell who exists */
	if (!strncmp(hash, "rounds=", 7))
		return err_set(err, -EINVAL, "secret type %s takes hashes with the standard rounds only",
			       kinds[type].type);
	salt = strspn(hash, USER_HASH_BASE64);
	if (salt < kinds[type].salt_min || salt > kinds[type].salt_max || hash[salt] != '$')
		return err_set(err, -EINVAL, "the hash of secret type %s has a broken salt", kinds[type].type);
	hash += salt + 1;
	digest = strspn(hash, USER_HASH_BASE64);
	if (digest != kinds[type].digest_chars || hash[digest])
		return err_set(err, -EINVAL, "the hash of secret type %s has a broken digest", kinds[type].type);
	return 0;
}
