/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/varlink_service.h - the interface org.varlink.service, which every Varlink server answers
 *
 * Shapes:  one interface row; userdata of its methods is the server's own list of interfaces
 * Units:   none
 * Errors:  InterfaceNotFound and InvalidParameter of org.varlink.service, to the peer
 * Owns:    const data
 * Runs in: every daemon, through base/varlink_server.c; nobody else includes it
 * Source:  the Varlink service interface (varlink.org)
 * Tests:   tests/unit/varlink_test.c
 */
#ifndef BASE_VARLINK_SERVICE_H
#define BASE_VARLINK_SERVICE_H

#include "base/varlink.h"

extern const struct varlink_interface varlink_service[]; /* one, ends with {NULL} */

#endif
