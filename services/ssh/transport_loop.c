// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The loop of a transport: one poll(2) over the client, the monitor's events and the programs' descriptors
 *
 * libssh is pumped until it finds nothing more; what its callbacks left is then moved. libssh never waits: the
 * session is non-blocking, and so is the socket. An error inside libssh neither closes the connection nor says
 * anything, so the session's status is looked at after every pumping.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/heap.h"
#include "services/ssh/gather.h"
#include "services/ssh/readahead.h"
#include "services/ssh/sandbox.h"
#include "services/ssh/transport.h"
#include "services/ssh/watchdog.h"

#define SETTLES_MAX	  16
#define PUMPS_MAX	  64
#define TRIM_US		  1000000
#define TRIM_BYTES	  (256 * 1024)
#define AUTH_GRACE_US	  3000000 /* the monitor's own login timer is the one that counts */
#define BULK_BYTES	  (4 * 1024 * 1024)
#define POLLS_MAX	  (2 + RELAY_POLLS_MAX * TRANSPORT_SLOTS)

/* Small packets go to and fro until the session starts: each delayed acknowledgement would cost 40 ms. The kernel
 * forgets the wish at will. */
static void acknowledge_quickly(const struct transport *transport)
{
	int on = 1;

	(void)setsockopt(transport->socket_fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void algorithms_tell(struct transport *transport)
{
	ssh_session session = transport->session;
	struct mon_buf *record = rpc_start(&transport->rpc, MON_ALGORITHMS, 0);
	const char *kex = ssh_get_kex_algo(session);
	bool is_old = !ssh_version(SSH_VERSION_INT(0, 11, 0));

	mon_put_text(record, or_empty(ssh_get_clientbanner(session)));
	/* libssh 0.10 has no name for this one; of a later one nothing is claimed */
	mon_put_text(record, kex ? kex : is_old ? "diffie-hellman-group-exchange-sha256" : "");
	mon_put_text(record, or_empty(ssh_get_cipher_in(session)));
	mon_put_text(record, or_empty(ssh_get_cipher_out(session)));
	mon_put_text(record, or_empty(ssh_get_hmac_in(session)));
	mon_put_text(record, or_empty(ssh_get_hmac_out(session)));
	rpc_ask(&transport->rpc, NULL, NULL);
}

static void phase_look(struct transport *transport)
{
	/* there is no negotiated algorithm before the first key exchange has ended */
	if (transport->phase == PHASE_KEX && ssh_get_cipher_in(transport->session)) {
		transport->phase = PHASE_AUTH;
		algorithms_tell(transport);
	}
	if (transport->phase == PHASE_AUTH)
		transport_auth_messages(transport);
}

static void pump(struct transport *transport)
{
	int r = SSH_OK;

	for (int i = 0; i < PUMPS_MAX && r == SSH_OK && !transport->is_ending; i++) {
		r = ssh_event_dopoll(transport->event, 0);
		if (ssh_get_status(transport->session) & (SSH_CLOSED | SSH_CLOSED_ERROR))
			r = SSH_ERROR;
		else if (transport->phase != PHASE_OPEN)
			phase_look(transport);
	}
	transport_channels_messages(transport);
	if (ssh_get_status(transport->session) & (SSH_CLOSED | SSH_CLOSED_ERROR))
		transport_end_by_error(transport);
	else if (r == SSH_ERROR)
		transport_end(transport, END_PROTOCOL_ERROR, "libssh: %s", ssh_get_error(transport->session));
}

static void event_read(struct transport *transport)
{
	struct mon_buf *record = &transport->event_record;
	uint16_t type, channel;
	char text[160];
	int r, fd = -1;
	size_t fds_len = 1;

	r = mon_receive(transport->event_fd, record, &fd, &fds_len);
	if (r == 0)
		r = mon_get_start(record, &type, &channel);
	if (r < 0) {
		transport->rpc.lost = true;
		return;
	}
	if (type == MON_EVENT_FORWARD)
		transport_forward_done(transport, record, channel, take_fd(fd));
	if (fd >= 0)
		close(fd);
	if (type == MON_EVENT_EXIT) {
		transport_channel_exited(transport, record, channel);
	} else if (type == MON_EVENT_TERMINATE) {
		mon_get_text(record, text, sizeof(text));
		transport_end(transport, transport->phase == PHASE_OPEN ? END_CLEARED : END_AUTH_TIMEOUT, "%s",
			      record->bad ? "closed by the operator" : text);
	}
}

static int timeout_ms(const struct transport *transport)
{
	int64_t now = clock_monotonic_us(), at = -1, next;

	if (transport->phase != PHASE_OPEN && transport->auth_timeout_s > 0)
		at = transport->start_us + transport->auth_timeout_s * INT64_C(1000000) + AUTH_GRACE_US;
	next = transport_rekey_deadline_us(transport);
	if (next >= 0 && (at < 0 || next < at))
		at = next;
	if (transport->trim_us > 0 && (at < 0 || transport->trim_us < at))
		at = transport->trim_us;
	next = transport_channels_deadline_us(transport);
	if (next >= 0 && (at < 0 || next < at))
		at = next;
	next = transport_idle_deadline_us(transport);
	if (next >= 0 && (at < 0 || next < at))
		at = next;
	if (at < 0)
		return -1;
	return at <= now ? 0 : (int)((at - now) / 1000) + 1;
}

static uint64_t bytes_moved(const struct transport *transport)
{
	return transport->socket_counter.in_bytes + transport->socket_counter.out_bytes;
}

/* A session that has carried bulk, or has just begun, and is quiet gives back what it needed for that. */
static void memory_look(struct transport *transport, int64_t now_us)
{
	uint64_t moved = bytes_moved(transport);

	if (moved - transport->trimmed_bytes < TRIM_BYTES &&
	    (transport->login_trimmed || transport->phase != PHASE_OPEN))
		return;
	if (moved != transport->trim_seen_bytes || transport->trim_us == 0) {
		transport->trim_seen_bytes = moved;
		transport->trim_us = now_us + TRIM_US;
	} else if (now_us >= transport->trim_us) {
		transport->trimmed_bytes = moved;
		transport->login_trimmed = true;
		transport->trim_us = 0;
		readahead_trim();
		bulk_trim();
		for (size_t i = 0; i < ARRAY_SIZE(transport->channels); i++)
			if (transport->channels[i].number != 0)
				relay_trim(&transport->channels[i].relay);
		rpc_trim(&transport->rpc);
		heap_give_back();
	}
}

/* A key that somebody types must not wait for a transfer: a session that has moved bulk and never had a terminal lets
 * everybody else go first. On a processor that has time for it this changes nothing. */
static void priority_look(struct transport *transport)
{
	if (transport->is_behind || transport->had_terminal || bytes_moved(transport) < BULK_BYTES)
		return;
	transport->is_behind = true;
	(void)setpriority(PRIO_PROCESS, 0, SANDBOX_BULK_NICE);
}

static void clocks_look(struct transport *transport)
{
	int64_t now = clock_monotonic_us();

	memory_look(transport, now);
	priority_look(transport);
	transport_rekey_look(transport, now);
	transport_idle_look(transport, now);
	if (transport->phase != PHASE_OPEN && transport->auth_timeout_s > 0 &&
	    now - transport->start_us > transport->auth_timeout_s * INT64_C(1000000) + AUTH_GRACE_US)
		transport_end(transport, END_AUTH_TIMEOUT, "login took longer than %u seconds",
			      transport->auth_timeout_s);
}

/* libssh reads the connection whenever it is called. What came meanwhile is looked at too: nothing would wake us for
 * it. */
static void settle(struct transport *transport, const struct pollfd *polls, size_t polls_len)
{
	transport->unsettled = true;
	for (int i = 0; i < SETTLES_MAX && transport->unsettled && !transport->is_ending; i++) {
		uint64_t before = transport->packet_counter.in_packets;

		transport_channels_move(transport, polls, i == 0 ? polls_len : 0);
		transport_channels_messages(transport);
		transport->unsettled = transport->packet_counter.in_packets != before;
	}
}

static void turn(struct transport *transport)
{
	struct pollfd polls[POLLS_MAX];
	size_t n = 0;
	bool pending;
	int r;

	polls[n++] = (struct pollfd){ .fd = transport->socket_fd, .events = POLLIN };
	if ((ssh_get_status(transport->session) & SSH_WRITE_PENDING) || gather_own_pending() > 0)
		polls[0].events |= POLLOUT;
	polls[n++] = (struct pollfd){ .fd = transport->event_fd, .events = POLLIN };
	n += transport_channels_polls(transport, polls + n);
	pending = readahead_pending() > 0 || transport->unsettled;
	r = poll(polls, n, pending ? 0 : timeout_ms(transport));
	if (r < 0 && errno != EINTR)
		transport_end(transport, END_PROTOCOL_ERROR, "poll: %s", strerror(errno));
	watchdog_turn();
	if (r < 0)
		return;
	if (polls[0].revents & POLLOUT)
		(void)gather_own_flush(); /* a failure comes back with libssh's next bytes */
	if (polls[0].revents || pending)
		pump(transport);
	if (transport->phase != PHASE_OPEN)
		acknowledge_quickly(transport);
	if (polls[1].revents && !transport->is_ending)
		event_read(transport);
	settle(transport, polls + 2, n - 2);
	clocks_look(transport);
}

static void greet(struct transport *transport)
{
	int r = ssh_handle_key_exchange(transport->session);

	if (r == SSH_ERROR) {
		transport_end_by_error(transport);
		return;
	}
	/* only now: before the first pumping the session has nothing to add */
	ssh_event_add_session(transport->event, transport->session);
	pump(transport);
}

void transport_run(struct transport *transport)
{
	transport->start_us = transport->told_us = clock_monotonic_us();
	transport_auth_watch(transport);
	acknowledge_quickly(transport);
	greet(transport);
	while (!transport->is_ending && !transport->rpc.lost)
		turn(transport);
	transport_close(transport);
}
