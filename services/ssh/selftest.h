/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/selftest.h - prove on this machine's libraries what the transport rests on
 *
 * Shapes:  one call; a libssh client and a libssh server talk over a socketpair
 * Units:   none
 * Errors:  an exit status: 0 all holds, 1 libssh does not go through our provider (do not start), 2 libssh takes
 *          AES-GCM packets with a wrong tag (do not offer AES-GCM)
 * Owns:    nothing
 * Runs in: sallyport-transport --self-test, without any descriptor; prints one line to stderr
 * Source:  libssh.md 1.1 (CVE-2026-59847), part 2 "P2 … fail closed"
 * Tests:   tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_SELFTEST_H
#define SERVICES_SSH_SELFTEST_H

enum { SELFTEST_PASSED = 0, SELFTEST_NO_PROVIDER = 1, SELFTEST_NO_GCM = 2 };

int selftest_run(void);

#endif
