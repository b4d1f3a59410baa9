/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_report.h - what org.sallyport.SSH tells: sessions, channels, history, listeners
 *
 * Shapes:  struct session_report, one SSH connection; struct channel_report, one channel of it; struct listener_report
 * Units:   _us microseconds since 1970-01-01 UTC; _bytes bytes
 * Errors:  none
 * Owns:    nothing: flat rows with their text inside
 * Runs in: sallyport-sshd, monitor, CLI
 * Source:  features.md 2B (columns and words), clients.md section 4
 * Tests:   tests/golden/show, tests/unit/ssh_report_test.c
 */
#ifndef SERVICES_SSH_REPORT_H
#define SERVICES_SSH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

#define SESSION_CHANNELS_MAX 10u /* channels of one connection at a time */
#define SESSION_FORWARDS_MAX 64u /* besides them, those that are being made included: a browser asks for 32 and more */
#define SESSION_ROWS_MAX     (SESSION_CHANNELS_MAX + SESSION_FORWARDS_MAX)

enum session_state {
	SESSION_OPEN_TCP, /* "open": accepted */
	SESSION_KEX,	  /* "key-exchange-initialize" */
	SESSION_AUTHENTICATING, /* "authenticate-information" */
	SESSION_AUTHENTICATED,	/* "authenticated": no channel yet */
	SESSION_OPEN,		/* "SESSION_OPEN" in show ssh */
	SESSION_CLOSED,
	SESSION_STATE_MAX,
};
extern const char *const session_state_words[];

enum session_auth { AUTH_NONE_YET, AUTH_PASSWORD, AUTH_PUBLIC_KEY, AUTH_KEYBOARD_INTERACTIVE, SESSION_AUTH_MAX };
/* "--", "password", "public-key", "key-intr"; the word that also tells the key type is auth_word */
extern const char *const session_auth_words[];

enum channel_type {
	CHANNEL_UNDEFINED, /* "--" */
	CHANNEL_SHELL,	   /* "Command-Line-Interface" */
	CHANNEL_EXEC,	   /* "Exec-Command" */
	CHANNEL_SFTP,	   /* "Sftp-Subsystem" */
	CHANNEL_SCP,	   /* "Scp" */
	CHANNEL_NETCONF,   /* "Netconf-Subsystem" */
	CHANNEL_FORWARD,   /* "port-forwarded-local" */
	CHANNEL_TYPE_MAX,
};
extern const char *const channel_type_words[];

enum session_end {
	END_NONE, /* still live */
	END_CLIENT_CLOSED,
	END_EXIT,	     /* last channel ended and the client went */
	END_AUTH_FAILED,     /* too many tries or gave up after a failure */
	END_AUTH_TIMEOUT,    /* ssh timeout */
	END_NEGOTIATION,     /* nothing in common, junk banner, protocol mismatch */
	END_CLEARED,	     /* clear ssh */
	END_PROTOCOL_ERROR,
	END_REFUSED,	     /* limit or rate */
	END_SHUTDOWN,	     /* the service was stopped with its sessions */
	END_LOST,	     /* the process died without a word */
	END_EXEC_TIMEOUT,     /* nothing was typed for the exec-timeout of the line */
	END_ABSOLUTE_TIMEOUT, /* the absolute-timeout of the line */
	SESSION_END_MAX,
};
extern const char *const session_end_words[];

struct channel_report {
	uint32_t session_id;
	uint32_t channel; /* 1, 2 … as shown */
	int type;	  /* enum channel_type */
	bool has_pty;
	char command[256]; /* exec only, cut */
};

struct session_report {
	uint32_t id;
	uint32_t vty; /* vtyN */
	char vrf[33];
	char user[33];
	char peer_address[46];
	uint16_t peer_port;
	char local_address[46];
	uint16_t local_port;
	int state;	    /* enum session_state */
	int authentication; /* enum session_auth */
	char auth_word[24]; /* as shown: "password", "rsa-pubkey", "ed25519-pubkey", "key-intr", "--" */
	char key_fingerprint[64]; /* SHA256:… of the user's key; "" otherwise */
	char client_version[128];
	char kex[64], host_key[32], cipher_in[48], cipher_out[48], mac_in[48], mac_out[48];
	uint64_t bytes_in, bytes_out;
	uint32_t uid;		  /* the session's programs run as */
	int64_t start_us, end_us; /* end_us 0 while live */
	int end_reason;		  /* enum session_end */
	char end_text[160];	  /* one sentence for the operator, "" when the reason says it all */
	uint32_t pid;		  /* of the monitor */
	uint64_t pid_start_ticks; /* field 22 of /proc/PID/stat: tells a reused pid */
	char first_type[24];	  /* history: connection type shown, of the first channel */
	bool had_pty;
	bool post_quantum;	  /* the key exchange */
	uint32_t rekeys;	  /* key exchanges after the first */
	int64_t kex_us;		  /* when the keys in use were made */
	uint64_t kex_bytes;	  /* in one direction with them, as far as it was told */
	uint32_t rekey_time_min, rekey_volume_mb; /* what the session began with */
};

enum listener_state { LISTENER_PENDING, LISTENER_UP, LISTENER_CONFLICT, LISTENER_FAILED, LISTENER_STATE_MAX };
extern const char *const listener_state_words[]; /* "pending", "up", "conflict", "failed" */

struct listener_report {
	char vrf[33];
	char family[8]; /* "ipv4", "ipv6" */
	uint16_t port;
	int state;
	char reason[160]; /* why it is not up; "" when up */
	uint64_t accepted, refused;
	char access_list[65]; /* "" none */
	char service[8];      /* "ssh", or "netconf" when nothing else is served there */
};

/* A terminal line: the console, or a vty that somebody has or a pool names. */
struct line_report {
	char line[16]; /* "con0", "vty3" */
	char pool[33], template_name[33];
	int64_t exec_timeout_s, absolute_timeout_s; /* 0: none */
	int64_t length, width;			    /* -1: as the terminal is */
	bool timestamp;
	char transport_input[17], access_class[65], access_class_ipv6[65]; /* "" none */
	char autocommand[201];
	int64_t start_us; /* of the session, which absolute_timeout_s counts from; 0: nobody has it */
	uint32_t session_id;
	char user[33];
};

#define SSH_EXIT_EXEC_TIMEOUT 124 /* status of a shell that ended for that */

struct server_report { /* one row */
	uint32_t port;
	bool v2_only;
	uint32_t timeout_s, rate_limit_per_min, session_limit, max_auth_limit, dscp;
	char host_keys[256], key_exchange[512], ciphers[512], macs[512], methods[128]; /* comma-separated, in order */
	uint32_t sessions, unauthenticated;
	char vrf[33]; /* whose settings these are; "" those that hold where a VRF has none of its own */
	uint32_t rate_burst, rate_per_source, rekey_time_min, rekey_volume_mb, tcp_window_scale, keepalive_s;
	bool port_forwarding, sftp, scp, penalties;
	uint32_t channel_timeout_s, connection_timeout_s; /* 0: none */
	uint32_t netconf_port;
	bool netconf_on_ssh_port;
	char netconf_program[256]; /* "" none: NETCONF is refused */
	char banner[1025]; /* as configured, "\\n" for an end of a line; "" none */
	bool logging; /* of sessions that come and go */
	/* connections that were closed at accept, by reason, since sallyport-sshd began */
	uint64_t refused_sessions, refused_unauthenticated, refused_source, refused_rate, refused_source_rate,
		refused_access_list, refused_penalty, refused_resources;
};

extern const struct field channel_report_fields[], session_report_fields[], listener_report_fields[],
	server_report_fields[], line_report_fields[];

/* ---- org.sallyport.SSH ---- */
#define SSH_INTERFACE	  "org.sallyport.SSH"
/* () -> with "more": one reply per live session (session: {…}, channels: []{…}), the last without "continues";
 * without "more": (sessions: []{session, channels}) */
#define SSH_LIST_SESSIONS SSH_INTERFACE ".ListSessions"
/* (limit: int, user: ?string, vrf: ?string, since_us: ?int, until_us: ?int, failed: ?bool, before_id: ?int) ->
 * (sessions: []{…}) newest end first; limit 0 means 100; failed: only those that nobody was let in by; before_id: only
 * what is behind the session of that id, for reading more in pages, between which the daemon does other things */
#define SSH_HISTORY_MAX	  10000 /* rows of one answer: fits in one message with room to spare */
#define SSH_HISTORY_PAGE  250	/* takes the daemon some milliseconds */
#define SSH_HISTORY_SHOWN 100	/* where nothing is said */
#define SSH_LIST_HISTORY  SSH_INTERFACE ".ListHistory"
/* (vrf: ?string) -> (server: {…}, listeners: []{…}); with vrf what holds there; error SSH_ERROR_NO_VRF */
#define SSH_GET_SERVER	  SSH_INTERFACE ".GetServer"
/* () -> (vrfs: []{…}) */
#define SSH_LIST_VRFS	  SSH_INTERFACE ".ListVrfs"
/* (session_id: int) -> (line: {…}): what holds on the line of a session, to its own user; 0: on the console */
#define SSH_GET_LINE	  SSH_INTERFACE ".GetLine"
/* () -> (lines: []{…}): console, and the vtys that are taken or in a pool */
#define SSH_LIST_LINES	  SSH_INTERFACE ".ListLines"
/* (id: int) -> (); error SSH_ERROR_NO_SESSION */
#define SSH_CLEAR_SESSION SSH_INTERFACE ".ClearSession"
#define SSH_ERROR_NO_SESSION SSH_INTERFACE ".NoSuchSession"
#define SSH_ERROR_NO_VRF     SSH_INTERFACE ".NoSuchVrf" /* no "ssh server vrf NAME" */

#endif
