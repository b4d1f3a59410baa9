/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/listener.h - one listening socket per wanted VRF and address family, and what becomes of it
 *
 * Shapes:  struct listener_set, the listeners in force and, between prepare and apply, those to come
 * Units:   port a TCP port
 * Errors:  0 or -errno; a socket that cannot be had is a state of its listener, not an error
 * Owns:    the set owns its listeners and sockets and holds their VRFs (vrf_table_want)
 * Runs in: sallyport-sshd main loop
 * Source:  architecture.md "A VRF"; features.md section 5 item 2
 * Tests:   tests/system/test_listener.py, tests/lab/scenario/first_light, tests/lab/scenario/wrong_vrf
 *
 *            VRF not there          VRF comes              port taken
 *   (wanted) ------------> PENDING ----------> UP    any ------------> CONFLICT --(free again, tried each second)--> UP
 *                             ^----------------|     any --(other error)--> FAILED --(tried each second)--> UP
 *                                 VRF goes
 */
#ifndef SERVICES_LISTENER_H
#define SERVICES_LISTENER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "services/sshd_conf.h"
#include "services/ssh_report.h"
#include "vrf/vrf.h"

struct event_base;
struct listener_set;

#define LISTENER_BACKLOG    512
#define LISTENER_ACCEPT_MAX 16 /* connections taken per wake-up, so that one flooded VRF does not starve another */

union listener_address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct listener_connection {
	int fd; /* passes to on_connection; close-on-exec, blocking */
	const struct vrf *vrf;
	bool is_netconf; /* came in by a port of NETCONF */
	union listener_address peer, local;
};

struct listener_options {
	struct event_base *base;
	struct vrf_table *vrfs;
	uint16_t default_port;
	/* Whether the connection was let in. */
	bool (*on_connection)(const struct listener_connection *connection, void *userdata);
	/* A connection was lost because the process is out of descriptors. */
	void (*on_exhausted)(const struct vrf *vrf, void *userdata);
	void *userdata;
};

int listener_set_new(const struct listener_options *options, struct listener_set **ret_set);
void listener_set_free(struct listener_set *set); /* closes every socket */

/* Opens what the configuration needs and is not open yet. With strict, a port that another program has is a
 * fault that is reported on the line that asks for it; without, the listener begins in CONFLICT. */
int listener_set_prepare(struct listener_set *set, const struct ssh_conf *ssh, bool strict, sshd_conf_report *report,
			 void *to);
void listener_set_apply(struct listener_set *set);
void listener_set_abort(struct listener_set *set);

/* From the VRF table's event. */
void listener_set_vrf_event(struct listener_set *set, enum vrf_event event, const struct vrf *vrf);
/* Once a second: tries again what is not up. */
void listener_set_tick(struct listener_set *set);

size_t listener_set_len(const struct listener_set *set);
void listener_set_report(const struct listener_set *set, size_t place, struct listener_report *ret_report);

#endif
