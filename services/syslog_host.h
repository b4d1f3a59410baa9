/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/syslog_host.h - one syslog server: its socket in its VRF, and how far it has been told
 *
 * Shapes:  struct syslog_host; the log on disk is its queue, so nothing is lost while its VRF or route is away
 * Units:   port a UDP port
 * Errors:  0 or -errno
 * Owns:    the socket, and a hold of the VRF
 * Runs in: sallyport-sshd main loop
 * Source:  RFC 5426; issue: remote syslog bounded, in the VRF asked for, never blocking a session
 * Tests:   tests/system/test_logging.py
 */
#ifndef SERVICES_SYSLOG_HOST_H
#define SERVICES_SYSLOG_HOST_H

#include <stdbool.h>

#include "base/log_store.h"
#include "conf/logging_conf.h"
#include "services/logging_report.h"
#include "vrf/vrf.h"

struct syslog_host;

/* What holds for all of them. */
struct syslog_style {
	int facility, format, trap; /* as in struct logging_conf */
	const char *hostname;
};

/* Begins at the cursor. */
int syslog_host_new(const struct logging_host_conf *conf, struct vrf_table *vrfs, const struct log_cursor *cursor,
		    struct syslog_host **ret_host);
void syslog_host_free(struct syslog_host *host); /* NULL is fine */
/* Another severity or port of the same server. */
void syslog_host_update(struct syslog_host *host, const struct logging_host_conf *conf);
/* Sends what there is in the store, a bounded piece of it. 1 when there is more at once. */
int syslog_host_send(struct syslog_host *host, int dir_fd, const struct syslog_style *style);

const char *syslog_host_place(const struct syslog_host *host);
const struct log_cursor *syslog_host_cursor(const struct syslog_host *host);
void syslog_host_report(const struct syslog_host *host, struct log_host_report *ret_report);

#endif
