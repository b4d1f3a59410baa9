/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the self-lockout guard: which SSH session a caller works in, and what a commit would do to it. The
 * session is the one whose monitor is an ancestor of the caller's process; the SSH server tells us its
 * sessions, the kernel the ancestors, the caller nothing. A process without such an ancestor works on the
 * machine itself and has no session to lose, and so has root, as which no session ever runs. Where the SSH
 * server does not answer nobody can be warned: a router must be configurable while it is down. The guard
 * keeps an operator from a mistake; it is no border, as "commit force" says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/confd.h"
#include "conf/confd_lockout.h"
#include "conf/root.h"

#define ANCESTORS_MAX	 64u
#define SESSIONS_WAIT_MS 2000
#define LIST_SESSIONS	 "org.sallyport.SSH.ListSessions"

struct confd_guard {
	const struct confd *confd;
	const struct tree *wanted;
	uint32_t ancestors[ANCESTORS_MAX];
	size_t ancestors_len;
	struct varlink_link *link;
	json_t *locked, *warnings;
	confd_on_guard on_answer;
	void *userdata;
};

static void guard_note_ancestors(struct confd_guard *guard, uint32_t pid)
{
	while (pid > 1 && guard->ancestors_len < ANCESTORS_MAX) {
		guard->ancestors[guard->ancestors_len++] = pid;
		pid = confd_process_parent(pid);
	}
}

static bool guard_descends_from(const struct confd_guard *guard, json_int_t pid)
{
	for (size_t i = 0; i < guard->ancestors_len; i++) {
		if (guard->ancestors[i] == pid)
			return true;
	}
	return false;
}

static bool take_text(const json_t *row, const char *name, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(row, name));

	if (!text || strlen(text) >= size)
		return false;
	snprintf(to, size, "%s", text);
	return true;
}

static enum lockout_method take_method(const json_t *row)
{
	static const struct {
		const char *word;
		enum lockout_method method;
	} words[] = {
		{ "password", LOCKOUT_PASSWORD },
		{ "public-key", LOCKOUT_PUBLIC_KEY },
		{ "key-intr", LOCKOUT_KEYBOARD_INTERACTIVE },
	};
	const char *word = json_string_value(json_object_get(row, "authentication"));

	for (size_t i = 0; word && i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i].word, word))
			return words[i].method;
	}
	return LOCKOUT_OTHER;
}

static void on_finding(const char *sentence, bool is_warning, void *userdata)
{
	struct confd_guard *guard = userdata;

	json_array_append_new(is_warning ? guard->warnings : guard->locked, json_string(sentence));
}

static void guard_judge(struct confd_guard *guard, const json_t *sessions)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(sessions, i, entry)
	{
		const json_t *row = json_object_get(entry, "session");
		struct lockout_session session = { .method = take_method(row) };

		if (!guard_descends_from(guard, json_integer_value(json_object_get(row, "pid"))) ||
		    !take_text(row, "vrf", session.vrf, sizeof(session.vrf)) ||
		    !take_text(row, "user", session.user, sizeof(session.user)))
			continue;
		take_text(row, "peer_address", session.peer_address, sizeof(session.peer_address));
		take_text(row, "local_address", session.local_address, sizeof(session.local_address));
		take_text(row, "kex", session.kex, sizeof(session.kex));
		take_text(row, "host_key", session.host_key, sizeof(session.host_key));
		take_text(row, "cipher_in", session.cipher, sizeof(session.cipher));
		take_text(row, "mac_in", session.mac, sizeof(session.mac));
		session.peer_port = (uint16_t)json_integer_value(json_object_get(row, "peer_port"));
		session.local_port = (uint16_t)json_integer_value(json_object_get(row, "local_port"));
		confd_lockout_find(guard->confd->running, guard->wanted, &session, on_finding, guard);
	}
}

static void guard_answer(struct confd_guard *guard)
{
	guard->on_answer(take(guard->locked), take(guard->warnings), guard->userdata);
}

static void on_sessions(int result, const char *error_name, const json_t *parameters, void *userdata)
{
	struct confd_guard *guard = userdata;

	(void)error_name;
	guard->link = NULL;
	if (result == 0)
		guard_judge(guard, json_object_get(parameters, "sessions"));
	guard_answer(guard);
}

int confd_guard_ask(const struct confd *confd, const struct confd_caller *caller, const struct tree *wanted,
		    confd_on_guard on_answer, void *userdata, struct confd_guard **ret_guard)
{
	struct confd_guard *guard = calloc(1, sizeof(*guard));
	AUTO(free) char *path = NULL;

	if (!guard)
		return -ENOMEM;
	*guard = (struct confd_guard){
		.confd = confd, .wanted = wanted, .on_answer = on_answer, .userdata = userdata
	};
	guard->locked = json_array();
	guard->warnings = json_array();
	if (asprintf(&path, "%s/sshd.varlink", confd->run_dir) < 0)
		path = NULL;
	if (!guard->locked || !guard->warnings || !path) {
		confd_guard_free(guard);
		return -ENOMEM;
	}
	*ret_guard = guard;
	if (caller->uid != 0)
		guard_note_ancestors(guard, caller->process.pid);
	if (!guard->ancestors_len ||
	    varlink_link_call(confd->base, path, LIST_SESSIONS, NULL, SESSIONS_WAIT_MS, on_sessions, guard,
			      &guard->link) < 0) {
		guard->link = NULL;
		guard_answer(guard);
	}
	return 0;
}

void confd_guard_free(struct confd_guard *guard)
{
	if (!guard)
		return;
	varlink_link_free(guard->link);
	json_decref(guard->locked);
	json_decref(guard->warnings);
	free(guard);
}
