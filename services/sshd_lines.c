/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what is told of terminal lines: to a shell how its own line is set up, to those who may look all of them.
 */
#include "services/sshd_lines.h"

#include "services/session_lines.h"
#include "services/sshd.h"
#include "services/sshd_varlink.h"

/* A shell asks as its user. What a session has said already is heard first: it may have been let in just now. */
void sshd_lines_get(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	const json_t *id = json_object_get(parameters, "session_id");
	const struct session_entry *entry = NULL;
	const uid_t uid = varlink_call_peer(call)->uid;
	struct line_report report;

	if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > UINT32_MAX) {
		varlink_error_parameter(call, "session_id");
		return;
	}
	if (json_integer_value(id)) {
		session_server_hear(sshd->sessions, (uint32_t)json_integer_value(id));
		entry = session_table_find(session_server_table(sshd->sessions), (uint32_t)json_integer_value(id));
		if (!entry) {
			varlink_error(call, SSH_ERROR_NO_SESSION, NULL);
			return;
		}
		if (uid != entry->report.uid && !sshd_varlink_permits(sshd, call, "tty-access", TASK_READ))
			return;
	}
	session_lines_report(sshd->conf, entry ? &entry->report.vty : NULL, entry, &report);
	varlink_reply(call, json_pack("{s:o}", "line", field_encode(line_report_fields, &report)));
}

static void add_line(const struct sshd *sshd, json_t *lines, const uint32_t *vty, const struct session_entry *entry)
{
	struct line_report report;

	session_lines_report(sshd->conf, vty, entry, &report);
	json_array_append_new(lines, field_encode(line_report_fields, &report));
}

static const struct session_entry *holder_of(const struct session_table *table, uint32_t vty)
{
	for (size_t i = 0; i < session_table_len(table); i++)
		if (session_table_at(table, i)->report.vty == vty)
			return session_table_at(table, i);
	return NULL;
}

void sshd_lines_list(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const struct session_table *table = session_server_table(sshd->sessions);
	struct line_pool pools[LINE_POOLS_MAX];
	size_t pools_len = sshd->conf ? line_conf_pools(&sshd->conf->lines, pools, LINE_POOLS_MAX) : 0;
	json_t *lines;

	(void)parameters;
	if (!sshd_varlink_permits(sshd, call, "tty-access", TASK_READ))
		return;
	lines = json_array();
	add_line(sshd, lines, NULL, NULL);
	for (uint32_t vty = 0; vty <= SESSION_TABLE_MAX; vty++) {
		const struct session_entry *entry = holder_of(table, vty);
		bool pooled = false;

		for (size_t i = 0; i < pools_len; i++)
			pooled = pooled || (vty >= pools[i].first && vty <= pools[i].last);
		if (entry || pooled)
			add_line(sshd, lines, &vty, entry);
	}
	varlink_reply(call, json_pack("{s:o}", "lines", lines));
}
