/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/crypto_report.h - host keys as they are shown and sent, and what org.sallyport.SSH says and takes about keys
 *
 * Shapes:  struct host_key_report, one row per key pair; rows of a user's imported keys are in aaa/user_key_report.h
 * Units:   _us microseconds since 1970-01-01 UTC; bits of the key
 * Errors:  Varlink errors; SSH_ERROR_KEY_REFUSED carries a sentence for the operator
 * Owns:    rows own their text
 * Runs in: sallyport-sshd, sallyport (CLI); data only
 * Source:  features.md 1C-18 to 20, 1D-35, 2A, 2B
 * Tests:   tests/system/test_crypto.py, tests/golden/show
 */
#ifndef SERVICES_CRYPTO_REPORT_H
#define SERVICES_CRYPTO_REPORT_H

#include <stdbool.h>

#include "aaa/user_key_report.h"
#include "services/ssh_report.h"

#define HOST_KEY_LABEL "the_default" /* the one label there is: seed, "show crypto key mypubkey" */

/* In the order of enum hostkey_type; behind them that of enum hostkey_old, stored and never offered. */
enum host_key_type {
	HOST_KEY_ED25519,
	HOST_KEY_ECDSA_256,
	HOST_KEY_ECDSA_384,
	HOST_KEY_ECDSA_521,
	HOST_KEY_RSA,
	HOST_KEY_RSA_DEPRECATED, /* below 2048 bits */
	HOST_KEY_DSA,
	HOST_KEY_TYPE_MAX,
};
extern const char *const host_key_type_words[]; /* "ed25519", "ecdsa-nistp256", …, "rsa-deprecated", "dsa" */

struct host_key_report {
	char label[32];
	int type; /* enum host_key_type */
	uint32_t bits;
	int64_t created_us;
	bool offered;
	char fingerprint[64];			  /* "SHA256:…" */
	char public_key[USER_KEY_LINE_MAX_BYTES]; /* "ssh-ed25519 AAAA…" */
};

extern const struct field host_key_report_fields[];

/* A family of keys: a type, "ecdsa" for every curve, "rsa" for those of any size, or "" for all of them. */

/* (type: string) -> (keys: []HostKey) */
#define SSH_LIST_KEYS SSH_INTERFACE ".ListKeys"
/* (type: string, bits: int) -> (key: HostKey, replaced: string) when it is made; bits count for RSA, where 0
 * means 3072 and less than 2048 becomes rsa-deprecated, and for DSA, where 0 means 1024. replaced is the fingerprint of
 * the key that was there, "" when there was none. Errors: KeyRefused. */
#define SSH_GENERATE_KEY SSH_INTERFACE ".GenerateKey"
/* (type: string) -> (keys: []HostKey): those that were removed. Errors: KeyRefused. */
#define SSH_ZEROIZE_KEY SSH_INTERFACE ".ZeroizeKey"
/* (user: string, type: string) -> (keys: []UserKey); user "" means every user */
#define SSH_LIST_USER_KEYS SSH_INTERFACE ".ListUserKeys"
/* (user: string, place: int, keys: []{public_key: string, comment: string}) -> (keys: []UserKey, replaced: []string)
 * place 0: that of the first key of the same type, else the first free one; otherwise the first key goes there and the
 * others behind it. All are imported or none. Users may import for themselves. Errors: KeyRefused. */
#define SSH_IMPORT_USER_KEYS SSH_INTERFACE ".ImportUserKeys"
/* (user: string, type: string) -> (keys: []UserKey): those that were removed. Errors: KeyRefused. */
#define SSH_ZEROIZE_USER_KEYS SSH_INTERFACE ".ZeroizeUserKeys"
#define SSH_ERROR_KEY_REFUSED SSH_INTERFACE ".KeyRefused" /* (reason: string) */

#endif
