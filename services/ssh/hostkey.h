/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/hostkey.h - the host's key pairs: made at first start, loaded by root, used by monitors to sign
 *
 * Shapes:  struct hostkey_set, at most one key per type of enum hostkey_type
 * Units:   bits
 * Errors:  0 or -errno with err naming the file and the remedy
 * Owns:    the set owns its EVP_PKEYs
 * Runs in: sallyport-sshd, monitor (never the transport: no libssh here, OpenSSL only)
 * Source:  features.md 1C-18 to 20, 1D (only missing keys are made, existing ones kept), libssh.md part 2
 * Tests:   tests/unit/hostkey_test.c
 */
#ifndef SERVICES_SSH_HOSTKEY_H
#define SERVICES_SSH_HOSTKEY_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum hostkey_type {
	HOSTKEY_ED25519,
	HOSTKEY_ECDSA_256,
	HOSTKEY_ECDSA_384,
	HOSTKEY_ECDSA_521,
	HOSTKEY_RSA,
	HOSTKEY_TYPE_MAX,
};

struct hostkey_set;

#define HOSTKEY_RSA_BITS_DEFAULT 3072u /* NIST SP 800-57: 128 bits of strength */

/* Loads dir/ssh_host_<type>_key (PEM, PKCS#8, mode 0600, owner checked); makes the missing ones of ed25519, ecdsa 256,
 * 384, 521 and rsa 3072 atomically, with the .pub beside, but for those that were zeroized. A file that cannot be read
 * as a key is an error that names it: it is never overwritten. */
int hostkey_set_load(const char *dir, struct hostkey_set **ret_set, struct err *err);
/* The same, but goes on without those that cannot be had as long as one can: on_fault is told of each. */
int hostkey_set_load_usable(const char *dir, void (*on_fault)(const struct err *fault), struct hostkey_set **ret_set,
			    struct err *err);
void hostkey_set_free(struct hostkey_set *set);
/* Reads one key again, or finds that it has gone; on failure the set keeps what it has. Monitors that were forked
 * before keep their own copy. */
int hostkey_set_reload(struct hostkey_set *set, const char *dir, enum hostkey_type type, struct err *err);
bool hostkey_set_is_empty(const struct hostkey_set *set);
/* When the file of the key was written; 0 when that type is not there. */
int64_t hostkey_created_us(const struct hostkey_set *set, enum hostkey_type type);

/* Makes a new key in place of the one that may be there, atomically; bits count for RSA. It takes seconds: not from a
 * loop. The set knows it after hostkey_set_reload(). */
int hostkey_make(const char *dir, enum hostkey_type type, unsigned bits, struct err *err);
/* Removes the key and remembers that it is not wanted: it is not made again at the next start. */
int hostkey_zeroize(const char *dir, enum hostkey_type type, struct err *err);

/* The line of a public key in one file, written atomically. */
int hostkey_save_public(const char *public_path, const char *algorithm, const uint8_t *blob, size_t blob_len,
			struct err *err);
/* A private key in one file: written atomically for root alone; overwritten and removed, which is no error where
 * there is none. */
int hostkey_save_private(const char *path, EVP_PKEY *key, struct err *err);
int hostkey_remove_private(const char *path, struct err *err);

/* To another process of the daemon's own, through a file in memory. Types that are not there stay so. */
int hostkey_set_write(const struct hostkey_set *set, int fd);
int hostkey_set_read(int fd, struct hostkey_set **ret_set, struct err *err);

/* The SSH wire blob of the public half, NULL when that type is not there. Borrowed. */
const uint8_t *hostkey_public_blob(const struct hostkey_set *set, enum hostkey_type type, size_t *ret_len);
/* Looks up once what such signatures need; -EINVAL where the key does not sign with this digest. */
int hostkey_sign_prepare(struct hostkey_set *set, enum hostkey_type type, const char *digest);
/* Signs tbs with the key whose public blob is given, as EVP_DigestSign() with digest (NULL or "" for ed25519). */
int hostkey_sign(const struct hostkey_set *set, const uint8_t *blob, size_t blob_len, const char *digest,
		 const uint8_t *tbs, size_t tbs_len, uint8_t **ret_signature, size_t *ret_len);
/* "SHA256:…" (base64 without padding) of a public key blob. Returns buffer. */
const char *hostkey_fingerprint(const uint8_t *blob, size_t blob_len, char *buffer, size_t size_bytes);
extern const char *const hostkey_algorithm_words[]; /* by type: "ssh-ed25519", "ecdsa-sha2-nistp256", …, "ssh-rsa" */

#endif
