/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log_line.h - the parts of a line of the log
 *
 * Shapes:  "RP/0/RP0/CPU0:Aug 24 13:10:15.933 UTC: SSHD_[123]: %SECURITY-SSHD-6-INFO_SUCCESS : text"
 * Units:   none
 * Errors:  false: no line of ours
 * Owns:    nothing: the parts point into the text
 * Runs in: every program; pure
 * Source:  base/log.c, which writes them; features.md 2F
 * Tests:   tests/unit/syslog_message_test.c
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct log_line {
	const char *program; /* "SSHD", without the "_" */
	size_t program_len;
	unsigned pid;
	const char *tagged;  /* "SSHD_[123]: %SECURITY…" */
	const char *message; /* "%SECURITY-SSHD-6-INFO_SUCCESS : text" */
	const char *mnemonic; /* "INFO_SUCCESS"; "" in a debug line */
	size_t mnemonic_len;
};

bool log_line_parse(const char *text, struct log_line *ret_line);

#endif
