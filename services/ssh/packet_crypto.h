/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/packet_crypto.h - what libssh asks of OpenSSL for every packet, without what one time is enough for
 *
 * Shapes:  one connection per process: a key for each direction
 * Units:   bytes
 * Errors:  as in the manual pages of the functions
 * Owns:    copies of the two newest MAC keys, wiped when a newer one takes their place; random bytes not yet used
 * Runs in: sallyport-transport: EVP_PKEY_new_mac_key(), EVP_DigestSign*() and RAND_bytes() of the program itself, which
 *          libssh's calls reach by dynamic linking
 * Source:  ssh-performance.md 1.2: setting an HMAC up costs a third of computing it
 * Tests:   tests/unit/packet_crypto_test.c, tests/bench
 *
 *   libssh makes a key object and a context for each packet's HMAC. Here both stay, and are only set back. Keys of
 *   other kinds, and digests that are signed with them, go to OpenSSL as ever.
 */
#ifndef SERVICES_SSH_PACKET_CRYPTO_H
#define SERVICES_SSH_PACKET_CRYPTO_H

/* From here on; a process that forks must not have called it, or its children would share random bytes. */
void packet_crypto_start(void);
void packet_crypto_stop(void);

#endif
