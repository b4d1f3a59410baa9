/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/source_map.h - something kept for each source of connections, for so many sources at most
 *
 * Shapes:  struct admission_source, a VRF and an address (IPv6: its /64) as one key; records of a size that is given
 * Units:   none
 * Errors:  NULL where there is no record, no place or no memory
 * Owns:    the map owns its records; a record is valid until it is removed
 * Runs in: sallyport-sshd; pure
 * Source:  issue: per-source share, penalties per source in a bounded table
 * Tests:   tests/unit/penalty_test.c, tests/unit/admission_test.c
 */
#ifndef SERVICES_SOURCE_MAP_H
#define SERVICES_SOURCE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission_source {
	char vrf_name[33];
	uint8_t family;	     /* 4 or 6 */
	uint8_t address[16]; /* 4: the first four bytes; 6: the first eight, the rest zero */
};

/* bytes: 4 (IPv4) or 16 (IPv6) in network order. The same address in two VRFs is two sources. */
void admission_source_set(struct admission_source *source, const char *vrf_name, const uint8_t *bytes,
			  size_t len_bytes);
/* "192.0.2.1" or "2001:db8::/64". */
const char *admission_source_text(const struct admission_source *source, char *text, size_t size_bytes);

struct source_map;

int source_map_new(size_t record_bytes, size_t records_max, struct source_map **ret_map);
void source_map_free(struct source_map *map);
void *source_map_find(const struct source_map *map, const struct admission_source *source);
/* A zeroed record for a source that has none. */
void *source_map_add(struct source_map *map, const struct admission_source *source);
size_t source_map_len(const struct source_map *map);
/* Every record, in no order; those for which on_record says false are removed. */
void source_map_filter(struct source_map *map,
		       bool (*on_record)(const struct admission_source *source, void *record, void *userdata),
		       void *userdata);

#endif
