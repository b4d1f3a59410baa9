// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Clients that have gone without a word, and what stands idle
 *
 * A client that sends nothing for the keepalive time is asked; any byte of it is an answer. After four times that it
 * is given up. The question is one packet, which TCP repeats: libssh sends no second one before the first is
 * answered, and takes the answer off only when it is asked again. What is off costs no look and no wake-up.
 */
#include "base/cleanup.h"
#include "services/ssh/transport.h"

#define KEEPALIVES_MAX 3u
#define US_PER_S       INT64_C(1000000)

static int64_t keepalive_due_us(const struct transport_idle *idle)
{
	return idle->heard_us + idle->keepalive_s * US_PER_S * (idle->keepalives + 1);
}

static void keepalive_send(struct transport *transport)
{
	uint64_t in = transport->packet_counter.in_packets, out = transport->packet_counter.out_packets;

	ssh_send_keepalive(transport->session);
	if (transport->packet_counter.out_packets == out) /* it has taken off the last answer */
		ssh_send_keepalive(transport->session);
	if (transport->packet_counter.in_packets != in)
		transport->unsettled = true;
}

static void keepalive_look(struct transport *transport, int64_t now_us)
{
	struct transport_idle *idle = &transport->idle;

	if (!idle->heard_us || transport->socket_counter.in_bytes != idle->heard_bytes) {
		idle->heard_bytes = transport->socket_counter.in_bytes;
		idle->heard_us = now_us;
		idle->keepalives = 0;
	}
	if (now_us < keepalive_due_us(idle))
		return;
	if (idle->keepalives++ < KEEPALIVES_MAX) {
		keepalive_send(transport);
		return;
	}
	transport->is_silent = true;
	transport_end(transport, END_CLIENT_CLOSED, "the client has not been heard of for %u seconds",
		      (unsigned)((now_us - idle->heard_us) / US_PER_S));
}

static void connection_look(struct transport *transport, int64_t now_us)
{
	struct transport_idle *idle = &transport->idle;

	if (transport_channels_live(transport) > 0) {
		idle->lone_us = 0;
		return;
	}
	if (!idle->lone_us)
		idle->lone_us = now_us;
	if (now_us - idle->lone_us >= idle->connection_timeout_s * US_PER_S)
		transport_end(transport, END_CLIENT_CLOSED, "no channel was open for %u seconds",
			      idle->connection_timeout_s);
}

void transport_idle_look(struct transport *transport, int64_t now_us)
{
	struct transport_idle *idle = &transport->idle;

	if (transport->phase != PHASE_OPEN)
		return;
	if (idle->keepalive_s && !transport->is_ending)
		keepalive_look(transport, now_us);
	if (idle->connection_timeout_s && !transport->is_ending)
		connection_look(transport, now_us);
	if (idle->channel_timeout_s && !transport->is_ending)
		idle->channel_due_us = transport_channels_idle(transport, now_us, idle->channel_timeout_s);
}

/* A deadline that is not set is -1. */
static int64_t earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t transport_idle_deadline_us(const struct transport *transport)
{
	const struct transport_idle *idle = &transport->idle;
	int64_t first = -1;

	if (transport->phase != PHASE_OPEN)
		return -1;
	if (idle->keepalive_s && idle->heard_us)
		first = keepalive_due_us(idle);
	if (idle->connection_timeout_s && idle->lone_us)
		first = earlier(first, idle->lone_us + idle->connection_timeout_s * US_PER_S);
	if (idle->channel_timeout_s && idle->channel_due_us > 0)
		first = earlier(first, idle->channel_due_us);
	return first;
}
