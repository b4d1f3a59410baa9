/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a small table for the tests of conf/, independent of what Sallyport really configures. It has one of each shape:
 * every kind, every operand type, modes within modes, a list without a mode, hidden and deprecated rows. Limits are odd
 * and differ from field to field, so that a mix-up shows.
 */
#ifndef TESTS_UNIT_CONF_ROWS_H
#define TESTS_UNIT_CONF_ROWS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/bind.h"

struct rows_filter {
	char *name;
	bool permit;
	int64_t weight;
};

struct rows_user {
	char *name;
	struct bind_list groups; /* struct rows_group */
	char *secret;
	int64_t level;
};

struct rows_group {
	char *name;
};

struct rows_vrf {
	char *name;
	char *access_list;
};

struct rows_conf {
	char *hostname, *domain_name;
	struct bind_list users;
	bool v2;
	int64_t port;
	int protocol;
	struct bind_list vrfs;
	int64_t timeout_s;
	bool debug, old;
	int64_t width;
	char *banner;
	struct bind_list filters;
};

static const char *const rows_protocol_words[] = { "none", "telnet", "ssh", "sshd", NULL };

/* "10 TEXT" is stored, anything else is clear. */
static inline int rows_secret_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	if (strncmp(text, "10 ", 3) != 0)
		return err_set(err, -EAGAIN, "clear");
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static const struct arg rows_arg_host = { .name = "WORD", .help = "Name", .text = true, .min = 1, .max = 63, .words_taken = 1 };
static const struct arg rows_arg_key = { .help = "Key", .text = true, .min = 1, .max = 33, .words_taken = 1, .complete = "key" };
static const struct arg rows_arg_line = { .help = "Text", .text = true, .min = 3, .max = 77 };
static const struct arg rows_arg_level = { .help = "Level", .min = -7, .max = 13, .words_taken = 1 };
static const struct arg rows_arg_port = { .help = "Port", .min = 5521, .max = 5529, .words_taken = 1 };
static const struct arg rows_arg_timeout = { .help = "Time", .unit = "seconds", .min = 5, .max = 121, .words_taken = 1 };
static const struct arg rows_arg_protocol = { .help = "Protocol", .words = rows_protocol_words, .words_taken = 1 };
static const struct arg rows_arg_width = { .help = "Width", .unit = "columns", .min = 11, .max = 511, .words_taken = 1 };
static const struct arg rows_arg_weight = { .name = "WEIGHT", .help = "Weight", .min = 1, .max = 9, .words_taken = 1 };
static const struct arg rows_arg_secret = { .name = "LINE", .help = "Secret", .canonical = rows_secret_canonical,
					    .secret = true, .text = true };

static const struct stmt rows_user_children[] = {
	{ .kind = STMT_LIST, .word = "group", .help = "Group", .arg = &rows_arg_key, .max_entries = 5,
	  .offset = offsetof(struct rows_user, groups), .esize = sizeof(struct rows_group) },
	{ .kind = STMT_LEAF, .word = "secret", .help = "Secret", .arg = &rows_arg_secret, .flags = STMT_SECRET,
	  .offset = offsetof(struct rows_user, secret), .owners = OWNER_AAAD },
	{ .kind = STMT_LEAF, .word = "level", .help = "Level", .arg = &rows_arg_level, .def = "-3",
	  .offset = offsetof(struct rows_user, level) },
	STMT_DONE,
};

static const struct stmt rows_vrf_children[] = {
	{ .kind = STMT_LEAF, .word = "access-list", .help = "List", .arg = &rows_arg_key,
	  .offset = offsetof(struct rows_vrf, access_list) },
	STMT_DONE,
};

static const struct stmt rows_server_children[] = {
	{ .kind = STMT_FLAG, .word = "v2", .help = "Version 2", .offset = offsetof(struct rows_conf, v2) },
	{ .kind = STMT_LEAF, .word = "port", .help = "Port", .arg = &rows_arg_port, .offset = offsetof(struct rows_conf, port) },
	{ .kind = STMT_LEAF, .word = "protocol", .help = "Protocol", .arg = &rows_arg_protocol, .def = "telnet",
	  .offset = offsetof(struct rows_conf, protocol) },
	{ .kind = STMT_LIST, .word = "vrf", .help = "VRF", .arg = &rows_arg_key, .sub = rows_vrf_children, .max_entries = 3,
	  .offset = offsetof(struct rows_conf, vrfs), .esize = sizeof(struct rows_vrf) },
	{ .kind = STMT_FLAG, .word = "debug", .help = "Hidden", .flags = STMT_HIDDEN,
	  .offset = offsetof(struct rows_conf, debug) },
	{ .kind = STMT_FLAG, .word = "old", .help = "Old", .flags = STMT_DEPRECATED, .offset = offsetof(struct rows_conf, old) },
	STMT_DONE,
};

static const struct stmt rows_ssh_children[] = {
	{ .kind = STMT_NODE, .word = "server", .help = "Server", .sub = rows_server_children },
	{ .kind = STMT_LEAF, .word = "timeout", .help = "Timeout", .arg = &rows_arg_timeout, .def = "37",
	  .offset = offsetof(struct rows_conf, timeout_s) },
	STMT_DONE,
};

static const struct stmt rows_filter_children[] = {
	{ .kind = STMT_FLAG, .word = "permit", .help = "Permit", .offset = offsetof(struct rows_filter, permit) },
	{ .kind = STMT_LEAF, .word = "weight", .help = "Weight", .arg = &rows_arg_weight, .def = "7",
	  .offset = offsetof(struct rows_filter, weight) },
	STMT_DONE,
};

static const struct stmt rows_line_children[] = {
	{ .kind = STMT_LEAF, .word = "width", .help = "Width", .arg = &rows_arg_width, .offset = offsetof(struct rows_conf, width) },
	{ .kind = STMT_LEAF, .word = "banner", .help = "Banner", .arg = &rows_arg_line,
	  .offset = offsetof(struct rows_conf, banner) },
	{ .kind = STMT_LIST, .word = "filter", .help = "Filter", .arg = &rows_arg_key, .sub = rows_filter_children,
	  .mode = "config-filter", .max_entries = 20011, .offset = offsetof(struct rows_conf, filters),
	  .esize = sizeof(struct rows_filter) },
	STMT_DONE,
};

static const struct stmt rows_domain_children[] = {
	{ .kind = STMT_LEAF, .word = "name", .help = "Name", .arg = &rows_arg_host,
	  .offset = offsetof(struct rows_conf, domain_name) },
	STMT_DONE,
};

static const struct stmt rows[] = {
	{ .kind = STMT_LEAF, .word = "hostname", .help = "Name", .arg = &rows_arg_host, .owners = OWNER_CONFD,
	  .offset = offsetof(struct rows_conf, hostname) },
	{ .kind = STMT_NODE, .word = "domain", .help = "Domain", .sub = rows_domain_children, .owners = OWNER_CONFD },
	{ .kind = STMT_LIST, .word = "username", .help = "User", .arg = &rows_arg_key, .sub = rows_user_children,
	  .mode = "config-un", .max_entries = 3001, .owners = OWNER_SSHD, .offset = offsetof(struct rows_conf, users),
	  .esize = sizeof(struct rows_user) },
	{ .kind = STMT_NODE, .word = "ssh", .help = "SSH", .sub = rows_ssh_children, .owners = OWNER_SSHD | OWNER_LPTSD },
	{ .kind = STMT_NODE, .word = "line", .help = "Line", .sub = rows_line_children, .mode = "config-line",
	  .owners = OWNER_LPTSD },
	STMT_DONE,
};

#endif
