/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/hostkey_old.h - deprecated host key pairs: made and stored on demand, never loaded, never offered
 *
 * Shapes:  at most one pair per member of enum hostkey_old, beside those of hostkey.h and in nobody's place
 * Units:   bits; _us microseconds since 1970-01-01 UTC
 * Errors:  0 or -errno with err naming the file and the remedy
 * Owns:    nothing
 * Runs in: sallyport-sshd
 * Source:  features.md 1C-18, 1C-19, T3; issue: DSA and RSA below 2048 bits are stored and never offered
 * Tests:   tests/unit/hostkey_test.c, tests/system/test_crypto.py
 */
#ifndef SERVICES_SSH_HOSTKEY_OLD_H
#define SERVICES_SSH_HOSTKEY_OLD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum hostkey_old { HOSTKEY_OLD_RSA, HOSTKEY_OLD_DSA, HOSTKEY_OLD_MAX };

#define HOSTKEY_OLD_DSA_BITS 1024u /* of the sizes that DSA has, the one that is recommended: features.md 1C-19 */

/* Makes a new pair in place of the one that may be there, atomically. It takes time: not from a loop. */
int hostkey_old_make(const char *dir, enum hostkey_old old, unsigned bits, struct err *err);
/* The public half as "TYPE BASE64", and when it was made. -ENOENT: there is none that can be read. */
int hostkey_old_public(const char *dir, enum hostkey_old old, char *line, size_t size_bytes, int64_t *ret_created_us);
int hostkey_old_zeroize(const char *dir, enum hostkey_old old, struct err *err);

#endif
