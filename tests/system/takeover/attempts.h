/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/system/takeover/attempts.h - what whoever took a transport over would try next
 *
 * Shapes:  none
 * Units:   none
 * Errors:  attempt_make() returns false for a name it does not know
 * Owns:    nothing
 * Runs in: attack_transport
 * Source:  issue: a transport taken over by an attacker gains nothing; libssh.md part 2 "Attacks"
 * Tests:   tests/system/test_takeover.py
 */
#ifndef TESTS_SYSTEM_TAKEOVER_ATTEMPTS_H
#define TESTS_SYSTEM_TAKEOVER_ATTEMPTS_H

#include <stdbool.h>

/* Seals the process by the product's own functions, in the product's own order: with the filter, or all but it. argv is
 * what the monitor started it with. Ends the process when that fails. */
void attempt_seal(int argc, char **argv, bool with_filter);

/* One attempt: says "NAME RESULT ERRNO" on the connection, or never returns. pid is somebody else's process. */
bool attempt_make(const char *name, int pid);

#endif
