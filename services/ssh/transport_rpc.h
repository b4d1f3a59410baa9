/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/transport_rpc.h - ask the monitor
 *
 * Shapes:  struct rpc, one record under way at a time: rpc_start(), mon_put_*(), rpc_ask(), mon_get_*() on the same
 *          buffer
 * Units:   none
 * Errors:  0 or -errno; after -EPIPE or -EPROTO rpc->lost is set for good and the connection has to end
 * Owns:    the record buffer; an answer is valid until the next rpc_start()
 * Runs in: sallyport-transport; also from deep inside libssh (sign, verify), never re-entered
 * Source:  services/ssh/mon.h
 * Tests:   tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_TRANSPORT_RPC_H
#define SERVICES_SSH_TRANSPORT_RPC_H

#include "services/ssh/mon.h"
#include "services/ssh_report.h"

struct rpc {
	int fd;
	bool lost;
	uint16_t type, channel; /* of the request under way */
	struct mon_buf record;
};

int rpc_init(struct rpc *rpc, int fd);
/* Between two requests: what the last one has taken goes back. */
void rpc_trim(struct rpc *rpc);
/* Begins a request; returns the record to write it into. */
struct mon_buf *rpc_start(struct rpc *rpc, enum mon_type type, uint16_t channel);
/* Sends it and waits for the answer, which is then read from the same record. fds may be NULL. */
int rpc_ask(struct rpc *rpc, int *ret_fds, size_t *inout_fds_len);

/* The usual answer: u8 ok and nothing else. False also when the monitor is lost. */
bool rpc_ask_ok(struct rpc *rpc);
void rpc_log(struct rpc *rpc, int severity, const char *format, ...) __attribute__((format(printf, 3, 4)));
void rpc_closing(struct rpc *rpc, enum session_end reason, const char *text);

#endif
