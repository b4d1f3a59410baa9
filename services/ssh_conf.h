/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_conf.h - the "ssh …" statements and the struct they fill
 *
 * Shapes:  struct ssh_conf; SSH_CONF_ROW for conf/root.c
 * Units:   timeout_s seconds; port a TCP port
 * Errors:  none
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c
 * Source:  features.md 2A and 1C, 1H; running-config order of 1H-67: v2, port, vrf
 * Tests:   tests/unit/tables_test.c, tests/golden/running
 */
#ifndef SERVICES_SSH_CONF_H
#define SERVICES_SSH_CONF_H

#include "conf/bind.h"

struct ssh_vrf_conf {
	char *name;
};

struct ssh_conf {
	bool v2;
	int64_t port;	       /* 0: not configured, the daemon's own default (22, or --port) holds */
	int64_t timeout_s;     /* 5-120, default 30 */
	struct bind_list vrfs; /* struct ssh_vrf_conf */
};

extern const struct stmt ssh_conf_children[];
#define SSH_CONF_ROW                                                                                 \
	{                                                                                            \
		.kind = STMT_NODE, .word = "ssh", .help = "Provide SSH service", .sub = ssh_conf_children, \
		.task = "crypto", .source = "seed: Implementing Secure Shell", .owners = OWNER_SSHD  \
	}

#endif
