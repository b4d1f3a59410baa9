/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/user_keys.h - the imported keys of users on disk: one file per user, at most four keys in it
 *
 * Shapes:  rows of struct user_key_report, in the order of their places
 * Units:   see aaa/user_key_report.h
 * Errors:  0 or -errno with err naming the file and the remedy
 * Owns:    rows belong to the caller
 * Runs in: sallyport-sshd (writes), monitor (reads)
 * Source:  features.md 2A: up to four keys per user
 * Tests:   tests/unit/key_import_test.c, tests/fuzz/fuzz_key_import.c, tests/system/test_crypto.py
 */
#ifndef AAA_USER_KEYS_H
#define AAA_USER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "aaa/user_key_report.h"
#include "base/err.h"

/* The keys of a user; none when there is no file. *ret_len is at most USER_KEY_PLACES_MAX. */
int user_keys_read(const char *dir, const char *user, struct user_key_report rows[static USER_KEY_PLACES_MAX],
		   size_t *ret_len, struct err *err);
/* Replaces them; without rows the file goes. dir is made when it is not there. */
int user_keys_write(const char *dir, const char *user, const struct user_key_report *rows, size_t len,
		    struct err *err);
/* Whether the blob is one of the user's keys. user NULL is nobody, and takes as long as a user without a file. */
bool user_keys_hold(const char *dir, const char *user, const uint8_t *blob, size_t blob_len);
/* Each user who has a file, in no order; stops when on_user returns less than 0, and returns that. */
int user_keys_each(const char *dir, int (*on_user)(const char *user, void *userdata), void *userdata);

/* The text of a file; rows that do not hold what they must are left out. Pure. */
int user_keys_decode(const char *text, size_t len_bytes, const char *user,
		     struct user_key_report rows[static USER_KEY_PLACES_MAX], size_t *ret_len);

#endif
