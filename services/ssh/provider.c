// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The provider "monitor"
 *
 * libssh gives no place to put a signer into, but it signs and verifies through EVP_DigestSign() and
 * EVP_DigestVerify(). With a default property query these fetch our SIGNATURE implementations, which see the public
 * half of the key and the bytes, and ask. Keys of RSA and EC stay with OpenSSL's own key management, which exports
 * them to ours; ED25519 keys are ours from the start, because their private half is a placeholder that OpenSSL would
 * derive a wrong public half from. Property names need a dot, and a name must be known before the query that uses it
 * is parsed: hence the first fetch.
 */
#include "services/ssh/provider.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "base/cleanup.h"

#define ED25519_BYTES 32

enum key_type { KEY_RSA, KEY_EC, KEY_ED25519 };

/* What is known of a key: its public half as SSH writes it. */
struct key {
	enum key_type type;
	uint8_t ed25519[ED25519_BYTES];
	bool has_public;
	size_t signature_max;
	size_t blob_len;
	uint8_t blob[2100]; /* RSA of 16384 bits: 2048 + exponent + names */
};

struct operation {
	const struct key *key;
	char digest[16];
	size_t tbs_len;
	uint8_t *tbs; /* gathered by the update form */
};

static const struct provider_calls *provider_calls;
static OSSL_PROVIDER *providers[2]; /* loaded for the life of the process */

static void put_bytes(struct key *key, const void *bytes, size_t len)
{
	uint8_t *at = key->blob + key->blob_len;

	if (len > sizeof(key->blob) - key->blob_len - 4) {
		key->has_public = false;
		return;
	}
	at[0] = (uint8_t)(len >> 24);
	at[1] = (uint8_t)(len >> 16);
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	memcpy(at + 4, bytes, len);
	key->blob_len += 4 + len;
}

/* An unsigned number, as OSSL_PARAM holds it in the order of the machine, as an SSH mpint. */
static void put_number(struct key *key, const OSSL_PARAM *param)
{
	uint8_t number[2050];
	const uint8_t *from = param->data;
	size_t len = 0;

	if (param->data_size > sizeof(number) - 1) {
		key->has_public = false;
		return;
	}
	number[len++] = 0;
	for (size_t i = 0; i < param->data_size; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		number[len++] = from[param->data_size - 1 - i];
#else
		number[len++] = from[i];
#endif
	for (from = number; len > 1 && from[0] == 0 && !(from[1] & 0x80); len--)
		from++;
	if (len == 1 && from[0] == 0)
		len = 0;
	put_bytes(key, from, len);
}

static void *key_new(enum key_type type)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key)
		key->type = type;
	return key;
}

static void *rsa_new(void *provider)
{
	(void)provider;
	return key_new(KEY_RSA);
}

static void *ec_new(void *provider)
{
	(void)provider;
	return key_new(KEY_EC);
}

static void *ed25519_new(void *provider)
{
	(void)provider;
	return key_new(KEY_ED25519);
}

static void key_free(void *key)
{
	free(key);
}

static int key_has(const void *key, int selection)
{
	(void)selection;
	return key != NULL;
}

static int rsa_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *n = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_N);
	const OSSL_PARAM *e = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E);
	struct key *key = keydata;

	(void)selection;
	if (!n || !e)
		return 0;
	key->has_public = true;
	put_bytes(key, "ssh-rsa", strlen("ssh-rsa"));
	put_number(key, e);
	put_number(key, n);
	key->signature_max = n->data_size;
	return key->has_public;
}

static int ec_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	static const struct {
		const char *group, *algorithm, *curve;
	} curves[] = {
		{ "prime256v1", "ecdsa-sha2-nistp256", "nistp256" }, { "P-256", "ecdsa-sha2-nistp256", "nistp256" },
		{ "secp384r1", "ecdsa-sha2-nistp384", "nistp384" },  { "P-384", "ecdsa-sha2-nistp384", "nistp384" },
		{ "secp521r1", "ecdsa-sha2-nistp521", "nistp521" },  { "P-521", "ecdsa-sha2-nistp521", "nistp521" },
	};
	const OSSL_PARAM *group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
	const OSSL_PARAM *point = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
	const char *name = NULL;
	struct key *key = keydata;

	(void)selection;
	if (!group || !point || !OSSL_PARAM_get_utf8_string_ptr(group, &name))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcmp(curves[i].group, name) != 0)
			continue;
		key->has_public = true;
		put_bytes(key, curves[i].algorithm, strlen(curves[i].algorithm));
		put_bytes(key, curves[i].curve, strlen(curves[i].curve));
		put_bytes(key, point->data, point->data_size);
		key->signature_max = point->data_size + 16; /* two numbers of half the point, in DER */
		return key->has_public;
	}
	return 0;
}

/* A private key has no public half beside it: the placeholder's seed is the public half itself. */
static int ed25519_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
	struct key *key = keydata;

	(void)selection;
	if (!param)
		param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY);
	if (!param || param->data_size != ED25519_BYTES)
		return 0;
	memcpy(key->ed25519, param->data, ED25519_BYTES);
	key->has_public = true;
	key->blob_len = 0;
	put_bytes(key, "ssh-ed25519", strlen("ssh-ed25519"));
	put_bytes(key, key->ed25519, ED25519_BYTES);
	key->signature_max = 64;
	return 1;
}

static const OSSL_PARAM *rsa_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
					    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
					    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_D, NULL, 0), OSSL_PARAM_END };
	(void)selection;
	return types;
}

static const OSSL_PARAM *ec_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
					    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
					    OSSL_PARAM_BN(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0), OSSL_PARAM_END };
	(void)selection;
	return types;
}

static const OSSL_PARAM *ed25519_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
					    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
					    OSSL_PARAM_END };
	(void)selection;
	return types;
}

static int ed25519_export(void *keydata, int selection, OSSL_CALLBACK *callback, void *argument)
{
	struct key *key = keydata;
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, key->ed25519, ED25519_BYTES),
				OSSL_PARAM_END };

	(void)selection;
	return key->has_public && callback(params, argument);
}

static const OSSL_PARAM *ed25519_gettable(void *provider)
{
	static const OSSL_PARAM gettable[] = { OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
					       OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
					       OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
					       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
					       OSSL_PARAM_END };
	(void)provider;
	return gettable;
}

static int ed25519_get_params(void *keydata, OSSL_PARAM params[])
{
	static const struct {
		const char *name;
		int value;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_BITS, 256 },
		{ OSSL_PKEY_PARAM_SECURITY_BITS, 128 },
		{ OSSL_PKEY_PARAM_MAX_SIZE, 64 },
	};
	struct key *key = keydata;
	OSSL_PARAM *param;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		param = OSSL_PARAM_locate(params, numbers[i].name);
		if (param && !OSSL_PARAM_set_int(param, numbers[i].value))
			return 0;
	}
	param = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PUB_KEY);
	if (param && (!key->has_public || !OSSL_PARAM_set_octet_string(param, key->ed25519, ED25519_BYTES)))
		return 0;
	return 1;
}

static int key_match(const void *a, const void *b, int selection)
{
	const struct key *one = a, *other = b;

	(void)selection;
	return one->type == other->type && one->blob_len == other->blob_len &&
	       memcmp(one->blob, other->blob, one->blob_len) == 0;
}

static void *key_dup(const void *keydata, int selection)
{
	struct key *copy = malloc(sizeof(*copy));

	(void)selection;
	if (copy)
		memcpy(copy, keydata, sizeof(*copy));
	return copy;
}

static void *operation_new(void *provider, const char *query)
{
	(void)provider;
	(void)query;
	return calloc(1, sizeof(struct operation));
}

static void operation_free(void *context)
{
	struct operation *operation = context;

	if (operation)
		free(operation->tbs);
	free(operation);
}

static void *operation_dup(void *context)
{
	struct operation *from = context, *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *from;
	copy->tbs = from->tbs ? malloc(PROVIDER_TBS_MAX_BYTES) : NULL;
	if (from->tbs && !copy->tbs) {
		free(copy);
		return NULL;
	}
	if (from->tbs)
		memcpy(copy->tbs, from->tbs, from->tbs_len);
	return copy;
}

/* "SHA2-256" and "SHA256" are one digest; the protocol says "SHA256". */
static int operation_init(void *context, const char *digest, void *keydata, const OSSL_PARAM params[])
{
	struct operation *operation = context;
	struct key *key = keydata;

	(void)params;
	if (!digest)
		digest = "";
	if (key)
		operation->key = key;
	if (!operation->key || !operation->key->has_public)
		return 0;
	if (strncmp(digest, "SHA2-", 5) == 0) {
		memcpy(operation->digest, "SHA", 3);
		digest += 5;
		if (strlen(digest) > sizeof(operation->digest) - 4)
			return 0;
		memcpy(operation->digest + 3, digest, strlen(digest) + 1);
	} else {
		if (strlen(digest) >= sizeof(operation->digest))
			return 0;
		memcpy(operation->digest, digest, strlen(digest) + 1);
	}
	operation->tbs_len = 0;
	return 1;
}

static int operation_sign(void *context, unsigned char *signature, size_t *len, size_t size_bytes,
			  const unsigned char *tbs, size_t tbs_len)
{
	struct operation *operation = context;

	if (!signature) {
		*len = operation->key->signature_max;
		return 1;
	}
	if (tbs_len > PROVIDER_TBS_MAX_BYTES)
		return 0;
	return provider_calls->sign(provider_calls->userdata, operation->key->blob, operation->key->blob_len,
				    operation->digest, tbs, tbs_len, signature, size_bytes, len) == 0;
}

static int operation_verify(void *context, const unsigned char *signature, size_t len, const unsigned char *tbs,
			    size_t tbs_len)
{
	(void)context;
	if (tbs_len <= PROVIDER_TBS_MAX_BYTES && len <= PROVIDER_SIGNATURE_MAX_BYTES)
		provider_calls->verify(provider_calls->userdata, tbs, tbs_len, signature, len);
	return 1;
}

static int operation_update(void *context, const unsigned char *bytes, size_t len)
{
	struct operation *operation = context;

	if (!operation->tbs)
		operation->tbs = malloc(PROVIDER_TBS_MAX_BYTES);
	if (!operation->tbs || len > PROVIDER_TBS_MAX_BYTES - operation->tbs_len)
		return 0;
	memcpy(operation->tbs + operation->tbs_len, bytes, len);
	operation->tbs_len += len;
	return 1;
}

static int operation_sign_final(void *context, unsigned char *signature, size_t *len, size_t size_bytes)
{
	struct operation *operation = context;
	static const unsigned char nothing[1];

	return operation_sign(context, signature, len, size_bytes, operation->tbs ? operation->tbs : nothing,
			      operation->tbs_len);
}

static int operation_verify_final(void *context, const unsigned char *signature, size_t len)
{
	struct operation *operation = context;
	static const unsigned char nothing[1];

	return operation_verify(context, signature, len, operation->tbs ? operation->tbs : nothing,
				operation->tbs_len);
}

#define FUNCTION(number, function) { number, (void (*)(void))(function) }
#define FUNCTIONS_END		   { 0, NULL }

static const OSSL_DISPATCH signature_functions[] = {
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, operation_new),
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, operation_free),
	FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, operation_dup),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, operation_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, operation_update),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, operation_sign_final),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, operation_sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, operation_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, operation_update),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, operation_verify_final),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, operation_verify),
	FUNCTIONS_END,
};
static const OSSL_DISPATCH rsa_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, rsa_new),	     FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),	     FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, rsa_import),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, rsa_types), FUNCTIONS_END,
};
static const OSSL_DISPATCH ec_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, ec_new),	    FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),	    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, ec_import),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, ec_types), FUNCTIONS_END,
};
static const OSSL_DISPATCH ed25519_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_NEW, ed25519_new),
	FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, key_has),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, ed25519_import),
	FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, ed25519_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, ed25519_export),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, ed25519_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, ed25519_get_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, ed25519_gettable),
	FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, key_match),
	FUNCTION(OSSL_FUNC_KEYMGMT_DUP, key_dup),
	FUNCTIONS_END,
};

#define PROVIDER_NAME "monitor"
#define RSA_NAMES     "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC_NAMES      "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519_NAMES "ED25519:1.3.101.112"
#define SIGNS	      "provider=" PROVIDER_NAME ",mon.sig=yes"
#define IMPORTS_ONLY  "provider=" PROVIDER_NAME ",mon.km=yes"
#define DEFAULT_QUERY "?mon.sig=yes,?mon.km!=yes"

static const OSSL_ALGORITHM signatures[] = {
	{ RSA_NAMES, SIGNS, signature_functions, NULL },
	{ "ECDSA", SIGNS, signature_functions, NULL },
	{ ED25519_NAMES, SIGNS, signature_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const OSSL_ALGORITHM managements[] = {
	{ RSA_NAMES, IMPORTS_ONLY, rsa_functions, NULL },
	{ EC_NAMES, IMPORTS_ONLY, ec_functions, NULL },
	{ ED25519_NAMES, SIGNS, ed25519_functions, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	if (operation == OSSL_OP_SIGNATURE)
		return signatures;
	return operation == OSSL_OP_KEYMGMT ? managements : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
			 void **context)
{
	static const OSSL_DISPATCH functions[] = { FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
						   FUNCTIONS_END };
	static int unused_context;

	(void)handle;
	(void)in;
	*out = functions;
	*context = &unused_context;
	return 1;
}

/* A name unknown when the query is parsed never matches later, so the properties are made known by a fetch. */
static bool properties_learn(void)
{
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, "ED25519", "provider=" PROVIDER_NAME);
	EVP_KEYMGMT *management = EVP_KEYMGMT_fetch(NULL, "RSA", "provider=" PROVIDER_NAME);
	bool found = signature && management;

	EVP_SIGNATURE_free(signature);
	EVP_KEYMGMT_free(management);
	return found;
}

static bool comes_from(const OSSL_PROVIDER *provider, const char *name)
{
	return provider && strcmp(OSSL_PROVIDER_get0_name(provider), name) == 0;
}

static bool signature_comes_from(const char *algorithm, const char *provider)
{
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, algorithm, NULL);
	bool right = signature && comes_from(EVP_SIGNATURE_get0_provider(signature), provider);

	EVP_SIGNATURE_free(signature);
	return right;
}

static bool management_comes_from(const char *algorithm, const char *provider)
{
	EVP_KEYMGMT *management = EVP_KEYMGMT_fetch(NULL, algorithm, NULL);
	bool right = management && comes_from(EVP_KEYMGMT_get0_provider(management), provider);

	EVP_KEYMGMT_free(management);
	return right;
}

/* Fails closed: what libssh will fetch must be what was meant. */
static int provider_check(struct err *err)
{
	static const struct {
		const char *algorithm, *provider;
		bool is_signature;
	} wanted[] = {
		{ "RSA", PROVIDER_NAME, true },	    { "ECDSA", PROVIDER_NAME, true },
		{ "ED25519", PROVIDER_NAME, true }, { "ED25519", PROVIDER_NAME, false },
		{ "RSA", "default", false },	    { "EC", "default", false },
		{ "X25519", "default", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		bool right = wanted[i].is_signature ? signature_comes_from(wanted[i].algorithm, wanted[i].provider) :
						      management_comes_from(wanted[i].algorithm, wanted[i].provider);

		if (!right)
			return err_set(err, -ENOTSUP, "OpenSSL does not take %s %s from the provider %s",
				       wanted[i].algorithm, wanted[i].is_signature ? "signatures" : "keys",
				       wanted[i].provider);
	}
	return 0;
}

int provider_load(const struct provider_calls *calls, struct err *err)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return err_set(err, -EIO, "OpenSSL does not start");
	provider_calls = calls;
	/* loading any provider by hand ends the automatic loading of the default one: it goes first */
	providers[0] = OSSL_PROVIDER_load(NULL, "default");
	if (providers[0] && OSSL_PROVIDER_add_builtin(NULL, PROVIDER_NAME, provider_init) == 1)
		providers[1] = OSSL_PROVIDER_load(NULL, PROVIDER_NAME);
	if (!providers[1])
		return err_set(err, -EIO, "OpenSSL does not load the provider " PROVIDER_NAME);
	if (!properties_learn())
		return err_set(err, -EIO, "OpenSSL does not know the provider " PROVIDER_NAME);
	if (EVP_set_default_properties(NULL, DEFAULT_QUERY) != 1)
		return err_set(err, -EIO, "OpenSSL does not take the query " DEFAULT_QUERY);
	return provider_check(err);
}
