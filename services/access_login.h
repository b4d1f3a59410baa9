/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/access_login.h - whether the access lists of a configuration would let a client log in
 *
 * Shapes:  a configuration tree that is not in force, and a connection
 * Units:   ports in host order
 * Errors:  none: what cannot be judged is let in
 * Owns:    nothing
 * Runs in: sallyport-confd, by conf/root.c; pure
 * Source:  issue: self-lockout guard
 * Tests:   tests/unit/confd_lockout_test.c
 */
#ifndef SERVICES_ACCESS_LOGIN_H
#define SERVICES_ACCESS_LOGIN_H

#include "conf/root.h"
#include "conf/tree.h"

/* Plays the connection against the list that stands at "ssh server vrf VRF ipv4|ipv6 access-list". *ret_list is that
 * list's name, "" when there is none; valid as long as the tree. */
bool access_login_allowed(const struct tree *tree, const struct conf_login *login, const char **ret_list);
/* Whether the list lets it in; a list of its family that does not exist says nothing. */
bool access_login_list_permits(const struct tree *tree, const struct conf_login *login, const char *list);

#endif
