/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_logging.h - where the lines of the log go besides stderr: the store, the console, remote servers
 *
 * Shapes:  struct sshd_logging, one per daemon
 * Units:   none
 * Errors:  0 or -errno; what cannot be reached is said once and tried again
 * Owns:    the descriptor of the store, the watch of it, the sockets to remote servers
 * Runs in: sallyport-sshd main loop
 * Source:  issue: show logging, remote syslog in the VRF asked for, terminal monitor; conf/logging_conf.h
 * Tests:   tests/system/test_logging.py
 */
#ifndef SERVICES_SSHD_LOGGING_H
#define SERVICES_SSHD_LOGGING_H

#include "services/sshd.h"

struct sshd_logging;

int sshd_logging_new(struct sshd *sshd, struct sshd_logging **ret_logging, struct err *err);
/* What a commit says; conf lives until the next apply or stop. */
void sshd_logging_apply(struct sshd_logging *logging, const struct sshd_conf *conf);
/* Once a second: tries again what could not be sent. */
void sshd_logging_tick(struct sshd_logging *logging);
/* Method GetLogging; userdata is struct sshd. */
void sshd_logging_get(struct varlink_call *call, const json_t *parameters, void *userdata);
/* Before the configuration and the VRFs go. */
void sshd_logging_stop(struct sshd_logging *logging);
void sshd_logging_free(struct sshd_logging *logging); /* NULL is fine */

#endif
