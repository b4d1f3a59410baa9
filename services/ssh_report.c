/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the words and field tables of the SSH reports. One table serves the Varlink encoder, the CLI's columns, the
 * session link and the columns of the history database, so a member added here appears in all four.
 */
#include "services/ssh_report.h"

const char *const session_state_words[] = {
	[SESSION_OPEN_TCP] = "open",
	[SESSION_KEX] = "key-exchange-initialize",
	[SESSION_AUTHENTICATING] = "authenticate-information",
	[SESSION_AUTHENTICATED] = "authenticated",
	[SESSION_OPEN] = "SESSION_OPEN",
	[SESSION_CLOSED] = "session-closed",
	[SESSION_STATE_MAX] = NULL,
};

/* The method alone; the word an operator sees also tells the key type and is auth_word. */
const char *const session_auth_words[] = {
	[AUTH_NONE_YET] = "--",
	[AUTH_PASSWORD] = "password",
	[AUTH_PUBLIC_KEY] = "public-key",
	[AUTH_KEYBOARD_INTERACTIVE] = "key-intr",
	[SESSION_AUTH_MAX] = NULL,
};

const char *const channel_type_words[] = {
	[CHANNEL_UNDEFINED] = "--",
	[CHANNEL_SHELL] = "Command-Line-Interface",
	[CHANNEL_EXEC] = "Exec-Command",
	[CHANNEL_SFTP] = "Sftp-Subsystem",
	[CHANNEL_SCP] = "Scp",
	[CHANNEL_NETCONF] = "Netconf-Subsystem",
	[CHANNEL_FORWARD] = "port-forwarded-local",
	[CHANNEL_TYPE_MAX] = NULL,
};

const char *const session_end_words[] = {
	[END_NONE] = "live",
	[END_CLIENT_CLOSED] = "client-closed",
	[END_EXIT] = "exit",
	[END_AUTH_FAILED] = "authentication-failed",
	[END_AUTH_TIMEOUT] = "authentication-timeout",
	[END_NEGOTIATION] = "negotiation-failed",
	[END_CLEARED] = "cleared",
	[END_PROTOCOL_ERROR] = "protocol-error",
	[END_REFUSED] = "refused",
	[END_SHUTDOWN] = "shutdown",
	[END_LOST] = "lost",
	[END_EXEC_TIMEOUT] = "exec-timeout",
	[END_ABSOLUTE_TIMEOUT] = "absolute-timeout",
	[SESSION_END_MAX] = NULL,
};

const char *const listener_state_words[] = {
	[LISTENER_PENDING] = "pending",
	[LISTENER_UP] = "up",
	[LISTENER_CONFLICT] = "conflict",
	[LISTENER_FAILED] = "failed",
	[LISTENER_STATE_MAX] = NULL,
};

const struct field channel_report_fields[] = {
	FIELD_OF(FIELD_U32, struct channel_report, session_id, "Session the channel belongs to"),
	FIELD_OF(FIELD_U32, struct channel_report, channel, "Number of the channel in its session, from 1"),
	FIELD_ENUM_OF(struct channel_report, type, channel_type_words, "What runs in the channel"),
	FIELD_OF(FIELD_BOOL, struct channel_report, has_pty, "Whether the channel has a terminal"),
	FIELD_OF(FIELD_STR, struct channel_report, command, "Command of an exec channel, cut"),
	FIELD_END,
};

const struct field session_report_fields[] = {
	FIELD_OF(FIELD_U32, struct session_report, id, "Session number, never given twice"),
	FIELD_OF(FIELD_U32, struct session_report, vty, "Number of the vty line"),
	FIELD_OF(FIELD_STR, struct session_report, vrf, "VRF the connection came in by"),
	FIELD_OF(FIELD_STR, struct session_report, user, "User name, empty until the client named one"),
	FIELD_OF(FIELD_STR, struct session_report, peer_address, "Address of the client"),
	FIELD_OF(FIELD_U16, struct session_report, peer_port, "Port of the client"),
	FIELD_OF(FIELD_STR, struct session_report, local_address, "Address the client reached"),
	FIELD_OF(FIELD_U16, struct session_report, local_port, "Port the client reached"),
	FIELD_ENUM_OF(struct session_report, state, session_state_words, "How far the session has come"),
	FIELD_ENUM_OF(struct session_report, authentication, session_auth_words, "Method that let the user in"),
	FIELD_OF(FIELD_STR, struct session_report, auth_word, "Method and key type as shown"),
	FIELD_OF(FIELD_STR, struct session_report, key_fingerprint, "SHA-256 fingerprint of the user's key"),
	FIELD_OF(FIELD_STR, struct session_report, client_version, "Identification string of the client"),
	FIELD_OF(FIELD_STR, struct session_report, kex, "Key exchange method"),
	FIELD_OF(FIELD_STR, struct session_report, host_key, "Host key algorithm"),
	FIELD_OF(FIELD_STR, struct session_report, cipher_in, "Cipher from the client"),
	FIELD_OF(FIELD_STR, struct session_report, cipher_out, "Cipher to the client"),
	FIELD_OF(FIELD_STR, struct session_report, mac_in, "Integrity from the client"),
	FIELD_OF(FIELD_STR, struct session_report, mac_out, "Integrity to the client"),
	FIELD_OF(FIELD_U64, struct session_report, bytes_in, "Bytes received from the client"),
	FIELD_OF(FIELD_U64, struct session_report, bytes_out, "Bytes sent to the client"),
	FIELD_OF(FIELD_U32, struct session_report, uid, "Linux user the session's programs run as"),
	FIELD_OF(FIELD_I64, struct session_report, start_us, "When the connection was accepted"),
	FIELD_OF(FIELD_I64, struct session_report, end_us, "When the session ended, 0 while it lives"),
	FIELD_ENUM_OF(struct session_report, end_reason, session_end_words, "Why the session ended"),
	FIELD_OF(FIELD_STR, struct session_report, end_text, "More about the end, empty when the reason says it all"),
	FIELD_OF(FIELD_U32, struct session_report, pid, "Process of the monitor"),
	FIELD_OF(FIELD_U64, struct session_report, pid_start_ticks, "When that process started, in ticks since boot"),
	FIELD_OF(FIELD_STR, struct session_report, first_type, "Connection type of the first channel"),
	FIELD_OF(FIELD_BOOL, struct session_report, had_pty, "Whether the session had a terminal"),
	FIELD_OF(FIELD_BOOL, struct session_report, post_quantum,
		 "Whether the key exchange withstands quantum computers"),
	FIELD_OF(FIELD_U32, struct session_report, rekeys, "Key exchanges after the first"),
	FIELD_OF(FIELD_I64, struct session_report, kex_us, "When the keys in use were made"),
	FIELD_OF(FIELD_U64, struct session_report, kex_bytes, "Bytes in one direction since then"),
	FIELD_OF(FIELD_U32, struct session_report, rekey_time_min, "Minutes after which keys are made anew"),
	FIELD_OF(FIELD_U32, struct session_report, rekey_volume_mb, "Megabytes after which keys are made anew"),
	FIELD_END,
};

const struct field listener_report_fields[] = {
	FIELD_OF(FIELD_STR, struct listener_report, vrf, "VRF listened in"),
	FIELD_OF(FIELD_STR, struct listener_report, family, "Address family: ipv4 or ipv6"),
	FIELD_OF(FIELD_U16, struct listener_report, port, "TCP port"),
	FIELD_ENUM_OF(struct listener_report, state, listener_state_words, "Whether connections are accepted"),
	FIELD_OF(FIELD_STR, struct listener_report, reason, "Why it is not up, empty when it is"),
	FIELD_OF(FIELD_U64, struct listener_report, accepted, "Connections taken since the listener was configured"),
	FIELD_OF(FIELD_U64, struct listener_report, refused, "Connections closed at once by a limit"),
	FIELD_OF(FIELD_STR, struct listener_report, access_list, "Access list that clients have to pass"),
	FIELD_OF(FIELD_STR, struct listener_report, service, "What is served: ssh, or netconf alone"),
	FIELD_END,
};

const struct field server_report_fields[] = {
	FIELD_OF(FIELD_U32, struct server_report, port, "TCP port of the service"),
	FIELD_OF(FIELD_BOOL, struct server_report, v2_only, "Whether only protocol version 2 is accepted"),
	FIELD_OF(FIELD_U32, struct server_report, timeout_s, "Seconds a client has to authenticate"),
	FIELD_OF(FIELD_U32, struct server_report, rate_limit_per_min, "New connections per minute, 0 when not limited"),
	FIELD_OF(FIELD_U32, struct server_report, session_limit, "Sessions at one time"),
	FIELD_OF(FIELD_U32, struct server_report, max_auth_limit, "Authentication tries per connection"),
	FIELD_OF(FIELD_U32, struct server_report, dscp, "DSCP value of sent packets"),
	FIELD_OF(FIELD_STR, struct server_report, host_keys, "Host key algorithms offered, in order"),
	FIELD_OF(FIELD_STR, struct server_report, key_exchange, "Key exchange methods offered, in order"),
	FIELD_OF(FIELD_STR, struct server_report, ciphers, "Ciphers offered, in order"),
	FIELD_OF(FIELD_STR, struct server_report, macs, "Integrity algorithms offered, in order"),
	FIELD_OF(FIELD_STR, struct server_report, methods, "Authentication methods offered"),
	FIELD_OF(FIELD_U32, struct server_report, sessions, "Authenticated sessions now"),
	FIELD_OF(FIELD_U32, struct server_report, unauthenticated, "Connections not yet authenticated"),
	FIELD_OF(FIELD_STR, struct server_report, vrf, "VRF whose settings these are, empty for the server's own"),
	FIELD_OF(FIELD_U32, struct server_report, rate_burst, "New connections at once before the rate counts"),
	FIELD_OF(FIELD_U32, struct server_report, rate_per_source, "New connections per minute of one source"),
	FIELD_OF(FIELD_U32, struct server_report, rekey_time_min, "Minutes after which keys are made anew"),
	FIELD_OF(FIELD_U32, struct server_report, rekey_volume_mb, "Megabytes after which keys are made anew"),
	FIELD_OF(FIELD_U32, struct server_report, tcp_window_scale, "Scale factor of the TCP receive window"),
	FIELD_OF(FIELD_U32, struct server_report, keepalive_s, "Seconds between keepalives, 0 when there are none"),
	FIELD_OF(FIELD_BOOL, struct server_report, port_forwarding, "Whether clients may forward ports"),
	FIELD_OF(FIELD_BOOL, struct server_report, sftp, "Whether sftp is served"),
	FIELD_OF(FIELD_BOOL, struct server_report, scp, "Whether scp is served"),
	FIELD_OF(FIELD_BOOL, struct server_report, penalties, "Whether sources that misbehave are shut out for a time"),
	FIELD_OF(FIELD_U32, struct server_report, channel_timeout_s, "Seconds until an idle channel ends, 0 never"),
	FIELD_OF(FIELD_U32, struct server_report, connection_timeout_s,
		 "Seconds until a connection without channels ends, 0 never"),
	FIELD_OF(FIELD_U32, struct server_report, netconf_port, "TCP port of NETCONF, where it is served on its own"),
	FIELD_OF(FIELD_BOOL, struct server_report, netconf_on_ssh_port, "Whether NETCONF is served on the SSH port"),
	FIELD_OF(FIELD_STR, struct server_report, netconf_program, "Program that serves NETCONF"),
	FIELD_OF(FIELD_U64, struct server_report, refused_sessions, "Connections closed at the session limit"),
	FIELD_OF(FIELD_U64, struct server_report, refused_unauthenticated,
		 "Connections closed because too many had not authenticated"),
	FIELD_OF(FIELD_U64, struct server_report, refused_source,
		 "Connections closed because too many of one source had not authenticated"),
	FIELD_OF(FIELD_U64, struct server_report, refused_rate, "Connections closed by the rate limit"),
	FIELD_OF(FIELD_U64, struct server_report, refused_source_rate,
		 "Connections closed by the rate limit of one source"),
	FIELD_OF(FIELD_U64, struct server_report, refused_access_list, "Connections closed by an access list"),
	FIELD_OF(FIELD_U64, struct server_report, refused_penalty, "Connections closed because of a penalty"),
	FIELD_OF(FIELD_U64, struct server_report, refused_resources, "Connections closed for want of resources"),
	FIELD_END,
};

const struct field line_report_fields[] = {
	FIELD_OF(FIELD_STR, struct line_report, line, "Name of the line"),
	FIELD_OF(FIELD_STR, struct line_report, pool, "Pool it is in, empty for the console"),
	FIELD_OF(FIELD_STR, struct line_report, template_name, "Template that its settings are of"),
	FIELD_OF(FIELD_I64, struct line_report, exec_timeout_s, "Seconds without input after which a shell ends"),
	FIELD_OF(FIELD_I64, struct line_report, absolute_timeout_s, "Seconds after which a session ends, 0 never"),
	FIELD_OF(FIELD_I64, struct line_report, length, "Lines of the screen, -1 as the terminal says"),
	FIELD_OF(FIELD_I64, struct line_report, width, "Columns of the screen, -1 as the terminal says"),
	FIELD_OF(FIELD_BOOL, struct line_report, timestamp, "Whether a time line stands before the output of commands"),
	FIELD_OF(FIELD_STR, struct line_report, transport_input, "Protocols that reach it"),
	FIELD_OF(FIELD_STR, struct line_report, access_class, "Access list of who may come in, empty when none"),
	FIELD_OF(FIELD_STR, struct line_report, access_class_ipv6, "The same for IPv6 alone"),
	FIELD_OF(FIELD_STR, struct line_report, autocommand, "Command that runs instead of a shell, empty when none"),
	FIELD_OF(FIELD_I64, struct line_report, start_us, "When its session began, 0 when nobody has it"),
	FIELD_OF(FIELD_U32, struct line_report, session_id, "Session that has it, 0 when nobody has"),
	FIELD_OF(FIELD_STR, struct line_report, user, "Its user"),
	FIELD_END,
};
