// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The self-test
 *
 * Two things cannot be seen from outside on a running connection: that libssh really asks our provider for every
 * signature and verification, and that it really looks at the tag of AES-GCM packets (it once did not). So a libssh
 * client, in a child, logs in to a libssh server with keys that only the provider knows, once per type of key; the
 * bytes pass through this process, which afterwards turns one bit of one packet.
 */
#include "services/ssh/selftest.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libssh/libssh.h>
#include <libssh/server.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "services/ssh/placeholder.h"
#include "services/ssh/provider.h"

#define ROUND_US	10000000
#define CLIENT_FAILED	1
#define BLOB_BYTES	2048
#define GCM		"aes256-gcm@openssh.com"

/* One key pair lives in an OpenSSL context of its own, where the default provider signs; libssh sees a placeholder. */
struct test_key {
	EVP_PKEY *pair;
	uint8_t blob[BLOB_BYTES];
	size_t blob_len;
};

struct test {
	OSSL_LIB_CTX *context;
	struct test_key key;
	struct provider_calls calls;
	unsigned signed_count, verified_count;
};

struct round {
	struct test *test;
	ssh_bind bind;
	ssh_session session;
	ssh_event event;
	struct ssh_counter_struct socket_counter, packet_counter;
	int to_client, to_server; /* our ends */
	bool logged_in, flipped;
	uint64_t packets_before;
};

static void put_string(struct test_key *key, const void *bytes, size_t len)
{
	const uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	if (len + 4 > sizeof(key->blob) - key->blob_len)
		return;
	memcpy(key->blob + key->blob_len, head, 4);
	if (len > 0)
		memcpy(key->blob + key->blob_len + 4, bytes, len);
	key->blob_len += 4 + len;
}

static void put_number(struct test_key *key, const char *name)
{
	uint8_t bytes[1025] = { 0 };
	BIGNUM *number = NULL;
	size_t len;

	if (EVP_PKEY_get_bn_param(key->pair, name, &number) != 1)
		return;
	len = (size_t)BN_num_bytes(number);
	if (len < sizeof(bytes))
		BN_bn2bin(number, bytes + 1);
	if (len < sizeof(bytes))
		put_string(key, bytes[1] & 0x80 ? bytes : bytes + 1, bytes[1] & 0x80 ? len + 1 : len);
	BN_free(number);
}

/* A small key, because the daemon waits for it; where the provider insists on more, a large one. */
static EVP_PKEY *rsa_make(OSSL_LIB_CTX *context)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(context, NULL, "RSA", (size_t)1024);

	return pair ? pair : EVP_PKEY_Q_keygen(context, NULL, "RSA", (size_t)2048);
}

/* Makes the pair and its SSH wire blob. */
static bool key_make(struct test *test, const char *type)
{
	struct test_key *key = &test->key;
	uint8_t bytes[256];
	size_t len = 0;

	EVP_PKEY_free(key->pair);
	key->blob_len = 0;
	if (strcmp(type, "RSA") == 0)
		key->pair = rsa_make(test->context);
	else if (strcmp(type, "EC") == 0)
		key->pair = EVP_PKEY_Q_keygen(test->context, NULL, "EC", "P-256");
	else
		key->pair = EVP_PKEY_Q_keygen(test->context, NULL, "ED25519");
	if (!key->pair)
		return false;
	if (strcmp(type, "RSA") == 0) {
		put_string(key, "ssh-rsa", strlen("ssh-rsa"));
		put_number(key, OSSL_PKEY_PARAM_RSA_E);
		put_number(key, OSSL_PKEY_PARAM_RSA_N);
		return true;
	}
	if (EVP_PKEY_get_octet_string_param(key->pair, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof(bytes), &len) != 1)
		return false;
	if (strcmp(type, "EC") == 0) {
		put_string(key, "ecdsa-sha2-nistp256", strlen("ecdsa-sha2-nistp256"));
		put_string(key, "nistp256", strlen("nistp256"));
	} else {
		put_string(key, "ssh-ed25519", strlen("ssh-ed25519"));
	}
	put_string(key, bytes, len);
	return true;
}

static int on_sign(void *userdata, const uint8_t *blob, size_t blob_len, const char *digest, const uint8_t *tbs,
		   size_t tbs_len, uint8_t *signature, size_t size_bytes, size_t *ret_len)
{
	struct test *test = userdata;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -EACCES;

	*ret_len = size_bytes;
	if (context && blob_len == test->key.blob_len && memcmp(blob, test->key.blob, blob_len) == 0 &&
	    EVP_DigestSignInit_ex(context, NULL, digest[0] ? digest : NULL, test->context, NULL,
				  test->key.pair, NULL) == 1 &&
	    EVP_DigestSign(context, signature, ret_len, tbs, tbs_len) == 1)
		r = 0;
	EVP_MD_CTX_free(context);
	test->signed_count += r == 0;
	return r;
}

/* Which digest was used is not told: the monitor reads it from the request; here each is tried. */
static void on_verify(void *userdata, const uint8_t *tbs, size_t tbs_len, const uint8_t *signature, size_t len)
{
	static const char *const digests[] = { NULL, "SHA256", "SHA512" };
	struct test *test = userdata;
	bool valid = false;

	for (size_t i = 0; i < ARRAY_SIZE(digests) && !valid; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		valid = context &&
			EVP_DigestVerifyInit_ex(context, NULL, digests[i], test->context, NULL,
						test->key.pair, NULL) == 1 &&
			EVP_DigestVerify(context, signature, len, tbs, tbs_len) == 1;
		EVP_MD_CTX_free(context);
	}
	test->verified_count += valid;
}

static ssh_key key_for_libssh(const struct test_key *key)
{
	AUTO(free) char *pem = NULL;
	ssh_key made = NULL;

	if (placeholder_pem(key->blob, key->blob_len, &pem) == 0)
		ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL, &made);
	return made;
}

/* ---- the client, in a child ---- */

static bool client_options(ssh_session session, int fd)
{
	const bool no = false;
	const struct {
		enum ssh_options_e option;
		const void *value;
	} options[] = {
		{ SSH_OPTIONS_PROCESS_CONFIG, &no },	 { SSH_OPTIONS_HOST, "self-test" },
		{ SSH_OPTIONS_USER, "self-test" },	 { SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_FD, &fd },		 { SSH_OPTIONS_CIPHERS_C_S, GCM },
		{ SSH_OPTIONS_CIPHERS_S_C, GCM },	 { SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256" },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" }, { SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (ssh_options_set(session, options[i].option, options[i].value) != SSH_OK)
			return false;
	return true;
}

/* Logs in, sends one packet that needs no answer, and waits for the end. */
static int client_run(struct test *test, int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	ssh_session session = ssh_new();
	ssh_key key = key_for_libssh(&test->key);

	alarm(ROUND_US / 1000000);
	if (!session || !key || !client_options(session, fd) || ssh_connect(session) != SSH_OK)
		return CLIENT_FAILED;
	/* the answer to "none" brings the server's signature algorithms, without which libssh has none for RSA */
	ssh_userauth_none(session, NULL);
	if (ssh_userauth_publickey(session, NULL, key) != SSH_AUTH_SUCCESS)
		return CLIENT_FAILED;
	if (ssh_send_ignore(session, "one bit of this is turned on its way") != SSH_OK)
		return CLIENT_FAILED;
	ssh_blocking_flush(session, 1000);
	poll(&poller, 1, ROUND_US / 1000);
	/* the host's signature was verified, ours was made, both through the provider */
	return test->verified_count == 1 && test->signed_count == 1 ? 0 : CLIENT_FAILED;
}

/* ---- the server and the wire between them ---- */

static bool server_open(struct round *round, int fd)
{
	const bool no = false;
	ssh_key key = key_for_libssh(&round->test->key);

	round->bind = ssh_bind_new();
	round->session = ssh_new();
	round->event = ssh_event_new();
	if (!key || !round->bind || !round->session || !round->event)
		return false;
	if (ssh_bind_options_set(round->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) != SSH_OK ||
	    ssh_bind_options_set(round->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK)
		return false;
	ssh_set_blocking(round->session, 0);
	ssh_set_counters(round->session, &round->socket_counter, &round->packet_counter);
	if (ssh_bind_accept_fd(round->bind, round->session, fd) != SSH_OK ||
	    ssh_handle_key_exchange(round->session) == SSH_ERROR)
		return false;
	return ssh_event_add_session(round->event, round->session) == SSH_OK;
}

static void server_answer(struct round *round)
{
	ssh_message message;

	while (!round->logged_in && (message = ssh_message_get(round->session))) {
		if (ssh_message_type(message) == SSH_REQUEST_SERVICE) {
			ssh_message_service_reply_success(message);
		} else if (ssh_message_subtype(message) == SSH_AUTH_METHOD_PUBLICKEY) {
			/* the client does not ask first whether the key would do */
			round->packets_before = round->packet_counter.in_packets;
			ssh_message_auth_reply_success(message, 0);
			round->logged_in = true;
		} else {
			ssh_message_reply_default(message);
		}
		ssh_message_free(message);
	}
}

/* Carries bytes over; after the login it turns one bit of the client's next packet. */
static bool carry(struct round *round, int from, int to)
{
	uint8_t bytes[16384];
	ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if (from == round->to_client && round->logged_in && !round->flipped) {
		bytes[n / 2] ^= 0x10;
		round->flipped = true;
	}
	return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool server_is_broken(const struct round *round)
{
	return (ssh_get_status(round->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

/* Until the server refuses the changed packet, takes it, or time is up. */
static void round_run(struct round *round)
{
	struct pollfd polls[2] = { { .fd = round->to_client, .events = POLLIN },
				   { .fd = round->to_server, .events = POLLIN } };
	int64_t until = clock_monotonic_us() + ROUND_US;

	while (clock_monotonic_us() < until && !server_is_broken(round)) {
		if (round->flipped && round->packet_counter.in_packets > round->packets_before)
			return;
		poll(polls, 2, 2);
		if (!carry(round, round->to_client, round->to_server) ||
		    !carry(round, round->to_server, round->to_client))
			return;
		ssh_event_dopoll(round->event, 0);
		server_answer(round);
	}
}

static void round_free(struct round *round)
{
	if (round->event && round->session)
		ssh_event_remove_session(round->event, round->session);
	ssh_event_free(round->event);
	ssh_free(round->session);
	ssh_bind_free(round->bind);
	close(round->to_client);
	close(round->to_server);
}

static int round_judge(const struct round *round, const char *type, int client_status)
{
	const struct test *test = round->test;

	if (!round->logged_in || test->signed_count != 1 || test->verified_count != 1 || client_status != 0) {
		fprintf(stderr, "sallyport-transport: libssh does not sign and verify %s through the monitor "
				"(signed %u, verified %u)\n", type, test->signed_count, test->verified_count);
		return SELFTEST_NO_PROVIDER;
	}
	return round->flipped && server_is_broken(round) ? SELFTEST_PASSED : SELFTEST_NO_GCM;
}

static int test_key_type(struct test *test, const char *type)
{
	struct round round = { .test = test };
	int client[2], server[2], status = -1, result;
	pid_t child;

	test->signed_count = test->verified_count = 0;
	if (!key_make(test, type) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, server) < 0)
		return SELFTEST_NO_PROVIDER;
	child = fork();
	if (child == 0) {
		close(client[0]);
		close(server[0]);
		close(server[1]);
		_exit(client_run(test, client[1]));
	}
	close(client[1]);
	round.to_client = client[0];
	round.to_server = server[0];
	if (child > 0 && server_open(&round, server[1]))
		round_run(&round);
	/* the client waits for this */
	shutdown(round.to_client, SHUT_RDWR);
	if (child > 0)
		waitpid(child, &status, 0);
	result = round_judge(&round, type, status);
	round_free(&round);
	return result;
}

int selftest_run(void)
{
	static const char *const types[] = { "ED25519", "EC", "RSA" };
	struct test test = { 0 };
	struct err err = { "" };
	int result = SELFTEST_PASSED;

	test.context = OSSL_LIB_CTX_new();
	test.calls = (struct provider_calls){ .sign = on_sign, .verify = on_verify, .userdata = &test };
	if (!test.context || provider_load(&test.calls, &err) < 0) {
		fprintf(stderr, "sallyport-transport: %s\n", err.text[0] ? err.text : "no memory");
		return SELFTEST_NO_PROVIDER;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types) && result != SELFTEST_NO_PROVIDER; i++) {
		int one = test_key_type(&test, types[i]);

		result = one == SELFTEST_PASSED ? result : one;
	}
	if (result == SELFTEST_NO_GCM)
		fprintf(stderr, "sallyport-transport: libssh takes AES-GCM packets that were changed on their way\n");
	if (result == SELFTEST_PASSED)
		fprintf(stderr, "sallyport-transport: self-test passed (libssh %s)\n", ssh_version(0));
	return result;
}
