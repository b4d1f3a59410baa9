/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_tech.h - "show tech-support ssh"
 *
 * Shapes:  rows for the table of cli/exec.c
 * Units:   none
 * Errors:  as handlers of cli/exec.h
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  features.md 1C-28; issue: one archive, every show, logs, versions, no secret
 * Tests:   tests/system/test_tech_support.py
 */
#ifndef CLI_SHOW_TECH_H
#define CLI_SHOW_TECH_H

#include "cli/shell.h"

/* What stands behind "show tech-support". */
extern const struct stmt exec_tech_rows[];

#endif
