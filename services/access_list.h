/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/access_list.h - "ipv4|ipv6 access-list NAME": the statements, and whether one lets a connection in
 *
 * Shapes:  struct access_lists_conf as bound; struct access_lists, the same ready for matching, with counters
 * Units:   addresses as bytes in network order (4 or 16), ports in host order
 * Errors:  0 or -errno; -EINVAL with a reason for an entry that cannot be meant
 * Owns:    access_lists owns everything below it
 * Runs in: sallyport-sshd and CLI (rows); pure: no socket, no clock, no log
 * Source:  features.md 2A (access lists of the SSH server), IOS XR: numbered entries, implicit deny at the end
 * Tests:   tests/unit/access_list_test.c, tests/system/test_access_list.py, tests/lab/scenario/profiles
 *
 * An entry is "permit" or "deny", a protocol, a source and a destination, each with ports where the protocol has them:
 * "10 permit tcp 10.0.0.0 0.0.0.255 any eq ssh". Source alone is short for the whole protocol from there to anywhere.
 * A connection is TCP from the client's address and port to the one it reached: an entry for udp is kept, and matches
 * none. A list that does not exist lets nobody in.
 */
#ifndef SERVICES_ACCESS_LIST_H
#define SERVICES_ACCESS_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/bind.h"

#define ACCESS_LIST_NAME_MAX  64
#define ACCESS_LIST_RULE_MAX_BYTES 256u

struct access_entry_conf {
	char *number;
	char *permit, *deny, *remark; /* one of them, the others NULL */
};

struct access_list_conf {
	char *name;
	struct bind_list entries; /* struct access_entry_conf, by number */
};

struct access_lists_conf {
	struct bind_list ipv4, ipv6; /* struct access_list_conf */
};

extern const struct arg arg_access_list_name;
extern const struct stmt access_list_ipv4_children[], access_list_ipv6_children[];
/* Both rows, for conf/root.c; the fields lie in struct ssh_conf. */
#define ACCESS_LIST_ROWS                                                                                               \
	{ .kind = STMT_NODE, .word = "ipv4", .help = "IPv4 settings", .sub = access_list_ipv4_children, .task = "acl", \
	  .source = "features.md 2A", .owners = OWNER_SSHD },                                                          \
	{ .kind = STMT_NODE, .word = "ipv6", .help = "IPv6 settings", .sub = access_list_ipv6_children, .task = "acl", \
	  .source = "features.md 2A", .owners = OWNER_SSHD }

enum access_family { ACCESS_IPV4, ACCESS_IPV6, ACCESS_FAMILY_MAX };
extern const char *const access_family_words[]; /* "ipv4", "ipv6" */

/* One side of a connection that must fit: address bits where mask is 1, and ports. */
struct access_side {
	uint8_t address[16], mask[16];
	uint16_t port_first, port_last;
	bool port_except; /* all but these */
};

struct access_rule {
	bool tcp; /* can match a connection at all */
	struct access_side from, to;
};

/* Reads what stands behind "permit" or "deny". ret_rule and ret_text (malloc'ed, canonical) may be NULL. */
int access_rule_parse(enum access_family family, const char *text, struct access_rule *ret_rule, char **ret_text,
		      struct err *err);

/* "10.0.0.0/8", "fd00::/64", an address alone. ret_text (malloc'ed, canonical, always with a length) may be NULL. */
int access_prefix_parse(const char *text, enum access_family *ret_family, struct access_side *ret_side, char **ret_text,
			struct err *err);
bool access_side_fits(const struct access_side *side, enum access_family family, const uint8_t *address);
extern const struct arg arg_access_prefix;

struct access_flow {
	enum access_family family;
	uint8_t from[16], to[16]; /* 4 or 16 bytes of them */
	uint16_t from_port, to_port;
};

struct access_lists;

/* before (may be NULL): counters of entries that say the same as before go on. */
int access_lists_new(const struct access_lists_conf *conf, const struct access_lists *before,
		     struct access_lists **ret_lists);
void access_lists_free(struct access_lists *lists);
bool access_lists_has(const struct access_lists_conf *conf, enum access_family family, const char *name);
/* Whether the list lets it in; counts the entry that said so. */
bool access_lists_ask(struct access_lists *lists, const char *name, const struct access_flow *flow);

/* Counts from nothing again in the lists of that family (name NULL: all of them). How many there were. */
size_t access_lists_clear(struct access_lists *lists, enum access_family family, const char *name);

struct access_entry {
	uint32_t number; /* 0: the implicit deny at the end */
	const char *action, *text; /* "permit", "deny", "remark"; text "" for the implicit one */
	uint64_t matches;
};
/* Every entry of the lists of that family (name NULL: all of them), in order. */
void access_lists_each(const struct access_lists *lists, enum access_family family, const char *name,
		       void (*on_entry)(const char *list, const struct access_entry *entry, void *userdata),
		       void *userdata);

#endif
