/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_logging.h - "show logging", "clear logging", "terminal monitor"
 *
 * Shapes:  rows for the tables of cli/exec.c
 * Units:   none
 * Errors:  as handlers of cli/exec.h
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  IOS XR
 * Tests:   tests/system/test_logging.py
 */
#ifndef CLI_EXEC_LOGGING_H
#define CLI_EXEC_LOGGING_H

#include "cli/shell.h"

int exec_show_logging(struct shell *shell, const struct match *match);
int exec_clear_logging(struct shell *shell, const struct match *match);
int exec_terminal_monitor(struct shell *shell, const struct match *match);
/* What may follow "show logging" and "terminal monitor". */
extern const struct stmt exec_logging_rows[], exec_monitor_rows[];

void log_monitor_free(struct log_monitor *monitor); /* NULL is fine */

#endif
