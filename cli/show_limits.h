/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_limits.h - access lists with their counters, and penalties
 *
 * Shapes:  each renderer takes the parameters of one reply of org.sallyport.SSH; handlers and rows for exec.c
 * Units:   none
 * Errors:  0 or -errno; -EPROTO the reply is not what services/limits_report.h says, with err
 * Owns:    nothing; replies are borrowed
 * Runs in: sallyport (CLI)
 * Source:  features.md section 5 item 10; IOS XR: show access-lists
 * Tests:   tests/system/test_limits.py, tests/system/test_access_list.py, tests/golden/show
 */
#ifndef CLI_SHOW_LIMITS_H
#define CLI_SHOW_LIMITS_H

#include "cli/shell.h"
#include "services/limits_report.h"

int show_access_lists(FILE *out, const json_t *reply, bool as_json, struct err *err);
int show_penalties(FILE *out, const json_t *reply, bool as_json, struct err *err);

int exec_show_access_lists(struct shell *shell, const struct match *match);
int exec_show_penalties(struct shell *shell, const struct match *match);
extern const struct stmt exec_access_lists_rows[], exec_clear_access_rows[], exec_penalties_rows[],
	exec_clear_ssh_rows[];

#endif
