// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Monitors, from the daemon's side
 *
 * Forked from the daemon, each monitor would begin with a copy of everything the daemon knows and has written since,
 * other people's sessions too, and both sides would pay for every page that either then writes. The spawner is small,
 * has never known a session, and writes nothing while it serves.
 *
 * What it needs for long, configuration and host keys, goes through memory files: the slice is kept, sealed, so that a
 * spawner that died is replaced at once; the keys are written for each start and live no longer than it reads them.
 */
#include "services/ssh/monitor_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"

#define PAUSE_US    1000000 /* after two spawners in a row that lived no longer than this */
#define CONNECTIONS 1024u   /* that have one layout of memory */

struct monitor_pool {
	struct monitor_pool_options options;
	int slice_fd; /* -1: no configuration yet */
	pid_t pid;
	int fd; /* control; -1: there is none that serves */
	unsigned used;
	int64_t started_us, pause_until_us;
	bool early; /* the one before did not live long */
};

/* ---- starting one ---- */

static int memory_write(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int keys_pass(const struct hostkey_set *hostkeys, int *ret_fd)
{
	AUTO(close) int fd = memfd_create("sallyport-keys", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : hostkey_set_write(hostkeys, fd);

	if (r < 0)
		return r;
	*ret_fd = take_fd(fd);
	return 0;
}

/* The descriptors in the order of enum monitor_fd; everything else is closed. */
static int child_fds(const struct monitor_pool *pool, int control_fd, int keys_fd)
{
	const struct monitor_pool_options *options = &pool->options;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int from[] = { null_fd, null_fd, STDERR_FILENO, control_fd, pool->slice_fd, keys_fd, options->run_dir_fd,
			     options->transport_fd, options->cli_fd, options->empty_dir_fd, options->files_fd,
			     options->helper_fd, log_kept_fd() >= 0 ? log_kept_fd() : null_fd, options->program_fd };
	int high[ARRAY_SIZE(from)];

	_Static_assert(ARRAY_SIZE(from) == MONITOR_FD_END, "one order of descriptors");
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 2 * MONITOR_FD_END)) < 0)
			return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (dup3(high[i], (int)i, i == MONITOR_FD_PROGRAM ? O_CLOEXEC : 0) < 0)
			return -errno;
	return close_range(MONITOR_FD_END, ~0u, 0) < 0 ? -errno : 0;
}

static void spawner_exec(const struct monitor_pool *pool, int control_fd, int keys_fd) __attribute__((noreturn));
static void spawner_exec(const struct monitor_pool *pool, int control_fd, int keys_fd)
{
	const struct monitor_pool_options *options = &pool->options;
	char uid[16];
	const char *argv[] = { "sallyport-monitor", "--uidmap", options->uidmap_path, "--user-keys-dir",
			       options->user_keys_dir, "--netns-dir", options->netns_dir, "--transport-uid", uid,
			       options->weak ? "--weak" : "--separate-users", NULL, NULL, NULL };
	size_t len = ARRAY_SIZE(argv) - 3;

	if (options->debug)
		argv[len++] = "--debug";
	if (options->no_gcm)
		argv[len++] = "--no-gcm";

	proc_signals_default();
	setsid(); /* what the terminal of the daemon sends is not for sessions */
	setrlimit(RLIMIT_NOFILE, &options->files); /* lowering is never refused */
	/* freed memory is joined, not kept in small lists: a child that allocates then writes to fewer shared pages */
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0", 1);
	snprintf(uid, sizeof(uid), "%u", (unsigned)options->transport_uid);
	if (child_fds(pool, control_fd, keys_fd) < 0)
		_exit(126);
	execveat(MONITOR_FD_PROGRAM, "", (char *const *)(uintptr_t)argv, environ, AT_EMPTY_PATH);
	_exit(127);
}

/* Signals wait until the child can take them without touching the daemon's loop. */
static pid_t spawner_fork(const struct monitor_pool *pool, int control_fd, int keys_fd)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		spawner_exec(pool, control_fd, keys_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid < 0 ? -errno : pid;
}

/* It serves what was asked for already, and ends. */
static void spawner_retire(struct monitor_pool *pool)
{
	if (pool->fd >= 0)
		close(take_fd(pool->fd));
	pool->pid = 0;
}

static int spawner_start(struct monitor_pool *pool)
{
	AUTO(close) int keys_fd = -1;
	int pair[2] = { -1, -1 };
	pid_t pid;
	int r;

	spawner_retire(pool);
	if (pool->slice_fd < 0)
		return -EAGAIN;
	r = keys_pass(pool->options.hostkeys, &keys_fd);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = spawner_fork(pool, pair[1], keys_fd);
	close(pair[1]);
	/* only our end: it must never make the daemon wait */
	if (pid < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		r = pid < 0 ? pid : -errno;
		close(pair[0]);
		return r;
	}
	pool->pid = pid;
	pool->fd = pair[0];
	pool->used = 0;
	pool->started_us = clock_monotonic_us();
	return 0;
}

static bool spawner_serves(const struct monitor_pool *pool)
{
	struct pollfd control = { .fd = pool->fd };

	return pool->fd >= 0 && pool->used < CONNECTIONS && poll(&control, 1, 0) == 0;
}

static int spawner_find(struct monitor_pool *pool)
{
	int r;

	if (spawner_serves(pool))
		return 0;
	if (clock_monotonic_us() < pool->pause_until_us)
		return -EAGAIN;
	r = spawner_start(pool);
	if (r < 0 && r != -EAGAIN) {
		pool->pause_until_us = clock_monotonic_us() + PAUSE_US;
		log_event(LOG_SSHD_ERR_GENERAL, "The program of sessions' monitors cannot be started: %s",
			  strerror(-r));
	}
	return r;
}

/* ---- use ---- */

int monitor_pool_configure(struct monitor_pool *pool, const char *slice, size_t len_bytes)
{
	AUTO(close) int fd = memfd_create("sallyport-slice", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : memory_write(fd, slice, len_bytes), old = pool->slice_fd;

	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		r = -errno;
	if (r < 0)
		return r;
	pool->slice_fd = take_fd(fd);
	if (old >= 0)
		close(old);
	monitor_pool_renew(pool);
	return 0;
}

void monitor_pool_renew(struct monitor_pool *pool)
{
	spawner_retire(pool);
	spawner_find(pool);
}

int monitor_pool_ask(struct monitor_pool *pool, const struct monitor_request *request, const int *fds, size_t fds_len)
{
	uint8_t bytes[MONITOR_REQUEST_MAX_BYTES];
	struct mon_buf record = { .bytes = bytes };
	int r = spawner_find(pool);

	if (r < 0)
		return r;
	monitor_request_put(request, &record);
	r = mon_send(pool->fd, &record, fds, fds_len);
	if (r == 0)
		pool->used++;
	return r;
}

bool monitor_pool_child(struct monitor_pool *pool, pid_t pid, int status)
{
	int64_t now_us = clock_monotonic_us();
	bool early = now_us - pool->started_us < PAUSE_US;

	if (pid != pool->pid)
		return false;
	spawner_retire(pool);
	if (early && pool->early)
		pool->pause_until_us = now_us + PAUSE_US;
	pool->early = early;
	if (WIFSIGNALED(status))
		log_event(LOG_SSHD_ERR_GENERAL, "The spawner of monitors died by signal %d: another one is started",
			  WTERMSIG(status));
	else
		log_event(LOG_SSHD_ERR_GENERAL, "The spawner of monitors ended with status %d: another one is started",
			  WEXITSTATUS(status));
	spawner_find(pool);
	return true;
}

void monitor_pool_tick(struct monitor_pool *pool)
{
	spawner_find(pool);
}

int monitor_pool_new(const struct monitor_pool_options *options, struct monitor_pool **ret_pool)
{
	struct monitor_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->options = *options;
	pool->fd = pool->slice_fd = -1;
	*ret_pool = pool;
	return 0;
}

void monitor_pool_free(struct monitor_pool *pool)
{
	if (!pool)
		return;
	spawner_retire(pool);
	if (pool->slice_fd >= 0)
		close(pool->slice_fd);
	free(pool);
}
