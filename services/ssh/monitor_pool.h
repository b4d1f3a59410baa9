/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/monitor_pool.h - the daemon's side of monitors: keeps a spawner of them ready, asks it for one per
 * connection
 *
 * Shapes:  struct monitor_pool
 * Units:   connections
 * Errors:  0 or -errno; a request that no spawner took comes back as the end of file of the session link
 * Owns:    the pool owns its spawner and a copy of the slice; host keys and directories are borrowed
 * Runs in: sallyport-sshd main loop; no library
 * Source:  ssh-performance.md 2.7; architecture.md "Programs"
 * Tests:   tests/system/test_monitor_spawner.py
 *
 *   The spawner is sallyport-monitor, executed anew for each configuration and set of host keys: it is told them once,
 *   and of connections only their own. A monitor is the daemon's child, not the spawner's (CLONE_PARENT), and says
 *   "hello" over its session link, which with the kernel's word for its pid is how the daemon knows it.
 */
#ifndef SERVICES_SSH_MONITOR_POOL_H
#define SERVICES_SSH_MONITOR_POOL_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "services/ssh/hostkey.h"
#include "services/ssh/monitor_request.h"

struct monitor_pool_options {
	int program_fd; /* sallyport-monitor, for execveat */
	int run_dir_fd, transport_fd, cli_fd, empty_dir_fd, files_fd, helper_fd;
	const char *uidmap_path, *user_keys_dir, *netns_dir;
	const struct hostkey_set *hostkeys; /* read at each start of a spawner */
	uid_t transport_uid;		    /* 0: the usual one */
	bool weak, debug, no_gcm;
	struct rlimit files; /* descriptors a session may have; the daemon has more */
};

struct monitor_pool;

int monitor_pool_new(const struct monitor_pool_options *options, struct monitor_pool **ret_pool);
/* Monitors live on. */
void monitor_pool_free(struct monitor_pool *pool);

/* Connections from now on get this slice. What was asked for before is served with the one of then. */
int monitor_pool_configure(struct monitor_pool *pool, const char *slice, size_t len_bytes);
/* The same slice in a new process: host keys have changed, or the layout of its memory may have been guessed at. */
void monitor_pool_renew(struct monitor_pool *pool);

/* Asks for a monitor; the descriptors, REQUEST_FDS_ALONE or all, stay the caller's. It does not wait. */
int monitor_pool_ask(struct monitor_pool *pool, const struct monitor_request *request, const int *fds, size_t fds_len);

/* A child of the daemon has ended: true when it was the spawner. */
bool monitor_pool_child(struct monitor_pool *pool, pid_t pid, int status);
/* Once a second: starts one where none is ready. */
void monitor_pool_tick(struct monitor_pool *pool);

#endif
