/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/config_past.h - commands about commits that are made: list, changes, history, rollback, sessions
 *
 * Shapes:  rows for the tables of exec.c and exec_config.c
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  features.md 2E; clients.md sections 3 and 4
 * Tests:   tests/system/test_commit_cli.py
 */
#ifndef CLI_CONFIG_PAST_H
#define CLI_CONFIG_PAST_H

#include "cli/shell.h"

extern const struct stmt config_past_commit_rows[];   /* show configuration commit … */
extern const struct stmt config_past_rollback_rows[]; /* show configuration rollback … */
extern const struct stmt config_past_history_rows[];  /* show configuration history … */
extern const struct stmt config_past_undo_rows[];     /* rollback … */

int config_past_history(struct shell *shell, const struct match *match);
int config_past_sessions(struct shell *shell, const struct match *match);

#endif
