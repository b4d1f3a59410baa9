// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Connections that a client has the router make (direct-tcpip, RFC 4254 section 7.2)
 *
 * The transport cannot open a socket: the monitor has it connected, in the session's VRF, and sends it back. The
 * client's wish is kept until then, so that it learns the truth. Once open, it is a channel whose program is the
 * socket: both of its directions end on their own.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/transport.h"

static bool forward_ask(struct transport_channel *channel, ssh_message message)
{
	const char *host = ssh_message_channel_request_open_destination(message);
	const char *originator = ssh_message_channel_request_open_originator(message);
	struct mon_buf *record = rpc_start(&channel->transport->rpc, MON_FORWARD, channel->number);

	mon_put_text(record, host ? host : "");
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_open_destination_port(message));
	mon_put_text(record, originator ? originator : "");
	mon_put_u32(record, (uint32_t)ssh_message_channel_request_open_originator_port(message));
	return rpc_ask_ok(&channel->transport->rpc);
}

void transport_forward_open(struct transport *transport, ssh_message message)
{
	struct transport_channel *channel = transport_channel_new(transport, true);

	if (channel && forward_ask(channel, message)) {
		channel->opening = message;
		return;
	}
	if (channel)
		channel->number = 0;
	ssh_message_reply_default(message);
	ssh_message_free(message);
}

static struct transport_channel *opening_find(struct transport *transport, uint16_t number)
{
	for (size_t i = 0; i < transport->slots_len; i++)
		if (transport->channels[i].number == number && transport->channels[i].opening)
			return &transport->channels[i];
	return NULL;
}

static bool forward_begin(struct transport_channel *channel, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return false;
	if (!transport_channel_accept(channel, channel->opening))
		return false;
	channel->started = true;
	relay_start(&channel->relay, fd, fd, -1, false);
	channel->relay.is_duplex = true;
	return true;
}

void transport_forward_done(struct transport *transport, struct mon_buf *record, uint16_t number, int given_fd)
{
	AUTO(close) int fd = given_fd;
	struct transport_channel *channel = opening_find(transport, number);
	bool ok = mon_get_u8(record) == 1;

	if (!channel || mon_get_end(record) < 0 || ok != (fd >= 0)) {
		transport->rpc.lost = true;
		return;
	}
	if (ok && forward_begin(channel, fd)) {
		take_fd(fd);
	} else {
		ssh_message_reply_default(channel->opening);
		channel->number = 0;
	}
	ssh_message_free(channel->opening);
	channel->opening = NULL;
}
