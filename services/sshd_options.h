/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_options.h - what the SSH daemon may be started with
 *
 * Shapes:  the table that fills the options of struct sshd
 * Units:   none
 * Errors:  those of base/option.h
 * Owns:    texts point into argv
 * Runs in: sallyport-sshd, and the generator of the manual
 * Source:  none
 * Tests:   tests/unit/option_test.c, tests/system/test_session_server.py
 */
#ifndef SERVICES_SSHD_OPTIONS_H
#define SERVICES_SSHD_OPTIONS_H

#include "base/option.h"

/* What holds without the option. */
#define SSHD_RUN_DIR	 "/run/sallyport"
#define SSHD_STATE_DIR	 "/var/lib/sallyport"
#define SSHD_PROGRAM_DIR "/usr/lib/sallyport"
#define SSHD_NETNS_DIR	 "/run/netns"
#define SSHD_CONSOLE	 "/dev/console"
#define SSHD_PORT	 22 /* features.md 2A */

extern const struct option_row sshd_option_rows[];

#endif
