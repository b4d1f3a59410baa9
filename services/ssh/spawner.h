/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/spawner.h - the daemon's side of warm transports: keeps a spawner ready, asks it for one per connection
 *
 * Shapes:  struct spawner_pool; struct spawner_transport, the monitor's ends of one transport's sockets
 * Units:   connections
 * Errors:  0 or -errno; a transport that cannot be had this way is executed by its monitor instead: nothing is lost
 * Owns:    the pool owns its spawners' control sockets; the ends of a transport go to the caller
 * Runs in: sallyport-sshd main loop; no library
 * Source:  architecture.md "A connection must be cheap"; ssh-performance.md 2.7 (model M5)
 * Tests:   tests/system/test_spawner.py
 *
 *   A spawner is sallyport-transport, executed once, warmed and stripped of all privilege before its first fork. It
 *   serves so many connections and no more; the next one is started at half of that. A spawner that hangs up its
 *   control socket (a transport of its died by a signal, or it ended itself) is not used again.
 */
#ifndef SERVICES_SSH_SPAWNER_H
#define SERVICES_SSH_SPAWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "services/ssh/mon.h"

#define SPAWNER_CONNECTIONS	32u   /* default: an address layout is shared by so many connections */
#define SPAWNER_CONNECTIONS_MAX 1024u

struct spawner_options {
	int transport_fd; /* the program, for execveat */
	int empty_dir_fd;
	uid_t uid;
	gid_t gid;
	bool weak;
	unsigned connections; /* per spawner; 1: a fresh program for each connection; 0: no spawner at all */
};

struct spawner_pool;

int spawner_pool_new(const struct spawner_options *options, struct spawner_pool **ret_pool);
/* Spawners end with the last of their transports. */
void spawner_pool_free(struct spawner_pool *pool);

/* What most transports will be told by their monitors: the record of MON_START, copied. Spawners make it ready before
 * they fork; a transport that is told something else makes that. No spawner is started before this is known. */
int spawner_pool_offer(struct spawner_pool *pool, const struct mon_buf *record);

struct spawner_transport {
	int rpc_fd, event_fd; /* as in services/ssh/mon.h, non-blocking */
	int status_fd;	      /* enum mon_status; the end of file without MON_STATUS_ENDED: the spawner is gone */
};

/* Asks for a transport on this connection, whose descriptor stays the caller's. It does not wait. */
int spawner_pool_take(struct spawner_pool *pool, int connection_fd, struct spawner_transport *ret_transport);

/* A child of the daemon has ended: true when it was a spawner. */
bool spawner_pool_child(struct spawner_pool *pool, pid_t pid, int status);
/* Once a second: starts one where none is ready. */
void spawner_pool_tick(struct spawner_pool *pool);

#endif
