/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: making of new secrets by crypt(3), SHA-512 with its standard rounds.
 */
#include "aaa/user_conf.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "aaa/user_hash.h"
#include "base/cleanup.h"

#define PASSWORD_MAX_BYTES 253u /* features.md 2D: min-length 2-253 */
#define SALT_CHARS	   16u	/* the most that SHA-512 crypt uses: 96 bits */
#define TYPE_PREFIX	   "10 "

static void secret_free(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

AUTO_DECLARE(char, secret_free)

static void crypt_data_free(struct crypt_data *data)
{
	explicit_bzero(data, sizeof(*data));
	free(data);
}

AUTO_DECLARE(struct crypt_data, crypt_data_free)

int user_password_check(const char *password, struct err *err)
{
	size_t len = strnlen(password, PASSWORD_MAX_BYTES + 1);

	if (len == 0)
		return err_set(err, -EINVAL, "a secret cannot be empty");
	if (len > PASSWORD_MAX_BYTES)
		return err_set(err, -EINVAL, "a secret has at most %u characters", PASSWORD_MAX_BYTES);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)password[i] < ' ' || password[i] == 0x7f)
			return err_set(err, -EINVAL, "a secret holds no control characters");
	}
	return 0;
}

static int salt_make(char salt[SALT_CHARS + 1])
{
	static const char alphabet[] = USER_HASH_BASE64;
	uint8_t random[SALT_CHARS];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	for (size_t i = 0; i < SALT_CHARS; i++)
		salt[i] = alphabet[random[i] & 63];
	salt[SALT_CHARS] = '\0';
	return 0;
}

/* crypt(3) into memory that is wiped when the caller's scope ends; NULL when crypt refuses. */
static const char *hash_password(const char *password, const char *setting, struct crypt_data *data)
{
	const char *hash = crypt_r(password, setting, data);

	return hash && hash[0] != '*' ? hash : NULL;
}

int user_secret_hash(const char *clear, char **ret_secret, struct err *err)
{
	AUTO(crypt_data_free) struct crypt_data *data = calloc(1, sizeof(*data));
	AUTO(secret_free) char *password = NULL;
	char setting[sizeof("$6$") + SALT_CHARS] = "$6$", *secret = NULL;
	const char *hash;
	int r;

	if (!data)
		return -ENOMEM;
	password = strdup(!strncmp(clear, "0 ", 2) ? clear + 2 : clear);
	if (!password)
		return -ENOMEM;
	r = user_password_check(password, err);
	if (r < 0)
		return r;
	r = salt_make(setting + strlen("$6$"));
	if (r < 0)
		return err_set(err, r, "no random numbers for the salt of the secret");
	hash = hash_password(password, setting, data);
	if (!hash)
		return err_set(err, -EIO, "this system's crypt library cannot make SHA-512 hashes");
	if (asprintf(&secret, TYPE_PREFIX "%s", hash) < 0)
		return -ENOMEM;
	*ret_secret = secret;
	return 0;
}
