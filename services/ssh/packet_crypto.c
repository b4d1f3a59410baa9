// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Cheaper packets
 *
 * It is a matter of speed alone: with OpenSSL's own functions everything works too. A program's functions come before
 * those of every library it loads, so libssh finds these. They are the same to their callers: an EVP_MD_CTX that was
 * begun here stands for the EVP_MAC_CTX of its key until its end, and each other one is passed on.
 */
#include "services/ssh/packet_crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/cleanup.h"
#include "services/ssh/interpose.h"

enum {
	KEY_BYTES_MAX = 64,
	KEYS = 2, /* one each way */
	POOL_BYTES = 2048,
	POOL_PART_BYTES = 32, /* a packet's padding, a cookie; what is longer may be a secret */
};

struct mac_key {
	uint8_t bytes[KEY_BYTES_MAX];
	int len;
	EVP_PKEY *pkey;
	const EVP_MD *md;
	EVP_MAC_CTX *mac;    /* of md */
	EVP_MD_CTX *stand_in; /* what the caller knows instead of mac, while a computation lasts */
	uint64_t used;
};

static struct mac_key keys[KEYS];
static uint64_t uses;
static bool is_on;
static uint8_t pool[POOL_BYTES];
static size_t pool_len;

static void key_forget(struct mac_key *key)
{
	EVP_MAC_CTX_free(key->mac);
	EVP_PKEY_free(key->pkey);
	OPENSSL_cleanse(key, sizeof(*key));
}

void packet_crypto_start(void)
{
	is_on = true;
}

void packet_crypto_stop(void)
{
	is_on = false;
	for (size_t i = 0; i < KEYS; i++)
		key_forget(&keys[i]);
	OPENSSL_cleanse(pool, sizeof(pool));
	pool_len = 0;
}

/* ---- keys ---- */

static struct mac_key *key_of(const uint8_t *bytes, int len)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].pkey && keys[i].len == len && CRYPTO_memcmp(keys[i].bytes, bytes, (size_t)len) == 0)
			return &keys[i];
	return NULL;
}

static struct mac_key *key_of_pkey(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < KEYS; i++)
		if (pkey && keys[i].pkey == pkey)
			return &keys[i];
	return NULL;
}

static struct mac_key *key_of_ctx(const EVP_MD_CTX *ctx)
{
	for (size_t i = 0; i < KEYS; i++)
		if (ctx && keys[i].stand_in == ctx)
			return &keys[i];
	return NULL;
}

/* In the place of the one that was not used for longest. */
static void key_keep(EVP_PKEY *pkey, const uint8_t *bytes, int len)
{
	struct mac_key *oldest = &keys[0];

	for (size_t i = 1; i < KEYS; i++)
		if (keys[i].used < oldest->used)
			oldest = &keys[i];
	if (oldest->stand_in || EVP_PKEY_up_ref(pkey) != 1)
		return;
	key_forget(oldest);
	memcpy(oldest->bytes, bytes, (size_t)len);
	oldest->len = len;
	oldest->pkey = pkey;
	oldest->used = ++uses;
}

EVP_PKEY *EVP_PKEY_new_mac_key(int type, ENGINE *engine, const unsigned char *bytes, int len)
{
	bool ours = is_on && type == EVP_PKEY_HMAC && !engine && bytes && len > 0 && len <= KEY_BYTES_MAX;
	struct mac_key *key = ours ? key_of(bytes, len) : NULL;
	EVP_PKEY *pkey;

	if (key && EVP_PKEY_up_ref(key->pkey) == 1) {
		key->used = ++uses;
		return key->pkey;
	}
	pkey = REAL(EVP_PKEY_new_mac_key)(type, engine, bytes, len);
	if (pkey && ours && !key)
		key_keep(pkey, bytes, len);
	return pkey;
}

/* ---- computations ---- */

static EVP_MAC_CTX *mac_new(const struct mac_key *key, const EVP_MD *md)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	char name[32] = "";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_END };

	EVP_MAC_free(hmac);
	strncpy(name, EVP_MD_get0_name(md), sizeof(name) - 1);
	if (mac && EVP_MAC_init(mac, key->bytes, (size_t)key->len, params) != 1) {
		EVP_MAC_CTX_free(mac);
		mac = NULL;
	}
	return mac;
}

static bool mac_begin(struct mac_key *key, const EVP_MD *md)
{
	if (key->mac && key->md == md)
		return EVP_MAC_init(key->mac, NULL, 0, NULL) == 1;
	EVP_MAC_CTX_free(key->mac);
	key->mac = mac_new(key, md);
	key->md = md;
	return key->mac != NULL;
}

int EVP_DigestSignInit(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const EVP_MD *md, ENGINE *engine, EVP_PKEY *pkey)
{
	struct mac_key *key = key_of_ctx(ctx);

	/* the context of a computation that was given up, or another one at the same place */
	if (key)
		key->stand_in = NULL;
	key = is_on && !pctx && !engine && md ? key_of_pkey(pkey) : NULL;
	if (!key || key->stand_in || !mac_begin(key, md))
		return REAL(EVP_DigestSignInit)(ctx, pctx, md, engine, pkey);
	key->stand_in = ctx;
	return 1;
}

int EVP_DigestSignUpdate(EVP_MD_CTX *ctx, const void *bytes, size_t len)
{
	struct mac_key *key = key_of_ctx(ctx);

	return key ? EVP_MAC_update(key->mac, bytes, len) : REAL(EVP_DigestSignUpdate)(ctx, bytes, len);
}

int EVP_DigestSignFinal(EVP_MD_CTX *ctx, unsigned char *mac, size_t *len)
{
	struct mac_key *key = key_of_ctx(ctx);

	if (!key)
		return REAL(EVP_DigestSignFinal)(ctx, mac, len);
	if (!mac) {
		*len = EVP_MAC_CTX_get_mac_size(key->mac);
		return 1;
	}
	key->stand_in = NULL;
	return EVP_MAC_final(key->mac, mac, len, *len);
}

/* ---- random bytes ---- */

int RAND_bytes(unsigned char *bytes, int len)
{
	if (!is_on || len <= 0 || len > POOL_PART_BYTES)
		return REAL(RAND_bytes)(bytes, len);
	if (pool_len < (size_t)len) {
		pool_len = 0;
		if (REAL(RAND_bytes)(pool, sizeof(pool)) != 1)
			return 0;
		pool_len = sizeof(pool);
	}
	/* what was given away is nowhere else */
	pool_len -= (size_t)len;
	memcpy(bytes, pool + pool_len, (size_t)len);
	OPENSSL_cleanse(pool + pool_len, (size_t)len);
	return 1;
}
