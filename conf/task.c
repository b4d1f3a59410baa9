/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the one table of task ids, sets of them, and what the rows of commands and statements ask of a set. Nothing here
 * knows users or groups: those become a set in aaa/group_conf.c.
 */
#include "conf/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* IOS XR's, so that its groups can be pasted; rows of features that are not here ask for none of theirs. */
const char *const task_words[] = {
	"aaa",		"acl",	      "admin",	    "ancp",	     "atm",	    "basic-services",  "bcdl",
	"bfd",		"bgp",	      "boot",	    "bundle",	     "call-home",   "cdp",	       "cef",
	"cgn",		"cisco-support", "config-mgmt", "config-services", "crypto", "diag",	       "disallowed",
	"drivers",	"dwdm",	      "eem",	    "eigrp",	     "ethernet-services", "ext-access", "fabric",
	"fault-mgr",	"filesystem", "firewall",   "fr",	     "hdlc",	    "host-services",   "hsrp",
	"interface",	"inventory",  "ip-services", "ipv4",	     "ipv6",	    "isis",	       "l2vpn",
	"li",		"lisp",	      "logging",    "lpts",	     "monitor",	    "mpls-ldp",	       "mpls-static",
	"mpls-te",	"multicast",  "netflow",    "network",	     "nps",	    "ospf",	       "otn",
	"ouni",		"pbr",	      "pkg-mgmt",   "pos-dpt",	     "ppp",	    "qos",	       "rcmd",
	"rib",		"rip",	      "root-lr",    "root-system",   "route-map",   "route-policy",    "sbc",
	"snmp",		"sonet-sdh",  "static",	    "sysmgr",	     "system",	    "transport",       "tty-access",
	"tunnel",	"universal",  "vlan",	    "vpdn",	     "vrrp",	    NULL,
};

_Static_assert(sizeof(task_words) / sizeof(task_words[0]) - 1 <= TASKS_MAX, "more tasks than a set holds");

static const char access_letters[] = "rwxd"; /* by bit */

int task_place(const char *task)
{
	for (int i = 0; task_words[i]; i++)
		if (!strcmp(task_words[i], task))
			return i;
	return -ENOENT;
}

void task_set_add(struct task_set *set, const char *task, unsigned access)
{
	int place = task_place(task);

	if (place >= 0)
		set->access[place] |= (uint8_t)(access & TASK_ACCESS_ALL);
}

void task_set_add_all(struct task_set *set, unsigned access)
{
	for (size_t i = 0; task_words[i]; i++)
		set->access[i] |= (uint8_t)(access & TASK_ACCESS_ALL);
}

void task_set_join(struct task_set *set, const struct task_set *more)
{
	for (size_t i = 0; i < TASKS_MAX; i++)
		set->access[i] |= more->access[i];
}

bool task_set_has(const struct task_set *set, const char *task, unsigned access)
{
	int place;

	if (!task[0])
		return true;
	place = task_place(task);
	return place >= 0 && (set->access[place] & access) == access;
}

bool task_set_covers(const struct task_set *set, const struct task_set *other, const char **ret_task)
{
	for (size_t i = 0; task_words[i]; i++) {
		if (!(other->access[i] & ~set->access[i]))
			continue;
		if (ret_task)
			*ret_task = task_words[i];
		return false;
	}
	return true;
}

bool task_set_is_empty(const struct task_set *set)
{
	static const struct task_set none;

	return task_set_covers(&none, set, NULL);
}

/* ---- text ---- */

char *task_set_text(const struct task_set *set, char text[static TASK_TEXT_MAX_BYTES])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; task_words[i]; i++) {
		char letters[sizeof(access_letters)] = "";
		size_t letters_len = 0;

		for (size_t bit = 0; access_letters[bit]; bit++)
			if (set->access[i] & 1u << bit)
				letters[letters_len++] = access_letters[bit];
		letters[letters_len] = '\0';
		if (letters_len && len < TASK_TEXT_MAX_BYTES)
			len += (size_t)snprintf(text + len, TASK_TEXT_MAX_BYTES - len, "%s%s:%s", len ? "," : "",
						letters, task_words[i]);
	}
	return text;
}

static int entry_parse(const char *text, size_t len, struct task_set *set)
{
	char word[32];
	unsigned access = 0;
	size_t i = 0;
	int place;

	for (; i < len && text[i] != ':'; i++) {
		const char *letter = strchr(access_letters, text[i]);

		if (!letter || !*letter)
			return -EINVAL;
		access |= 1u << (letter - access_letters);
	}
	if (!access || i == len || len - i - 1 >= sizeof(word))
		return -EINVAL;
	snprintf(word, sizeof(word), "%.*s", (int)(len - i - 1), text + i + 1);
	place = task_place(word);
	if (place < 0)
		return -EINVAL;
	set->access[place] |= (uint8_t)access;
	return 0;
}

int task_set_parse(const char *text, struct task_set *ret_set)
{
	struct task_set set = { .access = { 0 } };

	while (*text) {
		size_t len = strcspn(text, ",");

		if (entry_parse(text, len, &set) < 0)
			return -EINVAL;
		text += len;
		if (*text == ',' && !*++text)
			return -EINVAL;
	}
	*ret_set = set;
	return 0;
}

/* ---- what rows ask for ---- */

unsigned task_command_access(const struct stmt *row, const char *task, bool writes)
{
	if (row->access)
		return row->access;
	if (!writes)
		return TASK_READ;
	return task && !strcmp(task, TASK_CONFIGURE) ? TASK_WRITE : TASK_EXECUTE;
}

bool task_allows_command(const struct task_set *set, const struct match *match)
{
	const char *task = TASK_NONE;
	unsigned access = TASK_READ;
	bool writes = false;

	for (size_t i = 0; i < match->steps_len; i++) {
		const struct stmt *row = match->steps[i].row;

		writes = writes || (row->flags & STMT_WRITES);
		if (row->task)
			task = row->task;
		access = task_command_access(row, task, writes);
	}
	return task_set_has(set, task, access);
}

bool task_allows_path(const struct task_set *set, const struct stmt *const *path, size_t path_len, unsigned access)
{
	const char *task = TASK_NONE;

	for (size_t i = 0; i < path_len; i++) {
		if (path[i]->task)
			task = path[i]->task;
		/* what is in an entry makes the entry */
		if ((path[i]->kind == STMT_LIST || i + 1 == path_len) && !task_set_has(set, task, access))
			return false;
	}
	return true;
}

bool task_allows_statement(const struct task_set *set, const struct match *match, unsigned access)
{
	const struct stmt *path[STMT_DEPTH_MAX];

	for (const struct match *at = match; at; at = at->more) {
		for (size_t i = 0; i < at->steps_len; i++)
			path[i] = at->steps[i].row;
		if (!task_allows_path(set, path, at->steps_len, access))
			return false;
	}
	return true;
}

/* inherited: NULL where the parents are known to be shown */
static bool shows_row(const struct task_set *set, const struct stmt *row, const char *inherited, bool writes,
		      unsigned access, unsigned depth)
{
	const char *task = row->task ? row->task : inherited;

	writes = writes || (row->flags & STMT_WRITES);
	if (row->kind == STMT_RUN)
		access = task_command_access(row, task, writes);
	if ((row->kind != STMT_NODE || !row->sub) && (!task || task_set_has(set, task, access)))
		return true;
	for (const struct stmt *sub = depth < STMT_DEPTH_MAX ? row->sub : NULL; sub && sub->kind != STMT_END; sub++)
		if (shows_row(set, sub, task, writes, access, depth + 1))
			return true;
	return false;
}

bool task_shows_row(const struct task_set *set, const struct stmt *row, unsigned access)
{
	return shows_row(set, row, NULL, false, access, 0);
}

struct table_search {
	const struct task_set *set;
	unsigned access;
	bool allowed;
};

static void on_table_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct table_search *search = userdata;

	search->allowed = search->allowed && task_allows_path(search->set, path, path_len, search->access);
}

bool task_allows_table(const struct task_set *set, const struct stmt *root, unsigned access)
{
	struct table_search search = { set, access, true };

	stmt_walk(root, on_table_row, &search);
	return search.allowed;
}
