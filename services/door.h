/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/door.h - what stands between a connection and its session: access list, penalties, limits
 *
 * Shapes:  struct door; it asks in this order, by the profile of the connection's VRF
 * Units:   none
 * Errors:  0 or -errno; a refusal is a verdict
 * Owns:    the door owns admission, penalties, access lists and the connections it has refused and not yet closed
 * Runs in: sallyport-sshd main loop
 * Source:  issue: limits, penalties, access lists enforced at accept; features.md section 5 items 10 and 11
 * Tests:   tests/system/test_limits.py, tests/system/test_access_list.py, tests/lab/scenario/profiles
 *
 *   accept --> access list --> penalty --> admission --> session
 *                 |  closed at once  |  told why, closed when the client has read it
 */
#ifndef SERVICES_DOOR_H
#define SERVICES_DOOR_H

#include "services/access_list.h"
#include "services/admission.h"
#include "services/listener.h"
#include "services/penalty.h"

struct door;

/* conf: *conf is the configuration in force, NULL before the first. */
int door_new(const struct sshd_conf *const *conf, uint16_t default_port, struct door **ret_door);
void door_free(struct door *door); /* closes what is still to be closed */

/* A commit: prepare may fail with -ENOMEM, apply cannot, abort takes prepare back. */
int door_prepare(struct door *door, const struct ssh_conf *next);
void door_apply(struct door *door);
void door_abort(struct door *door);

/* Whether the connection may begin; it is counted then. When not, the client is told and the descriptor is taken. */
bool door_ask(struct door *door, const struct listener_connection *connection, struct admission_source *ret_source);
/* The same for one that could not be served after all. */
void door_short(struct door *door, const struct listener_connection *connection, const struct admission_source *source);
/* The same for one that may not have a line. text is for the client. */
void door_no_line(struct door *door, const struct listener_connection *connection,
		  const struct admission_source *source, bool denied, const char *text);
/* Whether the access list, which there is, lets it in. */
bool door_list_permits(struct door *door, const char *name, const struct access_flow *flow);
/* One was lost, or there was no descriptor for it: gives up those of clients that are still being told. */
void door_exhausted(struct door *door, const struct admission_source *source);
int door_restore(struct door *door, const struct admission_source *source, bool authenticated);
/* It has authenticated; false when that is one session too many. */
bool door_promote(struct door *door, const struct admission_source *source);
/* It has ended. One that never authenticated may have earned a penalty. */
void door_leave(struct door *door, const struct admission_source *source, const struct session_report *report,
		bool authenticated);
/* Called when a source is shut out, so that the next daemon will know even when this one dies at once. */
void door_on_shut_out(struct door *door, void (*on_shut_out)(void *userdata), void *userdata);
/* Once a second: logs what was refused, closes, forgets. */
void door_tick(struct door *door);

struct admission *door_admission(const struct door *door);
struct penalties *door_penalties(const struct door *door);
const struct access_lists *door_access_lists(const struct door *door);
size_t door_clear_access(struct door *door, enum access_family family, const char *name);
/* The session limit that holds in a VRF. */
void door_limits(const struct door *door, const char *vrf_name, struct admission_limits *ret_limits);

#endif
