/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the vty of a session. Numbers are looked at from the lowest; what a pool's template says is asked once for each
 * pool, because an access list counts its answers.
 */
#include "services/line_pool.h"

#include <string.h>

#include "base/cleanup.h"

enum { POOL_UNASKED, POOL_OPEN, POOL_NO_ACCESS, POOL_NO_TRANSPORT };

struct search {
	const struct line_pick *pick;
	struct line_pool pools[LINE_POOLS_MAX + 1]; /* the last: the default pool while it is not configured */
	int answers[LINE_POOLS_MAX + 1];
	size_t len;
	bool standard; /* there is such a last one */
	bool any_access, any_transport; /* refused for that */
};

static size_t pool_of(const struct search *search, uint32_t vty)
{
	for (size_t i = 0; i < search->len; i++)
		if (vty >= search->pools[i].first && vty <= search->pools[i].last)
			return i;
	return search->len; /* the default pool, or none */
}

static int pool_ask(const struct search *search, size_t at)
{
	const struct line_pick *pick = search->pick;
	struct line_settings settings;

	if (pick->netconf)
		return POOL_OPEN;
	line_conf_settings(pick->conf, search->pools[at].template_name, &settings);
	if (!settings.ssh)
		return POOL_NO_TRANSPORT;
	return pick->permits(&settings, pick->userdata) ? POOL_OPEN : POOL_NO_ACCESS;
}

static bool pool_opens(struct search *search, size_t at)
{
	if ((at == search->len && !search->standard) || search->pools[at].kind == LINE_POOL_EEM)
		return false;
	if (search->answers[at] == POOL_UNASKED)
		search->answers[at] = pool_ask(search, at);
	search->any_access = search->any_access || search->answers[at] == POOL_NO_ACCESS;
	search->any_transport = search->any_transport || search->answers[at] == POOL_NO_TRANSPORT;
	return search->answers[at] == POOL_OPEN;
}

/* Who has which vty: 0 nobody, 1 one who has not logged in, 2 a session. */
static void holders_fill(const struct session_table *table, uint8_t holders[SESSION_TABLE_MAX + 1])
{
	memset(holders, 0, SESSION_TABLE_MAX + 1);
	for (size_t i = 0; i < session_table_len(table); i++) {
		const struct session_entry *entry = session_table_at(table, i);

		if (entry->report.vty <= SESSION_TABLE_MAX)
			holders[entry->report.vty] = entry->authenticated ? 2 : 1;
	}
}

static void search_begin(struct search *search, const struct line_pick *pick)
{
	*search = (struct search){ .pick = pick, .standard = !pick->conf->pool_default };
	search->len = line_conf_pools(pick->conf, search->pools, LINE_POOLS_MAX);
	search->pools[search->len] = (struct line_pool){ .kind = LINE_POOL_DEFAULT, .template_name = "default" };
}

enum line_verdict line_pool_pick(const struct line_pick *pick, uint32_t *ret_vty)
{
	static uint8_t holders[SESSION_TABLE_MAX + 1];
	uint32_t end = pick->conf->pool_default ? LINE_VTY_FREE : SESSION_TABLE_MAX + 1;
	struct search search;
	bool held = false, taken = false;
	uint32_t held_vty = 0;

	search_begin(&search, pick);
	holders_fill(pick->table, holders);
	for (uint32_t vty = 0; vty < end; vty++) {
		if (!pool_opens(&search, pool_of(&search, vty)))
			continue;
		if (!holders[vty]) {
			*ret_vty = vty;
			return LINE_GIVEN;
		}
		taken = true;
		if (holders[vty] == 1 && !held) {
			held = true;
			held_vty = vty;
		}
	}
	if (held && pick->let_in) {
		*ret_vty = held_vty;
		return LINE_GIVEN;
	}
	for (uint32_t vty = LINE_VTY_FREE; held && vty <= SESSION_TABLE_MAX; vty++) {
		if (holders[vty])
			continue;
		*ret_vty = vty;
		return LINE_GIVEN;
	}
	if (taken)
		return LINE_NONE_FREE;
	return search.any_access ? LINE_ACCESS : search.any_transport ? LINE_TRANSPORT : LINE_NONE_FREE;
}

bool line_pool_has(const struct lines_conf *conf, uint32_t vty)
{
	struct line_pool pool;

	line_conf_pool_of(conf, vty, &pool);
	return pool.kind == LINE_POOL_DEFAULT || pool.kind == LINE_POOL_NAMED;
}
