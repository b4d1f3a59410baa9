/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/utf8.h - is this text, and how long is its next character
 *
 * Shapes:  byte strings that need no NUL
 * Units:   lengths in bytes
 * Errors:  0 means the bytes are not UTF-8
 * Owns:    nothing
 * Runs in: every program; pure
 * Source:  RFC 3629 section 4 (no overlong forms, no surrogates, nothing over U+10FFFF)
 * Tests:   tests/unit/field_test.c, tests/unit/log_test.c
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes taken by the character at the start of text, 1 to 4; 0 when it is no whole valid character. */
size_t utf8_character(const char *text, size_t len_bytes);

#endif
