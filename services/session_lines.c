/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: lines of sessions. An access-class is asked for IPv4 by the ipv4 access-list of its name, and for IPv6 by "ipv6
 * ingress" or else by the ipv6 access-list of the same name; where there is no list of a family, that family is open,
 * as with the lists of "ssh server vrf".
 */
#include "services/session_lines.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *const session_lines_refusals[] = {
	[LINE_GIVEN] = "",
	[LINE_NONE_FREE] = "No line is free",
	[LINE_ACCESS] = "The access-class of the lines does not let you in",
	[LINE_TRANSPORT] = "SSH may not come in on any line (transport input)",
};

static bool flow_fill(const struct session_report *session, struct access_flow *flow)
{
	const bool ipv6 = strchr(session->peer_address, ':') != NULL;
	const int family = ipv6 ? AF_INET6 : AF_INET;
	char address[INET6_ADDRSTRLEN];

	*flow = (struct access_flow){ .family = ipv6 ? ACCESS_IPV6 : ACCESS_IPV4, .from_port = session->peer_port,
				      .to_port = session->local_port };
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(session->peer_address, "%"), session->peer_address);
	if (inet_pton(family, address, flow->from) != 1)
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(session->local_address, "%"), session->local_address);
	return inet_pton(family, address, flow->to) == 1;
}

static bool class_permits(const struct line_settings *settings, void *userdata)
{
	const struct session_lines_ask *ask = userdata;
	const char *name = settings->access_class;
	struct access_flow flow;

	if (!flow_fill(ask->session, &flow))
		return !settings->access_class && !settings->access_class_ipv6;
	if (flow.family == ACCESS_IPV6 && settings->access_class_ipv6)
		name = settings->access_class_ipv6;
	if (!name || !access_lists_has(&ask->conf->ssh.access_lists, flow.family, name))
		return true;
	return door_list_permits(ask->door, name, &flow);
}

enum line_verdict session_lines_pick(const struct session_lines_ask *ask, uint32_t *ret_vty)
{
	struct session_lines_ask own = *ask;
	const struct line_pick pick = { .conf = &ask->conf->lines, .table = ask->table, .let_in = ask->let_in,
					.netconf = ask->netconf, .permits = class_permits, .userdata = &own };

	return line_pool_pick(&pick, ret_vty);
}

static void settings_of(const struct sshd_conf *conf, const uint32_t *vty, struct line_pool *pool,
			struct line_settings *settings)
{
	static const struct lines_conf nothing = {
		.console = { .absolute_timeout_min = -1, .login_response_s = -1, .length = -1, .width = -1 },
		.standard = { .absolute_timeout_min = -1, .login_response_s = -1, .length = -1, .width = -1 },
	};
	const struct lines_conf *lines = conf ? &conf->lines : &nothing;

	*pool = (struct line_pool){ .template_name = "console" };
	if (vty)
		line_conf_pool_of(lines, *vty, pool);
	/* a number of no pool: its pool has become smaller, or it has not been let in */
	line_conf_settings(lines, pool->template_name[0] ? pool->template_name : "default", settings);
}

void session_lines_report(const struct sshd_conf *conf, const uint32_t *vty, const struct session_entry *entry,
			  struct line_report *ret_report)
{
	struct line_report report = { .line = "con0" };
	struct line_settings settings;
	struct line_pool pool;

	settings_of(conf, vty, &pool, &settings);
	if (vty)
		snprintf(report.line, sizeof(report.line), "vty%u", *vty);
	snprintf(report.pool, sizeof(report.pool), "%s", pool.name);
	snprintf(report.template_name, sizeof(report.template_name), "%s", settings.template_name);
	report.exec_timeout_s = settings.exec_timeout_s;
	report.absolute_timeout_s = settings.absolute_timeout_s;
	report.length = settings.length;
	report.width = settings.width;
	report.timestamp = settings.timestamp;
	snprintf(report.transport_input, sizeof(report.transport_input), "%s",
		 settings.transport_input ? settings.transport_input : "all");
	snprintf(report.access_class, sizeof(report.access_class), "%s",
		 settings.access_class ? settings.access_class : "");
	snprintf(report.access_class_ipv6, sizeof(report.access_class_ipv6), "%s",
		 settings.access_class_ipv6 ? settings.access_class_ipv6 : "");
	snprintf(report.autocommand, sizeof(report.autocommand), "%s",
		 settings.autocommand ? settings.autocommand : "");
	if (entry) {
		report.start_us = entry->report.start_us;
		report.session_id = entry->report.id;
		snprintf(report.user, sizeof(report.user), "%s", entry->report.user);
	}
	*ret_report = report;
}
