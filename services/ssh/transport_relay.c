// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What a relay needs of libssh: the client's side of one channel
 */
#include <errno.h>
#include <stdlib.h>

#include "services/ssh/bulk.h"
#include "services/ssh/gather.h"
#include "services/ssh/readahead.h"
#include "services/ssh/transport.h"

#define PACKET_BYTES_MIN    64 /* the least maximum packet of a client that is served */
#define PACKET_HEADER_BYTES 10 /* libssh takes them off the client's maximum */
#define PACKET_PROBES	    4

/* libssh counts the client's window without what went past it. Its number must stay below 2^32, also when the client
 * should open the window a GiB wider than it ever was. */
#define UNCOUNTED_BYTES_MAX (UINT32_C(3) << 30)

static size_t on_window(void *peer)
{
	struct transport_channel *channel = peer;
	uint32_t window = ssh_channel_window_size(channel->ssh) - channel->uncounted_bytes;

	if (window > channel->window_bytes_max)
		channel->window_bytes_max = window;
	return window;
}

static int send_packet(struct transport_channel *channel, bool is_stderr, const uint8_t *bytes, size_t len)
{
	int n;

	if (is_stderr)
		return ssh_channel_write_stderr(channel->ssh, bytes, (uint32_t)len);
	bulk_learn(bytes, len);
	n = ssh_channel_write(channel->ssh, bytes, (uint32_t)len);
	bulk_learnt(&channel->route);
	return n;
}

/* Whether a packet of so much data may go past libssh now (bulk.h). */
static bool may_go_past(struct transport_channel *channel, size_t data_bytes)
{
	const int not_now = SSH_WRITE_PENDING | SSH_CLOSED | SSH_CLOSED_ERROR;
	struct transport *transport = channel->transport;

	if (data_bytes < BULK_DATA_BYTES_MIN || data_bytes > channel->route.data_max || channel->closed)
		return false;
	if (channel->window_bytes_max >= UNCOUNTED_BYTES_MAX - channel->uncounted_bytes)
		return false;
	return bulk_ready() && !(ssh_get_status(transport->session) & not_now) && ssh_channel_is_open(channel->ssh) &&
	       transport_rekey_has_room(transport);
}

static int send_past(struct transport_channel *channel, const uint8_t *bytes, size_t data_bytes, size_t packets)
{
	struct transport *transport = channel->transport;
	int n;

	if (packets > BULK_PACKETS_MAX)
		packets = BULK_PACKETS_MAX;
	n = bulk_send(&channel->route, bytes, data_bytes, packets);
	if (n < 0)
		return n;
	channel->uncounted_bytes += (uint32_t)(packets * data_bytes);
	transport->socket_counter.out_bytes += (size_t)n;
	transport->packet_counter.out_packets += packets;
	return (int)(packets * data_bytes);
}

/* libssh has no accessor for the client's maximum packet, and with tiny ones each byte costs a packet: the first bytes
 * that should fill one packet are sent alone, and the packets counted. */
static int send_checked(struct transport_channel *channel, bool is_stderr, const uint8_t *bytes, size_t len)
{
	const size_t probe = PACKET_BYTES_MIN - PACKET_HEADER_BYTES;
	uint64_t before = channel->transport->packet_counter.out_packets;
	int n;

	if (len > probe)
		len = probe;
	n = send_packet(channel, is_stderr, bytes, len);
	if (n < (int)probe)
		return n;
	/* an answer to something else may have gone out meanwhile, but not each time */
	if (channel->transport->packet_counter.out_packets - before == 1)
		channel->packets_checked = true;
	else if (++channel->packets_suspect == PACKET_PROBES)
		transport_end(channel->transport, END_PROTOCOL_ERROR,
			      "the client takes packets of less than %d bytes only", PACKET_BYTES_MIN);
	return n;
}

/* Each packet by itself: libssh would fill the client's maximum, whose packets do not fit the buffer of 32 KiB that it
 * clears after each. */
static int send_packets(struct transport_channel *channel, bool is_stderr, const uint8_t *bytes, size_t len)
{
	const size_t packets = (len + RELAY_PACKET_BYTES - 1) / RELAY_PACKET_BYTES;
	const size_t even = (len + packets - 1) / packets; /* no small one at the end */
	size_t sent = 0, part;
	int n;

	do {
		part = len - sent < even ? len - sent : even;
		gather_until(sent + part < len ? GATHER_BYTES : 0);
		if (!is_stderr && may_go_past(channel, part))
			n = send_past(channel, bytes + sent, part, (len - sent) / part);
		else if (gather_own_pending() > 0)
			n = 0;
		else
			n = send_packet(channel, is_stderr, bytes + sent, part);
		if (n > 0)
			sent += (size_t)n;
	} while (n >= (int)part && sent < len);
	/* what is held back is on its way with the loop's next turn */
	gather_until(0);
	return n < 0 ? n : (int)sent;
}

static int on_send(void *peer, bool is_stderr, const uint8_t *bytes, size_t len)
{
	struct transport_channel *channel = peer;
	const size_t window = on_window(peer);
	int n;

	if (channel->is_over || channel->eof_sent)
		return -EPIPE;
	if (len > window)
		len = window;
	if (len == 0)
		return 0;
	n = channel->packets_checked ? send_packets(channel, is_stderr, bytes, len) :
				       send_checked(channel, is_stderr, bytes, len);
	channel->active = channel->active || n > 0;
	return n;
}

static int on_fetch(void *peer, uint8_t *bytes, size_t size_bytes)
{
	struct transport_channel *channel = peer;

	return ssh_channel_read_nonblocking(channel->ssh, bytes, (uint32_t)size_bytes, 0);
}

/* Asked for more than its window, libssh 0.10 opens it so far. Later versions have a fixed window, wide enough. */
static int on_window_open(void *peer, uint8_t *bytes, size_t size_bytes)
{
	struct transport_channel *channel = peer;

	return ssh_channel_read_timeout(channel->ssh, bytes, (uint32_t)size_bytes, 0, 0);
}

static const struct relay_ops relay_ops_plain = { .send = on_send, .window = on_window, .fetch = on_fetch };
static const struct relay_ops relay_ops_opening = {
	.send = on_send, .window = on_window, .fetch = on_fetch, .open = on_window_open,
};

const struct relay_ops *transport_relay_ops(void)
{
	bool opens = ssh_version(SSH_VERSION_INT(0, 11, 0)) || getenv(TRANSPORT_PLAIN);

	return opens ? &relay_ops_plain : &relay_ops_opening;
}
