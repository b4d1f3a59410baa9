/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/pattern.h - extended regular expressions over lines, in bounded time and memory whatever is typed
 *
 * Shapes:  struct pattern, one compiled expression
 * Units:   bytes
 * Errors:  -EINVAL with err for the operator; -ENOMEM
 * Owns:    pattern_free()
 * Runs in: sallyport (CLI); pure
 * Source:  POSIX.1-2017 XBD 9.4 (ERE) without back-references; R. Thompson 1968 (all ways at once)
 * Tests:   tests/unit/pattern_test.c, tests/fuzz/fuzz_pattern.c
 *
 * A line of n bytes takes at most n times PATTERN_STEPS_MAX steps. The C library's matcher is not used: it takes
 * exponential time for back-references and as much memory as it is told to for "(a{255}){255}".
 */
#ifndef CLI_PATTERN_H
#define CLI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PATTERN_STEPS_MAX 2000u /* of a compiled expression */
#define PATTERN_MAX_BYTES 1024u
#define PATTERN_DEPTH_MAX 40u /* of parentheses */

enum pattern_flags {
	PATTERN_FIXED = 1u << 0, /* a text, not an expression */
	PATTERN_ANY_CASE = 1u << 1, /* ASCII letters */
	PATTERN_WORDS = 1u << 2,    /* whole words only */
};

struct pattern;

int pattern_new(const char *text, unsigned flags, struct pattern **ret_pattern, struct err *err);
void pattern_free(struct pattern *pattern); /* NULL is fine */
/* Whether it is found anywhere in the line, which has no newline. */
bool pattern_finds(struct pattern *pattern, const char *line, size_t len_bytes);

#endif
