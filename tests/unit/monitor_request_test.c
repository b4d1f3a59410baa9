// SPDX-License-Identifier: GPL-3.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "services/ssh/monitor_request.h"

static uint8_t bytes[MON_RECORD_MAX_BYTES];

static struct monitor_request fullest(void)
{
	struct monitor_request request = {
		.session = { .id = UINT32_MAX, .vty = 8191, .peer_port = 65535, .local_port = 22,
			     .start_us = INT64_MAX },
		.vrf = { .kind = VRF_KIND_NETNS, .state = VRF_UP, .ifindex = INT32_MAX, .netns_inode = UINT64_MAX },
		.is_netconf = true,
	};

	memset(request.session.peer_address, 'f', sizeof(request.session.peer_address) - 1);
	memset(request.session.local_address, 'a', sizeof(request.session.local_address) - 1);
	memset(request.vrf.name, 'v', sizeof(request.vrf.name) - 1);
	memset(request.vrf.device, 'd', sizeof(request.vrf.device) - 1);
	return request;
}

Test(monitor_request, comes_back_as_it_went)
{
	struct monitor_request sent = fullest(), got;
	struct mon_buf record = { .bytes = bytes };

	monitor_request_put(&sent, &record);
	cr_assert(!record.bad && record.len <= MONITOR_REQUEST_MAX_BYTES, "%zu", record.len);
	cr_assert_eq(monitor_request_get(&record, &got), 0);
	cr_assert_eq(got.session.id, sent.session.id);
	cr_assert_eq(got.session.vty, sent.session.vty);
	cr_assert_eq(got.session.start_us, sent.session.start_us);
	cr_assert_eq(got.session.peer_port, sent.session.peer_port);
	cr_assert_eq(got.session.local_port, sent.session.local_port);
	cr_assert_str_eq(got.session.peer_address, sent.session.peer_address);
	cr_assert_str_eq(got.session.local_address, sent.session.local_address);
	cr_assert_str_eq(got.session.vrf, sent.vrf.name);
	cr_assert_str_eq(got.vrf.name, sent.vrf.name);
	cr_assert_str_eq(got.vrf.device, sent.vrf.device);
	cr_assert_eq(got.vrf.kind, sent.vrf.kind);
	cr_assert_eq(got.vrf.state, sent.vrf.state);
	cr_assert_eq(got.vrf.ifindex, sent.vrf.ifindex);
	cr_assert_eq(got.vrf.netns_inode, sent.vrf.netns_inode);
	cr_assert(got.is_netconf);
	cr_assert_null(got.vrf.netns_dir);
}

Test(monitor_request, a_cut_or_longer_record_is_refused)
{
	struct monitor_request sent = fullest(), got;
	struct mon_buf record = { .bytes = bytes };
	size_t len;

	monitor_request_put(&sent, &record);
	len = record.len;
	for (record.len = 0; record.len < len; record.len++)
		cr_assert_eq(monitor_request_get(&record, &got), -EPROTO, "%zu", record.len);
	record.len = len + 1;
	cr_assert_eq(monitor_request_get(&record, &got), -EPROTO);
}

Test(monitor_request, what_cannot_be_is_refused)
{
	struct monitor_request sent = fullest(), got;
	struct mon_buf record = { .bytes = bytes };

	sent.vrf.kind = VRF_KIND_MAX;
	monitor_request_put(&sent, &record);
	cr_assert_eq(monitor_request_get(&record, &got), -EPROTO);
	sent = fullest();
	sent.vrf.state = VRF_STATE_MAX;
	monitor_request_put(&sent, &record);
	cr_assert_eq(monitor_request_get(&record, &got), -EPROTO);
	sent = fullest();
	sent.session.id = 0;
	monitor_request_put(&sent, &record);
	cr_assert_eq(monitor_request_get(&record, &got), -EPROTO);
	mon_put_start(&record, MON_SPAWN, 0);
	cr_assert_eq(monitor_request_get(&record, &got), -EPROTO);
}
