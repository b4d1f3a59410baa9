/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf.h - which VRFs exist, and what became of them
 *
 * Shapes:  struct vrf_table holds one struct vrf per name: the default VRF, l3mdev devices, named network namespaces
 * Units:   table_id a kernel route table; ifindex a link index
 * Errors:  0 or -errno
 * Owns:    the table owns its VRFs; pointers stay valid until the VRF is forgotten (never while wanted)
 * Runs in: every daemon that needs VRFs; pure: fed by vrf_netlink.c and vrf_netns.c through vrf_table_link_*()
 * Source:  architecture.md "A VRF"; Linux Documentation/networking/vrf.rst
 * Tests:   tests/unit/vrf_test.c
 *
 *   NAMED --(device or namespace appears)--> PRESENT --(link up)--> UP
 *     ^                                         |  ^______(down)____|
 *     |                                         v                   v
 *     +---(wanted again, still absent)------- GONE <--(deleted)-----+     GONE --(appears)--> PRESENT, new generation
 */
#ifndef VRF_VRF_H
#define VRF_VRF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VRF_NAME_MAX_BYTES 32u /* without NUL; IOS XR's limit */
#define VRF_DEFAULT_NAME   "default"

enum vrf_kind { VRF_KIND_UNKNOWN, VRF_KIND_DEFAULT, VRF_KIND_L3MDEV, VRF_KIND_NETNS, VRF_KIND_MAX };
enum vrf_state { VRF_NAMED, VRF_PRESENT, VRF_UP, VRF_GONE, VRF_STATE_MAX };
extern const char *const vrf_kind_words[];  /* "unknown", "default", "vrf", "netns", NULL */
extern const char *const vrf_state_words[]; /* "named", "present", "up", "gone", NULL */

struct vrf {
	char name[VRF_NAME_MAX_BYTES + 1]; /* as operators write it */
	enum vrf_kind kind;
	enum vrf_state state;
	char device[16];     /* l3mdev device, "" otherwise */
	int ifindex;	     /* of the device; 0 unless l3mdev and present */
	uint32_t table_id;   /* l3mdev; 0 otherwise */
	uint64_t generation; /* grows each time the VRF comes (back) into being: a socket of an older one is dead */
	unsigned wanted;     /* how many users hold it by vrf_table_want() */
	char mapped_device[16]; /* from configuration "vrf NAME device IFNAME"; "" when by name or altname */
};

enum vrf_event { VRF_EVENT_CAME, VRF_EVENT_CHANGED, VRF_EVENT_WENT };

struct vrf_table;

/* on_event is called after the table has changed; pointers given are valid then. The default VRF is there from the
 * start, UP, generation 1. */
int vrf_table_new(void (*on_event)(enum vrf_event event, const struct vrf *vrf, void *userdata), void *userdata,
		  struct vrf_table **ret_table);
void vrf_table_free(struct vrf_table *table);

/* Finds or makes (NAMED) the VRF and holds it; -EINVAL for an empty name, one over 32 bytes or with '/' or a control
 * character. */
int vrf_table_want(struct vrf_table *table, const char *name, const struct vrf **ret_vrf, struct err *err);
void vrf_table_unwant(struct vrf_table *table, const struct vrf *vrf);
/* NULL when there is none of that name. */
const struct vrf *vrf_table_find(const struct vrf_table *table, const char *name);
const struct vrf *vrf_table_find_ifindex(const struct vrf_table *table, int ifindex);
size_t vrf_table_each(const struct vrf_table *table, void (*on_vrf)(const struct vrf *vrf, void *userdata), void *userdata);
/* Configuration maps a name to a device; "" removes the map. */
int vrf_table_map(struct vrf_table *table, const char *name, const char *device);

/* ---- what the watchers tell ---- */
struct vrf_link {
	int ifindex;
	uint32_t table_id;
	bool up;
	char device[16];
	const char *const *altnames; /* ended by NULL; may be NULL */
};
void vrf_table_link_new(struct vrf_table *table, const struct vrf_link *link);
void vrf_table_link_gone(struct vrf_table *table, int ifindex);
void vrf_table_netns_new(struct vrf_table *table, const char *name, uint64_t inode);
void vrf_table_netns_gone(struct vrf_table *table, const char *name);
/* A fresh dump: everything not seen between the two calls has gone. One pair per source. */
void vrf_table_dump_begin(struct vrf_table *table, enum vrf_kind source);
void vrf_table_dump_end(struct vrf_table *table, enum vrf_kind source);

#endif
