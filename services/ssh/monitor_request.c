// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The record that begins a monitor
 *
 * It holds what is known of the connection and nothing else: the configuration and the host keys the spawner has had
 * since its start, and of other sessions it never hears.
 */
#include "services/ssh/monitor_request.h"

#include <errno.h>
#include <string.h>

void monitor_request_put(const struct monitor_request *request, struct mon_buf *record)
{
	const struct session_report *session = &request->session;
	const struct vrf *vrf = &request->vrf;

	mon_put_start(record, MON_MONITOR, 0);
	mon_put_u32(record, session->id);
	mon_put_u32(record, session->vty);
	mon_put_u64(record, (uint64_t)session->start_us);
	mon_put_text(record, session->peer_address);
	mon_put_u32(record, session->peer_port);
	mon_put_text(record, session->local_address);
	mon_put_u32(record, session->local_port);
	mon_put_text(record, vrf->name);
	mon_put_text(record, vrf->device);
	mon_put_u8(record, (uint8_t)vrf->kind);
	mon_put_u8(record, (uint8_t)vrf->state);
	mon_put_u32(record, (uint32_t)vrf->ifindex);
	mon_put_u64(record, vrf->netns_inode);
	mon_put_u8(record, request->is_netconf);
}

static uint16_t port_get(struct mon_buf *record)
{
	uint32_t port = mon_get_u32(record);

	record->bad |= port > UINT16_MAX;
	return (uint16_t)port;
}

int monitor_request_get(struct mon_buf *record, struct monitor_request *ret_request)
{
	struct session_report *session = &ret_request->session;
	struct vrf *vrf = &ret_request->vrf;
	uint16_t type, channel;

	memset(ret_request, 0, sizeof(*ret_request));
	if (mon_get_start(record, &type, &channel) < 0 || type != MON_MONITOR)
		return -EPROTO;
	session->id = mon_get_u32(record);
	session->vty = mon_get_u32(record);
	session->start_us = (int64_t)mon_get_u64(record);
	mon_get_text(record, session->peer_address, sizeof(session->peer_address));
	session->peer_port = port_get(record);
	mon_get_text(record, session->local_address, sizeof(session->local_address));
	session->local_port = port_get(record);
	mon_get_text(record, vrf->name, sizeof(vrf->name));
	mon_get_text(record, vrf->device, sizeof(vrf->device));
	vrf->kind = mon_get_u8(record);
	vrf->state = mon_get_u8(record);
	vrf->ifindex = (int)mon_get_u32(record);
	vrf->netns_inode = mon_get_u64(record);
	ret_request->is_netconf = mon_get_u8(record) != 0;
	if (mon_get_end(record) < 0 || vrf->kind >= VRF_KIND_MAX || vrf->state >= VRF_STATE_MAX || session->id == 0)
		return -EPROTO;
	memcpy(session->vrf, vrf->name, sizeof(session->vrf));
	return 0;
}
