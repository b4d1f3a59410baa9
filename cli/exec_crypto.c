/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "crypto key …": host keys made and taken away, users' public keys imported. A file with a key is read and taken
 * apart here, with the rights of the operator; the daemon gets one line per key, and checks it again.
 *
 * Answers avoid the words that Ansible's iosxr_user takes for a question of IOS XR ("already", "removed", "really").
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/key_import.h"
#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "cli/exec_crypto.h"
#include "cli/file_path.h"
#include "cli/show_crypto.h"

#define GENERATE_TIMEOUT_MS 300000 /* 4096 bits on a small router */
#define PASTE_LINE_MAX	    8192u
#define ANSWER_MAX	    32

/* ---- what was typed ---- */

/* The step of the match whose row stands in a table, or NULL; *ret_index tells which row. */
static const struct match_step *step_in(const struct match *match, const struct stmt *rows, size_t *ret_index)
{
	for (size_t i = 0; i < match->steps_len; i++)
		for (size_t j = 0; rows[j].kind != STMT_END; j++)
			if (match->steps[i].row == &rows[j]) {
				*ret_index = j;
				return &match->steps[i];
			}
	return NULL;
}

static bool is_word_begin(const char *answer, const char *word)
{
	return answer[0] && !strncasecmp(answer, word, strlen(answer));
}

/* Calls the daemon; its refusal is a sentence for the operator. */
static int call_keys(struct shell *shell, const char *method, json_t *parameters, int timeout_ms,
		     json_t **ret_reply)
{
	AUTO(free) char *error = NULL;
	const char *reason;
	int r;

	if (!parameters)
		return shell_refuse(shell, "Out of memory");
	r = shell_call(shell, REMOTE_SSHD, method, parameters, timeout_ms, ret_reply, &error);
	if (r != -EREMOTEIO)
		return r;
	reason = json_string_value(json_object_get(*ret_reply, "reason"));
	if (error && !strcmp(error, "org.varlink.service.PermissionDenied"))
		r = shell_refuse(shell, "This command is not authorized");
	else if (error && !strcmp(error, SSH_ERROR_KEY_REFUSED) && reason)
		r = shell_refuse(shell, "%s", reason);
	else
		r = shell_refuse(shell, "%s refused the command (%s)", remote_name(REMOTE_SSHD),
				 error ? error : "no reason given");
	json_decref(*ret_reply);
	*ret_reply = NULL;
	return r;
}

/* ---- host keys ---- */

/* Whether the operator, when there is one at a terminal, wants to lose keys of this family that are there. */
static int confirm(struct shell *shell, const char *family, const char *before, const char *question)
{
	char answer[ANSWER_MAX] = "";
	json_t *reply = NULL;
	size_t there;
	int r;

	if (!shell->shows_prompt)
		return 0;
	r = call_keys(shell, SSH_LIST_KEYS, json_pack("{s:s}", "type", family), REMOTE_TIMEOUT_MS, &reply);
	if (r < 0)
		return r;
	there = json_array_size(json_object_get(reply, "keys"));
	json_decref(reply);
	if (!there)
		return 0;
	shell_say(shell, "%% %s " HOST_KEY_LABEL "\n", before);
	r = shell_ask(shell, question, answer, sizeof(answer));
	if (r < 0)
		return r;
	return is_word_begin(answer, "yes") ? 0 : -ECANCELED;
}

static int generate(struct shell *shell, const char *type, const char *name, unsigned bits)
{
	struct host_key_report key = { .type = 0 };
	json_t *reply = NULL;
	int r = confirm(shell, type, "You already have keys defined for",
			"Do you really want to replace them ?? [yes/no]: ");

	if (r < 0)
		return r;
	r = call_keys(shell, SSH_GENERATE_KEY, json_pack("{s:s, s:i}", "type", type, "bits", (int)bits),
		      GENERATE_TIMEOUT_MS, &reply);
	if (r < 0)
		return r;
	r = field_decode(host_key_report_fields, json_object_get(reply, "key"), &key, NULL);
	json_decref(reply);
	if (r < 0)
		return shell_refuse(
			shell,
			"The answer of sallyport-sshd cannot be read: CLI and daemon differ in version");
	fprintf(shell->out, "The name for the keys will be: " HOST_KEY_LABEL "\n  Generating %s keys ...\n",
		name);
	fprintf(shell->out, "Done w/ crypto generate keypair\n[OK]\n");
	fprintf(shell->out, "%u bits, %s\n", key.bits, key.fingerprint);
	if (key.type > HOST_KEY_RSA)
		shell_say(shell, "%% Warning: such keys are deprecated: this one is stored, and never offered to a "
				 "client\n");
	else if (!key.offered)
		fputs("The algorithms in force do not offer it: see show ssh server, and 'ssh server "
		      "algorithms host-key'\n",
		      shell->out);
	return 0;
}

int exec_crypto_generate_rsa(struct shell *shell, const struct match *match)
{
	unsigned bits = 0;

	for (size_t i = 0; i < match->steps_len; i++) {
		const char *value = match->steps[i].value, *word = match->steps[i].row->word;

		if (value && isdigit((unsigned char)value[0]))
			bits = (unsigned)strtoul(value, NULL, 10);
		else if (value && strcmp(word, "usage-keys") == 0 && strcmp(value, "keys") == 0)
			continue; /* "usage keys", as manuals write it too */
		else if (value && strcmp(value, HOST_KEY_LABEL) != 0)
			return shell_refuse(shell,
					    "SSH uses the key pair " HOST_KEY_LABEL
					    " and no other: leave the label "
					    "%s out",
					    value);
	}
	/* a short key takes nobody's place but that of another short one */
	return generate(shell, host_key_type_words[bits && bits < KEY_IMPORT_RSA_SAFE_BITS ? HOST_KEY_RSA_DEPRECATED :
											     HOST_KEY_RSA],
			"RSA", bits);
}

int exec_crypto_generate_dsa(struct shell *shell, const struct match *match)
{
	const char *bits = stmt_match_value(match, "dsa");

	return generate(shell, host_key_type_words[HOST_KEY_DSA], "DSA", bits ? (unsigned)strtoul(bits, NULL, 10) : 0);
}

int exec_crypto_generate_ecdsa(struct shell *shell, const struct match *match)
{
	size_t curve = 0; /* without a word the first, as in IOS XR */

	step_in(match, exec_crypto_generate_ecdsa_rows, &curve);
	return generate(shell, host_key_type_words[HOST_KEY_ECDSA_256 + curve], "ECDSA", 0);
}

int exec_crypto_generate_ed25519(struct shell *shell, const struct match *match)
{
	(void)match;
	return generate(shell, host_key_type_words[HOST_KEY_ED25519], "ED25519", 0);
}

/* By row of exec_crypto_zeroize_rows. */
static const char *const zeroize_families[] = { "", "dsa", "ecdsa", "ed25519", "rsa" };

int exec_crypto_zeroize(struct shell *shell, const struct match *match)
{
	const char *family;
	json_t *reply = NULL;
	const json_t *object;
	size_t row = 0, curve, i;
	int r;

	step_in(match, exec_crypto_zeroize_rows, &row);
	family = step_in(match, exec_crypto_zeroize_ecdsa_rows, &curve)
			 ? host_key_type_words[HOST_KEY_ECDSA_256 + curve]
			 : zeroize_families[row];
	r = confirm(shell, family, "Keys to be removed are named",
		    "Do you really want to remove these keys ?? [yes/no]: ");
	if (r == 0)
		r = call_keys(shell, SSH_ZEROIZE_KEY, json_pack("{s:s}", "type", family), REMOTE_TIMEOUT_MS,
			      &reply);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(reply, "keys"), i, object)
	{
		struct host_key_report key = { .type = 0 };

		if (field_decode(host_key_report_fields, object, &key, NULL) == 0)
			fprintf(shell->out, "Zeroized the %s key pair %s\n", host_key_type_words[key.type],
				key.fingerprint);
	}
	if (!json_array_size(json_object_get(reply, "keys")))
		r = shell_refuse(shell, "There is no such key pair");
	json_decref(reply);
	return r;
}

/* ---- users' keys ---- */

/* By row of the tables that begin with "all". */
static const char *const family_words[] = { "", "dsa", "ecdsa", "ed25519", "rsa" };
static const int family_types[] = { -1, USER_KEY_DSA, USER_KEY_ECDSA, USER_KEY_ED25519, USER_KEY_RSA };

struct import_ask {
	size_t family;
	char user[USER_NAME_MAX_BYTES + 1];
	unsigned place; /* 0: not said */
	char *path;	/* NULL: pasted */
};

static unsigned place_number(const char *word, size_t len)
{
	for (unsigned place = 1; place <= USER_KEY_PLACES_MAX; place++)
		if (strlen(user_key_place_words[place]) == len &&
		    !strncmp(word, user_key_place_words[place], len))
			return place;
	return 0;
}

/* "USER [PLACE] [FILE]", checked when it was matched. */
static int target_read(const char *text, struct import_ask *ask)
{
	size_t len = strcspn(text, " ");
	const char *rest = text + len + strspn(text + len, " ");

	snprintf(ask->user, sizeof(ask->user), "%.*s", (int)len, text);
	len = strcspn(rest, " ");
	ask->place = place_number(rest, len);
	if (ask->place)
		rest += len + strspn(rest + len, " ");
	if (*rest)
		ask->path = strdup(rest);
	return *rest && !ask->path ? -ENOMEM : 0;
}

static int ask_read(struct shell *shell, const struct match *match, struct import_ask *ask)
{
	const struct match_step *step;
	const char *target = stmt_match_value(match, "username");
	size_t place = 0;
	int r = 0;

	step = step_in(match, exec_crypto_import_rows, &ask->family);
	snprintf(ask->user, sizeof(ask->user), "%.*s", (int)USER_NAME_MAX_BYTES, shell->user);
	if (target)
		return target_read(target, ask);
	if (step && step->value)
		ask->path = strdup(step->value);
	step = step_in(match, exec_crypto_place_rows, &place);
	if (step) {
		ask->place = (unsigned)place + 1;
		if (step->value)
			ask->path = strdup(step->value);
	}
	return r;
}

/* Lines from the operator up to a blank one, or the end of the input. */
static int paste_read(struct shell *shell, char **ret_text, size_t *ret_len)
{
	AUTO(free) char *line = malloc(PASTE_LINE_MAX);
	char *text = NULL;
	FILE *all = open_memstream(&text, ret_len);
	const char *question = "Enter the public key, and a blank line at its end:\n";
	bool failed;
	long total = 0;
	int r = 0;

	while (line && all && r == 0 && total <= (long)KEY_IMPORT_FILE_MAX_BYTES) {
		r = shell_ask(shell, total ? "" : question, line, PASTE_LINE_MAX);
		if (!line[strspn(line, " ")])
			break;
		total += fprintf(all, "%s\n", line);
		question = "";
	}
	failed = !line || !all || ferror(all);
	if (all && fclose(all) != 0)
		failed = true;
	if (failed) {
		free(text);
		return shell_refuse(shell, "Out of memory");
	}
	*ret_text = text;
	return 0;
}

static int bytes_read(struct shell *shell, const struct import_ask *ask, char **ret_text, size_t *ret_len)
{
	struct err err = { .text = "" };

	if (!ask->path)
		return paste_read(shell, ret_text, ret_len);
	if (file_path_read(ask->path, KEY_IMPORT_FILE_MAX_BYTES, ret_text, ret_len, &err) < 0)
		return shell_refuse(shell, "%s", err.text);
	return 0;
}

/* The keys that the command names, as the daemon takes them; NULL after the operator was told. */
static json_t *keys_select(struct shell *shell, const struct import_ask *ask, const struct key_import *import)
{
	int wanted = family_types[ask->family];
	json_t *keys = json_array();
	size_t others = import->skipped;

	for (size_t i = 0; i < import->len; i++) {
		if (wanted >= 0 && import->keys[i].type != wanted)
			others++;
		else
			json_array_append_new(keys,
					      json_pack("{s:s, s:s}", "public_key", import->keys[i].line,
							"comment", import->keys[i].comment));
	}
	if (!json_array_size(keys)) {
		json_decref(keys);
		shell_refuse(shell,
			     "The key is of type %s, not %s: give 'crypto key import authentication %s ...'",
			     user_key_type_words[import->keys[0].type], family_words[ask->family],
			     user_key_type_words[import->keys[0].type]);
		return NULL;
	}
	if (others)
		fprintf(shell->out, "%zu key%s of other types %s left out\n", others, others == 1 ? "" : "s",
			others == 1 ? "is" : "are");
	return keys;
}

static void say_imported(struct shell *shell, const json_t *reply)
{
	const json_t *rows = json_object_get(reply, "keys"), *object;
	size_t i;

	json_array_foreach(rows, i, object)
	{
		const char *old = json_string_value(json_array_get(json_object_get(reply, "replaced"), i));
		struct user_key_report row = { .place = 0 };
		const char *why;

		if (field_decode(user_key_report_fields, object, &row, NULL) < 0 ||
		    row.place > USER_KEY_PLACES_MAX)
			continue;
		fprintf(shell->out, "Imported the %s key %s of %u bits as the %s key of user %s",
			user_key_type_words[row.type], row.fingerprint, row.bits,
			user_key_place_words[row.place], row.user);
		if (old && old[0] && strcmp(old, row.fingerprint) != 0)
			fprintf(shell->out, ", in place of %s", old);
		fputc('\n', shell->out);
		why = key_import_why_refused(row.type, row.bits);
		if (why)
			shell_say(shell, "%% Warning: %s, and logins with this one are refused\n", why);
	}
}

static int import(struct shell *shell, const struct import_ask *ask)
{
	AUTO(free) struct key_import *found = NULL;
	AUTO(free) char *text = NULL;
	struct err err = { .text = "" };
	json_t *keys, *reply = NULL;
	size_t len = 0;
	int r = bytes_read(shell, ask, &text, &len);

	if (r < 0)
		return r;
	if (key_import_parse((const uint8_t *)text, len, &found, &err) < 0) {
		explicit_bzero(text, len); /* it may be a private key */
		return shell_refuse(shell, "%s%s%s", ask->path ? ask->path : "", ask->path ? ": " : "",
				    err.text);
	}
	keys = keys_select(shell, ask, found);
	if (!keys)
		return -EINVAL;
	r = call_keys(shell, SSH_IMPORT_USER_KEYS,
		      json_pack("{s:s, s:i, s:o}", "user", ask->user, "place", (int)ask->place, "keys", keys),
		      REMOTE_TIMEOUT_MS, &reply);
	if (r < 0)
		return r;
	say_imported(shell, reply);
	json_decref(reply);
	return 0;
}

int exec_crypto_import(struct shell *shell, const struct match *match)
{
	struct import_ask ask = { .place = 0 };
	int r = ask_read(shell, match, &ask);

	if (r < 0)
		r = shell_refuse(shell, "Out of memory");
	else
		r = import(shell, &ask);
	free(ask.path);
	return r;
}

/* Whose keys a command is about: "all" of the last row says every user's, nothing says one's own. */
static json_t *user_ask(struct shell *shell, const struct match *match, const struct stmt *rows)
{
	const char *user = stmt_match_value(match, "username");
	const struct stmt *last = stmt_match_row(match);
	size_t family = 0;

	step_in(match, rows, &family);
	if (!user)
		user = last != &rows[family] ? "" : shell->user;
	return json_pack("{s:s, s:s}", "user", user, "type", family_words[family]);
}

int exec_crypto_zeroize_authentication(struct shell *shell, const struct match *match)
{
	const json_t *object;
	json_t *reply = NULL;
	size_t i;
	int r = call_keys(shell, SSH_ZEROIZE_USER_KEYS,
			  user_ask(shell, match, exec_crypto_zeroize_authentication_rows), REMOTE_TIMEOUT_MS,
			  &reply);

	if (r < 0)
		return r;
	json_array_foreach(json_object_get(reply, "keys"), i, object)
	{
		struct user_key_report key = { .type = 0 };

		if (field_decode(user_key_report_fields, object, &key, NULL) == 0)
			fprintf(shell->out, "Zeroized the %s key %s of user %s\n",
				user_key_type_words[key.type], key.fingerprint, key.user);
	}
	if (!json_array_size(json_object_get(reply, "keys")))
		fputs("There is no such key\n", shell->out);
	json_decref(reply);
	return 0;
}

/* ---- show ---- */

static int show_reply(struct shell *shell, const char *method, json_t *parameters,
		      int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err))
{
	json_t *reply = NULL;
	int r = call_keys(shell, method, parameters, REMOTE_TIMEOUT_MS, &reply);

	return r < 0 ? r : shell_show_reply(shell, reply, render);
}

int exec_crypto_mypubkey(struct shell *shell, const struct match *match)
{
	static const char *const families[] = { "dsa", "ecdsa", "ed25519", "rsa" }; /* by row */
	size_t row;
	const char *family = step_in(match, exec_crypto_mypubkey_rows, &row) ? families[row] : "";

	return show_reply(shell, SSH_LIST_KEYS, json_pack("{s:s}", "type", family), show_crypto_mypubkey);
}

int exec_crypto_show_authentication(struct shell *shell, const struct match *match)
{
	return show_reply(shell, SSH_LIST_USER_KEYS,
			  user_ask(shell, match, exec_crypto_show_authentication_rows),
			  show_crypto_authentication);
}
