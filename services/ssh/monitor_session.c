// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Channels of an authenticated connection, and the life of their programs
 *
 *   open --pty, env--> open --shell or exec--> running --exit--> exited --close--> free
 *                                                 |__close: hang-up, SIGHUP, 2 s, SIGKILL --reaped--> free
 *
 * A client's wish that is refused answers ok = 0. What only a transport that lies can ask (a channel that is not there)
 * is an error and ends the connection.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "services/ssh/monitor_state.h"
#include "services/ssh/subsystem.h"

#define STATUS_NOT_STARTED 127 /* of a program that could not be executed, as a shell says it */
enum { SUBSYSTEM_MAX_BYTES = 64 };

static struct monitor_channel *find(struct monitor *m, uint16_t channel)
{
	for (size_t i = 0; i < m->channels_used; i++)
		if (m->channels[i].open && m->channels[i].channel == channel)
			return &m->channels[i];
	return NULL;
}

/* NULL with err when there is no such channel: only a transport that lies speaks of one. */
static struct monitor_channel *find_asked(struct monitor *m, uint16_t channel, struct err *err)
{
	struct monitor_channel *slot = find(m, channel);

	if (!slot)
		err_set(err, -EPROTO, "spoke of channel %u, which is not open", channel);
	return slot;
}

void monitor_session_release(struct monitor_channel *slot)
{
	for (size_t i = 0; i < slot->envs_len; i++)
		free(slot->envs[i]);
	*slot = (struct monitor_channel){ .master_fd = -1, .slave_fd = -1 };
}

static void close_slot_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- requests ---- */

int monitor_session_slot(struct monitor *m, uint16_t channel, enum channel_type type, struct monitor_channel **ret_slot,
			 struct err *err)
{
	const unsigned most = type == CHANNEL_FORWARD ? SESSION_FORWARDS_MAX : SESSION_CHANNELS_MAX;
	struct monitor_channel *slot = NULL;
	unsigned open = 0;

	if (channel == 0 || find(m, channel))
		return err_set(err, -EPROTO, "opened channel %u, which is %s", channel,
			       channel ? "open already" : "no number of a channel");
	for (size_t i = 0; i < m->channels_used; i++) {
		open += m->channels[i].open && (m->channels[i].type == CHANNEL_FORWARD) == (type == CHANNEL_FORWARD);
		if (!slot && !m->channels[i].open && !m->channels[i].pid)
			slot = &m->channels[i];
	}
	if (!slot && m->channels_used < ARRAY_SIZE(m->channels))
		slot = &m->channels[m->channels_used];
	if (!slot || open >= most)
		return err_set(err, -EBUSY, "more than %u at one time", most);
	*slot = (struct monitor_channel){ .open = true, .channel = channel, .type = type, .shown = ++m->last_shown,
					  .master_fd = -1, .slave_fd = -1 };
	if (slot == &m->channels[m->channels_used])
		m->channels_used++;
	*ret_slot = slot;
	return 0;
}

int monitor_session_open(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			 struct monitor_reply *reply, struct err *err)
{
	struct monitor_channel *slot;
	int r;

	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	r = monitor_session_slot(m, channel, CHANNEL_UNDEFINED, &slot, err);
	if (r == -EPROTO)
		return r;
	if (r < 0 && m->channel_refusals++ < MONITOR_REFUSALS_LOGGED_MAX)
		log_event(LOG_SSHD_WARN_GENERAL,
			  "User '%s' on 'vty%u' may have %u channels at one time, one more is refused",
			  m->session.user, m->session.vty, SESSION_CHANNELS_MAX);
	if (r == 0)
		monitor_link_changed(m, true);
	mon_put_u8(answer, r == 0);
	return 0;
}

static void get_window(struct mon_buf *ask, uint32_t window[4])
{
	for (int i = 0; i < 4; i++)
		window[i] = mon_get_u32(ask);
}

/* What the CLI's editor was seen to work on; families are known by how their names begin. */
static bool term_known(const char *term)
{
	static const char *const families[] = {
		"vt",	   "xterm", "screen", "tmux",  "linux",	    "ansi",  "rxvt", "putty",  "dumb",	"unknown",
		"konsole", "gnome", "kitty",  "foot",  "alacritty", "iterm", "st-",  "cygwin", "emacs", "network",
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (!strncmp(term, families[i], strlen(families[i])))
			return true;
	return false;
}

static void term_look(struct monitor *m, const char *term)
{
	if (term_known(term) || m->terminal_warned)
		return;
	m->terminal_warned = true;
	log_event(LOG_SSHD_WARN_GENERAL,
		  "Terminal type '%s' of user '%s' on 'vty%u' is not known, it is used as a vt100", term,
		  m->session.user, m->session.vty);
}

int monitor_session_pty(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			struct monitor_reply *reply, struct err *err)
{
	struct mon_string term = mon_get_string(ask);
	struct monitor_channel *slot;
	uint32_t window[4];
	int r;

	(void)reply;
	get_window(ask, window);
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	r = slot->has_pty || slot->started ? -EBUSY : monitor_program_pty(m, slot, window);
	if (r < 0 && r != -EBUSY)
		log_event(LOG_SSHD_ERR_GENERAL, "No terminal for user '%s' on 'vty%u': %s", m->session.user,
			  m->session.vty, strerror(-r));
	if (r == 0) {
		monitor_text(term, slot->term, sizeof(slot->term));
		m->session.had_pty = true;
		term_look(m, slot->term);
	}
	mon_put_u8(answer, r == 0);
	return 0;
}

/* Names that cannot change what a program does beyond its language and colours. */
static bool env_allowed(const char *name)
{
	static const char *const names[] = { "LANG", "COLORTERM" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	if (strncmp(name, "LC_", 3))
		return false;
	return name[3] && name[3 + strspn(name + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '\0';
}

/* A locale is a name and never a path. */
static bool env_value_allowed(struct mon_string value)
{
	if (value.len > MONITOR_ENV_VALUE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.bytes[i] < 0x20 || value.bytes[i] > 0x7e || value.bytes[i] == '/')
			return false;
	return true;
}

static bool env_add(struct monitor_channel *slot, struct mon_string name, struct mon_string value)
{
	char text[MONITOR_ENV_NAME_MAX_BYTES + 1], *env;

	if (!name.len || name.len > MONITOR_ENV_NAME_MAX_BYTES || slot->envs_len == MONITOR_ENVS_MAX || slot->started)
		return false;
	monitor_text(name, text, sizeof(text));
	if (!env_allowed(text) || !env_value_allowed(value))
		return false;
	if (asprintf(&env, "%s=%.*s", text, (int)value.len, (const char *)value.bytes) < 0)
		return false;
	for (size_t i = 0; i < slot->envs_len; i++) {
		if (strncmp(slot->envs[i], env, strlen(text) + 1))
			continue;
		free(slot->envs[i]);
		slot->envs[i] = env;
		return true;
	}
	slot->envs[slot->envs_len++] = env;
	return true;
}

int monitor_session_env(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			struct monitor_reply *reply, struct err *err)
{
	struct mon_string name = mon_get_string(ask), value = mon_get_string(ask);
	struct monitor_channel *slot;

	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	mon_put_u8(answer, env_add(slot, name, value));
	return 0;
}

/* The table must know the channel before the program can ask for it. */
static void note_start(struct monitor *m, struct monitor_channel *slot, enum channel_type type, const char *command)
{
	slot->started = true;
	slot->type = type;
	if (command)
		snprintf(slot->command, sizeof(slot->command), "%.255s", command);
	if (!*m->session.first_type)
		snprintf(m->session.first_type, sizeof(m->session.first_type), "%.23s", channel_type_words[slot->type]);
	m->session.state = SESSION_OPEN;
	monitor_link_changed(m, true);
}

/* The answer to a program that is not started; the text is for the client. */
static void refuse(const struct monitor *m, struct monitor_channel *slot, struct mon_buf *answer,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
static void refuse(const struct monitor *m, struct monitor_channel *slot, struct mon_buf *answer,
		   const char *format, ...)
{
	char text[256];
	va_list args;

	slot->started = false; /* it may ask for another one */

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_event(LOG_SSHD_WARN_GENERAL, "User '%s' on 'vty%u' is refused: %s", m->session.user, m->session.vty, text);
	mon_put_u8(answer, 0);
	mon_put_u8(answer, 0);
	mon_put_text(answer, text);
}

static void start_program(struct monitor *m, struct monitor_channel *slot, const struct monitor_program *program,
			  struct mon_buf *answer, struct monitor_reply *reply)
{
	struct err why = { .text = "" };

	if (monitor_program_start(m, slot, program, reply, &why) < 0) {
		log_event(LOG_SSHD_ERR_GENERAL, "No program for user '%s' on 'vty%u': %s", m->session.user,
			  m->session.vty, why.text);
		mon_put_u8(answer, 0);
		mon_put_u8(answer, 0);
		return;
	}
	mon_put_u8(answer, 1);
	mon_put_u8(answer, (uint8_t)reply->fds_len);
}

static void start_cli(struct monitor *m, struct monitor_channel *slot, char *command, struct mon_buf *answer,
		      struct monitor_reply *reply)
{
	char name[] = "sallyport", login_name[] = "-sallyport", option[] = "-c";
	char *const shell_argv[] = { login_name, NULL }, *const exec_argv[] = { name, option, command, NULL };
	const struct monitor_program program = {
		.fd = m->start->cli_fd, .argv = command ? exec_argv : shell_argv, .is_cli = true, .dir_fd = -1
	};

	note_start(m, slot, command ? CHANNEL_EXEC : CHANNEL_SHELL, command);
	start_program(m, slot, &program, answer, reply);
}

/* words are those behind the user's name (services/ssh/helper_main.c). */
static void start_files(struct monitor *m, struct monitor_channel *slot, char *const *words, struct mon_buf *answer,
			struct monitor_reply *reply)
{
	char name[] = "sallyport-helper", work[] = "files";
	char *argv[SUBSYSTEM_WORDS_MAX + 4] = { name, work, m->session.user };
	const struct monitor_program program = {
		.fd = m->start->helper_fd, .argv = argv, .dir_fd = m->start->files_fd, .sends_bulk = true
	};

	for (size_t i = 0; i < SUBSYSTEM_WORDS_MAX && words[i]; i++)
		argv[i + 3] = words[i];
	start_program(m, slot, &program, answer, reply);
}

static void start_scp(struct monitor *m, struct monitor_channel *slot, const char *command,
		      const struct subsystem_scp *scp, struct mon_buf *answer, struct monitor_reply *reply)
{
	note_start(m, slot, CHANNEL_SCP, command);
	if (m->start->profile->disable_scp)
		refuse(m, slot, answer, "scp is disabled on this server ('ssh server disable scp')");
	else if (m->start->files_fd <= 0)
		refuse(m, slot, answer, "this server has no files");
	else
		start_files(m, slot, scp->argv, answer, reply);
}

static void start_command(struct monitor *m, struct monitor_channel *slot, char *command, struct mon_buf *answer,
			  struct monitor_reply *reply)
{
	struct subsystem_scp scp;
	struct err why = { .text = "" };
	int r = subsystem_scp_parse(command, &scp, &why);

	if (r == 0) {
		start_cli(m, slot, command, answer, reply);
	} else if (r < 0) {
		note_start(m, slot, CHANNEL_SCP, command);
		refuse(m, slot, answer, "%s", why.text);
	} else {
		start_scp(m, slot, command, &scp, answer, reply);
		subsystem_scp_done(&scp);
	}
}

/* What a port of NETCONF is not for. */
static void refuse_beside_netconf(struct monitor *m, struct monitor_channel *slot, struct mon_buf *answer)
{
	refuse(m, slot, answer, "only NETCONF is served on this port, as the subsystem 'netconf'");
}

int monitor_session_program(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			    struct monitor_reply *reply, struct err *err)
{
	static char command[MON_COMMAND_MAX_BYTES + 1];
	struct monitor_channel *slot;
	uint16_t type;

	if (mon_get_start(ask, &type, &channel) < 0)
		return err_set(err, -EPROTO, "malformed");
	if (type == MON_EXEC)
		mon_get_text(ask, command, sizeof(command));
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	if (slot->started) {
		mon_put_u8(answer, 0);
		mon_put_u8(answer, 0);
		return 0;
	}
	if (m->start->is_netconf)
		refuse_beside_netconf(m, slot, answer);
	else if (type == MON_EXEC)
		start_command(m, slot, command, answer, reply);
	else
		start_cli(m, slot, NULL, answer, reply);
	return 0;
}

static void start_sftp(struct monitor *m, struct monitor_channel *slot, struct mon_buf *answer,
		       struct monitor_reply *reply)
{
	char name[] = "sftp-server", *const words[] = { name, NULL };

	/* a channel that was refused one program may still ask for another */
	if (m->start->profile->disable_sftp) {
		refuse(m, slot, answer, "SFTP is disabled on this server ('ssh server disable sftp')");
	} else if (m->start->files_fd <= 0) {
		refuse(m, slot, answer, "this server has no files");
	} else {
		note_start(m, slot, CHANNEL_SFTP, NULL);
		start_files(m, slot, words, answer, reply);
	}
}

/* Why nothing can be started there, or 0. What only the user may not do is found out when it is executed as him. */
static int program_missing(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR ? errno : 0;
	return S_ISDIR(status.st_mode) ? EISDIR : !S_ISREG(status.st_mode) ? EACCES : 0;
}

static void start_netconf(struct monitor *m, struct monitor_channel *slot, struct mon_buf *answer,
			  struct monitor_reply *reply)
{
	char *path = m->start->profile->netconf_program, *const argv[] = { path, NULL };
	const struct monitor_program program = { .fd = -1, .argv = argv, .dir_fd = -1 };

	if (!path) {
		refuse(m, slot, answer, "no program serves NETCONF here ('ssh server netconf program PATH')");
	} else if (!m->start->is_netconf && m->start->profile->disable_netconf_ssh_port) {
		refuse(m, slot, answer,
		       "NETCONF is not served on the port of SSH ('ssh server netconf disable ssh-port')");
	} else if (program_missing(path)) {
		refuse(m, slot, answer, "the program that serves NETCONF is not there: %s: %s", path,
		       strerror(program_missing(path)));
	} else {
		note_start(m, slot, CHANNEL_NETCONF, NULL);
		start_program(m, slot, &program, answer, reply);
	}
}

int monitor_session_subsystem(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			      struct monitor_reply *reply, struct err *err)
{
	char name[SUBSYSTEM_MAX_BYTES + 1];
	struct monitor_channel *slot;

	monitor_text(mon_get_string(ask), name, sizeof(name));
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	if (slot->started) {
		mon_put_u8(answer, 0);
		mon_put_u8(answer, 0);
	} else if (!strcmp(name, "netconf")) {
		start_netconf(m, slot, answer, reply);
	} else if (m->start->is_netconf) {
		refuse_beside_netconf(m, slot, answer);
	} else if (!strcmp(name, "sftp")) {
		start_sftp(m, slot, answer, reply);
	} else {
		refuse(m, slot, answer, "subsystem '%s' is not served", name);
	}
	return 0;
}

int monitor_session_window(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			   struct monitor_reply *reply, struct err *err)
{
	struct monitor_channel *slot;
	uint32_t window[4];

	(void)reply;
	get_window(ask, window);
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	if (slot->has_pty)
		monitor_program_window(slot, window);
	mon_put_u8(answer, slot->has_pty);
	return 0;
}

/* Who gets the signals: what is in the foreground of the terminal, as long as it is of this session. */
static pid_t foreground(const struct monitor_channel *slot)
{
	pid_t group = slot->has_pty ? tcgetpgrp(slot->master_fd) : 0;

	return group > 1 && getsid(group) == slot->pid ? group : slot->pid;
}

/* A program that has only just been forked is not yet in a group of its own. */
static bool signal_group(const struct monitor_channel *slot, pid_t group, int number)
{
	return kill(-group, number) == 0 || (errno == ESRCH && kill(slot->pid, number) == 0);
}

int monitor_session_signal(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			   struct monitor_reply *reply, struct err *err)
{
	static const struct {
		const char *name;
		int number;
	} allowed[] = {
		{ "HUP", SIGHUP },   { "INT", SIGINT },	  { "QUIT", SIGQUIT }, { "TERM", SIGTERM },
		{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "WINCH", SIGWINCH },
	};
	struct monitor_channel *slot;
	int number = 0;
	char name[16];

	(void)reply;
	monitor_text(mon_get_string(ask), name, sizeof(name));
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (!strcmp(name, allowed[i].name))
			number = allowed[i].number;
	if (!strcmp(name, MON_SIGNAL_OVER)) {
		mon_put_u8(answer, slot->pid && slot->type == CHANNEL_SHELL && slot->has_pty &&
					   signal_group(slot, slot->pid, SIGURG));
		return 0;
	}
	mon_put_u8(answer, number && slot->pid && slot->type != CHANNEL_FORWARD &&
				   signal_group(slot, foreground(slot), number));
	return 0;
}

/* ---- end of programs ---- */

static void hang_up(struct monitor_channel *slot, int64_t kill_after_us)
{
	if (!slot->open && !slot->pid)
		return; /* never used: its descriptors are none */
	close_slot_fd(&slot->master_fd);
	close_slot_fd(&slot->slave_fd);
	if (!slot->pid || slot->kill_us)
		return;
	signal_group(slot, slot->pid, SIGHUP);
	slot->kill_us = clock_monotonic_us() + kill_after_us;
}

int monitor_session_close(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
			  struct monitor_reply *reply, struct err *err)
{
	struct monitor_channel *slot;

	(void)answer;
	(void)reply;
	if (mon_get_end(ask) < 0)
		return err_set(err, -EPROTO, "malformed");
	slot = find_asked(m, channel, err);
	if (!slot)
		return -EPROTO;
	hang_up(slot, MONITOR_KILL_AFTER_US);
	slot->open = false;
	if (!slot->pid)
		monitor_session_release(slot);
	monitor_link_changed(m, true);
	return 0;
}

static void tell_exit(struct monitor *m, const struct monitor_channel *slot, int status)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES];
	struct mon_buf event = { .bytes = bytes };
	const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "";

	mon_put_start(&event, MON_EVENT_EXIT, slot->channel);
	mon_put_u8(&event, WIFSIGNALED(status));
	mon_put_u32(&event, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status));
	mon_put_text(&event, name ? name : "");
	monitor_event(m, &event);
}

/* A shell says by its status that its line was idle too long. With nothing else left that is how the session ends. */
static void note_timeout(struct monitor *m, const struct monitor_channel *slot, int status)
{
	if (slot->type == CHANNEL_SHELL && WIFEXITED(status) && WEXITSTATUS(status) == SSH_EXIT_EXEC_TIMEOUT &&
	    !monitor_session_alive(m))
		monitor_end(m, END_EXEC_TIMEOUT, "nothing was typed for the exec-timeout of the line");
}

/* A client of NETCONF sees no more than that its channel is closed, so the operator is told. */
static void note_netconf(const struct monitor *m, const struct monitor_channel *slot, int status)
{
	const char *path = m->start->profile->netconf_program, *name;

	if (slot->type != CHANNEL_NETCONF || !slot->open || !path)
		return;
	name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
	if (WIFSIGNALED(status))
		log_event(LOG_SSHD_WARN_GENERAL,
			  "The NETCONF program of user '%s' on 'vty%u' was ended by signal %d (%s): %s",
			  m->session.user, m->session.vty, WTERMSIG(status), name ? name : "?", path);
	else if (WEXITSTATUS(status) == STATUS_NOT_STARTED)
		log_event(LOG_SSHD_WARN_GENERAL,
			  "The NETCONF program of user '%s' on 'vty%u' could not be executed: %s", m->session.user,
			  m->session.vty, path);
}

void monitor_session_reap(struct monitor *m)
{
	for (size_t i = 0; i < m->channels_used; i++) {
		struct monitor_channel *slot = &m->channels[i];
		siginfo_t ended = { .si_pid = 0 };
		int status = 0;

		if (!slot->pid)
			continue;
		if (waitid(P_PID, (id_t)slot->pid, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || !ended.si_pid)
			continue;
		/* When the channel was closed over it, what it left in its process group goes too: now, while the
		 * number is still its own. */
		if (slot->kill_us)
			kill(-slot->pid, SIGKILL);
		waitpid(slot->pid, &status, WNOHANG);
		slot->pid = 0;
		slot->kill_us = 0;
		note_timeout(m, slot, status);
		note_netconf(m, slot, status);
		if (slot->open && slot->type == CHANNEL_FORWARD)
			monitor_forward_ended(m, slot);
		else if (slot->open)
			tell_exit(m, slot, status);
		else
			monitor_session_release(slot);
	}
}

void monitor_session_timers(struct monitor *m, int64_t now_us)
{
	for (size_t i = 0; i < m->channels_used; i++) {
		struct monitor_channel *slot = &m->channels[i];

		if (!slot->pid || !slot->kill_us || now_us < slot->kill_us)
			continue;
		kill(-slot->pid, SIGKILL);
		kill(slot->pid, SIGKILL);
		slot->kill_us = now_us + MONITOR_KILL_AFTER_US;
	}
}

void monitor_session_hang_up(struct monitor *m, int64_t kill_after_us)
{
	for (size_t i = 0; i < m->channels_used; i++) {
		struct monitor_channel *slot = &m->channels[i];

		/* one that was never used is not written to */
		if (!slot->open && !slot->pid && slot->channel == 0)
			continue;
		hang_up(slot, kill_after_us);
		slot->open = false;
		if (!slot->pid)
			monitor_session_release(slot);
	}
}

unsigned monitor_session_alive(const struct monitor *m)
{
	unsigned alive = 0;

	for (size_t i = 0; i < m->channels_used; i++)
		alive += m->channels[i].pid != 0;
	return alive;
}
