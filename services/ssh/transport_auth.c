// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: User authentication, as far as the transport is concerned
 *
 * Each request becomes one question to the monitor, and its verdict one answer to the client. libssh's message queue
 * is used instead of its callbacks for one reason: libssh gives no answer at all to a request with a key it cannot
 * read, and the client would wait for ever. A message kept from an earlier request can still send the refusal; that
 * one is due is seen in libssh's own log, where each request leaves a line before it is read further. Should a version
 * of libssh log otherwise, the login timer ends such a client, and nothing else changes.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "services/ssh/transport.h"

#define REQUEST_LINE	     "ssh_packet_userauth_request: Auth request for service "
#define MISMATCH_WORDS	     "kex error : no match for method "
#define UNREADABLE_MAX	     20u
#define KEY_BLOB_MAX_BYTES   8192u

/* libssh's own log is too verbose for anything but these two. */
static void on_log(int priority, const char *function, const char *line, void *userdata)
{
	struct transport *transport = userdata;

	(void)priority;
	(void)function;
	/* the error itself may be replaced by the one of closing the socket */
	if (strstr(line, MISMATCH_WORDS))
		snprintf(transport->mismatch, sizeof(transport->mismatch), "%s", line);
	if (strncmp(line, REQUEST_LINE, strlen(REQUEST_LINE)) != 0)
		return;
	/* these get their refusal from libssh without a message */
	if (strstr(line, ", method gssapi-with-mic for user "))
		return;
	transport->requests_seen++;
}

void transport_auth_watch(struct transport *transport)
{
	ssh_set_log_callback(on_log);
	ssh_set_log_userdata(transport);
	ssh_set_log_level(SSH_LOG_FUNCTIONS); /* libssh 0.11 and later tell errors at this level only */
}

static void watch_end(void)
{
	ssh_set_log_level(SSH_LOG_NOLOG);
}

/* Verdict, and the methods that can go on where the answer has them. */
static enum mon_verdict verdict_ask(struct transport *transport, bool has_methods)
{
	struct mon_buf *record = &transport->rpc.record;
	uint8_t verdict;
	uint32_t methods;

	if (rpc_ask(&transport->rpc, NULL, NULL) < 0)
		return MON_DENIED;
	verdict = mon_get_u8(record);
	if (has_methods) {
		methods = mon_get_u32(record);
		if (!record->bad)
			ssh_set_auth_methods(transport->session, (int)methods);
	}
	return record->bad || verdict > MON_DISCONNECT ? MON_DENIED : verdict;
}

static void banner_send(struct transport *transport)
{
	struct mon_string text = mon_get_string(&transport->rpc.record);
	ssh_string banner;

	if (text.len == 0)
		return;
	banner = ssh_string_new(text.len);
	if (!banner)
		return;
	ssh_string_fill(banner, text.bytes, text.len);
	ssh_send_issue_banner(transport->session, banner);
	ssh_string_free(banner);
}

static enum mon_verdict none_ask(struct transport *transport)
{
	struct mon_buf *record = rpc_start(&transport->rpc, MON_AUTH_NONE, 0);
	enum mon_verdict verdict;

	mon_put_text(record, transport->user);
	verdict = verdict_ask(transport, true);
	banner_send(transport);
	return verdict;
}

/* The accessors of a queued message are deprecated in favour of callbacks, which cannot do what the top says. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static const char *message_password(ssh_message message)
{
	return ssh_message_auth_password(message);
}

static ssh_key message_key(ssh_message message)
{
	return ssh_message_auth_pubkey(message);
}

static bool message_is_signed(ssh_message message)
{
	return ssh_message_auth_publickey_state(message) == SSH_PUBLICKEY_STATE_VALID;
}
#pragma GCC diagnostic pop

static enum mon_verdict password_ask(struct transport *transport, ssh_message message)
{
	const char *password = message_password(message);
	struct mon_buf *record = rpc_start(&transport->rpc, MON_AUTH_PASSWORD, 0);

	mon_put_text(record, transport->user);
	mon_put_text(record, password ? password : "");
	return verdict_ask(transport, true);
}

static void free_base64(char **base64)
{
	ssh_string_free_char(*base64);
}

static int key_blob(ssh_key key, uint8_t *blob, size_t *ret_len)
{
	__attribute__((cleanup(free_base64))) char *base64 = NULL;
	size_t len;
	int n;

	if (!key || ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK || !base64)
		return -1;
	len = strlen(base64);
	if (len > KEY_BLOB_MAX_BYTES * 4 / 3)
		return -1;
	n = EVP_DecodeBlock(blob, (const unsigned char *)base64, (int)len);
	while (n > 0 && len > 0 && base64[--len] == '=')
		n--;
	if (n <= 0)
		return -1;
	*ret_len = (size_t)n;
	return 0;
}

static enum mon_verdict key_ask(struct transport *transport, ssh_message message)
{
	uint8_t blob[KEY_BLOB_MAX_BYTES + 4];
	bool is_signed = message_is_signed(message);
	struct mon_buf *record;
	size_t len;

	if (key_blob(message_key(message), blob, &len) < 0)
		return MON_DENIED;
	record = rpc_start(&transport->rpc, is_signed ? MON_AUTH_KEY : MON_AUTH_QUERY, 0);
	mon_put_text(record, transport->user);
	mon_put_string(record, blob, len);
	return verdict_ask(transport, is_signed);
}

/* The first name stays: what was learnt about one user must not serve another. */
static bool user_is_pinned(struct transport *transport, const char *user)
{
	if (!user || !user[0] || strlen(user) >= sizeof(transport->user))
		return false;
	if (!transport->user[0])
		memcpy(transport->user, user, strlen(user) + 1);
	return strcmp(transport->user, user) == 0;
}

static void succeed(struct transport *transport, ssh_message message)
{
	watch_end();
	transport->phase = PHASE_OPEN;
	transport_channels_start(transport);
	ssh_message_auth_reply_success(message, 0);
}

static void request_answer(struct transport *transport, ssh_message message)
{
	int method = ssh_message_subtype(message);
	bool is_query = method == SSH_AUTH_METHOD_PUBLICKEY && !message_is_signed(message);
	enum mon_verdict verdict = MON_DENIED;

	if (!user_is_pinned(transport, ssh_message_auth_user(message))) {
		transport_end(transport, END_AUTH_FAILED, "the user name may not change");
		return;
	}
	if (method == SSH_AUTH_METHOD_NONE)
		verdict = none_ask(transport);
	else if (method == SSH_AUTH_METHOD_PASSWORD)
		verdict = password_ask(transport, message);
	else if (method == SSH_AUTH_METHOD_PUBLICKEY)
		verdict = key_ask(transport, message);
	if (transport->rpc.lost)
		return;
	if (verdict == MON_DISCONNECT)
		transport_end(transport, END_AUTH_FAILED, "Too many authentication failures");
	else if (verdict == MON_SUCCESS && is_query)
		ssh_message_auth_reply_pk_ok_simple(message);
	else if (verdict == MON_SUCCESS)
		succeed(transport, message);
	else if (verdict == MON_PARTIAL && !is_query)
		ssh_message_auth_reply_success(message, 1);
	else
		ssh_message_reply_default(message);
	if (verdict == MON_DENIED && !is_query && method != SSH_AUTH_METHOD_NONE)
		transport->auth_failed = true;
}

static void service_answer(struct transport *transport, ssh_message message)
{
	const char *service = ssh_message_service_service(message);

	if (service && (strcmp(service, "ssh-userauth") == 0 || strcmp(service, "ssh-connection") == 0))
		ssh_message_service_reply_success(message);
	else
		transport_end(transport, END_PROTOCOL_ERROR, "the client asks for an unknown service");
}

/* A request without secrets stays, to refuse those that cannot be read. */
static bool message_keep(struct transport *transport, ssh_message message)
{
	if (transport->kept_request || ssh_message_type(message) != SSH_REQUEST_AUTH ||
	    ssh_message_subtype(message) == SSH_AUTH_METHOD_PASSWORD)
		return false;
	transport->kept_request = message;
	return true;
}

static void unreadable_refuse(struct transport *transport)
{
	while (transport->requests_answered < transport->requests_seen && !transport->is_ending) {
		transport->requests_answered++;
		transport->auth_failed = true;
		if (!transport->kept_request || transport->requests_answered > UNREADABLE_MAX + 100)
			transport_end(transport, END_AUTH_FAILED, "the authentication request cannot be read");
		else
			ssh_message_reply_default(transport->kept_request);
	}
}

void transport_auth_messages(struct transport *transport)
{
	ssh_message message;

	while (transport->phase != PHASE_OPEN && !transport->is_ending &&
	       (message = ssh_message_get(transport->session))) {
		if (ssh_message_type(message) == SSH_REQUEST_AUTH) {
			transport->requests_answered++;
			request_answer(transport, message);
		} else if (ssh_message_type(message) == SSH_REQUEST_SERVICE) {
			service_answer(transport, message);
		} else {
			ssh_message_reply_default(message);
		}
		if (!message_keep(transport, message))
			ssh_message_free(message);
	}
	if (transport->phase == PHASE_AUTH)
		unreadable_refuse(transport);
}
