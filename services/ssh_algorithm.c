/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: every algorithm that has a name here, once. The order of the rows is the order in which they are offered, which
 * an operator sees; SSH itself takes the client's first choice that the server has too. What is on by default is the
 * largest set in which ssh-audit finds nothing to fail, and docs/algorithms.md lists the clients that reach it.
 */
#include "services/ssh_algorithm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "services/ssh/hostkey.h"

#define NIST	"its curve is one whose constants nobody has explained"
#define SHA1	"it rests on SHA-1"
#define CBC	"CBC mode lets a listener probe for plaintext"
#define SLOW	"it costs the server more than it gives"
#define DSA	"DSA keys of SSH have 1024 bits"
#define CERT	"the host proves itself with a key, not with a certificate"

/* offer, name on the wire, configuration word, family, least libssh, why not */
#define KEX_ROWS(X)                                                                                          \
	X(KEX, ON, "mlkem768x25519-sha256", "mlkem768x25519-sha256", NULL, 1200, NULL)                       \
	X(KEX, ON, "sntrup761x25519-sha512", "sntrup761x25519-sha512", NULL, 1200, NULL)                     \
	X(KEX, ON, "sntrup761x25519-sha512@openssh.com", "sntrup761x25519-sha512@openssh.com", NULL, 1200, NULL) \
	X(KEX, ON, "curve25519-sha256", "curve25519-sha256", NULL, 0, NULL)                                  \
	X(KEX, ON, "curve25519-sha256@libssh.org", "curve25519-sha256@libssh.org", NULL, 0, NULL)            \
	X(KEX, OFF, "ecdh-sha2-nistp256", "ecdh-sha2-nistp256", NULL, 0, NIST)                               \
	X(KEX, OFF, "ecdh-sha2-nistp384", "ecdh-sha2-nistp384", NULL, 0, NIST)                               \
	X(KEX, OFF, "ecdh-sha2-nistp521", "ecdh-sha2-nistp521", NULL, 0, NIST)                               \
	X(KEX, ON, "diffie-hellman-group16-sha512", "diffie-hellman-group16-sha512", NULL, 0, NULL)          \
	X(KEX, ON, "diffie-hellman-group14-sha256", "diffie-hellman-group14-sha256", NULL, 0, NULL)          \
	X(KEX, OFF, "diffie-hellman-group18-sha512", "diffie-hellman-group18-sha512", NULL, 0, SLOW)         \
	X(KEX, OFF, "diffie-hellman-group-exchange-sha256", "diffie-hellman-group-exchange-sha256", NULL, 0, SLOW) \
	X(KEX, OFF, "diffie-hellman-group14-sha1", "diffie-hellman-group14-sha1", NULL, 0, SHA1)             \
	X(KEX, NEVER, "diffie-hellman-group1-sha1", "diffie-hellman-group1-sha1", NULL, 0,                   \
	  "its group has 1024 bits and " SHA1)

#define HOST_KEY_ROWS(X)                                                                       \
	X(HOST_KEY, ON, "ssh-ed25519", "ed25519", NULL, 0, NULL)                               \
	X(HOST_KEY, OFF, "ecdsa-sha2-nistp521", "ecdsa-nistp521", NULL, 0, NIST)               \
	X(HOST_KEY, OFF, "ecdsa-sha2-nistp384", "ecdsa-nistp384", NULL, 0, NIST)               \
	X(HOST_KEY, OFF, "ecdsa-sha2-nistp256", "ecdsa-nistp256", NULL, 0, NIST)               \
	X(HOST_KEY, ON, "rsa-sha2-512", "rsa-sha512", "rsa", 0, NULL)                          \
	X(HOST_KEY, ON, "rsa-sha2-256", "rsa-sha256", "rsa", 0, NULL)                          \
	X(HOST_KEY, NEVER, "ssh-rsa", "ssh-rsa", NULL, 0, "its signatures rest on SHA-1")      \
	X(HOST_KEY, NEVER, "ssh-dss", "dsa", NULL, 0, DSA)                                     \
	X(HOST_KEY, NEVER, "x509v3-ssh-rsa", "x509v3-ssh-rsa", NULL, 0, CERT)                  \
	X(HOST_KEY, NEVER, "ssh-rsa-cert-v01@openssh.com", "ssh-rsa-cert-v01", NULL, 0, CERT)

#define CIPHER_ROWS(X)                                                                                  \
	X(CIPHER, ON, "aes128-ctr", "aes128-ctr", NULL, 0, NULL)                                        \
	X(CIPHER, ON, "aes192-ctr", "aes192-ctr", NULL, 0, NULL)                                        \
	X(CIPHER, ON, "aes256-ctr", "aes256-ctr", NULL, 0, NULL)                                        \
	X(CIPHER, ON, "aes128-gcm@openssh.com", "aes128-gcm@openssh.com", NULL, 0, NULL)                \
	X(CIPHER, ON, "aes256-gcm@openssh.com", "aes256-gcm@openssh.com", NULL, 0, NULL)                \
	X(CIPHER, ON, "chacha20-poly1305@openssh.com", "chacha20-poly1305@openssh.com", NULL, 0, NULL)  \
	X(CIPHER, OFF, "aes128-cbc", "aes128-cbc", "aes-cbc", 0, CBC)                                   \
	X(CIPHER, OFF, "aes192-cbc", "aes192-cbc", "aes-cbc", 0, CBC)                                   \
	X(CIPHER, OFF, "aes256-cbc", "aes256-cbc", "aes-cbc", 0, CBC)                                   \
	X(CIPHER, OFF, "3des-cbc", "3des-cbc", "3des-cbc", 0, CBC)

#define MAC_ROWS(X)                                                                             \
	X(MAC, ON, "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", NULL, 0, NULL)             \
	X(MAC, ON, "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512", NULL, 0, NULL)             \
	X(MAC, ON, "hmac-sha2-256", "hmac-sha2-256", NULL, 0, NULL)                             \
	X(MAC, ON, "hmac-sha2-512", "hmac-sha2-512", NULL, 0, NULL)                             \
	X(MAC, OFF, "hmac-sha1-etm@openssh.com", "hmac-sha1", NULL, 0, SHA1)                    \
	X(MAC, OFF, "hmac-sha1", "hmac-sha1", NULL, 0, SHA1)                                    \
	X(MAC, NEVER, "hmac-md5", "hmac-md5", NULL, 0, "it rests on MD5")

#define PUBLIC_KEY_ROWS(X)                                                                  \
	X(PUBLIC_KEY, ON, "ssh-ed25519", "ed25519", NULL, 0, NULL)                          \
	X(PUBLIC_KEY, ON, "ecdsa-sha2-nistp256", "ecdsa-nistp256", NULL, 0, NULL)           \
	X(PUBLIC_KEY, ON, "ecdsa-sha2-nistp384", "ecdsa-nistp384", NULL, 0, NULL)           \
	X(PUBLIC_KEY, ON, "ecdsa-sha2-nistp521", "ecdsa-nistp521", NULL, 0, NULL)           \
	X(PUBLIC_KEY, ON, "rsa-sha2-512", "rsa-sha512", "rsa", 0, NULL)                     \
	X(PUBLIC_KEY, ON, "rsa-sha2-256", "rsa-sha256", "rsa", 0, NULL)                     \
	X(PUBLIC_KEY, NEVER, "ssh-rsa", "ssh-rsa", NULL, 0, "its signatures rest on SHA-1") \
	X(PUBLIC_KEY, NEVER, "ssh-dss", "dsa", NULL, 0, DSA)

#define ROW(kind, offer, name, word, family, least, why) \
	{ SSH_ALGORITHM_##kind, SSH_ALGORITHM_##offer, name, word, family, least, why },
const struct ssh_algorithm ssh_algorithms[] = { KEX_ROWS(ROW) HOST_KEY_ROWS(ROW) CIPHER_ROWS(ROW) MAC_ROWS(ROW)
							PUBLIC_KEY_ROWS(ROW) { .name = NULL } };

#define WORD(kind, offer, name, word, family, least, why) word,
const char *const ssh_algorithm_kex_words[] = { KEX_ROWS(WORD) NULL };
const char *const ssh_algorithm_host_key_words[] = { HOST_KEY_ROWS(WORD) "rsa", NULL };
const char *const ssh_algorithm_cipher_words[] = { CIPHER_ROWS(WORD) NULL };

const char *const ssh_algorithm_kind_names[] = {
	[SSH_ALGORITHM_KEX] = "key exchange", [SSH_ALGORITHM_HOST_KEY] = "host key algorithm",
	[SSH_ALGORITHM_CIPHER] = "cipher",    [SSH_ALGORITHM_MAC] = "MAC",
	[SSH_ALGORITHM_PUBLIC_KEY] = "public key algorithm",
};

const unsigned ssh_algorithm_libssh = SSH_ALGORITHM_LIBSSH;
bool ssh_algorithm_no_gcm;

/* ---- configuration words ---- */

static bool text_is(const char *text, size_t len, const char *word)
{
	return word && strlen(word) == len && !memcmp(text, word, len);
}

/* Whether a configuration word stands for the row. */
static bool row_has_word(const struct ssh_algorithm *row, const char *word, size_t len)
{
	return text_is(word, len, row->word) || text_is(word, len, row->family);
}

/* The word an operator's word stands for: itself, a unique beginning, or the name on the wire. */
static int word_find(enum ssh_algorithm_kind kind, const char *text, size_t len, const char **ret_word)
{
	const char *found = NULL;

	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++) {
		if (row->kind != kind)
			continue;
		if (text_is(text, len, row->word) || text_is(text, len, row->name)) {
			*ret_word = row->word;
			return 0;
		}
		if (kind == SSH_ALGORITHM_HOST_KEY && text_is(text, len, row->family)) {
			*ret_word = row->family;
			return 0;
		}
		if (strncmp(text, row->word, len) != 0)
			continue;
		if (found)
			found = "";
		else
			found = row->word;
	}
	if (!found)
		return -ENOENT;
	if (!*found)
		return -ENOTUNIQ;
	*ret_word = found;
	return 0;
}

bool ssh_algorithm_words_have(const char *words, const char *word)
{
	size_t len = strlen(word), at_len;

	for (const char *at = words; at && *at; at += at_len + (at[at_len] == ' ')) {
		at_len = strcspn(at, " ");
		if (at_len == len && !memcmp(at, word, len))
			return true;
	}
	return false;
}

int ssh_algorithm_words_canonical(enum ssh_algorithm_kind kind, const char *text, char **ret_text, struct err *err)
{
	char list[SSH_ALGORITHM_LIST_MAX_BYTES] = "";
	size_t len, used = 0;

	for (const char *at = text; *at; at += len + (at[len] == ' ')) {
		const char *word;
		int rc;

		len = strcspn(at, " ");
		if (!len)
			continue;
		rc = word_find(kind, at, len, &word);
		if (rc == -ENOTUNIQ)
			return err_set(err, -EINVAL, "'%.*s' begins more than one of the names",
				       len > 64 ? 64 : (int)len, at);
		if (rc < 0)
			return err_set(err, -EINVAL, "'%.*s' is no %s that is known here", len > 64 ? 64 : (int)len, at,
				       ssh_algorithm_kind_names[kind]);
		if (ssh_algorithm_words_have(list, word))
			return err_set(err, -EINVAL, "'%s' is named twice", word);
		if (used + strlen(word) + 2 > sizeof(list))
			return err_set(err, -EINVAL, "the list is longer than %zu characters", sizeof(list) - 2);
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? " " : "", word);
	}
	if (!used)
		return err_set(err, -EINVAL, "needs at least one name");
	*ret_text = strdup(list);
	return *ret_text ? 0 : -ENOMEM;
}

const char *ssh_algorithm_without_effect(const char *word)
{
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++) {
		if (strcmp(row->word, word) != 0)
			continue;
		if (row->offer == SSH_ALGORITHM_NEVER)
			return "deprecated";
		if (row->libssh_least > ssh_algorithm_libssh)
			return "not in this build";
	}
	return NULL;
}

void ssh_algorithm_each_unoffered(enum ssh_algorithm_kind kind, const char *words,
				  void (*on_word)(const char *word, const char *why, void *userdata), void *userdata)
{
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++) {
		if (row->kind != kind || !ssh_algorithm_words_have(words, row->word))
			continue;
		if (row->offer == SSH_ALGORITHM_NEVER)
			on_word(row->word, row->why, userdata);
		else if (row->libssh_least > ssh_algorithm_libssh)
			on_word(row->word, "the libssh of this build does not have it", userdata);
	}
}

const char *ssh_algorithm_list_keyword(enum ssh_algorithm_kind kind)
{
	switch (kind) {
	case SSH_ALGORITHM_KEX:
		return "key-exchange";
	case SSH_ALGORITHM_HOST_KEY:
		return "host-key";
	case SSH_ALGORITHM_CIPHER:
		return "cipher";
	case SSH_ALGORITHM_MAC:
	case SSH_ALGORITHM_PUBLIC_KEY:
	case SSH_ALGORITHM_KIND_MAX:
		break;
	}
	return "";
}

/* ---- what is offered ---- */

/* The key that signs with a host key algorithm. */
static enum hostkey_type key_type(const struct ssh_algorithm *row)
{
	static const struct {
		const char *name;
		enum hostkey_type type;
	} keys[] = {
		{ "ssh-ed25519", HOSTKEY_ED25519 },	    { "ecdsa-sha2-nistp256", HOSTKEY_ECDSA_256 },
		{ "ecdsa-sha2-nistp384", HOSTKEY_ECDSA_384 }, { "ecdsa-sha2-nistp521", HOSTKEY_ECDSA_521 },
		{ "rsa-sha2-512", HOSTKEY_RSA },	    { "rsa-sha2-256", HOSTKEY_RSA },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, row->name))
			return keys[i].type;
	return HOSTKEY_TYPE_MAX;
}

static bool is_ecdsa(const struct ssh_algorithm *row)
{
	return !strncmp(row->name, "ecdsa-", strlen("ecdsa-"));
}

bool ssh_algorithm_has_key(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server)
{
	enum hostkey_type type = key_type(row);

	return type != HOSTKEY_TYPE_MAX && (server->host_keys & (1u << type));
}

bool ssh_algorithm_is_unsafe(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server)
{
	return server->no_gcm && row->kind == SSH_ALGORITHM_CIPHER && strstr(row->name, "-gcm@");
}

static bool is_possible(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server)
{
	if (ssh_algorithm_is_unsafe(row, server))
		return false;
	if (row->offer == SSH_ALGORITHM_NEVER || row->libssh_least > server->libssh)
		return false;
	return row->kind != SSH_ALGORITHM_HOST_KEY || ssh_algorithm_has_key(row, server);
}

/* Whether an "enable" statement turns the row on, whatever the list says. */
bool ssh_algorithm_is_enabled(const struct ssh_algorithm *row, const struct ssh_profile *profile)
{
	if (row->kind == SSH_ALGORITHM_MAC)
		return profile->enable_hmac_sha1 && !strcmp(row->word, "hmac-sha1");
	if (row->kind != SSH_ALGORITHM_CIPHER || !row->family)
		return false;
	return (profile->enable_aes_cbc && !strcmp(row->family, "aes-cbc")) ||
	       (profile->enable_3des_cbc && !strcmp(row->family, "3des-cbc"));
}

bool ssh_algorithm_is_taken_back(const struct ssh_algorithm *row, const struct ssh_profile *vrf)
{
	if (row->kind != SSH_ALGORITHM_CIPHER || !row->family)
		return false;
	return (vrf->undo.aes_cbc && !strcmp(row->family, "aes-cbc")) ||
	       (vrf->undo.triple_des_cbc && !strcmp(row->family, "3des-cbc"));
}

bool ssh_algorithm_is_disabled(const struct ssh_algorithm *row, const struct ssh_profile *profile)
{
	if (row->kind != SSH_ALGORITHM_MAC)
		return false;
	return (profile->disable_hmac_sha1 && !strcmp(row->word, "hmac-sha1")) ||
	       (profile->disable_hmac_sha2_256 && !strcmp(row->word, "hmac-sha2-256")) ||
	       (profile->disable_hmac_sha2_512 && !strcmp(row->word, "hmac-sha2-512"));
}

const char *ssh_algorithm_configured(enum ssh_algorithm_kind kind, const struct ssh_profile *profile)
{
	switch (kind) {
	case SSH_ALGORITHM_KEX:
		return profile->key_exchange;
	case SSH_ALGORITHM_HOST_KEY:
		return profile->host_key;
	case SSH_ALGORITHM_CIPHER:
		return profile->cipher;
	case SSH_ALGORITHM_MAC:
	case SSH_ALGORITHM_PUBLIC_KEY:
	case SSH_ALGORITHM_KIND_MAX:
		break;
	}
	return NULL;
}

struct offer {
	const struct ssh_algorithm_server *server;
	char *buffer;
	size_t size_bytes, len;
	bool ecdsa; /* libssh holds one ECDSA host key: the first that is named */
};

bool ssh_algorithm_list_has(const char *list, const char *name)
{
	size_t len = strlen(name), at_len;

	for (const char *at = list; *at; at += at_len + (at[at_len] == ',')) {
		at_len = strcspn(at, ",");
		if (at_len == len && !memcmp(at, name, len))
			return true;
	}
	return false;
}

static void offer_row(struct offer *offer, const struct ssh_algorithm *row)
{
	bool ecdsa = row->kind == SSH_ALGORITHM_HOST_KEY && is_ecdsa(row);

	if (!is_possible(row, offer->server) || ssh_algorithm_is_disabled(row, offer->server->profile) ||
	    ssh_algorithm_list_has(offer->buffer, row->name) || (ecdsa && offer->ecdsa) ||
	    offer->len + strlen(row->name) + 2 > offer->size_bytes)
		return;
	offer->ecdsa |= ecdsa;
	offer->len += (size_t)snprintf(offer->buffer + offer->len, offer->size_bytes - offer->len, "%s%s",
				       offer->len ? "," : "", row->name);
}

static void offer_words(struct offer *offer, enum ssh_algorithm_kind kind, const char *words)
{
	size_t len;

	for (const char *at = words; *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++)
			if (row->kind == kind && row_has_word(row, at, len))
				offer_row(offer, row);
	}
}

/* With nothing but keys that are off, a host with one of those would be out of reach. */
static void offer_any_host_key(struct offer *offer)
{
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++)
		if (row->kind == SSH_ALGORITHM_HOST_KEY)
			offer_row(offer, row);
}

const char *ssh_algorithm_list(enum ssh_algorithm_kind kind, const struct ssh_algorithm_server *server, char *buffer,
			       size_t size_bytes)
{
	const char *words = ssh_algorithm_configured(kind, server->profile);
	struct offer offer = { .server = server, .buffer = buffer, .size_bytes = size_bytes };

	buffer[0] = '\0';
	if (words)
		offer_words(&offer, kind, words);
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++)
		if (row->kind == kind &&
		    ((!words && row->offer == SSH_ALGORITHM_ON) || ssh_algorithm_is_enabled(row, server->profile)))
			offer_row(&offer, row);
	if (kind == SSH_ALGORITHM_HOST_KEY && !words && !offer.len)
		offer_any_host_key(&offer);
	return buffer;
}

const struct ssh_algorithm *ssh_algorithm_find(enum ssh_algorithm_kind kind, const char *name, size_t len)
{
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++)
		if (row->kind == kind && text_is(name, len, row->name))
			return row;
	return NULL;
}

bool ssh_algorithm_is_post_quantum(const char *kex)
{
	return !strncmp(kex, "mlkem", 5) || !strncmp(kex, "sntrup", 6);
}

const char *ssh_algorithm_words(enum ssh_algorithm_kind kind, const struct ssh_algorithm_server *server, char *buffer,
				size_t size_bytes)
{
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];
	size_t len, used = 0;

	buffer[0] = '\0';
	ssh_algorithm_list(kind, server, list, sizeof(list));
	for (const char *at = list; *at; at += len + (at[len] == ',')) {
		const struct ssh_algorithm *row;

		len = strcspn(at, ",");
		row = ssh_algorithm_find(kind, at, len);
		if (row && used + strlen(row->word) + 2 <= size_bytes)
			used += (size_t)snprintf(buffer + used, size_bytes - used, "%s%s", used ? " " : "", row->word);
	}
	return buffer;
}

unsigned ssh_algorithm_host_keys(const struct ssh_algorithm_server *server)
{
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];
	unsigned keys = 0;

	ssh_algorithm_list(SSH_ALGORITHM_HOST_KEY, server, list, sizeof(list));
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++)
		if (row->kind == SSH_ALGORITHM_HOST_KEY && ssh_algorithm_list_has(list, row->name))
			keys |= 1u << key_type(row);
	return keys;
}
