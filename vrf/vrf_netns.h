/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_netns.h - named network namespaces, as a directory of bind-mounted namespace files tells of them
 *
 * Shapes:  struct vrf_netns, one inotify descriptor on a libevent loop
 * Units:   none
 * Errors:  0 or -errno
 * Owns:    borrows the table and the loop
 * Runs in: daemons, inside vrf_watch.c
 * Source:  ip-netns(8), inotify(7), ioctl_ns(2)
 * Tests:   tests/system/test_vrf_watch.py
 */
#ifndef VRF_VRF_NETNS_H
#define VRF_VRF_NETNS_H

#include "base/err.h"

struct event_base;
struct vrf_netns;
struct vrf_table;

/* The table knows every namespace in the directory when this returns; a directory that is not there yet is
 * waited for. */
int vrf_netns_new(struct event_base *base, struct vrf_table *table, const char *netns_dir,
		  struct vrf_netns **ret_netns, struct err *err);
void vrf_netns_free(struct vrf_netns *netns);

#endif
