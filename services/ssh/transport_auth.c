// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: User authentication, as far as the transport is concerned
 *
 * Each request becomes one question to the monitor, and its verdict one answer to the client. libssh's message queue
 * is used instead of its callbacks for one reason: libssh gives no answer at all to a request or an answer that it
 * cannot read, and the client would wait for ever. A message kept from an earlier request can still send the refusal;
 * that one is due is seen in libssh's own log, where each request leaves a line before it is read further. Should a
 * version of libssh log otherwise, the login timer ends such a client, and nothing else changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "services/ssh/transport.h"

#define REQUEST_LINE	     "ssh_packet_userauth_request: Auth request for service "
#define PACKET_WORDS	     "packet: read type "
#define PASSWORD_WORDS	     ", method password for user '"
#define MISMATCH_WORDS	     "kex error : no match for method "
#define RESPONSE_LINE	     "ssh_packet_process: Dispatching handler for packet type 61"
#define REJECTED_WORDS	     "Packet filter: rejected packet (type "
#define PACKET_REQUEST	     50
#define PACKET_RESPONSE	     61
#define PROMPTS_MAX	     16u
#define PROMPT_MAX_BYTES     256u
#define TEXT_MAX_BYTES	     1024u
#define ANSWER_MAX_BYTES     4096u
#define PASSWORD_CUT_BYTES   4096u /* the monitor takes no password of half that length */
#define KEY_BLOB_MAX_BYTES   8192u

/* libssh drops a packet that has no place here, and says nothing to anybody. Answers that nobody asked for are refused
 * like those it cannot read; whoever sends something else is not a client. */
static void on_rejected(struct transport *transport, long type)
{
	if (type == PACKET_RESPONSE)
		transport->responses_seen++;
	else
		transport_end(transport, END_PROTOCOL_ERROR, "the client sends a packet of type %ld before login",
			      type);
}

long transport_rejected_type(const char *text)
{
	const char *words = strstr(text, REJECTED_WORDS);

	return words ? strtol(words + strlen(REJECTED_WORDS), NULL, 10) : -1;
}

/* libssh gives out passwords and answers up to their first zero byte, and drops what follows them: only the size of
 * the packet tells that there was more. */
static void on_packet(struct transport *transport, const char *line)
{
	const char *size = strstr(line, "payload=");
	long type = strtol(line + strlen(PACKET_WORDS), NULL, 10);

	if (type == PACKET_REQUEST || type == PACKET_RESPONSE)
		transport->packet_bytes = size ? strtoul(size + strlen("payload="), NULL, 10) : 0;
}

static void on_password(struct transport *transport)
{
	if (transport->passwords_seen < ARRAY_SIZE(transport->password_bytes))
		transport->password_bytes[transport->passwords_seen++] = transport->packet_bytes;
}

/* libssh's own log is too verbose for anything but these. */
static void on_log(int priority, const char *function, const char *line, void *userdata)
{
	struct transport *transport = userdata;
	long type;

	(void)priority;
	(void)function;
	/* these hold words of the client, and are looked at no further */
	if (strncmp(line, REQUEST_LINE, strlen(REQUEST_LINE)) == 0) {
		/* gssapi gets its refusal from libssh without a message */
		if (strstr(line, ", method gssapi-with-mic for user "))
			transport->silent_seen++;
		else
			transport->requests_seen++;
		if (strstr(line, PASSWORD_WORDS))
			on_password(transport);
		return;
	}
	if (strstr(line, PACKET_WORDS))
		on_packet(transport, strstr(line, PACKET_WORDS));
	/* the error itself may be replaced by the one of closing the socket */
	if (strstr(line, MISMATCH_WORDS))
		snprintf(transport->mismatch, sizeof(transport->mismatch), "%s", line);
	if (strcmp(line, RESPONSE_LINE) == 0)
		transport->responses_seen++;
	type = transport_rejected_type(line);
	if (type >= 0)
		on_rejected(transport, type);
}

void transport_auth_watch(struct transport *transport)
{
	ssh_set_log_callback(on_log);
	ssh_set_log_userdata(transport);
	/* libssh 0.11 and later tell errors at this level only, which has twice as many lines to be written and read */
	ssh_set_log_level(ssh_version(SSH_VERSION_INT(0, 11, 0)) ? SSH_LOG_FUNCTIONS : SSH_LOG_PACKET);
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
		transport->has_no_method = !record->bad && !methods;
	}
	return record->bad || verdict > MON_MORE ? MON_DENIED : verdict;
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

	transport->none_asked = true;
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

/* RFC 4252 section 8: type, user, service, method, FALSE, password. Behind TRUE there would be a new password too, and
 * a success would say that it is in force now. */
static bool password_is_whole(struct transport *transport, const char *password)
{
	size_t whole = 1 + 4 + strlen(transport->user) + 4 + strlen("ssh-connection") + 4 + strlen("password") + 1 + 4 +
		       strlen(password);
	size_t came = transport->passwords_answered < transport->passwords_seen ?
			      transport->password_bytes[transport->passwords_answered++] : 0;

	return !came || came == whole;
}

static enum mon_verdict password_ask(struct transport *transport, ssh_message message)
{
	const char *password = message_password(message);
	size_t len = password ? strnlen(password, PASSWORD_CUT_BYTES) : 0;
	bool is_whole = password && password_is_whole(transport, password);
	struct mon_buf *record;

	if (!is_whole)
		rpc_log(&transport->rpc, LOG_WARNING, "a request with a password holds more than the password: a zero "
			"byte, or a new password, which cannot be set here");
	record = rpc_start(&transport->rpc, MON_AUTH_PASSWORD, 0);
	mon_put_text(record, transport->user);
	/* one of any length is a try like the others; one with a zero byte is nobody's */
	mon_put_string(record, is_whole ? password : "", is_whole ? len : 1);
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

/* The monitor counts and logs what cannot be read with the others: as the offer of no key. */
static enum mon_verdict no_key_ask(struct transport *transport)
{
	struct mon_buf *record = rpc_start(&transport->rpc, MON_AUTH_QUERY, 0);

	mon_put_text(record, transport->user);
	mon_put_string(record, "", 0);
	return verdict_ask(transport, false);
}

static enum mon_verdict key_ask(struct transport *transport, ssh_message message)
{
	uint8_t blob[KEY_BLOB_MAX_BYTES + 4];
	bool is_signed = message_is_signed(message);
	struct mon_buf *record;
	size_t len;

	if (key_blob(message_key(message), blob, &len) < 0)
		return no_key_ask(transport);
	record = rpc_start(&transport->rpc, is_signed ? MON_AUTH_KEY : MON_AUTH_QUERY, 0);
	mon_put_text(record, transport->user);
	mon_put_string(record, blob, len);
	return verdict_ask(transport, is_signed);
}

/* ---- keyboard-interactive ---- */

struct round {
	char name[PROMPT_MAX_BYTES], instruction[TEXT_MAX_BYTES], prompts[PROMPTS_MAX][PROMPT_MAX_BYTES];
	char echo[PROMPTS_MAX];
	uint32_t prompts_len;
};

static bool round_read(struct mon_buf *record, struct round *round)
{
	mon_get_text(record, round->name, sizeof(round->name));
	mon_get_text(record, round->instruction, sizeof(round->instruction));
	round->prompts_len = mon_get_u32(record);
	for (uint32_t i = 0; i < round->prompts_len && i < PROMPTS_MAX; i++) {
		mon_get_text(record, round->prompts[i], sizeof(round->prompts[i]));
		round->echo[i] = mon_get_u8(record) != 0;
	}
	return round->prompts_len <= PROMPTS_MAX && mon_get_end(record) == 0;
}

/* Passes the monitor's questions on to the client. */
static bool round_ask(struct transport *transport, ssh_message message)
{
	struct round round = { .prompts_len = 0 };
	const char *prompts[PROMPTS_MAX];

	if (!round_read(&transport->rpc.record, &round))
		return false;
	for (uint32_t i = 0; i < PROMPTS_MAX; i++)
		prompts[i] = round.prompts[i];
	return ssh_message_auth_interactive_request(message, round.name, round.instruction, round.prompts_len,
						    prompts, round.echo) == SSH_OK;
}

/* More or longer answers than any question has become a number of them that the monitor refuses. */
static void answers_put(struct transport *transport, struct mon_buf *record)
{
	ssh_session session = transport->session;
	int len = ssh_userauth_kbdint_getnanswers(session);
	bool fits = len >= 0 && len <= (int)PROMPTS_MAX;
	size_t whole = 1 + 4;

	for (int i = 0; i < len && fits; i++) {
		const char *answer = ssh_userauth_kbdint_getanswer(session, (unsigned)i);

		fits = answer && strlen(answer) <= ANSWER_MAX_BYTES;
		whole += fits ? 4 + strlen(answer) : 0;
	}
	if (transport->packet_bytes && transport->packet_bytes != whole)
		fits = false; /* a zero byte */
	mon_put_u32(record, fits ? (uint32_t)len : PROMPTS_MAX);
	for (int i = 0; i < (fits ? len : (int)PROMPTS_MAX); i++)
		mon_put_text(record, fits ? ssh_userauth_kbdint_getanswer(session, (unsigned)i) : "");
	/* wipes the old one */
	for (int i = 0; i < len; i++)
		ssh_userauth_kbdint_setanswer(session, (unsigned)i, "");
}

static bool is_response(ssh_message message)
{
	return ssh_message_subtype(message) == SSH_AUTH_METHOD_INTERACTIVE &&
	       ssh_message_auth_kbdint_is_response(message) == 1;
}

static enum mon_verdict kbdint_ask(struct transport *transport, ssh_message message)
{
	enum mon_type type = is_response(message) ? MON_KBDINT_ANSWER : MON_KBDINT_START;
	struct mon_buf *record = rpc_start(&transport->rpc, type, 0);
	enum mon_verdict verdict;

	if (type == MON_KBDINT_ANSWER)
		answers_put(transport, record);
	else
		mon_put_text(record, transport->user);
	verdict = verdict_ask(transport, true);
	return verdict == MON_MORE && !round_ask(transport, message) ? MON_DENIED : verdict;
}

/* ---- requests ---- */

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
	ssh_message_auth_reply_success(message, 0);
}

static enum mon_verdict request_ask(struct transport *transport, ssh_message message)
{
	int method = ssh_message_subtype(message);
	enum mon_verdict verdict = MON_DENIED;

	/* a client that does not begin with "none" shall read the banner too */
	if (!transport->none_asked && method != SSH_AUTH_METHOD_NONE)
		verdict = none_ask(transport);
	if (verdict != MON_DENIED)
		return verdict;
	if (method == SSH_AUTH_METHOD_PASSWORD)
		return password_ask(transport, message);
	if (method == SSH_AUTH_METHOD_PUBLICKEY)
		return key_ask(transport, message);
	if (method == SSH_AUTH_METHOD_INTERACTIVE)
		return kbdint_ask(transport, message);
	/* a method that there is not lets in nobody either, and is counted as "none" is */
	return none_ask(transport);
}

static void tries_end(struct transport *transport)
{
	transport_end(transport, END_AUTH_FAILED, "%s", transport->has_no_method ?
		      "Every authentication method is disabled" : "Too many authentication failures");
}

static void request_answer(struct transport *transport, ssh_message message)
{
	int method = ssh_message_subtype(message);
	bool is_query = method == SSH_AUTH_METHOD_PUBLICKEY && !message_is_signed(message);
	enum mon_verdict verdict;

	/* answers come without a name */
	if (!is_response(message) && !user_is_pinned(transport, ssh_message_auth_user(message))) {
		transport_end(transport, END_AUTH_FAILED, "%s",
			      transport->user[0] ? "the user name may not change" : "nobody can have this user name");
		return;
	}
	verdict = request_ask(transport, message);
	if (transport->rpc.lost || (verdict == MON_MORE && method == SSH_AUTH_METHOD_INTERACTIVE))
		return;
	if (verdict == MON_DISCONNECT)
		tries_end(transport);
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

static void unreadable_refuse_one(struct transport *transport)
{
	enum mon_verdict verdict;

	transport->auth_failed = true;
	if (!transport->kept_request) {
		transport_end(transport, END_AUTH_FAILED, "the authentication request cannot be read");
		return;
	}
	verdict = no_key_ask(transport);
	if (verdict == MON_DISCONNECT)
		tries_end(transport);
	else if (!transport->rpc.lost)
		ssh_message_reply_default(transport->kept_request);
}

/* More answered than seen is a libssh that logs otherwise. */
static unsigned missed_take(unsigned seen, unsigned *inout_answered)
{
	unsigned missed = seen > *inout_answered ? seen - *inout_answered : 0;

	*inout_answered += missed;
	return missed;
}

static void unreadable_refuse(struct transport *transport)
{
	unsigned left = missed_take(transport->requests_seen, &transport->requests_answered) +
			missed_take(transport->responses_seen, &transport->responses_answered);

	for (; left > 0 && !transport->is_ending && !transport->rpc.lost; left--)
		unreadable_refuse_one(transport);
}

/* Counted when it is known for whom; libssh has answered already. */
static void silent_count(struct transport *transport)
{
	if (!transport->user[0])
		return;
	for (; transport->silent_seen && !transport->is_ending && !transport->rpc.lost; transport->silent_seen--)
		if (none_ask(transport) == MON_DISCONNECT)
			tries_end(transport);
}

void transport_auth_messages(struct transport *transport)
{
	ssh_message message;

	while (transport->phase != PHASE_OPEN && !transport->is_ending &&
	       (message = ssh_message_get(transport->session))) {
		if (ssh_message_type(message) == SSH_REQUEST_AUTH) {
			*(is_response(message) ? &transport->responses_answered : &transport->requests_answered) += 1;
			request_answer(transport, message);
		} else if (ssh_message_type(message) == SSH_REQUEST_SERVICE) {
			service_answer(transport, message);
		} else {
			ssh_message_reply_default(message);
		}
		if (!message_keep(transport, message))
			ssh_message_free(message);
	}
	transport->passwords_seen = transport->passwords_answered = 0;
	if (transport->phase == PHASE_AUTH) {
		unreadable_refuse(transport);
		silent_count(transport);
	}
}
