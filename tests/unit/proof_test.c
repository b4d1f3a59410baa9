// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/ssh/proof.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const uint8_t hash[32] = "the hash of the first exchange.", other_hash[32] = "the hash of another connection.";
static const uint8_t hostkey[] = "host key blob";
static const struct proof_session session = { hash, sizeof(hash), hostkey, sizeof(hostkey) };
static struct err err;

struct data {
	uint8_t bytes[8192];
	size_t len;
};

static void put(struct data *data, const void *bytes, size_t len)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		data->bytes[data->len++] = (uint8_t)(len >> shift);
	memcpy(data->bytes + data->len, bytes, len);
	data->len += len;
}

static void put_text(struct data *data, const char *text)
{
	put(data, text, strlen(text));
}

/* What a client signs, with each part to be replaced. */
struct request {
	const uint8_t *hash;
	size_t hash_len;
	uint8_t message;
	const char *user, *service, *method;
	uint8_t has_signature;
	const char *algorithm;
	const uint8_t *key;
	size_t key_len;
	const uint8_t *hostkey; /* NULL: not there */
	size_t hostkey_len;
};

static struct request usual(const char *algorithm, const uint8_t *key, size_t key_len)
{
	return (struct request){ hash, sizeof(hash), 50, "admin", "ssh-connection", "publickey", 1, algorithm, key, key_len };
}

static struct data make(const struct request *request)
{
	struct data data = { .len = 0 };

	put(&data, request->hash, request->hash_len);
	data.bytes[data.len++] = request->message;
	put_text(&data, request->user);
	put_text(&data, request->service);
	put_text(&data, request->method);
	data.bytes[data.len++] = request->has_signature;
	put_text(&data, request->algorithm);
	put(&data, request->key, request->key_len);
	if (request->hostkey)
		put(&data, request->hostkey, request->hostkey_len);
	return data;
}

struct key {
	EVP_PKEY *pair;
	uint8_t *blob;
	size_t len;
};

static void key_auto(struct key *key)
{
	EVP_PKEY_free(key->pair);
	free(key->blob);
}

static struct key make_key(const char *type, const char *curve, size_t bits)
{
	struct key key = { .blob = NULL };

	if (curve)
		key.pair = EVP_PKEY_Q_keygen(NULL, NULL, type, curve);
	else if (bits)
		key.pair = EVP_PKEY_Q_keygen(NULL, NULL, type, bits);
	else
		key.pair = EVP_PKEY_Q_keygen(NULL, NULL, type);
	cr_assert_not_null(key.pair);
	cr_assert_eq(hostkey_blob_write(key.pair, &key.blob, &key.len), 0);
	return key;
}

static size_t sign(const struct key *key, const char *digest, const struct data *data, uint8_t *signature, size_t room)
{
	EVP_MD_CTX *make_one = EVP_MD_CTX_new();
	size_t len = room;

	cr_assert_eq(EVP_DigestSignInit_ex(make_one, NULL, digest, NULL, NULL, key->pair, NULL), 1);
	cr_assert_eq(EVP_DigestSign(make_one, signature, &len, data->bytes, data->len), 1);
	EVP_MD_CTX_free(make_one);
	return len;
}

static const struct {
	const char *type, *curve;
	size_t bits;
	const char *algorithm, *digest, *wrong_digest;
} kinds[] = {
	{ "ED25519", NULL, 0, "ssh-ed25519", NULL, NULL },
	{ "EC", "P-256", 0, "ecdsa-sha2-nistp256", "SHA256", "SHA384" },
	{ "EC", "P-384", 0, "ecdsa-sha2-nistp384", "SHA384", "SHA256" },
	{ "EC", "P-521", 0, "ecdsa-sha2-nistp521", "SHA512", "SHA256" },
	{ "RSA", NULL, 2048, "rsa-sha2-256", "SHA256", "SHA512" },
	{ "RSA", NULL, 3072, "rsa-sha2-512", "SHA512", "SHA1" },
};

Test(proof, each_key_type_verifies_with_its_own_digest_only)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		AUTO(key) struct key key = make_key(kinds[i].type, kinds[i].curve, kinds[i].bits);
		struct request request = usual(kinds[i].algorithm, key.blob, key.len);
		struct data data = make(&request);
		struct proof_claim claim;
		uint8_t signature[1024];
		size_t len = sign(&key, kinds[i].digest, &data, signature, sizeof(signature));

		cr_assert_eq(proof_parse(data.bytes, data.len, &session, &claim, &err), 0, "%s", err.text);
		cr_assert_str_eq(claim.user, "admin");
		cr_assert_eq(proof_verify(&claim, data.bytes, data.len, signature, len, &err), 0, "%s: %s",
			     kinds[i].algorithm, err.text);
		signature[len / 2] ^= 1;
		cr_assert_eq(proof_verify(&claim, data.bytes, data.len, signature, len, &err), -EBADMSG);
		cr_assert_eq(proof_verify(&claim, data.bytes, data.len, signature, 0, &err), -EBADMSG);
		if (kinds[i].wrong_digest) {
			len = sign(&key, kinds[i].wrong_digest, &data, signature, sizeof(signature));
			cr_assert_eq(proof_verify(&claim, data.bytes, data.len, signature, len, &err), -EBADMSG);
		}
	}
}

static int parse(const struct request *request)
{
	struct data data = make(request);
	struct proof_claim claim = { .key = NULL };
	int r = proof_parse(data.bytes, data.len, &session, &claim, &err);

	if (r < 0)
		cr_assert_null(claim.key, "a refused claim is not given");
	return r;
}

/* Every part that could be another's is refused when it is. */
Test(proof, what_does_not_belong_to_this_login_is_refused)
{
	AUTO(key) struct key key = make_key("ED25519", NULL, 0);
	const struct request good = usual("ssh-ed25519", key.blob, key.len);
	struct request bad;

	cr_assert_eq(parse(&good), 0, "%s", err.text);
	bad = good, bad.hash = other_hash;
	cr_assert_eq(parse(&bad), -EPERM);
	bad = good, bad.hash_len = 31;
	cr_assert_eq(parse(&bad), -EPERM);
	bad = good, bad.message = 51;
	cr_assert_eq(parse(&bad), -EPROTO);
	bad = good, bad.service = "ssh-userauth";
	cr_assert_eq(parse(&bad), -EPROTO);
	bad = good, bad.method = "hostbased";
	cr_assert_eq(parse(&bad), -EPROTO);
	bad = good, bad.has_signature = 0;
	cr_assert_eq(parse(&bad), -EPROTO);
	bad = good, bad.hostkey = hostkey, bad.hostkey_len = sizeof(hostkey);
	cr_assert_eq(parse(&bad), -EPROTO, "surplus");
	bad = good, bad.algorithm = "rsa-sha2-256";
	cr_assert_eq(parse(&bad), -EPROTO, "key of another type");
}

Test(proof, no_session_means_no_proof)
{
	const struct proof_session none = { .hash_len = 0 };
	AUTO(key) struct key key = make_key("ED25519", NULL, 0);
	struct request request = usual("ssh-ed25519", key.blob, key.len);
	struct proof_claim claim;
	struct data data;

	request.hash_len = 0;
	data = make(&request);
	cr_assert_eq(proof_parse(data.bytes, data.len, &none, &claim, &err), -EPERM);
}

Test(proof, host_bound_requests_name_our_host_key)
{
	AUTO(key) struct key key = make_key("ED25519", NULL, 0);
	struct request request = usual("ssh-ed25519", key.blob, key.len);

	request.method = "publickey-hostbound-v00@openssh.com";
	cr_assert_eq(parse(&request), -EPROTO, "host key missing");
	request.hostkey = hostkey;
	request.hostkey_len = sizeof(hostkey);
	cr_assert_eq(parse(&request), 0, "%s", err.text);
	request.hostkey_len--;
	cr_assert_eq(parse(&request), -EPERM);
}

Test(proof, algorithms_that_are_not_accepted)
{
	static const char *const refused[] = { "ssh-rsa", "ssh-dss", "sk-ssh-ed25519@openssh.com",
					       "ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com",
					       "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-ed448", "" };
	AUTO(key) struct key key = make_key("RSA", NULL, 2048);

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct request request = usual(refused[i], key.blob, key.len);

		cr_assert_eq(parse(&request), -ENOTSUP, "%s", refused[i]);
	}
}

Test(proof, small_rsa_keys_are_refused_with_the_reason)
{
	AUTO(key) struct key key = make_key("RSA", NULL, 1024);
	struct request request = usual("rsa-sha2-256", key.blob, key.len);
	struct data data = make(&request);
	struct proof_claim claim;
	uint8_t signature[1024];
	size_t len = sign(&key, "SHA256", &data, signature, sizeof(signature));

	cr_assert_eq(proof_parse(data.bytes, data.len, &session, &claim, &err), 0, "%s", err.text);
	cr_assert_eq(proof_verify(&claim, data.bytes, data.len, signature, len, &err), -ERANGE);
	cr_assert(strstr(err.text, "1024 bits"), "%s", err.text);
}

Test(proof, points_off_the_curve_are_refused)
{
	AUTO(key) struct key key = make_key("EC", "P-256", 0);
	EVP_PKEY *read = NULL;

	key.blob[key.len - 1] ^= 1;
	cr_assert_eq(hostkey_blob_read(key.blob, key.len, &read, &err), -EPROTO);
	cr_assert_null(read);
}

Test(proof, every_cut_of_the_data_is_refused)
{
	AUTO(key) struct key key = make_key("ED25519", NULL, 0);
	struct request request = usual("ssh-ed25519", key.blob, key.len);
	struct data data = make(&request);

	for (size_t cut = 0; cut < data.len; cut++) {
		AUTO(free) uint8_t *exact = malloc(cut ? cut : 1);
		struct proof_claim claim;

		memcpy(exact, data.bytes, cut);
		cr_assert_lt(proof_parse(exact, cut, &session, &claim, &err), 0, "cut at %zu", cut);
	}
}

Test(proof, user_names_are_bounded)
{
	AUTO(key) struct key key = make_key("ED25519", NULL, 0);
	struct request request = usual("ssh-ed25519", key.blob, key.len);
	char name[PROOF_USER_MAX_BYTES + 2];

	memset(name, 'n', sizeof(name));
	name[PROOF_USER_MAX_BYTES + 1] = '\0';
	request.user = name;
	cr_assert_eq(parse(&request), -EPROTO);
	name[PROOF_USER_MAX_BYTES] = '\0';
	cr_assert_eq(parse(&request), 0, "%s", err.text);
}

Test(proof, is_of_one_user_and_key_and_used_once)
{
	static const uint8_t key[] = "key one", other[] = "key two";
	struct proof_claim claim = { .user = "admin", .key = key, .key_len = sizeof(key) };
	struct proof proof = { .there = false };

	cr_assert_not(proof_take(&proof, "admin", key, sizeof(key)), "there is none");
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	cr_assert(proof_take(&proof, "admin", key, sizeof(key)));
	cr_assert_not(proof_take(&proof, "admin", key, sizeof(key)), "used up");
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	cr_assert_not(proof_take(&proof, "root", key, sizeof(key)));
	cr_assert_not(proof_take(&proof, "admin", key, sizeof(key)), "a wrong claim uses it up too");
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	cr_assert_not(proof_take(&proof, "admin", other, sizeof(other)));
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	cr_assert_not(proof_take(&proof, "admin", key, sizeof(key) - 1));
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	claim.user[0] = 'b';
	cr_assert_eq(proof_keep(&proof, &claim), 0);
	cr_assert_not(proof_take(&proof, "admin", key, sizeof(key)), "the later one counts");
}
