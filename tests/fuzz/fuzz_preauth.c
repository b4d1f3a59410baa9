// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A client's bytes before authentication: identification, key exchange, and what a stranger may send instead. The transport
 * runs as it does behind the seal, with a monitor that signs with zeros and lets nobody in.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/ssh/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static const uint8_t host_key[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20" "0123456789abcdefghijklmnopqrstuv";
static int monitor_fd = -1;

static void answer_start(struct mon_buf *answer)
{
	mon_put_text(answer, "");
	mon_put_u32(answer, 1);
	mon_put_text(answer, "curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group16-sha512");
	mon_put_text(answer, "ssh-ed25519");
	mon_put_text(answer, "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr");
	mon_put_text(answer, "hmac-sha2-256-etm@openssh.com,hmac-sha2-256");
	mon_put_text(answer, "ssh-ed25519,rsa-sha2-512");
	for (int i = 0; i < 5; i++)
		mon_put_u32(answer, 1024);
	mon_put_u32(answer, 1);
	mon_put_string(answer, host_key, sizeof(host_key) - 1);
}

static void answer_fill(uint16_t type, struct mon_buf *answer)
{
	static const uint8_t zeros[64];

	if (type == MON_START) {
		answer_start(answer);
	} else if (type == MON_SIGN) {
		mon_put_u8(answer, 1);
		mon_put_string(answer, zeros, sizeof(zeros));
	} else if (type == MON_AUTH_NONE || type == MON_AUTH_PASSWORD || type == MON_AUTH_KEY) {
		mon_put_u8(answer, MON_DENIED);
		mon_put_u32(answer, SSH_AUTH_METHOD_PUBLICKEY);
		if (type == MON_AUTH_NONE)
			mon_put_text(answer, "");
	} else if (type == MON_VERIFY || type == MON_AUTH_QUERY) {
		mon_put_u8(answer, 0);
	}
}

static void monitor_run(int fd) __attribute__((noreturn));
static void monitor_run(int fd)
{
	static uint8_t asked[MON_RECORD_MAX_BYTES], answered[MON_RECORD_MAX_BYTES];
	struct mon_buf ask = { .bytes = asked }, answer = { .bytes = answered };
	uint16_t type, channel;

	while (mon_receive(fd, &ask, NULL, NULL) == 0 && mon_get_start(&ask, &type, &channel) == 0) {
		mon_put_start(&answer, type, channel);
		answer_fill(type, &answer);
		if (mon_send(fd, &answer, NULL, 0) < 0)
			break;
	}
	_exit(0);
}

static int on_sign(void *userdata, const uint8_t *blob, size_t blob_len, const char *digest, const uint8_t *tbs,
		   size_t tbs_len, uint8_t *signature, size_t size_bytes, size_t *ret_len)
{
	(void)userdata;
	(void)blob;
	(void)blob_len;
	(void)digest;
	(void)tbs;
	(void)tbs_len;
	memset(signature, 0, size_bytes < 64 ? size_bytes : 64);
	*ret_len = 64;
	return size_bytes < 64 ? -EINVAL : 0;
}

static void on_verify(void *userdata, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature, size_t len)
{
	(void)userdata;
	(void)tbs;
	(void)tbs_len;
	(void)signature;
	(void)len;
}

static void start_once(void)
{
	static const struct provider_calls calls = { .sign = on_sign, .verify = on_verify };
	struct err err = { "" };
	int pair[2];

	if (monitor_fd >= 0)
		return;
	if (provider_load(&calls, &err) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	if (fork() == 0) {
		close(pair[0]);
		monitor_run(pair[1]);
	}
	close(pair[1]);
	monitor_fd = pair[0];
}

static void transport_free(struct transport *transport)
{
	ssh_message_free(transport->kept_request);
	ssh_event_free(transport->event);
	ssh_free(transport->session);
	ssh_bind_free(transport->bind);
	free(transport->rpc.record.bytes);
	free(transport->event_record.bytes);
	close(transport->socket_fd);
	close(transport->event_fd);
	free(transport);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct transport *transport = calloc(1, sizeof(*transport));
	struct err err = { "" };
	int client[2], events[2];

	start_once();
	/* it has to fit the socket, because nobody reads while it is written */
	if (!transport || len_bytes > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, events) < 0) {
		free(transport);
		return 0;
	}
	if (write(client[1], bytes, len_bytes) != (ssize_t)len_bytes || shutdown(client[1], SHUT_WR) < 0)
		abort();
	if (rpc_init(&transport->rpc, monitor_fd) < 0)
		abort();
	transport->socket_fd = client[0];
	transport->event_fd = events[0];
	transport->event_record.bytes = malloc(MON_RECORD_MAX_BYTES);
	if (transport_prepare(transport, &err) < 0 || transport_accept(transport, &err) < 0)
		abort();
	transport_run(transport);
	close(client[1]);
	close(events[1]);
	transport_free(transport);
	return 0;
}
