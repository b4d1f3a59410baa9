/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/kbdint.h - a keyboard-interactive conversation: rounds of questions, wherever they come from
 *
 * Shapes:  struct kbdint_source, who asks the questions and judges the answers (the local secret, a AAA server);
 *          struct kbdint_round, the questions of one SSH_MSG_USERAUTH_INFO_REQUEST; struct kbdint, a conversation
 * Units:   none
 * Errors:  a verdict in place of an error: whatever goes wrong is KBDINT_WRONG with a reason for the operator
 * Owns:    the conversation owns the source's state until kbdint_end(); answers are borrowed for the call
 * Runs in: monitor; a source may take its time, the monitor serves one connection
 * Source:  RFC 4256
 * Tests:   tests/unit/kbdint_test.c, tests/system/test_auth.py
 */
#ifndef SERVICES_SSH_KBDINT_H
#define SERVICES_SSH_KBDINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KBDINT_PROMPTS_MAX	     8u
#define KBDINT_ROUNDS_MAX	     8u /* of one conversation; a source that wants more is broken */
#define KBDINT_NAME_MAX_BYTES	     64u
#define KBDINT_INSTRUCTION_MAX_BYTES 512u
#define KBDINT_PROMPT_MAX_BYTES	     128u

struct kbdint_round {
	char name[KBDINT_NAME_MAX_BYTES], instruction[KBDINT_INSTRUCTION_MAX_BYTES];
	size_t prompts_len; /* 0: only something to read, which the client confirms */
	struct {
		char text[KBDINT_PROMPT_MAX_BYTES];
		bool echo;
	} prompts[KBDINT_PROMPTS_MAX];
};

struct kbdint_answer {
	const uint8_t *bytes; /* any bytes, not a text */
	size_t len;
};

enum kbdint_step { KBDINT_MORE, KBDINT_RIGHT, KBDINT_WRONG };

struct kbdint_source {
	/* The first round. Nothing in it, and no time that it takes, may tell whether there is such a user; user is
	 * NULL for a name that nobody can have. */
	enum kbdint_step (*start)(void *userdata, const char *user, void **ret_state,
				  struct kbdint_round *ret_round, const char **ret_reason);
	/* As many answers as there were prompts. ret_reason is a constant text, set with KBDINT_WRONG. */
	enum kbdint_step (*answer)(void *state, const struct kbdint_answer *answers, struct kbdint_round *ret_round,
				   const char **ret_reason);
	void (*end)(void *state); /* may be NULL */
	void *userdata;
};

struct kbdint {
	bool running; /* answers are awaited */
	const struct kbdint_source *source;
	void *state;
	size_t prompts_len;
	unsigned rounds;
};

/* With KBDINT_MORE ret_round holds what to ask. A conversation that was running is ended. */
enum kbdint_step kbdint_start(struct kbdint *kbdint, const struct kbdint_source *source, const char *user,
			      struct kbdint_round *ret_round, const char **ret_reason);
enum kbdint_step kbdint_answer(struct kbdint *kbdint, const struct kbdint_answer *answers, size_t len,
			       struct kbdint_round *ret_round, const char **ret_reason);
void kbdint_end(struct kbdint *kbdint);

#endif
