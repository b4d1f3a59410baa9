/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: any line is matched or refused at a place within it, from the top and from a sub-mode; the canonical text of a
 * match means the same match; hints come for any beginning, and <cr> only where the line may end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/root.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool held)
{
	if (!held)
		abort();
}

static void check_canonical(const struct match *match)
{
	char *text = stmt_match_text(match), *again;
	struct match second;

	require(text);
	stmt_match(conf_root, NULL, text, true, &second);
	require(second.status == MATCH_OK && second.negate == match->negate && second.steps_len == match->steps_len);
	again = stmt_match_text(&second);
	require(again && !strcmp(text, again));
	free(again);
	free(text);
	stmt_match_done(&second);
}

static void check_line(const struct match *context, const char *line, struct match *ret_match)
{
	size_t len = strlen(line);

	stmt_match(conf_root, context, line, true, ret_match);
	switch (ret_match->status) {
	case MATCH_OK:
		require(ret_match->steps_len > ret_match->context_len);
		check_canonical(ret_match);
		break;
	case MATCH_INVALID:
		require(ret_match->column <= ret_match->mark && ret_match->mark <= len);
		break;
	case MATCH_AMBIGUOUS:
		require(ret_match->column < len);
		break;
	case MATCH_EMPTY:
	case MATCH_INCOMPLETE:
		break;
	}
}

struct hint_check {
	bool enter;
};

static void on_hint(const struct stmt_hint *hint, void *userdata)
{
	struct hint_check *check = userdata;

	require(hint->word && hint->word[0] && hint->help && !check->enter);
	check->enter = hint->enter;
}

static void check_hints(const struct match *context, const char *line, const struct match *match)
{
	struct hint_check check = { .enter = false };
	unsigned column = 0;
	int count = stmt_hints(conf_root, context, line, true, NULL, on_hint, &check, &column);

	require(count >= 0 || column <= strlen(line));
	/* a secret may end the line although it is refused as it stands: it may be clear */
	require(!check.enter || match->status == MATCH_OK ||
		(match->steps_len && match->steps[match->steps_len - 1].row->flags & STMT_SECRET));
}

/* The first line opens the context the second is typed in. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct match context = { .steps_len = 0 }, match;
	char *line = malloc(len + 1), *second;

	if (!line)
		return 0;
	memcpy(line, bytes, len);
	line[len] = '\0';
	second = strchr(line, '\n');
	if (second)
		*second++ = '\0';
	check_line(NULL, line, &context);
	check_hints(NULL, line, &context);
	if (second && context.status == MATCH_OK && !context.negate && stmt_match_row(&context)->mode) {
		check_line(&context, second, &match);
		check_hints(&context, second, &match);
		stmt_match_done(&match);
	}
	stmt_match_done(&context);
	free(line);
	return 0;
}
