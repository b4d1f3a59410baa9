// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: How a connection ends: what the client is told, what the monitor is told, and in which order
 *
 * libssh sends a disconnect message only while its session lives, and none during a key exchange; after an error it
 * has closed its descriptor. The transport keeps one of its own, so a client that shares no algorithm, or does not
 * speak SSH 2 at all, still reads why. The connection is shut down in order: a close with unread input would reset it
 * and take the last words away.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/transport.h"
#include "services/ssh_algorithm.h"

#define FLUSH_MS	       1000
#define LINGER_US	       500000
#define DISCONNECT	       1 /* RFC 4253 section 12 */
#define DISCONNECT_KEX_FAILED  3
#define DISCONNECT_PROTOCOL    2
#define CONNECTION_MESSAGES    80 /* the first number of those behind the login, RFC 4250 section 4.1.1 */

void transport_end(struct transport *transport, enum session_end reason, const char *format, ...)
{
	va_list args;

	if (transport->is_ending)
		return;
	transport->is_ending = true;
	transport->end_reason = reason;
	va_start(args, format);
	vsnprintf(transport->end_text, sizeof(transport->end_text), format, args);
	va_end(args);
}

/* The monitor says what would change it. */
static void mismatch_tell(struct transport *transport, const char *method, const char *client, size_t client_len)
{
	static const struct {
		const char *method; /* libssh's word, as it begins */
		enum ssh_algorithm_kind kind;
	} kinds[] = {
		{ "kex ", SSH_ALGORITHM_KEX },
		{ "server host key ", SSH_ALGORITHM_HOST_KEY },
		{ "encryption ", SSH_ALGORITHM_CIPHER },
		{ "mac ", SSH_ALGORITHM_MAC },
	};
	struct mon_buf *record;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(method, kinds[i].method, strlen(kinds[i].method)) != 0)
			continue;
		record = rpc_start(&transport->rpc, MON_NEGOTIATION, 0);
		mon_put_u32(record, kinds[i].kind);
		mon_put_string(record, client, client_len);
		transport->mismatch_told = rpc_ask(&transport->rpc, NULL, NULL) == 0;
		return;
	}
}

/* "kex error : no match for method server host key algo: server [a,b], client [c]" as a sentence for the operator. */
static bool mismatch_read(struct transport *transport, const char *error)
{
	static const char begin[] = "no match for method ";
	const char *method = strstr(error, begin), *server, *client;

	if (!method)
		return false;
	method += strlen(begin);
	server = strstr(method, ": server [");
	client = server ? strstr(server, "], client [") : NULL;
	if (!client)
		return false;
	client += strlen("], client [");
	transport_end(transport, END_NEGOTIATION, "no %.*s in common: the client offers %.*s",
		      (int)(server - method), method, (int)strcspn(client, "]"), client);
	mismatch_tell(transport, method, client, strcspn(client, "]"));
	return true;
}

/* libssh calls it a socket error too when it has closed the socket itself: the other descriptor knows better. */
static bool client_has_gone(const struct transport *transport, const char *error)
{
	char byte;

	if (strstr(error, "Received SSH_MSG_DISCONNECT"))
		return true;
	if (!strstr(error, "Socket error"))
		return false;
	return transport->phase != PHASE_KEX ||
	       !(recv(transport->socket_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

static void end_as_gone(struct transport *transport, const char *error)
{
	const char *words = strstr(error, "Received SSH_MSG_DISCONNECT");

	transport->is_silent = true;
	if (transport->phase == PHASE_OPEN)
		transport_end(transport, transport->had_channel && transport_channels_live(transport) == 0 ?
				      END_EXIT : END_CLIENT_CLOSED, "%s", "");
	else if (transport->auth_failed)
		transport_end(transport, END_AUTH_FAILED, "gave up after a failure");
	else if (transport->phase == PHASE_AUTH)
		transport_end(transport, END_CLIENT_CLOSED, "closed by the client before authentication");
	else
		transport_end(transport, END_CLIENT_CLOSED, "closed by the client during %s%s%s",
			      ssh_get_clientbanner(transport->session) ? "key exchange" : "identification",
			      words ? ": " : "", words ? words : "");
}

/* libssh takes no message of a channel between the client's KEXINIT and its NEWKEYS. OpenSSH's server does, so that
 * clients live on that send some. */
static bool spoke_in_key_exchange(const struct transport *transport, const char *error)
{
	return transport->phase == PHASE_OPEN && transport_rejected_type(error) >= CONNECTION_MESSAGES;
}

static bool speaks_ssh2(const char *banner)
{
	return banner && (strncmp(banner, "SSH-2.", 6) == 0 || strncmp(banner, "SSH-1.99-", 9) == 0);
}

void transport_end_by_error(struct transport *transport)
{
	const char *error = ssh_get_error(transport->session);
	const char *banner = ssh_get_clientbanner(transport->session);

	if (transport->is_ending)
		return;
	if (!error[0]) /* libssh has no words for some of them */
		error = "a packet of the client cannot be read";
	/* what libssh says of a wrong banner is overwritten by its own closing of the socket */
	if (banner && !speaks_ssh2(banner)) {
		transport_end(transport, END_NEGOTIATION, "the client does not speak SSH version 2: %.100s", banner);
		error = transport->end_text;
	} else if (mismatch_read(transport, transport->mismatch)) {
		error = transport->mismatch;
	} else if (client_has_gone(transport, error)) {
		end_as_gone(transport, error);
	} else if (spoke_in_key_exchange(transport, error)) {
		transport_end(transport, END_PROTOCOL_ERROR,
			      "the client went on sending in the middle of its own key exchange (RFC 4253, 7.1)");
		error = transport->end_text;
	} else if (transport->phase != PHASE_KEX) {
		transport_end(transport, END_PROTOCOL_ERROR, "%s", error);
	} else {
		transport_end(transport, END_NEGOTIATION, "%s%s",
			      banner ? "" : "the client does not speak SSH: ", error);
	}
	if (!transport->mismatch_told &&
	    (transport->end_reason == END_NEGOTIATION || transport->end_reason == END_PROTOCOL_ERROR))
		rpc_log(&transport->rpc, LOG_WARNING, "%s", error[0] ? error : transport->end_text);
}

/* One raw write: the socket's buffer is empty at this time, and a client that cannot take 300 bytes gets none. */
static void write_raw(const struct transport *transport, const void *bytes, size_t len)
{
	(void)!send(transport->socket_fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void put_u32(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* A disconnect message in the clear, as it is sent before the first keys are in use. */
static void disconnect_in_clear(const struct transport *transport, uint32_t code)
{
	uint8_t packet[256] = { 0 };
	size_t text_len = strnlen(transport->end_text, sizeof(transport->end_text));
	size_t payload = 1 + 4 + 4 + text_len + 4, padding = 8 - (5 + payload) % 8;

	if (padding < 4)
		padding += 8;
	put_u32(packet, 1 + payload + padding);
	packet[4] = (uint8_t)padding;
	packet[5] = DISCONNECT;
	put_u32(packet + 6, code);
	put_u32(packet + 10, text_len);
	memcpy(packet + 14, transport->end_text, text_len);
	write_raw(transport, packet, 5 + payload + padding);
}

static void tell_before_keys(const struct transport *transport)
{
	const char *banner = ssh_get_clientbanner(transport->session);
	char line[sizeof(transport->banner) + 16];

	/* a client that spoke first has left libssh no time for it */
	if (transport->socket_counter.out_bytes == 0) {
		snprintf(line, sizeof(line), "SSH-2.0-%s\r\n", transport->banner);
		write_raw(transport, line, strlen(line));
	}
	if (speaks_ssh2(banner))
		disconnect_in_clear(transport, transport->end_reason == END_NEGOTIATION ? DISCONNECT_KEX_FAILED :
										      DISCONNECT_PROTOCOL);
	else if (banner && strncmp(banner, "SSH-", 4) == 0)
		write_raw(transport, "Protocol major versions differ.\r\n",
			  strlen("Protocol major versions differ.\r\n"));
	else if (transport->end_reason == END_NEGOTIATION)
		write_raw(transport, "Invalid SSH identification string.\r\n",
			  strlen("Invalid SSH identification string.\r\n"));
}

/* libssh must have written everything, and know that it may write, for its disconnect message to go out. */
static void tell_through_libssh(struct transport *transport)
{
	ssh_session_set_disconnect_message(transport->session, transport->end_text);
	ssh_blocking_flush(transport->session, FLUSH_MS);
	ssh_event_dopoll(transport->event, 10);
	if (!(ssh_get_status(transport->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)))
		ssh_disconnect(transport->session);
}

static void client_tell(struct transport *transport)
{
	bool broken = ssh_get_status(transport->session) & (SSH_CLOSED | SSH_CLOSED_ERROR);

	if (transport->is_silent)
		return;
	if (!broken && transport->phase != PHASE_KEX)
		tell_through_libssh(transport);
	else if (transport->phase == PHASE_KEX)
		tell_before_keys(transport);
}

/* Reads what still comes, so that the close does not become a reset. */
static void linger(const struct transport *transport)
{
	int64_t until = clock_monotonic_us() + LINGER_US, now;
	struct pollfd poller = { .fd = transport->socket_fd, .events = POLLIN };
	char waste[4096];

	if (shutdown(transport->socket_fd, SHUT_WR) < 0)
		return;
	while ((now = clock_monotonic_us()) < until) {
		if (poll(&poller, 1, (int)((until - now) / 1000) + 1) <= 0)
			return;
		if (recv(transport->socket_fd, waste, sizeof(waste), MSG_DONTWAIT) <= 0 && errno != EAGAIN)
			return;
	}
}

void transport_close(struct transport *transport)
{
	if (transport->rpc.lost)
		transport_end(transport, END_LOST, "the service for this connection has ended");
	client_tell(transport);
	transport_statistics(transport);
	rpc_closing(&transport->rpc, transport->end_reason, transport->end_text);
	if (!transport->is_silent)
		linger(transport);
}
