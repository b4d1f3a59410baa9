/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_limits.h - the daemon's side of "show access-lists", "show ssh penalties" and "clear ssh penalty"
 *
 * Shapes:  handlers of Varlink methods; userdata is struct sshd
 * Units:   see services/limits_report.h
 * Errors:  Varlink errors
 * Owns:    nothing
 * Runs in: sallyport-sshd main loop
 * Source:  features.md section 5 item 10
 * Tests:   tests/system/test_limits.py, tests/system/test_access_list.py
 */
#ifndef SERVICES_SSHD_LIMITS_H
#define SERVICES_SSHD_LIMITS_H

#include "base/varlink.h"
#include "services/limits_report.h"

struct sshd;

/* What the last daemon knew of sources that misbehave, and once a second, when it has changed, what we know. */
void sshd_limits_load(struct sshd *sshd);
void sshd_limits_save(struct sshd *sshd);

void sshd_limits_list_access(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_limits_clear_access(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_limits_list_penalties(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_limits_clear_penalty(struct varlink_call *call, const json_t *parameters, void *userdata);

#endif
