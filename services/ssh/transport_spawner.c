// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The spawner
 *
 * What a transport would do at its start and what needs no connection is done here once: linking, loading the
 * provider, OpenSSL's tables, the first use of each primitive, giving up every privilege. A request brings four
 * descriptors and is answered by a fork. The child knows nothing of other connections: their descriptors are closed in
 * it, and nothing of them was ever in this process.
 *
 * The layout of memory is the same in all children, so one of them that dies by a signal ends the service of this
 * spawner: it may have been somebody guessing.
 */
#include "services/ssh/transport_spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <libssh/libssh.h>
#include <libssh/server.h>

#include "base/cleanup.h"
#include "base/heap.h"
#include "services/ssh/mon.h"
#include "services/ssh/spawner.h"

/* ---- warming ---- */

static bool warm_kex(const char *type, const char *group)
{
	EVP_PKEY *one = group ? EVP_PKEY_Q_keygen(NULL, NULL, type, group) : EVP_PKEY_Q_keygen(NULL, NULL, type);
	EVP_PKEY *other = group ? EVP_PKEY_Q_keygen(NULL, NULL, type, group) : EVP_PKEY_Q_keygen(NULL, NULL, type);
	EVP_PKEY_CTX *context = one ? EVP_PKEY_CTX_new(one, NULL) : NULL;
	unsigned char secret[128];
	size_t len = sizeof(secret);
	bool ok = other && context && EVP_PKEY_derive_init(context) == 1 &&
		  EVP_PKEY_derive_set_peer(context, other) == 1 && EVP_PKEY_derive(context, secret, &len) == 1;

	explicit_bzero(secret, sizeof(secret));
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(one);
	EVP_PKEY_free(other);
	return ok;
}

/* As libssh makes the keys of a direction. */
static bool warm_kdf(const EVP_MD *digest)
{
	unsigned char bytes[64] = { 0 };
	char type = 'A', *name = (char *)(uintptr_t)EVP_MD_get0_name(digest);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, bytes, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SSHKDF_XCGHASH, bytes, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SSHKDF_SESSION_ID, bytes, 32),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_SSHKDF_TYPE, &type, 1), OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSHKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = context && EVP_KDF_derive(context, bytes, sizeof(bytes), params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return ok;
}

static bool warm_cipher(const EVP_CIPHER *cipher)
{
	static const unsigned char zero[64];
	unsigned char out[128];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool ok = context != NULL;
	int len;

	for (int encrypt = 0; encrypt <= 1 && ok; encrypt++)
		ok = EVP_CipherInit_ex(context, cipher, NULL, zero, zero, encrypt) == 1 &&
		     EVP_CipherUpdate(context, out, &len, zero, sizeof(zero)) == 1;
	EVP_CIPHER_CTX_free(context);
	return ok;
}

static bool warm_mac(const EVP_MD *digest)
{
	static const unsigned char zero[64];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, zero, 32);
	unsigned char out[EVP_MAX_MD_SIZE];
	size_t len = sizeof(out);
	bool ok = context && key && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
		  EVP_DigestSignUpdate(context, zero, sizeof(zero)) == 1 &&
		  EVP_DigestSignFinal(context, out, &len) == 1;

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(context);
	return ok;
}

static bool warm_poly1305(void)
{
	static const unsigned char zero[64];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_PKEY_new_mac_key(EVP_PKEY_POLY1305, NULL, zero, 32);
	unsigned char out[16];
	size_t len = sizeof(out);
	bool ok = context && key && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(context, out, &len, zero, sizeof(zero)) == 1;

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(context);
	return ok;
}

/* libssh's own first times: its initialization, the user database, what an ssh_bind and a session are made of. */
static bool warm_libssh(void)
{
	ssh_session session = ssh_new();
	ssh_event event = ssh_event_new();
	ssh_bind bind = ssh_bind_new();
	bool ok = session && event && bind;

	ssh_bind_free(bind);
	ssh_event_free(event);
	ssh_free(session);
	return ok;
}

int spawner_warm(struct err *err)
{
	const EVP_MD *digests[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	const EVP_CIPHER *ciphers[] = { EVP_aes_128_gcm(), EVP_aes_256_gcm(), EVP_chacha20(), EVP_aes_128_ctr(),
					EVP_aes_192_ctr(), EVP_aes_256_ctr() };
	unsigned char bytes[32], digest[EVP_MAX_MD_SIZE];
	unsigned len;
	bool ok = RAND_bytes(bytes, sizeof(bytes)) == 1 && RAND_priv_bytes(bytes, sizeof(bytes)) == 1 &&
		  warm_libssh() && warm_kex("X25519", NULL) && warm_kex("EC", "P-256") && warm_poly1305();

	for (size_t i = 0; i < ARRAY_SIZE(digests) && ok; i++)
		ok = EVP_Digest(bytes, sizeof(bytes), digest, &len, digests[i], NULL) == 1 && warm_kdf(digests[i]) &&
		     warm_mac(digests[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ciphers) && ok; i++)
		ok = warm_cipher(ciphers[i]);
	return ok ? 0 : err_set(err, -EIO, "OpenSSL or libssh does not do what a connection needs");
}

/* ---- serving ---- */

struct child {
	pid_t pid;
	int status_fd;
};

struct spawner_state {
	int signal_fd;
	unsigned left; /* connections it may still serve */
	bool hung_up;
	struct transport *transport;
	uint8_t *request; /* bytes of a record */
	struct child *children; /* behind the request */
	size_t children_len;
};

enum { PAGE_BYTES = 4096, CHILDREN_BYTES = SPAWNER_CONNECTIONS_MAX * sizeof(struct child) };
_Static_assert(MON_RECORD_MAX_BYTES % PAGE_BYTES == 0 && CHILDREN_BYTES % PAGE_BYTES == 0, "whole pages");

static void hang_up(struct spawner_state *state)
{
	if (!state->hung_up)
		close(SPAWNER_CONTROL_FD);
	state->hung_up = true;
}

/* In the child: its four descriptors and nothing else. */
static void child_begin(const int *fds)
{
	uint8_t bytes[16];
	struct mon_buf hello = { .bytes = bytes };
	sigset_t none;
	int high[MON_SPAWN_FDS];

	for (int i = 0; i < MON_SPAWN_FDS; i++)
		if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16)) < 0)
			_exit(1);
	for (int i = 0; i < MON_SPAWN_FDS; i++)
		if (dup3(high[i], MON_SOCKET_FD + i, O_CLOEXEC) < 0)
			_exit(1);
	/* the last one is the status socket: one word, and it is closed with everything else */
	mon_put_start(&hello, MON_STATUS_HELLO, 0);
	if (mon_send(MON_SOCKET_FD + MON_SPAWN_FDS - 1, &hello, NULL, 0) < 0)
		_exit(1);
	if (close_range(MON_SOCKET_FD + MON_SPAWN_FDS - 1, ~0u, 0) < 0)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void fds_close(const int *fds, size_t len)
{
	while (len > 0)
		close(fds[--len]);
}

/* Before the first fork, and for all that come. */
static void foresee(struct spawner_state *state, const struct mon_buf *record)
{
	transport_foresee(state->transport, record);
	heap_settle();
}

/* What else fork(3) does, for threads and their locks, is nothing to us, and writes to pages that are shared. */
static pid_t fork_plain(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

/* True in the child. */
static bool request_take(struct spawner_state *state)
{
	struct mon_buf request = { .bytes = state->request };
	int fds[MON_FDS_MAX];
	size_t len = ARRAY_SIZE(fds);
	pid_t pid;

	if (mon_receive(SPAWNER_CONTROL_FD, &request, fds, &len) < 0) {
		hang_up(state);
		return false;
	}
	if (len == 0) {
		foresee(state, &request);
		return false;
	}
	if (len != MON_SPAWN_FDS) {
		fds_close(fds, len);
		return false;
	}
	pid = fork_plain();
	if (pid == 0) {
		child_begin(fds);
		heap_give_back_pages(state->request, MON_RECORD_MAX_BYTES + CHILDREN_BYTES);
		return true;
	}
	fds_close(fds, MON_SPAWN_FDS - 1);
	if (pid < 0)
		close(fds[MON_SPAWN_FDS - 1]); /* its monitor helps itself */
	else
		state->children[state->children_len++] =
			(struct child){ .pid = pid, .status_fd = fds[MON_SPAWN_FDS - 1] };
	if (--state->left == 0)
		hang_up(state);
	return false;
}

static void child_ended(struct spawner_state *state, size_t index, int status)
{
	uint8_t bytes[16];
	struct mon_buf ended = { .bytes = bytes };

	mon_put_start(&ended, MON_STATUS_ENDED, 0);
	mon_put_u32(&ended, (uint32_t)status);
	mon_send(state->children[index].status_fd, &ended, NULL, 0);
	close(state->children[index].status_fd);
	state->children[index] = state->children[--state->children_len];
	if (WIFSIGNALED(status))
		hang_up(state);
}

/* What waitpid() would have said. */
static int status_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status << 8 : info->si_status;
}

/* The monitor is told before the number is free for another process. */
static void children_reap(struct spawner_state *state)
{
	struct signalfd_siginfo signal_info;
	siginfo_t info;

	while (read(state->signal_fd, &signal_info, sizeof(signal_info)) > 0)
		;
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		for (size_t i = 0; i < state->children_len; i++)
			if (state->children[i].pid == info.si_pid) {
				child_ended(state, i, status_of(&info));
				break;
			}
		waitpid(info.si_pid, NULL, 0);
	}
}

static int state_init(struct spawner_state *state, unsigned connections, struct transport *transport)
{
	sigset_t set;

	*state = (struct spawner_state){ .left = connections, .transport = transport };
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	state->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* on pages of their own: the spawner writes to them, and a child gives them back */
	state->request = aligned_alloc(PAGE_BYTES, MON_RECORD_MAX_BYTES + CHILDREN_BYTES);
	state->children = (struct child *)(void *)(state->request + MON_RECORD_MAX_BYTES);
	return state->signal_fd >= 0 && state->request ? 0 : -ENOMEM;
}

void spawner_serve(unsigned connections, struct transport *transport)
{
	struct spawner_state state;

	if (connections == 0 || connections > SPAWNER_CONNECTIONS_MAX || state_init(&state, connections, transport) < 0)
		_exit(1);
	while (!state.hung_up || state.children_len > 0) {
		struct pollfd polls[] = { { .fd = state.signal_fd, .events = POLLIN },
					  { .fd = state.hung_up ? -1 : SPAWNER_CONTROL_FD, .events = POLLIN } };

		if (poll(polls, ARRAY_SIZE(polls), -1) <= 0)
			continue;
		/* first, because a death by a signal is the end of service */
		if (polls[0].revents)
			children_reap(&state);
		/* what was allocated stays in the child: giving it back would be writing to what is shared */
		if (polls[1].revents && !state.hung_up && request_take(&state))
			return;
	}
	_exit(0);
}
