/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what sallyport-sshd answers. Each method asks for the task that its command asks for, of whoever calls. Rows
 * are encoded from their field tables, and so is the interface
 * description.
 */
#include "services/ssh/monitor.h"
#include "services/sshd_varlink.h"

#include <errno.h>
#include <string.h>

#include "aaa/uidmap.h"
#include "base/log.h"
#include "base/varlink_log.h"
#include "conf/config_report.h"
#include "services/sshd_keys.h"
#include "services/logging_report.h"
#include "services/sshd_lines.h"
#include "services/sshd_limits.h"
#include "services/sshd_logging.h"
#include "services/sshd_probe.h"
#include "vrf/vrf_report.h"

#define RUN_COMMAND_MAX_BYTES 1536 /* an event holds all of it */

/* ---- who may ---- */

/* The caller's name for the log, and what he may do; NULL: everything. */
static const struct task_set *caller_rights(const struct sshd *sshd, const struct ucred *peer, char *name,
					    size_t size_bytes)
{
	static const struct task_set none;
	const struct task_set *rights;

	if (peer->uid == 0)
		snprintf(name, size_bytes, "root");
	else if (uidmap_name(sshd->uidmap_path, peer->uid, name, size_bytes) < 0)
		snprintf(name, size_bytes, "uid %u", peer->uid);
	if (peer->uid == 0 || peer->uid == geteuid() || peer->uid == sshd->confd_uid)
		return NULL;
	rights = sshd->conf ? sshd_conf_rights(sshd->conf, name) : NULL;
	return rights ? rights : &none;
}

bool sshd_varlink_may(const struct sshd *sshd, const struct ucred *peer, const char *task, unsigned access, char *name,
		      size_t size_bytes)
{
	const struct task_set *rights = caller_rights(sshd, peer, name, size_bytes);

	return !rights || task_set_has(rights, task, access);
}

bool sshd_varlink_permits(const struct sshd *sshd, struct varlink_call *call, const char *task, unsigned access)
{
	char name[64];

	if (sshd_varlink_may(sshd, varlink_call_peer(call), task, access, name, sizeof(name)))
		return true;
	varlink_error_permission(call);
	return false;
}

bool sshd_varlink_may_be(const struct sshd *sshd, const struct ucred *peer, const char *user)
{
	char name[64];
	const struct task_set *rights = caller_rights(sshd, peer, name, sizeof(name));
	const struct task_set *others = sshd->conf ? sshd_conf_rights(sshd->conf, user) : NULL;

	return !rights || !others || task_set_covers(rights, others, NULL);
}

/* ---- rows ---- */

static json_t *session_encode(const struct session_entry *entry)
{
	json_t *channels = json_array();

	for (size_t i = 0; i < entry->channels_len; i++)
		json_array_append_new(channels, field_encode(channel_report_fields, &entry->channels[i]));
	return json_pack("{s:o, s:o}", "session", field_encode(session_report_fields, &entry->report), "channels",
			 channels);
}

static void handle_list_sessions(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const struct session_table *table = session_server_table(sshd->sessions);
	size_t len = session_table_len(table);
	json_t *sessions;
	char name[64];

	(void)parameters;
	/* "show ssh" and "show users" both ask here */
	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "basic-services", TASK_READ, name, sizeof(name)) &&
	    !sshd_varlink_permits(sshd, call, "crypto", TASK_READ))
		return;
	if (varlink_call_wants_more(call)) {
		for (size_t i = 0; i + 1 < len; i++)
			varlink_reply_continues(call, session_encode(session_table_at(table, i)));
		varlink_reply(call, len > 0 ? session_encode(session_table_at(table, len - 1)) : NULL);
		return;
	}
	sessions = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(sessions, session_encode(session_table_at(table, i)));
	varlink_reply(call, json_pack("{s:o}", "sessions", sessions));
}

static void on_history_row(const struct session_report *row, void *userdata)
{
	json_array_append_new(userdata, field_encode(session_report_fields, row));
}

/* NULL when it is absent or null; false when it is neither that nor a text. */
static bool get_text(const json_t *parameters, const char *name, const char **ret_text)
{
	const json_t *value = json_object_get(parameters, name);

	*ret_text = json_string_value(value);
	return !value || json_is_null(value) || json_is_string(value);
}

static bool get_count(const json_t *parameters, const char *name, json_int_t *ret_count)
{
	const json_t *value = json_object_get(parameters, name);

	*ret_count = json_integer_value(value);
	return (!value || json_is_null(value) || json_is_integer(value)) && *ret_count >= 0;
}

static void handle_list_history(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	struct history_filter filter = { .failed = json_is_true(json_object_get(parameters, "failed")) };
	json_int_t limit, since_us, until_us, before_id;
	const char *wrong = NULL;
	json_t *sessions;

	if (!sshd_varlink_permits(sshd, call, "crypto", TASK_READ))
		return;
	if (!get_count(parameters, "limit", &limit))
		wrong = "limit";
	else if (!get_count(parameters, "since_us", &since_us))
		wrong = "since_us";
	else if (!get_count(parameters, "until_us", &until_us))
		wrong = "until_us";
	else if (!get_count(parameters, "before_id", &before_id) || before_id > UINT32_MAX)
		wrong = "before_id";
	else if (!get_text(parameters, "user", &filter.user))
		wrong = "user";
	else if (!get_text(parameters, "vrf", &filter.vrf))
		wrong = "vrf";
	if (wrong) {
		varlink_error_parameter(call, wrong);
		return;
	}
	filter.since_us = since_us;
	filter.until_us = until_us;
	filter.before_id = (uint32_t)before_id;
	if (limit == 0)
		limit = SSH_HISTORY_SHOWN;
	if (limit > SSH_HISTORY_MAX)
		limit = SSH_HISTORY_MAX;
	sessions = json_array();
	history_find(sshd->history, &filter, (unsigned)limit, on_history_row, sessions);
	varlink_reply(call, json_pack("{s:o}", "sessions", sessions));
}

static void methods_fill(const struct ssh_profile *profile, char *text, size_t size_bytes)
{
	snprintf(text, size_bytes, "%s%s%s", profile->disable_public_key ? "" : ",publickey",
		 profile->disable_password ? "" : ",password",
		 profile->disable_keyboard_interactive ? "" : ",keyboard-interactive");
	memmove(text, text + (text[0] == ','), strlen(text) + 1 - (text[0] == ','));
}

static void refused_fill(const struct admission *admission, const char *vrf_name, struct server_report *server)
{
	server->refused_sessions = admission_refused(admission, vrf_name, ADMISSION_SESSIONS);
	server->refused_unauthenticated = admission_refused(admission, vrf_name, ADMISSION_UNAUTHENTICATED);
	server->refused_source = admission_refused(admission, vrf_name, ADMISSION_SOURCE);
	server->refused_rate = admission_refused(admission, vrf_name, ADMISSION_RATE);
	server->refused_source_rate = admission_refused(admission, vrf_name, ADMISSION_SOURCE_RATE);
	server->refused_access_list = admission_refused(admission, vrf_name, ADMISSION_ACCESS_LIST);
	server->refused_penalty = admission_refused(admission, vrf_name, ADMISSION_PENALTY);
	server->refused_resources = admission_refused(admission, vrf_name, ADMISSION_RESOURCES);
}

static void netconf_fill(const struct ssh_conf *conf, const char *vrf_name, const struct ssh_profile *profile,
			 struct server_report *server)
{
	struct ssh_netconf netconf;

	server->netconf_port = conf->netconf_port > 0 ? (uint32_t)conf->netconf_port : NETCONF_PORT_DEFAULT;
	if (vrf_name && ssh_conf_netconf(conf, vrf_name, &netconf))
		server->netconf_port = netconf.port;
	server->netconf_on_ssh_port = profile->netconf_program && !profile->disable_netconf_ssh_port;
	snprintf(server->netconf_program, sizeof(server->netconf_program), "%s",
		 profile->netconf_program ? profile->netconf_program : "");
}

/* vrf_name NULL: what holds where a VRF says nothing. */
static void server_fill(const struct sshd *sshd, const char *vrf_name, struct server_report *server)
{
	const struct admission *admission = door_admission(sshd->door);
	static const struct ssh_conf nothing; /* every number 0: nothing is served before the first configuration */
	const struct ssh_conf *conf = sshd->conf ? &sshd->conf->ssh : &nothing;
	struct ssh_profile profile;

	if (vrf_name)
		ssh_conf_profile(conf, vrf_name, sshd->default_port, &profile);
	else
		ssh_profile_resolve(&conf->server, NULL, sshd->default_port, &profile);
	*server = (struct server_report){ .port = sshd->conf ? (uint32_t)profile.port : sshd->default_port,
					  .v2_only = true, /* nothing here speaks another version */
					  .timeout_s = (uint32_t)profile.timeout_s,
					  .rate_limit_per_min = (uint32_t)profile.rate_limit_per_min,
					  .rate_burst = (uint32_t)profile.rate_burst,
					  .rate_per_source = (uint32_t)profile.rate_per_source,
					  .session_limit = (uint32_t)profile.session_limit,
					  .max_auth_limit = (uint32_t)profile.max_auth_limit,
					  .dscp = (uint32_t)profile.dscp,
					  .rekey_time_min = (uint32_t)profile.rekey_time_min,
					  .rekey_volume_mb = (uint32_t)profile.rekey_volume_mb,
					  .tcp_window_scale = (uint32_t)profile.tcp_window_scale,
					  .keepalive_s = (uint32_t)profile.keepalive_s,
					  .channel_timeout_s = (uint32_t)profile.channel_timeout_s,
					  .connection_timeout_s = (uint32_t)profile.connection_timeout_s,
					  .port_forwarding = profile.port_forwarding_local,
					  .sftp = !profile.disable_sftp,
					  .scp = !profile.disable_scp,
					  .logging = profile.logging,
					  .penalties = sshd->conf && !profile.penalties_disable,
					  .sessions = admission_sessions(admission, vrf_name),
					  .unauthenticated = admission_unauthenticated(admission, vrf_name) };
	refused_fill(admission, vrf_name, server);
	netconf_fill(conf, vrf_name, &profile, server);
	snprintf(server->vrf, sizeof(server->vrf), "%s", vrf_name ? vrf_name : "");
	snprintf(server->banner, sizeof(server->banner), "%s", profile.banner ? profile.banner : "");
	methods_fill(&profile, server->methods, sizeof(server->methods));
	monitor_algorithm_list(SSH_ALGORITHM_HOST_KEY, sshd->hostkeys, &profile, server->host_keys,
			       sizeof(server->host_keys));
	monitor_algorithm_list(SSH_ALGORITHM_KEX, sshd->hostkeys, &profile, server->key_exchange,
			       sizeof(server->key_exchange));
	monitor_algorithm_list(SSH_ALGORITHM_CIPHER, sshd->hostkeys, &profile, server->ciphers,
			       sizeof(server->ciphers));
	monitor_algorithm_list(SSH_ALGORITHM_MAC, sshd->hostkeys, &profile, server->macs, sizeof(server->macs));
}

static void listener_fill(const struct sshd *sshd, size_t place, struct listener_report *report)
{
	struct ssh_profile profile;
	struct ssh_netconf netconf;
	const char *ipv4, *ipv6, *list;

	listener_set_report(sshd->listeners, place, report);
	if (!sshd->conf)
		return;
	ssh_conf_profile(&sshd->conf->ssh, report->vrf, sshd->default_port, &profile);
	ipv4 = profile.ipv4_access_list;
	ipv6 = profile.ipv6_access_list;
	if (!strcmp(report->service, "netconf") && ssh_conf_netconf(&sshd->conf->ssh, report->vrf, &netconf)) {
		ipv4 = netconf.ipv4_access_list;
		ipv6 = netconf.ipv6_access_list;
	}
	list = !strcmp(report->family, "ipv4") ? ipv4 : ipv6;
	snprintf(report->access_list, sizeof(report->access_list), "%s", list ? list : "");
}

/* For SSH or, on a port of its own, for NETCONF alone. */
static bool is_served(const struct sshd *sshd, const char *vrf_name)
{
	struct ssh_netconf netconf;

	return sshd->conf && (ssh_conf_vrf(&sshd->conf->ssh, vrf_name) ||
			      ssh_conf_netconf(&sshd->conf->ssh, vrf_name, &netconf));
}

static void handle_get_server(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const json_t *vrf_json = json_object_get(parameters, "vrf");
	const char *vrf_name = json_string_value(vrf_json);
	struct server_report server;
	json_t *listeners;

	if (!sshd_varlink_permits(sshd, call, "crypto", TASK_READ))
		return;
	if (vrf_json && !json_is_null(vrf_json) && !vrf_name) {
		varlink_error_parameter(call, "vrf");
		return;
	}
	if (vrf_name && !is_served(sshd, vrf_name)) {
		varlink_error(call, SSH_ERROR_NO_VRF, NULL);
		return;
	}
	server_fill(sshd, vrf_name, &server);
	listeners = json_array();
	for (size_t i = 0; i < listener_set_len(sshd->listeners); i++) {
		struct listener_report report;

		listener_fill(sshd, i, &report);
		if (vrf_name && strcmp(report.vrf, vrf_name) != 0)
			continue;
		json_array_append_new(listeners, field_encode(listener_report_fields, &report));
	}
	varlink_reply(call, json_pack("{s:o, s:o}", "server", field_encode(server_report_fields, &server), "listeners",
				      listeners));
}

static void on_vrf_row(const struct vrf *vrf, void *userdata)
{
	struct vrf_report report;

	vrf_report_fill(vrf, &report);
	/* the VRF everything else is beside comes first */
	json_array_insert_new(userdata, vrf->kind == VRF_KIND_DEFAULT ? 0 : json_array_size(userdata),
			      field_encode(vrf_report_fields, &report));
}

static void handle_list_vrfs(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	json_t *vrfs;

	(void)parameters;
	if (!sshd_varlink_permits(sshd, call, "ip-services", TASK_READ))
		return;
	vrfs = json_array();
	vrf_table_each(sshd->vrfs, on_vrf_row, vrfs);
	varlink_reply(call, json_pack("{s:o}", "vrfs", vrfs));
}

/* ---- a shell ---- */

/* The CLI asks before it starts one, and starts none that is not recorded. */
static void handle_record_run(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const struct ucred *peer = varlink_call_peer(call);
	const char *command = json_string_value(json_object_get(parameters, "command"));
	char name[64];

	if (!command || strlen(command) > RUN_COMMAND_MAX_BYTES) {
		varlink_error_parameter(call, "command");
		return;
	}
	if (!sshd_varlink_may(sshd, peer, "root-lr", TASK_EXECUTE, name, sizeof(name))) {
		log_event(LOG_SHELL_RUN, "User '%s' (process %d) may not run a Linux shell: '%s'", name, peer->pid,
			  command);
		varlink_error_permission(call);
		return;
	}
	if (command[0])
		log_event(LOG_SHELL_RUN, "User '%s' (process %d) runs '%s'", name, peer->pid, command);
	else
		log_event(LOG_SHELL_RUN, "User '%s' (process %d) runs a Linux shell", name, peer->pid);
	varlink_reply(call, NULL);
}

/* ---- clear ---- */

static void handle_clear_session(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	const json_t *id = json_object_get(parameters, "id");
	const struct session_entry *entry;
	char name[64], text[160];

	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "crypto", TASK_EXECUTE, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	if (!json_is_integer(id) || json_integer_value(id) < 1 || json_integer_value(id) > UINT32_MAX) {
		varlink_error_parameter(call, "id");
		return;
	}
	entry = session_table_find(session_server_table(sshd->sessions), (uint32_t)json_integer_value(id));
	if (!entry) {
		varlink_error(call, SSH_ERROR_NO_SESSION, NULL);
		return;
	}
	log_event(LOG_SSHD_INFO_GENERAL, "Session %u of user '%s' from '%s' on 'vty%u' is cleared by '%s'",
		  entry->report.id, entry->report.user, entry->report.peer_address, entry->report.vty, name);
	snprintf(text, sizeof(text), "cleared by %s", name);
	session_server_terminate(sshd->sessions, entry->report.id, END_CLEARED, text); /* ending already is as good */
	varlink_reply(call, NULL);
}

/* ---- interface ---- */

/* ---- the interface ---- */

static const struct varlink_type types[] = {
	{ "Session", session_report_fields, .help = "An SSH connection." },
	{ "Channel", channel_report_fields, .help = "One channel of a connection." },
	{ "LiveSession", .members = "session: Session, channels: []Channel" },
	{ "Server", server_report_fields, .help = "Settings of the service and what it has refused." },
	{ "Line", line_report_fields, .help = "A terminal line and what holds on it." },
	{ "Listener", listener_report_fields, .help = "Where connections are accepted." },
	{ "AccessEntry", access_entry_report_fields, .help = "An entry of an access list." },
	{ "Penalty", penalty_report_fields, .help = "A source that misbehaved." },
	{ "ProbeRequest", probe_request_fields, .help = "One run of ping or traceroute; 0 and \"\" say nothing." },
	{ "Vrf", vrf_report_fields, .help = "A VRF or a network namespace." },
	{ "HostKey", host_key_report_fields, .help = "A host key, public half only." },
	{ "UserKey", user_key_report_fields, .help = "An imported key of a user." },
	{ "Logging", logging_report_fields, .help = "Where messages go." },
	{ "LogHost", log_host_report_fields, .help = "A syslog server." },
	{ NULL },
};

static const struct varlink_method methods[] = {
	{ "ListSessions", handle_list_sessions, NULL, "sessions: []LiveSession",
	  "Live sessions; with \"more\" one reply per session: (session, channels)." },
	{ "ListHistory", handle_list_history,
	  "limit: int, user: ?string, vrf: ?string, since_us: ?int, until_us: ?int, failed: ?bool, before_id: ?int",
	  "sessions: []Session",
	  "Ended connections, the newest end first. limit 0 means 100; failed: only those that nobody was let in by; "
	  "before_id: only what is behind the session of that id." },
	{ "GetServer", handle_get_server, "vrf: ?string", "server: Server, listeners: []Listener",
	  "Settings of the server, or those that hold in one VRF, and where it listens." },
	{ "GetLine", sshd_lines_get, "session_id: int", "line: Line",
	  "What holds on the line of a session, to its own user or for tty-access read; 0: on the console." },
	{ "ListLines", sshd_lines_list, NULL, "lines: []Line",
	  "The console, and the vtys that are taken or in a pool; for tty-access read." },
	{ "ListVrfs", handle_list_vrfs, NULL, "vrfs: []Vrf", "The VRFs there are and those that are wanted." },
	{ "ClearSession", handle_clear_session, "id: int", NULL,
	  "Ends a session." },
	{ "Probe", sshd_probe_run, "request: ProbeRequest", "line: ?string, status: ?int, error: ?string",
	  "Runs ping or traceroute in a VRF; needs \"more\": a reply per line, then one with its exit status." },
	{ "RecordRun", handle_record_run, "command: string", NULL,
	  "Writes the event of a Linux shell (\"\") or command that the caller is about to start; refused to others "
	  "than root-lr." },
	{ "ListAccessLists", sshd_limits_list_access, "family: ?string, name: ?string", "entries: []AccessEntry",
	  "Entries of access lists with their counters." },
	{ "ClearAccessLists", sshd_limits_clear_access, "family: ?string, name: ?string", "cleared: int",
	  "Counts what access lists match from nothing again; for acl execute." },
	{ "ListPenalties", sshd_limits_list_penalties, "vrf: ?string", "penalties: []Penalty",
	  "Sources that misbehaved before they authenticated." },
	{ "ClearPenalty", sshd_limits_clear_penalty, "source: string, vrf: ?string", "cleared: int",
	  "Takes penalties back; source \"\" means every source; for those who may end sessions." },
	{ "GetLogging", sshd_logging_get, NULL, "logging: Logging, hosts: []LogHost",
	  "Where messages go and how many went there." },
	{ "ListKeys", sshd_keys_list, "type: string", "keys: []HostKey",
	  "Host keys; type as in HostKey, \"ecdsa\" for every curve, or \"\" for all." },
	{ "GenerateKey", sshd_keys_generate, "type: string, bits: int", "key: HostKey, replaced: string",
	  "Makes a host key in place of the one that was there, and answers when it is in use; bits 0 means 3072." },
	{ "ZeroizeKey", sshd_keys_zeroize, "type: string", "keys: []HostKey",
	  "Removes host keys, and remembers that they are not wanted." },
	{ "ListUserKeys", sshd_user_keys_list, "user: string, type: string", "keys: []UserKey",
	  "Imported keys of a user, or of all (\"\"); type as in UserKey, or \"\" for all." },
	{ "ImportUserKeys", sshd_user_keys_import,
	  "user: string, place: int, keys: [](public_key: string, comment: string)",
	  "keys: []UserKey, replaced: []string",
	  "Imports all of the keys or none; place 0 means that it is found. Users may import their own." },
	{ "ZeroizeUserKeys", sshd_user_keys_zeroize, "user: string, type: string", "keys: []UserKey",
	  "Removes imported keys." },
	{ NULL },
};

static const struct varlink_type errors[] = {
	{ "NoSuchSession" },
	{ "NoSuchVrf", .help = "The VRF is not served." },
	{ "KeyRefused", .members = "reason: string",
	  .help = "What cannot be done with a key, as a sentence for the operator." },
	{ NULL },
};

static struct member *member_of(void *server_userdata)
{
	return ((struct sshd *)server_userdata)->member;
}

/* Ends with {NULL}. */
static const struct varlink_interface *sshd_interfaces(void)
{
	static struct varlink_interface interfaces[] = {
		{ .name = SSH_INTERFACE,
		  .help = "SSH sessions, their history, and where the service listens. Every method asks for a task: "
			  "crypto read to look, crypto execute to change; ListSessions is content with basic-services "
			  "read, ListVrfs asks for ip-services read, ListAccessLists for acl read, "
			  "ClearAccessLists for acl execute.",
		  .types = types,
		  .methods = methods,
		  .errors = errors },
		VARLINK_LOG_INTERFACE,
		{ NULL }, /* the member's side, which is another folder's */
		{ NULL },
	};

	interfaces[2] = member_interface;
	return interfaces;
}

int sshd_varlink_describe(FILE *out)
{
	return varlink_describe_all(sshd_interfaces(), out);
}

int sshd_varlink_new(struct sshd *sshd, struct varlink_server **ret_server, struct err *err)
{
	AUTO(free) char *path = NULL;

	if (asprintf(&path, "%s/%s", sshd->run_dir, SSHD_SOCKET) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	member_set_lookup(member_of);
	return varlink_server_new(sshd->base, path, 0666, sshd_interfaces(), sshd, ret_server, err);
}
