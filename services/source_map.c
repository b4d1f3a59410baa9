/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a hash table of sources. The number of buckets grows with the records, because most routers have a handful; the
 * hash is keyed with a number of the process, so that nobody can choose addresses that fall into one bucket.
 */
#include "services/source_map.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS_FIRST 64u

struct record {
	struct record *next;
	struct admission_source source;
	uint64_t bytes[]; /* aligned for counters and times */
};

struct source_map {
	size_t record_bytes, records_max, len, buckets_len;
	struct record **buckets;
	uint64_t key;
};

void admission_source_set(struct admission_source *source, const char *vrf_name, const uint8_t *bytes, size_t len_bytes)
{
	memset(source, 0, sizeof(*source));
	snprintf(source->vrf_name, sizeof(source->vrf_name), "%s", vrf_name);
	source->family = len_bytes == 4 ? 4 : 6;
	/* one IPv6 host owns its whole /64, so that is what is counted */
	memcpy(source->address, bytes, len_bytes < 8 ? len_bytes : 8);
}

const char *admission_source_text(const struct admission_source *source, char *text, size_t size_bytes)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(source->family == 4 ? AF_INET : AF_INET6, source->address, address, sizeof(address));
	snprintf(text, size_bytes, "%s%s", address, source->family == 4 ? "" : "/64");
	return text;
}

int source_map_new(size_t record_bytes, size_t records_max, struct source_map **ret_map)
{
	struct source_map *map = calloc(1, sizeof(*map));

	if (!map)
		return -ENOMEM;
	map->record_bytes = record_bytes;
	map->records_max = records_max;
	map->buckets_len = BUCKETS_FIRST;
	map->buckets = calloc(map->buckets_len, sizeof(struct record *));
	if (!map->buckets) {
		free(map);
		return -ENOMEM;
	}
	if (getrandom(&map->key, sizeof(map->key), GRND_NONBLOCK) < 0)
		map->key = (uintptr_t)map; /* where it lies is chance enough */
	*ret_map = map;
	return 0;
}

static bool drop_all(const struct admission_source *source, void *record, void *userdata)
{
	(void)source;
	(void)record;
	(void)userdata;
	return false;
}

void source_map_free(struct source_map *map)
{
	if (!map)
		return;
	source_map_filter(map, drop_all, NULL);
	free(map->buckets);
	free(map);
}

/* FNV-1a over the key, begun at a number nobody outside knows. */
static struct record **bucket_of(const struct source_map *map, const struct admission_source *source)
{
	const uint8_t *bytes = (const uint8_t *)source;
	uint64_t hash = 0xcbf29ce484222325u ^ map->key;

	for (size_t i = 0; i < sizeof(*source); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	hash ^= hash >> 32;
	return &map->buckets[hash % map->buckets_len];
}

void *source_map_find(const struct source_map *map, const struct admission_source *source)
{
	for (struct record *record = *bucket_of(map, source); record; record = record->next)
		if (!memcmp(&record->source, source, sizeof(*source)))
			return record->bytes;
	return NULL;
}

/* Twice as many buckets; without memory for them the chains stay long. */
static void buckets_grow(struct source_map *map)
{
	struct record **before = map->buckets, *record;
	size_t before_len = map->buckets_len;
	struct record **grown = calloc(2 * before_len, sizeof(struct record *));

	if (!grown)
		return;
	map->buckets = grown;
	map->buckets_len = 2 * before_len;
	for (size_t i = 0; i < before_len; i++)
		while ((record = before[i])) {
			struct record **bucket = bucket_of(map, &record->source);

			before[i] = record->next;
			record->next = *bucket;
			*bucket = record;
		}
	free(before);
}

void *source_map_add(struct source_map *map, const struct admission_source *source)
{
	struct record *record, **bucket;

	if (map->len >= map->records_max)
		return NULL;
	if (map->len >= map->buckets_len)
		buckets_grow(map);
	record = calloc(1, sizeof(*record) + map->record_bytes);
	if (!record)
		return NULL;
	bucket = bucket_of(map, source);
	record->source = *source;
	record->next = *bucket;
	*bucket = record;
	map->len++;
	return record->bytes;
}

size_t source_map_len(const struct source_map *map)
{
	return map->len;
}

void source_map_filter(struct source_map *map,
		       bool (*on_record)(const struct admission_source *source, void *record, void *userdata),
		       void *userdata)
{
	for (size_t i = 0; i < map->buckets_len; i++)
		for (struct record **at = &map->buckets[i], *record; (record = *at);) {
			if (on_record(&record->source, record->bytes, userdata)) {
				at = &record->next;
				continue;
			}
			*at = record->next;
			map->len--;
			free(record);
		}
}
