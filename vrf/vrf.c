/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the table of VRFs. Two lists say what the kernel has (devices, namespaces), one says what operators
 * call it (VRFs). Watchers and users change the lists; then settle() computes, always from the whole lists,
 * which device or namespace each name means now, and takes every VRF one step at a time to what it should be,
 * telling each step. As nothing is derived from the order in which things were said, first start, renames,
 * changes of the map and fresh dumps are all one path.
 *
 * A device or namespace keeps one serial from its appearance to its end. A VRF remembers the serial it stands
 * for: another serial is another being under the same name, so the VRF goes and comes again with a new
 * generation, also when the kernel gave the new one the same ifindex or inode.
 */
#include "vrf/vrf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vrf/vrf_being.h"

struct entry {
	struct vrf vrf;	     /* first: users hold pointers to it */
	uint64_t serial;     /* of the being it stands for; 0 none */
	struct being *being; /* scratch of settle(): what it should stand for */
};

struct vrf_table {
	void (*on_event)(enum vrf_event event, const struct vrf *vrf, void *userdata);
	void *userdata;
	struct entry **entries; /* sorted by name */
	size_t len, size;
	struct beings links, netns;
	char *netns_dir;
	uint64_t generation, serial;
	bool settling, again;
};

/* ---- names ---- */

/* The place of the name in the sorted list, whether it is there or not. */
static size_t entry_place(const struct vrf_table *table, const char *name, bool *ret_found)
{
	size_t low = 0, high = table->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, table->entries[middle]->vrf.name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret_found = false;
	return low;
}

static struct entry *entry_find(const struct vrf_table *table, const char *name)
{
	bool found;
	size_t place = entry_place(table, name, &found);

	return found ? table->entries[place] : NULL;
}

static int entry_get(struct vrf_table *table, const char *name, struct entry **ret_entry)
{
	bool found;
	size_t place = entry_place(table, name, &found);
	struct entry *entry;

	if (!found) {
		if (being_list_grow(&table->entries, &table->size, table->len) < 0)
			return -ENOMEM;
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		memcpy(entry->vrf.name, name, strlen(name) + 1); /* callers checked its length */
		memmove(table->entries + place + 1, table->entries + place,
			(table->len - place) * sizeof(*table->entries));
		table->entries[place] = entry;
		table->len++;
	}
	*ret_entry = table->entries[place];
	return 0;
}

static bool entry_is_there(const struct entry *entry)
{
	return entry->vrf.state == VRF_PRESENT || entry->vrf.state == VRF_UP;
}

/* Nobody holds it, nothing is behind it and configuration does not name it. */
static bool entry_is_idle(const struct entry *entry)
{
	return !entry->vrf.wanted && !entry->vrf.mapped_device[0] && !entry_is_there(entry);
}

/* ---- settling: which being each name means ---- */

static void claim(struct entry *entry, struct being *being)
{
	entry->being = being;
	being->claimed = true;
}

/* A device can be called so when no configuration gave the name away and no other device has it. */
static struct entry *find_claimable(const struct vrf_table *table, const char *name)
{
	struct entry *entry = entry_find(table, name);

	if (!entry || entry->vrf.kind == VRF_KIND_DEFAULT || entry->vrf.mapped_device[0] || entry->being)
		return NULL;
	return entry;
}

static struct entry *find_wanted(const struct vrf_table *table, const char *name)
{
	struct entry *entry = find_claimable(table, name);

	return entry && entry->vrf.wanted ? entry : NULL;
}

static struct entry *find_wanted_altname(const struct vrf_table *table, const struct being *link,
					 bool long_ones)
{
	struct entry *entry = NULL;

	for (char **altname = link->altnames; !entry && *altname; altname++)
		if ((strlen(*altname) > DEVICE_NAME_MAX_BYTES) == long_ones)
			entry = find_wanted(table, *altname);
	return entry;
}

/* Rules 2 to 5 of vrf.h. NULL when another VRF has every name of the device. */
static struct entry *name_link(struct vrf_table *table, const struct being *link)
{
	struct entry *entry = find_wanted_altname(table, link, true);

	if (!entry)
		entry = find_wanted(table, link->link.device);
	if (!entry)
		entry = find_wanted_altname(table, link, false);
	if (!entry && being_name_is_valid(link->link.device) &&
	    entry_get(table, link->link.device, &entry) == 0)
		entry = find_claimable(table, link->link.device);
	return entry;
}

static void claim_mapped(struct vrf_table *table)
{
	for (size_t i = 0; i < table->len; i++) {
		struct entry *entry = table->entries[i];
		struct being *link = beings_find_name(&table->links, entry->vrf.mapped_device);

		if (link && !link->claimed)
			claim(entry, link);
	}
}

static void claim_all(struct vrf_table *table)
{
	struct entry *entry;

	for (size_t i = 0; i < table->len; i++)
		table->entries[i]->being = NULL;
	for (size_t i = 0; i < table->links.len; i++)
		table->links.list[i]->claimed = false;
	claim_mapped(table);
	for (size_t i = 0; i < table->links.len; i++) {
		struct being *link = table->links.list[i];

		entry = link->claimed ? NULL : name_link(table, link);
		if (entry)
			claim(entry, link);
	}
	for (size_t i = 0; i < table->netns.len; i++) {
		struct being *netns = table->netns.list[i];

		entry = entry_get(table, netns->name, &entry) == 0 ? find_claimable(table, netns->name)
								   : NULL;
		if (entry)
			claim(entry, netns);
	}
}

/* ---- settling: one step of one VRF ---- */

static void entry_leave(struct entry *entry)
{
	struct vrf *vrf = &entry->vrf;

	entry->serial = 0;
	vrf->state = VRF_GONE;
	vrf->ifindex = 0;
	vrf->table_id = 0;
	vrf->device[0] = '\0';
	vrf->netns_inode = 0;
	vrf->netns_dir = NULL;
}

/* Makes the VRF say what the being is; true when that changed anything. */
static bool entry_follow(struct vrf_table *table, struct entry *entry)
{
	const struct being *being = entry->being;
	struct vrf old = entry->vrf;
	struct vrf *vrf = &entry->vrf;

	if (being->kind == VRF_KIND_NETNS) {
		vrf->kind = VRF_KIND_NETNS;
		vrf->state = VRF_UP;
		vrf->netns_inode = being->inode;
		vrf->netns_dir = table->netns_dir;
	} else {
		vrf->kind = VRF_KIND_L3MDEV;
		vrf->state = being->link.up ? VRF_UP : VRF_PRESENT;
		vrf->ifindex = being->link.ifindex;
		vrf->table_id = being->link.table_id;
		memcpy(vrf->device, being->link.device, sizeof(vrf->device));
	}
	return old.kind != vrf->kind || old.state != vrf->state || old.ifindex != vrf->ifindex ||
	       old.table_id != vrf->table_id || old.netns_inode != vrf->netns_inode ||
	       strcmp(old.device, vrf->device) != 0;
}

/* True when a step was made; *ret_event says which. */
static bool entry_step(struct vrf_table *table, struct entry *entry, enum vrf_event *ret_event)
{
	if (entry_is_there(entry) && (!entry->being || entry->being->serial != entry->serial)) {
		entry_leave(entry);
		*ret_event = VRF_EVENT_WENT;
		return true;
	}
	if (!entry->being)
		return false;
	if (!entry_is_there(entry)) {
		entry->serial = entry->being->serial;
		entry->vrf.generation = ++table->generation;
		entry_follow(table, entry);
		*ret_event = VRF_EVENT_CAME;
		return true;
	}
	*ret_event = VRF_EVENT_CHANGED;
	return entry_follow(table, entry);
}

static void forget_idle(struct vrf_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->len; i++) {
		if (entry_is_idle(table->entries[i]))
			free(table->entries[i]);
		else
			table->entries[kept++] = table->entries[i];
	}
	table->len = kept;
}

/* All that go before any that come, so that two VRFs never say at one time that they are the same device. */
static bool step_all(struct vrf_table *table, bool leaving)
{
	enum vrf_event event;

	for (size_t i = 0; i < table->len && !table->again; i++) {
		struct entry *entry = table->entries[i];

		if (entry->vrf.kind == VRF_KIND_DEFAULT)
			continue;
		if (leaving &&
		    (!entry_is_there(entry) || (entry->being && entry->being->serial == entry->serial)))
			continue;
		/* the callback may add VRFs, which moves the list: then table->again ends this round */
		if (entry_step(table, entry, &event) && table->on_event)
			table->on_event(event, &entry->vrf, table->userdata);
	}
	return !table->again;
}

static void settle(struct vrf_table *table)
{
	if (table->links.dumping || table->netns.dumping)
		return;
	table->again = true;
	if (table->settling)
		return;
	table->settling = true;
	while (table->again) {
		table->again = false;
		claim_all(table);
		if (step_all(table, true))
			step_all(table, false);
	}
	table->settling = false;
	forget_idle(table);
}

/* ---- users ---- */

int vrf_table_new(void (*on_event)(enum vrf_event event, const struct vrf *vrf, void *userdata),
		  void *userdata, struct vrf_table **ret_table)
{
	struct vrf_table *table = calloc(1, sizeof(*table));
	struct entry *entry;

	if (!table)
		return -ENOMEM;
	table->on_event = on_event;
	table->userdata = userdata;
	if (entry_get(table, VRF_DEFAULT_NAME, &entry) < 0) {
		vrf_table_free(table);
		return -ENOMEM;
	}
	entry->vrf.kind = VRF_KIND_DEFAULT;
	entry->vrf.state = VRF_UP;
	entry->vrf.generation = table->generation = 1;
	*ret_table = table;
	return 0;
}

void vrf_table_free(struct vrf_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->len; i++)
		free(table->entries[i]);
	free(table->entries);
	beings_done(&table->links);
	beings_done(&table->netns);
	free(table->netns_dir);
	free(table);
}

int vrf_table_set_netns_dir(struct vrf_table *table, const char *netns_dir)
{
	char *copy = strdup(netns_dir);

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < table->len; i++)
		if (table->entries[i]->vrf.netns_dir)
			table->entries[i]->vrf.netns_dir = copy;
	free(table->netns_dir);
	table->netns_dir = copy;
	return 0;
}

int vrf_table_want(struct vrf_table *table, const char *name, const struct vrf **ret_vrf, struct err *err)
{
	struct entry *entry;

	if (!being_name_is_valid(name))
		return err_set(err, -EINVAL,
			       "'%.64s' cannot be the name of a VRF: 1 to %u characters, no '/'", name,
			       VRF_NAME_MAX_BYTES);
	if (entry_get(table, name, &entry) < 0)
		return err_set(err, -ENOMEM, "VRF %s: no memory", name);
	if (entry->vrf.wanted++ == 0) {
		if (entry->vrf.state == VRF_GONE)
			entry->vrf.state = VRF_NAMED;
		settle(table);
	}
	*ret_vrf = &entry->vrf;
	return 0;
}

void vrf_table_unwant(struct vrf_table *table, const struct vrf *vrf)
{
	struct entry *entry = entry_find(table, vrf->name);

	assert(entry && &entry->vrf == vrf && vrf->wanted > 0);
	if (--entry->vrf.wanted > 0)
		return;
	settle(table);
}

const struct vrf *vrf_table_find(const struct vrf_table *table, const char *name)
{
	const struct entry *entry = entry_find(table, name);

	return entry ? &entry->vrf : NULL;
}

const struct vrf *vrf_table_find_ifindex(const struct vrf_table *table, int ifindex)
{
	for (size_t i = 0; ifindex > 0 && i < table->len; i++)
		if (table->entries[i]->vrf.ifindex == ifindex)
			return &table->entries[i]->vrf;
	return NULL;
}

size_t vrf_table_each(const struct vrf_table *table, void (*on_vrf)(const struct vrf *vrf, void *userdata),
		      void *userdata)
{
	for (size_t i = 0; on_vrf && i < table->len; i++)
		on_vrf(&table->entries[i]->vrf, userdata);
	return table->len;
}

int vrf_table_map(struct vrf_table *table, const char *name, const char *device)
{
	size_t len_bytes = strnlen(device, DEVICE_NAME_MAX_BYTES + 1);
	struct entry *entry;

	if (!being_name_is_valid(name) || strcmp(name, VRF_DEFAULT_NAME) == 0 ||
	    len_bytes > DEVICE_NAME_MAX_BYTES)
		return -EINVAL;
	if (entry_get(table, name, &entry) < 0)
		return -ENOMEM;
	memcpy(entry->vrf.mapped_device, device, len_bytes + 1);
	settle(table);
	return 0;
}

/* ---- watchers ---- */

/* Two links cannot have one name: what was known of the other is out of date. */
static void remove_namesake(struct vrf_table *table, const struct vrf_link *link)
{
	struct being *other = beings_find_name(&table->links, link->device);

	if (other && other->link.ifindex != link->ifindex)
		beings_remove(&table->links, other);
}

void vrf_table_link_new(struct vrf_table *table, const struct vrf_link *link)
{
	char **altnames = being_altnames_copy(link->altnames);
	struct being *being;

	if (!altnames || !link->device[0]) {
		being_altnames_free(altnames);
		return;
	}
	remove_namesake(table, link);
	being = beings_find_link(&table->links, link->ifindex);
	if (!being) {
		being = beings_add(&table->links, VRF_KIND_L3MDEV, ++table->serial, link->device);
	} else if (strcmp(being->name, link->device) != 0) {
		beings_rename(&table->links, being, link->device);
	}
	if (!being) {
		being_altnames_free(altnames);
		return;
	}
	being_altnames_free(being->altnames);
	being->altnames = altnames;
	being->link = *link;
	being->link.altnames = NULL;
	being->seen = true;
	settle(table);
}

void vrf_table_link_gone(struct vrf_table *table, int ifindex)
{
	struct being *being = beings_find_link(&table->links, ifindex);

	if (!being)
		return;
	beings_remove(&table->links, being);
	settle(table);
}

void vrf_table_netns_new(struct vrf_table *table, const char *name, uint64_t inode)
{
	struct being *being;

	if (!being_name_is_valid(name) || strcmp(name, VRF_DEFAULT_NAME) == 0)
		return;
	being = beings_find_name(&table->netns, name);
	if (being && being->inode != inode) {
		beings_remove(&table->netns, being);
		being = NULL;
	}
	if (!being)
		being = beings_add(&table->netns, VRF_KIND_NETNS, ++table->serial, name);
	if (!being)
		return;
	being->inode = inode;
	being->seen = true;
	settle(table);
}

void vrf_table_netns_gone(struct vrf_table *table, const char *name)
{
	struct being *being = beings_find_name(&table->netns, name);

	if (!being)
		return;
	beings_remove(&table->netns, being);
	settle(table);
}

static struct beings *beings_of(struct vrf_table *table, enum vrf_kind source)
{
	assert(source == VRF_KIND_L3MDEV || source == VRF_KIND_NETNS);
	return source == VRF_KIND_L3MDEV ? &table->links : &table->netns;
}

void vrf_table_dump_begin(struct vrf_table *table, enum vrf_kind source)
{
	beings_dump_begin(beings_of(table, source));
}

void vrf_table_dump_end(struct vrf_table *table, enum vrf_kind source)
{
	beings_dump_end(beings_of(table, source));
	settle(table);
}
