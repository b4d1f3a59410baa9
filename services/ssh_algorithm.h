/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_algorithm.h - the one table of what can be negotiated, and what a profile makes of it
 *
 * Shapes:  struct ssh_algorithm rows in order of preference, ended by one without a name; struct ssh_algorithm_server,
 *          what an offer is made from
 * Units:   libssh as major * 10000 + minor * 100 + micro
 * Errors:  0 or -errno; -EINVAL with err for an operand
 * Owns:    rows are constants
 * Runs in: every program that links conf/root.c, sallyport-sshd, monitor; pure
 * Source:  features.md 1F, 2A; docs/algorithms.md says why each default is what it is
 * Tests:   tests/unit/ssh_algorithm_test.c, tests/system/test_algorithms.py
 */
#ifndef SERVICES_SSH_ALGORITHM_H
#define SERVICES_SSH_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "services/ssh_profile.h"

#define SSH_ALGORITHM_LIST_MAX_BYTES 512u /* any list that is offered, or any list of configuration words */

enum ssh_algorithm_kind {
	SSH_ALGORITHM_KEX = 0,
	SSH_ALGORITHM_HOST_KEY = 1,
	SSH_ALGORITHM_CIPHER = 2,
	SSH_ALGORITHM_MAC = 3,
	SSH_ALGORITHM_PUBLIC_KEY = 4, /* of users */
	SSH_ALGORITHM_KIND_MAX,
};

enum ssh_algorithm_offer {
	SSH_ALGORITHM_ON = 0,	 /* unless the configuration says otherwise */
	SSH_ALGORITHM_OFF = 1,	 /* when the configuration names it */
	SSH_ALGORITHM_NEVER = 2, /* accepted in configuration, stored, reported as deprecated */
};

struct ssh_algorithm {
	enum ssh_algorithm_kind kind;
	enum ssh_algorithm_offer offer;
	const char *name;	/* on the wire */
	const char *word;	/* in configuration */
	const char *family;	/* a shorter word for several rows, or NULL */
	unsigned libssh_least;	/* 0: every libssh that we can be built against */
	const char *why;	/* OFF, NEVER: the reason, as the end of a sentence */
};
extern const struct ssh_algorithm ssh_algorithms[];

/* The words of `ssh server algorithms …`, ended by NULL, for `?` and completion. */
extern const char *const ssh_algorithm_kex_words[], *const ssh_algorithm_host_key_words[],
	*const ssh_algorithm_cipher_words[];

/* "key exchange", "host key", "cipher", … for lines an operator reads. */
extern const char *const ssh_algorithm_kind_names[SSH_ALGORITHM_KIND_MAX];

/* Configuration words, each once, order kept; unique prefixes and names on the wire are understood. */
int ssh_algorithm_words_canonical(enum ssh_algorithm_kind kind, const char *text, char **ret_text, struct err *err);

/* "deprecated" or "not in this build" of a word that is stored and never offered, else NULL. */
const char *ssh_algorithm_without_effect(const char *word);
/* Calls on_word for each word of the list (may be NULL) that is stored and not offered whatever else is configured. */
void ssh_algorithm_each_unoffered(enum ssh_algorithm_kind kind, const char *words,
			      void (*on_word)(const char *word, const char *why, void *userdata), void *userdata);

/* "host-key", "key-exchange", "cipher" behind `ssh server algorithms`; "" for what has no list. */
const char *ssh_algorithm_list_keyword(enum ssh_algorithm_kind kind);
bool ssh_algorithm_words_have(const char *words, const char *word); /* words separated by spaces; NULL has none */

/* By the name on the wire: the hybrids of ML-KEM and Streamlined NTRU Prime. */
bool ssh_algorithm_is_post_quantum(const char *kex);

struct ssh_algorithm_server {
	const struct ssh_profile *profile; /* in force */
	unsigned host_keys;		   /* those that exist: 1u << enum hostkey_type */
	unsigned libssh;		   /* SSH_ALGORITHM_LIBSSH, or another one in a test */
	bool no_gcm;			   /* ssh_algorithm_no_gcm, or what a test says */
};
/* What this build's libssh is. */
extern const unsigned ssh_algorithm_libssh;
/* Whether that libssh takes AES-GCM packets with a wrong tag, as this process was told at its start. */
extern bool ssh_algorithm_no_gcm;

/* Names on the wire, separated by commas, in order of preference; "" when nothing is left. Returns buffer. */
const char *ssh_algorithm_list(enum ssh_algorithm_kind kind, const struct ssh_algorithm_server *server, char *buffer,
			       size_t size_bytes);

/* The words that `ssh server algorithms …` would need to offer just that, separated by spaces. Returns buffer. */
const char *ssh_algorithm_words(enum ssh_algorithm_kind kind, const struct ssh_algorithm_server *server, char *buffer,
				size_t size_bytes);
bool ssh_algorithm_list_has(const char *list, const char *name); /* names separated by commas */

/* The row of a name on the wire, or NULL. */
const struct ssh_algorithm *ssh_algorithm_find(enum ssh_algorithm_kind kind, const char *name, size_t len);
/* The configured words, or NULL: the defaults. */
const char *ssh_algorithm_configured(enum ssh_algorithm_kind kind, const struct ssh_profile *profile);
/* Whether an "enable" or "disable" statement names the row. */
bool ssh_algorithm_is_enabled(const struct ssh_algorithm *row, const struct ssh_profile *profile);
bool ssh_algorithm_is_disabled(const struct ssh_algorithm *row, const struct ssh_profile *profile);
/* Whether "disable cipher" of a VRF takes back what the server enables. */
bool ssh_algorithm_is_taken_back(const struct ssh_algorithm *row, const struct ssh_profile *vrf);
/* Whether the self-test forbids it. */
bool ssh_algorithm_is_unsafe(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server);
/* Whether the key of a host key algorithm exists. */
bool ssh_algorithm_has_key(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server);
/* The host keys that the offered algorithms need, as in host_keys. */
unsigned ssh_algorithm_host_keys(const struct ssh_algorithm_server *server);

#endif
