/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd_options.h - what the configuration daemon may be started with
 *
 * Shapes:  struct confd_options and the table that fills it
 * Units:   none
 * Errors:  those of base/option.h
 * Owns:    texts point into argv
 * Runs in: sallyport-confd, and the generator of the manual
 * Source:  none
 * Tests:   tests/unit/option_test.c, tests/system/test_commit.py
 */
#ifndef CONF_CONFD_OPTIONS_H
#define CONF_CONFD_OPTIONS_H

#include <sys/types.h>

#include "base/option.h"

struct confd_options {
	const char *run_dir, *state_dir, *starter_path;
	const char *netns_dir; /* taken for the sake of one command line for all daemons */
	const char *uids_path; /* NULL: STATE_DIR/ssh/uids */
	uid_t user_id;	       /* (uid_t)-1: stay */
	bool debug, describe, help;
};

extern const struct option_row confd_option_rows[];

#endif
