/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_selftest.h - at start: sallyport-transport proves what it rests on, while other parts are made
 *
 * Shapes:  none
 * Units:   none
 * Errors:  0 when the service may begin, also when it begins without AES-GCM (which is logged); else -errno with err
 * Owns:    sshd->selftest until sshd_selftest_end() or sshd_selftest_done()
 * Runs in: sallyport-sshd, before its event loop runs: nobody else waits for children yet
 * Source:  issue: a start-up self-test; failing it is a refusal to start, or to offer GCM; services/ssh/selftest.h
 * Tests:   tests/system/test_selftest.py
 */
#ifndef SERVICES_SSHD_SELFTEST_H
#define SERVICES_SSHD_SELFTEST_H

#include "services/sshd.h"

int sshd_selftest_begin(struct sshd *sshd, struct err *err);
int sshd_selftest_end(struct sshd *sshd, struct err *err);
void sshd_selftest_done(struct sshd *sshd);

#endif
