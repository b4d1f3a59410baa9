// SPDX-License-Identifier: GPL-3.0-or-later
/* The rules of a keyboard-interactive conversation, whatever its source. */
#include <criterion/criterion.h>
#include <string.h>

#include "services/ssh/kbdint.h"

static unsigned rounds, answers_seen, ends;
static enum kbdint_step next_step;
static size_t next_prompts;

static enum kbdint_step fake_start(void *userdata, const char *user, void **ret_state, struct kbdint_round *ret_round,
				   const char **ret_reason)
{
	cr_assert_str_eq(userdata, "source");
	*ret_state = &rounds;
	*ret_reason = user ? NULL : "no such user";
	ret_round->prompts_len = next_prompts;
	rounds++;
	return next_step;
}

static enum kbdint_step fake_answer(void *state, const struct kbdint_answer *answers, struct kbdint_round *ret_round,
				    const char **ret_reason)
{
	cr_assert_eq(state, &rounds);
	(void)answers;
	(void)ret_reason;
	answers_seen++;
	ret_round->prompts_len = next_prompts;
	return next_step;
}

static void fake_end(void *state)
{
	cr_assert_eq(state, &rounds);
	ends++;
}

static char userdata[] = "source";
static const struct kbdint_source source = { fake_start, fake_answer, fake_end, userdata };
static struct kbdint kbdint;
static struct kbdint_round asked;
static const char *reason;
static const struct kbdint_answer some[KBDINT_PROMPTS_MAX + 1];

static void setup(void)
{
	kbdint = (struct kbdint){ .running = false };
	rounds = answers_seen = ends = 0;
	next_step = KBDINT_MORE;
	next_prompts = 1;
	reason = NULL;
}

TestSuite(kbdint, .init = setup);

Test(kbdint, rounds_of_any_number_of_questions)
{
	cr_assert_eq(kbdint_start(&kbdint, &source, "admin", &asked, &reason), KBDINT_MORE);
	next_prompts = 2;
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_MORE);
	cr_assert_eq(asked.prompts_len, 2);
	next_prompts = 0;
	cr_assert_eq(kbdint_answer(&kbdint, some, 2, &asked, &reason), KBDINT_MORE);
	next_step = KBDINT_RIGHT;
	cr_assert_eq(kbdint_answer(&kbdint, some, 0, &asked, &reason), KBDINT_RIGHT);
	cr_assert_eq(ends, 1);
	cr_assert_not(kbdint.running);
}

Test(kbdint, answers_that_nobody_asked_for)
{
	next_step = KBDINT_RIGHT;
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_str_eq(reason, "answers that nobody asked for");
	cr_assert_eq(answers_seen, 0);
}

Test(kbdint, answers_after_the_end)
{
	kbdint_start(&kbdint, &source, "admin", &asked, &reason);
	next_step = KBDINT_WRONG;
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_str_eq(reason, "wrong answer");
	next_step = KBDINT_RIGHT;
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_eq(answers_seen, 1);
	cr_assert_eq(ends, 1);
}

Test(kbdint, another_number_of_answers)
{
	next_step = KBDINT_MORE;
	kbdint_start(&kbdint, &source, "admin", &asked, &reason);
	next_step = KBDINT_RIGHT;
	cr_assert_eq(kbdint_answer(&kbdint, some, 0, &asked, &reason), KBDINT_WRONG);
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_eq(answers_seen, 0);
	next_step = KBDINT_MORE;
	kbdint_start(&kbdint, &source, "admin", &asked, &reason);
	cr_assert_eq(kbdint_answer(&kbdint, some, KBDINT_PROMPTS_MAX + 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_eq(answers_seen, 0);
	cr_assert_eq(ends, 2);
}

Test(kbdint, a_new_start_ends_the_old)
{
	kbdint_start(&kbdint, &source, "admin", &asked, &reason);
	kbdint_start(&kbdint, &source, "admin", &asked, &reason);
	cr_assert_eq(ends, 1);
	cr_assert(kbdint.running);
	kbdint_end(&kbdint);
	cr_assert_eq(ends, 2);
	kbdint_end(&kbdint);
	cr_assert_eq(ends, 2);
}

Test(kbdint, a_source_that_does_not_come_to_an_end)
{
	enum kbdint_step step = kbdint_start(&kbdint, &source, "admin", &asked, &reason);

	for (unsigned i = 1; i < KBDINT_ROUNDS_MAX; i++) {
		cr_assert_eq(step, KBDINT_MORE);
		step = kbdint_answer(&kbdint, some, 1, &asked, &reason);
	}
	cr_assert_eq(step, KBDINT_MORE);
	cr_assert_eq(kbdint_answer(&kbdint, some, 1, &asked, &reason), KBDINT_WRONG);
	cr_assert_eq(ends, 1);
	next_prompts = KBDINT_PROMPTS_MAX + 1;
	cr_assert_eq(kbdint_start(&kbdint, &source, "admin", &asked, &reason), KBDINT_WRONG);
}

Test(kbdint, a_source_may_refuse_at_once)
{
	next_step = KBDINT_WRONG;
	cr_assert_eq(kbdint_start(&kbdint, &source, NULL, &asked, &reason), KBDINT_WRONG);
	cr_assert_str_eq(reason, "no such user");
	cr_assert_not(kbdint.running);
}
