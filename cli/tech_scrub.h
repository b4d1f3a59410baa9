/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/tech_scrub.h - secrets out of text that is given away
 *
 * Shapes:  text is changed in place; its length stays
 * Units:   bytes
 * Errors:  none
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure
 * Source:  issue: show tech-support ssh (no secret); crypt(5)
 * Tests:   tests/unit/tech_scrub_test.c, tests/fuzz/fuzz_tech_scrub.c, tests/system/test_tech_support.py
 */
#ifndef CLI_TECH_SCRUB_H
#define CLI_TECH_SCRUB_H

#include <stddef.h>

/* Puts '*' for: what follows the keyword of a statement that holds a secret, or a public key of a user, until the end
 * of the line or of the JSON text; hashes of passwords as crypt(3) makes them; the body of a private key in PEM. */
void tech_scrub(char *text, size_t len_bytes);

#endif
