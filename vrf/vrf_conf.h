/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_conf.h - the "vrf NAME" statements
 *
 * Shapes:  struct vrf_conf_entry, an element of the LIST; vrf_conf_row, its row for conf/root.c; arg_vrf_name
 * Units:   none
 * Errors:  none
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c
 * Source:  architecture.md "A VRF"; features.md T1
 * Tests:   tests/unit/tables_test.c
 */
#ifndef VRF_VRF_CONF_H
#define VRF_VRF_CONF_H

#include "conf/bind.h"

struct vrf_conf_entry {
	char *name;
	char *description;
	char *device; /* NULL: by name or altname */
};

struct vrf_conf {
	struct bind_list vrfs; /* struct vrf_conf_entry */
};

extern const struct arg arg_vrf_name;	   /* 1..32 bytes, completes "vrf" */
extern const struct stmt vrf_conf_children[];
/* LIST row "vrf": mode config-vrf, owners OWNER_SSHD (and later ones) */
#define VRF_CONF_ROW                                                                                         \
	{                                                                                                    \
		.kind = STMT_LIST, .word = "vrf", .help = "Describe a VRF", .arg = &arg_vrf_name,         \
		.offset = offsetof(struct vrf_conf, vrfs), .esize = sizeof(struct vrf_conf_entry),           \
		.key_offset = offsetof(struct vrf_conf_entry, name), .sub = vrf_conf_children,               \
		.mode = "config-vrf", .task = "ip-services", .source = "architecture.md, A VRF; seed: names up to 32", \
		.max_entries = 4096, .owners = OWNER_SSHD                                                    \
	}

#endif
