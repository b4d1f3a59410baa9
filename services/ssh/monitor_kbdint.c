// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: keyboard-interactive in the monitor: the questions, and what the answers are worth
 *
 * The source that comes with the product asks for the local secret, in one round, and checks it exactly as the password
 * method does. Another source (a AAA server with its challenges) may ask as many rounds as kbdint.h allows.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/monitor_state.h"

static const char method[] = "keyboard-interactive";

/* ---- the local secret ---- */

static struct {
	const struct monitor *m;
	char user[PROOF_USER_MAX_BYTES + 1];
	bool possible;
} asked; /* one process, one conversation */

static enum kbdint_step local_start(void *userdata, const char *user, void **ret_state, struct kbdint_round *ret_round,
				    const char **ret_reason)
{
	(void)ret_reason;
	asked.m = userdata;
	asked.possible = user != NULL;
	snprintf(asked.user, sizeof(asked.user), "%s", user ? user : "");
	ret_round->prompts_len = 1;
	snprintf(ret_round->prompts[0].text, sizeof(ret_round->prompts[0].text), "Password: ");
	*ret_state = &asked;
	return KBDINT_MORE;
}

static enum kbdint_step local_answer(void *state, const struct kbdint_answer *answers, struct kbdint_round *ret_round,
				     const char **ret_reason)
{
	const struct mon_string given = { answers[0].bytes, answers[0].len };

	(void)state;
	(void)ret_round;
	*ret_reason = monitor_auth_check_password(asked.m, asked.user, asked.possible, given);
	return *ret_reason ? KBDINT_WRONG : KBDINT_RIGHT;
}

static const struct kbdint_source *source_of(struct monitor *m)
{
	static struct kbdint_source local = { .start = local_start, .answer = local_answer };

	local.userdata = m;
	return m->start->kbdint ? m->start->kbdint : &local;
}

/* ---- requests ---- */

static void put_round(struct mon_buf *answer, const struct kbdint_round *round)
{
	mon_put_text(answer, round->name);
	mon_put_text(answer, round->instruction);
	mon_put_u32(answer, (uint32_t)round->prompts_len);
	for (size_t i = 0; i < round->prompts_len; i++) {
		mon_put_text(answer, round->prompts[i].text);
		mon_put_u8(answer, round->prompts[i].echo);
	}
}

/* What a step of the conversation means for the client; a refusal takes its time whatever the reason. */
static void step_answer(struct monitor *m, enum kbdint_step step, const struct kbdint_round *round, const char *reason,
			int64_t start_us, enum mon_type type, struct mon_buf *answer)
{
	enum mon_verdict verdict = MON_MORE;

	if (step == KBDINT_RIGHT) {
		verdict = monitor_auth_let_in(m, method, AUTH_KEYBOARD_INTERACTIVE,
					      session_auth_words[AUTH_KEYBOARD_INTERACTIVE]);
	} else if (step == KBDINT_WRONG) {
		monitor_auth_log_refusal(m, m->pinned_user, method, reason);
		verdict = monitor_auth_denied(m);
	}
	if (verdict != MON_SUCCESS && verdict != MON_MORE)
		monitor_auth_refusal_wait(start_us);
	monitor_auth_put_verdict(m, answer, type, verdict);
	if (verdict == MON_MORE)
		put_round(answer, round);
}

int monitor_kbdint_start(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			 struct monitor_reply *reply, struct err *err)
{
	int64_t start_us = clock_monotonic_us();
	char user[PROOF_USER_MAX_BYTES + 1];
	bool possible = monitor_auth_get_user(ask, user);
	struct kbdint_round round;
	const char *reason = NULL;
	enum kbdint_step step;
	int verdict;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	verdict = monitor_auth_begin(m, user, method, METHOD_KEYBOARD_INTERACTIVE, err);
	if (verdict < 0)
		return verdict;
	if (verdict != MON_MORE) {
		monitor_auth_put_verdict(m, answer, MON_KBDINT_START, (enum mon_verdict)verdict);
		return 0;
	}
	step = kbdint_start(&m->kbdint, source_of(m), possible ? user : NULL, &round, &reason);
	step_answer(m, step, &round, reason, start_us, MON_KBDINT_START, answer);
	return 0;
}

int monitor_kbdint_answer(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			  struct monitor_reply *reply, struct err *err)
{
	int64_t start_us = clock_monotonic_us();
	struct kbdint_answer answers[KBDINT_PROMPTS_MAX];
	uint32_t len = mon_get_u32(ask);
	struct kbdint_round round;
	const char *reason = NULL;
	enum kbdint_step step;

	(void)channel;
	(void)reply;
	for (uint32_t i = 0; i < len && !ask->bad; i++) {
		struct mon_string given = mon_get_string(ask);

		if (i < ARRAY_SIZE(answers))
			answers[i] = (struct kbdint_answer){ given.bytes, given.len };
	}
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	if (!m->user_pinned)
		return err_set(err, -EPROTO, "answered questions before anybody asked for any");
	step = kbdint_answer(&m->kbdint, answers, len, &round, &reason);
	step_answer(m, step, &round, reason, start_us, MON_KBDINT_ANSWER, answer);
	return 0;
}
