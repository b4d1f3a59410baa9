/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_being.h - what the kernel has that can be a VRF: devices and namespaces
 *
 * Shapes:  struct being, one device or namespace; struct beings, all of one kind, sorted by name
 * Units:   serial counts beings from the start of the program
 * Errors:  NULL or -ENOMEM when memory is short
 * Owns:    a list owns its beings, a being its altnames
 * Runs in: vrf.c only; pure
 * Source:  vrf/vrf.h
 * Tests:   tests/unit/vrf_test.c
 */
#ifndef VRF_VRF_BEING_H
#define VRF_VRF_BEING_H

#include "vrf/vrf.h"

#define DEVICE_NAME_MAX_BYTES (sizeof(((struct vrf_link *)0)->device) - 1) /* IFNAMSIZ has its NUL */

/* A device or a namespace that is there. */
struct being {
	enum vrf_kind kind;
	struct vrf_link link;		   /* devices; link.altnames is not used */
	char **altnames;		   /* devices: those that can be names of VRFs, ended by NULL */
	char name[VRF_NAME_MAX_BYTES + 1]; /* of the device, or of the namespace's file */
	uint64_t inode;
	uint64_t serial;
	bool seen;    /* in the dump that is going on */
	bool claimed; /* scratch of settle() */
};

struct beings {
	struct being **list; /* sorted by name */
	size_t len, size;
	bool dumping;
};

/* 1 to 32 bytes, no '/', no control character. */
bool being_name_is_valid(const char *name);
/* Makes room for one more pointer in *(void ***)slot. */
int being_list_grow(void *slot, size_t *size, size_t len);

/* A copy of those altnames that can be the name of a VRF, ended by NULL. */
char **being_altnames_copy(const char *const *altnames);
void being_altnames_free(char **altnames); /* NULL is fine */

struct being *beings_find_link(const struct beings *beings, int ifindex);
struct being *beings_find_name(const struct beings *beings, const char *name);
/* The name must be valid and new. NULL when there is no memory or no room. */
struct being *beings_add(struct beings *beings, enum vrf_kind kind, uint64_t serial, const char *name);
/* The name must be valid and new. */
void beings_rename(struct beings *beings, struct being *being, const char *name);
void beings_remove(struct beings *beings, struct being *being); /* and frees it */
/* Those not seen since the last begin are removed at the end. */
void beings_dump_begin(struct beings *beings);
void beings_dump_end(struct beings *beings);
void beings_done(struct beings *beings);

#endif
