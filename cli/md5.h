/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/md5.h - the MD5 digest of a file, which clients compare after a transfer; it protects nothing here
 *
 * Shapes:  struct md5, one digest in the making
 * Units:   len in bytes
 * Errors:  none
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure. A library for it would cost the shell more at each start than the digest is worth
 * Source:  RFC 1321; clients.md section 2 (Netmiko: show md5 file)
 * Tests:   tests/unit/md5_test.c
 */
#ifndef CLI_MD5_H
#define CLI_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_BYTES      16u
#define MD5_TEXT_BYTES 33u /* in hexadecimal, with the NUL */

struct md5 {
	uint32_t state[4];
	uint64_t len_bytes;
	uint8_t block[64];
};

void md5_begin(struct md5 *md5);
void md5_add(struct md5 *md5, const void *bytes, size_t len);
void md5_end(struct md5 *md5, char text[static MD5_TEXT_BYTES]);

#endif
