/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_run.h - run: a Linux shell, for those who may have everything
 *
 * Shapes:  the operand as it was typed, "|" and blanks included (STMT_RAW)
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI); the shell runs under the operator's own uid, in the VRF of the session, and can gain no
 *          privilege where the session cannot
 * Source:  IOS XR: run; issue: root-lr only, always logged
 * Tests:   tests/system/test_run.py
 */
#ifndef CLI_EXEC_RUN_H
#define CLI_EXEC_RUN_H

#include "cli/shell.h"

/* So long that the event holds all of it. */
#define EXEC_RUN_MAX_BYTES 1500

extern const struct arg exec_run_arg;
int exec_run(struct shell *shell, const struct match *match);

#endif
