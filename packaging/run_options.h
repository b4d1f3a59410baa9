/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packaging/run_options.h - what sallyport-run may be started with
 *
 * Shapes:  struct run_options and the table that fills it
 * Units:   none
 * Errors:  those of base/option.h
 * Owns:    texts point into argv
 * Runs in: sallyport-run, and the generator of the manual
 * Source:  none
 * Tests:   tests/unit/option_test.c, tests/system/test_first_light.py
 */
#ifndef PACKAGING_RUN_OPTIONS_H
#define PACKAGING_RUN_OPTIONS_H

#include "base/option.h"

/* What holds without the option. */
#define RUN_DIR		"build/run"
#define RUN_PROGRAM_DIR "build/bin"
#define RUN_PORT	5520

struct run_options {
	const char *run_dir, *program_dir;
	uint32_t port;
	bool trial, help;
};

extern const struct option_row run_option_rows[];

#endif
