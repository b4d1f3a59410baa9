/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the member's half of a commit. A member holds at most one wanted configuration beside the one in
 * force, and gets to the running one by two roads: it asks for its slice at start, and confd leads it
 * through each commit after that.
 *
 * How a member never stays behind: confd holds GetSlice back while a commit is under way, brings every
 * member up to date at its own start, and repeats an apply that was not confirmed; a member that was
 * left alone with a checked or prepared configuration for STEP_MS drops it and asks again. A slice with
 * the text that is in force already changes nothing.
 */
#include "conf/member.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/config_report.h"

#define PULL_FIRST_MS 50
#define PULL_MAX_MS   1000
#define PULL_TIMEOUT_MS \
	15000 /* confd may hold the answer back for a whole commit: check, prepare, record, apply */
#define FIRST_MS   2000
#define STEP_MS	   10000 /* confd waits 3 s for each member's answer */
#define FAULTS_MAX 1000u

enum member_state { MEMBER_IDLE, MEMBER_CHECKED, MEMBER_PREPARED };

struct member {
	struct event_base *base;
	char *confd_path, *name;
	const struct stmt *root;
	uid_t peer_uid;
	const struct member_ops *ops;
	void (*on_first)(void *userdata); /* NULL once called */
	void *userdata;

	char id[16]; /* of the commit in force, "" before the first */
	char *text;  /* in force; NULL before the first */

	enum member_state state;
	char wanted_id[16];
	char *wanted_text;
	struct tree *wanted;
	bool same; /* wanted is in force already: nothing is called */

	struct varlink_link *pull; /* GetSlice under way */
	struct event *pull_timer, *first_timer, *step_timer;
	int pull_pause_ms;
	bool pull_again; /* an answer came in the middle of a commit */
	bool told;	 /* the operator knows that the slice is not accepted */
};

static struct member *(*member_lookup)(void *server_userdata);

void member_set_lookup(struct member *(*member_of)(void *server_userdata))
{
	member_lookup = member_of;
}

/* ---- faults ---- */

static void fault_add(json_t *faults, const char *line, const char *reason)
{
	if (json_array_size(faults) >= FAULTS_MAX)
		return;
	json_array_append_new(faults, json_pack("{s:o, s:o}", "line", json_string(line) ?: json_string(""),
						"reason", json_string(reason) ?: json_string("refused")));
}

static void on_fault(const struct member_fault *fault, void *to)
{
	fault_add(to, fault->line ? fault->line : "", fault->reason ? fault->reason : "refused");
}

static void on_parse_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)line_number;
	fault_add(userdata, line, reason);
}

/* ---- one configuration through its steps ---- */

static void text_free(char *text)
{
	if (!text)
		return;
	explicit_bzero(text, strlen(text)); /* password hashes */
	free(text);
}

static void timer_start(struct event *timer, int pause_ms)
{
	struct timeval pause = { .tv_sec = pause_ms / 1000, .tv_usec = pause_ms % 1000 * 1000 };

	event_add(timer, &pause);
}

/* Forgets the wanted configuration, wherever it had got to. */
static void member_drop(struct member *member)
{
	if (member->state == MEMBER_PREPARED && !member->same)
		member->ops->abort(member->userdata);
	member->state = MEMBER_IDLE;
	tree_free(take(member->wanted));
	text_free(take(member->wanted_text));
	event_del(member->step_timer);
}

/* Makes text the wanted configuration and checks it. Faults are added; without any it is CHECKED. */
static void member_check(struct member *member, const char *id, const char *text, json_t *faults)
{
	int r;

	member_drop(member);
	member->same = member->text && !strcmp(member->text, text);
	r = tree_new(member->root, &member->wanted);
	if (r == 0)
		r = tree_parse(member->wanted, text, on_parse_fault, faults, NULL);
	if (r == 0 && json_array_size(faults) == 0 && !member->same)
		r = member->ops->check(member->wanted, on_fault, faults, member->userdata);
	member->wanted_text = strdup(text);
	if (r == 0 && !member->wanted_text)
		r = -ENOMEM;
	if (r < 0 && json_array_size(faults) == 0)
		fault_add(faults, "", strerror(-r));
	if (json_array_size(faults)) {
		member_drop(member);
		return;
	}
	snprintf(member->wanted_id, sizeof(member->wanted_id), "%s", id);
	member->state = MEMBER_CHECKED;
	timer_start(member->step_timer, STEP_MS);
}

static void member_prepare(struct member *member, json_t *faults)
{
	int r = 0;

	if (!member->same)
		r = member->ops->prepare(member->wanted, on_fault, faults, member->userdata);
	if (r < 0 && json_array_size(faults) == 0)
		fault_add(faults, "", strerror(-r));
	if (json_array_size(faults)) {
		member_drop(member);
		return;
	}
	member->state = MEMBER_PREPARED;
	timer_start(member->step_timer, STEP_MS);
}

static void member_first(struct member *member)
{
	void (*on_first)(void *userdata) = take(member->on_first);

	event_del(member->first_timer);
	if (on_first)
		on_first(member->userdata);
}

/* What was prepared comes into force; whatever GetSlice was to bring is older. */
static void member_apply(struct member *member)
{
	if (!member->same)
		member->ops->apply(member->userdata);
	text_free(member->text);
	member->text = take(member->wanted_text);
	snprintf(member->id, sizeof(member->id), "%s", member->wanted_id);
	member->state = MEMBER_IDLE;
	member_drop(member);

	varlink_link_free(take(member->pull));
	event_del(member->pull_timer);
	member->pull_again = false;
	member->told = false;
	member_first(member);
}

/* ---- GetSlice ---- */

static void pull_later(struct member *member, int pause_ms)
{
	member->pull_pause_ms = pause_ms;
	timer_start(member->pull_timer, pause_ms);
}

static void pull_failed(struct member *member, const char *reason)
{
	int pause_ms = member->pull_pause_ms * 2;

	if (reason && !member->told) {
		log_event(LOG_CONFIG_ERR_GENERAL, "The running configuration is not in force here: %s",
			  reason);
		member->told = true;
	}
	pull_later(member, pause_ms < PULL_FIRST_MS ? PULL_FIRST_MS
			   : pause_ms > PULL_MAX_MS ? PULL_MAX_MS
						    : pause_ms);
}

static void pull_take(struct member *member, const char *id, const char *text)
{
	json_t *faults = json_array();

	member_check(member, id, text, faults);
	if (json_array_size(faults) == 0)
		member_prepare(member, faults);
	if (json_array_size(faults) == 0) {
		member_apply(member);
	} else {
		const char *reason = json_string_value(json_object_get(json_array_get(faults, 0), "reason"));

		pull_failed(member, reason ? reason : "refused");
	}
	json_decref(faults);
}

static void on_slice(int result, const char *error_name, const json_t *parameters, void *userdata)
{
	struct member *member = userdata;
	const char *id = json_string_value(json_object_get(parameters, "commit_id"));
	const char *text = json_string_value(json_object_get(parameters, "text"));

	member->pull = NULL;
	if (result == -EREMOTEIO)
		pull_failed(member, error_name ? error_name : "confd refused");
	else if (result < 0) /* confd is not there: as long as it is not, this is all there is */
		pull_failed(member, NULL);
	else if (!id || !text || strlen(id) >= sizeof(member->id))
		pull_failed(member, "confd gave no slice");
	else if (member->state != MEMBER_IDLE)
		member->pull_again = true; /* the commit under way brings a newer one, or asks again */
	else
		pull_take(member, id, text);
}

static void pull_start(struct member *member)
{
	int r;

	event_del(member->pull_timer);
	member->pull_again = false;
	if (member->pull)
		return;
	r = varlink_link_call(member->base, member->confd_path, CONFIG_GET_SLICE,
			      json_pack("{s:s}", "member", member->name), PULL_TIMEOUT_MS, on_slice, member,
			      &member->pull);
	if (r < 0) {
		member->pull = NULL;
		pull_failed(member, NULL);
	}
}

static void on_pull_timer(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	pull_start(userdata);
}

static void on_first_timer(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	member_first(userdata);
}

/* confd went away between two steps. */
static void on_step_timer(evutil_socket_t fd, short what, void *userdata)
{
	struct member *member = userdata;

	(void)fd;
	(void)what;
	log_debug("member", "commit %s was left unfinished", member->wanted_id);
	member_drop(member);
	member->pull_pause_ms = 0;
	pull_start(member);
}

/* ---- methods ---- */

/* The member of a call whose caller may make it, and the id of the commit; NULL when the call was
 * answered. */
static struct member *call_member(struct varlink_call *call, const json_t *parameters, void *userdata,
				  const char **ret_id)
{
	struct member *member = member_lookup(userdata);
	const struct ucred *peer = varlink_call_peer(call);
	const char *id;

	if (!member || (peer->uid != 0 && peer->uid != member->peer_uid)) {
		varlink_error_permission(call);
		return NULL;
	}
	id = json_string_value(json_object_get(parameters, "commit_id"));
	if (!id || strlen(id) >= sizeof(member->id)) {
		varlink_error_parameter(call, "commit_id");
		return NULL;
	}
	*ret_id = id;
	return member;
}

static bool member_wants(const struct member *member, const char *id)
{
	return member->state != MEMBER_IDLE && !strcmp(member->wanted_id, id);
}

static void handle_check(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const char *id, *text = json_string_value(json_object_get(parameters, "text"));
	struct member *member = call_member(call, parameters, userdata, &id);
	json_t *faults;

	if (!member)
		return;
	if (!text) {
		varlink_error_parameter(call, "text");
		return;
	}
	faults = json_array();
	member_check(member, id, text, faults);
	varlink_reply(call, json_pack("{s:o}", "faults", faults));
}

static void handle_prepare(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const char *id, *text = json_string_value(json_object_get(parameters, "text"));
	struct member *member = call_member(call, parameters, userdata, &id);
	json_t *faults;

	if (!member)
		return;
	if (!text) {
		varlink_error_parameter(call, "text");
		return;
	}
	faults = json_array();
	/* one that was restarted since the check starts over */
	if (member->state != MEMBER_CHECKED || !member_wants(member, id) || strcmp(member->wanted_text, text))
		member_check(member, id, text, faults);
	if (member->state == MEMBER_CHECKED)
		member_prepare(member, faults);
	varlink_reply(call, json_pack("{s:o}", "faults", faults));
}

static void handle_apply(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const char *id;
	struct member *member = call_member(call, parameters, userdata, &id);

	if (!member)
		return;
	if (member->state == MEMBER_PREPARED && member_wants(member, id))
		member_apply(member);
	else if (!member->text || strcmp(member->id, id)) {
		varlink_error(call, MEMBER_ERROR_NOT_PREPARED, NULL);
		return;
	}
	varlink_reply(call, NULL);
}

static void handle_abort(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const char *id;
	struct member *member = call_member(call, parameters, userdata, &id);

	if (!member)
		return;
	if (member_wants(member, id)) {
		member_drop(member);
		if (member->pull_again)
			pull_start(member);
	}
	varlink_reply(call, NULL);
}

static const struct varlink_method member_methods[] = {
	{ "Check", handle_check, "commit_id: string, text: string", "faults: []Fault",
	  "Is this slice meaningful? Nothing is changed." },
	{ "Prepare", handle_prepare, "commit_id: string, text: string", "faults: []Fault",
	  "Do all that can fail, and keep it aside." },
	{ "Apply", handle_apply, "commit_id: string", NULL, "Put in force what was prepared." },
	{ "Abort", handle_abort, "commit_id: string", NULL, "Forget what was checked or prepared." },
	{ NULL },
};

static const struct varlink_type member_types[] = {
	{ "Fault", .members = "line: string, reason: string", .help = "A statement that was refused, and why." },
	{ NULL },
};

static const struct varlink_type member_errors[] = {
	{ "NotPrepared", .help = "Nothing waits to be applied." },
	{ NULL },
};

const struct varlink_interface member_interface = {
	.name = MEMBER_INTERFACE,
	.help = "A daemon's side of a commit; for sallyport-confd and root only.",
	.types = member_types,
	.methods = member_methods,
	.errors = member_errors,
};

/* ---- the whole ---- */

int member_new(struct event_base *base, const char *confd_path, const char *member_name, unsigned owner,
	       const struct stmt *root, uid_t peer_uid, const struct member_ops *ops,
	       void (*on_first)(void *userdata), void *userdata, struct member **ret_member, struct err *err)
{
	struct member *member = calloc(1, sizeof(*member));

	(void)owner; /* confd cuts the slice by it */
	if (!member)
		return err_set(err, -ENOMEM, "out of memory");
	*member = (struct member){ .base = base,
				   .root = root,
				   .peer_uid = peer_uid,
				   .ops = ops,
				   .on_first = on_first,
				   .userdata = userdata };
	member->confd_path = strdup(confd_path);
	member->name = strdup(member_name);
	member->pull_timer = evtimer_new(base, on_pull_timer, member);
	member->first_timer = evtimer_new(base, on_first_timer, member);
	member->step_timer = evtimer_new(base, on_step_timer, member);
	if (!member->confd_path || !member->name || !member->pull_timer || !member->first_timer ||
	    !member->step_timer) {
		member_free(member);
		return err_set(err, -ENOMEM, "out of memory");
	}
	timer_start(member->first_timer, FIRST_MS);
	pull_start(member);
	*ret_member = member;
	return 0;
}

void member_free(struct member *member)
{
	if (!member)
		return;
	if (member->step_timer)
		member_drop(member);
	varlink_link_free(member->pull);
	if (member->pull_timer)
		event_free(member->pull_timer);
	if (member->first_timer)
		event_free(member->first_timer);
	if (member->step_timer)
		event_free(member->step_timer);
	text_free(member->text);
	free(member->confd_path);
	free(member->name);
	free(member);
}
