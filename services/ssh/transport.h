/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/transport.h - the unprivileged half of one connection, which speaks SSH (inner header)
 *
 * Shapes:  struct transport, the one connection of the process; struct transport_channel, one session channel
 * Units:   _us microseconds of the monotonic clock
 * Errors:  a connection that has to end calls transport_end() once and goes back to its caller; the loop sees it
 * Owns:    the transport owns its libssh objects, relays and the record buffer; it lives as long as the process
 * Runs in: sallyport-transport
 * Source:  architecture.md "Programs"; libssh.md
 * Tests:   tests/system/test_transport.py, tests/fuzz/fuzz_preauth.c
 */
#ifndef SERVICES_SSH_TRANSPORT_H
#define SERVICES_SSH_TRANSPORT_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include "services/ssh/bulk.h"
#include "services/ssh/provider.h"
#include "services/ssh/relay.h"
#include "services/ssh/transport_rpc.h"

/* A slot is free again only outside libssh's callbacks, and a client may close and open many channels in one packet. */
#define TRANSPORT_SLOTS (SESSION_ROWS_MAX + 32)

enum transport_phase { PHASE_KEX, PHASE_AUTH, PHASE_OPEN };

struct transport_channel {
	struct transport *transport;
	uint16_t number; /* for the monitor; 0: the slot is free */
	ssh_channel ssh; /* NULL: a forwarded connection that is still being made */
	ssh_message opening; /* the client's wish for it */
	bool is_forward;
	ssh_message refused; /* a request whose refusal waits */
	int64_t refused_us;
	struct ssh_channel_callbacks_struct callbacks;
	struct relay relay;
	bool has_pty, is_shell, started, ends_early, exit_known, eof_sent;
	int64_t over_us; /* the client of a shell with a pty sends no more: when the shell is told (again) */
	int64_t over_again_us;
	bool active;	  /* bytes have moved since it was looked at */
	int64_t active_us; /* when it was last seen active */
	bool released;	     /* the monitor has taken the program back, the relay is empty */
	bool is_over;	    /* our close is sent: only the client's is waited for */
	bool closed;	    /* the client's close has come */
	int64_t closed_us, silent_us; /* when that was; since when the program's output is at its end */
	bool exit_signaled;
	uint32_t exit_status;
	char exit_signal[16];
	bool packets_checked;
	uint8_t packets_suspect;
	struct bulk_route route;
	uint32_t uncounted_bytes; /* that went past libssh and its count of the client's window */
	uint32_t window_bytes_max; /* the widest it was */
};

struct transport_rekey {
	uint32_t time_s, volume_mb; /* as the monitor has said */
	uint32_t signatures_seen;
	uint64_t in_bytes, out_bytes; /* of the connection when the keys in use were made */
	int64_t kex_us;
	bool is_due; /* libssh was told that it is time */
	unsigned nudges;  /* sent for the keys in use */
	int64_t nudge_us; /* when the next packet that means nothing is due */
};

struct transport_idle {
	uint32_t keepalive_s, channel_timeout_s, connection_timeout_s; /* as the monitor has said; 0: off */
	uint64_t heard_bytes; /* of the client, when it was heard last */
	int64_t heard_us;     /* 0: was not looked at */
	unsigned keepalives;  /* asked since then */
	int64_t lone_us;      /* since when there is no channel; 0: there is one */
	int64_t channel_due_us; /* when the next channel may have been idle for long enough; -1 never */
};

struct transport {
	struct rpc rpc;
	bool warm; /* forked from a spawner that has used everything */
	uint8_t *foreseen; /* record of MON_START for which bind and session are made already; NULL: none */
	size_t foreseen_len;
	int socket_fd, event_fd;
	enum transport_phase phase;
	uint32_t auth_timeout_s;
	char banner[96]; /* behind "SSH-2.0-" */
	char mismatch[1024]; /* what libssh said about algorithms that are not shared */
	bool mismatch_told;  /* the monitor has said it */
	ssh_bind bind;
	ssh_session session;
	ssh_event event;
	struct ssh_counter_struct socket_counter, packet_counter;
	struct mon_buf event_record;
	struct provider_calls provider;

	/* authentication */
	char user[256]; /* the first one asked for; it stays */
	ssh_message kept_request; /* answers for requests that libssh drops */
	unsigned requests_seen, requests_answered;
	unsigned responses_seen, responses_answered; /* of keyboard-interactive */
	unsigned silent_seen;			      /* requests that libssh refuses without a message */
	bool has_no_method;			      /* the profile has disabled every one */
	size_t packet_bytes;			      /* of the request or answer that came last; 0: not known */
	size_t password_bytes[8];		      /* of the requests with passwords, in their order */
	unsigned passwords_seen, passwords_answered;
	bool none_asked; /* the monitor was asked for methods and banner */
	bool auth_failed;

	/* channels */
	struct transport_channel channels[TRANSPORT_SLOTS];
	size_t slots_len; /* how many of them were ever in use */
	uint64_t messages_seen; /* up to this packet every message is answered */
	bool unsettled;		/* there may be more to move, whatever poll() says */
	uint16_t last_number;
	bool had_channel;

	struct transport_idle idle;
	struct transport_rekey rekey;

	/* statistics */
	uint32_t signatures; /* one per key exchange */
	uint64_t told_in, told_out;
	int64_t told_us, start_us;

	/* memory that bulk has taken */
	uint64_t trimmed_bytes, trim_seen_bytes;
	bool login_trimmed; /* what the login has taken was given back */
	int64_t trim_us; /* 0: nothing to give back */

	bool had_terminal; /* somebody types here */
	bool is_behind;	   /* others go first */

	/* the end */
	bool is_ending;
	bool is_silent; /* the client gets no disconnect message: it has gone, or sent one itself */
	enum session_end end_reason;
	char end_text[160];
};

/* The first call decides; text is for the client's disconnect message and the operator. */
void transport_end(struct transport *transport, enum session_end reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* transport_start.c: everything before the seal. transport_prepare() asks MON_START and makes the bind and the session;
 * transport_accept() gives it the connection. */
int transport_prepare(struct transport *transport, struct err *err);
/* In a spawner: makes them for what the monitor is expected to answer. Failing changes nothing but the speed. */
void transport_foresee(struct transport *transport, const struct mon_buf *record);
int transport_accept(struct transport *transport, struct err *err);

/* transport_auth.c */
void transport_auth_watch(struct transport *transport);
void transport_auth_messages(struct transport *transport);
/* The type of the packet that has no place where it came, when it is that what libssh says; else -1. */
long transport_rejected_type(const char *text);

/* transport_channel.c */
/* Answers what the client has asked for. */
void transport_channels_messages(struct transport *transport);
/* A slot with the next number; NULL when there are too many of the kind. It is given back by setting its number to 0,
 * as long as it is not accepted. */
struct transport_channel *transport_channel_new(struct transport *transport, bool is_forward);
bool transport_channel_accept(struct transport_channel *channel, ssh_message message);
/* transport_relay.c: the client's side of a channel; the peer is its struct transport_channel. */
const struct relay_ops *transport_relay_ops(void);

void transport_channels_move(struct transport *transport, const struct pollfd *polls, size_t polls_len);
size_t transport_channels_polls(struct transport *transport, struct pollfd *ret_polls);
/* When the loop has to look again whatever happens; -1 never. */
int64_t transport_channels_deadline_us(const struct transport *transport);
void transport_channel_exited(struct transport *transport, struct mon_buf *record, uint16_t number);
unsigned transport_channels_live(const struct transport *transport);

/* Ends channels that were idle for so long; when the next may have been, -1 never. */
int64_t transport_channels_idle(struct transport *transport, int64_t now_us, uint32_t timeout_s);

/* transport_idle.c */
void transport_idle_look(struct transport *transport, int64_t now_us);
int64_t transport_idle_deadline_us(const struct transport *transport);

/* transport_rekey.c */
void transport_rekey_look(struct transport *transport, int64_t now_us);
int64_t transport_rekey_deadline_us(const struct transport *transport);
/* More bulk may go past libssh, which does not count it; when there is no room left, it is told that it is time. */
bool transport_rekey_has_room(struct transport *transport);
void transport_statistics(struct transport *transport);

/* transport_forward.c */
/* Takes the message. */
void transport_forward_open(struct transport *transport, ssh_message message);
/* The monitor has connected, or not; takes the descriptor (-1: none). */
void transport_forward_done(struct transport *transport, struct mon_buf *record, uint16_t number, int fd);

/* transport_loop.c: runs the connection to its end, then says so to client and monitor. */
void transport_run(struct transport *transport);

/* transport_close.c */
/* What libssh's error means: reason and text. */
void transport_end_by_error(struct transport *transport);
void transport_close(struct transport *transport);

#endif
