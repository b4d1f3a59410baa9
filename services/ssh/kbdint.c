// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The rules of a keyboard-interactive conversation, the same for every source of questions
 *
 * Answers come only while they are awaited, as many as there were prompts, and not for ever. A source sees nothing
 * else.
 */
#include "services/ssh/kbdint.h"

#include <string.h>

static enum kbdint_step wrong(struct kbdint *kbdint, const char *reason, const char **ret_reason)
{
	kbdint_end(kbdint);
	*ret_reason = reason;
	return KBDINT_WRONG;
}

/* What a source has said, held against the rules. */
static enum kbdint_step step(struct kbdint *kbdint, enum kbdint_step said, const struct kbdint_round *round,
			     const char *reason, const char **ret_reason)
{
	if (said == KBDINT_WRONG)
		return wrong(kbdint, reason ? reason : "wrong answer", ret_reason);
	if (said == KBDINT_RIGHT) {
		kbdint_end(kbdint);
		return KBDINT_RIGHT;
	}
	if (round->prompts_len > KBDINT_PROMPTS_MAX || ++kbdint->rounds > KBDINT_ROUNDS_MAX)
		return wrong(kbdint, "the source of the questions asks too many", ret_reason);
	kbdint->prompts_len = round->prompts_len;
	kbdint->running = true;
	return KBDINT_MORE;
}

enum kbdint_step kbdint_start(struct kbdint *kbdint, const struct kbdint_source *source, const char *user,
			      struct kbdint_round *ret_round, const char **ret_reason)
{
	const char *reason = NULL;
	enum kbdint_step said;

	kbdint_end(kbdint);
	*ret_round = (struct kbdint_round){ .prompts_len = 0 };
	kbdint->source = source;
	said = source->start(source->userdata, user, &kbdint->state, ret_round, &reason);
	return step(kbdint, said, ret_round, reason, ret_reason);
}

enum kbdint_step kbdint_answer(struct kbdint *kbdint, const struct kbdint_answer *answers, size_t len,
			       struct kbdint_round *ret_round, const char **ret_reason)
{
	const char *reason = NULL;
	enum kbdint_step said;

	if (!kbdint->running)
		return wrong(kbdint, "answers that nobody asked for", ret_reason);
	if (len != kbdint->prompts_len)
		return wrong(kbdint, "another number of answers than of questions", ret_reason);
	kbdint->running = false;
	*ret_round = (struct kbdint_round){ .prompts_len = 0 };
	said = kbdint->source->answer(kbdint->state, answers, ret_round, &reason);
	return step(kbdint, said, ret_round, reason, ret_reason);
}

void kbdint_end(struct kbdint *kbdint)
{
	if (kbdint->source && kbdint->source->end)
		kbdint->source->end(kbdint->state);
	*kbdint = (struct kbdint){ .running = false };
}
