/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the session table is a sorted array of pointers. It holds at most SESSION_TABLE_MAX entries, so searching a free
 * vty by looking at every entry costs nothing worth a cleverer structure.
 */
#include "services/session_table.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

struct session_table {
	uint32_t last_id;
	size_t len;
	struct session_entry *entries[SESSION_TABLE_MAX];
};

int session_table_new(uint32_t last_id, struct session_table **ret_table)
{
	struct session_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->last_id = last_id;
	*ret_table = table;
	return 0;
}

static void entry_free(struct session_entry *entry)
{
	free(entry->channels);
	free(entry);
}

void session_table_free(struct session_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->len; i++)
		entry_free(table->entries[i]);
	free(table);
}

static size_t place_of(const struct session_table *table, uint32_t id)
{
	size_t low = 0, high = table->len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->entries[middle]->report.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct session_entry *session_table_find(const struct session_table *table, uint32_t id)
{
	size_t place = place_of(table, id);

	return place < table->len && table->entries[place]->report.id == id ? table->entries[place] : NULL;
}

static uint32_t vty_lowest(const struct session_table *table)
{
	bool taken[SESSION_TABLE_MAX + 1] = { false };
	uint32_t vty = 0;

	for (size_t i = 0; i < table->len; i++)
		if (table->entries[i]->report.vty < SESSION_TABLE_MAX)
			taken[table->entries[i]->report.vty] = true;
	while (taken[vty])
		vty++;
	return vty;
}

static bool vty_taken(const struct session_table *table, uint32_t vty)
{
	for (size_t i = 0; i < table->len; i++)
		if (table->entries[i]->report.vty == vty)
			return true;
	return false;
}

static uint32_t id_next(const struct session_table *table)
{
	uint32_t id = table->last_id;

	do
		id = id == UINT32_MAX ? 1 : id + 1;
	while (session_table_find(table, id));
	return id;
}

/* The one way in: id and vty are settled. */
static int entry_insert(struct session_table *table, const struct session_report *report, uint32_t id, uint32_t vty,
			struct session_entry **ret_entry)
{
	size_t place = place_of(table, id);
	struct session_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->report = *report;
	entry->report.id = id;
	entry->report.vty = vty;
	entry->authenticated = report->state >= SESSION_AUTHENTICATED && report->state < SESSION_CLOSED;
	memmove(&table->entries[place + 1], &table->entries[place], (table->len - place) * sizeof(table->entries[0]));
	table->entries[place] = entry;
	table->len++;
	*ret_entry = entry;
	return 0;
}

int session_table_add_at(struct session_table *table, const struct session_report *report, uint32_t vty,
			 struct session_entry **ret_entry)
{
	uint32_t id;
	int rc;

	if (table->len == SESSION_TABLE_MAX)
		return -ENOSPC;
	id = id_next(table);
	rc = entry_insert(table, report, id, vty, ret_entry);
	if (rc == 0)
		table->last_id = id;
	return rc;
}

int session_table_add(struct session_table *table, const struct session_report *report,
		      struct session_entry **ret_entry)
{
	if (table->len == SESSION_TABLE_MAX)
		return -ENOSPC;
	return session_table_add_at(table, report, vty_lowest(table), ret_entry);
}

void session_table_move(struct session_table *table, struct session_entry *entry, uint32_t vty)
{
	for (size_t i = 0; i < table->len; i++)
		if (table->entries[i]->report.vty == vty)
			table->entries[i]->report.vty = entry->report.vty;
	entry->report.vty = vty;
}

int session_table_restore(struct session_table *table, const struct session_report *report,
			  struct session_entry **ret_entry)
{
	uint32_t vty = report->vty;
	int rc;

	if (report->id == 0)
		return -EINVAL;
	if (session_table_find(table, report->id))
		return -EEXIST;
	if (table->len == SESSION_TABLE_MAX)
		return -ENOSPC;
	if (vty_taken(table, vty))
		vty = vty_lowest(table);
	rc = entry_insert(table, report, report->id, vty, ret_entry);
	if (rc == 0 && report->id > table->last_id)
		table->last_id = report->id;
	return rc;
}

/* What the table knows better than the monitor. */
static void report_keep(struct session_report *report, const struct session_report *own)
{
	report->id = own->id;
	report->vty = own->vty;
	memcpy(report->vrf, own->vrf, sizeof(report->vrf));
	memcpy(report->peer_address, own->peer_address, sizeof(report->peer_address));
	report->peer_port = own->peer_port;
	memcpy(report->local_address, own->local_address, sizeof(report->local_address));
	report->local_port = own->local_port;
	report->start_us = own->start_us;
	report->pid = own->pid;
	report->pid_start_ticks = own->pid_start_ticks;
}

/* Few sessions have many: none takes the room for all. Without memory the rows stay as they were. */
static void channels_keep(struct session_entry *entry, const struct channel_report *channels, size_t len)
{
	struct channel_report *rows = len > 0 ? realloc(entry->channels, len * sizeof(*rows)) : NULL;

	if (len > 0 && !rows)
		return;
	if (len == 0)
		free(entry->channels);
	entry->channels = rows;
	entry->channels_len = len;
	for (size_t i = 0; i < len; i++) {
		rows[i] = channels[i];
		rows[i].session_id = entry->report.id;
	}
}

void session_table_update(struct session_entry *entry, const struct session_report *report,
			  const struct channel_report *channels, size_t channels_len)
{
	struct session_report fresh = *report;

	report_keep(&fresh, &entry->report);
	entry->report = fresh;
	if (fresh.state >= SESSION_AUTHENTICATED && fresh.state < SESSION_CLOSED)
		entry->authenticated = true;
	channels_keep(entry, channels, channels_len < SESSION_ROWS_MAX ? channels_len : SESSION_ROWS_MAX);
}

void session_table_remove(struct session_table *table, struct session_entry *entry)
{
	size_t place = place_of(table, entry->report.id);

	if (place == table->len || table->entries[place] != entry)
		return;
	table->len--;
	memmove(&table->entries[place], &table->entries[place + 1], (table->len - place) * sizeof(table->entries[0]));
	entry_free(entry);
}

size_t session_table_len(const struct session_table *table)
{
	return table->len;
}

struct session_entry *session_table_at(const struct session_table *table, size_t place)
{
	return place < table->len ? table->entries[place] : NULL;
}

uint32_t session_table_last_id(const struct session_table *table)
{
	return table->last_id;
}
