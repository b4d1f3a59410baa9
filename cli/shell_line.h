/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/shell_line.h - the terminal line a shell is on: asked of sallyport-sshd, and in force here
 *
 * Shapes:  functions on struct shell
 * Units:   none
 * Errors:  without an answer the built-in settings hold
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  services/line_conf.h
 * Tests:   tests/system/test_line.py
 */
#ifndef CLI_SHELL_LINE_H
#define CLI_SHELL_LINE_H

#include "cli/shell.h"

/* At the start of a shell: its name, its screen, its time line, its timeouts. */
void shell_line_begin(struct shell *shell);
/* After a commit, of whomever: the timeouts. */
void shell_line_refresh(struct shell *shell);
/* The size of the screen: what the line says, else the terminal, else what is usual. */
void shell_line_size(struct shell *shell);
/* When the input has ended because a time was over, says so. Whether it did. */
bool shell_line_timed_out(struct shell *shell);

#endif
