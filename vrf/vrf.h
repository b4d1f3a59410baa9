/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf.h - which VRFs exist, and what became of them
 *
 * Shapes:  struct vrf_table holds one struct vrf per name: the default VRF, l3mdev devices, named network
 *          namespaces
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
 *     +---(wanted again, still absent)------- GONE <--(deleted)-----+
 *                                             |
 *                                             +--(appears)--> PRESENT, new generation
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
	uint64_t generation; /* grows each time the VRF comes into being: a socket of an older one is dead */
	unsigned wanted;     /* how many users hold it by vrf_table_want() */
	char mapped_device[16]; /* from configuration "vrf NAME device IFNAME"; "" when by name or altname */
	uint64_t netns_inode;	/* of the namespace; 0 unless netns and present */
	const char *netns_dir;	/* where its file is; NULL means /run/netns; borrowed from the table */
};

/*
 * Which name a device has. It is one VRF, so it has one name, the first of these:
 *   1. the name that configuration maps to it (of several, the first in byte order);
 *   2. a wanted altname longer than a device name can be (16 to 32 bytes; of several, the kernel's first);
 *   3. its device name when that is wanted;
 *   4. a wanted shorter altname;
 *   5. its device name.
 * A name with a map belongs to that device only, whether it is there or not. A namespace has the name of its
 * file, unless the name is mapped or a device has it. "default" is always the default VRF, whatever devices
 * or namespaces are called.
 */

/* CAME: PRESENT or UP in a new generation. CHANGED: anything else of it. WENT: GONE. */
enum vrf_event { VRF_EVENT_CAME, VRF_EVENT_CHANGED, VRF_EVENT_WENT };

struct vrf_table;

/* on_event (may be NULL) is called after the table has changed; pointers given are valid then. It may want,
 * unwant and map; what follows from that is told after it returns. vrf_table_want/unwant/map call it too,
 * before they return, when they change what a name means. The default VRF is there from the start, UP,
 * generation 1; it has no events. */
int vrf_table_new(void (*on_event)(enum vrf_event event, const struct vrf *vrf, void *userdata),
		  void *userdata, struct vrf_table **ret_table);
void vrf_table_free(struct vrf_table *table);

/* Where the namespaces' files are, for vrf_socket(); copied. "/run/netns" until said. */
int vrf_table_set_netns_dir(struct vrf_table *table, const char *netns_dir);

/* Finds or makes (NAMED) the VRF and holds it; -EINVAL for an empty name, one over 32 bytes or with '/' or a
 * control character. */
int vrf_table_want(struct vrf_table *table, const char *name, const struct vrf **ret_vrf, struct err *err);
void vrf_table_unwant(struct vrf_table *table, const struct vrf *vrf);
/* NULL when there is none of that name. */
const struct vrf *vrf_table_find(const struct vrf_table *table, const char *name);
const struct vrf *vrf_table_find_ifindex(const struct vrf_table *table, int ifindex);
size_t vrf_table_each(const struct vrf_table *table, void (*on_vrf)(const struct vrf *vrf, void *userdata),
		      void *userdata);
/* Configuration maps a name to a device; "" removes the map. -EINVAL for a name that cannot be wanted,
 * "default", or a device name over 15 bytes. */
int vrf_table_map(struct vrf_table *table, const char *name, const char *device);

/* ---- what the watchers tell; memory that is short loses the news, and the next dump brings it ---- */
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
/* A fresh dump of VRF_KIND_L3MDEV or VRF_KIND_NETNS: everything not seen between the two calls has gone. One
 * pair per source; a second begin starts again. Between them nothing is told: the difference is told at the
 * end. */
void vrf_table_dump_begin(struct vrf_table *table, enum vrf_kind source);
void vrf_table_dump_end(struct vrf_table *table, enum vrf_kind source);

#endif
