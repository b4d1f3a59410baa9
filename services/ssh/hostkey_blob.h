/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/hostkey_blob.h - public keys in SSH wire form, to and from OpenSSL
 *
 * Shapes:  a blob is string type, then the numbers of that type (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4);
 *          struct hostkey_algorithm, one row per signature algorithm that we make or accept
 * Units:   bits of an RSA modulus
 * Errors:  -EPROTO the blob is malformed, -ENOTSUP a type that we do not take, -ERANGE a size that we do not take
 * Owns:    *ret_blob and *ret_key belong to the caller
 * Runs in: sallyport-sshd, monitor; pure
 * Source:  RFC 8332 (rsa-sha2-*); SHA-1 signatures, DSA, certificates and security-key types have no row
 * Tests:   tests/unit/hostkey_test.c, tests/unit/proof_test.c, tests/fuzz/fuzz_proof.c
 */
#ifndef SERVICES_SSH_HOSTKEY_BLOB_H
#define SERVICES_SSH_HOSTKEY_BLOB_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HOSTKEY_RSA_BITS_MIN 2048 /* NIST SP 800-131A */
#define HOSTKEY_RSA_BITS_MAX 16384 /* what OpenSSL verifies */

struct hostkey_algorithm {
	const char *signature; /* "rsa-sha2-256" */
	const char *key;       /* first string of the key blob: "ssh-rsa" */
	const char *digest;    /* as EVP_DigestSign takes it; "" for none */
	const char *auth_word; /* what show ssh calls a login with such a key */
};
extern const struct hostkey_algorithm hostkey_algorithms[]; /* ended by a row without a name */

/* The row of a signature algorithm, or NULL. */
const struct hostkey_algorithm *hostkey_algorithm_find(const uint8_t *name, size_t len);
/* The row that fits a key blob and a digest ("" for none), or NULL. */
const struct hostkey_algorithm *hostkey_algorithm_of(const uint8_t *blob, size_t blob_len, const char *digest);

int hostkey_blob_write(EVP_PKEY *key, uint8_t **ret_blob, size_t *ret_len);
/* Refuses everything left over, RSA outside HOSTKEY_RSA_BITS_*, points that are not on the curve. */
int hostkey_blob_read(const uint8_t *blob, size_t blob_len, EVP_PKEY **ret_key, struct err *err);

/* A cursor over SSH wire data; bad once something was not there. */
struct hostkey_wire {
	const uint8_t *at;
	size_t left;
	bool bad;
};
uint8_t hostkey_wire_u8(struct hostkey_wire *wire);
/* A string; it points into the data. NULL and length 0 when it is not all there. */
const uint8_t *hostkey_wire_string(struct hostkey_wire *wire, size_t *ret_len);
bool hostkey_wire_is(const uint8_t *bytes, size_t len, const char *text);

#endif
