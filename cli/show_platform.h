/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_platform.h - the machine: what it is, its memory, its clock
 *
 * Shapes:  handlers of exec.c's rows
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI); from /proc and /sys, so what is not known there is not claimed here
 * Source:  clients.md section 2: RANCID, Oxidized, Ansible facts ask; ntc-templates read them
 * Tests:   tests/system/test_platform.py
 */
#ifndef CLI_SHOW_PLATFORM_H
#define CLI_SHOW_PLATFORM_H

#include "cli/shell.h"

int exec_show_platform(struct shell *shell, const struct match *match);
int exec_show_inventory(struct shell *shell, const struct match *match);
extern const struct stmt exec_inventory_rows[]; /* all, raw */
int exec_show_memory(struct shell *shell, const struct match *match);
int exec_show_clock_detail(struct shell *shell, const struct match *match);

#endif
