// SPDX-License-Identifier: GPL-3.0-or-later
/* Placeholder keys: every field of the container, and blobs that are none. */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "services/ssh/placeholder.h"

static const char pem_begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
static const char pem_end[] = "\n-----END OPENSSH PRIVATE KEY-----\n";

/* The bytes between the lines; their number. */
static size_t pem_bytes(const char *pem, uint8_t *bytes)
{
	size_t len = strlen(pem) - strlen(pem_begin) - strlen(pem_end);
	const char *text = pem + strlen(pem_begin);
	int n;

	cr_assert(strncmp(pem, pem_begin, strlen(pem_begin)) == 0);
	cr_assert(strcmp(text + len, pem_end) == 0);
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
	cr_assert(n > 0);
	for (size_t i = len; i > 0 && text[i - 1] == '='; i--)
		n--;
	return (size_t)n;
}

struct reader {
	const uint8_t *at;
	size_t left;
};

static size_t get_length(struct reader *reader)
{
	size_t len;

	cr_assert(reader->left >= 4);
	len = (size_t)reader->at[0] << 24 | (size_t)reader->at[1] << 16 | (size_t)reader->at[2] << 8 | reader->at[3];
	reader->at += 4;
	reader->left -= 4;
	return len;
}

static void expect_string(struct reader *reader, const void *bytes, size_t len)
{
	cr_assert(get_length(reader) == len);
	cr_assert(reader->left >= len && memcmp(reader->at, bytes, len) == 0);
	reader->at += len;
	reader->left -= len;
}

static void expect_text(struct reader *reader, const char *text)
{
	expect_string(reader, text, strlen(text));
}

/* Opens the container; returns a reader of the private part behind the check numbers. */
static struct reader open_container(const char *pem, const uint8_t *blob, size_t blob_len, uint8_t *bytes)
{
	struct reader reader = { bytes, pem_bytes(pem, bytes) };
	size_t len, check;

	cr_assert(memcmp(reader.at, "openssh-key-v1", 15) == 0);
	reader.at += 15;
	reader.left -= 15;
	expect_text(&reader, "none");
	expect_text(&reader, "none");
	expect_text(&reader, "");
	cr_assert(get_length(&reader) == 1);
	expect_string(&reader, blob, blob_len);
	len = get_length(&reader);
	cr_assert(len == reader.left && len % 8 == 0);
	check = get_length(&reader);
	cr_assert(get_length(&reader) == check);
	return reader;
}

static void expect_padding(struct reader *reader)
{
	cr_assert(reader->left < 8);
	for (size_t i = 0; i < reader->left; i++)
		cr_assert(reader->at[i] == i + 1);
}

static size_t put(uint8_t *to, const void *bytes, size_t len)
{
	to[0] = (uint8_t)(len >> 24);
	to[1] = (uint8_t)(len >> 16);
	to[2] = (uint8_t)(len >> 8);
	to[3] = (uint8_t)len;
	memcpy(to + 4, bytes, len);
	return 4 + len;
}

Test(placeholder, ed25519_seed_is_the_public_key)
{
	AUTO(free) char *pem = NULL;
	uint8_t blob[64], public[32], twice[64], bytes[1024];
	struct reader reader;
	size_t len;

	for (size_t i = 0; i < sizeof(public); i++)
		public[i] = (uint8_t)(7 * i + 3);
	memcpy(twice, public, 32);
	memcpy(twice + 32, public, 32);
	len = put(blob, "ssh-ed25519", 11);
	len += put(blob + len, public, 32);
	cr_assert(placeholder_pem(blob, len, &pem) == 0);
	reader = open_container(pem, blob, len, bytes);
	expect_text(&reader, "ssh-ed25519");
	expect_string(&reader, public, 32);
	expect_string(&reader, twice, 64);
	expect_text(&reader, "");
	expect_padding(&reader);
}

Test(placeholder, rsa_puts_n_before_e_and_small_numbers_behind)
{
	static const uint8_t e[] = { 1, 0, 1 }, n[] = { 0, 0xc5, 1, 2, 3, 4, 5, 6, 9 };
	AUTO(free) char *pem = NULL;
	uint8_t blob[64], bytes[1024];
	struct reader reader;
	size_t len;

	len = put(blob, "ssh-rsa", 7);
	len += put(blob + len, e, sizeof(e));
	len += put(blob + len, n, sizeof(n));
	cr_assert(placeholder_pem(blob, len, &pem) == 0);
	reader = open_container(pem, blob, len, bytes);
	expect_text(&reader, "ssh-rsa");
	expect_string(&reader, n, sizeof(n));
	expect_string(&reader, e, sizeof(e));
	expect_text(&reader, "\3");
	expect_text(&reader, "\1");
	expect_text(&reader, "\3");
	expect_text(&reader, "\5");
	expect_text(&reader, "");
	expect_padding(&reader);
}

static void expect_ecdsa(const char *curve)
{
	AUTO(free) char *pem = NULL;
	uint8_t blob[256], point[133], bytes[1024];
	struct reader reader;
	char algorithm[32];
	size_t len;

	memset(point, 0x5a, sizeof(point));
	snprintf(algorithm, sizeof(algorithm), "ecdsa-sha2-%s", curve);
	len = put(blob, algorithm, strlen(algorithm));
	len += put(blob + len, curve, strlen(curve));
	len += put(blob + len, point, sizeof(point));
	cr_assert(placeholder_pem(blob, len, &pem) == 0);
	reader = open_container(pem, blob, len, bytes);
	expect_text(&reader, algorithm);
	expect_text(&reader, curve);
	expect_string(&reader, point, sizeof(point));
	expect_text(&reader, "\1");
	expect_text(&reader, "");
	expect_padding(&reader);
}

Test(placeholder, ecdsa_scalar_is_one)
{
	expect_ecdsa("nistp256");
	expect_ecdsa("nistp384");
	expect_ecdsa("nistp521");
}

Test(placeholder, what_is_no_key_is_refused)
{
	static const uint8_t short_length[] = { 0, 0, 0 }, long_string[] = { 0, 0, 0, 9, 's', 's', 'h' };
	static const uint8_t zeros[32];
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 1 };
	char *pem = NULL;
	uint8_t blob[PLACEHOLDER_BLOB_MAX_BYTES + 1] = { 0 };
	size_t len;

	cr_assert(placeholder_pem(blob, 0, &pem) == -EPROTO);
	cr_assert(placeholder_pem(short_length, sizeof(short_length), &pem) == -EPROTO);
	cr_assert(placeholder_pem(long_string, sizeof(long_string), &pem) == -EPROTO);
	cr_assert(placeholder_pem(huge, sizeof(huge), &pem) == -EPROTO);
	cr_assert(placeholder_pem(blob, sizeof(blob), &pem) == -EPROTO);
	/* a key type that libssh has and we have not */
	len = put(blob, "ssh-dss", 7);
	cr_assert(placeholder_pem(blob, len, &pem) == -ENOTSUP);
	/* an ed25519 key of the wrong length, and one with a part too many */
	len = put(blob, "ssh-ed25519", 11);
	cr_assert(placeholder_pem(blob, len, &pem) == -EPROTO);
	cr_assert(placeholder_pem(blob, len + put(blob + len, zeros, 31), &pem) == -EPROTO);
	len += put(blob + len, zeros, 32);
	cr_assert(placeholder_pem(blob, len + put(blob + len, zeros, 1), &pem) == -EPROTO);
	cr_assert_null(pem);
}

Test(placeholder, the_largest_rsa_key_fits)
{
	static uint8_t blob[PLACEHOLDER_BLOB_MAX_BYTES], n[2049] = { 0, 0x80 };
	AUTO(free) char *pem = NULL;
	size_t len;

	len = put(blob, "ssh-rsa", 7);
	len += put(blob + len, "\1\0\1", 3);
	len += put(blob + len, n, sizeof(n));
	cr_assert(placeholder_pem(blob, len, &pem) == 0);
}
