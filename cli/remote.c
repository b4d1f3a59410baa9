/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: calls to the daemons. A connection lives for one call: opening one on this machine costs some tens of
 * microseconds, and a shell that stays open for weeks never holds a dead connection or a place in a daemon's table.
 */
#include "cli/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/varlink.h"

static const struct daemon_row {
	const char *name, *socket_name, *does;
} daemons[REMOTE_DAEMON_MAX] = {
	[REMOTE_CONFD] = { "sallyport-confd", "confd.varlink", "configuration" },
	[REMOTE_SSHD] = { "sallyport-sshd", "sshd.varlink", "SSH server" },
};

AUTO_DECLARE(struct varlink_client, varlink_client_free)

const char *remote_name(enum remote_daemon daemon)
{
	return daemons[daemon].name;
}

/* One sentence instead of an errno: what is wrong with whom, and what the operator can do. */
static int explain(enum remote_daemon daemon, int r, struct err *err)
{
	const struct daemon_row *row = &daemons[daemon];

	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
	case -ENOTDIR:
		return err_set(err, r, "The %s service (%s) is not running: start it and repeat the command", row->does,
			       row->name);
	case -EACCES:
	case -EPERM:
		return err_set(err, r, "No permission to talk to the %s service (%s): log in as a user of this router",
			       row->does, row->name);
	case -ETIMEDOUT:
		return err_set(err, r, "The %s service (%s) does not answer: repeat the command, or restart it",
			       row->does, row->name);
	default:
		return err_set(err, r, "The %s service (%s) went away during the command (%s): look, then repeat it",
			       row->does, row->name, strerror(-r));
	}
}

static int open_client(const struct remote *remote, enum remote_daemon daemon, int timeout_ms,
		       struct varlink_client **ret_client)
{
	const char *socket_name = daemons[daemon].socket_name;
	AUTO(free) char *path = NULL;

	if (remote->dir_fd != AT_FDCWD)
		return varlink_client_open_at(remote->dir_fd, socket_name, timeout_ms, ret_client, NULL);
	if (asprintf(&path, "%s/%s", remote->dir, socket_name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return varlink_client_open(path, timeout_ms, ret_client, NULL);
}

int remote_call(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		int timeout_ms, json_t **ret_reply, char **ret_error, struct err *err)
{
	AUTO(varlink_client_free) struct varlink_client *client = NULL;
	int r;

	if (ret_reply)
		*ret_reply = NULL;
	if (ret_error)
		*ret_error = NULL;
	r = open_client(remote, daemon, timeout_ms, &client);
	if (r < 0) {
		json_decref(parameters);
		return explain(daemon, r, err);
	}
	r = varlink_client_call(client, method, parameters, timeout_ms, ret_reply, ret_error, err);
	if (r < 0 && r != -EREMOTEIO)
		return explain(daemon, r, err);
	return r < 0 ? r : 0;
}

int remote_hold(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		int timeout_ms, struct varlink_client **ret_client, json_t **ret_reply, char **ret_error,
		struct err *err)
{
	AUTO(varlink_client_free) struct varlink_client *client = NULL;
	int r;

	*ret_reply = NULL;
	*ret_error = NULL;
	r = open_client(remote, daemon, timeout_ms, &client);
	if (r < 0) {
		json_decref(parameters);
		return explain(daemon, r, err);
	}
	r = varlink_client_hold(client, method, parameters, timeout_ms, ret_reply, ret_error, err);
	if (r == 0)
		*ret_client = take(client);
	return r < 0 && r != -EREMOTEIO ? explain(daemon, r, err) : r;
}

int remote_stream(const struct remote *remote, enum remote_daemon daemon, const char *method, json_t *parameters,
		  const struct remote_stream *stream, struct err *err)
{
	AUTO(varlink_client_free) struct varlink_client *client = NULL;
	int r = open_client(remote, daemon, REMOTE_TIMEOUT_MS, &client);

	if (r < 0) {
		json_decref(parameters);
		return explain(daemon, r, err);
	}
	if (stream->watch_fd >= 0)
		varlink_client_watch(client, stream->watch_fd, stream->stop, stream->userdata);
	r = varlink_client_call_more(client, method, parameters, REMOTE_STREAM_TIMEOUT_MS, stream->on_reply,
				     stream->userdata, err);
	return r < 0 && r != -EREMOTEIO && r != -ECANCELED ? explain(daemon, r, err) : r;
}
