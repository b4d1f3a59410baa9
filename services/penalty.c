/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: penalties. A sum is kept as the moment when it has run out, so nothing has to be counted down.
 */
#include "services/penalty.h"

#include <errno.h>
#include <stdlib.h>

const char *const penalty_reason_words[] = {
	[PENALTY_AUTHENTICATION] = "authentication-failed",
	[PENALTY_NO_ATTEMPT] = "no-authentication",
	[PENALTY_TIMEOUT] = "authentication-timeout",
	[PENALTY_JUNK] = "not-ssh",
	[PENALTY_CRASH] = "transport-crashed",
	[PENALTY_REASON_MAX] = NULL,
};

static const int64_t penalty_us[] = {
	[PENALTY_AUTHENTICATION] = 3000000, [PENALTY_NO_ATTEMPT] = 1000000, [PENALTY_TIMEOUT] = 5000000,
	[PENALTY_JUNK] = 2000000,	    [PENALTY_CRASH] = 90000000,
};

struct penalty {
	int64_t until_us;
	uint64_t refused;
	uint32_t count;
	enum penalty_reason reason;
	bool shut_out;
};

struct penalties {
	struct source_map *map;
	int64_t now_us; /* of the walk */
	uint64_t changes;
};

int penalties_new(struct penalties **ret_penalties)
{
	struct penalties *penalties = calloc(1, sizeof(*penalties));

	if (!penalties)
		return -ENOMEM;
	if (source_map_new(sizeof(struct penalty), PENALTY_SOURCES_MAX, &penalties->map) < 0) {
		free(penalties);
		return -ENOMEM;
	}
	*ret_penalties = penalties;
	return 0;
}

void penalties_free(struct penalties *penalties)
{
	if (!penalties)
		return;
	source_map_free(penalties->map);
	free(penalties);
}

bool penalties_add(struct penalties *penalties, const struct admission_source *source, enum penalty_reason reason,
		   int64_t now_us)
{
	const int64_t max_us = reason == PENALTY_CRASH ? PENALTY_CRASH_MAX_US : PENALTY_MAX_US;
	struct penalty *penalty = source_map_find(penalties->map, source);
	int64_t sum_us;
	bool before;

	if (!penalty)
		penalty = source_map_add(penalties->map, source);
	if (!penalty) { /* full: first what is over, then nothing */
		penalties_sweep(penalties, now_us);
		penalty = source_map_add(penalties->map, source);
	}
	if (!penalty)
		return false;
	if (penalty->until_us <= now_us)
		*penalty = (struct penalty){ .until_us = now_us };
	before = penalty->shut_out;
	sum_us = penalty->until_us - now_us;
	if (sum_us < max_us)
		sum_us = sum_us + penalty_us[reason] < max_us ? sum_us + penalty_us[reason] : max_us;
	penalty->until_us = now_us + sum_us;
	penalty->reason = reason;
	penalty->count++;
	penalties->changes++;
	penalty->shut_out = before || sum_us > PENALTY_THRESHOLD_US;
	return penalty->shut_out && !before;
}

int64_t penalties_ask(struct penalties *penalties, const struct admission_source *source, int64_t now_us)
{
	struct penalty *penalty = source_map_find(penalties->map, source);

	if (!penalty || !penalty->shut_out || penalty->until_us <= now_us)
		return 0;
	penalty->refused++;
	return penalty->until_us - now_us;
}

static bool keep_none(const struct admission_source *source, void *record, void *userdata)
{
	(void)source;
	(void)record;
	(void)userdata;
	return false;
}

static bool keep_running(const struct admission_source *source, void *record, void *userdata)
{
	const struct penalty *penalty = record;

	(void)source;
	return penalty->until_us > ((struct penalties *)userdata)->now_us;
}

size_t penalties_clear(struct penalties *penalties, const struct admission_source *source)
{
	struct penalty *penalty = source ? source_map_find(penalties->map, source) : NULL;
	size_t len = source_map_len(penalties->map);

	penalties->changes++;
	if (!source) {
		source_map_filter(penalties->map, keep_none, NULL);
		return len;
	}
	if (!penalty || penalty->until_us == 0)
		return 0;
	*penalty = (struct penalty){ .until_us = 0 }; /* the next sweep takes it away */
	return 1;
}

void penalties_sweep(struct penalties *penalties, int64_t now_us)
{
	penalties->now_us = now_us;
	source_map_filter(penalties->map, keep_running, penalties);
}

struct walk {
	int64_t now_us;
	void (*on_row)(const struct penalty_row *row, void *userdata);
	void *userdata;
};

static bool tell(const struct admission_source *source, void *record, void *userdata)
{
	const struct walk *walk = userdata;
	const struct penalty *penalty = record;
	const struct penalty_row row = { .source = source, .reason = penalty->reason, .shut_out = penalty->shut_out,
					 .count = penalty->count, .refused = penalty->refused,
					 .left_us = penalty->until_us - walk->now_us };

	if (row.left_us > 0)
		walk->on_row(&row, walk->userdata);
	return true;
}

void penalties_each(struct penalties *penalties, int64_t now_us,
		    void (*on_row)(const struct penalty_row *row, void *userdata), void *userdata)
{
	struct walk walk = { now_us, on_row, userdata };

	source_map_filter(penalties->map, tell, &walk);
}

size_t penalties_len(const struct penalties *penalties)
{
	return source_map_len(penalties->map);
}

uint64_t penalties_changes(const struct penalties *penalties)
{
	return penalties->changes;
}

void penalties_restore(struct penalties *penalties, const struct penalty_row *row, int64_t now_us)
{
	const int64_t max_us = row->reason == PENALTY_CRASH ? PENALTY_CRASH_MAX_US : PENALTY_MAX_US;
	struct penalty *penalty;

	if (row->left_us <= 0 || source_map_find(penalties->map, row->source))
		return;
	penalty = source_map_add(penalties->map, row->source);
	if (penalty)
		*penalty = (struct penalty){ .until_us = now_us + (row->left_us < max_us ? row->left_us : max_us),
					     .refused = row->refused, .count = row->count, .reason = row->reason,
					     .shut_out = row->shut_out };
}
