/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aaa/user_conf.h - the "username U" statements: local users, their groups, secrets and public keys
 *
 * Shapes:  struct user_conf, an element of the LIST; USER_CONF_ROW for conf/root.c
 * Units:   none
 * Errors:  see conf/stmt.h
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c; pure
 * Source:  features.md 2D, 2A (up to four keys, 800 bytes); clients.md: running-config shows group before secret
 * Tests:   tests/unit/user_conf_test.c
 */
#ifndef AAA_USER_CONF_H
#define AAA_USER_CONF_H

#include "conf/bind.h"

#define USER_NAME_MAX_BYTES 32u /* what Linux accepts for an account */
#define USER_KEYS_MAX	    4u
#define USER_KEYSTRING_MAX_BYTES 8192u

struct user_key_conf {
	char *keystring; /* canonical OpenSSH one-liner "ssh-ed25519 AAAA…" without comment */
};

struct user_group_conf {
	char *name;
};

struct user_conf {
	char *name;
	struct bind_list groups; /* struct user_group_conf */
	char *secret;		 /* "10 $6$…": type and crypt(3) hash; NULL: no password login */
	struct bind_list keys;	 /* struct user_key_conf */
};

struct users_conf {
	struct bind_list users; /* struct user_conf */
};

extern const struct arg arg_user_name;	/* [A-Za-z0-9_][A-Za-z0-9_.-]* up to 32 bytes */
/* Canonical: "10 HASH" as stored, or another type of user_hash.h. A clear text ("P", "0 P") is refused by
 * canonical() with -EAGAIN: the CLI hashes it first by user_secret_hash(), so that no clear secret crosses a process
 * border. */
extern const struct arg arg_user_secret;
extern const struct arg arg_user_keystring; /* takes the rest of the line; drops the comment; checks type and base64 */
extern const struct stmt user_conf_children[];
#define USER_CONF_ROW                                                                                        \
	{                                                                                                    \
		.kind = STMT_LIST, .word = "username", .help = "Establish a local user", .arg = &arg_user_name, \
		.offset = offsetof(struct users_conf, users), .esize = sizeof(struct user_conf),             \
		.key_offset = offsetof(struct user_conf, name), .sub = user_conf_children,                   \
		.mode = "config-un", .task = "aaa", .source = "features.md 2D", .max_entries = 3000,         \
		.owners = OWNER_SSHD                                                                         \
	}

/* Hashes a clear secret ("P" or "0 P") into "10 $6$…" (malloc'ed) with crypt(3) and a fresh salt; the clear text is
 * wiped from its own copies. -EINVAL empty or over 253 bytes, or with control characters. */
int user_secret_hash(const char *clear, char **ret_secret, struct err *err);
/* What that refuses, of the password alone. */
int user_password_check(const char *password, struct err *err);
/* Whether a password fits a stored secret, in a time that does not depend on which of user, hash or password is wrong:
 * secret NULL is checked against a fixed hash and answers false. */
bool user_secret_verify(const char *secret, const char *password);
/* Decodes the base64 of a keystring into the SSH wire blob (malloc'ed). */
int user_key_blob(const char *keystring, uint8_t **ret_blob, size_t *ret_len, struct err *err);

#endif
