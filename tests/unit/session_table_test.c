/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: ids never repeat, vty numbers are the lowest free ones, and what an earlier daemon gave is respected.
 */
#include "services/session_table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct session_table *table_make(uint32_t last_id)
{
	struct session_table *table;

	cr_assert_eq(session_table_new(last_id, &table), 0);
	return table;
}

static struct session_entry *entry_add(struct session_table *table)
{
	const struct session_report report = { .vrf = "blue", .peer_address = "10.0.0.2", .start_us = 77 };
	struct session_entry *entry = NULL;

	cr_assert_eq(session_table_add(table, &report, &entry), 0);
	return entry;
}

static struct session_entry *entry_restore(struct session_table *table, uint32_t id, uint32_t vty)
{
	const struct session_report report = { .id = id, .vty = vty, .vrf = "red", .pid = 4711 };
	struct session_entry *entry = NULL;

	cr_assert_eq(session_table_restore(table, &report, &entry), 0);
	return entry;
}

Test(session_table, ids_grow_and_vty_is_the_lowest_free)
{
	struct session_table *table = table_make(41);
	struct session_entry *a = entry_add(table), *b = entry_add(table), *c = entry_add(table);

	cr_assert_eq(a->report.id, 42);
	cr_assert_eq(c->report.id, 44);
	cr_assert_eq(a->report.vty, 0);
	cr_assert_eq(b->report.vty, 1);
	session_table_remove(table, b);
	b = entry_add(table);
	cr_assert_eq(b->report.id, 45, "an id is not given again");
	cr_assert_eq(b->report.vty, 1, "a vty is");
	cr_assert_eq(session_table_last_id(table), 45);
	session_table_free(table);
}

Test(session_table, restored_sessions_keep_id_and_vty_and_nobody_else_gets_them)
{
	struct session_table *table = table_make(0);

	entry_restore(table, 900, 1);
	entry_restore(table, 17, 0);
	cr_assert_eq(session_table_find(table, 17)->report.vty, 0);
	cr_assert_eq(session_table_find(table, 900)->report.vty, 1);
	cr_assert_eq(entry_add(table)->report.id, 901);
	cr_assert_eq(session_table_find(table, 901)->report.vty, 2);
	cr_assert_eq(session_table_at(table, 0)->report.id, 17, "order of ids");
	cr_assert_eq(session_table_at(table, 2)->report.id, 901);
	cr_assert_null(session_table_at(table, 3));
	session_table_free(table);
}

Test(session_table, a_taken_id_is_refused_and_a_taken_vty_replaced)
{
	struct session_table *table = table_make(0);
	struct session_entry *entry = NULL;
	const struct session_report same_id = { .id = 1, .vty = 5 }, no_id = { .vty = 5 };

	entry_add(table);
	cr_assert_eq(session_table_restore(table, &same_id, &entry), -EEXIST);
	cr_assert_eq(session_table_restore(table, &no_id, &entry), -EINVAL);
	cr_assert_null(entry);
	cr_assert_eq(entry_restore(table, 7, 0)->report.vty, 1);
	session_table_free(table);
}

Test(session_table, ids_begin_again_without_touching_a_living_one)
{
	struct session_table *table = table_make(0);

	entry_restore(table, UINT32_MAX, 0);
	entry_restore(table, 1, 1);
	cr_assert_eq(session_table_last_id(table), UINT32_MAX);
	cr_assert_eq(entry_add(table)->report.id, 2);
	session_table_free(table);
}

Test(session_table, the_monitor_cannot_change_what_is_not_its_own)
{
	struct session_table *table = table_make(9);
	struct session_entry *entry = entry_add(table);
	struct session_report told = { .id = 3, .vty = 8, .vrf = "default", .peer_address = "1.2.3.4", .pid = 1,
				       .start_us = 5, .user = "admin", .state = SESSION_AUTHENTICATED, .bytes_in = 31 };
	const struct channel_report channels[] = { { .session_id = 3, .channel = 1, .type = CHANNEL_SHELL } };

	entry->report.pid = 4711;
	session_table_update(entry, &told, channels, 1);
	cr_assert_eq(entry->report.id, 10);
	cr_assert_eq(entry->report.vty, 0);
	cr_assert_eq(entry->report.pid, 4711);
	cr_assert_eq(entry->report.start_us, 77);
	cr_assert_str_eq(entry->report.vrf, "blue");
	cr_assert_str_eq(entry->report.peer_address, "10.0.0.2");
	cr_assert_str_eq(entry->report.user, "admin");
	cr_assert_eq(entry->report.bytes_in, 31);
	cr_assert_eq(entry->channels_len, 1);
	cr_assert_eq(entry->channels[0].session_id, 10);
	cr_assert(entry->authenticated);
	told.state = SESSION_CLOSED;
	session_table_update(entry, &told, NULL, 0);
	cr_assert(entry->authenticated, "stays so to the end, for the counts");
	session_table_free(table);
}

Test(session_table, is_bounded)
{
	struct session_table *table = table_make(0);
	struct session_entry *entry;
	const struct session_report report = { .start_us = 1 };

	for (unsigned i = 0; i < SESSION_TABLE_MAX; i++)
		cr_assert_eq(entry_add(table)->report.vty, i);
	cr_assert_eq(session_table_add(table, &report, &entry), -ENOSPC);
	cr_assert_eq(session_table_len(table), SESSION_TABLE_MAX);
	while (session_table_len(table) > 0)
		session_table_remove(table, session_table_at(table, session_table_len(table) / 2));
	cr_assert_null(session_table_find(table, 1));
	session_table_free(table);
}
