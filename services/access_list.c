/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: access lists. The operand of an entry is read by one parser, which gives the rule and its canonical text at
 * once; what the tables store is therefore always something that matching understands.
 */
#include "services/access_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "services/ssh_conf.h"

const char *const access_family_words[] = { "ipv4", "ipv6", NULL };

/* ---- reading an entry ---- */

struct reader {
	enum access_family family;
	char *words[16];
	size_t len, at;
	char text[ACCESS_LIST_RULE_MAX_BYTES]; /* canonical, grows */
	bool ports;			       /* the protocol has them */
};

static const struct {
	const char *name;
	uint16_t port;
} port_names[] = { { "ftp", 21 },   { "ssh", 22 },   { "telnet", 23 }, { "smtp", 25 },	{ "tacacs", 49 },
		   { "domain", 53 }, { "www", 80 }, { "bgp", 179 },   { "https", 443 }, { "netconf", 830 } };

/* Words of protocols; those of the family itself stand for every protocol. */
static const char *const protocol_words[][9] = {
	[ACCESS_IPV4] = { "ipv4", "ip", "tcp", "udp", "icmp", "ospf", "gre", "esp", NULL },
	[ACCESS_IPV6] = { "ipv6", "tcp", "udp", "icmpv6", "ospf", "gre", "esp", "ahp", NULL },
};

static const char *word_peek(const struct reader *reader)
{
	return reader->at < reader->len ? reader->words[reader->at] : NULL;
}

static bool word_take(struct reader *reader, const char *word)
{
	const char *next = word_peek(reader);

	if (!next || strcasecmp(next, word) != 0)
		return false;
	reader->at++;
	return true;
}

static void text_add(struct reader *reader, const char *word)
{
	size_t len = strlen(reader->text);

	snprintf(reader->text + len, sizeof(reader->text) - len, "%s%s", len ? " " : "", word);
}

static size_t address_bytes(enum access_family family)
{
	return family == ACCESS_IPV4 ? 4 : 16;
}

static bool address_read(enum access_family family, const char *text, uint8_t bytes[static 16])
{
	memset(bytes, 0, 16);
	return inet_pton(family == ACCESS_IPV4 ? AF_INET : AF_INET6, text, bytes) == 1;
}

static void mask_of_length(unsigned length, uint8_t mask[static 16])
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = length > 8 * i ? length - 8 * i : 0;

		mask[i] = bits >= 8 ? 0xff : (uint8_t)(0xff00u >> bits);
	}
}

/* Bits that count, when they are the first ones only; -1 when they are not. */
static int mask_length(const uint8_t *mask, size_t len_bytes)
{
	uint8_t whole[16];
	int length = 0;

	for (size_t i = 0; i < len_bytes; i++)
		length += __builtin_popcount(mask[i]);
	mask_of_length((unsigned)length, whole);
	return memcmp(mask, whole, len_bytes) ? -1 : length;
}

/* "any", "host A", "A.B.C.D WILDCARD" (IPv4), "A::/N" (IPv6). */
static void address_write(struct reader *reader, const struct access_side *side)
{
	const size_t len_bytes = address_bytes(reader->family);
	const int family = reader->family == ACCESS_IPV4 ? AF_INET : AF_INET6;
	const int length = mask_length(side->mask, len_bytes);
	char address[INET6_ADDRSTRLEN], text[2 * INET6_ADDRSTRLEN + 8];
	uint8_t wildcard[16];

	inet_ntop(family, side->address, address, sizeof(address));
	if (length == 0) {
		snprintf(text, sizeof(text), "any");
	} else if (length == (int)len_bytes * 8) {
		snprintf(text, sizeof(text), "host %s", address);
	} else if (reader->family == ACCESS_IPV6) {
		snprintf(text, sizeof(text), "%s/%d", address, length);
	} else {
		for (size_t i = 0; i < sizeof(wildcard); i++)
			wildcard[i] = (uint8_t)~side->mask[i];
		snprintf(text, sizeof(text), "%s %u.%u.%u.%u", address, wildcard[0], wildcard[1], wildcard[2],
			 wildcard[3]);
	}
	text_add(reader, text);
}

static int prefix_read(const struct reader *reader, const char *word, struct access_side *side, struct err *err)
{
	const char *slash = strchr(word, '/');
	unsigned long length, most = address_bytes(reader->family) * 8;
	char address[INET6_ADDRSTRLEN], *end;

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(word, "/"), word);
	if (!address_read(reader->family, address, side->address))
		return err_set(err, -EINVAL, "'%s' is no %s address", word, access_family_words[reader->family]);
	if (!slash) {
		mask_of_length((unsigned)most, side->mask);
		return 0;
	}
	length = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end || length > most)
		return err_set(err, -EINVAL, "the prefix length of '%s' is not from 0 to %lu", word, most);
	mask_of_length((unsigned)length, side->mask);
	return 0;
}

static int address_take(struct reader *reader, struct access_side *side, struct err *err)
{
	const char *word = word_peek(reader);
	uint8_t wildcard[16];
	int rc;

	if (word_take(reader, "any"))
		return 0;
	if (word_take(reader, "host"))
		word = word_peek(reader);
	else if (word && !strchr(word, '/') && reader->family == ACCESS_IPV4 && reader->at + 1 < reader->len &&
		 address_read(ACCESS_IPV4, reader->words[reader->at + 1], wildcard)) {
		/* "10.0.0.0 0.0.0.255": of a second address that is meant as the destination "host" is said */
		reader->at++;
		rc = prefix_read(reader, word, side, err);
		for (size_t i = 0; i < 4; i++)
			side->mask[i] = (uint8_t)~wildcard[i];
		reader->at++;
		return rc;
	}
	if (!word)
		return err_set(err, -EINVAL, "an address is missing: any, host ADDRESS or ADDRESS/LENGTH");
	reader->at++;
	return prefix_read(reader, word, side, err);
}

static int port_take(struct reader *reader, uint16_t *ret_port, struct err *err)
{
	const char *word = word_peek(reader);
	unsigned long port;
	char *end;

	if (!word)
		return err_set(err, -EINVAL, "a port is missing");
	reader->at++;
	for (size_t i = 0; i < ARRAY_SIZE(port_names); i++)
		if (!strcasecmp(word, port_names[i].name)) {
			*ret_port = port_names[i].port;
			return 0;
		}
	port = strtoul(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end || port > UINT16_MAX)
		return err_set(err, -EINVAL, "'%s' is no port", word);
	*ret_port = (uint16_t)port;
	return 0;
}

static void port_write(struct reader *reader, uint16_t port)
{
	char text[8];

	for (size_t i = 0; i < ARRAY_SIZE(port_names); i++)
		if (port_names[i].port == port) {
			text_add(reader, port_names[i].name);
			return;
		}
	snprintf(text, sizeof(text), "%u", port);
	text_add(reader, text);
}

/* Nothing, or "eq|neq|lt|gt PORT" or "range PORT PORT". */
static int ports_take(struct reader *reader, struct access_side *side, struct err *err)
{
	static const char *const operators[] = { "eq", "neq", "lt", "gt", "range" };
	uint16_t port, last = 0;
	size_t operator = 0;
	int rc;

	while (operator < ARRAY_SIZE(operators) && !word_take(reader, operators[operator]))
		operator++;
	if (operator == ARRAY_SIZE(operators))
		return 0;
	if (!reader->ports)
		return err_set(err, -EINVAL, "only tcp and udp have ports");
	rc = port_take(reader, &port, err);
	if (rc == 0 && operator == 4)
		rc = port_take(reader, &last, err);
	if (rc < 0)
		return rc;
	if ((operator == 2 && port == 0) || (operator == 3 && port == UINT16_MAX) || (operator == 4 && last < port))
		return err_set(err, -EINVAL, "no port is in that range");
	side->port_except = operator == 1;
	side->port_first = operator == 2 ? 0 : operator == 3 ? (uint16_t)(port + 1) : port;
	side->port_last = operator == 2 ? (uint16_t)(port - 1) :
			  operator == 3 ? UINT16_MAX :
			  operator == 4 ? last : port;
	text_add(reader, operators[operator]);
	port_write(reader, port);
	if (operator == 4)
		port_write(reader, last);
	return 0;
}

static int side_take(struct reader *reader, struct access_side *side, struct err *err)
{
	int rc = address_take(reader, side, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(side->address); i++)
		side->address[i] &= side->mask[i];
	address_write(reader, side);
	return ports_take(reader, side, err);
}

/* Left out, it is every protocol of the family. */
static void protocol_take(struct reader *reader, struct access_rule *rule)
{
	const char *const *words = protocol_words[reader->family], *found = access_family_words[reader->family];
	const char *word = word_peek(reader);
	char number[8];
	char *end;

	for (size_t i = 0; words[i]; i++)
		if (word_take(reader, words[i]))
			found = words[i];
	if (word && reader->at == 0 && strspn(word, "0123456789") == strlen(word) && strtoul(word, &end, 10) < 256) {
		snprintf(number, sizeof(number), "%lu", strtoul(word, &end, 10));
		found = !strcmp(number, "6") ? "tcp" : !strcmp(number, "17") ? "udp" : number;
		reader->at++;
	}
	if (!strcmp(found, "ip"))
		found = "ipv4";
	text_add(reader, found);
	reader->ports = !strcmp(found, "tcp") || !strcmp(found, "udp");
	rule->tcp = !strcmp(found, "tcp") || !strcmp(found, access_family_words[reader->family]);
}

static int rule_take(struct reader *reader, struct access_rule *rule, struct err *err)
{
	int rc;

	protocol_take(reader, rule);
	rc = side_take(reader, &rule->from, err);
	if (rc == 0 && word_peek(reader))
		rc = side_take(reader, &rule->to, err);
	else if (rc == 0)
		text_add(reader, "any");
	if (rc == 0 && word_peek(reader))
		rc = err_set(err, -EINVAL, "'%s' is not understood here", word_peek(reader));
	return rc;
}

int access_rule_parse(enum access_family family, const char *text, struct access_rule *ret_rule, char **ret_text,
		      struct err *err)
{
	struct access_rule rule = { .from.port_last = UINT16_MAX, .to.port_last = UINT16_MAX };
	struct reader reader = { .family = family };
	char copy[ACCESS_LIST_RULE_MAX_BYTES], *next = copy, *word;
	int rc;

	if (strlen(text) >= sizeof(copy))
		return err_set(err, -EINVAL, "an entry has at most %u characters", ACCESS_LIST_RULE_MAX_BYTES - 1);
	memcpy(copy, text, strlen(text) + 1);
	while ((word = strsep(&next, " \t"))) {
		if (word[0] && reader.len == ARRAY_SIZE(reader.words))
			return err_set(err, -EINVAL, "'%s' is not understood here", word);
		if (word[0])
			reader.words[reader.len++] = word;
	}
	rc = rule_take(&reader, &rule, err);
	if (rc < 0)
		return rc;
	if (ret_text && !(*ret_text = strdup(reader.text)))
		return -ENOMEM;
	if (ret_rule)
		*ret_rule = rule;
	return 0;
}

/* Such a source is known by its address of IPv4. */
static void mapped_to_ipv4(struct reader *reader, struct access_side *side)
{
	reader->family = ACCESS_IPV4;
	memmove(side->address, side->address + 12, 4);
	memmove(side->mask, side->mask + 12, 4);
	memset(side->address + 4, 0, sizeof(side->address) - 4);
	memset(side->mask + 4, 0, sizeof(side->mask) - 4);
}

int access_prefix_parse(const char *text, enum access_family *ret_family, struct access_side *ret_side, char **ret_text,
			struct err *err)
{
	struct reader reader = { .family = strchr(text, ':') ? ACCESS_IPV6 : ACCESS_IPV4 };
	struct access_side side = { .port_last = UINT16_MAX };
	char address[INET6_ADDRSTRLEN];
	int rc = prefix_read(&reader, text, &side, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(side.address); i++)
		side.address[i] &= side.mask[i];
	if (reader.family == ACCESS_IPV6 && mask_length(side.mask, sizeof(side.mask)) >= 96 &&
	    IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)side.address))
		mapped_to_ipv4(&reader, &side);
	inet_ntop(reader.family == ACCESS_IPV4 ? AF_INET : AF_INET6, side.address, address, sizeof(address));
	if (ret_text && asprintf(ret_text, "%s/%d", address, mask_length(side.mask, address_bytes(reader.family))) < 0)
		return -ENOMEM;
	if (ret_family)
		*ret_family = reader.family;
	if (ret_side)
		*ret_side = side;
	return 0;
}

/* ---- statements ---- */

static int prefix_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return access_prefix_parse(text, NULL, NULL, ret_text, err);
}

const struct arg arg_access_prefix = {
	.name = "A.B.C.D/LEN", .help = "IPv4 or IPv6 address or prefix", .canonical = prefix_canonical, .text = true,
	.min = 1, .max = INET6_ADDRSTRLEN + 4, .words_taken = 1,
};

/* IOS XR's rule for the name of an access list. */
static int name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(text);

	if (len < 1 || len > (size_t)arg->max)
		return err_set(err, -EINVAL, "a name of an access list has 1 to %d characters", (int)arg->max);
	if (!strchr(letters, text[0]))
		return err_set(err, -EINVAL, "a name of an access list begins with a letter or a digit");
	for (const char *c = text; *c; c++)
		if (!strchr(letters, *c) && !strchr("-_.:", *c))
			return err_set(err, -EINVAL, "a name of an access list holds letters, digits and -_.: only");
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

const struct arg arg_access_list_name = {
	.name = "WORD", .help = "Name of the access list, up to 64 characters", .canonical = name_canonical,
	.text = true, .min = 1, .max = ACCESS_LIST_NAME_MAX, .words_taken = 1, .complete = "access-list",
};

static int ipv4_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return access_rule_parse(ACCESS_IPV4, text, NULL, ret_text, err);
}

static int ipv6_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return access_rule_parse(ACCESS_IPV6, text, NULL, ret_text, err);
}

static const struct arg arg_number = { .help = "Number of the entry", .min = 1, .max = 2147483646, .words_taken = 1 };
static const struct arg arg_remark = { .name = "LINE", .help = "Text of the comment", .text = true, .min = 1,
					.max = 255 };
static const struct arg arg_rule_ipv4 = {
	.name = "LINE",
	.help = "[ipv4|tcp|PROTOCOL] SOURCE [eq PORT] [DESTINATION [eq PORT]]; any, host A, A/LEN or A WILDCARD",
	.canonical = ipv4_canonical, .text = true, .min = 1, .max = ACCESS_LIST_RULE_MAX_BYTES - 1,
};
static const struct arg arg_rule_ipv6 = {
	.name = "LINE", .help = "[ipv6|tcp|PROTOCOL] SOURCE [eq PORT] [DESTINATION [eq PORT]]; any, host A or A/LEN",
	.canonical = ipv6_canonical, .text = true, .min = 1, .max = ACCESS_LIST_RULE_MAX_BYTES - 1,
};

#define ENTRY_LEAF(keyword, help_text, operand, field)                                   \
	{ .kind = STMT_LEAF, .word = keyword, .help = help_text, .arg = operand,         \
	  .offset = offsetof(struct access_entry_conf, field), .source = "features.md 2A" }
#define ENTRY_ROWS(rule)                                               \
	ENTRY_LEAF("deny", "Keep out what matches", rule, deny),       \
	ENTRY_LEAF("permit", "Let in what matches", rule, permit),     \
	ENTRY_LEAF("remark", "Say what the entries are for", &arg_remark, remark), STMT_DONE
#define LIST_ROW(entries_rows)                                                                                         \
	{ .kind = STMT_LIST, .word = "sequence", .help = "Define an entry of the access list", \
	  .arg = &arg_number, .sub = entries_rows, \
	  .offset = offsetof(struct access_list_conf, entries), .esize = sizeof(struct access_entry_conf),             \
	  .key_offset = offsetof(struct access_entry_conf, number), .max_entries = 4096, .flags = STMT_BARE,           \
	  .source = "features.md 2A" }
#define LISTS_ROW(list_rows, prompt, field)                                                                            \
	{ .kind = STMT_LIST, .word = "access-list", .help = "Define an access list", .arg = &arg_access_list_name, \
	  .sub = list_rows, .mode = prompt, .offset = offsetof(struct ssh_conf, access_lists.field),                   \
	  .esize = sizeof(struct access_list_conf), .key_offset = offsetof(struct access_list_conf, name),             \
	  .max_entries = 4096, .source = "features.md 2A" }

static const struct stmt entry_ipv4_rows[] = { ENTRY_ROWS(&arg_rule_ipv4) };
static const struct stmt entry_ipv6_rows[] = { ENTRY_ROWS(&arg_rule_ipv6) };
static const struct stmt list_ipv4_rows[] = { LIST_ROW(entry_ipv4_rows), STMT_DONE };
static const struct stmt list_ipv6_rows[] = { LIST_ROW(entry_ipv6_rows), STMT_DONE };

const struct stmt access_list_ipv4_children[] = { LISTS_ROW(list_ipv4_rows, "config-ipv4-acl", ipv4), STMT_DONE };
const struct stmt access_list_ipv6_children[] = { LISTS_ROW(list_ipv6_rows, "config-ipv6-acl", ipv6), STMT_DONE };

/* ---- matching ---- */

struct entry {
	uint32_t number;
	enum { ENTRY_PERMIT, ENTRY_DENY, ENTRY_REMARK } action;
	char *text;
	struct access_rule rule;
	uint64_t matches;
};

struct list {
	char *name;
	enum access_family family;
	struct entry *entries;
	size_t len;
	uint64_t denied; /* by the end of the list */
};

struct access_lists {
	struct list *lists;
	size_t len;
};

static const char *const action_words[] = { "permit", "deny", "remark" };

static struct list *list_find(const struct access_lists *lists, enum access_family family, const char *name)
{
	for (size_t i = 0; lists && i < lists->len; i++)
		if (lists->lists[i].family == family && !strcmp(lists->lists[i].name, name))
			return &lists->lists[i];
	return NULL;
}

static void matches_keep(struct entry *entry, const struct list *before)
{
	for (size_t i = 0; before && i < before->len; i++) {
		const struct entry *old = &before->entries[i];

		if (old->number == entry->number && old->action == entry->action && !strcmp(old->text, entry->text))
			entry->matches = old->matches;
	}
}

static int entry_make(struct entry *entry, enum access_family family, const struct access_entry_conf *conf)
{
	const char *text = conf->permit ? conf->permit : conf->deny ? conf->deny : conf->remark;

	*entry = (struct entry){ .number = (uint32_t)strtoul(conf->number, NULL, 10) };
	entry->action = conf->permit ? ENTRY_PERMIT : conf->deny ? ENTRY_DENY : ENTRY_REMARK;
	entry->text = strdup(text ? text : "");
	if (!entry->text)
		return -ENOMEM;
	return entry->action == ENTRY_REMARK ? 0 : access_rule_parse(family, text, &entry->rule, NULL, NULL);
}

static int list_make(struct list *list, enum access_family family, const struct access_list_conf *conf,
		     const struct access_lists *before)
{
	const struct access_entry_conf *entries = conf->entries.items;
	const struct list *old = list_find(before, family, conf->name);
	int rc = 0;

	*list = (struct list){ .name = strdup(conf->name), .family = family, .denied = old ? old->denied : 0 };
	list->entries = calloc(conf->entries.len ? conf->entries.len : 1, sizeof(*list->entries));
	if (!list->name || !list->entries)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < conf->entries.len; i++) {
		rc = entry_make(&list->entries[list->len++], family, &entries[i]);
		if (rc == 0)
			matches_keep(&list->entries[i], old);
	}
	return rc;
}

int access_lists_new(const struct access_lists_conf *conf, const struct access_lists *before,
		     struct access_lists **ret_lists)
{
	const struct bind_list *families[] = { [ACCESS_IPV4] = &conf->ipv4, [ACCESS_IPV6] = &conf->ipv6 };
	struct access_lists *lists = calloc(1, sizeof(*lists));
	int rc = 0;

	if (!lists)
		return -ENOMEM;
	lists->lists = calloc(conf->ipv4.len + conf->ipv6.len + 1, sizeof(*lists->lists));
	if (!lists->lists)
		rc = -ENOMEM;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		const struct access_list_conf *list = families[f]->items;

		for (size_t i = 0; rc == 0 && i < families[f]->len; i++)
			rc = list_make(&lists->lists[lists->len++], (enum access_family)f, &list[i], before);
	}
	if (rc < 0) {
		access_lists_free(lists);
		return rc;
	}
	*ret_lists = lists;
	return 0;
}

void access_lists_free(struct access_lists *lists)
{
	if (!lists)
		return;
	for (size_t i = 0; i < lists->len; i++) {
		for (size_t j = 0; j < lists->lists[i].len; j++)
			free(lists->lists[i].entries[j].text);
		free(lists->lists[i].entries);
		free(lists->lists[i].name);
	}
	free(lists->lists);
	free(lists);
}

bool access_lists_has(const struct access_lists_conf *conf, enum access_family family, const char *name)
{
	const struct bind_list *bound = family == ACCESS_IPV4 ? &conf->ipv4 : &conf->ipv6;
	const struct access_list_conf *lists = bound->items;

	for (size_t i = 0; i < bound->len; i++)
		if (!strcmp(lists[i].name, name))
			return true;
	return false;
}

static bool side_fits(const struct access_side *side, const uint8_t *address, size_t len_bytes, uint16_t port)
{
	bool inside = port >= side->port_first && port <= side->port_last;

	for (size_t i = 0; i < len_bytes; i++)
		if ((address[i] & side->mask[i]) != side->address[i])
			return false;
	return inside != side->port_except;
}

bool access_side_fits(const struct access_side *side, enum access_family family, const uint8_t *address)
{
	return side_fits(side, address, address_bytes(family), side->port_first);
}

bool access_lists_ask(struct access_lists *lists, const char *name, const struct access_flow *flow)
{
	struct list *list = list_find(lists, flow->family, name);
	const size_t len_bytes = address_bytes(flow->family);

	for (size_t i = 0; list && i < list->len; i++) {
		struct entry *entry = &list->entries[i];

		if (entry->action == ENTRY_REMARK || !entry->rule.tcp ||
		    !side_fits(&entry->rule.from, flow->from, len_bytes, flow->from_port) ||
		    !side_fits(&entry->rule.to, flow->to, len_bytes, flow->to_port))
			continue;
		entry->matches++;
		return entry->action == ENTRY_PERMIT;
	}
	if (list)
		list->denied++;
	return false;
}

size_t access_lists_clear(struct access_lists *lists, enum access_family family, const char *name)
{
	size_t cleared = 0;

	for (size_t i = 0; lists && i < lists->len; i++) {
		struct list *list = &lists->lists[i];

		if (list->family != family || (name && strcmp(list->name, name) != 0))
			continue;
		for (size_t j = 0; j < list->len; j++)
			list->entries[j].matches = 0;
		list->denied = 0;
		cleared++;
	}
	return cleared;
}

void access_lists_each(const struct access_lists *lists, enum access_family family, const char *name,
		       void (*on_entry)(const char *list, const struct access_entry *entry, void *userdata),
		       void *userdata)
{
	for (size_t i = 0; lists && i < lists->len; i++) {
		const struct list *list = &lists->lists[i];
		struct access_entry row = { .number = 0, .action = "deny", .text = "", .matches = list->denied };

		if (list->family != family || (name && strcmp(list->name, name) != 0))
			continue;
		for (size_t j = 0; j < list->len; j++) {
			const struct entry *entry = &list->entries[j];

			on_entry(list->name,
				 &(struct access_entry){ entry->number, action_words[entry->action], entry->text,
							 entry->matches },
				 userdata);
		}
		on_entry(list->name, &row, userdata);
	}
}
