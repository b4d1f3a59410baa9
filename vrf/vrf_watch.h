/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_watch.h - feed a VRF table from the kernel: l3mdev links by rtnetlink, named namespaces by inotify
 *
 * Shapes:  struct vrf_watch, on a libevent loop
 * Units:   none
 * Errors:  0 or -errno; without VRF support in the kernel, without /run/netns or without the right to look, the
 *          rest works
 * Owns:    the watch borrows the table
 * Runs in: daemons
 * Source:  architecture.md "A VRF"; netlink(7) ENOBUFS means a fresh dump; ip-netns(8) keeps names in /run/netns
 * Tests:   tests/system/test_vrf_watch.py, tests/lab/scenario/vrf_basics
 */
#ifndef VRF_VRF_WATCH_H
#define VRF_VRF_WATCH_H

#include <sys/types.h>

#include "vrf/vrf.h"

struct event_base;
struct vrf_watch;

/* Reads what is there before it returns, then keeps the table true. netns_dir: "/run/netns" unless a test
 * says. */
int vrf_watch_new(struct event_base *base, struct vrf_table *table, const char *netns_dir,
		  struct vrf_watch **ret_watch, struct err *err);
void vrf_watch_free(struct vrf_watch *watch);

/* A socket that belongs to the VRF: bound to the l3mdev device by ifindex, or made inside the namespace, or
 * plain. Close-on-exec and non-blocking are set. Returns the fd or -errno: -ENODEV the VRF is not present,
 * -EPERM no right to enter the namespace. */
int vrf_socket(const struct vrf *vrf, int family, int type, int protocol, struct err *err);
/* Moves the calling process into the VRF's namespace for good (does nothing for the other kinds). */
int vrf_enter(const struct vrf *vrf, struct err *err);

#endif
