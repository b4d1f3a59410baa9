/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/pager.h - long output, one screen at a time
 *
 * Shapes:  none
 * Units:   length in lines, width in columns of the terminal; 0 means no limit
 * Errors:  0, or -EIO when the terminal has gone
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure: writes to the stream and asks the function given
 * Source:  clients.md section 1, pager: " --More-- ", space page, Enter line, q stop, erased afterwards
 * Tests:   tests/unit/pager_test.c
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stddef.h>
#include <stdio.h>

#define PAGER_MORE " --More-- "

/* Lines of the terminal that a line of text takes. */
size_t pager_rows(const char *line, size_t len_bytes, unsigned width);

/* Writes text, which ends with a newline or is empty. key gives the next key, -1 when the terminal has gone. */
int pager_write(FILE *out, const char *text, size_t len_bytes, unsigned length, unsigned width,
		int (*key)(void *userdata), void *userdata);

#endif
