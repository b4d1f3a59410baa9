/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what "show ssh" and its relatives print. The layouts are those that public parsers know, word for word; what we
 * know beyond them stands in columns at the end of a row, where they do not look.
 */
#include "cli/show_ssh.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/shell.h"
#include "vrf/vrf_report.h"

#define VERSION_LINE SHOW_SSH_VERSION_LINE

/* A session and one of its channels, as one row. */
struct channel_row {
	struct session_report session;
	struct channel_report channel;
};

static const struct session_report *session_of(const void *row)
{
	return &((const struct channel_row *)row)->session;
}

static const char *text_id(const void *row, char *buffer, size_t size_bytes)
{
	snprintf(buffer, size_bytes, "%" PRIu32, session_of(row)->id);
	return buffer;
}

static const char *text_channel(const void *row, char *buffer, size_t size_bytes)
{
	snprintf(buffer, size_bytes, "%" PRIu32, ((const struct channel_row *)row)->channel.channel);
	return buffer;
}

static const char *text_pty(const void *row, char *buffer, size_t size_bytes)
{
	if (!((const struct channel_row *)row)->channel.has_pty)
		return "XXX";
	snprintf(buffer, size_bytes, "vty%" PRIu32, session_of(row)->vty);
	return buffer;
}

static const char *text_location(const void *row, char *buffer, size_t size_bytes)
{
	(void)row;
	(void)buffer;
	(void)size_bytes;
	return SHELL_LOCATION;
}

static const char *text_state(const void *row, char *buffer, size_t size_bytes)
{
	int state = session_of(row)->state;

	(void)buffer;
	(void)size_bytes;
	return state >= 0 && state < SESSION_STATE_MAX ? session_state_words[state] : "";
}

static const char *text_user(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return session_of(row)->user;
}

static const char *text_host(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return session_of(row)->peer_address;
}

static const char *text_version(const void *row, char *buffer, size_t size_bytes)
{
	(void)row;
	(void)buffer;
	(void)size_bytes;
	return "v2"; /* the only one spoken */
}

static const char *text_auth(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return session_of(row)->auth_word;
}

static const char *text_type(const void *row, char *buffer, size_t size_bytes)
{
	int type = ((const struct channel_row *)row)->channel.type;

	(void)buffer;
	(void)size_bytes;
	return type >= 0 && type < CHANNEL_TYPE_MAX ? channel_type_words[type] : "";
}

static const char *text_vrf(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return session_of(row)->vrf;
}

static const char *text_first_type(const void *row, char *buffer, size_t size_bytes)
{
	(void)buffer;
	(void)size_bytes;
	return session_of(row)->first_type;
}

static const char *text_start(const void *row, char *buffer, size_t size_bytes)
{
	return clock_text_iso(((const struct session_report *)row)->start_us, buffer, size_bytes);
}

static const char *text_end(const void *row, char *buffer, size_t size_bytes)
{
	return clock_text_iso(((const struct session_report *)row)->end_us, buffer, size_bytes);
}

static const struct column session_columns[] = {
	{ .title = "id", .width = 6, .text = text_id },
	{ .title = "chan", .width = 4, .text = text_channel },
	{ .title = "pty", .width = 6, .text = text_pty },
	{ .title = "location", .width = 11, .text = text_location },
	{ .title = "state", .width = 13, .text = text_state },
	{ .title = "userid", .width = 12, .text = text_user },
	{ .title = "host", .width = 16, .text = text_host },
	{ .title = "ver", .width = 3, .text = text_version },
	{ .title = "authentication", .width = 14, .text = text_auth },
	{ .title = "connection type", .width = 22, .text = text_type },
	{ .title = "vrf", .width = 12, .text = text_vrf },
	COLUMN_END,
};

static const struct column history_columns[] = {
	{ .title = "id", .width = 6, .text = text_id },
	{ .title = "chan", .width = 4, .text = text_channel },
	{ .title = "pty", .width = 6, .text = text_pty },
	{ .title = "location", .width = 11, .text = text_location },
	{ .title = "userid", .width = 12, .text = text_user },
	{ .title = "host", .width = 16, .text = text_host },
	{ .title = "ver", .width = 3, .text = text_version },
	{ .title = "authentication", .width = 14, .text = text_auth },
	{ .title = "connection type", .width = 22, .text = text_first_type },
	{ .title = "vrf", .width = 12, .text = text_vrf },
	COLUMN_END,
};

/* over session_report_fields */
#define DETAIL_COLUMNS                                                  \
	{ .title = "id", .width = 6, .member = "id" },                  \
	{ .title = "key-exchange", .width = 21, .member = "kex" },      \
	{ .title = "pubkey", .width = 19, .member = "host_key" },       \
	{ .title = "incipher", .width = 29, .member = "cipher_in" },    \
	{ .title = "outcipher", .width = 29, .member = "cipher_out" },  \
	{ .title = "inmac", .width = 29, .member = "mac_in" },          \
	{ .title = "outmac", .width = 29, .member = "mac_out" }

static const struct column detail_columns[] = { DETAIL_COLUMNS, COLUMN_END };

static const struct column history_detail_columns[] = {
	DETAIL_COLUMNS,
	{ .title = "start_time", .width = 19, .text = text_start, .blanks = true },
	{ .title = "end_time", .width = 19, .text = text_end, .blanks = true },
	{ .title = "userid", .width = 12, .member = "user" },
	{ .title = "host", .width = 16, .member = "peer_address" },
	{ .title = "vrf", .width = 12, .member = "vrf" },
	{ .title = "end_reason", .width = 22, .member = "end_reason" },
	{ .title = "end_text", .width = 22, .member = "end_text", .blanks = true },
	COLUMN_END,
};

static const struct column listener_columns[] = {
	{ .title = "vrf", .width = 16, .member = "vrf" },
	{ .title = "family", .width = 6, .member = "family" },
	{ .title = "port", .width = 5, .member = "port" },
	{ .title = "state", .width = 8, .member = "state" },
	{ .title = "service", .width = 7, .member = "service" },
	{ .title = "accepted", .width = 8, .member = "accepted" },
	{ .title = "refused", .width = 8, .member = "refused" },
	{ .title = "reason", .width = 10, .member = "reason", .blanks = true },
	COLUMN_END,
};

static const char *text_table_id(const void *row, char *buffer, size_t size_bytes)
{
	const struct vrf_report *vrf = row;

	if (!vrf->table_id)
		return "";
	snprintf(buffer, size_bytes, "%" PRIu32, vrf->table_id);
	return buffer;
}

static const struct column vrf_columns[] = {
	{ .title = "Name", .width = 32, .member = "name" },
	{ .title = "Kind", .width = 8, .member = "kind" },
	{ .title = "State", .width = 8, .member = "state" },
	{ .title = "Device", .width = 15, .member = "device" },
	{ .title = "Table", .width = 10, .text = text_table_id },
	COLUMN_END,
};

/* ---- reading replies ---- */

static int reply_array(const json_t *reply, const char *name, const json_t **ret_array, struct err *err)
{
	const json_t *array = json_object_get(reply, name);

	if (!json_is_array(array))
		return err_set(err, -EPROTO,
			       "The answer of sallyport-sshd has no list \"%s\": CLI and daemon differ in version",
			       name);
	*ret_array = array;
	return 0;
}

static int decode(const struct field *fields, const json_t *object, void *row, struct err *err)
{
	int r;

	if (!json_is_object(object))
		return err_set(err, -EPROTO,
			       "A row from sallyport-sshd is no object: CLI and daemon differ in version");
	r = field_decode(fields, object, row, err);
	return r < 0 ? err_add(err, -EPROTO, "A row from sallyport-sshd cannot be read") : 0;
}

/* Calls on_row for each channel of each session; a session without channels counts as one row. */
static int each_channel(const json_t *reply, void (*on_row)(const struct channel_row *row, void *userdata),
			void *userdata, struct err *err)
{
	const json_t *sessions, *entry;
	size_t i;
	int r = reply_array(reply, "sessions", &sessions, err);

	if (r < 0)
		return r;
	json_array_foreach(sessions, i, entry) {
		const json_t *channels = json_object_get(entry, "channels"), *channel;
		struct channel_row row = { 0 };
		size_t j;

		r = decode(session_report_fields, json_object_get(entry, "session"), &row.session, err);
		if (r < 0)
			return r;
		if (!json_array_size(channels))
			on_row(&row, userdata);
		json_array_foreach(channels, j, channel) {
			memset(&row.channel, 0, sizeof(row.channel));
			r = decode(channel_report_fields, channel, &row.channel, err);
			if (r < 0)
				return r;
			on_row(&row, userdata);
		}
	}
	return 0;
}

/* ---- show ssh ---- */

static void print_channel(const struct channel_row *row, void *userdata)
{
	column_row(userdata, session_columns, NULL, row);
}

/* One object per row of the table: the session's members and the channel's. */
static void collect_channel(const struct channel_row *row, void *userdata)
{
	json_t *object = field_encode(session_report_fields, &row->session);
	json_t *channel = field_encode(channel_report_fields, &row->channel);

	if (object && channel)
		json_object_update(object, channel);
	json_decref(channel);
	json_array_append_new(userdata, object);
}

int show_ssh_sessions(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	json_t *rows;
	int r;

	if (as_json) {
		rows = json_array();
		r = each_channel(reply, collect_channel, rows, err);
		if (r < 0) {
			json_decref(rows);
			return r;
		}
		return column_json(out, rows);
	}
	fputs(VERSION_LINE "\n", out);
	column_head(out, session_columns, true);
	fputs("Incoming sessions\n", out);
	r = each_channel(reply, print_channel, out, err);
	fputs("\nOutgoing sessions\n\n", out);
	return r;
}

/* ---- show ssh session details ---- */

int show_ssh_each_session(const json_t *reply, bool nested,
			  void (*on_row)(const struct session_report *row, void *userdata), void *userdata,
			  struct err *err)
{
	const json_t *sessions, *entry;
	size_t i;
	int r = reply_array(reply, "sessions", &sessions, err);

	if (r < 0)
		return r;
	json_array_foreach(sessions, i, entry) {
		struct session_report session = { 0 };

		r = decode(session_report_fields, nested ? json_object_get(entry, "session") : entry, &session, err);
		if (r < 0)
			return r;
		on_row(&session, userdata);
	}
	return 0;
}

static void print_details(const struct session_report *session, void *userdata)
{
	column_row(userdata, detail_columns, session_report_fields, session);
}

struct ids_print {
	FILE *out;
	unsigned len;
};

static void print_post_quantum_id(const struct session_report *session, void *userdata)
{
	struct ids_print *print = userdata;

	if (session->post_quantum)
		fprintf(print->out, "%s %" PRIu32, print->len++ ? "," : "", session->id);
}

/* Not a column: the row's seven words are known to parsers. */
static void print_post_quantum(FILE *out, const json_t *reply, struct err *err)
{
	struct ids_print print = { .out = out };

	fputs("Post-quantum key exchange :", out);
	if (show_ssh_each_session(reply, true, print_post_quantum_id, &print, err) == 0 && !print.len)
		fputs(" none", out);
	fputs("\n\n", out);
}

static void print_history_details(const struct session_report *session, void *userdata)
{
	column_row(userdata, history_detail_columns, session_report_fields, session);
}

static void print_history(const struct session_report *session, void *userdata)
{
	struct channel_row row = { .session = *session };

	row.channel.channel = 1; /* the first one is what history shows */
	row.channel.has_pty = session->had_pty;
	column_row(userdata, history_columns, NULL, &row);
}

static void collect_session(const struct session_report *session, void *userdata)
{
	json_array_append_new(userdata, field_encode(session_report_fields, session));
}

static int sessions_as_json(FILE *out, const json_t *reply, bool nested, struct err *err)
{
	json_t *rows = json_array();
	int r = show_ssh_each_session(reply, nested, collect_session, rows, err);

	if (r < 0) {
		json_decref(rows);
		return r;
	}
	return column_json(out, rows);
}

int show_ssh_session_details(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	int r;

	if (as_json)
		return sessions_as_json(out, reply, true, err);
	fputs(VERSION_LINE "\n", out);
	column_head(out, detail_columns, true);
	fputs("Incoming Session\n", out);
	r = show_ssh_each_session(reply, true, print_details, out, err);
	fputs("\nOutgoing connection\n\n", out);
	print_post_quantum(out, reply, err);
	return r;
}

int show_ssh_history(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	int r;

	if (as_json)
		return sessions_as_json(out, reply, false, err);
	fputs(VERSION_LINE "\n", out);
	column_head(out, history_columns, true);
	fputs("Incoming sessions\n", out);
	r = show_ssh_each_session(reply, false, print_history, out, err);
	fputc('\n', out);
	return r;
}

int show_ssh_history_details(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	int r;

	if (as_json)
		return sessions_as_json(out, reply, false, err);
	fputs(VERSION_LINE "\n", out);
	column_head(out, history_detail_columns, true);
	fputs("Incoming Session\n", out);
	r = show_ssh_each_session(reply, false, print_history_details, out, err);
	fputc('\n', out);
	return r;
}

/* ---- show ssh server ---- */

static void print_listeners(FILE *out, const struct listener_report *listeners, size_t len)
{
	column_head(out, listener_columns, true);
	for (size_t i = 0; i < len; i++)
		column_row(out, listener_columns, listener_report_fields, &listeners[i]);
}

static bool is_netconf(const struct listener_report *listener)
{
	return !strcmp(listener->service, "netconf");
}

static bool is_of(const struct listener_report *listener, const struct listener_report *like)
{
	return !strcmp(listener->vrf, like->vrf) && is_netconf(listener) == is_netconf(like);
}

static const char *access_list_of(const struct listener_report *listeners, size_t len,
				  const struct listener_report *like, const char *family)
{
	for (size_t i = 0; i < len; i++)
		if (is_of(&listeners[i], like) && !strcmp(listeners[i].family, family))
			return listeners[i].access_list;
	return "";
}

/* "vrfname:=default (v4-acl:=, v6-acl:=)", each VRF of the service once. */
static void print_vrfs(FILE *out, const char *label, bool netconf, const struct listener_report *listeners,
		       size_t len, const char *none)
{
	for (size_t i = 0; i < len; i++) {
		size_t before = 0;

		while (before < i && !is_of(&listeners[before], &listeners[i]))
			before++;
		if (before < i || is_netconf(&listeners[i]) != netconf)
			continue;
		fprintf(out, "%36s := vrfname:=%s (v4-acl:=%s, v6-acl:=%s)\n", label, listeners[i].vrf,
			access_list_of(listeners, len, &listeners[i], "ipv4"),
			access_list_of(listeners, len, &listeners[i], "ipv6"));
		label = "";
	}
	if (label[0])
		fprintf(out, "%36s :=%s\n", label, none);
}

static const char *yes_no(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return "Yes";
	return "No";
}

/* Of what was closed at accept, the reasons that there were. */
static void print_refused(FILE *out, const struct server_report *server)
{
	const struct {
		const char *label;
		uint64_t count;
	} rows[] = {
		{ "Refused by the session limit", server->refused_sessions },
		{ "Refused before authentication", server->refused_unauthenticated },
		{ "Refused before auth, one source", server->refused_source },
		{ "Refused by the rate limit", server->refused_rate },
		{ "Refused by the rate of one source", server->refused_source_rate },
		{ "Refused by an access list", server->refused_access_list },
		{ "Refused by a penalty", server->refused_penalty },
		{ "Refused for want of resources", server->refused_resources },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].count)
			fprintf(out, "%36s := %" PRIu64 "\n", rows[i].label, rows[i].count);
}

static void print_others(FILE *out, const struct server_report *server)
{
	fputs("\nOthers\n------------\n", out);
	fprintf(out, "%36s := %" PRIu32 "\n", "DSCP", server->dscp);
	fprintf(out, "%36s := %" PRIu32 "\n", "Ratelimit", server->rate_limit_per_min);
	fprintf(out, "%36s := %" PRIu32 "\n", "Sessionlimit", server->session_limit);
	fprintf(out, "%36s := %" PRIu32 "\n", "Rekeytime", server->rekey_time_min);
	fprintf(out, "%36s := %" PRIu32 "\n", "Server rekeyvolume", server->rekey_volume_mb);
	fprintf(out, "%36s := %" PRIu32 "\n", "TCP window scale factor", server->tcp_window_scale);
	fprintf(out, "%36s := Disabled\n", "Backup Server"); /* there is none: a port per VRF does what it is for */
	/* nor are there certificates; programs that read this table look for the rows */
	fprintf(out, "%36s :=\n%36s :=\n", "Host Trustpoint", "User Trustpoint");
	fprintf(out, "%36s := %s\n", "Port Forwarding", server->port_forwarding ? "Local" : "Disabled");
	fprintf(out, "%36s := %" PRIu32 "\n", "Max Authentication Limit", server->max_auth_limit);
	fprintf(out, "%36s := Common name (CN)\n", "Certificate username");
	fprintf(out, "%36s :=\n%36s :=\n", "OpenSSH Host Trustpoint", "OpenSSH User Trustpoint");
	fprintf(out, "%36s := %" PRIu32 "\n", "Rate burst", server->rate_burst);
	fprintf(out, "%36s := %" PRIu32 "\n", "Rate of one source", server->rate_per_source);
	fprintf(out, "%36s := %" PRIu32 "\n", "Authentication timeout", server->timeout_s);
	fprintf(out, "%36s := %" PRIu32 "\n", "Keepalive", server->keepalive_s);
	fprintf(out, "%36s := %" PRIu32 "\n", "Channel timeout", server->channel_timeout_s);
	fprintf(out, "%36s := %" PRIu32 "\n", "Connection timeout", server->connection_timeout_s);
	fprintf(out, "%36s :=%s%s\n", "Netconf program", server->netconf_program[0] ? " " : "",
		server->netconf_program);
	fprintf(out, "%36s := %s\n", "Netconf on the SSH port", server->netconf_on_ssh_port ? "Enabled" : "Disabled");
	fprintf(out, "%36s := %s\n", "Sftp", server->sftp ? "Enabled" : "Disabled");
	fprintf(out, "%36s := %s\n", "Scp", server->scp ? "Enabled" : "Disabled");
	fprintf(out, "%36s := %s\n", "Penalties", server->penalties ? "Enabled" : "Disabled");
	fprintf(out, "%36s := %s\n", "Logging of sessions", server->logging ? "Enabled" : "Disabled");
	fprintf(out, "%36s :=%s%s\n", "Banner", server->banner[0] ? " " : "", server->banner);
	fprintf(out, "%36s := %" PRIu32 "\n", "Sessions", server->sessions);
	fprintf(out, "%36s := %" PRIu32 "\n", "Sessions before authentication", server->unauthenticated);
	print_refused(out, server);
}

static void print_server(FILE *out, const struct server_report *server, const struct listener_report *listeners,
			 size_t len)
{
	fputs("---------------------\nSSH Server Parameters\n---------------------\n\n", out);
	fprintf(out, "%36s := v2\n", "Current supported versions");
	fprintf(out, "%36s := %" PRIu32 "\n", "SSH port", server->port);
	/* of one VRF it may be meant so: NETCONF alone is served there */
	print_vrfs(out, "SSH vrfs", false, listeners, len,
		   server->vrf[0] ? "" : " none: no client can connect; ssh server");
	fprintf(out, "%36s := %" PRIu32 "\n", "Netconf Port", server->netconf_port);
	print_vrfs(out, "Netconf Vrfs", true, listeners, len, "");
	fputs("\nAlgorithms\n---------------\n", out);
	fprintf(out, "%36s := %s\n\n", "Hostkey Algorithms",
		server->host_keys[0] ? server->host_keys : "none: no client can connect; crypto key generate ed25519");
	fprintf(out, "%36s := %s\n\n", "Key-Exchange Algorithms", server->key_exchange);
	fprintf(out, "%36s := %s\n\n", "Encryption Algorithms", server->ciphers);
	fprintf(out, "%36s := %s\n", "Mac Algorithms", server->macs);
	fputs("\nAuthentication Method Supported\n------------------------------------\n", out);
	fprintf(out, "%36s := %s\n", "PublicKey", yes_no(server->methods, "publickey"));
	fprintf(out, "%36s := %s\n", "Password", yes_no(server->methods, "password"));
	fprintf(out, "%36s := %s\n", "Keyboard-Interactive", yes_no(server->methods, "keyboard-interactive"));
	fprintf(out, "%36s := %s\n", "Certificate Based", yes_no(server->methods, "certificate"));
	print_others(out, server);
	fputs("\nListeners\n------------\n", out);
	print_listeners(out, listeners, len);
	fputc('\n', out);
}

static int read_listeners(const json_t *rows, struct listener_report *listeners, struct err *err)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(rows, i, entry) {
		int r = decode(listener_report_fields, entry, &listeners[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int server_as_json(FILE *out, const struct server_report *server, const struct listener_report *listeners,
			  size_t len)
{
	json_t *object = field_encode(server_report_fields, server), *rows = json_array(), *all = json_array();

	for (size_t i = 0; i < len; i++)
		json_array_append_new(rows, field_encode(listener_report_fields, &listeners[i]));
	json_object_set_new(object, "listeners", rows);
	json_array_append_new(all, object);
	return column_json(out, all);
}

int show_ssh_server(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	struct server_report server = { 0 };
	struct listener_report *listeners;
	const json_t *rows = NULL;
	size_t len;
	int r = reply_array(reply, "listeners", &rows, err);

	if (r < 0)
		return r;
	r = decode(server_report_fields, json_object_get(reply, "server"), &server, err);
	if (r < 0)
		return r;
	len = json_array_size(rows);
	listeners = calloc(len ? len : 1, sizeof(*listeners));
	if (!listeners)
		return err_set(err, -ENOMEM, "Out of memory");
	r = read_listeners(rows, listeners, err);
	if (!as_json)
		column_clean(server.banner, strlen(server.banner), false);
	if (r == 0 && as_json)
		r = server_as_json(out, &server, listeners, len);
	else if (r == 0)
		print_server(out, &server, listeners, len);
	free(listeners);
	return r;
}

/* ---- show vrf ---- */

int show_vrfs(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	json_t *all = as_json ? json_array() : NULL;
	const json_t *rows = NULL, *entry;
	size_t i;
	int r = reply_array(reply, "vrfs", &rows, err);

	if (r == 0 && !as_json)
		column_head(out, vrf_columns, true);
	for (i = 0; r == 0 && i < json_array_size(rows); i++) {
		struct vrf_report vrf = { 0 };

		entry = json_array_get(rows, i);
		r = decode(vrf_report_fields, entry, &vrf, err);
		if (r == 0 && as_json)
			json_array_append_new(all, field_encode(vrf_report_fields, &vrf));
		else if (r == 0)
			column_row(out, vrf_columns, vrf_report_fields, &vrf);
	}
	if (r < 0 || !as_json) {
		json_decref(all);
		return r;
	}
	return column_json(out, all);
}

/* ---- show users ---- */

struct users_print {
	FILE *out;
	const struct show_users_ask *ask;
	json_t *rows; /* NULL: text */
	uint32_t last_id;
};

static void put_user(struct users_print *print, bool own, const char *line, const char *user, const char *service,
		     int64_t idle_s, const char *location)
{
	char idle[32] = "--", clean_user[sizeof(((struct session_report *)0)->user)],
	     clean_location[sizeof(((struct session_report *)0)->peer_address)];

	if (idle_s >= 0)
		snprintf(idle, sizeof(idle), "%02" PRId64 ":%02d:%02d", idle_s / 3600, (int)(idle_s / 60 % 60),
			 (int)(idle_s % 60));
	if (print->rows) {
		json_t *row = json_pack("{s:b, s:s, s:s, s:s, s:i, s:s, s:s}", "own", own, "line", line, "user", user,
					"service", service, "conns", 0, "idle", idle, "location", location);

		json_array_append_new(print->rows, row);
		return;
	}
	snprintf(clean_user, sizeof(clean_user), "%s", user[0] ? user : "--");
	snprintf(clean_location, sizeof(clean_location), "%s", location);
	column_clean(clean_user, strlen(clean_user), false);
	column_clean(clean_location, strlen(clean_location), false);
	fprintf(print->out, "%-3s%-16s%-21s%-9s%5d  %-10s%s%s\n", own ? "*" : "", line, clean_user, service, 0, idle,
		clean_location[0] ? "  " : "", clean_location);
}

static void on_user_channel(const struct channel_row *row, void *userdata)
{
	struct users_print *print = userdata;
	const struct session_report *session = &row->session;
	char line[16];

	/* a line is a session with a terminal; it stands once, however many channels it has */
	if (!row->channel.has_pty || session->id == print->last_id)
		return;
	print->last_id = session->id;
	snprintf(line, sizeof(line), "vty%" PRIu32, session->vty);
	put_user(print, session->id == print->ask->own_session_id, line, session->user, "ssh",
		 print->ask->idle_s(session), session->peer_address);
}

int show_users(FILE *out, const json_t *reply, const struct show_users_ask *ask, bool as_json, struct err *err)
{
	struct users_print print = { .out = out, .ask = ask, .rows = as_json ? json_array() : NULL };
	int r;

	if (!as_json)
		fputs("   Line            User                 Service  Conns   Idle        Location\n", out);
	if (!ask->own_session_id)
		put_user(&print, true, ask->own_line, ask->own_user, "hardware", 0, "");
	r = each_channel(reply, on_user_channel, &print, err);
	if (r < 0 || !as_json) {
		json_decref(print.rows);
		return r;
	}
	return column_json(out, print.rows);
}
