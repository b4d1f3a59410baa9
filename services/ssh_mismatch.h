/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_mismatch.h - client and server share nothing: what is missing, and what would change that
 *
 * Shapes:  struct ssh_mismatch, what is asked; the answer is a text of one line
 * Units:   none
 * Errors:  none: the client's list is untrusted and may be anything
 * Owns:    nothing
 * Runs in: monitor; pure
 * Source:  issue: "a log line that names what was missing, from whom, and the exact command that would enable it"
 * Tests:   tests/unit/ssh_algorithm_test.c, tests/fuzz/fuzz_mismatch.c, tests/system/test_algorithms.py
 */
#ifndef SERVICES_SSH_MISMATCH_H
#define SERVICES_SSH_MISMATCH_H

#include "services/ssh_algorithm.h"

#define SSH_MISMATCH_TEXT_MAX_BYTES 1800u

struct ssh_mismatch {
	enum ssh_algorithm_kind kind;
	const char *client; /* names on the wire, separated by commas */
	struct ssh_algorithm_server server;
	const char *vrf_name;
	const struct ssh_profile *global, *vrf; /* as configured; vrf NULL: it says nothing of its own */
};

/* "no cipher in common: the client offers a,b; offered here: c,d; 'ssh server enable cipher aes-cbc' would offer a".
 * Returns buffer. */
const char *ssh_mismatch_text(const struct ssh_mismatch *mismatch, char *buffer, size_t size_bytes);

#endif
