// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Requests to the monitor are synchronous. The monitor answers from its own tables or after a user switch,
 * quickly in every case; and while libssh waits in the middle of a signature there is nothing else this process could
 * do.
 */
#include "services/ssh/transport_rpc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/heap.h"

int rpc_init(struct rpc *rpc, int fd)
{
	*rpc = (struct rpc){ .fd = fd };
	rpc->record.bytes = aligned_alloc(4096, MON_RECORD_MAX_BYTES);
	return rpc->record.bytes ? 0 : -ENOMEM;
}

void rpc_trim(struct rpc *rpc)
{
	heap_give_back_pages(rpc->record.bytes, MON_RECORD_MAX_BYTES);
}

struct mon_buf *rpc_start(struct rpc *rpc, enum mon_type type, uint16_t channel)
{
	rpc->type = (uint16_t)type;
	rpc->channel = channel;
	mon_put_start(&rpc->record, (uint16_t)type, channel);
	return &rpc->record;
}

static int rpc_exchange(struct rpc *rpc, int *ret_fds, size_t *inout_fds_len)
{
	uint16_t type, channel;
	int r;

	r = mon_send(rpc->fd, &rpc->record, NULL, 0);
	if (rpc->type == MON_AUTH_PASSWORD || rpc->type == MON_KBDINT_ANSWER)
		explicit_bzero(rpc->record.bytes, rpc->record.len);
	if (r < 0)
		return r;
	r = mon_receive(rpc->fd, &rpc->record, ret_fds, inout_fds_len);
	if (r < 0)
		return r;
	r = mon_get_start(&rpc->record, &type, &channel);
	if (r == 0 && type != rpc->type)
		r = -EPROTO;
	return r;
}

int rpc_ask(struct rpc *rpc, int *ret_fds, size_t *inout_fds_len)
{
	size_t room = inout_fds_len ? *inout_fds_len : 0;
	int r;

	if (inout_fds_len)
		*inout_fds_len = 0;
	if (rpc->lost)
		return -EPIPE;
	/* a request that does not fit a record is the caller's to refuse, not the end */
	if (rpc->record.bad)
		return -EMSGSIZE;
	r = rpc_exchange(rpc, ret_fds, inout_fds_len ? &room : NULL);
	if (r < 0) {
		rpc->lost = true;
		return r;
	}
	if (inout_fds_len)
		*inout_fds_len = room;
	return 0;
}

bool rpc_ask_ok(struct rpc *rpc)
{
	bool ok;

	if (rpc_ask(rpc, NULL, NULL) < 0)
		return false;
	ok = mon_get_u8(&rpc->record) == 1;
	return mon_get_end(&rpc->record) == 0 && ok;
}

void rpc_log(struct rpc *rpc, int severity, const char *format, ...)
{
	struct mon_buf *record = rpc_start(rpc, MON_LOG, 0);
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mon_put_u8(record, (uint8_t)severity);
	mon_put_text(record, text);
	rpc_ask(rpc, NULL, NULL);
}

void rpc_closing(struct rpc *rpc, enum session_end reason, const char *text)
{
	struct mon_buf *record = rpc_start(rpc, MON_CLOSING, 0);

	mon_put_u32(record, (uint32_t)reason);
	mon_put_text(record, text);
	rpc_ask(rpc, NULL, NULL);
}
