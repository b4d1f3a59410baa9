// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What every monitor would do for the first time is done once in the process they are forked from
 *
 * The first signature of a process costs OpenSSL many times what the next one does, in time and in memory; a monitor is
 * forked, so it finds ready what was used before. A host key that does not verify what it signs is found here too.
 *
 * The RSA key only verifies: signing would leave a blinding in it that all monitors then began with.
 */
#include <errno.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/cleanup.h"
#include "services/ssh/monitor.h"
#include "services/ssh/proof.h"

static int key_warm(struct hostkey_set *hostkeys, enum hostkey_type type, const char *digest, struct err *err)
{
	static const uint8_t words[] = "a host key signs this and verifies it";
	AUTO(free) uint8_t *signature = NULL;
	size_t blob_len = 0, len = 0;
	const uint8_t *blob = hostkey_public_blob(hostkeys, type, &blob_len);
	struct proof_claim claim = { .key = blob, .key_len = blob_len };
	struct err ignored = { .text = "" };
	int r;

	claim.algorithm = blob ? hostkey_algorithm_of(blob, blob_len, digest) : NULL;
	if (!claim.algorithm)
		return 0;
	hostkey_sign_prepare(hostkeys, type, digest); /* where it fails, signing says why */
	if (type == HOSTKEY_RSA) {
		proof_verify(&claim, words, sizeof(words), words, sizeof(words), &ignored);
		return 0;
	}
	r = hostkey_sign(hostkeys, blob, blob_len, digest, words, sizeof(words), &signature, &len);
	if (r == 0)
		r = proof_verify(&claim, words, sizeof(words), signature, len, &ignored);
	if (r < 0)
		return err_set(err, r, "the host key %s does not verify what it signs", hostkey_algorithm_words[type]);
	return 0;
}

int monitor_warm(struct hostkey_set *hostkeys, struct err *err)
{
	static const char *const digests[] = { "", "SHA256", "SHA384", "SHA512" };
	char fingerprint[128];
	uint8_t bytes[32];
	int r = 0;

	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++)
		for (size_t i = 0; i < ARRAY_SIZE(digests) && r == 0; i++)
			r = key_warm(hostkeys, type, digests[i], err);
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(err, -EIO, "OpenSSL has no random numbers");
	hostkey_fingerprint(bytes, sizeof(bytes), fingerprint, sizeof(fingerprint));
	return r;
}
