/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: every event an operator may see is a row here, and each becomes one line written by one write(2), so
 * that lines of several processes never mix. Under the journal the time is left out and the severity put in
 * front, as sd-daemon(3) says. Texts quote what strangers sent: no byte of them can move the cursor or begin
 * a line of its own.
 */
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log_store.h"
#include "base/utf8.h"

#define LOG_TEXT_MAX_BYTES 2048u
#define LOG_LINE_MAX_BYTES 4096u /* PIPE_BUF: a write of up to this size is not split */
#define LOG_NODE	   "RP/0/RP0/CPU0"
#define LOG_SEVERITY_DEBUG 7
#define LOG_SYSLOG_FACILITY (3 << 3) /* daemon */
#define LIMITS_AGE_US	    1000000  /* how long what was read of the store's limits is believed */

static const struct {
	const char *facility, *group;
	int severity; /* syslog(3) */
	const char *mnemonic;
} event_rows[LOG_EVENT_MAX] = {
	[LOG_SSHD_INFO_SUCCESS] = { "SECURITY", "SSHD", 6, "INFO_SUCCESS" },
	[LOG_SSHD_INFO_GENERAL] = { "SECURITY", "SSHD", 6, "INFO_GENERAL" },
	[LOG_SSHD_INFO_USER_LOGOUT] = { "SECURITY", "SSHD", 6, "INFO_USER_LOGOUT" },
	[LOG_SSHD_WARN_GENERAL] = { "SECURITY", "SSHD", 4, "WARN_GENERAL" },
	[LOG_SSHD_ERR_GENERAL] = { "SECURITY", "SSHD", 3, "ERR_GENERAL" },
	[LOG_SSHD_PORT_FWD_INFO_GENERAL] = { "SECURITY", "SSHD", 6, "PORT_FWD_INFO_GENERAL" },
	[LOG_SSHD_PORT_FWD_ERR_GENERAL] = { "SECURITY", "SSHD", 3, "PORT_FWD_ERR_GENERAL" },
	[LOG_CONFIG_DB_COMMIT] = { "MGBL", "CONFIG", 6, "DB_COMMIT" },
	[LOG_CONFIG_WARN_GENERAL] = { "MGBL", "CONFIG", 4, "WARN_GENERAL" },
	[LOG_CONFIG_ERR_GENERAL] = { "MGBL", "CONFIG", 3, "ERR_GENERAL" },
	[LOG_VRF_INFO_STATE] = { "L2", "VRF", 6, "INFO_STATE" },
	[LOG_VRF_ERR_GENERAL] = { "L2", "VRF", 3, "ERR_GENERAL" },
	[LOG_SYS_INFO_GENERAL] = { "OS", "SALLYPORT", 6, "INFO_GENERAL" },
	[LOG_SYS_WARN_GENERAL] = { "OS", "SALLYPORT", 4, "WARN_GENERAL" },
	[LOG_SYS_ERR_GENERAL] = { "OS", "SALLYPORT", 3, "ERR_GENERAL" },
	[LOG_SYSLOG_DROPPED] = { "OS", "SYSLOG", 4, "LOG_DROPPED" },
	[LOG_SYSLOG_INFO_GENERAL] = { "OS", "SYSLOG", 6, "INFO_GENERAL" },
	[LOG_SYSLOG_WARN_GENERAL] = { "OS", "SYSLOG", 4, "WARN_GENERAL" },
	[LOG_SHELL_RUN] = { "SECURITY", "SHELL", 5, "RUN" },
};

static char program_word[24] = "SALLYPORT";
static bool debug_enabled, journal, discarded /* nobody reads stderr */;
static int store_fd = -1;
static struct log_store_limits limits;
static int64_t limits_us;
static unsigned long dropped; /* lines that the store did not take since the last that it took */
static void (*line_sink)(int severity, const char *line, void *userdata);
static void *line_sink_userdata;

/* The variable is inherited by everything below the unit: only when it names our stderr is the journal
 * listening. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

static bool stderr_is_null(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) < 0 ||
	       (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)); /* /dev/null */
}

void log_init(const char *program)
{
	snprintf(program_word, sizeof(program_word), "%s", program);
	journal = stderr_is_journal();
	discarded = stderr_is_null();
}

void log_keep(int dir_fd)
{
	store_fd = dir_fd;
	limits_us = 0;
}

void log_set_sink(void (*sink)(int severity, const char *line, void *userdata), void *userdata)
{
	line_sink = sink;
	line_sink_userdata = userdata;
}

void log_set_debug(bool enabled)
{
	debug_enabled = enabled;
}

int log_kept_fd(void)
{
	return store_fd;
}

/* How many bytes of text may be shown as they are; 0 when the first must be escaped. C1 controls hide in
 * UTF-8 too. */
static size_t harmless_bytes(const char *text, size_t len)
{
	size_t bytes = utf8_character(text, len);
	unsigned char first = (unsigned char)text[0];

	if (bytes == 1 && (first < 0x20 || first == 0x7f))
		return 0;
	if (bytes == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0)
		return 0;
	return bytes;
}

/* Appends text at *len; what does not fit in size is cut before a character. */
static void append_escaped(char *line, size_t size, size_t *len, const char *text)
{
	size_t left = strlen(text), bytes, room;

	while (left > 0) {
		bytes = harmless_bytes(text, left);
		room = bytes ? bytes : 4;
		if (*len + room >= size)
			break;
		if (bytes)
			memcpy(line + *len, text, bytes);
		else
			snprintf(line + *len, size - *len, "\\x%02x", (unsigned char)*text);
		*len += room;
		text += bytes ? bytes : 1;
		left -= bytes ? bytes : 1;
	}
	line[*len] = '\0';
}

/* A reader of stderr that went away must not take the daemon with it. */
static void write_line(const char *line, size_t len)
{
	struct timespec no_wait = { 0 };
	sigset_t pipe_set, old_set, pending;
	bool was_pending;
	ssize_t put;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old_set);
	do
		put = write(STDERR_FILENO, line, len);
	while (put < 0 && errno == EINTR);
	if (put < 0 && errno == EPIPE && !was_pending)
		while (sigtimedwait(&pipe_set, NULL, &no_wait) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old_set, NULL);
}

/* Started by something that throws stderr away, the system's log is asked directly. It is not waited for. */
static void send_to_syslog(int severity, const char *tagged)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	AUTO(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char message[LOG_LINE_MAX_BYTES];
	int len = snprintf(message, sizeof(message), "<%d>%s", LOG_SYSLOG_FACILITY | severity, tagged);

	if (fd < 0 || len < 0)
		return;
	if ((size_t)len >= sizeof(message))
		len = sizeof(message) - 1;
	(void)!sendto(fd, message, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&address, sizeof(address));
}

static void keep(int severity, int64_t wall_us, const char *line)
{
	int64_t now_us = clock_monotonic_us();
	unsigned long lost = dropped;
	char text[256], when[40];

	if (!limits_us || now_us - limits_us > LIMITS_AGE_US) {
		log_store_limits_get(store_fd, &limits);
		limits_us = now_us ? now_us : 1;
	}
	if (severity > limits.severity)
		return;
	if (log_store_append(store_fd, limits.bytes, severity, wall_us, line) < 0) {
		dropped++;
		return;
	}
	dropped = 0;
	if (!lost)
		return;
	snprintf(text, sizeof(text), LOG_NODE ":%s: %s_[%d]: %%OS-SYSLOG-4-LOG_DROPPED : %lu messages were lost",
		 clock_text_prompt(wall_us, when, sizeof(when)) + 4, program_word, getpid(), lost);
	log_store_append(store_fd, limits.bytes, event_rows[LOG_SYSLOG_DROPPED].severity, wall_us, text);
}

static void emit(int severity, const char *tag, const char *text)
{
	char line[LOG_LINE_MAX_BYTES], when[40] = "";
	int64_t wall_us = clock_wall_us();
	size_t len, head;
	int r;

	/* the day of the week is left out; behind the time follows what a journal, which has its own, gets too */
	r = snprintf(line, sizeof(line), LOG_NODE ":%s: ", clock_text_prompt(wall_us, when, sizeof(when)) + 4);
	head = r < 0 ? 0 : (size_t)r;
	r = snprintf(line + head, sizeof(line) - head, "%s_[%d]: %s : ", program_word, getpid(), tag);
	len = r < 0 ? head : head + (size_t)r;
	append_escaped(line, sizeof(line) - 16, &len, text);
	if (line_sink) {
		line_sink(severity, line, line_sink_userdata);
		return;
	}
	if (store_fd >= 0)
		keep(severity, wall_us, line);
	if (discarded) {
		send_to_syslog(severity, line + head);
		return;
	}
	if (journal) {
		char prefix[64];
		int prefix_len = snprintf(prefix, sizeof(prefix), "<%d>" LOG_NODE ": ", severity);

		memmove(line + prefix_len, line + head, len - head + 1);
		memcpy(line, prefix, (size_t)prefix_len);
		len = len - head + (size_t)prefix_len;
	}
	line[len++] = '\n';
	write_line(line, len);
}

void log_event(enum log_event event, const char *format, ...)
{
	char text[LOG_TEXT_MAX_BYTES], tag[80];
	int saved = errno;
	va_list args;

	if ((unsigned)event >= LOG_EVENT_MAX)
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	snprintf(tag, sizeof(tag), "%%%s-%s-%d-%s", event_rows[event].facility, event_rows[event].group,
		 event_rows[event].severity, event_rows[event].mnemonic);
	emit(event_rows[event].severity, tag, text);
	errno = saved;
}

void log_debug(const char *topic, const char *format, ...)
{
	char text[LOG_TEXT_MAX_BYTES];
	int saved = errno;
	va_list args;

	if (!debug_enabled)
		return;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	emit(LOG_SEVERITY_DEBUG, topic, text);
	errno = saved;
}
