/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/cli_options.h - what the operator's shell may be started with
 *
 * Shapes:  struct cli_options and the table that fills it
 * Units:   none
 * Errors:  those of base/option.h
 * Owns:    texts point into argv
 * Runs in: sallyport (CLI), and the generator of the manual
 * Source:  none
 * Tests:   tests/unit/option_test.c, tests/system/test_cli.py
 */
#ifndef CLI_CLI_OPTIONS_H
#define CLI_CLI_OPTIONS_H

#include "base/option.h"

#define CLI_RUN_DIR_DEFAULT "/run/sallyport"
#define CLI_OPTIONS_TAIL    "[WORD...]"

struct cli_options {
	const char *run_dir;  /* NULL: not said */
	const char *command;  /* NULL: the words behind the options, or a session */
	const char *complete; /* a line to say the possible next words of */
	bool help, version;
};

extern const struct option_row cli_option_rows[];

#endif
