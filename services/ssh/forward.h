/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/forward.h - make one TCP connection for a client, in the VRF of its session and nowhere else
 *
 * Shapes:  struct forward_target, where to; the result is one record of mon.h's codec over a socket: u8 ok, string text
 *          (why not, or the address that was reached), and with ok the connected socket
 * Units:   none
 * Errors:  0 or -errno with err for the operator
 * Owns:    nothing
 * Runs in: sallyport-helper, as the session's user; forward_host_allowed() also in the monitor
 * Source:  features.md 1G; Linux Documentation/networking/vrf.rst (a bound socket looks up routes in its VRF only)
 * Tests:   tests/system/test_forward.py, tests/lab/scenario/forwarding
 *
 * Addresses are always connected to. Names are resolved in the default VRF only: the system's resolver asks there, so
 * in any other VRF the answer would be another network's, and the question would have left this one. "localhost" needs
 * no resolver and stands for 127.0.0.1 and ::1 of the VRF.
 */
#ifndef SERVICES_SSH_FORWARD_H
#define SERVICES_SSH_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FORWARD_HOST_MAX_BYTES 255u
#define FORWARD_TIME_MAX_S     20u /* resolving and all attempts to connect */
#define FORWARD_RESULT_FD      3 /* of the helper */

struct forward_target {
	char host[FORWARD_HOST_MAX_BYTES + 1];
	uint16_t port;
	int ifindex;	  /* of the VRF's device; 0: whatever the process is in */
	bool has_resolver; /* the default VRF */
};

/* A host name or an address, and nothing that could be anything else in a log. */
bool forward_host_allowed(const char *host);
/* Connects; text gets the address that was reached. */
int forward_connect(const struct forward_target *target, int *ret_fd, char *text, size_t size_bytes, struct err *err);
/* The helper's work: connects, and sends the result over FORWARD_RESULT_FD. The exit status. */
int forward_run(const struct forward_target *target);

#endif
