/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/confd_round.h - one conversation with the members about one configuration: check, prepare, apply or abort
 *
 * Shapes:  struct confd_round, the members that take part and what they answered; private to sallyport-confd
 * Units:   each member has CONFD_MEMBER_TIMEOUT_MS for each answer
 * Errors:  faults of members, and members that do not answer, are collected as JSON {line, reason}
 * Owns:    the round owns its calls; freeing it takes them back
 * Runs in: sallyport-confd (libevent loop)
 * Source:  architecture.md walk (b)
 * Tests:   tests/system/test_commit.py
 *
 * A member that is not running (nobody listens) takes no part and blocks nothing: it fetches its slice when it starts.
 */
#ifndef CONF_CONFD_ROUND_H
#define CONF_CONFD_ROUND_H

#include "conf/confd.h"

#define CONFD_MEMBER_TIMEOUT_MS 3000
#define CONFD_FAULTS_MAX	1000u /* of one answer */

enum round_phase { ROUND_CHECK, ROUND_PREPARE, ROUND_APPLY, ROUND_ABORT, ROUND_PHASE_MAX };

struct confd_round;

/* The members whose slices belong to any of the owners, with their slices of the tree. */
int confd_round_new(const struct confd *confd, const struct tree *tree, const char *commit_id, unsigned owners,
		    struct confd_round **ret_round);
void confd_round_free(struct confd_round *round); /* NULL is fine */
/* Asks all that take part; on_done is called once when each has answered or cannot: perhaps before this returns. */
void confd_round_ask(struct confd_round *round, enum round_phase phase, void (*on_done)(void *userdata),
		     void *userdata);
/* Faults of check and prepare so far; borrowed. */
json_t *confd_round_faults(const struct confd_round *round);
/* Owners of the members that run but did not confirm apply. */
unsigned confd_round_missed(const struct confd_round *round);

/* Adds one fault; texts that are not UTF-8 become "". */
void confd_fault_add(json_t *faults, const char *line, const char *reason);

#endif
