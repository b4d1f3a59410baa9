/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/root.h - the whole configuration tree, assembled from the tables of all folders, and the list of members
 *
 * Shapes:  conf_root, an array of top rows; struct conf_member, one per daemon that takes a slice
 * Units:   none
 * Errors:  none
 * Owns:    const data
 * Runs in: sallyport-confd, CLI; an assembly file: the only place of conf/ that may name its siblings
 * Source:  architecture.md "The one table"
 * Tests:   tests/unit/tables_test.c
 */
#ifndef CONF_ROOT_H
#define CONF_ROOT_H

#include <stdint.h>

#include "conf/stmt.h"
#include "conf/task.h"

struct tree;

struct conf_member {
	const char *name;	  /* "sshd" */
	unsigned owner;		  /* OWNER_SSHD */
	const char *socket_name; /* "sshd.varlink", in the run directory */
};

/* A connection as the SSH server saw it. */
struct conf_login {
	const char *vrf, *client_address, *server_address;
	uint16_t client_port, server_port;
};

/* Whether the access lists of a configuration would let it in; *ret_list: by which list, "" none. */
bool conf_login_allowed(const struct tree *tree, const struct conf_login *login, const char **ret_list);

/* Whether the SSH server of a VRF would offer what has this name on the wire, were every host key there. */
bool conf_ssh_offers(const struct tree *tree, const char *vrf, const char *name);
/* Whether some terminal line of a configuration would take it. */
bool conf_line_allowed(const struct tree *tree, const struct conf_login *login);
/* Adds what the user's groups give. */
void conf_user_tasks(const struct tree *tree, const char *user, struct task_set *set);
/* Calls on_user for each local user. */
void conf_each_user(const struct tree *tree, void (*on_user)(const char *user, void *userdata), void *userdata);
/* What cannot be meant across the statements of confd's own slice. */
void conf_check(const struct tree *tree, void (*on_fault)(const char *line, const char *reason, void *userdata),
		void *userdata);

extern const struct stmt conf_root[];
extern const struct conf_member conf_members[]; /* ends with {NULL} */

#endif
