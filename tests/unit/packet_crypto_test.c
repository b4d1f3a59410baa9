// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: HMACs as libssh asks for them are those of OpenSSL, whatever keys take turns; random bytes come once
 */
#include <criterion/criterion.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "services/ssh/packet_crypto.h"

TestSuite(packet_crypto, .init = packet_crypto_start, .fini = packet_crypto_stop);

static EVP_MD_CTX *begin(const char *key, const EVP_MD *md)
{
	EVP_PKEY *pkey = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)key, (int)strlen(key));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	cr_assert(pkey && ctx);
	cr_assert_eq(EVP_DigestSignInit(ctx, NULL, md, NULL, pkey), 1);
	EVP_PKEY_free(pkey);
	return ctx;
}

static void finish(EVP_MD_CTX *ctx, const char *key, const EVP_MD *md, const char *text)
{
	unsigned char got[EVP_MAX_MD_SIZE], wanted[EVP_MAX_MD_SIZE];
	unsigned wanted_len = sizeof(wanted);
	size_t len = sizeof(got);

	cr_assert_eq(EVP_DigestSignUpdate(ctx, text, strlen(text)), 1);
	cr_assert_eq(EVP_DigestSignFinal(ctx, got, &len), 1);
	EVP_MD_CTX_free(ctx);
	HMAC(md, key, (int)strlen(key), (const unsigned char *)text, strlen(text), wanted, &wanted_len);
	cr_assert_eq(len, wanted_len);
	cr_assert_arr_eq(got, wanted, len);
}

static void check(const char *key, const EVP_MD *md, const char *text)
{
	finish(begin(key, md), key, md, text);
}

Test(packet_crypto, macs_are_those_of_openssl)
{
	const char *keys[] = { "a key", "another", "a third that takes the place of one" };

	for (int i = 0; i < 12; i++) {
		check(keys[i % 2], EVP_sha256(), "text");
		check(keys[i % 3], EVP_sha256(), "other text");
		check(keys[i % 3], i % 4 ? EVP_sha512() : EVP_sha1(), "more");
	}
	packet_crypto_stop();
	check(keys[0], EVP_sha256(), "without it, too");
}

Test(packet_crypto, computations_may_overlap_and_be_given_up)
{
	EVP_MD_CTX *first = begin("one", EVP_sha256()), *second = begin("two", EVP_sha256()), *third, *fourth;

	/* a second one with the same key, and a third key while both places are taken */
	third = begin("one", EVP_sha256());
	fourth = begin("three", EVP_sha512());
	finish(second, "two", EVP_sha256(), "second");
	finish(fourth, "three", EVP_sha512(), "fourth");
	finish(third, "one", EVP_sha256(), "third");
	finish(first, "one", EVP_sha256(), "first");
	for (int i = 0; i < 4; i++) {
		EVP_MD_CTX_free(begin("one", EVP_sha256()));
		check("one", EVP_sha256(), "after one that was given up");
		check("two", EVP_sha256(), "and another key");
	}
}

Test(packet_crypto, signatures_with_other_keys_are_passed_on)
{
	unsigned char signature[64];
	size_t len = sizeof(signature);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	cr_assert(key && ctx);
	cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	cr_assert_eq(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"x", 1), 1);
	cr_assert_eq(len, sizeof(signature));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

Test(packet_crypto, random_bytes_come_once)
{
	static unsigned char seen[1000][16];

	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(RAND_bytes(seen[i], 16), 1);
		for (int j = 0; j < i; j++)
			cr_assert(memcmp(seen[i], seen[j], 16) != 0);
	}
}
