// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Makes of the system's libraries the ones that the self-test is for, by LD_PRELOAD: BROKEN=gcm, whose AES-GCM takes any
 * tag; BROKEN=provider, whose OpenSSL never asks our provider.
 */
#include <openssl/evp.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int is_broken(const char *what)
{
	const char *broken = getenv("BROKEN");

	return broken && !strcmp(broken, what);
}

static int final(const char *name, EVP_CIPHER_CTX *context, unsigned char *out, int *ret_len)
{
	int (*next)(EVP_CIPHER_CTX *context, unsigned char *out, int *ret_len);
	void *symbol = dlsym(RTLD_NEXT, name);
	int r;

	memcpy(&next, &symbol, sizeof(next));
	r = next(context, out, ret_len);
	if (r == 1 || !is_broken("gcm"))
		return r;
	*ret_len = 0;
	return 1;
}

int EVP_DecryptFinal(EVP_CIPHER_CTX *context, unsigned char *out, int *ret_len)
{
	return final("EVP_DecryptFinal", context, out, ret_len);
}

int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *context, unsigned char *out, int *ret_len)
{
	return final("EVP_DecryptFinal_ex", context, out, ret_len);
}

int EVP_set_default_properties(OSSL_LIB_CTX *context, const char *properties)
{
	int (*next)(OSSL_LIB_CTX *context, const char *properties);
	void *symbol = dlsym(RTLD_NEXT, "EVP_set_default_properties");

	memcpy(&next, &symbol, sizeof(next));
	return is_broken("provider") ? 1 : next(context, properties);
}
