/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_keys.h - the daemon's side of "crypto key": host keys made and taken away, users' keys imported
 *
 * Shapes:  handlers of Varlink methods; struct key_job, at most one key in the making
 * Units:   see services/crypto_report.h
 * Errors:  Varlink errors of services/crypto_report.h
 * Owns:    the job belongs to struct sshd
 * Runs in: sallyport-sshd main loop; a key is made by a child process, because RSA takes seconds
 * Source:  features.md 1C-18 to 20, 1D, 2A
 * Tests:   tests/system/test_crypto.py
 */
#ifndef SERVICES_SSHD_KEYS_H
#define SERVICES_SSHD_KEYS_H

#include "base/varlink.h"
#include "services/crypto_report.h"
#include "services/sshd.h"

void sshd_keys_list(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_keys_generate(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_keys_zeroize(struct varlink_call *call, const json_t *parameters, void *userdata);
/* Ends a key in the making; before the daemon's parts go. */
void sshd_keys_done(struct sshd *sshd);
/* Whether there is a key to answer a client with; says in the log, once a second at most, when there is none. */
bool sshd_keys_ready(struct sshd *sshd, const char *vrf_name);

void sshd_user_keys_list(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_user_keys_import(struct varlink_call *call, const json_t *parameters, void *userdata);
void sshd_user_keys_zeroize(struct varlink_call *call, const json_t *parameters, void *userdata);
/* Removes the imported keys of users whom the configuration in force does not have: a name that is given again later
 * belongs to somebody else. */
void sshd_user_keys_follow(struct sshd *sshd);
bool sshd_user_keys_any(const struct sshd *sshd, const char *user);

/* Ends the call with SSH_ERROR_KEY_REFUSED. */
void sshd_keys_refuse(struct varlink_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
