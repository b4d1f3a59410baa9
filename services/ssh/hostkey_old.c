// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Deprecated host key pairs
 *
 * Scripts of long ago ask for DSA keys and for short RSA keys, and then for what they have asked. They get files of
 * their own and take nobody's place: the keys that clients know stay what they are. Nothing ever loads the private
 * halves; what is shown comes from the public file, which is written last.
 */
#include "services/ssh/hostkey_old.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/hostkey.h"
#include "services/ssh/hostkey_blob.h"

AUTO_DECLARE(EVP_PKEY, EVP_PKEY_free)
AUTO_DECLARE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
AUTO_DECLARE(BIGNUM, BN_free)
AUTO_DECLARE(BN_CTX, BN_CTX_free)
AUTO_DECLARE(OSSL_PARAM, OSSL_PARAM_free)
AUTO_DECLARE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

enum { DSA_ORDER_BITS = 160, LINE_MAX_BYTES = 4096 };

static const struct {
	const char *file, *algorithm;
} kinds[HOSTKEY_OLD_MAX] = {
	[HOSTKEY_OLD_RSA] = { "ssh_host_rsa_deprecated_key", "ssh-rsa" },
	[HOSTKEY_OLD_DSA] = { "ssh_host_dsa_key", "ssh-dss" },
};

static int paths(const char *dir, enum hostkey_old old, char path[static PATH_MAX], char public_path[static PATH_MAX],
		 struct err *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, kinds[old].file) >= PATH_MAX ||
	    snprintf(public_path, PATH_MAX, "%s/%s.pub", dir, kinds[old].file) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "%s: too long", dir);
	return 0;
}

struct dsa {
	BIGNUM *p, *q, *g, *secret, *public;
};

static void dsa_done(struct dsa *dsa)
{
	BN_free(dsa->p);
	BN_free(dsa->q);
	BN_free(dsa->g);
	BN_clear_free(dsa->secret);
	BN_free(dsa->public);
}

/* OpenSSL makes no group of less than 1024 bits any more: q is a prime, p one of the form 2kq + 1, g of order q. */
static bool dsa_fill(struct dsa *dsa, unsigned bits, BN_CTX *scratch)
{
	AUTO(BN_free) BIGNUM *step = BN_new();
	AUTO(BN_free) BIGNUM *seed = BN_new();

	*dsa = (struct dsa){ BN_new(), BN_new(), BN_new(), BN_secure_new(), BN_new() };
	if (!step || !seed || !dsa->p || !dsa->q || !dsa->g || !dsa->secret || !dsa->public ||
	    !BN_generate_prime_ex(dsa->q, DSA_ORDER_BITS, 0, NULL, NULL, NULL) || !BN_lshift1(step, dsa->q) ||
	    !BN_generate_prime_ex(dsa->p, (int)bits, 0, step, BN_value_one(), NULL) ||
	    !BN_div(step, NULL, dsa->p, dsa->q, scratch) || !BN_one(seed))
		return false;
	do /* the exponent is (p - 1) / q: p / q without its rest */
		if (!BN_add_word(seed, 1) || !BN_mod_exp(dsa->g, seed, step, dsa->p, scratch))
			return false;
	while (BN_is_one(dsa->g));
	do
		if (!BN_priv_rand_range(dsa->secret, dsa->q))
			return false;
	while (BN_is_zero(dsa->secret));
	BN_set_flags(dsa->secret, BN_FLG_CONSTTIME);
	return BN_mod_exp(dsa->public, dsa->g, dsa->secret, dsa->p, scratch);
}

static EVP_PKEY *dsa_pair(const struct dsa *dsa)
{
	AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	AUTO(OSSL_PARAM_free) OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (!make || !build || !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, dsa->p) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, dsa->q) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, dsa->g) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, dsa->secret) ||
	    !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, dsa->public))
		return NULL;
	params = OSSL_PARAM_BLD_to_param(build);
	if (!params || EVP_PKEY_fromdata_init(make) <= 0 ||
	    EVP_PKEY_fromdata(make, &key, EVP_PKEY_KEYPAIR, params) <= 0)
		return NULL;
	return key;
}

static EVP_PKEY *make_dsa(unsigned bits)
{
	AUTO(BN_CTX_free) BN_CTX *scratch = BN_CTX_new();
	struct dsa dsa;
	EVP_PKEY *key;

	if (!scratch)
		return NULL;
	key = dsa_fill(&dsa, bits, scratch) ? dsa_pair(&dsa) : NULL;
	dsa_done(&dsa);
	return key;
}

static int save_public(const char *public_path, enum hostkey_old old, EVP_PKEY *key, struct err *err)
{
	AUTO(free) uint8_t *blob = NULL;
	size_t len;
	int r = hostkey_blob_write(key, &blob, &len);

	if (r < 0)
		return err_set(err, r, "%s: the key cannot be encoded", public_path);
	return hostkey_save_public(public_path, kinds[old].algorithm, blob, len, err);
}

int hostkey_old_make(const char *dir, enum hostkey_old old, unsigned bits, struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	char path[PATH_MAX], public_path[PATH_MAX];
	int r = paths(dir, old, path, public_path, err);

	if (r < 0)
		return r;
	key = old == HOSTKEY_OLD_DSA ? make_dsa(bits) : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	if (!key)
		return err_set(err, -EIO, "%s: a key cannot be made", path);
	r = hostkey_save_private(path, key, err);
	if (r < 0)
		return r;
	r = save_public(public_path, old, key, err);
	if (r < 0) { /* half a pair would be shown as the one before, or not at all */
		hostkey_remove_private(path, NULL);
		unlink(public_path);
	}
	return r;
}

int hostkey_old_public(const char *dir, enum hostkey_old old, char *line, size_t size_bytes, int64_t *ret_created_us)
{
	char path[PATH_MAX], public_path[PATH_MAX], text[LINE_MAX_BYTES];
	AUTO(close) int fd = -1;
	size_t type_len, len;
	struct stat st;
	ssize_t n;

	if (paths(dir, old, path, public_path, NULL) < 0 || access(path, F_OK) < 0)
		return -ENOENT;
	fd = open(public_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (n <= 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	text[n] = '\0';
	type_len = strcspn(text, " \n");
	len = type_len + 1 + (text[type_len] == ' ' ? strcspn(text + type_len + 1, " \n") : 0);
	if (text[type_len] != ' ' || len >= size_bytes)
		return -ENOENT;
	memcpy(line, text, len);
	line[len] = '\0';
	*ret_created_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	return 0;
}

int hostkey_old_zeroize(const char *dir, enum hostkey_old old, struct err *err)
{
	char path[PATH_MAX], public_path[PATH_MAX];
	int r = paths(dir, old, path, public_path, err);

	if (r < 0)
		return r;
	r = hostkey_remove_private(path, err);
	if (r == 0)
		unlink(public_path);
	return r;
}
