/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/remote.h - the daemons as the shell sees them: one call, one answer, or one sentence for the operator
 *
 * Shapes:  struct remote, where the sockets are; enum remote_daemon
 * Units:   timeout_ms milliseconds
 * Errors:  0 or -errno; -EREMOTEIO the daemon answered with an error (name in ret_error, members in ret_reply); every
 *          other failure has a whole sentence in err that names the daemon and what to do
 * Owns:    nothing between calls: each call opens and closes its connection, so a daemon that was restarted is found
 * Runs in: sallyport (CLI)
 * Source:  architecture.md walk (c)
 * Tests:   tests/system/test_cli.py
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

enum remote_daemon { REMOTE_CONFD, REMOTE_SSHD, REMOTE_DAEMON_MAX };

struct varlink_client;

struct remote {
	int dir_fd;	 /* sockets are found relative to it; AT_FDCWD */
	const char *dir; /* run directory, used when dir_fd is AT_FDCWD */
};

#define REMOTE_TIMEOUT_MS	 10000 /* an answer about state */
#define REMOTE_COMMIT_TIMEOUT_MS 60000 /* a commit waits for every member */
#define REMOTE_STREAM_TIMEOUT_MS 3700000 /* the daemon ends what lasts an hour */
#define REMOTE_PROMPT_TIMEOUT_MS 500   /* a prompt waits for nobody longer */

/* parameters is stolen and may be NULL. Either ret_ pointer may be NULL; *ret_reply is set to NULL or a new reference,
 * *ret_error to NULL or a malloc'ed name, on every path. */
int remote_call(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		int timeout_ms, json_t **ret_reply, char **ret_error, struct err *err);

/* The same with a call that lasts: *ret_client holds it open until varlink_client_free(). */
int remote_hold(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		int timeout_ms, struct varlink_client **ret_client, json_t **ret_reply, char **ret_error,
		struct err *err);

/* A call with many replies, each given to on_reply, which may end it by returning <0. The wait ends with -ECANCELED
 * when stop(), asked whenever watch_fd can be read, says so. */
struct remote_stream {
	int (*on_reply)(const json_t *reply, void *userdata);
	bool (*stop)(void *userdata);
	int watch_fd; /* -1: nothing to watch */
	void *userdata;
};
int remote_stream(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		  const struct remote_stream *stream, struct err *err);

/* "sallyport-confd" */
const char *remote_name(enum remote_daemon daemon);

#endif
