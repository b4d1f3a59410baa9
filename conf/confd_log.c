/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: confd's share in the log: its lines go into the store that all daemons share, and whoever looks while the SSH
 * daemon is away asks here.
 */
#include "base/log.h"
#include "base/varlink_log.h"
#include "conf/confd.h"
#include "conf/task.h"

static bool may_read(const struct ucred *peer, void *userdata)
{
	struct confd_caller caller;

	confd_caller_of(userdata, peer, &caller);
	return caller.trusted || task_set_has(&caller.tasks, "logging", TASK_READ);
}

static bool may_clear(const struct ucred *peer, void *userdata)
{
	struct confd_caller caller;

	confd_caller_of(userdata, peer, &caller);
	return caller.trusted || task_set_has(&caller.tasks, "logging", TASK_WRITE);
}

static void on_cleared(const struct ucred *peer, void *userdata)
{
	struct confd_caller caller;

	confd_caller_of(userdata, peer, &caller);
	log_event(LOG_SYSLOG_INFO_GENERAL, "The log was cleared by '%s'", caller.user);
}

int confd_log_new(struct confd *confd, int dir_fd, struct varlink_log **ret_log)
{
	const struct varlink_log_options options = { .base = confd->base, .dir_fd = dir_fd, .may_read = may_read,
						     .may_clear = may_clear, .on_cleared = on_cleared,
						     .userdata = confd };

	log_keep(dir_fd);
	return varlink_log_new(&options, ret_log);
}
