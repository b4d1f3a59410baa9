/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/running_text.h - a part of the running configuration, cut out of its text
 *
 * Shapes:  text as tree_write() makes it: one space per level, blocks closed by "!"
 * Units:   none
 * Errors:  none
 * Owns:    nothing
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  clients.md section 3: "show running-config hostname" prints only that line
 * Tests:   tests/unit/complete_test.c
 */
#ifndef CLI_RUNNING_TEXT_H
#define CLI_RUNNING_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Writes the lines at or below path ("username admin", "ssh server vrf"), with the heads of the blocks they are in and
 * the "!" that close them. What stands behind a tab may follow others on the line: "server disable\tscp". Returns how
 * many lines match. */
size_t running_text_below(const char *text, const char *path, FILE *out);

#endif
