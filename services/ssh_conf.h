/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_conf.h - the "ssh …" statements and the struct they fill
 *
 * Shapes:  struct ssh_conf; SSH_CONF_ROW for conf/root.c
 * Units:   see services/ssh_profile.h
 * Errors:  none
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c
 * Source:  features.md 2A and 1C, 1H; running-config order of 1H-67: v2, port, vrf
 * Tests:   tests/unit/tables_test.c, tests/golden/running
 */
#ifndef SERVICES_SSH_CONF_H
#define SERVICES_SSH_CONF_H

#include "conf/bind.h"
#include "services/access_list.h"
#include "services/ssh_profile.h"

/* The same rows fill both profiles, so in both structs it stands first. */
struct ssh_vrf_conf {
	struct ssh_profile profile; /* as configured */
	char *name;
};

struct ssh_netconf_vrf_conf {
	char *name;
	int64_t port; /* SSH_UNSET: that of the server */
	char *ipv4_access_list, *ipv6_access_list;
};

struct ssh_conf {
	struct ssh_profile server; /* as configured; timeout_s is "ssh timeout" */
	bool v1;		   /* stored only: no SSHv1 here */
	bool v2;
	struct bind_list vrfs; /* struct ssh_vrf_conf */
	struct access_lists_conf access_lists;
	int64_t netconf_port; /* SSH_UNSET: NETCONF_PORT_DEFAULT, and no port of its own where no VRF is named */
	struct bind_list netconf_vrfs; /* struct ssh_netconf_vrf_conf */
};

#define NETCONF_PORT_DEFAULT 830 /* RFC 6242 section 6 */

/* A VRF where NETCONF has a port of its own. */
struct ssh_netconf {
	const char *vrf_name;
	uint16_t port;
	const char *ipv4_access_list, *ipv6_access_list; /* NULL: everybody may connect */
};

extern const struct stmt ssh_conf_children[];
#define SSH_CONF_ROW                                                                                 \
	{                                                                                            \
		.kind = STMT_NODE, .word = "ssh", .help = "Provide SSH service", .sub = ssh_conf_children, \
		.task = "crypto", .source = "seed: Implementing Secure Shell", .owners = OWNER_SSHD  \
	}

/* The VRF's own settings, or NULL. */
const struct ssh_vrf_conf *ssh_conf_vrf(const struct ssh_conf *conf, const char *vrf_name);
/* Whether a configuration offers what has this name on the wire, were every host key there. */
bool ssh_conf_offers(const struct tree *tree, const char *vrf_name, const char *name);
/* Those that are named; with nothing but a port the default VRF. */
size_t ssh_conf_netconf_len(const struct ssh_conf *conf);
void ssh_conf_netconf_at(const struct ssh_conf *conf, size_t place, struct ssh_netconf *ret_netconf);
bool ssh_conf_netconf(const struct ssh_conf *conf, const char *vrf_name, struct ssh_netconf *ret_netconf);

/* What holds in a VRF, one that has no entry included. */
void ssh_conf_profile(const struct ssh_conf *conf, const char *vrf_name, uint16_t default_port,
		      struct ssh_profile *ret_profile);

#endif
