/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/mon.h - the protocol between the sandboxed transport and its monitor
 *
 * Shapes:  records over two AF_UNIX SOCK_SEQPACKET pairs. rpc (fd MON_RPC_FD in the transport): the transport asks, the
 *          monitor answers each request with exactly one record of the same type, in order; descriptors travel by
 *          SCM_RIGHTS with the answer. events (fd MON_EVENT_FD): only the monitor sends, any time. Two pairs, so that a
 *          synchronous sign or verify deep inside libssh never reads an event.
 *          A record is: u16 type, u16 channel, then the fields listed at the type; integers big-endian; "string" is
 *          u32 length and that many bytes; a record is at most MON_RECORD_MAX_BYTES.
 * Units:   columns and rows in characters
 * Errors:  getters set buf->bad and return zero or empty when the record is too short; the reader checks mon_get_end()
 * Owns:    a string got from a record points into the record
 * Runs in: transport (asks), monitor (answers); pure codec
 * Source:  libssh.md part 2 (the monitor signs and verifies), style.md section 7 (request = row)
 * Tests:   tests/unit/mon_test.c, tests/fuzz/fuzz_mon.c, tests/system/test_transport_attack.py
 */
#ifndef SERVICES_SSH_MON_H
#define SERVICES_SSH_MON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MON_SOCKET_FD	     3 /* the client's TCP connection */
#define MON_RPC_FD	     4
#define MON_EVENT_FD	     5
#define MON_RECORD_MAX_BYTES 65536u
#define MON_FDS_MAX	     5
#define MON_SPAWN_FDS	     4 /* of MON_SPAWN: connection, rpc, events, status */
#define MON_SIGNAL_OVER	     "OVER" /* for a shell with a pty: nothing more will be typed */
#define MON_COMMAND_MAX_BYTES 32767u /* of MON_EXEC; the transport refuses longer ones itself */

enum mon_type {
	/* ---- any time before the first network byte ---- */
	MON_START = 1,	/* ask: -; answer: string server_banner_comment, u32 auth_timeout_s, string kex_list, string
			   hostkey_alg_list, string cipher_list, string mac_list, string pubkey_alg_list, u32
			   rekey_time_s, u32 rekey_volume_mb, u32 keepalive_s, u32 channel_timeout_s, u32
			   connection_timeout_s (the last three 0: off), u32 keys, then per host key: string SSH wire
			   blob of the public key */
	/* ---- before authentication ---- */
	MON_SIGN,	/* ask: string public key blob, string digest ("SHA256", "SHA512", … "" for ed25519), string
			   tbs; answer: u8 ok, string signature as EVP_DigestSign gives it */
	MON_VERIFY,	/* ask: string tbs, string signature as EVP_DigestVerify takes it; answer: u8 ok. The monitor
			   parses tbs (RFC 4252 section 7) itself and keeps at most one proof */
	MON_ALGORITHMS, /* ask: string client_version, string kex, string cipher_in, cipher_out, mac_in, mac_out;
			   answer: - */
	MON_AUTH_NONE,	/* ask: string user; answer: u8 enum mon_verdict, u32 methods (SSH_AUTH_METHOD_* bits),
			   string banner */
	MON_AUTH_PASSWORD, /* ask: string user, string password; answer: u8 verdict, u32 methods */
	MON_AUTH_QUERY,	   /* would this key do? ask: string user, string key blob; answer: u8 verdict */
	MON_AUTH_KEY,	   /* the signature was shown to MON_VERIFY; ask: string user, string key blob; answer:
			      u8 verdict, u32 methods */
	/* ---- after authentication ---- */
	MON_CHANNEL_OPEN,  /* ask: - (channel number chosen by the transport, 1…); answer: u8 ok */
	MON_PTY,	   /* ask: string term, u32 columns, rows, x_pixels, y_pixels; answer: u8 ok */
	MON_ENV,	   /* ask: string name, string value; answer: u8 ok */
	MON_SHELL,	   /* ask: -; answer: u8 ok, u8 fds (1: pty master; 3: pipes, where stdin is written, stdout
			      and stderr are read); when refused u8 0, u8 0 and, where there is something to say to
			      the client, string text */
	MON_EXEC,	   /* ask: string command; answer as MON_SHELL */
	MON_SUBSYSTEM,	   /* ask: string name; answer as MON_SHELL */
	MON_WINDOW,	   /* ask: u32 columns, rows, x_pixels, y_pixels; answer: u8 ok */
	MON_SIGNAL,	   /* ask: string name without SIG, or MON_SIGNAL_OVER; answer: u8 ok */
	MON_CHANNEL_CLOSE, /* ask: -; answer: - (the program is hung up) */
	/* ---- any time ---- */
	MON_LOG,	/* ask: u8 severity, string text; answer: - */
	MON_STATISTICS, /* ask: u64 bytes_in, u64 bytes_out, u64 bytes in one direction since the last key
			   exchange; answer: - */
	MON_CLOSING,	/* last words; ask: u32 enum session_end, string text; answer: - */
	MON_NEGOTIATION, /* before authentication: nothing in common; ask: u32 enum ssh_algorithm_kind, string names the
			    client offers; answer: -. The monitor says so, and what would change it */
	/* ---- before authentication: keyboard-interactive, RFC 4256 ---- */
	MON_KBDINT_START,  /* ask: string user; answer: u8 verdict, u32 methods, and with MON_MORE a round of questions:
			      string name, string instruction, u32 prompts, then per prompt: string text, u8 echo */
	MON_KBDINT_ANSWER, /* ask: u32 answers, then the strings; answer as MON_KBDINT_START */
	/* ---- after authentication: a connection for the client ---- */
	MON_FORWARD, /* ask: string host, u32 port, string originator, u32 originator port (channel number as of
			MON_CHANNEL_OPEN, whose numbers it shares); answer: u8 ok, then MON_EVENT_FORWARD comes */
	MON_TYPE_MAX,
};

enum mon_event {
	MON_EVENT_EXIT = 64, /* u8 signaled, u32 status or signal number, string signal name without SIG; channel =
				which */
	MON_EVENT_TERMINATE, /* string text for the disconnect message; end the connection. The reason is the monitor's:
				whatever MON_CLOSING then says, what was decided first stays */
	MON_EVENT_FORWARD,   /* u8 ok, and with it the connected socket; channel = which. Not ok: the number is free,
				and no MON_CHANNEL_CLOSE follows */
};

/* Between daemon, spawners and monitor (spawner.h, monitor_pool.h), over sockets of their own; the channel is 0. */
enum mon_status {
	MON_SPAWN = 96,	   /* daemon to spawner, over its control socket: MON_SPAWN_FDS descriptors, no field */
	MON_STATUS_HELLO,  /* transport to monitor, its first words; the kernel says who sends it (SCM_CREDENTIALS) */
	MON_STATUS_ENDED,  /* spawner to monitor: u32 status as of waitpid(); sent before the process is reaped */
	MON_MONITOR,	   /* daemon to the spawner of monitors: monitor_request.h */
};

enum mon_verdict { MON_DENIED = 0, MON_SUCCESS = 1, MON_PARTIAL = 2, MON_DISCONNECT = 3, /* too many tries */
		   MON_MORE = 4 /* only of MON_KBDINT_*: another round */ };

struct mon_buf {
	uint8_t *bytes; /* MON_RECORD_MAX_BYTES of room */
	size_t len, at;
	bool bad;
};

struct mon_string {
	const uint8_t *bytes;
	size_t len;
};

/* Writing. buf->bytes must be set; len is set by mon_put_start(). */
void mon_put_start(struct mon_buf *buf, uint16_t type, uint16_t channel);
void mon_put_u8(struct mon_buf *buf, uint8_t value);
void mon_put_u32(struct mon_buf *buf, uint32_t value);
void mon_put_u64(struct mon_buf *buf, uint64_t value);
void mon_put_string(struct mon_buf *buf, const void *bytes, size_t len);
void mon_put_text(struct mon_buf *buf, const char *text);

/* Reading. mon_get_start() sets at behind the header. */
int mon_get_start(struct mon_buf *buf, uint16_t *ret_type, uint16_t *ret_channel); /* 0 or -EPROTO */
uint8_t mon_get_u8(struct mon_buf *buf);
uint32_t mon_get_u32(struct mon_buf *buf);
uint64_t mon_get_u64(struct mon_buf *buf);
struct mon_string mon_get_string(struct mon_buf *buf);
/* Copies into text with a NUL; sets bad when it does not fit or holds a NUL. */
void mon_get_text(struct mon_buf *buf, char *text, size_t size_bytes);
/* 0 when everything was there and nothing is left over, else -EPROTO. */
int mon_get_end(const struct mon_buf *buf);

/* Blocking send and receive of one record with up to MON_FDS_MAX descriptors (received ones are close-on-exec; surplus
 * ones are closed). 0, or -errno; -EPIPE when the other side is gone. A record cut short is -EPROTO. */
int mon_send(int fd, const struct mon_buf *buf, const int *fds, size_t fds_len);
int mon_receive(int fd, struct mon_buf *buf, int *ret_fds, size_t *inout_fds_len);

#endif
