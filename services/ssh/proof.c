// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Proof that a user holds a key, checked by the half that decides
 *
 * The transport hands over the signed data and the signature. Nothing else that it says counts: the user, the key, the
 * algorithm and the connection are read from the signed data itself, so a transport that lies can only spoil a login,
 * never invent one.
 */
#include "services/ssh/proof.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/cleanup.h"

AUTO_DECLARE(EVP_PKEY, EVP_PKEY_free)
AUTO_DECLARE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { SSH_MSG_USERAUTH_REQUEST = 50, SIGNATURE_MAX_BYTES = 4096 };

static int parse_session(struct hostkey_wire *wire, const struct proof_session *session, struct err *err)
{
	size_t len;
	const uint8_t *hash = hostkey_wire_string(wire, &len);

	if (!hash)
		return err_set(err, -EPROTO, "malformed signed data");
	if (!session->hash_len || len != session->hash_len || CRYPTO_memcmp(hash, session->hash, len))
		return err_set(err, -EPERM, "the data was signed for another connection");
	return 0;
}

static int parse_user(struct hostkey_wire *wire, char *user, struct err *err)
{
	size_t len;
	const uint8_t *name;

	if (hostkey_wire_u8(wire) != SSH_MSG_USERAUTH_REQUEST)
		return err_set(err, -EPROTO, "the signed data is not an authentication request");
	name = hostkey_wire_string(wire, &len);
	if (!name || len > PROOF_USER_MAX_BYTES || memchr(name, '\0', len))
		return err_set(err, -EPROTO, "malformed user name in the signed data");
	memcpy(user, name, len);
	user[len] = '\0';
	return 0;
}

/* Tells by *ret_bound whether a host key follows at the end. */
static int parse_method(struct hostkey_wire *wire, bool *ret_bound, struct err *err)
{
	size_t service_len, method_len;
	const uint8_t *service = hostkey_wire_string(wire, &service_len);
	const uint8_t *method = hostkey_wire_string(wire, &method_len);
	bool bound = hostkey_wire_is(method, method_len, "publickey-hostbound-v00@openssh.com");

	if (!hostkey_wire_is(service, service_len, "ssh-connection"))
		return err_set(err, -EPROTO, "the signed data asks for another service than ssh-connection");
	if (!bound && !hostkey_wire_is(method, method_len, "publickey"))
		return err_set(err, -EPROTO, "the signed data is for another method than publickey");
	if (hostkey_wire_u8(wire) != 1)
		return err_set(err, -EPROTO, "the signed data says that it is not signed");
	*ret_bound = bound;
	return 0;
}

static int parse_key(struct hostkey_wire *wire, struct proof_claim *claim, struct err *err)
{
	size_t name_len, type_len;
	const uint8_t *name = hostkey_wire_string(wire, &name_len);
	struct hostkey_wire key;
	const uint8_t *type;

	claim->key = hostkey_wire_string(wire, &claim->key_len);
	if (!name || !claim->key)
		return err_set(err, -EPROTO, "malformed signed data");
	claim->algorithm = hostkey_algorithm_find(name, name_len);
	if (!claim->algorithm)
		return err_set(err, -ENOTSUP, "signature algorithm '%.*s' is not accepted",
			       name_len > 64 ? 64 : (int)name_len, (const char *)name);
	key = (struct hostkey_wire){ .at = claim->key, .left = claim->key_len };
	type = hostkey_wire_string(&key, &type_len);
	if (!hostkey_wire_is(type, type_len, claim->algorithm->key))
		return err_set(err, -EPROTO, "the key is not of the type of algorithm %s", claim->algorithm->signature);
	return 0;
}

static int parse_hostkey(struct hostkey_wire *wire, const struct proof_session *session, struct err *err)
{
	size_t len;
	const uint8_t *hostkey = hostkey_wire_string(wire, &len);

	if (!hostkey)
		return err_set(err, -EPROTO, "malformed signed data");
	if (len != session->hostkey_len || !len || memcmp(hostkey, session->hostkey, len))
		return err_set(err, -EPERM, "the data was signed for another host key");
	return 0;
}

int proof_parse(const uint8_t *tbs, size_t tbs_len, const struct proof_session *session, struct proof_claim *ret_claim,
		struct err *err)
{
	struct hostkey_wire wire = { .at = tbs, .left = tbs_len };
	struct proof_claim claim = { .key = NULL };
	bool bound = false;
	int r = parse_session(&wire, session, err);

	if (!r)
		r = parse_user(&wire, claim.user, err);
	if (!r)
		r = parse_method(&wire, &bound, err);
	if (!r)
		r = parse_key(&wire, &claim, err);
	if (!r && bound)
		r = parse_hostkey(&wire, session, err);
	if (r < 0)
		return r;
	if (wire.bad || wire.left)
		return err_set(err, -EPROTO, "surplus bytes behind the signed data");
	*ret_claim = claim;
	return 0;
}

int proof_verify(const struct proof_claim *claim, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature,
		 size_t signature_len, struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *verify = NULL;
	const char *digest = *claim->algorithm->digest ? claim->algorithm->digest : NULL;
	int r = hostkey_blob_read(claim->key, claim->key_len, &key, err);

	if (r < 0)
		return r;
	if (!signature_len || signature_len > SIGNATURE_MAX_BYTES)
		return err_set(err, -EBADMSG, "the signature is wrong");
	verify = EVP_MD_CTX_new();
	if (!verify || EVP_DigestVerifyInit_ex(verify, NULL, digest, NULL, NULL, key, NULL) <= 0)
		return -ENOMEM;
	if (EVP_DigestVerify(verify, signature, signature_len, tbs, tbs_len) != 1)
		return err_set(err, -EBADMSG, "the signature is wrong");
	return 0;
}

int proof_keep(struct proof *proof, const struct proof_claim *claim)
{
	uint8_t *key = malloc(claim->key_len);

	if (!key)
		return -ENOMEM;
	memcpy(key, claim->key, claim->key_len);
	proof_done(proof);
	proof->there = true;
	memcpy(proof->user, claim->user, sizeof(proof->user));
	proof->key = key;
	proof->key_len = claim->key_len;
	return 0;
}

bool proof_take(struct proof *proof, const char *user, const uint8_t *key, size_t key_len)
{
	bool same = proof->there && !strcmp(proof->user, user) && key_len == proof->key_len &&
		    !memcmp(proof->key, key, key_len);

	proof_done(proof);
	return same;
}

void proof_done(struct proof *proof)
{
	free(proof->key);
	*proof = (struct proof){ .there = false };
}
