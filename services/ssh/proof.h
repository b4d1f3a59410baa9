/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/proof.h - what a client signed to log in, and the one proof that a monitor remembers
 *
 * Shapes:  struct proof_claim, the parts of the data that RFC 4252 section 7 has the client sign; struct proof, a claim
 *          whose signature was verified
 * Units:   none
 * Errors:  -EPROTO malformed, -ENOTSUP an algorithm that is not accepted, -ERANGE a key size that is not accepted,
 *          -EPERM it was signed for another connection or another host, -EBADMSG the signature is wrong
 * Owns:    a claim points into the data; a proof owns copies
 * Runs in: monitor; pure
 * Source:  RFC 4252 section 7; RFC 8332; OpenSSH PROTOCOL 3.1 (publickey-hostbound-v00@openssh.com)
 * Tests:   tests/unit/proof_test.c, tests/fuzz/fuzz_proof.c
 */
#ifndef SERVICES_SSH_PROOF_H
#define SERVICES_SSH_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "services/ssh/hostkey_blob.h"

#define PROOF_USER_MAX_BYTES 255u

/* What this connection is: the hash that was signed first, and the host key that signed it. */
struct proof_session {
	const uint8_t *hash;
	size_t hash_len;
	const uint8_t *hostkey;
	size_t hostkey_len;
};

struct proof_claim {
	char user[PROOF_USER_MAX_BYTES + 1];
	const struct hostkey_algorithm *algorithm;
	const uint8_t *key;
	size_t key_len;
};

struct proof {
	bool there;
	char user[PROOF_USER_MAX_BYTES + 1];
	uint8_t *key;
	size_t key_len;
};

int proof_parse(const uint8_t *tbs, size_t tbs_len, const struct proof_session *session, struct proof_claim *ret_claim,
		struct err *err);
/* Whether the signature over tbs is by the claim's key, with the digest of the claim's algorithm: 0 or an error. */
int proof_verify(const struct proof_claim *claim, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature,
		 size_t signature_len, struct err *err);
/* Remembers a verified claim in place of whatever was there. */
int proof_keep(struct proof *proof, const struct proof_claim *claim);
/* Whether the proof is of this user and key. Either way it is used up. */
bool proof_take(struct proof *proof, const char *user, const uint8_t *key, size_t key_len);
void proof_done(struct proof *proof);

#endif
