// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Public keys between SSH wire form and OpenSSL
 *
 * Reading parses bytes that a client chose, in the privileged half of a connection. So it takes few types, only in
 * their one usual form, and gives OpenSSL numbers whose sizes were checked.
 */
#include "services/ssh/hostkey_blob.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/cleanup.h"

AUTO_DECLARE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
AUTO_DECLARE(BIGNUM, BN_free)
AUTO_DECLARE(OSSL_PARAM, OSSL_PARAM_free)
AUTO_DECLARE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

enum { ED25519_BYTES = 32, RSA_EXPONENT_BITS_MAX = 64, BLOB_MAX_BYTES = 4096 };

const struct hostkey_algorithm hostkey_algorithms[] = {
	{ "ssh-ed25519", "ssh-ed25519", "", "ed25519-pubkey" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA256", "ecdsa-pubkey" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA384", "ecdsa-pubkey" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA512", "ecdsa-pubkey" },
	{ "rsa-sha2-512", "ssh-rsa", "SHA512", "rsa-pubkey" },
	{ "rsa-sha2-256", "ssh-rsa", "SHA256", "rsa-pubkey" },
	{ 0 },
};

static const struct curve {
	const char *algorithm, *word; /* RFC 5656: the type, and the curve's name inside the blob */
	const char *group;	      /* OpenSSL's name */
	size_t point_bytes;	      /* uncompressed: 1 + 2 * field size */
} curves[] = {
	{ "ecdsa-sha2-nistp256", "nistp256", "prime256v1", 65 },
	{ "ecdsa-sha2-nistp384", "nistp384", "secp384r1", 97 },
	{ "ecdsa-sha2-nistp521", "nistp521", "secp521r1", 133 },
};

/* ---- the cursor ---- */

bool hostkey_wire_is(const uint8_t *bytes, size_t len, const char *text)
{
	return bytes && len == strlen(text) && !memcmp(bytes, text, len);
}

uint8_t hostkey_wire_u8(struct hostkey_wire *wire)
{
	if (wire->bad || !wire->left) {
		wire->bad = true;
		return 0;
	}
	wire->left--;
	return *wire->at++;
}

const uint8_t *hostkey_wire_string(struct hostkey_wire *wire, size_t *ret_len)
{
	const uint8_t *bytes;
	size_t len = 0;

	*ret_len = 0;
	for (int i = 0; i < 4; i++)
		len = len << 8 | hostkey_wire_u8(wire);
	if (wire->bad || len > wire->left) {
		wire->bad = true;
		return NULL;
	}
	bytes = wire->at;
	wire->at += len;
	wire->left -= len;
	*ret_len = len;
	return bytes;
}

/* ---- which algorithm ---- */

const struct hostkey_algorithm *hostkey_algorithm_find(const uint8_t *name, size_t len)
{
	for (const struct hostkey_algorithm *row = hostkey_algorithms; row->signature; row++)
		if (hostkey_wire_is(name, len, row->signature))
			return row;
	return NULL;
}

const struct hostkey_algorithm *hostkey_algorithm_of(const uint8_t *blob, size_t blob_len, const char *digest)
{
	struct hostkey_wire wire = { .at = blob, .left = blob_len };
	size_t type_len;
	const uint8_t *type = hostkey_wire_string(&wire, &type_len);

	for (const struct hostkey_algorithm *row = hostkey_algorithms; row->signature; row++)
		if (hostkey_wire_is(type, type_len, row->key) && !strcmp(row->digest, digest))
			return row;
	return NULL;
}

/* ---- reading ---- */

static int read_ed25519(struct hostkey_wire *wire, EVP_PKEY **ret_key)
{
	EVP_PKEY *key;
	size_t len;
	const uint8_t *point = hostkey_wire_string(wire, &len);

	if (wire->bad || wire->left || len != ED25519_BYTES)
		return -EPROTO;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, len);
	if (!key)
		return -EPROTO;
	*ret_key = key;
	return 0;
}

static int key_from_params(const char *type, OSSL_PARAM *params, EVP_PKEY **ret_key)
{
	AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!make || EVP_PKEY_fromdata_init(make) <= 0)
		return -ENOMEM;
	/* For a curve this checks that the point is on it. */
	if (EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		return -EPROTO;
	*ret_key = key;
	return 0;
}

static int read_ecdsa(const struct curve *curve, struct hostkey_wire *wire, EVP_PKEY **ret_key)
{
	char group[16];
	uint8_t copy[133];
	size_t word_len, point_len;
	const uint8_t *word = hostkey_wire_string(wire, &word_len);
	const uint8_t *point = hostkey_wire_string(wire, &point_len);

	if (wire->bad || wire->left || !hostkey_wire_is(word, word_len, curve->word))
		return -EPROTO;
	if (point_len != curve->point_bytes || point[0] != 4)
		return -EPROTO;
	strncpy(group, curve->group, sizeof(group) - 1);
	group[sizeof(group) - 1] = '\0';
	memcpy(copy, point, point_len);

	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, point_len),
		OSSL_PARAM_construct_end(),
	};

	return key_from_params("EC", params, ret_key);
}

/* A positive number of at most max_bits; NULL otherwise. */
static BIGNUM *read_number(struct hostkey_wire *wire, int max_bits)
{
	size_t len;
	const uint8_t *bytes = hostkey_wire_string(wire, &len);

	if (wire->bad || !len || bytes[0] & 0x80 || len > (size_t)max_bits / 8 + 1)
		return NULL;
	return BN_bin2bn(bytes, (int)len, NULL);
}

static int read_rsa(struct hostkey_wire *wire, EVP_PKEY **ret_key, struct err *err)
{
	AUTO(BN_free) BIGNUM *e = read_number(wire, RSA_EXPONENT_BITS_MAX);
	AUTO(BN_free) BIGNUM *n = read_number(wire, HOSTKEY_RSA_BITS_MAX);
	AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = NULL;
	AUTO(OSSL_PARAM_free) OSSL_PARAM *params = NULL;

	if (!e || !n || wire->bad || wire->left || !BN_is_odd(e) || BN_is_one(e) || !BN_is_odd(n))
		return -EPROTO;
	if (BN_num_bits(n) < HOSTKEY_RSA_BITS_MIN || BN_num_bits(n) > HOSTKEY_RSA_BITS_MAX)
		return err_set(err, -ERANGE, "an RSA key of %d bits (%d to %d are accepted)", BN_num_bits(n),
			       HOSTKEY_RSA_BITS_MIN, HOSTKEY_RSA_BITS_MAX);
	build = OSSL_PARAM_BLD_new();
	if (!build || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		return -ENOMEM;
	params = OSSL_PARAM_BLD_to_param(build);
	if (!params)
		return -ENOMEM;
	return key_from_params("RSA", params, ret_key);
}

static int read_by_type(const uint8_t *type, size_t type_len, struct hostkey_wire *wire, EVP_PKEY **ret_key,
			struct err *err)
{
	if (hostkey_wire_is(type, type_len, "ssh-ed25519"))
		return read_ed25519(wire, ret_key);
	if (hostkey_wire_is(type, type_len, "ssh-rsa"))
		return read_rsa(wire, ret_key, err);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (hostkey_wire_is(type, type_len, curves[i].algorithm))
			return read_ecdsa(&curves[i], wire, ret_key);
	return err_set(err, -ENOTSUP, "a key of type '%.*s', which is not accepted",
		       type_len > 64 ? 64 : (int)type_len, (const char *)type);
}

int hostkey_blob_read(const uint8_t *blob, size_t blob_len, EVP_PKEY **ret_key, struct err *err)
{
	struct hostkey_wire wire = { .at = blob, .left = blob_len };
	size_t type_len;
	const uint8_t *type = hostkey_wire_string(&wire, &type_len);
	int r = type ? read_by_type(type, type_len, &wire, ret_key, err) : -EPROTO;

	return r == -EPROTO ? err_set(err, r, "a malformed key") : r;
}

/* ---- writing ---- */

struct blob {
	uint8_t bytes[BLOB_MAX_BYTES];
	size_t len;
	bool bad;
};

static void put_string(struct blob *blob, const void *bytes, size_t len)
{
	if (blob->bad || len > sizeof(blob->bytes) - 4 || blob->len > sizeof(blob->bytes) - 4 - len) {
		blob->bad = true;
		return;
	}
	for (int shift = 24; shift >= 0; shift -= 8)
		blob->bytes[blob->len++] = (uint8_t)(len >> shift);
	memcpy(blob->bytes + blob->len, bytes, len);
	blob->len += len;
}

static void put_number(struct blob *blob, EVP_PKEY *key, const char *param)
{
	AUTO(BN_free) BIGNUM *number = NULL;
	uint8_t bytes[1 + HOSTKEY_RSA_BITS_MAX / 8];
	int len;

	if (!EVP_PKEY_get_bn_param(key, param, &number) || BN_num_bytes(number) > HOSTKEY_RSA_BITS_MAX / 8) {
		blob->bad = true;
		return;
	}
	bytes[0] = 0;
	len = BN_bn2bin(number, bytes + 1);
	/* The sign bit must not look set: RFC 4251 mpint. */
	if (len && bytes[1] & 0x80)
		put_string(blob, bytes, (size_t)len + 1);
	else
		put_string(blob, bytes + 1, (size_t)len);
}

static void put_ecdsa(struct blob *blob, EVP_PKEY *key)
{
	char group[32];
	uint8_t point[160];
	size_t len;

	if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &len) ||
	    !EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len)) {
		blob->bad = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcmp(group, curves[i].group) || len != curves[i].point_bytes)
			continue;
		put_string(blob, curves[i].algorithm, strlen(curves[i].algorithm));
		put_string(blob, curves[i].word, strlen(curves[i].word));
		put_string(blob, point, len);
		return;
	}
	blob->bad = true;
}

int hostkey_blob_write(EVP_PKEY *key, uint8_t **ret_blob, size_t *ret_len)
{
	struct blob blob = { .len = 0 };
	uint8_t *copy;

	if (EVP_PKEY_is_a(key, "ED25519")) {
		uint8_t point[ED25519_BYTES];
		size_t len = sizeof(point);

		blob.bad = !EVP_PKEY_get_raw_public_key(key, point, &len);
		put_string(&blob, "ssh-ed25519", strlen("ssh-ed25519"));
		put_string(&blob, point, len);
	} else if (EVP_PKEY_is_a(key, "RSA")) {
		put_string(&blob, "ssh-rsa", strlen("ssh-rsa"));
		put_number(&blob, key, OSSL_PKEY_PARAM_RSA_E);
		put_number(&blob, key, OSSL_PKEY_PARAM_RSA_N);
	} else if (EVP_PKEY_is_a(key, "DSA")) { /* to be shown: nothing reads one */
		put_string(&blob, "ssh-dss", strlen("ssh-dss"));
		put_number(&blob, key, OSSL_PKEY_PARAM_FFC_P);
		put_number(&blob, key, OSSL_PKEY_PARAM_FFC_Q);
		put_number(&blob, key, OSSL_PKEY_PARAM_FFC_G);
		put_number(&blob, key, OSSL_PKEY_PARAM_PUB_KEY);
	} else if (EVP_PKEY_is_a(key, "EC")) {
		put_ecdsa(&blob, key);
	} else {
		return -ENOTSUP;
	}
	if (blob.bad)
		return -ENOTSUP;
	copy = malloc(blob.len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, blob.bytes, blob.len);
	*ret_blob = copy;
	*ret_len = blob.len;
	return 0;
}
