// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Placeholder keys
 *
 * libssh wants private keys to offer host keys. It checks nothing about their consistency, and its signatures go to
 * the monitor: so the private numbers are small constants, and a memory of the transport holds no secret worth reading.
 */
#include "services/ssh/placeholder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/cleanup.h"

#define PEM_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define PEM_END	  "-----END OPENSSH PRIVATE KEY-----\n"

enum { ED25519_BYTES = 32, PARTS_MAX = 4, BLOCK_BYTES = 8 };

struct part {
	const uint8_t *bytes;
	size_t len;
};

struct writer {
	uint8_t bytes[3 * PLACEHOLDER_BLOB_MAX_BYTES];
	size_t len;
	bool full;
};

static void put_raw(struct writer *writer, const void *bytes, size_t len)
{
	if (len > sizeof(writer->bytes) - writer->len) {
		writer->full = true;
		return;
	}
	memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
}

static void put_u32(struct writer *writer, size_t value)
{
	const uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
				   (uint8_t)value };

	put_raw(writer, bytes, sizeof(bytes));
}

static void put_string(struct writer *writer, const void *bytes, size_t len)
{
	put_u32(writer, len);
	put_raw(writer, bytes, len);
}

static void put_text(struct writer *writer, const char *text)
{
	put_string(writer, text, strlen(text));
}

/* A number below 128. */
static void put_small(struct writer *writer, uint8_t number)
{
	put_string(writer, &number, 1);
}

/* The strings a blob is made of; their number or -EPROTO. */
static int split(const uint8_t *blob, size_t len, struct part parts[PARTS_MAX])
{
	int n = 0;

	while (len > 0) {
		size_t part;

		if (n == PARTS_MAX || len < 4)
			return -EPROTO;
		part = (size_t)blob[0] << 24 | (size_t)blob[1] << 16 | (size_t)blob[2] << 8 | blob[3];
		if (part > len - 4)
			return -EPROTO;
		parts[n++] = (struct part){ blob + 4, part };
		blob += 4 + part;
		len -= 4 + part;
	}
	return n;
}

static bool part_is(const struct part *part, const char *text)
{
	return part->len == strlen(text) && memcmp(part->bytes, text, part->len) == 0;
}

static int put_rsa(struct writer *writer, const struct part *parts, int n)
{
	if (n != 3)
		return -EPROTO;
	put_string(writer, parts[2].bytes, parts[2].len); /* n and e change places */
	put_string(writer, parts[1].bytes, parts[1].len);
	put_small(writer, 3); /* d */
	put_small(writer, 1); /* iqmp */
	put_small(writer, 3); /* p */
	put_small(writer, 5); /* q */
	return 0;
}

static int put_ecdsa(struct writer *writer, const struct part *parts, int n)
{
	if (n != 3)
		return -EPROTO;
	put_string(writer, parts[1].bytes, parts[1].len);
	put_string(writer, parts[2].bytes, parts[2].len);
	put_small(writer, 1); /* scalar */
	return 0;
}

static int put_ed25519(struct writer *writer, const struct part *parts, int n)
{
	if (n != 2 || parts[1].len != ED25519_BYTES)
		return -EPROTO;
	put_string(writer, parts[1].bytes, ED25519_BYTES);
	put_u32(writer, 2 * ED25519_BYTES);
	put_raw(writer, parts[1].bytes, ED25519_BYTES);
	put_raw(writer, parts[1].bytes, ED25519_BYTES);
	return 0;
}

/* The part that would be encrypted: two equal check numbers, the key, a comment, padding 1 2 3 … */
static int put_private(struct writer *writer, const struct part *parts, int n)
{
	static const struct {
		const char *algorithm;
		int (*put)(struct writer *writer, const struct part *parts, int n);
	} types[] = {
		{ "ssh-ed25519", put_ed25519 },	       { "ecdsa-sha2-nistp256", put_ecdsa },
		{ "ecdsa-sha2-nistp384", put_ecdsa },  { "ecdsa-sha2-nistp521", put_ecdsa },
		{ "ssh-rsa", put_rsa },
	};
	int r = -ENOTSUP;

	put_u32(writer, 0);
	put_u32(writer, 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!part_is(&parts[0], types[i].algorithm))
			continue;
		put_text(writer, types[i].algorithm);
		r = types[i].put(writer, parts, n);
	}
	put_text(writer, "");
	for (uint8_t pad = 1; writer->len % BLOCK_BYTES; pad++)
		put_raw(writer, &pad, 1);
	return r;
}

int placeholder_pem(const uint8_t *blob, size_t blob_len, char **ret_pem)
{
	static const char magic[] = "openssh-key-v1"; /* its NUL belongs to it */
	AUTO(free) struct writer *whole = calloc(1, sizeof(*whole));
	AUTO(free) struct writer *inner = calloc(1, sizeof(*inner));
	AUTO(free) char *base64 = NULL;
	char *pem;
	struct part parts[PARTS_MAX];
	int n, r;

	if (!whole || !inner)
		return -ENOMEM;
	if (blob_len > PLACEHOLDER_BLOB_MAX_BYTES)
		return -EPROTO;
	n = split(blob, blob_len, parts);
	if (n < 1)
		return -EPROTO;
	r = put_private(inner, parts, n);
	if (r < 0)
		return r;
	put_raw(whole, magic, sizeof(magic));
	put_text(whole, "none");
	put_text(whole, "none");
	put_text(whole, "");
	put_u32(whole, 1);
	put_string(whole, blob, blob_len);
	put_string(whole, inner->bytes, inner->len);
	if (whole->full || inner->full)
		return -EPROTO;
	base64 = malloc(whole->len * 4 / 3 + 8);
	if (!base64)
		return -ENOMEM;
	EVP_EncodeBlock((unsigned char *)base64, whole->bytes, (int)whole->len);
	if (asprintf(&pem, PEM_BEGIN "%s\n" PEM_END, base64) < 0)
		return -ENOMEM;
	*ret_pem = pem;
	return 0;
}
