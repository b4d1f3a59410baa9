/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the lines of a configuration that is not in force, asked whether one of them would take a login: by SSH, and
 * from that address. Whether one is free nobody can know beforehand.
 */
#include "services/line_login.h"

#include <string.h>

#include "services/access_login.h"
#include "services/line_conf.h"

static bool template_takes(const struct tree *tree, const struct lines_conf *conf, const char *name,
			   const struct conf_login *login)
{
	const char *list;
	struct line_settings settings;

	line_conf_settings(conf, name, &settings);
	list = strchr(login->client_address, ':') && settings.access_class_ipv6 ? settings.access_class_ipv6 :
										  settings.access_class;
	return settings.ssh && (!list || access_login_list_permits(tree, login, list));
}

bool line_login_allowed(const struct tree *tree, const struct conf_login *login)
{
	static const struct stmt rows[] = { LINE_CONF_ROWS, STMT_DONE };
	struct bind_arena arena = { .chunks = NULL };
	struct lines_conf conf = { .pool_default = NULL };
	struct line_pool pools[LINE_POOLS_MAX];
	bool allowed = true;
	size_t len;

	if (bind_tree(tree, rows, &conf, &arena) == 0) {
		len = line_conf_pools(&conf, pools, LINE_POOLS_MAX);
		allowed = !conf.pool_default && template_takes(tree, &conf, "default", login);
		for (size_t i = 0; i < len && !allowed; i++)
			allowed = pools[i].kind != LINE_POOL_EEM &&
				  template_takes(tree, &conf, pools[i].template_name, login);
	}
	bind_arena_done(&arena);
	return allowed;
}
