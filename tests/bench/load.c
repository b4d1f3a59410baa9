// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The light client of the bench, on libssh
 *
 *   load logins PORT USER KEY CIPHER COUNT PARALLEL        complete logins without a shell; one line of JSON
 *   load echo PORT USER KEY CIPHER COUNT GAP_US COMMAND    one key at a time through a pty; one line of JSON
 *   load idle PORT USER KEY CIPHER COUNT PARALLEL COMMAND  holds sessions with a pty; "ready", then until stdin ends
 *   load silent PORT COUNT                                 holds connections that say nothing; "ready", the same
 *   load delay TO_PORT MS                                  carries a connection, each byte MS later; prints its port
 *
 * It costs less than any server it talks to, and does the same for each. Loopback only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX	1000000
#define ECHO_TIMEOUT_MS 10000
#define SILENT_PER_HOST 4 /* so that limits for one source are not what is measured */
#define DELAY_CHUNK	(64 * 1024)
#define DELAY_QUEUE	(64 * 1024 * 1024) /* more than any window at the rates of a test */

struct peer {
	unsigned port;
	const char *user, *cipher;
	ssh_key key;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void fail(const char *what) __attribute__((noreturn));
static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static unsigned number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value > COUNT_MAX)
		fail(text);
	return (unsigned)value;
}

static struct peer peer_read(char **argv)
{
	struct peer peer = { .port = number(argv[0]), .user = argv[1], .cipher = argv[3] };

	if (ssh_pki_import_privkey_file(argv[2], NULL, NULL, NULL, &peer.key) != SSH_OK)
		fail(argv[2]);
	return peer;
}

/* ---- sessions ---- */

static bool options_set(ssh_session session, const struct peer *peer)
{
	const int no = 0, yes = 1;
	const struct {
		enum ssh_options_e option;
		const void *value;
	} options[] = {
		{ SSH_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_OPTIONS_HOST, "127.0.0.1" },
		{ SSH_OPTIONS_PORT, &peer->port },
		{ SSH_OPTIONS_USER, peer->user },
		{ SSH_OPTIONS_NODELAY, &yes },
		{ SSH_OPTIONS_KEY_EXCHANGE, "curve25519-sha256" },
		{ SSH_OPTIONS_HOSTKEYS, "ssh-ed25519" },
		{ SSH_OPTIONS_CIPHERS_C_S, peer->cipher },
		{ SSH_OPTIONS_CIPHERS_S_C, peer->cipher },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (ssh_options_set(session, options[i].option, options[i].value) != SSH_OK)
			return false;
	return true;
}

/* Connects and authenticates with the key. */
static ssh_session login(const struct peer *peer)
{
	ssh_session session = ssh_new();

	if (session && options_set(session, peer) && ssh_connect(session) == SSH_OK &&
	    ssh_userauth_publickey(session, NULL, peer->key) == SSH_AUTH_SUCCESS)
		return session;
	if (session)
		fprintf(stderr, "load: login: %s\n", ssh_get_error(session));
	if (session)
		ssh_disconnect(session);
	ssh_free(session);
	return NULL;
}

static void logout(ssh_session session)
{
	ssh_disconnect(session);
	ssh_free(session);
}

static ssh_channel run_on_pty(ssh_session session, const char *command)
{
	ssh_channel channel = ssh_channel_new(session);

	if (channel && ssh_channel_open_session(channel) == SSH_OK &&
	    ssh_channel_request_pty_size(channel, "vt100", 80, 24) == SSH_OK &&
	    ssh_channel_request_exec(channel, command) == SSH_OK)
		return channel;
	fprintf(stderr, "load: pty: %s\n", ssh_get_error(session));
	return NULL;
}

/* ---- what several processes share ---- */

struct shared {
	unsigned next, failed, ready;
	int64_t micros[];
};

static struct shared *shared_new(unsigned count)
{
	size_t len = sizeof(struct shared) + count * sizeof(int64_t);
	struct shared *shared = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		fail("memory");
	return shared;
}

static int compare(const void *a, const void *b)
{
	const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return one < other ? -1 : one > other;
}

static void print_times(int64_t *micros, unsigned count, unsigned failed, int64_t elapsed_us)
{
	qsort(micros, count, sizeof(micros[0]), compare);
	printf("{\"count\": %u, \"failed\": %u, \"seconds\": %.6f, \"p50_us\": %lld, \"p99_us\": %lld, \"max_us\": %lld}\n",
	       count, failed, (double)elapsed_us / 1e6, (long long)micros[count / 2],
	       (long long)micros[count - 1 - count / 100], (long long)micros[count - 1]);
}

/* ---- logins ---- */

static void logins_work(struct shared *shared, const struct peer *peer, unsigned count)
{
	unsigned mine;

	while ((mine = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED)) < count) {
		int64_t start = now_us();
		ssh_session session = login(peer);

		shared->micros[mine] = now_us() - start;
		if (session)
			logout(session);
		else
			__atomic_fetch_add(&shared->failed, 1, __ATOMIC_RELAXED);
	}
}

static int logins(char **argv)
{
	struct peer peer = peer_read(argv);
	unsigned count = number(argv[4]), parallel = number(argv[5]);
	struct shared *shared = shared_new(count);
	int64_t start = now_us();

	for (unsigned i = 0; i < parallel; i++) {
		if (fork() != 0)
			continue;
		logins_work(shared, &peer, count);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	print_times(shared->micros, count, shared->failed, now_us() - start);
	return shared->failed ? 1 : 0;
}

/* ---- echo ---- */

static bool echo_expect(ssh_channel channel, char wanted)
{
	char got = 0;

	while (ssh_channel_read_timeout(channel, &got, 1, 0, ECHO_TIMEOUT_MS) == 1)
		if (got == wanted)
			return true;
	return false;
}

static int echo(char **argv)
{
	struct peer peer = peer_read(argv);
	unsigned count = number(argv[4]), gap_us = number(argv[5]);
	int64_t *micros = calloc(count, sizeof(micros[0])), start = 0;
	ssh_session session = login(&peer);
	ssh_channel channel = session ? run_on_pty(session, argv[6]) : NULL;

	/* the program says R when its terminal is ready */
	if (!channel || !micros || !echo_expect(channel, 'R'))
		fail("echo: no program");
	start = now_us();
	for (unsigned i = 0; i < count; i++) {
		char key = (char)('a' + i % 26);
		int64_t sent;

		if (gap_us)
			usleep(gap_us);
		sent = now_us();
		if (ssh_channel_write(channel, &key, 1) != 1 || !echo_expect(channel, key))
			fail("echo: lost");
		micros[i] = now_us() - sent;
	}
	print_times(micros, count, 0, now_us() - start);
	logout(session);
	return 0;
}

/* ---- holding ---- */

static void hold(void)
{
	char byte;

	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void idle_work(struct shared *shared, const struct peer *peer, unsigned count, const char *command)
{
	while (__atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED) < count) {
		ssh_session session = login(peer);
		ssh_channel channel = session ? run_on_pty(session, command) : NULL;

		if (!channel || !echo_expect(channel, 'R'))
			__atomic_fetch_add(&shared->failed, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELAXED);
	}
	pause();
}

static int idle(char **argv)
{
	struct peer peer = peer_read(argv);
	unsigned count = number(argv[4]), parallel = number(argv[5]);
	struct shared *shared = shared_new(0);

	signal(SIGCHLD, SIG_IGN);
	for (unsigned i = 0; i < parallel; i++) {
		if (fork() != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		idle_work(shared, &peer, count, argv[6]);
		_exit(0);
	}
	while (__atomic_load_n(&shared->ready, __ATOMIC_RELAXED) < count)
		usleep(2000);
	fprintf(stderr, "%u failed\n", shared->failed);
	hold();
	return shared->failed ? 1 : 0;
}

static int connect_from(unsigned host, unsigned port)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000100 + host) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect");
	return fd;
}

static int silent(char **argv)
{
	unsigned port = number(argv[0]), count = number(argv[1]), served = 0;
	struct pollfd *polls = calloc(count, sizeof(*polls));
	int64_t until = now_us() + 10000000;
	char banner[256];

	for (unsigned i = 0; i < count; i++)
		polls[i] = (struct pollfd){ .fd = connect_from(i / SILENT_PER_HOST, port), .events = POLLIN };
	for (unsigned open = count; open > 0 && now_us() < until;) {
		if (poll(polls, count, 1000) <= 0)
			continue;
		for (unsigned i = 0; i < count; i++) {
			if (polls[i].fd < 0 || !polls[i].revents)
				continue;
			served += read(polls[i].fd, banner, sizeof(banner)) > 4;
			polls[i].fd = -1; /* not closed: it stays and says nothing */
			open--;
		}
	}
	fprintf(stderr, "%u served\n", served);
	hold();
	return 0;
}

/* ---- delay ---- */

struct chunk {
	struct chunk *next;
	int64_t due_us;
	size_t at, len;
	char bytes[DELAY_CHUNK];
};

struct lane {
	int from, to;
	struct chunk *first, **last;
	size_t queued;
	bool ended, closed;
};

static void lane_read(struct lane *lane, int64_t delay_us)
{
	struct chunk *chunk;
	ssize_t n;

	while (!lane->ended && lane->queued < DELAY_QUEUE) {
		chunk = malloc(sizeof(*chunk));
		if (!chunk)
			fail("memory");
		n = recv(lane->from, chunk->bytes, sizeof(chunk->bytes), MSG_DONTWAIT);
		if (n <= 0) {
			free(chunk);
			lane->ended = n == 0 || (errno != EAGAIN && errno != EINTR);
			return;
		}
		chunk->next = NULL;
		chunk->due_us = now_us() + delay_us;
		chunk->at = 0;
		chunk->len = (size_t)n;
		*lane->last = chunk;
		lane->last = &chunk->next;
		lane->queued += (size_t)n;
	}
}

static void lane_write(struct lane *lane)
{
	struct chunk *chunk;
	ssize_t n;

	while ((chunk = lane->first) && chunk->due_us <= now_us()) {
		n = send(lane->to, chunk->bytes + chunk->at, chunk->len - chunk->at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			lane->ended = lane->closed = true;
		if (n < 0)
			return;
		chunk->at += (size_t)n;
		lane->queued -= (size_t)n;
		if (chunk->at < chunk->len)
			return;
		lane->first = chunk->next;
		if (!lane->first)
			lane->last = &lane->first;
		free(chunk);
	}
	if (lane->ended && !lane->first && !lane->closed) {
		shutdown(lane->to, SHUT_WR);
		lane->closed = true;
	}
}

static void carry(int client, int server, int64_t delay_us)
{
	struct lane lanes[2] = { { .from = client, .to = server }, { .from = server, .to = client } };
	struct timespec wait = { .tv_nsec = 200000 };

	for (int i = 0; i < 2; i++)
		lanes[i].last = &lanes[i].first;
	while (!lanes[0].closed || !lanes[1].closed) {
		struct pollfd polls[2];

		for (int i = 0; i < 2; i++) {
			lane_read(&lanes[i], delay_us);
			lane_write(&lanes[i]);
			polls[i] = (struct pollfd){ .fd = lanes[i].ended ? -1 : lanes[i].from, .events = POLLIN };
		}
		if (lanes[0].first || lanes[1].first)
			nanosleep(&wait, NULL);
		else
			poll(polls, 2, 100);
	}
}

static int delay(char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned port = number(argv[0]), ms = number(argv[1]);
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, client, server;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 8) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		fail("listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN);
	while ((client = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (fork() != 0) {
			close(client);
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		server = connect_from(0, port);
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		carry(client, server, ms * INT64_C(1000));
		_exit(0);
	}
	return 1;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		int arguments;
		int (*run)(char **argv);
	} commands[] = {
		{ "logins", 6, logins }, { "echo", 7, echo }, { "idle", 7, idle }, { "silent", 2, silent }, { "delay", 2, delay },
	};
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].word) == 0 && argc - 2 == commands[i].arguments)
			return commands[i].run(argv + 2);
	fprintf(stderr, "load: see the head of tests/bench/load.c\n");
	return 2;
}
