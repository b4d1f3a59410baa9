/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the login of an open session, played again against a configuration that is not yet in force: its VRF, its port,
 * its user, the user's groups, and the way he authenticated.
 */
#include "conf/confd_lockout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/root.h"

#define PATH_BYTES 160 /* two names of 32 bytes and keywords */

struct finder {
	const struct tree *running, *wanted;
	const struct lockout_session *session;
	void (*report)(const char *sentence, bool is_warning, void *userdata);
	void *userdata;
};

static void __attribute__((format(printf, 3, 4)))
finder_report(const struct finder *finder, bool is_warning, const char *format, ...)
{
	char sentence[256];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	finder->report(sentence, is_warning, finder->userdata);
}

/* ---- looking into a tree ---- */

struct key_search {
	const char *const *keys;
	bool found;
};

static void on_key(const char *key, void *userdata)
{
	struct key_search *search = userdata;

	for (size_t i = 0; search->keys[i]; i++)
		search->found = search->found || !strcmp(search->keys[i], key);
}

static bool has_any_key(const struct tree *tree, const char *path, const char *const *keys)
{
	struct key_search search = { .keys = keys };

	tree_keys(tree, path, on_key, &search);
	return search.found;
}

static bool has_key(const struct tree *tree, const char *path, const char *key)
{
	const char *const keys[] = { key, NULL };

	return has_any_key(tree, path, keys);
}

static bool may_configure(const struct tree *tree, const char *user)
{
	struct task_set tasks = { .access = { 0 } };

	conf_user_tasks(tree, user, &tasks);
	return task_set_has(&tasks, TASK_CONFIGURE, TASK_WRITE);
}

struct key_walk {
	const struct tree *other;
	const char *path;
	bool any, shared;
};

static void on_keystring(const char *key, void *userdata)
{
	struct key_walk *walk = userdata;

	walk->any = true;
	walk->shared = walk->shared || has_key(walk->other, walk->path, key);
}

/* Whether the user had keys and keeps none of them. */
static bool loses_keys(const struct finder *finder)
{
	char path[PATH_BYTES];
	struct key_walk walk = { .other = finder->wanted, .path = path };

	snprintf(path, sizeof(path), "username %s keystring", finder->session->user);
	tree_keys(finder->running, path, on_keystring, &walk);
	return walk.any && !walk.shared;
}

static bool loses_secret(const struct finder *finder)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "username %s secret", finder->session->user);
	return tree_get(finder->running, path) && !tree_get(finder->wanted, path);
}

/* A setting of the session's VRF, or of all VRFs; NULL when neither says it. */
static const char *setting(const struct tree *tree, const char *vrf, const char *words)
{
	char path[PATH_BYTES];
	const char *value;

	snprintf(path, sizeof(path), "ssh server vrf %s %s", vrf, words);
	value = tree_get(tree, path);
	if (value)
		return value;
	snprintf(path, sizeof(path), "ssh server %s", words);
	return tree_get(tree, path);
}

/* ---- the rules ---- */

static void find_vrf(const struct finder *finder)
{
	const char *vrf = finder->session->vrf;

	if (has_key(finder->running, "ssh server vrf", vrf) &&
	    !has_key(finder->wanted, "ssh server vrf", vrf))
		finder_report(finder, false,
			      "the SSH server would no longer accept sessions in VRF %s, from which you are "
			      "connected (no ssh server vrf %s)",
			      vrf, vrf);
}

static void find_user(const struct finder *finder)
{
	const char *user = finder->session->user;

	if (has_key(finder->running, "username", user) && !has_key(finder->wanted, "username", user)) {
		finder_report(finder, false,
			      "the user '%s', as whom you are logged in, would be gone (no username %s)",
			      user, user);
		return;
	}
	if (may_configure(finder->running, user) && !may_configure(finder->wanted, user))
		finder_report(finder, false,
			      "the user '%s', as whom you are logged in, would be in no group that may "
			      "configure (task config-services write)",
			      user);
	if (finder->session->method == LOCKOUT_PUBLIC_KEY && loses_keys(finder))
		finder_report(finder, false,
			      "the user '%s' would keep none of its public keys, with which you logged in",
			      user);
	if ((finder->session->method == LOCKOUT_PASSWORD ||
	     finder->session->method == LOCKOUT_KEYBOARD_INTERACTIVE) &&
	    loses_secret(finder))
		finder_report(finder, false, "the user '%s' would have no secret, with which you logged in",
			      user);
}

static void find_method(const struct finder *finder)
{
	static const struct {
		const char *words, *name;
	} methods[LOCKOUT_METHOD_MAX] = {
		[LOCKOUT_PASSWORD] = { "disable auth-methods password", "passwords" },
		[LOCKOUT_PUBLIC_KEY] = { "disable auth-methods public-key", "public keys" },
		[LOCKOUT_KEYBOARD_INTERACTIVE] = { "disable auth-methods keyboard-interactive",
						   "questions and answers" },
	};
	const char *words = methods[finder->session->method].words, *vrf = finder->session->vrf;

	if (words && !setting(finder->running, vrf, words) && setting(finder->wanted, vrf, words))
		finder_report(finder, false,
			      "VRF %s would no longer take %s, with which you logged in (ssh server %s)", vrf,
			      methods[finder->session->method].name, words);
}

static void find_access_list(const struct finder *finder)
{
	const struct lockout_session *session = finder->session;
	const struct conf_login login = { .vrf = session->vrf,
					  .client_address = session->peer_address,
					  .client_port = session->peer_port,
					  .server_address = session->local_address,
					  .server_port = session->local_port };
	const char *before, *list;

	if (conf_login_allowed(finder->running, &login, &before) &&
	    !conf_login_allowed(finder->wanted, &login, &list))
		finder_report(finder, false, "the access list %s of VRF %s would not let your address %s in",
			      list, session->vrf, session->peer_address);
	if (conf_line_allowed(finder->running, &login) && !conf_line_allowed(finder->wanted, &login))
		finder_report(finder, false,
			      "no line would take SSH from your address %s (transport input, access-class)",
			      session->peer_address);
}

static void find_port(const struct finder *finder)
{
	const char *before = setting(finder->running, finder->session->vrf, "port");
	const char *after = setting(finder->wanted, finder->session->vrf, "port");

	if (strcmp(before ? before : "", after ? after : ""))
		finder_report(
			finder, true,
			"the SSH server of VRF %s takes new sessions on %s %s from now on; this session "
			"goes on",
			finder->session->vrf, after ? "port" : "its", after ? after : "default port");
}

/* The client may have others of a kind, so that is no reason to refuse. */
static void find_algorithms(const struct finder *finder)
{
	const struct lockout_session *session = finder->session;
	const struct {
		const char *kind, *name;
	} used[] = {
		{ "key exchange", session->kex },
		{ "host key", session->host_key },
		{ "cipher", session->cipher },
		{ "MAC", session->mac },
	};

	for (size_t i = 0; i < ARRAY_SIZE(used); i++)
		if (used[i].name[0] && conf_ssh_offers(finder->running, session->vrf, used[i].name) &&
		    !conf_ssh_offers(finder->wanted, session->vrf, used[i].name))
			finder_report(finder, true,
				      "the %s of this session, %s, is no longer offered in VRF %s: see that your "
				      "client has another of those in 'show ssh server'",
				      used[i].kind, used[i].name, session->vrf);
}

void confd_lockout_find(const struct tree *running, const struct tree *wanted,
			const struct lockout_session *session,
			void (*report)(const char *sentence, bool is_warning, void *userdata), void *userdata)
{
	const struct finder finder = { running, wanted, session, report, userdata };

	find_vrf(&finder);
	find_user(&finder);
	find_method(&finder);
	find_access_list(&finder);
	find_port(&finder);
	find_algorithms(&finder);
}
