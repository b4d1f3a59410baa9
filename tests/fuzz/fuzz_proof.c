/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signed data of a login and its signature, as a transport hands them over: u16 length of the data, the data, the
 * signature. The corpus has one good login per key type. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/ssh/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static const uint8_t hash[32] = "the hash of the first exchange.", hostkey[] = "host key blob";
	const struct proof_session session = { hash, sizeof(hash), hostkey, sizeof(hostkey) };
	struct proof_claim claim;
	EVP_PKEY *key = NULL;
	struct err err;
	size_t tbs_len;

	/* as a bare key too */
	if (hostkey_blob_read(bytes, len_bytes, &key, &err) == 0)
		EVP_PKEY_free(key);
	if (len_bytes < 2)
		return 0;
	tbs_len = (size_t)bytes[0] << 8 | bytes[1];
	bytes += 2;
	len_bytes -= 2;
	if (tbs_len > len_bytes)
		return 0;
	if (proof_parse(bytes, tbs_len, &session, &claim, &err) < 0)
		return 0;
	if (claim.key < bytes || claim.key + claim.key_len > bytes + tbs_len || strlen(claim.user) > PROOF_USER_MAX_BYTES)
		abort();
	proof_verify(&claim, bytes, tbs_len, bytes + tbs_len, len_bytes - tbs_len, &err);
	return 0;
}
