/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/session_server.h - begins sessions, keeps the table of those that live, writes down those that ended
 *
 * Shapes:  struct session_server; one peer (its end of a session link) per monitor
 * Units:   none
 * Errors:  0 or -errno; a connection that cannot be served is closed and counted
 * Owns:    the server owns the session table and its links; history, door and configuration are borrowed
 * Runs in: sallyport-sshd main loop
 * Source:  architecture.md walk (a); features.md section 5 item 14
 * Tests:   tests/system/test_session_server.py
 *
 *   accepted --asked for--> born --hello--> attached --link lost, process lives--> reserved --registers--> attached
 *   attached --"end"--> recorded (history row on disk, the monitor is told) --> gone
 *   attached or reserved --process died without "end"--> gone, END_LOST
 */
#ifndef SERVICES_SESSION_SERVER_H
#define SERVICES_SESSION_SERVER_H

#include "services/door.h"
#include "services/history.h"
#include "services/listener.h"
#include "services/session_table.h"
#include "services/ssh/monitor_pool.h"
#include "services/ssh/spawner.h"

struct event_base;
struct session_server;

struct session_server_options {
	struct event_base *base;
	const char *run_dir; /* SESSION_LINK_SOCKET is made here */
	struct history *history;
	struct door *door;
	struct spawner_pool *spawners; /* warm transports */
	struct monitor_pool *monitors;
	const struct sshd_conf *const *conf; /* *conf is the one in force; NULL before the first */
	/* A child of the daemon that is none of ours has ended: true when it is known. */
	bool (*on_other_child)(pid_t pid, int status, void *userdata);
	void *userdata;
};

/* Takes over what an earlier daemon left: sessions whose process lives keep their id and vty until they register, the
 * others become history. Then listens for monitors. */
int session_server_new(const struct session_server_options *options, struct session_server **ret_server,
		       struct err *err);
/* Live sessions go on and register with the next daemon. */
void session_server_free(struct session_server *server);

/* Asks at the door and begins a session; the descriptor is taken in any case. Whether it was let in. */
bool session_server_connection(struct session_server *server, const struct listener_connection *connection);

/* Ends a session: -ENOENT there is none, -EALREADY it is ending. */
int session_server_terminate(struct session_server *server, uint32_t id, enum session_end reason, const char *text);
/* Ends them all and refuses new ones; on_empty is called when none is left or after the time. */
void session_server_shutdown(struct session_server *server, int timeout_ms, void (*on_empty)(void *userdata),
			     void *userdata);

/* Reads what the session has said and nobody has heard yet. */
void session_server_hear(struct session_server *server, uint32_t id);

/* Once a second: retries the history, kills what outstayed its end. */
void session_server_tick(struct session_server *server);

const struct session_table *session_server_table(const struct session_server *server);

#endif
