/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/placeholder.h - a "private key" for libssh that holds the public half and nothing else
 *
 * Shapes:  an SSH wire public key blob in; openssh-key-v1 PEM text out
 * Units:   bytes
 * Errors:  0 or -errno: -EPROTO the blob is cut short or has bytes too many, -ENOTSUP another type of key
 * Owns:    *ret_pem belongs to the caller
 * Runs in: sallyport-transport; pure
 * Source:  libssh.md part 2, "How it works" 5; OpenSSH PROTOCOL.key
 * Tests:   tests/unit/placeholder_test.c
 */
#ifndef SERVICES_SSH_PLACEHOLDER_H
#define SERVICES_SSH_PLACEHOLDER_H

#include <stddef.h>
#include <stdint.h>

#define PLACEHOLDER_BLOB_MAX_BYTES 2200u

/* ed25519: the seed is the public key, by which the provider knows the key; rsa: d=3 iqmp=1 p=3 q=5; ecdsa: scalar
 * 1. */
int placeholder_pem(const uint8_t *blob, size_t blob_len, char **ret_pem);

#endif
