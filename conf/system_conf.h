/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/system_conf.h - "hostname" and "domain name"
 *
 * Shapes:  struct system_conf; SYSTEM_CONF_ROWS for conf/root.c
 * Units:   lengths in bytes
 * Errors:  see conf/stmt.h
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c; pure
 * Source:  RFC 1123 section 2.1; features.md 1C-16
 * Tests:   tests/unit/tables_test.c
 */
#ifndef CONF_SYSTEM_CONF_H
#define CONF_SYSTEM_CONF_H

#include "conf/bind.h"

#define SYSTEM_HOSTNAME_MAX_BYTES 63u  /* one DNS label */
#define SYSTEM_DOMAIN_MAX_BYTES	  253u /* a whole DNS name as text */

struct system_conf {
	char *hostname;	   /* NULL: not configured */
	char *domain_name; /* completes names without a dot */
};

extern const struct arg arg_hostname;
extern const struct arg arg_domain_name;
extern const struct stmt system_domain_children[];
/* The SSH server says the name in messages to syslog servers. */
#define SYSTEM_HOSTNAME_ROW                                                                                  \
	{ .kind = STMT_LEAF, .word = "hostname", .help = "Set the name of this router", .arg = &arg_hostname,  \
	  .offset = offsetof(struct system_conf, hostname), .task = "root-lr",                               \
	  .source = "features.md 1C-16; RFC 1123 section 2.1", .owners = OWNER_CONFD | OWNER_SSHD }
#define SYSTEM_CONF_ROWS                                                                                     \
	SYSTEM_HOSTNAME_ROW,                                                                                 \
	{ .kind = STMT_NODE, .word = "domain", .help = "Settings of the domain",                    \
	  .sub = system_domain_children, .task = "ip-services", .source = "features.md 1C-16",               \
	  .owners = OWNER_CONFD }

#endif
