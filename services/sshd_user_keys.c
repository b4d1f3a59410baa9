/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: users' imported keys. The caller has made one line of whatever file the key came in; here it is taken apart once
 * more, because a caller may be anybody. A user may import and remove keys of his own, others' only who may configure.
 */
#include <errno.h>
#include <string.h>

#include "aaa/key_import.h"
#include "aaa/user_keys.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/sshd_keys.h"
#include "services/sshd_varlink.h"

/* What a caller asks about; false after the call was answered. */
struct user_ask {
	const char *user, *type; /* "" for every one */
};

static bool ask_read(struct varlink_call *call, const json_t *parameters, struct user_ask *ret_ask)
{
	ret_ask->user = json_string_value(json_object_get(parameters, "user"));
	ret_ask->type = json_string_value(json_object_get(parameters, "type"));
	if (!ret_ask->user)
		varlink_error_parameter(call, "user");
	else if (!ret_ask->type)
		varlink_error_parameter(call, "type");
	return ret_ask->user && ret_ask->type;
}

/* Who asks, for the log; whether he may change the keys of the user ("": of all). */
static bool may_change(const struct sshd *sshd, struct varlink_call *call, const char *user, char *name,
		       size_t size_bytes)
{
	const struct ucred *peer = varlink_call_peer(call);
	bool others = sshd_varlink_may(sshd, peer, "crypto", TASK_EXECUTE, name, size_bytes);

	/* a uid that has no name is called "uid 1000", which no user is: of blanks there are none in names */
	if (user[0] && !strcmp(name, user))
		return true;
	/* who may log in as another has that user's rights */
	return others && (!user[0] || sshd_varlink_may_be(sshd, peer, user));
}

static bool is_of_type(const struct user_key_report *row, const char *type)
{
	return !type[0] || !strcmp(type, user_key_type_words[row->type]);
}

/* ---- list ---- */

struct listing {
	const struct sshd *sshd;
	const struct user_ask *ask;
	json_t *keys;
};

static int on_listed_user(const char *user, void *userdata)
{
	const struct listing *listing = userdata;
	struct user_key_report rows[USER_KEY_PLACES_MAX];
	struct err err = { .text = "" };
	size_t len = 0;

	if (listing->ask->user[0] && strcmp(listing->ask->user, user))
		return 0;
	if (user_keys_read(listing->sshd->user_keys_dir, user, rows, &len, &err) < 0)
		log_event(LOG_SSHD_ERR_GENERAL, "The imported keys of user '%s' cannot be read: %s", user,
			  err.text);
	for (size_t i = 0; i < len; i++)
		if (is_of_type(&rows[i], listing->ask->type))
			json_array_append_new(listing->keys, field_encode(user_key_report_fields, &rows[i]));
	return 0;
}

void sshd_user_keys_list(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct user_ask ask;
	struct listing listing = { .sshd = userdata, .ask = &ask };
	int r;

	if (!sshd_varlink_permits(listing.sshd, call, "crypto", TASK_READ) || !ask_read(call, parameters, &ask))
		return;
	listing.keys = json_array();
	r = user_keys_each(listing.sshd->user_keys_dir, on_listed_user, &listing);
	if (r == 0) {
		varlink_reply(call, json_pack("{s:o}", "keys", listing.keys));
		return;
	}
	json_decref(listing.keys);
	sshd_keys_refuse(call, "The imported keys cannot be read: %s", strerror(-r));
}

/* ---- import ---- */

/* The keys of one user by place; place 0 of a row: it is free. */
struct import {
	struct user_key_report places[USER_KEY_PLACES_MAX];
	bool fresh[USER_KEY_PLACES_MAX]; /* written by this import */
	unsigned place;			 /* where the next goes, from 1; 0: found */
	const char *user, *caller;
	json_t *keys, *replaced;
};

/* Index of the place, or -1 when all four are taken. */
static int place_find(const struct import *import, int type)
{
	for (int i = 0; i < (int)USER_KEY_PLACES_MAX; i++)
		if (import->places[i].place && !import->fresh[i] && import->places[i].type == type)
			return i;
	for (int i = 0; i < (int)USER_KEY_PLACES_MAX; i++)
		if (!import->places[i].place)
			return i;
	return -1;
}

static int place_of_key(const struct import *import, const char *line)
{
	for (int i = 0; i < (int)USER_KEY_PLACES_MAX; i++)
		if (import->places[i].place && !strcmp(import->places[i].public_key, line))
			return i;
	return -1;
}

static void put_row(struct import *import, int index, const struct key_import_key *key, const char *comment,
		    const uint8_t *blob, size_t blob_len)
{
	struct user_key_report *row = &import->places[index];

	*row = (struct user_key_report){ .place = (uint32_t)index + 1,
					 .type = key->type,
					 .bits = key->bits,
					 .imported_us = clock_wall_us() };
	snprintf(row->user, sizeof(row->user), "%s", import->user);
	snprintf(row->imported_by, sizeof(row->imported_by), "%s", import->caller);
	snprintf(row->comment, sizeof(row->comment), "%.*s", (int)USER_KEY_COMMENT_MAX_BYTES,
		 comment ? comment : "");
	snprintf(row->public_key, sizeof(row->public_key), "%s", key->line);
	hostkey_fingerprint(blob, blob_len, row->fingerprint, sizeof(row->fingerprint));
}

static int import_one(struct import *import, const json_t *object, struct err *err)
{
	const char *line = json_string_value(json_object_get(object, "public_key"));
	const char *comment = json_string_value(json_object_get(object, "comment"));
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	char old[64] = "";
	size_t blob_len;
	int index, same;

	if (!line || key_import_line(line, &key, blob, &blob_len, err) < 0)
		return -EINVAL;
	same = place_of_key(import, key.line);
	index = import->place ? (int)import->place - 1 : same >= 0 ? same : place_find(import, key.type);
	if (index < 0 || index >= (int)USER_KEY_PLACES_MAX)
		return err_set(
			err, -ENOSPC,
			"User %s has %u imported keys, and more are not possible: name the place of one to "
			"replace (first, second, third, fourth), or zeroize some",
			import->user, USER_KEY_PLACES_MAX);
	if (same >= 0 && same != index)
		import->places[same].place = 0; /* it moves */
	if (import->places[index].place)
		snprintf(old, sizeof(old), "%s", import->places[index].fingerprint);
	put_row(import, index, &key, comment, blob, blob_len);
	import->fresh[index] = true;
	if (import->place)
		import->place++;
	json_array_append_new(import->keys, field_encode(user_key_report_fields, &import->places[index]));
	json_array_append_new(import->replaced, json_string(old));
	return 0;
}

static int import_all(const struct sshd *sshd, struct import *import, const json_t *keys, struct err *err)
{
	struct user_key_report rows[USER_KEY_PLACES_MAX];
	const json_t *object;
	size_t i, len = 0;
	int r = user_keys_read(sshd->user_keys_dir, import->user, rows, &len, err);

	if (r < 0)
		return r;
	for (i = 0; i < len; i++)
		import->places[rows[i].place - 1] = rows[i];
	json_array_foreach(keys, i, object)
	{
		r = import_one(import, object, err);
		if (r < 0)
			return r;
	}
	len = 0;
	for (i = 0; i < USER_KEY_PLACES_MAX; i++)
		if (import->places[i].place)
			rows[len++] = import->places[i];
	return user_keys_write(sshd->user_keys_dir, import->user, rows, len, err);
}

static void import_log(const struct import *import)
{
	for (size_t i = 0; i < USER_KEY_PLACES_MAX; i++) {
		const struct user_key_report *row = &import->places[i];
		const char *why;

		if (!import->fresh[i])
			continue;
		log_event(LOG_SSHD_INFO_GENERAL, "The %s key %s of %u bits was imported as the %s of user '%s' by '%s'",
			  user_key_type_words[row->type], row->fingerprint, row->bits,
			  user_key_place_words[row->place], row->user, import->caller);
		why = key_import_why_refused(row->type, row->bits);
		if (why)
			log_event(LOG_SSHD_WARN_GENERAL, "Logins of user '%s' with the key %s are refused: %s",
				  row->user, row->fingerprint, why);
	}
}

void sshd_user_keys_import(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const json_t *keys = json_object_get(parameters, "keys"),
		     *place = json_object_get(parameters, "place");
	const char *user = json_string_value(json_object_get(parameters, "user"));
	struct import import = { .user = user };
	struct err err = { .text = "" };
	char name[64];
	int r;

	if (!user || !user[0]) {
		varlink_error_parameter(call, "user");
		return;
	}
	if (!json_is_array(keys) || !json_array_size(keys) || json_array_size(keys) > KEY_IMPORT_KEYS_MAX) {
		varlink_error_parameter(call, "keys");
		return;
	}
	if (place && (!json_is_integer(place) || json_integer_value(place) < 0 ||
		      json_integer_value(place) > (json_int_t)USER_KEY_PLACES_MAX)) {
		varlink_error_parameter(call, "place");
		return;
	}
	if (!may_change(sshd, call, user, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	if (!sshd->conf || !sshd_conf_user(sshd->conf, user)) {
		sshd_keys_refuse(call, "There is no user %s: configure 'username %s' first", user, user);
		return;
	}
	import.caller = name;
	import.place = place ? (unsigned)json_integer_value(place) : 0;
	import.keys = json_array();
	import.replaced = json_array();
	r = import_all(sshd, &import, keys, &err);
	if (r == 0) {
		import_log(&import);
		varlink_reply(call,
			      json_pack("{s:O, s:O}", "keys", import.keys, "replaced", import.replaced));
	} else {
		sshd_keys_refuse(call, "%s", err.text[0] ? err.text : strerror(-r));
	}
	json_decref(import.keys);
	json_decref(import.replaced);
}

/* ---- zeroize ---- */

struct removal {
	const struct sshd *sshd;
	const struct user_ask *ask;
	const char *caller;
	json_t *gone;
	struct err err;
};

static int on_removed_user(const char *user, void *userdata)
{
	struct removal *removal = userdata;
	struct user_key_report rows[USER_KEY_PLACES_MAX], gone[USER_KEY_PLACES_MAX];
	size_t len = 0, kept = 0, gone_len = 0;
	int r;

	if (removal->ask->user[0] && strcmp(removal->ask->user, user))
		return 0;
	/* a damaged file goes with all it may hold */
	if (user_keys_read(removal->sshd->user_keys_dir, user, rows, &len, &removal->err) < 0 &&
	    removal->ask->type[0])
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (is_of_type(&rows[i], removal->ask->type))
			gone[gone_len++] = rows[i];
		else
			rows[kept++] = rows[i];
	}
	if (len && !gone_len)
		return 0;
	r = user_keys_write(removal->sshd->user_keys_dir, user, rows, kept, &removal->err);
	for (size_t i = 0; r == 0 && i < gone_len; i++) {
		json_array_append_new(removal->gone, field_encode(user_key_report_fields, &gone[i]));
		log_event(LOG_SSHD_INFO_GENERAL, "The %s key %s of user '%s' was zeroized by '%s'",
			  user_key_type_words[gone[i].type], gone[i].fingerprint, user, removal->caller);
	}
	return r;
}

void sshd_user_keys_zeroize(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	char name[64];
	struct user_ask ask;
	struct removal removal = { .sshd = sshd, .ask = &ask, .caller = name };
	int r;

	if (!ask_read(call, parameters, &ask))
		return;
	if (!may_change(sshd, call, ask.user, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	removal.gone = json_array();
	r = user_keys_each(sshd->user_keys_dir, on_removed_user, &removal);
	if (r == 0)
		varlink_reply(call, json_pack("{s:O}", "keys", removal.gone));
	else
		sshd_keys_refuse(call, "%s", removal.err.text[0] ? removal.err.text : strerror(-r));
	json_decref(removal.gone);
}

/* ---- the configuration ---- */

static int on_followed_user(const char *user, void *userdata)
{
	const struct sshd *sshd = userdata;
	const struct user_ask ask = { user, "" };
	struct removal removal = { .sshd = sshd, .ask = &ask, .caller = "no username" };

	if (sshd_conf_user(sshd->conf, user))
		return 0;
	removal.gone = json_array();
	if (on_removed_user(user, &removal) < 0)
		log_event(LOG_SSHD_ERR_GENERAL,
			  "The imported keys of user '%s', who is gone, cannot be removed: %s", user,
			  removal.err.text);
	json_decref(removal.gone);
	return 0;
}

void sshd_user_keys_follow(struct sshd *sshd)
{
	int r = user_keys_each(sshd->user_keys_dir, on_followed_user, sshd);

	if (r < 0)
		log_event(LOG_SSHD_ERR_GENERAL, "The imported keys cannot be read: %s", strerror(-r));
}

bool sshd_user_keys_any(const struct sshd *sshd, const char *user)
{
	struct user_key_report rows[USER_KEY_PLACES_MAX];
	size_t len = 0;

	return user_keys_read(sshd->user_keys_dir, user, rows, &len, NULL) < 0 || len;
}
