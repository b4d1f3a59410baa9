// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Ptys, and the one program of a session channel, as the session's user: the CLI, or what serves a subsystem
 *
 * Everything that can fail is made before the fork; the child then only moves descriptors, becomes the user and
 * executes. Our programs are executed through descriptors, because the user may not be allowed to walk to their files.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/file_root.h"
#include "services/ssh/monitor_state.h"
#include "services/ssh/user_switch.h"

#define PROGRAM_STDIN_BYTES (256 * 1024) /* fewer turns for an upload */

enum {
	CHILD_RUN_DIR_FD = 3, /* SALLYPORT_SOCK_FD */
	CHILD_FILES_FD = 4,   /* $SALLYPORT_FILES */
	CHILD_PROGRAM_FD = 5,
	CHILD_FDS,
	PIPES = 3,
	ENV_ROOM = 16 + MONITOR_ENVS_MAX,
	EXIT_NOT_STARTED = 127, /* as a shell says it */
};

/* ---- pty ---- */

/* As grantpt(3) does for its caller: mode first, while it is still ours. */
static int give_pty(const struct monitor *m, int slave_fd)
{
	const struct group *tty = getgrnam("tty");

	if (m->identity.uid == geteuid())
		return 0;
	if (fchmod(slave_fd, tty ? 0620 : 0600) < 0)
		return -errno;
	return fchown(slave_fd, m->identity.uid, tty ? tty->gr_gid : m->identity.gid) < 0 ? -errno : 0;
}

void monitor_program_window(struct monitor_channel *channel, const uint32_t window[4])
{
	uint16_t cells[4];
	struct winsize size;

	for (int i = 0; i < 4; i++)
		cells[i] = window[i] > UINT16_MAX ? UINT16_MAX : (uint16_t)window[i];
	size = (struct winsize){
		.ws_col = cells[0],
		.ws_row = cells[1],
		.ws_xpixel = cells[2],
		.ws_ypixel = cells[3],
	};
	ioctl(channel->master_fd, TIOCSWINSZ, &size);
}

int monitor_program_pty(struct monitor *m, struct monitor_channel *channel, const uint32_t window[4])
{
	AUTO(close) int master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	AUTO(close) int slave_fd = -1;
	struct termios modes;
	int r;

	if (master_fd < 0 || unlockpt(master_fd) < 0)
		return -errno;
	/* By descriptor and not by name: whatever /dev/pts is here, this is the other end. */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return -errno;
	r = give_pty(m, slave_fd);
	if (r < 0)
		return r;
	r = ptsname_r(master_fd, channel->tty_path, sizeof(channel->tty_path));
	if (r)
		return -r;
	/* The kernel's first settings are sane; the client's own modes do not reach us through libssh. */
	if (tcgetattr(slave_fd, &modes) == 0) {
		modes.c_iflag |= IUTF8;
		tcsetattr(slave_fd, TCSANOW, &modes);
	}
	channel->master_fd = take_fd(master_fd);
	channel->slave_fd = take_fd(slave_fd);
	channel->has_pty = true;
	monitor_program_window(channel, window);
	return 0;
}

/* ---- environment ---- */

struct environment {
	char *texts[ENV_ROOM];
	size_t len;
	bool failed;
};

static void environment_done(struct environment *environment)
{
	while (environment->len)
		free(environment->texts[--environment->len]);
}

static void add(struct environment *environment, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct environment *environment, const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		environment->failed = true;
		return;
	}
	if (environment->len == ENV_ROOM - 1) { /* one stays NULL */
		environment->failed = true;
		free(text);
		return;
	}
	environment->texts[environment->len++] = text;
}

static bool client_sets(const struct monitor_channel *channel, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < channel->envs_len; i++)
		if (!strncmp(channel->envs[i], name, len) && channel->envs[i][len] == '=')
			return true;
	return false;
}

static void make_environment(const struct monitor *m, const struct monitor_channel *channel, bool is_cli,
			     struct environment *environment)
{
	const struct session_report *session = &m->session;

	add(environment, "HOME=%s", m->identity.home);
	add(environment, "USER=%s", session->user);
	add(environment, "LOGNAME=%s", session->user);
	add(environment, "SHELL=%s", *m->identity.shell ? m->identity.shell : "/bin/sh");
	add(environment, "PATH=/usr/local/bin:/usr/bin:/bin");
	add(environment, "SSH_CONNECTION=%s %u %s %u", session->peer_address, session->peer_port,
	    session->local_address, session->local_port);
	if (is_cli)
		add(environment, "SALLYPORT_SOCK_FD=%d", CHILD_RUN_DIR_FD);
	if (is_cli && m->start->files_fd > 0)
		add(environment, FILE_ROOT_ENV "=%d", CHILD_FILES_FD);
	add(environment, "SALLYPORT_SESSION=%u", session->id);
	add(environment, "SALLYPORT_LINE=vty%u", session->vty);
	add(environment, "SALLYPORT_VRF=%s", session->vrf);
	if (channel->has_pty) {
		add(environment, "TERM=%s", *channel->term ? channel->term : "dumb");
		add(environment, "SSH_TTY=%s", channel->tty_path);
	}
	if (!client_sets(channel, "LANG"))
		add(environment, "LANG=C.UTF-8");
	for (size_t i = 0; i < channel->envs_len; i++)
		add(environment, "%s", channel->envs[i]);
}

/* ---- the child ---- */

struct streams {
	int in_fd, out_fd, err_fd; /* the child's ends */
	int result_fd;		   /* -1 */
};

/* Puts the descriptors in their places and closes all others. Nothing may be below CHILD_FDS that is still needed. */
static int child_descriptors(const struct monitor *m, const struct monitor_program *program,
			     const struct streams *streams)
{
	const int from[CHILD_FDS] = {
		streams->in_fd,
		streams->out_fd,
		streams->err_fd,
		[CHILD_RUN_DIR_FD] = program->is_cli ? m->start->run_dir_fd : streams->result_fd,
		[CHILD_FILES_FD] = program->is_cli && m->start->files_fd > 0 ? m->start->files_fd : -1,
		[CHILD_PROGRAM_FD] = program->fd,
	};
	int high[CHILD_FDS];

	for (int i = 0; i < CHILD_FDS; i++) {
		high[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD_CLOEXEC, 16);
		if (from[i] >= 0 && high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < CHILD_FDS; i++) {
		if (high[i] < 0)
			close(i);
		else if (dup3(high[i], i, i == CHILD_PROGRAM_FD ? O_CLOEXEC : 0) < 0)
			return -errno;
	}
	return close_range(CHILD_FDS, ~0u, 0) < 0 ? -errno : 0;
}

static void child_fail(const char *what, const char *text) __attribute__((noreturn));
static void child_fail(const char *what, const char *text)
{
	dprintf(STDERR_FILENO, "sallyport: %s: %s\n", what, text);
	_exit(EXIT_NOT_STARTED);
}

static void child_execute(const struct monitor_program *program, char *const *envp) __attribute__((noreturn));
static void child_execute(const struct monitor_program *program, char *const *envp)
{
	if (program->fd >= 0)
		execveat(CHILD_PROGRAM_FD, "", program->argv, envp, AT_EMPTY_PATH);
	else
		execve(program->argv[0], program->argv, envp);
	child_fail(program->fd >= 0 ? "program" : program->argv[0], strerror(errno));
}

static void child_run(const struct monitor *m, const struct monitor_channel *channel,
		      const struct monitor_program *program, const struct streams *streams, char *const *envp)
	__attribute__((noreturn));
static void child_run(const struct monitor *m, const struct monitor_channel *channel,
		      const struct monitor_program *program, const struct streams *streams, char *const *envp)
{
	const struct rlimit no_core = { 0, 0 };
	struct err err = { .text = "" };
	int r;

	proc_signals_default();
	setsid();
	/* A given directory while this is still the monitor's uid: the user may not be allowed to walk to it. */
	if (program->dir_fd >= 0 && fchdir(program->dir_fd) < 0)
		child_fail("directory", strerror(errno));
	r = child_descriptors(m, program, streams);
	if (r < 0)
		child_fail("descriptors", strerror(-r));
	if (channel->has_pty && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		child_fail("terminal", strerror(errno));
	if (channel->has_pty)
		proc_be_prompt();
	umask(022);
	setrlimit(RLIMIT_CORE, &no_core);
	if (geteuid() == 0 || m->start->separate_users)
		if (user_switch(&m->identity, m->session.user, &err) < 0)
			child_fail("user", err.text);
	/* Nor may it come back by way of a set-user-id program. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail("privileges", strerror(errno));
	/* As the user: a home that is closed to it is no place to be. */
	if (program->dir_fd < 0 && chdir(m->identity.home) < 0 && chdir("/") < 0)
		child_fail("/", strerror(errno));
	child_execute(program, envp);
}

/* ---- start ---- */

/* The program's user owns it, as if it had made it: /dev/stdin can be opened. */
static int make_pipe(const struct monitor *m, int fds[2])
{
	int saved;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (m->identity.uid == geteuid() || fchown(fds[0], m->identity.uid, m->identity.gid) == 0)
		return 0;
	saved = errno;
	close(fds[0]);
	close(fds[1]);
	return -saved;
}

/* Writing to a pair of sockets costs a sixth less than to a pipe, whose pages are made and accounted for one by one. */
static int make_sockets(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	return shutdown(fds[1], SHUT_RD) < 0 ? -errno : 0;
}

/* A program may do with pipes all that it knows from elsewhere: open /dev/stdout, ask for their size. */
static int make_pipes(const struct monitor *m, const struct monitor_program *program, struct streams *streams,
		      struct monitor_reply *reply)
{
	int fds[PIPES][2];

	for (int i = 0; i < PIPES; i++) {
		int r = i == STDOUT_FILENO && program->sends_bulk ? make_sockets(fds[i]) : make_pipe(m, fds[i]);

		while (r < 0 && i-- > 0) {
			close(fds[i][0]);
			close(fds[i][1]);
		}
		if (r < 0)
			return r;
	}
	/* as far as the system allows */
	fcntl(fds[STDIN_FILENO][0], F_SETPIPE_SZ, PROGRAM_STDIN_BYTES);
	reply->fds[reply->fds_len++] = fds[STDIN_FILENO][1];
	reply->fds[reply->fds_len++] = fds[STDOUT_FILENO][0];
	reply->fds[reply->fds_len++] = fds[STDERR_FILENO][0];
	*streams = (struct streams){ fds[STDIN_FILENO][0], fds[STDOUT_FILENO][1], fds[STDERR_FILENO][1], -1 };
	return 0;
}

/* The child's ends, and in the reply what the transport gets. */
static int make_streams(const struct monitor *m, struct monitor_channel *channel,
			const struct monitor_program *program, struct streams *streams, struct monitor_reply *reply)
{
	int copy_fd;

	if (!channel->has_pty)
		return make_pipes(m, program, streams, reply);
	copy_fd = fcntl(channel->master_fd, F_DUPFD_CLOEXEC, 3);
	if (copy_fd < 0)
		return -errno;
	reply->fds[reply->fds_len++] = copy_fd;
	*streams = (struct streams){ channel->slave_fd, channel->slave_fd, channel->slave_fd, -1 };
	channel->slave_fd = -1;
	return 0;
}

static void close_streams(const struct streams *streams)
{
	close(streams->in_fd);
	if (streams->out_fd != streams->in_fd)
		close(streams->out_fd);
	if (streams->err_fd != streams->in_fd)
		close(streams->err_fd);
}

/* What a client types ahead of the shell's start must wait for the shell: the kernel's own echo and line editing would
 * show it a first time, a secret included. */
static void quiet_until_shell(int slave_fd)
{
	struct termios modes;

	if (tcgetattr(slave_fd, &modes) < 0)
		return;
	modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	modes.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	tcsetattr(slave_fd, TCSANOW, &modes);
}

int monitor_program_start(struct monitor *m, struct monitor_channel *channel, const struct monitor_program *program,
			  struct monitor_reply *reply, struct err *err)
{
	struct environment environment = { .len = 0 };
	struct streams streams = { -1, -1, -1, -1 };
	pid_t pid;
	int r;

	make_environment(m, channel, program->is_cli, &environment);
	if (channel->has_pty && program->is_cli && !program->argv[1])
		quiet_until_shell(channel->slave_fd);
	r = environment.failed ? -ENOMEM : make_streams(m, channel, program, &streams, reply);
	if (r < 0) {
		environment_done(&environment);
		return err_set(err, r, "%s", strerror(-r));
	}
	pid = fork();
	if (pid == 0)
		child_run(m, channel, program, &streams, environment.texts);
	r = pid < 0 ? -errno : 0;
	close_streams(&streams);
	environment_done(&environment);
	if (r < 0)
		return err_set(err, r, "%s", strerror(-r));
	channel->pid = pid;
	return 0;
}

int monitor_program_help(struct monitor *m, struct monitor_channel *channel, const struct monitor_program *program,
			 int result_fd, struct err *err)
{
	AUTO(close) int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct streams streams = { null_fd, null_fd, null_fd, result_fd };
	struct environment environment = { .len = 0 };
	pid_t pid;
	int r;

	if (null_fd < 0)
		return err_set(err, -errno, "/dev/null: %s", strerror(errno));
	make_environment(m, channel, false, &environment);
	pid = environment.failed ? -1 : fork();
	if (pid == 0)
		child_run(m, channel, program, &streams, environment.texts);
	r = environment.failed ? -ENOMEM : pid < 0 ? -errno : 0;
	environment_done(&environment);
	if (r < 0)
		return err_set(err, r, "%s", strerror(-r));
	channel->pid = pid;
	return 0;
}
