/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec.h - handlers of the exec commands, named by the rows in exec.c
 *
 * Shapes:  functions of struct stmt.run
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 4
 * Tests:   tests/system/test_cli.py
 */
#ifndef CLI_EXEC_H
#define CLI_EXEC_H

#include "cli/shell.h"

int exec_show_ssh(struct shell *shell, const struct match *match);
int exec_show_ssh_details(struct shell *shell, const struct match *match);
int exec_show_ssh_rekey(struct shell *shell, const struct match *match);
int exec_show_ssh_server(struct shell *shell, const struct match *match);
int exec_show_ssh_server_vrf(struct shell *shell, const struct match *match);
int exec_show_clock(struct shell *shell, const struct match *match);
int exec_show_vrf(struct shell *shell, const struct match *match);
int exec_show_users(struct shell *shell, const struct match *match);
int exec_clear_ssh(struct shell *shell, const struct match *match);
int exec_show_line(struct shell *shell, const struct match *match);
int exec_show_history(struct shell *shell, const struct match *match);
/* "show line …" and "terminal history …" */
extern const struct stmt exec_show_line_rows[], exec_terminal_history_rows[];
int exec_show_user(struct shell *shell, const struct match *match);
/* "show aaa …" and "show user …" */
extern const struct stmt exec_show_aaa_rows[], exec_show_user_rows[];
/* "crypto …" and "show crypto …" */
extern const struct stmt exec_crypto_rows[], exec_show_crypto_rows[];

#endif
