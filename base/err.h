/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/err.h - the text of a failure that a person will read
 *
 * Shapes:  struct err, a bounded text; always the last parameter, may be NULL
 * Units:   none
 * Errors:  err_set() and err_add() return the code they are given, so "return err_set(...)" is one thought
 * Owns:    nothing; the caller provides the struct
 * Runs in: every program; pure
 * Source:  none
 * Tests:   tests/unit/err_test.c
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

struct err {
	char text[512]; /* one line, no full stop, names the statement or command and the remedy */
};

/* Writes the text; returns code, which is a negative errno. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is already there; returns code. */
int err_add(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
