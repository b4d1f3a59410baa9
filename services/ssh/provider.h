/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/provider.h - an OpenSSL provider that hands every signature and verification to somebody else
 *
 * Shapes:  struct provider_calls, the somebody; one per process
 * Units:   bytes
 * Errors:  0 or -errno with err; after an error the process must not go on: libssh might use a key of its own
 * Owns:    the calls are borrowed for the life of the process
 * Runs in: sallyport-transport; OpenSSL only, no libssh, no socket
 * Source:  libssh.md part 2 (default query and definitions, pitfalls P1 to P5); provider(7), provider-signature(7)
 * Tests:   sallyport-transport --self-test, tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_PROVIDER_H
#define SERVICES_SSH_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROVIDER_TBS_MAX_BYTES	     32768u
#define PROVIDER_SIGNATURE_MAX_BYTES 4096u

struct provider_calls {
	/* digest is "SHA256" … or "" for ed25519. Fills signature as EVP_DigestSign() would; 0 or -errno. */
	int (*sign)(void *userdata, const uint8_t *blob, size_t blob_len, const char *digest, const uint8_t *tbs,
		    size_t tbs_len, uint8_t *signature, size_t size_bytes, size_t *ret_len);
	/* Only shows the signature to who decides. libssh is told "valid" in any case, because it leaves a request
	 * with a bad signature without any answer; the decision falls where the key is asked for. */
	void (*verify)(void *userdata, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature, size_t len);
	void *userdata;
};

/* Call once, before any key is used and before any other use of libcrypto's providers. */
int provider_load(const struct provider_calls *calls, struct err *err);

#endif
