/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/session_link.h - how a monitor and sallyport-sshd keep the session table together, across restarts of sshd
 *
 * Shapes:  datagrams of one JSON object each over AF_UNIX SOCK_SEQPACKET: at the start over a socketpair that the
 *          monitor inherits; when that ends, over sock/sshd.sessions to the next sshd
 * Units:   a datagram is at most SESSION_LINK_MAX_BYTES
 * Errors:  a datagram that does not decode ends the link (the monitor then registers anew)
 * Owns:    sshd owns ids, vty numbers and history; the monitor owns the truth about its session
 * Runs in: sallyport-sshd and monitor; both sides are root, and sshd checks SO_PEERCRED for its own uid
 * Source:  architecture.md: "the pair of a connection outlives sallyport-sshd and registers again with the new one"
 * Tests:   tests/unit/session_link_test.c, tests/fuzz/fuzz_session_link.c, tests/system/test_session_server.py
 *
 *   monitor -> sshd   {"type":"hello"}                                  first, over the inherited pair: it lives; who
 *                                                                       it is the kernel says (SCM_CREDENTIALS)
 *                     {"type":"session","session":{…},"channels":[{…}]}   at each change, and to the next sshd; members
 *                                                                       that are nothing are left out, and over the
 *                                                                       inherited pair what sshd has said itself
 *                     {"type":"end","session":{…}}                        end_us, end_reason, end_text set; then close
 *   sshd -> monitor   {"type":"terminate","reason":<enum session_end>,"text":"…"}
 *                     {"type":"recorded"}                                 answer to "end": the history row is on disk
 */
#ifndef SERVICES_SESSION_LINK_H
#define SERVICES_SESSION_LINK_H

#include "base/err.h"
#include "services/ssh_report.h"

#define SESSION_LINK_SOCKET    "sshd.sessions" /* in the run directory, mode 0600 */
#define SESSION_LINK_MAX_BYTES 147456u /* with each command in control characters */
#define SESSION_LINK_HELLO     "{\"type\":\"hello\"}" /* as it is encoded: a monitor says it for each connection */

enum session_message {
	SESSION_MESSAGE_HELLO,
	SESSION_MESSAGE_STATE,
	SESSION_MESSAGE_END,
	SESSION_MESSAGE_TERMINATE,
	SESSION_MESSAGE_RECORDED
};

struct session_link_message {
	enum session_message type;
	struct session_report session;
	int terminate_reason;
	char terminate_text[160];
	size_t channels_len;
	struct channel_report channels[SESSION_ROWS_MAX]; /* beyond channels_len they are nothing, not even zeroes */
};

/* Begins a message. Most have no row, and to zero the room for all of them is more than everything else. */
void session_link_begin(struct session_link_message *message, enum session_message type);

/* Encodes into buffer; the length or -errno. Pure. */
int session_link_encode(const struct session_link_message *message, char *buffer, size_t size_bytes);
int session_link_decode(const char *bytes, size_t len_bytes, struct session_link_message *ret_message, struct err *err);

#endif
