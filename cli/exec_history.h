/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_history.h - "show ssh history" and what it is narrowed down by
 *
 * Shapes:  rows for the tables of cli/exec.c
 * Units:   none
 * Errors:  as handlers of cli/exec.h
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  features.md 1C-26 and 27, issue: filters by user, VRF and time
 * Tests:   tests/system/test_history.py, tests/golden/shell
 */
#ifndef CLI_EXEC_HISTORY_H
#define CLI_EXEC_HISTORY_H

#include "cli/shell.h"

int exec_show_ssh_history(struct shell *shell, const struct match *match);
/* As many as that and the filter allow, read in pages; takes filter, the parameters of ListHistory without a limit.
 * quiet: nobody is told why there are none. */
int exec_history_read(struct shell *shell, json_t *filter, size_t limit, bool quiet, json_t **ret_reply);
/* What may follow "show ssh history". */
extern const struct stmt exec_ssh_history_rows[];

#endif
