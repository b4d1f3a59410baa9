/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_varlink.h - org.sallyport.SSH, and the member's side of commits, on sshd.varlink
 *
 * Shapes:  the server's userdata is struct sshd
 * Units:   see ssh_report.h
 * Errors:  Varlink errors; ClearSession is refused to users outside root-lr, netadmin and sysadmin
 * Owns:    the server is the caller's
 * Runs in: sallyport-sshd main loop
 * Source:  architecture.md walk (c): the daemon checks the caller again
 * Tests:   tests/system/test_session_server.py
 */
#ifndef SERVICES_SSHD_VARLINK_H
#define SERVICES_SSHD_VARLINK_H

#include "base/varlink.h"
#include "services/sshd.h"

/* Whether the caller may do what asks for this: root, the daemon's own uid, confd's, and users by their groups. Fills
 * his name for the log in any case. */
bool sshd_varlink_may(const struct sshd *sshd, const struct ucred *peer, const char *task, unsigned access, char *name,
		      size_t size_bytes);
/* The same; if not, the call is answered. */
bool sshd_varlink_permits(const struct sshd *sshd, struct varlink_call *call, const char *task, unsigned access);
/* Whether the caller may do whatever the user may, so that nothing is gained by taking his place. */
bool sshd_varlink_may_be(const struct sshd *sshd, const struct ucred *peer, const char *user);
/* The text of every interface served. 0 or -ENOMEM. */
int sshd_varlink_describe(FILE *out);
int sshd_varlink_new(struct sshd *sshd, struct varlink_server **ret_server, struct err *err);

#endif
