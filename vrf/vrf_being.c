/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DOC: devices and namespaces by name, in the order of their names. */
#include "vrf/vrf_being.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALTNAMES_MAX 64u    /* kept per device; the kernel takes some 250 of the longest */
#define BEINGS_MAX   65536u /* of each kind; a kernel that tells of more is not believed */

bool being_name_is_valid(const char *name)
{
	size_t len = strnlen(name, VRF_NAME_MAX_BYTES + 1);

	if (len == 0 || len > VRF_NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '/' || name[i] == 0x7f)
			return false;
	return true;
}

int being_list_grow(void *slot, size_t *size, size_t len)
{
	void **list = slot;
	size_t wanted = *size ? *size * 2 : 16;
	void *grown;

	if (len < *size)
		return 0;
	grown = reallocarray(*list, wanted, sizeof(void *));
	if (!grown)
		return -ENOMEM;
	*list = grown;
	*size = wanted;
	return 0;
}

void being_altnames_free(char **altnames)
{
	for (char **altname = altnames; altname && *altname; altname++)
		free(*altname);
	free(altnames);
}

static void being_free(struct being *being)
{
	being_altnames_free(being->altnames);
	free(being);
}

struct being *beings_find_link(const struct beings *beings, int ifindex)
{
	for (size_t i = 0; i < beings->len; i++)
		if (beings->list[i]->link.ifindex == ifindex)
			return beings->list[i];
	return NULL;
}

/* The first place whose name is not before this one. */
static size_t beings_place(const struct beings *beings, const char *name)
{
	size_t low = 0, high = beings->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(beings->list[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct being *beings_find_name(const struct beings *beings, const char *name)
{
	size_t place = beings_place(beings, name);

	return place < beings->len && strcmp(beings->list[place]->name, name) == 0 ? beings->list[place]
										   : NULL;
}

/* There is room: it was just added, or taken out to be put in under its new name. */
static void beings_insert(struct beings *beings, struct being *being, const char *name)
{
	size_t place = beings_place(beings, name);

	memmove(beings->list + place + 1, beings->list + place,
		(beings->len - place) * sizeof(*beings->list));
	beings->list[place] = being;
	beings->len++;
	memcpy(being->name, name, strlen(name) + 1); /* callers checked its length */
}

static void beings_take_out(struct beings *beings, const struct being *being)
{
	size_t place = beings_place(beings, being->name);

	assert(place < beings->len && beings->list[place] == being);
	beings->len--;
	memmove(beings->list + place, beings->list + place + 1,
		(beings->len - place) * sizeof(*beings->list));
}

struct being *beings_add(struct beings *beings, enum vrf_kind kind, uint64_t serial, const char *name)
{
	struct being *being;

	if (beings->len >= BEINGS_MAX || being_list_grow(&beings->list, &beings->size, beings->len) < 0)
		return NULL;
	being = calloc(1, sizeof(*being));
	if (!being)
		return NULL;
	being->kind = kind;
	being->serial = serial;
	beings_insert(beings, being, name);
	return being;
}

void beings_rename(struct beings *beings, struct being *being, const char *name)
{
	beings_take_out(beings, being);
	beings_insert(beings, being, name);
}

void beings_remove(struct beings *beings, struct being *being)
{
	beings_take_out(beings, being);
	being_free(being);
}

void beings_dump_begin(struct beings *beings)
{
	beings->dumping = true;
	for (size_t i = 0; i < beings->len; i++)
		beings->list[i]->seen = false;
}

void beings_dump_end(struct beings *beings)
{
	size_t kept = 0;

	assert(beings->dumping);
	for (size_t i = 0; i < beings->len; i++) {
		if (beings->list[i]->seen)
			beings->list[kept++] = beings->list[i];
		else
			being_free(beings->list[i]);
	}
	beings->len = kept;
	beings->dumping = false;
}

void beings_done(struct beings *beings)
{
	for (size_t i = 0; i < beings->len; i++)
		being_free(beings->list[i]);
	free(beings->list);
}

char **being_altnames_copy(const char *const *altnames)
{
	char **copy = calloc(ALTNAMES_MAX + 1, sizeof(*copy));
	size_t len = 0;

	for (; copy && altnames && *altnames && len < ALTNAMES_MAX; altnames++) {
		if (!being_name_is_valid(*altnames))
			continue;
		copy[len] = strdup(*altnames);
		if (!copy[len])
			break; /* fewer names are still true names */
		len++;
	}
	return copy;
}
