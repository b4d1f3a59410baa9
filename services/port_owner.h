/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/port_owner.h - which program has a TCP port, for a message to the operator
 *
 * Shapes:  text such as "nginx (pid 812)", "a program of uid 33", "another program"
 * Units:   port a TCP port
 * Errors:  none: what cannot be found out is said less precisely
 * Owns:    nothing
 * Runs in: sallyport-sshd, only when a bind was refused
 * Source:  proc(5): /proc/net/tcp, /proc/PID/fd, /proc/PID/ns
 * Tests:   tests/system/test_listener.py
 */
#ifndef SERVICES_PORT_OWNER_H
#define SERVICES_PORT_OWNER_H

#include <stddef.h>
#include <stdint.h>

#include "vrf/vrf.h"

/* Returns buffer. */
const char *port_owner_text(const struct vrf *vrf, uint16_t port, char *buffer, size_t size_bytes);

#endif
