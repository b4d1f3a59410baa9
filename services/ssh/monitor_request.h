/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/monitor_request.h - what sallyport-sshd tells the spawner of monitors: once at its start, and for each
 * connection
 *
 * Shapes:  struct monitor_request, one record of services/ssh/mon.h; enum monitor_fd, what the program starts with
 * Units:   see ssh_report.h
 * Errors:  0 or -EPROTO
 * Owns:    nothing
 * Runs in: sallyport-sshd (puts), sallyport-monitor (gets); pure codec
 * Source:  ssh-performance.md 2.7 (monitors forked from something small)
 * Tests:   tests/unit/monitor_request_test.c, tests/system/test_monitor_spawner.py
 */
#ifndef SERVICES_SSH_MONITOR_REQUEST_H
#define SERVICES_SSH_MONITOR_REQUEST_H

#include "services/ssh/mon.h"
#include "services/ssh_report.h"
#include "vrf/vrf.h"

/* Descriptors of sallyport-monitor at its start, behind the standard ones. */
enum monitor_fd {
	MONITOR_FD_CONTROL = 3, /* requests come in; its end is the end of the spawner */
	MONITOR_FD_CONF,	/* text of the slice in force */
	MONITOR_FD_KEYS,	/* hostkey_set_write() */
	MONITOR_FD_RUN_DIR,
	MONITOR_FD_TRANSPORT,
	MONITOR_FD_CLI,
	MONITOR_FD_EMPTY_DIR,
	MONITOR_FD_FILES,
	MONITOR_FD_HELPER,
	MONITOR_FD_LOG, /* directory of base/log_store.h; no directory: nothing is kept */
	MONITOR_FD_PROGRAM, /* itself; closed by the exec */
	MONITOR_FD_END,
};

/* Descriptors of a request; the last three only when a spawner was asked for the transport. */
enum { REQUEST_CONNECTION, REQUEST_LINK, REQUEST_RPC, REQUEST_EVENTS, REQUEST_STATUS, REQUEST_FDS_MAX };
#define REQUEST_FDS_ALONE 2

struct monitor_request {
	struct session_report session; /* id, vty, vrf, addresses, ports, start_us */
	struct vrf vrf;		       /* netns_dir is not told: it is the same for all */
	bool is_netconf;	       /* came in by a port of NETCONF */
};

/* Room for a record: every member at its longest. */
#define MONITOR_REQUEST_MAX_BYTES 512u

void monitor_request_put(const struct monitor_request *request, struct mon_buf *record);
int monitor_request_get(struct mon_buf *record, struct monitor_request *ret_request);

#endif
