// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What has moved, in all and with the keys in use, and when those have to go
 *
 * libssh makes keys anew by itself, for volume and for time, but only when it has something to send: a connection that
 * is quiet when its time comes is given a packet that means nothing. So is each one when it has new keys: what comes
 * with the end of a key exchange, such as more window, PuTTY looks at only when the next packet comes. The monitor is
 * told what has moved, so that an operator sees how much is left.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/transport.h"

#define US_PER_S	INT64_C(1000000)
#define TELL_US		(60 * US_PER_S)
#define TELL_BULK_US	US_PER_S
#define TELL_BULK_BYTES (16u << 20) /* worth telling soon: what is left is shown in megabytes */
#define NUDGE_US	US_PER_S    /* libssh's time begins a little later than ours */
#define NUDGE_AGAIN_US	(5 * US_PER_S)
#define PAST_VOLUME_MB	1024 /* the least that can be configured */

/* From the new keys on; a slow client's own may take that long. */
static const int64_t nudges_us[] = { 200000, 1000000, 5000000 };

static uint64_t bytes_untold(const struct transport *transport)
{
	return transport->socket_counter.in_bytes - transport->told_in + transport->socket_counter.out_bytes -
	       transport->told_out;
}

/* In one direction, as it is counted against the limit. */
static uint64_t bytes_under_keys(const struct transport *transport)
{
	uint64_t in = transport->socket_counter.in_bytes - transport->rekey.in_bytes;
	uint64_t out = transport->socket_counter.out_bytes - transport->rekey.out_bytes;

	return in > out ? in : out;
}

void transport_statistics(struct transport *transport)
{
	const struct ssh_counter_struct *counter = &transport->socket_counter;
	struct mon_buf *record;

	transport->told_us = clock_monotonic_us();
	if (bytes_untold(transport) == 0)
		return;
	transport->told_in = counter->in_bytes;
	transport->told_out = counter->out_bytes;
	record = rpc_start(&transport->rpc, MON_STATISTICS, 0);
	mon_put_u64(record, counter->in_bytes);
	mon_put_u64(record, counter->out_bytes);
	mon_put_u64(record, bytes_under_keys(transport));
	rpc_ask(&transport->rpc, NULL, NULL);
}

static void nudge_arm(struct transport_rekey *rekey, int64_t now_us)
{
	if (rekey->nudges < ARRAY_SIZE(nudges_us))
		rekey->nudge_us = rekey->kex_us + nudges_us[rekey->nudges];
	else
		rekey->nudge_us = rekey->kex_us + rekey->time_s * US_PER_S + NUDGE_US;
	if (rekey->nudge_us <= now_us)
		rekey->nudge_us = now_us + NUDGE_AGAIN_US;
}

/* Keys that are not a second old cannot be made to go: libssh knows times in seconds. */
static void time_set(struct transport *transport, uint32_t time_s)
{
	(void)ssh_options_set(transport->session, SSH_OPTIONS_REKEY_TIME, &time_s);
}

bool transport_rekey_has_room(struct transport *transport)
{
	struct transport_rekey *rekey = &transport->rekey;

	if (rekey->is_due || rekey->volume_mb < PAST_VOLUME_MB)
		return false;
	if (bytes_under_keys(transport) < (uint64_t)rekey->volume_mb << 20)
		return true;
	/* from here on everything goes through libssh, whose next packet finds that it is time */
	rekey->is_due = true;
	time_set(transport, 1);
	return false;
}

static void keys_look(struct transport *transport, int64_t now_us)
{
	struct transport_rekey *rekey = &transport->rekey;

	if (rekey->signatures_seen == transport->signatures)
		return;
	rekey->signatures_seen = transport->signatures;
	rekey->in_bytes = transport->socket_counter.in_bytes;
	rekey->out_bytes = transport->socket_counter.out_bytes;
	rekey->kex_us = now_us;
	if (rekey->is_due) {
		rekey->is_due = false;
		time_set(transport, rekey->time_s);
	}
	rekey->nudges = transport->phase == PHASE_OPEN ? 0 : ARRAY_SIZE(nudges_us);
	nudge_arm(rekey, now_us);
	if (transport->phase == PHASE_OPEN)
		transport_statistics(transport);
}

void transport_rekey_look(struct transport *transport, int64_t now_us)
{
	struct transport_rekey *rekey = &transport->rekey;
	int64_t quiet_us = now_us - transport->told_us;

	keys_look(transport, now_us);
	if (transport->phase == PHASE_OPEN && rekey->nudge_us > 0 && now_us >= rekey->nudge_us &&
	    !transport->is_ending) {
		if (rekey->nudges < ARRAY_SIZE(nudges_us))
			rekey->nudges++;
		nudge_arm(rekey, now_us);
		ssh_send_ignore(transport->session, "");
	}
	if (quiet_us >= TELL_US || (quiet_us >= TELL_BULK_US && bytes_untold(transport) >= TELL_BULK_BYTES))
		transport_statistics(transport);
}

int64_t transport_rekey_deadline_us(const struct transport *transport)
{
	const int64_t nudge_us = transport->rekey.nudge_us;
	int64_t first = transport->phase == PHASE_OPEN && nudge_us > 0 ? nudge_us : -1;
	uint64_t untold = bytes_untold(transport);
	int64_t tell_us = transport->told_us + (untold >= TELL_BULK_BYTES ? TELL_BULK_US : TELL_US);

	return untold > 0 && (first < 0 || tell_us < first) ? tell_us : first;
}
