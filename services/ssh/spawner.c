// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Warm transports, from the daemon's side
 *
 * Executing a transport costs more than a whole key exchange: linking, OpenSSL's tables, the first use of everything.
 * A spawner has that behind it and forks. What is shared by fork is an address layout and a stack canary, so a
 * spawner serves few connections, and none after one of its transports died by a signal.
 *
 * The daemon never waits for a spawner: it makes the sockets of a transport, sends the far ends together with the
 * connection, and gives the near ends to the monitor. Requests sent to a spawner that is still warming itself wait in
 * its socket; those that a spawner leaves unread come back to their monitors as the end of file on the status socket.
 */
#include "services/ssh/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/mon.h"
#include "services/ssh/readahead.h"

#define PAUSE_US    10000000 /* after a spawner that failed */
#define CONTROL_FD  3	     /* in the spawner */
#define ROOT_FD	    6	     /* O_PATH of the empty root */
#define PROGRAM_FD  7

struct spawner {
	TAILQ_ENTRY(spawner) link;
	pid_t pid;
	int fd; /* control; -1: serves no more */
	unsigned used;
};

TAILQ_HEAD(spawner_list, spawner);

struct spawner_pool {
	struct spawner_options options;
	struct spawner_list spawners; /* every one that lives */
	struct spawner *current, *next;
	int64_t pause_until_us;
	bool said;
	uint8_t *offer; /* record of MON_START; NULL: not known yet */
	size_t offer_len;
};

/* ---- starting one ---- */

static void spawner_exec(const struct spawner_options *options, int control_fd) __attribute__((noreturn));
static void spawner_exec(const struct spawner_options *options, int control_fd)
{
	char name[] = "sallyport-transport", spawner[] = "--spawner", uid[] = "--uid", gid[] = "--gid";
	char weak[] = "--weak";
	char connections_text[16], uid_text[16], gid_text[16], path[] = "PATH=/usr/bin:/bin";
	/* freed memory is joined, not kept in small lists: a child that allocates then writes to fewer shared pages */
	char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0";
	char *argv[] = { name, spawner, connections_text, uid, uid_text, gid, gid_text,
			 options->weak ? weak : NULL, NULL };
	char plain[] = TRANSPORT_PLAIN "=1";
	char *envp[] = { path, tunables, getenv(TRANSPORT_PLAIN) ? plain : NULL, NULL };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int from[] = { null_fd, null_fd, STDERR_FILENO, control_fd, null_fd, null_fd, options->empty_dir_fd,
			     options->transport_fd };
	int high[ARRAY_SIZE(from)];

	proc_signals_default();
	setsid(); /* what the terminal of the daemon sends is not for sessions */
	snprintf(connections_text, sizeof(connections_text), "%u", options->connections);
	snprintf(uid_text, sizeof(uid_text), "%u", (unsigned)options->uid);
	snprintf(gid_text, sizeof(gid_text), "%u", (unsigned)options->gid);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16)) < 0)
			_exit(126);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (dup3(high[i], (int)i, i == PROGRAM_FD ? O_CLOEXEC : 0) < 0)
			_exit(126);
	if (close_range(PROGRAM_FD + 1, ~0u, 0) < 0 || chdir("/") < 0)
		_exit(126);
	execveat(PROGRAM_FD, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

/* Signals wait until the child can take them without touching the daemon's loop. Until it is another program it has
 * the daemon's memory, and writes to its own frames only: of a copy both would pay a fault for each page. */
static pid_t __attribute__((noinline)) spawner_fork(const struct spawner_options *options, int control_fd)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		spawner_exec(options, control_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -errno : pid;
}

static void pool_pause(struct spawner_pool *pool, const char *why)
{
	pool->pause_until_us = clock_monotonic_us() + PAUSE_US;
	if (!pool->said)
		log_event(LOG_SSHD_WARN_GENERAL, "No spawner of transports (%s): each connection executes its own",
			  why);
	pool->said = true;
}

static struct spawner *spawner_new(struct spawner_pool *pool)
{
	const struct mon_buf offer = { .bytes = pool->offer, .len = pool->offer_len };
	struct spawner *spawner;
	int pair[2];
	pid_t pid;

	if (pool->options.connections == 0 || !pool->offer || clock_monotonic_us() < pool->pause_until_us)
		return NULL;
	spawner = calloc(1, sizeof(*spawner));
	if (!spawner || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		free(spawner);
		pool_pause(pool, strerror(errno));
		return NULL;
	}
	pid = spawner_fork(&pool->options, pair[1]);
	close(pair[1]);
	/* only our end: it must never make the daemon wait */
	if (pid < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		pool_pause(pool, strerror(pid < 0 ? -pid : errno));
		close(pair[0]);
		free(spawner);
		return NULL;
	}
	/* it comes before the first request; without it everything is slower, and the same */
	mon_send(pair[0], &offer, NULL, 0);
	*spawner = (struct spawner){ .pid = pid, .fd = pair[0] };
	TAILQ_INSERT_TAIL(&pool->spawners, spawner, link);
	return spawner;
}

/* It ends with the last of its transports. */
static void spawner_retire(struct spawner *spawner)
{
	if (spawner && spawner->fd >= 0)
		close(take_fd(spawner->fd));
}

static bool spawner_serves(const struct spawner_pool *pool, const struct spawner *spawner)
{
	struct pollfd control = { .fd = spawner ? spawner->fd : -1 };

	return control.fd >= 0 && spawner->used < pool->options.connections && poll(&control, 1, 0) == 0;
}

/* The one that serves now; and sees to it that another is warm when this one is used up. */
static struct spawner *spawner_find(struct spawner_pool *pool)
{
	if (!spawner_serves(pool, pool->current)) {
		spawner_retire(pool->current);
		pool->current = take(pool->next);
	}
	if (!spawner_serves(pool, pool->current)) {
		spawner_retire(pool->current);
		pool->current = spawner_new(pool);
	}
	return pool->current;
}

static void spawner_next(struct spawner_pool *pool)
{
	if (pool->next && !spawner_serves(pool, pool->next))
		spawner_retire(take(pool->next));
	if (pool->current && !pool->next && pool->current->used >= (pool->options.connections + 1) / 2)
		pool->next = spawner_new(pool);
}

/* ---- one transport ---- */

enum { RPC, EVENTS, STATUS, PAIRS };

static void pairs_close(int pairs[PAIRS][2], int side)
{
	for (int i = 0; i < PAIRS; i++)
		if (pairs[i][side] >= 0)
			close(pairs[i][side]);
}

static int pairs_open(int pairs[PAIRS][2])
{
	const int on = 1;

	for (int i = 0; i < PAIRS; i++)
		pairs[i][0] = pairs[i][1] = -1;
	for (int i = 0; i < PAIRS; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[i]) < 0 ||
		    fcntl(pairs[i][0], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	/* the kernel's word for who the transport is; set before the transport can speak */
	return setsockopt(pairs[STATUS][0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ? -errno : 0;
}

static int request_send(const struct spawner *spawner, int connection_fd, int pairs[PAIRS][2])
{
	const int fds[] = { connection_fd, pairs[RPC][1], pairs[EVENTS][1], pairs[STATUS][1] };
	uint8_t bytes[16];
	struct mon_buf request = { .bytes = bytes };

	_Static_assert(ARRAY_SIZE(fds) == MON_SPAWN_FDS && MON_SPAWN_FDS <= MON_FDS_MAX, "a request fits a record");
	mon_put_start(&request, MON_SPAWN, 0);
	return mon_send(spawner->fd, &request, fds, ARRAY_SIZE(fds));
}

int spawner_pool_take(struct spawner_pool *pool, int connection_fd, struct spawner_transport *ret_transport)
{
	struct spawner *spawner = spawner_find(pool);
	int pairs[PAIRS][2], r;

	if (!spawner)
		return -EAGAIN;
	r = pairs_open(pairs);
	if (r == 0)
		r = request_send(spawner, connection_fd, pairs);
	pairs_close(pairs, 1);
	if (r < 0) {
		pairs_close(pairs, 0);
		return r;
	}
	spawner->used++;
	*ret_transport = (struct spawner_transport){ .rpc_fd = pairs[RPC][0], .event_fd = pairs[EVENTS][0],
						     .status_fd = pairs[STATUS][0] };
	spawner_next(pool);
	return 0;
}

/* ---- life ---- */

static void spawner_forget(struct spawner_pool *pool, struct spawner *spawner)
{
	if (pool->current == spawner)
		pool->current = NULL;
	if (pool->next == spawner)
		pool->next = NULL;
	spawner_retire(spawner);
	TAILQ_REMOVE(&pool->spawners, spawner, link);
	free(spawner);
}

bool spawner_pool_child(struct spawner_pool *pool, pid_t pid, int status)
{
	struct spawner *spawner;
	char why[64];

	TAILQ_FOREACH(spawner, &pool->spawners, link)
		if (spawner->pid == pid)
			break;
	if (!spawner)
		return false;
	spawner_forget(pool, spawner);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "it died by signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "it ended with status %d", WEXITSTATUS(status));
	pool_pause(pool, why);
	return true;
}

void spawner_pool_tick(struct spawner_pool *pool)
{
	spawner_find(pool);
	spawner_next(pool);
}

int spawner_pool_offer(struct spawner_pool *pool, const struct mon_buf *record)
{
	uint8_t *offer;

	if (record->bad)
		return -EMSGSIZE;
	if (pool->offer && pool->offer_len == record->len && !memcmp(pool->offer, record->bytes, record->len))
		return 0;
	offer = malloc(record->len);
	if (!offer)
		return -ENOMEM;
	memcpy(offer, record->bytes, record->len);
	free(pool->offer);
	pool->offer = offer;
	pool->offer_len = record->len;
	spawner_retire(take(pool->current));
	spawner_retire(take(pool->next));
	spawner_pool_tick(pool);
	return 0;
}

int spawner_pool_new(const struct spawner_options *options, struct spawner_pool **ret_pool)
{
	struct spawner_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->options = *options;
	TAILQ_INIT(&pool->spawners);
	*ret_pool = pool;
	return 0;
}

void spawner_pool_free(struct spawner_pool *pool)
{
	if (!pool)
		return;
	while (!TAILQ_EMPTY(&pool->spawners))
		spawner_forget(pool, TAILQ_FIRST(&pool->spawners));
	free(pool->offer);
	free(pool);
}
