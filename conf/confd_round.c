/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: asks all members the same question at the same time and counts the answers. What a member says
 * is bounded and taken apart here; the caller sees faults only.
 */
#include "conf/confd_round.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define MEMBERS_MAX 8u

static const char *const phase_methods[] = {
	[ROUND_CHECK] = MEMBER_INTERFACE ".Check",
	[ROUND_PREPARE] = MEMBER_INTERFACE ".Prepare",
	[ROUND_APPLY] = MEMBER_INTERFACE ".Apply",
	[ROUND_ABORT] = MEMBER_INTERFACE ".Abort",
};

struct round_member {
	struct confd_round *round;
	const struct conf_member *row;
	char *slice;		   /* what it is asked about */
	struct varlink_link *link; /* NULL: not being asked */
	bool takes_part;
};

struct confd_round {
	const struct confd *confd;
	char commit_id[16];
	struct round_member members[MEMBERS_MAX];
	size_t len;
	enum round_phase phase;
	unsigned pending; /* answers still to come, and one while asking */
	json_t *faults;
	unsigned missed;
	void (*on_done)(void *userdata);
	void *userdata;
};

void confd_fault_add(json_t *faults, const char *line, const char *reason)
{
	if (json_array_size(faults) >= CONFD_FAULTS_MAX)
		return;
	json_array_append_new(faults, json_pack("{s:o, s:o}", "line", json_string(line) ?: json_string(""),
						"reason", json_string(reason) ?: json_string("")));
}

int confd_round_new(const struct confd *confd, const struct tree *tree, const char *commit_id,
		    unsigned owners, struct confd_round **ret_round)
{
	struct confd_round *round = calloc(1, sizeof(*round));

	if (!round)
		return -ENOMEM;
	round->confd = confd;
	round->faults = json_array();
	snprintf(round->commit_id, sizeof(round->commit_id), "%s", commit_id);
	for (const struct conf_member *row = conf_members; row->name && round->len < MEMBERS_MAX; row++) {
		struct round_member *member = &round->members[round->len];

		if (!(row->owner & owners))
			continue;
		*member = (struct round_member){ .round = round, .row = row, .takes_part = true };
		member->slice = confd_slice_text(tree, row->owner);
		round->len++;
		if (!member->slice)
			break;
	}
	if (!round->faults || (round->len && !round->members[round->len - 1].slice)) {
		confd_round_free(round);
		return -ENOMEM;
	}
	*ret_round = round;
	return 0;
}

void confd_round_free(struct confd_round *round)
{
	if (!round)
		return;
	for (size_t i = 0; i < round->len; i++) {
		struct round_member *member = &round->members[i];

		varlink_link_free(member->link);
		if (member->slice) {
			explicit_bzero(member->slice, strlen(member->slice)); /* password hashes */
			free(member->slice);
		}
	}
	json_decref(round->faults);
	free(round);
}

static void round_count_down(struct confd_round *round)
{
	if (--round->pending == 0)
		round->on_done(round->userdata);
}

static void member_did_not_answer(struct round_member *member, int result, const char *error_name)
{
	struct confd_round *round = member->round;
	char reason[256];

	switch (round->phase) {
	case ROUND_CHECK:
	case ROUND_PREPARE:
		if (result == -ETIMEDOUT)
			snprintf(reason, sizeof(reason), "sallyport-%s did not answer within %d s",
				 member->row->name, CONFD_MEMBER_TIMEOUT_MS / 1000);
		else
			snprintf(reason, sizeof(reason), "sallyport-%s did not answer: %s", member->row->name,
				 result == -EREMOTEIO && error_name ? error_name : strerror(-result));
		confd_fault_add(round->faults, "", reason);
		break;
	case ROUND_APPLY:
		round->missed |= member->row->owner;
		break;
	case ROUND_ABORT: /* it gives up by itself after a while: conf/member.h */
	case ROUND_PHASE_MAX:
		break;
	}
}

static void member_take_faults(struct round_member *member, const json_t *parameters)
{
	const json_t *faults = json_object_get(parameters, "faults"), *fault;
	size_t i;

	json_array_foreach(faults, i, fault) {
		const char *line = json_string_value(json_object_get(fault, "line"));
		const char *reason = json_string_value(json_object_get(fault, "reason"));

		confd_fault_add(member->round->faults, line ? line : "",
				reason ? reason : "refused without a reason");
	}
}

static void member_answered(int result, const char *error_name, const json_t *parameters, void *userdata)
{
	struct round_member *member = userdata;

	member->link = NULL;
	if (result == -ENOENT || result == -ECONNREFUSED)
		member->takes_part = false;
	else if (result < 0)
		member_did_not_answer(member, result, error_name);
	else if (member->round->phase == ROUND_CHECK || member->round->phase == ROUND_PREPARE)
		member_take_faults(member, parameters);
	round_count_down(member->round);
}

static json_t *phase_parameters(const struct round_member *member)
{
	const struct confd_round *round = member->round;

	if (round->phase == ROUND_CHECK || round->phase == ROUND_PREPARE)
		return json_pack("{s:s, s:s}", "commit_id", round->commit_id, "text", member->slice);
	return json_pack("{s:s}", "commit_id", round->commit_id);
}

static void member_ask(struct round_member *member)
{
	const struct confd_round *round = member->round;
	AUTO(free) char *path = NULL;
	struct varlink_link *link = NULL;
	int r;

	if (asprintf(&path, "%s/%s", round->confd->run_dir, member->row->socket_name) < 0) {
		path = NULL;
		member_answered(-ENOMEM, NULL, NULL, member);
		return;
	}
	r = varlink_link_call(round->confd->base, path, phase_methods[round->phase], phase_parameters(member),
			      CONFD_MEMBER_TIMEOUT_MS, member_answered, member, &link);
	if (r < 0)
		member_answered(r, NULL, NULL, member);
	else
		member->link = link;
}

void confd_round_ask(struct confd_round *round, enum round_phase phase, void (*on_done)(void *userdata),
		     void *userdata)
{
	round->phase = phase;
	round->on_done = on_done;
	round->userdata = userdata;
	round->pending = 1;
	for (size_t i = 0; i < round->len; i++) {
		if (!round->members[i].takes_part)
			continue;
		round->pending++;
		member_ask(&round->members[i]);
	}
	round_count_down(round);
}

json_t *confd_round_faults(const struct confd_round *round)
{
	return round->faults;
}

unsigned confd_round_missed(const struct confd_round *round)
{
	return round->missed;
}
