// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The privileged half of one connection
 *
 * One process, one poll loop. It starts the transport, answers its requests by the rows below, keeps the times, and
 * outlives it just long enough to end its programs and to have the end of the session recorded. The transport is
 * treated as taken over from its first byte on: whatever it says is a wish, and a wish that has no row ends the
 * connection.
 */
#include "services/ssh/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/monitor_state.h"
#include "vrf/vrf_watch.h"

enum {
	ONCE = 1,
	KEX = 1,	   /* libssh makes its first key exchange only, until the user is known */
	TRIES = 128,	   /* a ceiling; the configured number of tries comes first */
	REKEYS = 1000000,  /* one per megabyte of a terabyte */
	ANY = 0x7fffffff,
	LOGS_MAX = 200,
	LOG_TEXT_MAX_BYTES = 512,
	LOG_DEBUG_SEVERITY = 7, /* syslog(3) */
	GIVE_BACK_US = 1000000,
	REQUESTS_AT_ONCE = 16, /* before timers and children get their turn */
	HANG_UP_SHUTDOWN_US = 300000,
	LOGIN_TIME_MAX_S = 120,
	TRANSPORT_ROOT_FD = 6, /* O_PATH of the empty root */
	TRANSPORT_PROGRAM_FD = 7,
};

/* What was asked, and what is answered: on pages of their own, which go back when nothing is asked for a while. */
static struct {
	uint8_t ask[MON_RECORD_MAX_BYTES], answer[MON_RECORD_MAX_BYTES];
} records __attribute__((aligned(4096)));

static monitor_answer answer_log, answer_statistics, answer_closing;

struct mon_row {
	enum mon_type request;
	monitor_answer *answer;
	uint32_t times; /* in the life of the connection */
};

static const struct mon_row starting_rows[] = {
	{ MON_START, monitor_auth_start, ONCE },
	{ MON_LOG, answer_log, ANY },
	{ MON_CLOSING, answer_closing, ONCE },
	{ 0 },
};

static const struct mon_row before_auth_rows[] = {
	{ MON_SIGN, monitor_auth_sign, KEX },
	{ MON_VERIFY, monitor_auth_verify, TRIES },
	{ MON_ALGORITHMS, monitor_auth_algorithms, ONCE },
	{ MON_NEGOTIATION, monitor_auth_negotiation, ONCE },
	{ MON_AUTH_NONE, monitor_auth_none, TRIES },
	{ MON_AUTH_PASSWORD, monitor_auth_password, TRIES },
	{ MON_AUTH_QUERY, monitor_auth_query, TRIES },
	{ MON_AUTH_KEY, monitor_auth_key, TRIES },
	{ MON_KBDINT_START, monitor_kbdint_start, TRIES },
	{ MON_KBDINT_ANSWER, monitor_kbdint_answer, TRIES * KBDINT_ROUNDS_MAX },
	{ MON_LOG, answer_log, ANY },
	{ MON_STATISTICS, answer_statistics, ANY },
	{ MON_CLOSING, answer_closing, ONCE },
	{ 0 },
};

static const struct mon_row after_auth_rows[] = {
	{ MON_SIGN, monitor_auth_sign, REKEYS },
	{ MON_CHANNEL_OPEN, monitor_session_open, ANY },
	{ MON_PTY, monitor_session_pty, ANY },
	{ MON_ENV, monitor_session_env, ANY },
	{ MON_SHELL, monitor_session_program, ANY },
	{ MON_EXEC, monitor_session_program, ANY },
	{ MON_SUBSYSTEM, monitor_session_subsystem, ANY },
	{ MON_WINDOW, monitor_session_window, ANY },
	{ MON_SIGNAL, monitor_session_signal, ANY },
	{ MON_CHANNEL_CLOSE, monitor_session_close, ANY },
	{ MON_FORWARD, monitor_forward, ANY },
	{ MON_LOG, answer_log, ANY },
	{ MON_STATISTICS, answer_statistics, ANY },
	{ MON_CLOSING, answer_closing, ONCE },
	{ 0 },
};

/* The authentication was ended: what the client had sent ahead is answered alike. */
static const struct mon_row ending_rows[] = {
	{ MON_VERIFY, monitor_auth_verify, TRIES },
	{ MON_AUTH_NONE, monitor_auth_over, TRIES },
	{ MON_AUTH_PASSWORD, monitor_auth_over, TRIES },
	{ MON_AUTH_QUERY, monitor_auth_over, TRIES },
	{ MON_AUTH_KEY, monitor_auth_over, TRIES },
	{ MON_KBDINT_START, monitor_auth_over, TRIES },
	{ MON_KBDINT_ANSWER, monitor_auth_over, TRIES * KBDINT_ROUNDS_MAX },
	{ MON_LOG, answer_log, ANY },
	{ MON_STATISTICS, answer_statistics, ANY },
	{ MON_CLOSING, answer_closing, ONCE },
	{ 0 },
};

static const struct mon_row *const phase_rows[PHASE_MAX] = {
	[PHASE_STARTING] = starting_rows,
	[PHASE_BEFORE_AUTH] = before_auth_rows,
	[PHASE_AFTER_AUTH] = after_auth_rows,
	[PHASE_ENDING] = ending_rows,
};

/* What is left of root. sys_chroot is the transport's: it starts with these and keeps none. */
static const unsigned monitor_caps[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_CHOWN, CAP_KILL, CAP_SYS_CHROOT };

/* ---- small things ---- */

void monitor_text(struct mon_string string, char *text, size_t size_bytes)
{
	size_t len = string.len < size_bytes ? string.len : size_bytes - 1;

	for (size_t i = 0; i < len; i++)
		text[i] = string.bytes[i] < 0x20 || string.bytes[i] == 0x7f ? '?' : (char)string.bytes[i];
	text[len] = '\0';
}

void monitor_end(struct monitor *m, enum session_end reason, const char *text)
{
	if (m->session.end_reason != END_NONE)
		return;
	m->session.end_reason = reason > END_NONE && reason < SESSION_END_MAX ? (int)reason : END_PROTOCOL_ERROR;
	snprintf(m->session.end_text, sizeof(m->session.end_text), "%.159s", text ? text : "");
}

static void kill_transport(struct monitor *m)
{
	if (m->transport_pid)
		kill(m->transport_pid, SIGKILL);
	else if (m->transport_lives)
		monitor_spawned_kill(m);
	m->transport_kill_us = 0;
}

/* Takes the connection down because of what the transport did. */
static void violation(struct monitor *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void violation(struct monitor *m, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_event(LOG_SSHD_ERR_GENERAL, "The transport of '%s' port %u vrf '%s' on 'vty%u' is stopped: it %s",
		  m->session.peer_address, m->session.peer_port, m->session.vrf, m->session.vty, text);
	monitor_end(m, END_PROTOCOL_ERROR, text);
	m->rpc_ended = true; /* nothing more of it is heard */
	kill_transport(m);
}

void monitor_event(struct monitor *m, const struct mon_buf *event)
{
	monitor_event_fd(m, event, -1);
}

void monitor_event_fd(struct monitor *m, const struct mon_buf *event, int fd)
{
	int r = m->transport_lives ? mon_send(m->event_fd, event, &fd, fd >= 0) : 0;

	if (r == -EAGAIN)
		violation(m, "does not read its events");
}

void monitor_stop(struct monitor *m, enum session_end reason, const char *text)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES];
	struct mon_buf event = { .bytes = bytes };

	monitor_end(m, reason, text);
	if (m->transport_kill_us)
		return;
	m->transport_kill_us = clock_monotonic_us() +
			       (reason == END_SHUTDOWN ? HANG_UP_SHUTDOWN_US : MONITOR_TERMINATE_AFTER_US);
	mon_put_start(&event, MON_EVENT_TERMINATE, 0);
	mon_put_text(&event, text);
	monitor_event(m, &event);
}

/* ---- requests that are always allowed ---- */

static int answer_log(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		      struct monitor_reply *reply, struct err *err)
{
	uint8_t severity = mon_get_u8(ask);
	struct mon_string string = mon_get_string(ask);
	char text[LOG_TEXT_MAX_BYTES];

	(void)channel;
	(void)answer;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	if (m->logs++ >= LOGS_MAX)
		return 0;
	monitor_text(string, text, sizeof(text));
	if (severity >= LOG_DEBUG_SEVERITY)
		log_debug("transport", "vty%u: %s", m->session.vty, text);
	else if (severity <= 4 || m->start->profile->logging)
		log_event(severity <= 3 ? LOG_SSHD_ERR_GENERAL :
			  severity == 4 ? LOG_SSHD_WARN_GENERAL :
					  LOG_SSHD_INFO_GENERAL,
			  "Connection from '%s' port %u vrf '%s' on 'vty%u': %s", m->session.peer_address,
			  m->session.peer_port, m->session.vrf, m->session.vty, text);
	return 0;
}

static int answer_statistics(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			     struct monitor_reply *reply, struct err *err)
{
	uint64_t in = mon_get_u64(ask), out = mon_get_u64(ask), since_kex = mon_get_u64(ask);

	(void)channel;
	(void)answer;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	m->session.bytes_in = in;
	m->session.bytes_out = out;
	m->session.kex_bytes = since_kex;
	monitor_link_changed(m, false);
	return 0;
}

/* How a connection ended from the transport's side; the reasons that are the monitor's own are not its to give. */
static int answer_closing(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			  struct monitor_reply *reply, struct err *err)
{
	uint32_t reason = mon_get_u32(ask);
	char text[sizeof(m->session.end_text)];

	(void)channel;
	(void)answer;
	(void)reply;
	monitor_text(mon_get_string(ask), text, sizeof(text));
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	if (reason != END_CLIENT_CLOSED && reason != END_EXIT && reason != END_AUTH_FAILED && reason != END_NEGOTIATION)
		reason = END_PROTOCOL_ERROR;
	if (m->phase != PHASE_AFTER_AUTH && m->tries && reason == END_CLIENT_CLOSED)
		reason = END_AUTH_FAILED;
	/* why is the monitor's to say */
	monitor_end(m, (enum session_end)reason, reason == END_AUTH_FAILED && *m->refusal ? m->refusal : text);
	return 0;
}

/* ---- dispatch ---- */

static const struct mon_row *find_row(const struct monitor *m, uint16_t type)
{
	for (const struct mon_row *row = phase_rows[m->phase]; row->answer; row++)
		if (row->request == type)
			return row;
	return NULL;
}

static void send_answer(struct monitor *m, struct mon_buf *answer, struct monitor_reply *reply)
{
	int r = mon_send(m->rpc_fd, answer, reply->fds, reply->fds_len);

	for (size_t i = 0; i < reply->fds_len; i++)
		close(reply->fds[i]);
	if (r == -EPIPE)
		m->rpc_ended = true;
	else if (r < 0)
		violation(m, "does not read its answers");
}

static void handle_record(struct monitor *m, struct mon_buf *ask)
{
	struct mon_buf answer = { .bytes = records.answer };
	struct monitor_reply reply = { .fds_len = 0 };
	struct err err = { .text = "" };
	const struct mon_row *row;
	uint16_t type, channel;

	if (mon_get_start(ask, &type, &channel) < 0)
		return violation(m, "sent a malformed record");
	row = find_row(m, type);
	if (!row)
		return violation(m, "sent request %u, which is not permitted %s authentication", type,
				 m->phase == PHASE_AFTER_AUTH ? "after" : "before");
	if (++m->counts[type] > row->times)
		return violation(m, "sent request %u more than %u times", type, row->times);
	mon_put_start(&answer, type, channel);
	if (row->answer(m, ask, channel, &answer, &reply, &err) < 0)
		return violation(m, "sent request %u: %s", type, err.text);
	send_answer(m, &answer, &reply);
}

static void handle_requests(struct monitor *m)
{
	for (int i = 0; i < REQUESTS_AT_ONCE && !m->rpc_ended; i++) {
		struct mon_buf ask = { .bytes = records.ask };
		int r = mon_receive(m->rpc_fd, &ask, NULL, NULL);

		if (r == -EAGAIN)
			return;
		if (r == -EPIPE)
			m->rpc_ended = true;
		else if (r < 0)
			violation(m, "sent a record of no right size");
		else
			handle_record(m, &ask);
		/* It may have held a password. */
		explicit_bzero(records.ask, r == 0 ? ask.len : 0);
		m->give_back_us = clock_monotonic_us() + GIVE_BACK_US;
	}
}

/* ---- the transport ---- */

static void transport_exec(const struct monitor *m, int rpc_fd, int event_fd) __attribute__((noreturn));
static void transport_exec(const struct monitor *m, int rpc_fd, int event_fd)
{
	uid_t uid = m->start->transport_uid ? m->start->transport_uid : UIDMAP_TRANSPORT;
	gid_t gid = m->start->transport_gid ? m->start->transport_gid : (gid_t)uid;
	char name[] = "sallyport-transport", uid_option[] = "--uid", gid_option[] = "--gid", weak[] = "--weak";
	char uid_text[16], gid_text[16];
	char *argv[] = { name, uid_option, uid_text, gid_option, gid_text, m->start->weak ? weak : NULL, NULL };
	char path[] = "PATH=/usr/bin:/bin", *envp[] = { path, NULL };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int from[] = { null_fd, null_fd, null_fd, m->start->connection_fd,
			     rpc_fd, event_fd, m->start->empty_dir_fd, m->start->transport_fd };
	int high[ARRAY_SIZE(from)];

	proc_signals_default();
	snprintf(uid_text, sizeof(uid_text), "%u", (unsigned)uid);
	snprintf(gid_text, sizeof(gid_text), "%u", (unsigned)gid);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16)) < 0)
			_exit(126);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (dup3(high[i], (int)i, i == TRANSPORT_PROGRAM_FD ? O_CLOEXEC : 0) < 0)
			_exit(126);
	if (close_range(TRANSPORT_PROGRAM_FD + 1, ~0u, 0) < 0 || chdir("/") < 0)
		_exit(126);
	execveat(TRANSPORT_PROGRAM_FD, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

int monitor_transport_exec(struct monitor *m)
{
	int rpc[2] = { -1, -1 }, events[2] = { -1, -1 };
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, rpc) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		transport_exec(m, rpc[1], events[1]);
	close(rpc[1]);
	close(events[1]);
	close(m->start->connection_fd);
	/* Only our ends: a transport that does not read must not stop us. */
	if (fcntl(rpc[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(events[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	m->transport_pid = pid;
	m->transport_lives = true;
	m->rpc_fd = rpc[0];
	m->event_fd = events[0];
	return 0;
}

void monitor_transport_ended(struct monitor *m, int status)
{
	/* its last words are still in the socket */
	for (int i = 0; i < REQUESTS_AT_ONCE && !m->rpc_ended; i++)
		handle_requests(m);
	m->transport_lives = false;
	m->transport_kill_us = 0;
	if (WIFSIGNALED(status) && m->session.end_reason == END_NONE) {
		log_event(LOG_SSHD_ERR_GENERAL,
			  "The transport of '%s' port %u vrf '%s' on 'vty%u' died by signal %d (SIG%s)",
			  m->session.peer_address, m->session.peer_port, m->session.vrf, m->session.vty,
			  WTERMSIG(status), sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
		monitor_end(m, END_PROTOCOL_ERROR, "the transport died by a signal");
		snprintf(m->session.end_text, sizeof(m->session.end_text), "the transport died by signal %d",
			 WTERMSIG(status));
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) && m->phase == PHASE_STARTING) {
		log_event(LOG_SSHD_ERR_GENERAL, "The transport of 'vty%u' does not start (exit status %d)",
			  m->session.vty, WEXITSTATUS(status));
		monitor_end(m, END_PROTOCOL_ERROR, "the transport does not start");
	}
}

/* ---- the loop ---- */

static void handle_signals(struct monitor *m)
{
	struct signalfd_siginfo info;
	int status;

	while (read(m->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM)
			monitor_stop(m, END_SHUTDOWN, "the session was stopped by the system");
	if (m->transport_pid && waitpid(m->transport_pid, &status, WNOHANG) == m->transport_pid) {
		m->transport_pid = 0;
		monitor_transport_ended(m, status);
	}
	monitor_session_reap(m);
}

static void sooner(int64_t *next_us, int64_t when_us)
{
	if (when_us && (!*next_us || when_us < *next_us))
		*next_us = when_us;
}

static int poll_timeout_ms(const struct monitor *m)
{
	int64_t next = 0, left;

	sooner(&next, m->login_us);
	sooner(&next, m->transport_kill_us);
	sooner(&next, m->give_back_us);
	sooner(&next, monitor_link_next_us(m));
	for (size_t i = 0; i < m->channels_used; i++)
		sooner(&next, m->channels[i].kill_us);
	if (!next)
		return -1;
	left = next - clock_monotonic_us();
	return left > 0 ? (int)(left / 1000 + 1) : 0;
}

static void handle_timers(struct monitor *m)
{
	int64_t now = clock_monotonic_us();

	if (m->login_us && now >= m->login_us) {
		m->login_us = 0;
		log_event(LOG_SSHD_WARN_GENERAL,
			  "No authentication within %d s from '%s' port %u vrf '%s' on 'vty%u'",
			  (int)m->start->profile->timeout_s, m->session.peer_address, m->session.peer_port,
			  m->session.vrf, m->session.vty);
		monitor_stop(m, END_AUTH_TIMEOUT, "login timeout expired");
	}
	if (m->transport_kill_us && now >= m->transport_kill_us)
		kill_transport(m);
	if (m->give_back_us && now >= m->give_back_us) {
		m->give_back_us = 0;
		heap_give_back();
		heap_give_back_pages(&records, sizeof(records));
	}
	monitor_session_timers(m, now);
	monitor_link_timers(m, now);
}

static void loop_once(struct monitor *m)
{
	struct pollfd fds[] = {
		{ .fd = m->signal_fd, .events = POLLIN },
		{ .fd = m->link_fd, .events = POLLIN },
		{ .fd = m->rpc_ended ? -1 : m->rpc_fd, .events = POLLIN },
		{ .fd = monitor_spawned_poll_fd(m), .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), poll_timeout_ms(m)) > 0) {
		if (fds[1].revents && m->link_fd == fds[1].fd)
			monitor_link_readable(m);
		/* who a transport is comes before what it asks */
		if (fds[3].revents)
			monitor_spawned_readable(m);
		if (fds[2].revents && m->rpc_fd == fds[2].fd)
			handle_requests(m);
		if (fds[0].revents)
			handle_signals(m);
	}
	/* A transport that has hung up on us has nothing left to live for. */
	if (m->rpc_ended && m->transport_lives && !m->transport_kill_us)
		m->transport_kill_us = clock_monotonic_us() + MONITOR_TERMINATE_AFTER_US;
	handle_timers(m);
}

/* ---- begin and end ---- */

static int enter_place(struct monitor *m, struct err *err)
{
	const struct rlimit no_core = { 0, 0 };
	int r = 0;

	setsid();
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
	/* Here and not in each child: the namespace may lose its name while the session lives. */
	if (m->start->vrf && m->start->vrf->kind == VRF_KIND_NETNS)
		r = vrf_enter(m->start->vrf, err);
	if (r == 0 && geteuid() == 0)
		r = proc_limit_caps(monitor_caps, ARRAY_SIZE(monitor_caps), err);
	return r;
}

static int open_signals(struct monitor *m)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Blocked and not ignored: a child that is hung up before it executes must not lose the signal. */
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return m->signal_fd < 0 ? -errno : 0;
}

static void init(struct monitor *m, const struct monitor_start *start)
{
	int64_t timeout_s = start->profile->timeout_s;

	/* zeroes are there already, and are not written again: what is not written stays shared with the spawner */
	m->start = start;
	m->session = start->session;
	m->rpc_fd = m->event_fd = m->signal_fd = m->status_fd = m->transport_pid_fd = -1;
	m->session.state = SESSION_OPEN_TCP;
	m->session.pid = (uint32_t)getpid();
	if (timeout_s <= 0 || timeout_s > LOGIN_TIME_MAX_S)
		timeout_s = LOGIN_TIME_MAX_S;
	/* From the accept on, which was a moment ago. */
	m->login_us = clock_monotonic_us() + timeout_s * 1000000;
	m->sign_tokens = 256;
	m->sign_filled_us = clock_monotonic_us();
	snprintf(m->session.auth_word, sizeof(m->session.auth_word), "--");
}

/* The words of the reference, by wish ("ssh server logging"). */
static void log_end(const struct monitor *m)
{
	const struct session_report *session = &m->session;

	if (!m->start->profile->logging)
		return;
	if (session->end_reason == END_CLIENT_CLOSED)
		log_event(LOG_SSHD_INFO_GENERAL, "Client closes socket connection");
	if (m->phase == PHASE_AFTER_AUTH)
		log_event(LOG_SSHD_INFO_USER_LOGOUT, "User '%s' from '%s' logged out on 'vty%u'", session->user,
			  session->peer_address, session->vty);
	else
		log_event(LOG_SSHD_INFO_GENERAL,
			  "Connection from '%s' port %u vrf '%s' on 'vty%u' ended before login: %s%s%s",
			  session->peer_address, session->peer_port, session->vrf, session->vty,
			  session_end_words[session->end_reason], *session->end_text ? ", " : "", session->end_text);
}

static void finish(struct monitor *m)
{
	struct session_report *session = &m->session;

	if (m->phase != PHASE_AFTER_AUTH && m->tries)
		monitor_end(m, END_AUTH_FAILED, m->refusal);
	else
		monitor_end(m, END_CLIENT_CLOSED, NULL);
	monitor_session_hang_up(m, session->end_reason == END_SHUTDOWN ? HANG_UP_SHUTDOWN_US : MONITOR_KILL_AFTER_US);
	while (monitor_session_alive(m))
		loop_once(m);
	proof_done(&m->proof);
	kbdint_end(&m->kbdint);
	session->state = SESSION_CLOSED;
	session->end_us = clock_wall_us();
	log_end(m);
	monitor_link_finish(m);
}

void monitor_run(struct monitor_start *start)
{
	static struct monitor monitor;
	struct monitor *m = &monitor;
	struct err err = { .text = "" };
	int r;

	init(m, start);
	proc_title("sallyport-mon", "sallyport-session: [login]@vty%u", m->session.vty);
	r = enter_place(m, &err);
	if (r == 0)
		r = open_signals(m);
	monitor_link_init(m);
	if (r == 0 && start->spawned)
		monitor_spawned_begin(m);
	else if (r == 0)
		r = monitor_transport_exec(m);
	if (r < 0) {
		log_event(LOG_SSHD_ERR_GENERAL, "No session for '%s' port %u vrf '%s' on 'vty%u': %s",
			  m->session.peer_address, m->session.peer_port, m->session.vrf, m->session.vty,
			  *err.text ? err.text : strerror(-r));
		monitor_end(m, END_REFUSED, "the session's processes cannot be started");
		/* the transport never had it */
		shutdown(start->connection_fd, SHUT_RDWR);
		close(start->connection_fd);
	}
	while (m->transport_lives)
		loop_once(m);
	finish(m);
	_exit(0);
}
