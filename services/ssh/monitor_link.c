// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The session link, seen from the monitor
 *
 * The monitor owns the truth about its session and tells it to whichever sallyport-sshd there is. A session never waits
 * for the daemon: the link is non-blocking, what could not be told is told later, and when the daemon is away the link
 * looks for the next one. Only the end is patient, because a history row must not be lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/ssh/monitor_state.h"

enum {
	RETRY_FIRST_US = 50000,
	RETRY_LAST_US = 500000,
	SEND_AGAIN_US = 50000,	    /* the daemon's queue was full */
	STATISTICS_EVERY_US = 1000000,
	BEFORE_AUTH_US = 100000, /* what changes during a login is told with the login, which takes less */
	FINISH_MAX_S = 600,
	FINISH_SHUTDOWN_MAX_S = 10, /* nobody may come back */
	FINISH_HURRY_US = 500000,   /* after SIGTERM */
};

/* What the other end of the first link has told us itself, and believes nobody else (session_table_update). The next
 * daemon is told everything. */
static void known_leave_out(struct session_report *session)
{
	session->vty = 0;
	session->vrf[0] = session->peer_address[0] = session->local_address[0] = '\0';
	session->peer_port = session->local_port = 0;
	session->start_us = 0;
	session->pid = 0;
}

static struct session_link_message *message_make(const struct monitor *m, enum session_message type)
{
	struct session_link_message *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	session_link_begin(message, type);
	message->session = m->session;
	if (m->link_is_first)
		known_leave_out(&message->session);
	for (size_t i = 0; i < m->channels_used && message->channels_len < SESSION_ROWS_MAX; i++) {
		const struct monitor_channel *slot = &m->channels[i];
		struct channel_report *row;

		if (!slot->open)
			continue;
		row = &message->channels[message->channels_len++];
		memset(row, 0, sizeof(*row));
		row->session_id = m->session.id;
		row->channel = slot->shown;
		row->type = slot->type;
		row->has_pty = slot->has_pty;
		memcpy(row->command, slot->command, sizeof(row->command));
	}
	return message;
}

static void link_close(struct monitor *m)
{
	if (m->link_fd >= 0)
		close(m->link_fd);
	m->link_fd = -1;
	m->link_is_first = false;
	m->link_pause_us = RETRY_FIRST_US;
	m->link_retry_us = clock_monotonic_us() + RETRY_FIRST_US;
}

/* Whether it went out; when it did not, it is tried again by the timers. */
static bool link_send(struct monitor *m, enum session_message type)
{
	AUTO(free) struct session_link_message *message = message_make(m, type);
	size_t size_bytes = message ? SESSION_LINK_MAX_BYTES / SESSION_ROWS_MAX * (message->channels_len + 16) : 0;
	AUTO(free) char *bytes = malloc(size_bytes);
	int len;

	if (m->link_fd < 0 || !message || !bytes)
		return false;
	len = session_link_encode(message, bytes, size_bytes);
	if (len < 0) {
		log_debug("mon", "session of vty%u does not encode: %s", m->session.vty, strerror(-len));
		return false;
	}
	if (send(m->link_fd, bytes, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) == len)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS)
		link_close(m);
	return false;
}

static void tell_state(struct monitor *m)
{
	m->link_due_us = 0;
	if (!m->dirty || m->link_fd < 0)
		return;
	m->dirty = !link_send(m, SESSION_MESSAGE_STATE);
	if (m->dirty)
		m->link_due_us = clock_monotonic_us() + SEND_AGAIN_US;
}

void monitor_link_init(struct monitor *m)
{
	static const char hello[] = SESSION_LINK_HELLO;

	m->link_fd = m->start->link_fd;
	m->link_is_first = m->link_fd >= 0;
	m->link_pause_us = RETRY_FIRST_US;
	/* who made the link knows what there is to know, but for who we are */
	if (m->link_fd >= 0 && send(m->link_fd, hello, strlen(hello), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		link_close(m);
	if (m->link_fd < 0)
		m->link_retry_us = clock_monotonic_us();
}

void monitor_link_changed(struct monitor *m, bool now)
{
	int64_t wait_us = now ? BEFORE_AUTH_US : STATISTICS_EVERY_US;

	m->dirty = true;
	if (now && m->phase == PHASE_AFTER_AUTH)
		tell_state(m);
	else if (!m->link_due_us || m->link_due_us > clock_monotonic_us() + wait_us)
		m->link_due_us = clock_monotonic_us() + wait_us;
}

/* Only the daemon itself, or root, may take our session into its table. */
static bool peer_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static int link_connect(const struct monitor *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO(close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* Through the descriptor: the way to the run directory may be closed to us, or longer than sun_path. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", m->start->run_dir_fd,
		 SESSION_LINK_SOCKET);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (!peer_trusted(fd))
		return -EPERM;
	return take_fd(fd);
}

static void link_retry(struct monitor *m, int64_t now_us)
{
	m->link_fd = link_connect(m);
	if (m->link_fd < 0) {
		m->link_fd = -1;
		m->link_retry_us = now_us + m->link_pause_us;
		if (m->link_pause_us < RETRY_LAST_US)
			m->link_pause_us = m->link_pause_us * 2 > RETRY_LAST_US ? RETRY_LAST_US : m->link_pause_us * 2;
		return;
	}
	m->link_retry_us = 0;
	m->link_pause_us = RETRY_FIRST_US;
	m->dirty = true;
	tell_state(m);
}

void monitor_link_readable(struct monitor *m)
{
	static char bytes[SESSION_LINK_MAX_BYTES];
	AUTO(free) struct session_link_message *message = malloc(sizeof(*message));
	ssize_t n = recv(m->link_fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (size_t)n > sizeof(bytes) || !message ||
	    session_link_decode(bytes, (size_t)n, message, NULL) < 0) {
		link_close(m);
		return;
	}
	if (message->type == SESSION_MESSAGE_RECORDED)
		m->link_recorded = true;
	else if (message->type == SESSION_MESSAGE_TERMINATE && m->transport_lives)
		monitor_stop(m, (enum session_end)message->terminate_reason, message->terminate_text);
}

void monitor_link_timers(struct monitor *m, int64_t now_us)
{
	if (m->link_fd < 0 && now_us >= m->link_retry_us)
		link_retry(m, now_us);
	if (m->link_due_us && now_us >= m->link_due_us)
		tell_state(m);
}

int64_t monitor_link_next_us(const struct monitor *m)
{
	if (m->link_fd < 0)
		return m->link_retry_us;
	return m->link_due_us;
}

/* Whoever stops this process says that it is in a hurry. */
static void finish_hurry(struct monitor *m, int64_t *until_us)
{
	int64_t soon_us = clock_monotonic_us() + FINISH_HURRY_US;
	struct signalfd_siginfo info;

	while (read(m->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM && soon_us < *until_us)
			*until_us = soon_us;
}

/* One look at the link while waiting for "recorded". */
static void finish_step(struct monitor *m, bool *told, int64_t *until_us)
{
	int64_t now = clock_monotonic_us(), next = *until_us;
	struct pollfd fds[2] = { { .events = POLLIN }, { .fd = m->signal_fd, .events = POLLIN } };

	if (m->link_fd < 0) {
		*told = false;
		if (now >= m->link_retry_us)
			link_retry(m, now);
	}
	if (m->link_fd >= 0 && !*told)
		*told = link_send(m, SESSION_MESSAGE_END);
	if (m->link_fd < 0 && m->link_retry_us < next)
		next = m->link_retry_us;
	else if (m->link_fd >= 0 && !*told && now + SEND_AGAIN_US < next)
		next = now + SEND_AGAIN_US;
	fds[0].fd = m->link_fd;
	now = clock_monotonic_us();
	if (poll(fds, ARRAY_SIZE(fds), next > now ? (int)((next - now) / 1000 + 1) : 0) <= 0)
		return;
	if (fds[0].revents)
		monitor_link_readable(m);
	if (fds[1].revents)
		finish_hurry(m, until_us);
}

void monitor_link_finish(struct monitor *m)
{
	int64_t max_s = m->session.end_reason == END_SHUTDOWN ? FINISH_SHUTDOWN_MAX_S : FINISH_MAX_S;
	int64_t until_us = clock_monotonic_us() + max_s * 1000000;
	bool told = false;

	while (!m->link_recorded && clock_monotonic_us() < until_us)
		finish_step(m, &told, &until_us);
	if (!m->link_recorded)
		log_event(LOG_SSHD_ERR_GENERAL, "The end of session %u on 'vty%u' could not be recorded", m->session.id,
			  m->session.vty);
}
