/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/session_table.h - the sessions that live now: who has which id and which vty
 *
 * Shapes:  struct session_entry, one connection; struct session_table, ordered by id
 * Units:   see ssh_report.h
 * Errors:  0 or -errno; -EEXIST the id belongs to another session, -ENOSPC every vty is taken
 * Owns:    the table owns its entries; an entry is valid until session_table_remove()
 * Runs in: sallyport-sshd; pure: no socket, no clock, no log
 * Source:  architecture.md "Programs": a session keeps its id, vty and start time when sallyport-sshd is replaced
 * Tests:   tests/unit/session_table_test.c
 *
 *   free --add--> ATTACHED --detach--> RESERVED --attach--> ATTACHED
 *   free --restore (live row of an earlier daemon)--> RESERVED       any --remove--> free
 */
#ifndef SERVICES_SESSION_TABLE_H
#define SERVICES_SESSION_TABLE_H

#include "services/ssh_report.h"

#define SESSION_TABLE_MAX 8192u /* over the largest session limit, twice */

struct session_entry {
	struct session_report report;
	size_t channels_len;
	struct channel_report *channels;
	bool authenticated; /* has been let in; stays so */
	void *owner;	    /* whoever looks after the entry keeps its own part here; borrowed */
};

struct session_table;

/* last_id: the highest id ever given; the next one is above it. */
int session_table_new(uint32_t last_id, struct session_table **ret_table);
void session_table_free(struct session_table *table);

/* A new session: the next id and the lowest free vty are written into a copy of report. Ids begin again at 1 after
 * UINT32_MAX, skipping those that live. */
int session_table_add(struct session_table *table, const struct session_report *report,
		      struct session_entry **ret_entry);
/* The same with that vty, which nobody has. */
int session_table_add_at(struct session_table *table, const struct session_report *report, uint32_t vty,
			 struct session_entry **ret_entry);
/* The entry gets the vty; whoever has it gets that of the entry. */
void session_table_move(struct session_table *table, struct session_entry *entry, uint32_t vty);
/* A session that already has its id and vty. A vty that another session holds is replaced by the lowest free one. */
int session_table_restore(struct session_table *table, const struct session_report *report,
			  struct session_entry **ret_entry);
/* Takes over what the monitor tells about its session. The table keeps id, vty, VRF, addresses, start and
 * process: those are not the monitor's to change. */
void session_table_update(struct session_entry *entry, const struct session_report *report,
			  const struct channel_report *channels, size_t channels_len);
void session_table_remove(struct session_table *table, struct session_entry *entry);

struct session_entry *session_table_find(const struct session_table *table, uint32_t id);
size_t session_table_len(const struct session_table *table);
/* By place in id order; NULL at or above session_table_len(). */
struct session_entry *session_table_at(const struct session_table *table, size_t place);
uint32_t session_table_last_id(const struct session_table *table);

#endif
