// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Stands in the place of the transport, as if an attacker had taken it over: it speaks the monitor's protocol and lies.
 * The case to play comes as a line over the connection; what the monitor answered goes back the same way, a line per
 * request: the request's number, then "gone", or the first byte of the answer and how many descriptors came.
 * "sealed CASE" plays it behind the product's own seal, "dropped CASE" behind all of it but the filter; "try NAME PID"
 * makes one of the attempts of takeover/attempts.h. With --key it prints the public key of the user key that it signs
 * with, for the configuration.
 */
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/mon.h"
#include "tests/system/takeover/attempts.h"

enum { KEY_BLOB_BYTES = 51, HOSTKEYS_MAX = 8 };

static uint8_t out_bytes[MON_RECORD_MAX_BYTES], in_bytes[MON_RECORD_MAX_BYTES];
static struct mon_buf out = { .bytes = out_bytes }, in = { .bytes = in_bytes };
static int fds[MON_FDS_MAX];
static size_t fds_len;
static uint8_t hostkeys[HOSTKEYS_MAX][4096], session_hash[32] = "the hash of this connection.....";
static size_t hostkey_lens[HOSTKEYS_MAX], hostkeys_len;
static EVP_PKEY *user_key;
static uint8_t user_blob[KEY_BLOB_BYTES];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* nothing of stdio: it would make calls that the seal forbids */
	if (len < 0 || write(MON_SOCKET_FD, text, (size_t)len) != len)
		_exit(5);
}

static void ask_start(uint16_t type, uint16_t channel)
{
	mon_put_start(&out, type, channel);
}

/* Sends what is in out and waits for the answer; the type, or 0 when the monitor is gone. */
static uint16_t ask(void)
{
	uint16_t type = 0, channel = 0, asked = (uint16_t)(out.bytes[0] << 8 | out.bytes[1]);
	struct mon_buf first;

	fds_len = MON_FDS_MAX;
	if (mon_send(MON_RPC_FD, &out, NULL, 0) < 0 || mon_receive(MON_RPC_FD, &in, fds, &fds_len) < 0 ||
	    mon_get_start(&in, &type, &channel) < 0) {
		say("%u gone\n", asked);
		return 0;
	}
	first = in;
	say("%u %d fds %zu\n", asked, first.at < first.len ? mon_get_u8(&first) : -1, fds_len);
	return type;
}

/* ---- steps of an honest login ---- */

static void step_start(void)
{
	uint32_t keys;

	ask_start(MON_START, 0);
	if (!ask())
		return;
	mon_get_string(&in);
	mon_get_u32(&in);
	for (int i = 0; i < 5; i++)
		mon_get_string(&in);
	for (int i = 0; i < 5; i++)
		mon_get_u32(&in);
	keys = mon_get_u32(&in);
	for (hostkeys_len = 0; hostkeys_len < keys && hostkeys_len < HOSTKEYS_MAX; hostkeys_len++) {
		struct mon_string blob = mon_get_string(&in);

		if (in.bad || blob.len > sizeof(hostkeys[0]))
			return;
		memcpy(hostkeys[hostkeys_len], blob.bytes, blob.len);
		hostkey_lens[hostkeys_len] = blob.len;
	}
}

static void put_sign(const void *blob, size_t blob_len, const char *digest, const void *tbs, size_t tbs_len)
{
	ask_start(MON_SIGN, 0);
	mon_put_string(&out, blob, blob_len);
	mon_put_text(&out, digest);
	mon_put_string(&out, tbs, tbs_len);
}

/* Which host keys there are and in which order is the configuration's to say. */
static size_t hostkey_of(const char *type)
{
	size_t len = strlen(type);

	for (size_t i = 0; i < hostkeys_len; i++)
		if (hostkey_lens[i] > 4 + len && hostkeys[i][3] == len && !memcmp(hostkeys[i] + 4, type, len))
			return i;
	say("no host key of type %s\n", type);
	_exit(3);
}

static void put_host_sign(const void *tbs, size_t tbs_len)
{
	size_t key = hostkey_of("ssh-ed25519");

	put_sign(hostkeys[key], hostkey_lens[key], "", tbs, tbs_len);
}

static void step_kex(void)
{
	step_start();
	put_host_sign(session_hash, sizeof(session_hash));
	ask();
}

static void step_algorithms(void)
{
	ask_start(MON_ALGORITHMS, 0);
	for (int i = 0; i < 6; i++)
		mon_put_text(&out, "x");
	ask();
}

static size_t put_wire(uint8_t *at, const void *bytes, size_t len)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(len >> (24 - 8 * i));
	memcpy(at + 4, bytes, len);
	return len + 4;
}

static size_t make_tbs(uint8_t *tbs, const char *user, const void *hash, size_t hash_len)
{
	size_t len = put_wire(tbs, hash, hash_len);

	tbs[len++] = 50;
	len += put_wire(tbs + len, user, strlen(user));
	len += put_wire(tbs + len, "ssh-connection", 14);
	len += put_wire(tbs + len, "publickey", 9);
	tbs[len++] = 1;
	len += put_wire(tbs + len, "ssh-ed25519", 11);
	len += put_wire(tbs + len, user_blob, sizeof(user_blob));
	return len;
}

static void step_verify(const char *user, const void *hash, size_t hash_len, bool spoil)
{
	EVP_MD_CTX *sign = EVP_MD_CTX_new();
	uint8_t tbs[512], signature[64];
	size_t tbs_len = make_tbs(tbs, user, hash, hash_len), len = sizeof(signature);

	EVP_DigestSignInit(sign, NULL, NULL, NULL, user_key);
	EVP_DigestSign(sign, signature, &len, tbs, tbs_len);
	EVP_MD_CTX_free(sign);
	signature[5] ^= spoil;
	ask_start(MON_VERIFY, 0);
	mon_put_string(&out, tbs, tbs_len);
	mon_put_string(&out, signature, len);
	ask();
}

static void step_key(const char *user)
{
	ask_start(MON_AUTH_KEY, 0);
	mon_put_text(&out, user);
	mon_put_string(&out, user_blob, sizeof(user_blob));
	ask();
}

static void step_password(const char *user, const char *password)
{
	ask_start(MON_AUTH_PASSWORD, 0);
	mon_put_text(&out, user);
	mon_put_text(&out, password);
	ask();
}

static void step_login(void)
{
	step_kex();
	step_verify("admin", session_hash, sizeof(session_hash), false);
	step_key("admin");
}

static void step_open(uint16_t channel)
{
	ask_start(MON_CHANNEL_OPEN, channel);
	ask();
}

static void step_exec(uint16_t channel, const char *command)
{
	ask_start(MON_EXEC, channel);
	mon_put_text(&out, command);
	ask();
}

static void step_bare(uint16_t type, uint16_t channel)
{
	ask_start(type, channel);
	ask();
}

static void step_pty(uint16_t channel)
{
	ask_start(MON_PTY, channel);
	mon_put_text(&out, "vt100");
	for (uint32_t i = 0; i < 4; i++)
		mon_put_u32(&out, 20 + i);
	ask();
}

/* What the program says, and how it ends, to the test. */
static void step_output(void)
{
	char bytes[4096];
	ssize_t n;

	for (size_t i = 0; i < fds_len; i++)
		while ((n = read(fds[i], bytes, sizeof(bytes))) > 0)
			if (write(MON_SOCKET_FD, bytes, (size_t)n) < 0)
				break;
	if (mon_receive(MON_EVENT_FD, &in, NULL, NULL) == 0) {
		uint16_t type, channel;
		uint8_t signaled;

		mon_get_start(&in, &type, &channel);
		signaled = mon_get_u8(&in);
		say("event %u channel %u signaled %u value %u\n", type, channel, signaled, mon_get_u32(&in));
	}
}

/* ---- the cases ---- */

static void play_honest(void)
{
	step_login();
	step_open(1);
	step_exec(1, "one two");
	step_output();
	ask_start(MON_CLOSING, 0);
	mon_put_u32(&out, 2);
	mon_put_text(&out, "bye");
	ask();
}

static void play_honest_password(void)
{
	step_kex();
	step_algorithms();
	step_password("admin", "right horse");
	step_open(1);
	step_pty(1);
	ask_start(MON_ENV, 1);
	mon_put_text(&out, "LC_ALL");
	mon_put_text(&out, "C.UTF-8");
	ask();
	ask_start(MON_ENV, 1);
	mon_put_text(&out, "LD_PRELOAD");
	mon_put_text(&out, "evil.so");
	ask();
	ask_start(MON_SUBSYSTEM, 1);
	mon_put_text(&out, "sftp");
	ask();
	step_bare(MON_SHELL, 1);
	step_output();
}

static void play_sign_other_data(void)
{
	static const char text[100] = "I am the host, believe me";

	step_start();
	put_host_sign(text, sizeof(text));
	ask();
}

static void play_sign_unknown_key(void)
{
	step_start();
	put_sign(user_blob, sizeof(user_blob), "", session_hash, sizeof(session_hash));
	ask();
}

static void play_sign_sha1(void)
{
	size_t rsa;

	step_start();
	rsa = hostkey_of("ssh-rsa");
	put_sign(hostkeys[rsa], hostkey_lens[rsa], "SHA1", session_hash, 20);
	ask();
}

static void play_sign_often(void)
{
	step_kex();
	for (int i = 0; i < 20; i++) {
		put_host_sign(session_hash, sizeof(session_hash));
		if (!ask())
			return;
	}
}

static void play_verify_other_session(void)
{
	step_kex();
	step_verify("admin", "the hash of another connection..", 32, false);
	step_key("admin");
}

static void play_verify_before_kex(void)
{
	step_start();
	step_verify("admin", "", 0, false);
	step_key("admin");
}

static void play_verify_bad_signature(void)
{
	step_kex();
	step_verify("admin", session_hash, sizeof(session_hash), true);
	step_key("admin");
}

static void play_key_never_proved(void)
{
	step_kex();
	step_key("admin");
	step_exec(1, "id");
}

static void play_proof_of_other_user(void)
{
	step_kex();
	step_verify("guest", session_hash, sizeof(session_hash), false);
	step_key("admin");
}

static void play_proof_spoiled_by_second(void)
{
	step_kex();
	step_verify("admin", session_hash, sizeof(session_hash), false);
	step_verify("admin", session_hash, sizeof(session_hash), true);
	step_key("admin");
}

static void step_kbdint(const char *user)
{
	ask_start(MON_KBDINT_START, 0);
	mon_put_text(&out, user);
	ask();
}

static void step_answers(uint32_t len, const char *answer)
{
	ask_start(MON_KBDINT_ANSWER, 0);
	mon_put_u32(&out, len);
	for (uint32_t i = 0; i < len; i++)
		mon_put_text(&out, answer);
	ask();
}

static void play_kbdint_honest(void)
{
	step_kex();
	step_kbdint("admin");
	step_answers(1, "right horse");
	step_open(1);
}

static void play_kbdint_before_kex(void)
{
	step_start();
	step_kbdint("admin");
}

static void play_kbdint_answers_first(void)
{
	step_kex();
	step_answers(1, "right horse");
}

static void play_kbdint_answers_unasked(void)
{
	step_kex();
	step_password("admin", "wrong");
	step_answers(1, "right horse");
	step_kbdint("admin");
	step_answers(2, "right horse");
	step_answers(1, "right horse");
	step_kbdint("admin");
	step_password("admin", "wrong");
	step_answers(1, "right horse");
	step_open(1);
}

static void play_kbdint_many_answers(void)
{
	step_kex();
	step_kbdint("admin");
	ask_start(MON_KBDINT_ANSWER, 0);
	mon_put_u32(&out, 0xffffffff);
	mon_put_text(&out, "right horse");
	ask();
}

static void play_kbdint_after_auth(void)
{
	step_login();
	step_kbdint("root");
}

static void play_user_changed(void)
{
	step_kex();
	step_password("guest", "x");
	step_password("admin", "right horse");
	step_open(1);
}

static void play_exec_before_auth(void)
{
	step_kex();
	step_exec(1, "id");
}

static void play_open_before_auth(void)
{
	step_kex();
	step_open(1);
}

static void play_pty_before_kex(void)
{
	step_pty(1);
}

static void play_start_twice(void)
{
	step_start();
	step_start();
}

static void ask_negotiation(uint32_t kind, const char *names)
{
	ask_start(MON_NEGOTIATION, 0);
	mon_put_u32(&out, kind);
	mon_put_text(&out, names);
	ask();
}

/* What a client offers is a text like any other: it may not forge a line of the log. */
static void play_negotiation_twice(void)
{
	step_start();
	ask_negotiation(2, "3des-cbc\n%SECURITY-SSHD-6-INFO_SUCCESS : forged,aes128-cbc");
	ask_negotiation(2, "aes128-cbc");
}

static void play_negotiation_kind(void)
{
	step_start();
	ask_negotiation(5, "aes128-cbc");
}

static void play_algorithms_twice(void)
{
	step_kex();
	step_algorithms();
	step_algorithms();
}

static void play_password_before_kex(void)
{
	step_start();
	step_password("admin", "right horse");
}

static void play_auth_after_auth(void)
{
	step_login();
	step_password("root", "x");
}

static void play_junk(void)
{
	if (write(MON_RPC_FD, "\1\2\3", 3) == 3)
		step_start();
}

static void play_surplus(void)
{
	ask_start(MON_START, 0);
	mon_put_u8(&out, 1);
	ask();
}

static void play_cut(void)
{
	step_kex();
	ask_start(MON_AUTH_PASSWORD, 0);
	mon_put_text(&out, "admin");
	mon_put_u32(&out, 0xffffffff);
	ask();
}

static void play_oversize(void)
{
	static char bytes[MON_RECORD_MAX_BYTES + 1000] = { 0, MON_START };

	if (write(MON_RPC_FD, bytes, sizeof(bytes)) == sizeof(bytes))
		step_start();
}

static void play_unknown_type(void)
{
	step_start();
	step_bare(999, 0);
}

static void play_event_as_request(void)
{
	step_login();
	step_bare(MON_EVENT_TERMINATE, 0);
}

static void play_channel_not_open(void)
{
	step_login();
	step_open(1);
	step_exec(2, "id");
}

static void play_channel_zero(void)
{
	step_login();
	step_open(0);
}

static void play_channel_twice(void)
{
	step_login();
	step_open(1);
	step_open(1);
}

static void play_channels_many(void)
{
	step_login();
	for (uint16_t i = 1; i <= 12; i++)
		step_open(i);
}

static void play_two_programs(void)
{
	step_login();
	step_open(1);
	step_exec(1, "one");
	step_output();
	step_exec(1, "two");
}

static void play_passwords(void)
{
	char password[16];

	step_kex();
	for (int i = 0; i < 1000; i++) {
		snprintf(password, sizeof(password), "%d", i);
		step_password("admin", password);
		if (in.len < 5 || in.bytes[4] == 3)
			break;
	}
	step_password("admin", "right horse");
	step_open(1);
}

/* Every guess before the first answer, the right one among them, then what only a session has. */
static void play_guesses_at_once(void)
{
	uint16_t type, channel;

	step_kex();
	for (int i = 0; i < 40; i++) {
		ask_start(MON_AUTH_PASSWORD, 0);
		mon_put_text(&out, "admin");
		mon_put_text(&out, i == 20 ? "right horse" : "wrong");
		if (mon_send(MON_RPC_FD, &out, NULL, 0) < 0)
			break;
	}
	ask_start(MON_CHANNEL_OPEN, 1);
	mon_send(MON_RPC_FD, &out, NULL, 0);
	while (mon_receive(MON_RPC_FD, &in, NULL, NULL) == 0 && mon_get_start(&in, &type, &channel) == 0)
		say("%u %d fds 0\n", type, mon_get_u8(&in));
	say("%u gone\n", MON_CHANNEL_OPEN);
}

/* Once it was told to go, with a proof that would have done before. */
static void play_proof_after_the_end(void)
{
	step_kex();
	step_verify("admin", session_hash, sizeof(session_hash), false);
	step_password("guest", "wrong");
	step_password("admin", "wrong");
	step_key("guest");
	step_verify("guest", session_hash, sizeof(session_hash), false);
	step_key("guest");
	step_open(1);
}

/* The same records again, byte for byte, after they have done what they do. */
static void play_login_replayed(void)
{
	step_login();
	step_verify("admin", session_hash, sizeof(session_hash), false);
}

/* Where only the monitor speaks. */
static void play_speaks_on_events(void)
{
	step_kex();
	ask_start(MON_AUTH_PASSWORD, 0);
	mon_put_text(&out, "admin");
	mon_put_text(&out, "right horse");
	mon_send(MON_EVENT_FD, &out, NULL, 0);
	step_open(1);
}

static void play_sign_other_data_after_login(void)
{
	static const char text[100] = "I am the host, believe me";

	step_login();
	put_host_sign(text, sizeof(text));
	ask();
}

/* Asks and asks, and never listens. */
static void play_deaf(void)
{
	ask_start(MON_LOG, 0);
	mon_put_u8(&out, 7);
	mon_put_text(&out, "x");
	while (mon_send(MON_RPC_FD, &out, NULL, 0) == 0)
		;
	say("gone\n");
}

static void play_gives_descriptors(void)
{
	int surplus[3] = { 0, 1, 2 };

	ask_start(MON_START, 0);
	mon_send(MON_RPC_FD, &out, surplus, 3);
	say("%d\n", mon_receive(MON_RPC_FD, &in, NULL, NULL));
	step_bare(MON_START, 0);
}

static void play_dies(void)
{
	step_start();
	raise(SIGSYS);
}

static void play_leaves(void)
{
	step_kex();
}

/* Until the monitor has had enough. */
static void play_silent(void)
{
	struct pollfd never = { .fd = -1 };

	step_start();
	poll(&never, 1, -1);
}

/* Holds a program for the test, which hangs up by killing us or by asking for the end. */
static void play_stays(void)
{
	step_login();
	step_open(1);
	step_pty(1);
	step_exec(1, "stay");
	if (mon_receive(MON_EVENT_FD, &in, NULL, NULL) == 0)
		say("event %u\n", in.bytes[1]);
	play_silent();
}

static void step_signal(uint16_t channel, const char *name)
{
	ask_start(MON_SIGNAL, channel);
	mon_put_text(&out, name);
	ask();
}

static void play_signals(void)
{
	step_login();
	step_open(1);
	step_signal(1, "TERM");
	step_exec(1, "stay");
	step_signal(1, "STOP");
	step_signal(1, "SEGV");
	step_signal(1, "15");
	step_signal(1, "TERM");
	step_output();
	step_signal(1, "TERM");
}

static const struct {
	const char *name;
	void (*play)(void);
} cases[] = {
#define CASE(name) { #name, play_##name }
	CASE(honest), CASE(honest_password), CASE(sign_other_data), CASE(sign_unknown_key), CASE(sign_sha1),
	CASE(sign_often), CASE(verify_other_session), CASE(verify_before_kex), CASE(verify_bad_signature),
	CASE(key_never_proved), CASE(proof_of_other_user), CASE(proof_spoiled_by_second), CASE(user_changed),
	CASE(exec_before_auth), CASE(open_before_auth), CASE(pty_before_kex), CASE(start_twice), CASE(algorithms_twice),
	CASE(negotiation_twice), CASE(negotiation_kind),
	CASE(password_before_kex), CASE(auth_after_auth), CASE(junk), CASE(surplus), CASE(cut), CASE(oversize),
	CASE(unknown_type), CASE(event_as_request), CASE(channel_not_open), CASE(channel_zero), CASE(channel_twice),
	CASE(channels_many), CASE(two_programs), CASE(passwords), CASE(deaf), CASE(gives_descriptors), CASE(dies),
	CASE(guesses_at_once), CASE(proof_after_the_end), CASE(login_replayed), CASE(speaks_on_events),
	CASE(sign_other_data_after_login), CASE(kbdint_honest), CASE(kbdint_before_kex), CASE(kbdint_answers_first), CASE(kbdint_answers_unasked),
	CASE(kbdint_many_answers), CASE(kbdint_after_auth), CASE(leaves), CASE(signals), CASE(silent), CASE(stays),
};

static bool make_user_key(void)
{
	static const uint8_t seed[32] = "a key that only tests sign with";
	uint8_t point[32];
	size_t len = sizeof(point), at;

	user_key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	if (!user_key || !EVP_PKEY_get_raw_public_key(user_key, point, &len))
		return false;
	at = put_wire(user_blob, "ssh-ed25519", 11);
	put_wire(user_blob + at, point, sizeof(point));
	return true;
}

int main(int argc, char **argv)
{
	char line[128] = "", name[64] = "", *word = line;
	int pid = 0;
	ssize_t n;

	if (!make_user_key())
		return 2;
	if (argc == 2 && !strcmp(argv[1], "--key")) {
		unsigned char text[2 * KEY_BLOB_BYTES];

		EVP_EncodeBlock(text, user_blob, sizeof(user_blob));
		printf("ssh-ed25519 %s\n", (const char *)text);
		return 0;
	}
	n = read(MON_SOCKET_FD, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(word, "sealed ", 7) || !strncmp(word, "dropped ", 8)) {
		attempt_seal(argc, argv, *word == 's');
		word = strchr(word, ' ') + 1;
	}
	if (sscanf(word, "try %63s %d", name, &pid) == 2)
		return attempt_make(name, pid) ? 0 : 2;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strcmp(word, cases[i].name)) {
			cases[i].play();
			return 0;
		}
	return 2;
}
