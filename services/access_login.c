/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: access lists read out of a configuration tree, for a question about what is not in force. Nothing is counted.
 */
#include "services/access_login.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "services/access_list.h"

struct judge {
	char prefix[ACCESS_LIST_NAME_MAX + sizeof("ipv4 access-list  ")];
	struct access_flow flow;
	bool found, decided, permitted;
};

static bool port_fits(const struct access_side *side, uint16_t port)
{
	return (port >= side->port_first && port <= side->port_last) != side->port_except;
}

static bool rule_fits(const struct access_rule *rule, const struct access_flow *flow)
{
	return rule->tcp && access_side_fits(&rule->from, flow->family, flow->from) &&
	       access_side_fits(&rule->to, flow->family, flow->to) && port_fits(&rule->from, flow->from_port) &&
	       port_fits(&rule->to, flow->to_port);
}

/* "ipv4 access-list MGMT 30 permit tcp …"; entries come in the order of their numbers. */
static int on_line(const char *line, void *userdata)
{
	struct judge *judge = userdata;
	struct access_rule rule;
	const char *at;
	bool permit;

	if (judge->decided || strncmp(line, judge->prefix, strlen(judge->prefix)))
		return 0;
	judge->found = true;
	at = line + strlen(judge->prefix);
	at += strspn(at, "0123456789");
	permit = !strncmp(at, " permit ", 8);
	if (!permit && strncmp(at, " deny ", 6))
		return 0;
	if (access_rule_parse(judge->flow.family, at + (permit ? 8 : 6), &rule, NULL, NULL) < 0 ||
	    !rule_fits(&rule, &judge->flow))
		return 0;
	judge->decided = true;
	judge->permitted = permit;
	return 0;
}

static bool flow_fill(const struct conf_login *login, struct access_flow *flow)
{
	int family = strchr(login->client_address, ':') ? AF_INET6 : AF_INET;

	flow->family = family == AF_INET6 ? ACCESS_IPV6 : ACCESS_IPV4;
	flow->from_port = login->client_port;
	flow->to_port = login->server_port;
	return inet_pton(family, login->client_address, flow->from) == 1 &&
	       inet_pton(family, login->server_address, flow->to) == 1;
}

bool access_login_list_permits(const struct tree *tree, const struct conf_login *login, const char *list)
{
	struct judge judge = { .decided = false };

	if (!flow_fill(login, &judge.flow))
		return true;
	snprintf(judge.prefix, sizeof(judge.prefix), "%s access-list %.64s ",
		 access_family_words[judge.flow.family], list);
	if (tree_each(tree, on_line, &judge) < 0)
		return true;
	return !judge.found || judge.permitted;
}

bool access_login_allowed(const struct tree *tree, const struct conf_login *login, const char **ret_list)
{
	struct judge judge = { .decided = false };
	const char *family, *list;
	char path[128];

	*ret_list = "";
	if (!flow_fill(login, &judge.flow))
		return true;
	family = access_family_words[judge.flow.family];
	snprintf(path, sizeof(path), "ssh server vrf %.32s %s access-list", login->vrf, family);
	list = tree_get(tree, path);
	if (!list)
		return true;
	*ret_list = list;
	snprintf(judge.prefix, sizeof(judge.prefix), "%s access-list %.64s ", family, list);
	if (tree_each(tree, on_line, &judge) < 0)
		return true;
	return judge.permitted; /* at the end everything is denied */
}
