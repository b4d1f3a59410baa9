// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: A transport that a spawner has forked
 *
 * It is not the monitor's child. Who it is the kernel says, with its first words on the status socket; from then
 * on a descriptor of the process stands for it. How it ended the spawner says on the same socket, before it reaps;
 * should the spawner be gone, the descriptor itself tells the end. A request that no spawner took comes back as an
 * end of file: the monitor then executes a transport of its own, and the client has noticed nothing.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "services/ssh/monitor_state.h"

enum status_word { STATUS_NOTHING, STATUS_HELLO, STATUS_ENDED, STATUS_CLOSED };

/* Reads one record; STATUS_CLOSED when the spawner, or a request, is gone. */
static enum status_word status_read(int fd, int flags, struct ucred *ret_sender, int *ret_status)
{
	uint8_t bytes[16];
	struct mon_buf record = { .bytes = bytes };
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &msg, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head;
	uint16_t type, channel;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return STATUS_NOTHING;
	if (n <= 0)
		return STATUS_CLOSED;
	*ret_sender = (struct ucred){ .pid = 0 };
	head = CMSG_FIRSTHDR(&msg);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_CREDENTIALS)
		memcpy(ret_sender, CMSG_DATA(head), sizeof(*ret_sender));
	record.len = (size_t)n;
	if (mon_get_start(&record, &type, &channel) < 0)
		return STATUS_NOTHING;
	*ret_status = type == MON_STATUS_ENDED ? (int)mon_get_u32(&record) : 0;
	if (mon_get_end(&record) < 0)
		return STATUS_NOTHING;
	return type == MON_STATUS_HELLO ? STATUS_HELLO : type == MON_STATUS_ENDED ? STATUS_ENDED : STATUS_NOTHING;
}

static void status_close(struct monitor *m)
{
	if (m->status_fd >= 0)
		close(take_fd(m->status_fd));
}

static void spawned_ended(struct monitor *m, int status)
{
	status_close(m);
	if (m->transport_pid_fd >= 0)
		close(take_fd(m->transport_pid_fd));
	monitor_transport_ended(m, status);
}

/* The descriptor stands for the right process: the spawner says the end before it frees the number, so as long as
 * nothing of an end is there, the number was this transport's when the descriptor was made. */
static void hello_take(struct monitor *m, const struct ucred *sender)
{
	uid_t uid = m->start->weak ? geteuid() : m->start->transport_uid ? m->start->transport_uid : UIDMAP_TRANSPORT;
	struct ucred unused;
	int status;

	if (m->transport_pid_fd >= 0 || sender->pid <= 0 || sender->uid != uid)
		return;
	m->transport_pid_fd = pidfd_open(sender->pid, 0);
	if (m->transport_pid_fd < 0 || status_read(m->status_fd, MSG_PEEK, &unused, &status) == STATUS_ENDED) {
		if (m->transport_pid_fd >= 0)
			close(take_fd(m->transport_pid_fd));
		return; /* its end is the next record */
	}
	close(m->start->connection_fd);
}

/* No spawner took the request. What it was given is closed, and the client has got nothing yet. */
static void request_lost(struct monitor *m)
{
	status_close(m);
	close(take_fd(m->rpc_fd));
	close(take_fd(m->event_fd));
	m->rpc_ended = m->transport_lives = false;
	m->transport_kill_us = 0;
	if (m->session.end_reason == END_NONE && monitor_transport_exec(m) == 0)
		return;
	monitor_end(m, END_REFUSED, "the session's processes cannot be started");
	shutdown(m->start->connection_fd, SHUT_RDWR);
	close(m->start->connection_fd);
}

void monitor_spawned_begin(struct monitor *m)
{
	m->rpc_fd = m->start->spawned->rpc_fd;
	m->event_fd = m->start->spawned->event_fd;
	m->status_fd = m->start->spawned->status_fd;
	m->transport_lives = true;
}

int monitor_spawned_poll_fd(const struct monitor *m)
{
	return m->status_fd >= 0 ? m->status_fd : m->transport_pid_fd;
}

void monitor_spawned_readable(struct monitor *m)
{
	struct ucred sender;
	int status = 0;

	/* without a spawner the end of the process is seen, but not how */
	if (m->status_fd < 0) {
		spawned_ended(m, 0);
		return;
	}
	switch (status_read(m->status_fd, 0, &sender, &status)) {
	case STATUS_NOTHING:
		return;
	case STATUS_HELLO:
		hello_take(m, &sender);
		return;
	case STATUS_ENDED:
		spawned_ended(m, status);
		return;
	case STATUS_CLOSED:
		if (m->transport_pid_fd < 0)
			request_lost(m);
		else
			status_close(m);
		return;
	}
}

void monitor_spawned_kill(struct monitor *m)
{
	if (m->transport_pid_fd >= 0) {
		pidfd_send_signal(m->transport_pid_fd, SIGKILL, NULL, 0);
		return;
	}
	/* should a spawner still fork it, it finds nobody to ask and no connection */
	m->rpc_ended = true;
	shutdown(m->start->connection_fd, SHUT_RDWR);
	close(m->start->connection_fd);
	close(take_fd(m->rpc_fd));
	spawned_ended(m, 0);
}
