/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_netlink.h - VRF devices, as rtnetlink tells of them
 *
 * Shapes:  struct vrf_netlink, one netlink socket on a libevent loop
 * Units:   none
 * Errors:  0 or -errno
 * Owns:    borrows the table and the loop
 * Runs in: daemons, inside vrf_watch.c
 * Source:  rtnetlink(7), netlink(7); Linux net/core/rtnetlink.c for altnames and kinds
 * Tests:   tests/lab/scenario/vrf_basics
 */
#ifndef VRF_VRF_NETLINK_H
#define VRF_VRF_NETLINK_H

#include "base/err.h"

struct event_base;
struct vrf_netlink;
struct vrf_table;

/* The table knows every VRF device there is when this returns. */
int vrf_netlink_new(struct event_base *base, struct vrf_table *table, struct vrf_netlink **ret_netlink,
		    struct err *err);
void vrf_netlink_free(struct vrf_netlink *netlink);

#endif
