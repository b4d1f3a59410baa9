// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The monitor's verdicts: host signatures, proofs, passwords, keys
 *
 * Whether a user exists must not be seen from outside: an unknown user meets the same questions, the same work and the
 * same answers as a known one with the wrong password or key. The reason of a refusal is for the operator's log alone.
 */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aaa/user_keys.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/monitor_state.h"
#include "services/ssh_mismatch.h"

enum {
	PASSWORD_MAX_BYTES = 512,
	REFUSAL_TIME_US = 300000, /* longer than any password hash takes, so that an answer's time tells nothing */
	QUERIES_MAX = 40,	  /* keys offered in one connection, right ones too */
	SIGN_BURST = 256,	  /* signatures at once, then */
	SIGN_PER_S = 20,	  /* a rekey per megabyte at line rate is slowed down, not broken */
};

/* ---- key exchange ---- */

int monitor_auth_start(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		       struct monitor_reply *reply, struct err *err)
{
	const struct ssh_profile *profile = m->start->profile;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	/* a session keeps the settings that it began with */
	m->session.rekey_time_min = (uint32_t)profile->rekey_time_min;
	m->session.rekey_volume_mb = (uint32_t)profile->rekey_volume_mb;
	if (!monitor_offer_put(m->start->hostkeys, profile, answer))
		log_event(LOG_SSHD_ERR_GENERAL,
			  "VRF '%s' has no host key that 'ssh server algorithms host-key' allows: no client can "
			  "connect. Make one with 'crypto key generate'", m->session.vrf);
	m->phase = PHASE_BEFORE_AUTH;
	m->session.state = SESSION_KEX;
	monitor_link_changed(m, true);
	return 0;
}

/* Waits until one more signature is due; rekeys that come faster are slowed down. */
static void sign_pace(struct monitor *m)
{
	int64_t now = clock_monotonic_us();

	m->sign_tokens += (double)(now - m->sign_filled_us) * SIGN_PER_S / 1e6;
	if (m->sign_tokens > SIGN_BURST)
		m->sign_tokens = SIGN_BURST;
	m->sign_filled_us = now;
	m->sign_tokens -= 1;
	if (m->sign_tokens < 0)
		usleep(1000000 / SIGN_PER_S);
}

/* What is signed first is the hash of this connection: its session id. */
static void remember_session(struct monitor *m, struct mon_string blob, struct mon_string tbs, const char *digest)
{
	const struct hostkey_algorithm *algorithm = hostkey_algorithm_of(blob.bytes, blob.len, digest);

	if (m->hash_len)
		return;
	memcpy(m->hash, tbs.bytes, tbs.len);
	m->hash_len = tbs.len;
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		size_t len;
		const uint8_t *own = hostkey_public_blob(m->start->hostkeys, type, &len);

		if (own && len == blob.len && !memcmp(own, blob.bytes, len)) {
			m->hostkey = own;
			m->hostkey_len = len;
		}
	}
	if (algorithm)
		snprintf(m->session.host_key, sizeof(m->session.host_key), "%s", algorithm->signature);
}

static void count_keys(struct monitor *m)
{
	m->session.kex_us = clock_wall_us();
	m->session.kex_bytes = 0;
	if (!m->hash_len)
		return;
	m->session.rekeys++;
	monitor_link_changed(m, false);
}

int monitor_auth_sign(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		      struct monitor_reply *reply, struct err *err)
{
	AUTO(free) uint8_t *signature = NULL;
	struct mon_string blob = mon_get_string(ask), tbs;
	char digest[16];
	size_t len;
	int r;

	(void)channel;
	(void)reply;
	mon_get_text(ask, digest, sizeof(digest));
	tbs = mon_get_string(ask);
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	/* SHA-1, 256, 384, 512: a key exchange signs its hash and nothing else. */
	if (tbs.len != 20 && tbs.len != 32 && tbs.len != 48 && tbs.len != 64)
		return err_set(err, -EPERM, "asked to sign %zu bytes that are no hash", tbs.len);
	sign_pace(m);
	r = hostkey_sign(m->start->hostkeys, blob.bytes, blob.len, digest, tbs.bytes, tbs.len, &signature, &len);
	if (r == -ENOKEY)
		return err_set(err, r, "asked to sign with a key that is not a host key");
	if (r == -EINVAL)
		return err_set(err, r, "asked to sign with digest '%s', which the key does not use", digest);
	if (r < 0)
		return err_set(err, r, "a host key does not sign: %s", strerror(-r));
	count_keys(m);
	remember_session(m, blob, tbs, digest);
	mon_put_u8(answer, 1);
	mon_put_string(answer, signature, len);
	return 0;
}

int monitor_auth_algorithms(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			    struct monitor_reply *reply, struct err *err)
{
	struct session_report *session = &m->session;
	struct {
		char *text;
		size_t size_bytes;
	} fields[] = {
		{ session->client_version, sizeof(session->client_version) },
		{ session->kex, sizeof(session->kex) },
		{ session->cipher_in, sizeof(session->cipher_in) },
		{ session->cipher_out, sizeof(session->cipher_out) },
		{ session->mac_in, sizeof(session->mac_in) },
		{ session->mac_out, sizeof(session->mac_out) },
	};

	(void)channel;
	(void)answer;
	(void)reply;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		monitor_text(mon_get_string(ask), fields[i].text, fields[i].size_bytes);
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	session->post_quantum = ssh_algorithm_is_post_quantum(session->kex);
	session->state = SESSION_AUTHENTICATING;
	monitor_link_changed(m, true);
	return 0;
}

/* The client's names are judged here, not behind the seal: what would change the answer is in the configuration. */
int monitor_auth_negotiation(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			     struct monitor_reply *reply, struct err *err)
{
	const struct ssh_vrf_conf *vrf = ssh_conf_vrf(m->start->ssh, m->session.vrf);
	uint32_t kind = mon_get_u32(ask);
	char client[SSH_ALGORITHM_LIST_MAX_BYTES * 2], text[SSH_MISMATCH_TEXT_MAX_BYTES];
	struct ssh_mismatch mismatch = {
		.kind = (enum ssh_algorithm_kind)kind,
		.client = client,
		.server = monitor_algorithm_server(m->start->hostkeys, m->start->profile),
		.vrf_name = m->session.vrf,
		.global = &m->start->ssh->server,
		.vrf = vrf ? &vrf->profile : NULL,
	};

	(void)channel;
	(void)answer;
	(void)reply;
	monitor_text(mon_get_string(ask), client, sizeof(client));
	if (mon_get_end(ask) < 0 || kind >= SSH_ALGORITHM_KIND_MAX)
		return err_set(err, -EPROTO, "malformed");
	log_event(LOG_SSHD_WARN_GENERAL, "Connection from '%s' port %u vrf '%s': %s", m->session.peer_address,
		  m->session.peer_port, m->session.vrf, ssh_mismatch_text(&mismatch, text, sizeof(text)));
	return 0;
}

/* ---- verdicts ---- */

/* What may be tried: the same for everybody, or it would tell who there is. */
static unsigned methods_offered(const struct monitor *m)
{
	const struct ssh_profile *profile = m->start->profile;

	return (profile->disable_public_key ? 0u : METHOD_PUBLIC_KEY) |
	       (profile->disable_keyboard_interactive ? 0u : METHOD_KEYBOARD_INTERACTIVE) |
	       (profile->disable_password ? 0u : METHOD_PASSWORD);
}

/* The configured line with its "\n" made ends of lines, once in a connection. */
static void put_banner(struct monitor *m, struct mon_buf *answer)
{
	const char *banner = m->nones == 1 && m->start->profile->banner ? m->start->profile->banner : "";
	size_t room = strlen(banner) + 2, len = 0;
	AUTO(free) char *text = malloc(room);

	for (const char *at = banner; text && *at; at++)
		if (at[0] == '\\' && at[1] == 'n') {
			text[len++] = '\n';
			at++;
		} else {
			text[len++] = *at;
		}
	if (len && text[len - 1] != '\n')
		text[len++] = '\n';
	mon_put_string(answer, text ? text : "", len);
}

void monitor_auth_put_verdict(const struct monitor *m, struct mon_buf *answer, enum mon_type type,
			      enum mon_verdict verdict)
{
	mon_put_u8(answer, (uint8_t)verdict);
	if (type != MON_AUTH_QUERY)
		mon_put_u32(answer, methods_offered(m));
}

bool monitor_auth_get_user(struct mon_buf *ask, char user[static PROOF_USER_MAX_BYTES + 1])
{
	struct mon_string string = mon_get_string(ask);

	user[0] = '\0';
	if (ask->bad)
		return false;
	monitor_text(string, user, PROOF_USER_MAX_BYTES + 1);
	return string.len <= PROOF_USER_MAX_BYTES && strlen(user) == string.len &&
	       !memcmp(user, string.bytes, string.len);
}

/* What the history says when nothing better follows. */
static void remember_refusal(struct monitor *m, const char *method, const char *reason)
{
	snprintf(m->refusal, sizeof(m->refusal), "%s: %s", method, reason);
}

void monitor_auth_log_refusal(struct monitor *m, const char *user, const char *method, const char *reason)
{
	remember_refusal(m, method, reason);
	log_event(LOG_SSHD_WARN_GENERAL, "Failed %s for user '%s' from '%s' port %u vrf '%s' on 'vty%u': %s", method,
		  user, m->session.peer_address, m->session.peer_port, m->session.vrf, m->session.vty, reason);
}

static enum mon_verdict give_up(struct monitor *m, const char *text)
{
	m->phase = PHASE_ENDING;
	monitor_end(m, END_AUTH_FAILED, text);
	if (!m->transport_kill_us)
		m->transport_kill_us = clock_monotonic_us() + MONITOR_TERMINATE_AFTER_US;
	return MON_DISCONNECT;
}

enum mon_verdict monitor_auth_denied(struct monitor *m)
{
	unsigned max = (unsigned)m->start->profile->max_auth_limit;
	char text[sizeof(m->refusal) + 64];

	if (++m->tries < max)
		return MON_DENIED;
	log_event(LOG_SSHD_WARN_GENERAL,
		  "Too many authentication tries (%u) for user '%s' from '%s' vrf '%s' on 'vty%u'",
		  m->tries, m->pinned_user, m->session.peer_address, m->session.vrf, m->session.vty);
	snprintf(text, sizeof(text), "too many authentication tries%s%s", *m->refusal ? "; " : "", m->refusal);
	return give_up(m, text);
}

static bool pin_user(struct monitor *m, const char *user)
{
	if (m->user_pinned)
		return !strcmp(m->pinned_user, user);
	m->user_pinned = true;
	snprintf(m->pinned_user, sizeof(m->pinned_user), "%s", user);
	snprintf(m->session.user, sizeof(m->session.user), "%.32s", user);
	monitor_link_changed(m, true);
	return true;
}

int monitor_auth_begin(struct monitor *m, const char *user, const char *method, unsigned method_bit, struct err *err)
{
	enum mon_verdict verdict = MON_DENIED;

	if (!m->hash_len)
		return err_set(err, -EPROTO, "asked to authenticate before the key exchange");
	if (!pin_user(m, user)) {
		monitor_auth_log_refusal(m, user, method,
					 "the user name was changed in the middle of the authentication");
		return (int)give_up(m, "the user name was changed");
	}
	if (!methods_offered(m)) {
		monitor_auth_log_refusal(m, user, method, "every authentication method is disabled; "
					 "'no ssh server disable auth-methods' enables them");
		return (int)give_up(m, "every authentication method is disabled");
	}
	/* RFC 4256 3.1: a new request gives up the questions that are open. That was a try all the same. */
	if (m->kbdint.running) {
		kbdint_end(&m->kbdint);
		monitor_auth_log_refusal(m, user, "keyboard-interactive", "the questions were not answered");
		verdict = monitor_auth_denied(m);
	}
	if (verdict == MON_DENIED && method_bit && !(methods_offered(m) & method_bit)) {
		monitor_auth_log_refusal(m, user, method, "the method is disabled");
		return (int)monitor_auth_denied(m);
	}
	return verdict == MON_DENIED ? MON_MORE : (int)verdict;
}

static const struct user_conf *find_user(const struct monitor *m, const char *user)
{
	const struct user_conf *items = m->start->users->users.items;

	for (size_t i = 0; i < m->start->users->users.len; i++)
		if (!strcmp(items[i].name, user))
			return &items[i];
	return NULL;
}

/* Who the programs of the session run as. */
static int find_identity(struct monitor *m, const char *user, struct err *err)
{
	struct uid_identity identity = { .home = "/" };
	int r;

	if (geteuid() == 0 || m->start->separate_users) {
		r = uidmap_identity(m->start->uidmap_path, user, true, &identity, err);
		if (r < 0)
			return r;
		if (identity.uid == 0 || identity.gid == 0)
			return err_set(err, -EPERM, "user %s is mapped to root", user);
	} else {
		const struct passwd *own = getpwuid(geteuid());

		identity.uid = geteuid();
		identity.gid = getegid();
		if (own)
			snprintf(identity.home, sizeof(identity.home), "%s", own->pw_dir);
	}
	m->identity = identity;
	return 0;
}

enum mon_verdict monitor_auth_let_in(struct monitor *m, const char *method, enum session_auth how,
				     const char *auth_word)
{
	struct session_report *session = &m->session;
	struct err err = { .text = "" };

	if (find_identity(m, m->pinned_user, &err) < 0) {
		log_event(LOG_SSHD_ERR_GENERAL, "User '%s' cannot be let in: %s", m->pinned_user, err.text);
		monitor_auth_log_refusal(m, m->pinned_user, method, "no user id");
		return monitor_auth_denied(m);
	}
	m->phase = PHASE_AFTER_AUTH;
	m->login_us = 0;
	session->state = SESSION_AUTHENTICATED;
	session->authentication = (int)how;
	session->uid = m->identity.uid;
	snprintf(session->auth_word, sizeof(session->auth_word), "%s", auth_word);
	proc_title("sallyport-mon", "sallyport-session: %s@vty%u", session->user, session->vty);
	if (m->start->profile->logging)
		log_event(LOG_SSHD_INFO_SUCCESS,
			  "Successfully authenticated user '%s' from '%s' on 'vty%u'(cipher '%s', mac '%s')",
			  session->user, session->peer_address, session->vty, session->cipher_in, session->mac_in);
	monitor_link_changed(m, true);
	return MON_SUCCESS;
}

/* ---- none, password ---- */

int monitor_auth_none(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		      struct monitor_reply *reply, struct err *err)
{
	char user[PROOF_USER_MAX_BYTES + 1];
	int verdict;

	(void)channel;
	(void)reply;
	monitor_auth_get_user(ask, user);
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	m->nones++;
	verdict = monitor_auth_begin(m, user, "none", 0, err);
	if (verdict < 0)
		return verdict;
	/* The first is how every client asks for the methods, and costs no try. */
	if (verdict == MON_MORE && m->nones > 1)
		remember_refusal(m, "none", "nobody is let in without authentication, or by a method not offered");
	if (verdict == MON_MORE)
		verdict = m->nones > 1 ? (int)monitor_auth_denied(m) : MON_DENIED;
	monitor_auth_put_verdict(m, answer, MON_AUTH_NONE, (enum mon_verdict)verdict);
	put_banner(m, answer);
	return 0;
}

void monitor_auth_refusal_wait(int64_t start_us)
{
	int64_t left = start_us + REFUSAL_TIME_US - clock_monotonic_us();
	struct timespec pause = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };

	if (left > 0)
		while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
			;
}

const char *monitor_auth_check_password(const struct monitor *m, const char *user, bool possible,
					struct mon_string given)
{
	const struct user_conf *known = possible ? find_user(m, user) : NULL;
	const char *secret = known ? known->secret : NULL;
	bool fits = given.len < PASSWORD_MAX_BYTES && !memchr(given.bytes, '\0', given.len);
	char password[PASSWORD_MAX_BYTES] = "";
	bool right;

	if (fits)
		memcpy(password, given.bytes, given.len);
	right = user_secret_verify(secret, password) && fits;
	explicit_bzero(password, sizeof(password));
	if (right)
		return NULL;
	return !known ? "no such user" : !secret ? "the user has no password" : "wrong password";
}

int monitor_auth_password(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			  struct monitor_reply *reply, struct err *err)
{
	int64_t start_us = clock_monotonic_us();
	char user[PROOF_USER_MAX_BYTES + 1];
	bool possible = monitor_auth_get_user(ask, user);
	struct mon_string password = mon_get_string(ask);
	const char *reason;
	int verdict;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	verdict = monitor_auth_begin(m, user, "password", METHOD_PASSWORD, err);
	if (verdict < 0)
		return verdict;
	if (verdict == MON_MORE) {
		reason = monitor_auth_check_password(m, user, possible, password);
		if (reason) {
			monitor_auth_log_refusal(m, user, "password", reason);
			verdict = (int)monitor_auth_denied(m);
		} else {
			verdict = (int)monitor_auth_let_in(m, "password", AUTH_PASSWORD,
							   session_auth_words[AUTH_PASSWORD]);
		}
	}
	if (verdict != MON_SUCCESS)
		monitor_auth_refusal_wait(start_us);
	monitor_auth_put_verdict(m, answer, MON_AUTH_PASSWORD, (enum mon_verdict)verdict);
	return 0;
}

/* ---- public key ---- */

/* Whether the key is among the user's. The same number of keys is decoded for everybody. */
static bool user_has_key(const struct user_conf *user, struct mon_string key)
{
	static char nobodys_key[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const struct user_key_conf *keys = user ? user->keys.items : NULL;
	size_t len = user ? user->keys.len : 0;
	bool found = false;

	for (size_t i = 0; i < len || i < USER_KEYS_MAX; i++) {
		AUTO(free) uint8_t *blob = NULL;
		size_t blob_len = 0;

		if (user_key_blob(i < len ? keys[i].keystring : nobodys_key, &blob, &blob_len, NULL) < 0)
			continue;
		if (i < len && blob_len == key.len && !memcmp(blob, key.bytes, blob_len))
			found = true;
	}
	return found;
}

/* Whether the monitor can use the key at all. One that has verified a signature has been read before. */
static int read_key(const struct monitor *m, struct mon_string key, struct err *err)
{
	EVP_PKEY *parsed = NULL;
	int r;

	if (m->proof.there && m->proof.key_len == key.len && !memcmp(m->proof.key, key.bytes, key.len))
		return 0;
	r = hostkey_blob_read(key.bytes, key.len, &parsed, err);
	EVP_PKEY_free(parsed);
	return r;
}

/* Why a key would be refused, NULL when it would do. */
static const char *check_key(const struct monitor *m, const char *user, bool possible, struct mon_string key,
			     struct err *err)
{
	const struct user_conf *known = possible ? find_user(m, user) : NULL;
	bool configured = user_has_key(known, key);
	bool imported = m->start->user_keys_dir &&
			user_keys_hold(m->start->user_keys_dir, known ? user : NULL, key.bytes, key.len);
	int r = read_key(m, key, err);

	if (!known)
		return "no such user";
	if (!configured && !imported)
		return "not a key of this user";
	return r < 0 ? err->text : NULL;
}

/* Without a key it is a request that libssh could not read: refused, told and counted like any other. */
int monitor_auth_query(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		       struct monitor_reply *reply, struct err *err)
{
	static const char unreadable[] = "the request cannot be read; its key type or its signature is not known here";
	char user[PROOF_USER_MAX_BYTES + 1];
	bool possible = monitor_auth_get_user(ask, user);
	struct mon_string key = mon_get_string(ask);
	struct err why = { .text = "" };
	const char *reason;
	int verdict;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	verdict = monitor_auth_begin(m, user, "publickey", METHOD_PUBLIC_KEY, err);
	if (verdict < 0)
		return verdict;
	if (verdict == MON_MORE) {
		reason = key.len ? check_key(m, user, possible, key, &why) : unreadable;
		/* An offer is not an attempt worth a warning, unless it is the user's own key that is too weak. */
		if (reason == why.text || reason == unreadable)
			monitor_auth_log_refusal(m, user, "publickey", reason);
		else if (reason)
			remember_refusal(m, "publickey", reason);
		verdict = reason ? (int)monitor_auth_denied(m) : MON_SUCCESS;
		if (++m->queries > QUERIES_MAX)
			verdict = (int)give_up(m, "too many keys offered");
	}
	monitor_auth_put_verdict(m, answer, MON_AUTH_QUERY, (enum mon_verdict)verdict);
	return 0;
}

int monitor_auth_verify(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			struct monitor_reply *reply, struct err *err)
{
	const struct proof_session session = { m->hash, m->hash_len, m->hostkey, m->hostkey_len };
	struct mon_string tbs = mon_get_string(ask), signature = mon_get_string(ask);
	struct proof_claim claim;
	struct err why = { .text = "out of memory" };
	int r;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	proof_done(&m->proof);
	r = proof_parse(tbs.bytes, tbs.len, &session, &claim, &why);
	if (r == 0)
		r = proof_verify(&claim, tbs.bytes, tbs.len, signature.bytes, signature.len, &why);
	if (r == 0)
		r = proof_keep(&m->proof, &claim);
	if (r < 0)
		log_event(LOG_SSHD_WARN_GENERAL, "Signature refused from '%s' port %u vrf '%s' on 'vty%u': %s",
			  m->session.peer_address, m->session.peer_port, m->session.vrf, m->session.vty, why.text);
	mon_put_u8(answer, r == 0);
	return 0;
}

static const char *key_word(struct mon_string key)
{
	struct hostkey_wire wire = { .at = key.bytes, .left = key.len };
	size_t len;
	const uint8_t *type = hostkey_wire_string(&wire, &len);

	for (const struct hostkey_algorithm *row = hostkey_algorithms; row->signature; row++)
		if (hostkey_wire_is(type, len, row->key))
			return row->auth_word;
	return "pubkey";
}

int monitor_auth_key(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		     struct monitor_reply *reply, struct err *err)
{
	char user[PROOF_USER_MAX_BYTES + 1];
	bool possible = monitor_auth_get_user(ask, user);
	struct mon_string key = mon_get_string(ask);
	struct err why = { .text = "" };
	const char *reason;
	int verdict;

	(void)channel;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	verdict = monitor_auth_begin(m, user, "publickey", METHOD_PUBLIC_KEY, err);
	if (verdict < 0)
		return verdict;
	if (verdict == MON_MORE) {
		reason = check_key(m, user, possible, key, &why);
		if (!proof_take(&m->proof, user, key.bytes, key.len) && !reason)
			reason = "there is no proof that the client holds this key";
		if (reason) {
			monitor_auth_log_refusal(m, user, "publickey", reason);
			verdict = (int)monitor_auth_denied(m);
		} else {
			hostkey_fingerprint(key.bytes, key.len, m->session.key_fingerprint,
					    sizeof(m->session.key_fingerprint));
			verdict = (int)monitor_auth_let_in(m, "publickey", AUTH_PUBLIC_KEY, key_word(key));
		}
	}
	monitor_auth_put_verdict(m, answer, MON_AUTH_KEY, (enum mon_verdict)verdict);
	return 0;
}

/* What a client had sent ahead when its authentication was ended. */
int monitor_auth_over(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		      struct monitor_reply *reply, struct err *err)
{
	uint16_t type;

	(void)m;
	(void)channel;
	(void)reply;
	if (mon_get_start(ask, &type, &channel) < 0)
		return err_set(err, -EPROTO, "malformed");
	monitor_auth_put_verdict(m, answer, (enum mon_type)type, MON_DISCONNECT);
	if (type == MON_AUTH_NONE)
		mon_put_text(answer, "");
	return 0;
}
