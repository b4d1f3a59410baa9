/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the form of an event line, at the terminal, in the journal and in a sink, and what strangers' bytes
 * become in it.
 */
#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define AUG_24_US 1787577015933000 /* 2026-08-24 13:10:15.933 UTC */

static int saved_stderr = -1, pipe_fds[2];
static char got[16384];

static void catch_stderr(void)
{
	clock_freeze(AUG_24_US, 0);
	cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	cr_assert_geq(dup2(pipe_fds[1], STDERR_FILENO), 0);
	close(pipe_fds[1]);
}

/* What was written, and stderr back. */
static const char *caught(void)
{
	size_t len = 0;
	ssize_t r;

	cr_assert_geq(dup2(saved_stderr, STDERR_FILENO), 0);
	while ((r = read(pipe_fds[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)r;
	got[len] = '\0';
	return got;
}

static void assert_line(const char *format)
{
	char wanted[8192];
	int r = snprintf(wanted, sizeof(wanted), "%s", format);
	char *pid = strstr(wanted, "PID");
	char number[16], tail[8192];

	cr_assert_lt(r, (int)sizeof(wanted));
	cr_assert_not_null(pid);
	snprintf(number, sizeof(number), "%d", getpid());
	snprintf(tail, sizeof(tail), "%s%s", number, pid + 3);
	*pid = '\0';
	cr_assert_eq(strncmp(got, wanted, strlen(wanted)), 0, "got: %s", got);
	cr_assert_str_eq(got + strlen(wanted), tail);
}

Test(log, line_at_the_terminal)
{
	unsetenv("JOURNAL_STREAM");
	log_init("SSHD");
	catch_stderr();
	log_event(LOG_SSHD_INFO_SUCCESS, "Successfully authenticated user '%s' from '%s'", "admin",
		  "10.0.0.2");
	caught();
	assert_line("RP/0/RP0/CPU0:Aug 24 13:10:15.933 UTC: SSHD_[PID]: %SECURITY-SSHD-6-INFO_SUCCESS : "
		    "Successfully authenticated user 'admin' from '10.0.0.2'\n");
}

Test(log, every_event_has_a_row)
{
	int lines = 0;

	log_init("X");
	catch_stderr();
	for (int event = 0; event < LOG_EVENT_MAX; event++)
		log_event((enum log_event)event, "text");
	caught();
	for (const char *at = got; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, LOG_EVENT_MAX);
	cr_assert_null(strstr(got, "null"), "%s", got);
	cr_assert_null(strstr(got, "-0-"), "%s", got);
	cr_assert_not_null(strstr(got, "%MGBL-CONFIG-6-DB_COMMIT : text"));
	cr_assert_not_null(strstr(got, "%SECURITY-SSHD-3-ERR_GENERAL : text"));
}

Test(log, strangers_cannot_forge)
{
	unsetenv("JOURNAL_STREAM");
	log_init("SSHD");
	catch_stderr();
	log_event(LOG_SSHD_WARN_GENERAL, "user '%s'",
		  "a\nRP/0\r\x1b[2J\x7f\t\xff\xc2\x9b"
		  "b\xc3\xa4%s%n");
	caught();
	assert_line("RP/0/RP0/CPU0:Aug 24 13:10:15.933 UTC: SSHD_[PID]: %SECURITY-SSHD-4-WARN_GENERAL : "
		    "user 'a\\x0aRP/0\\x0d\\x1b[2J\\x7f\\x09\\xff\\xc2\\x9bb\xc3\xa4%s%n'\n");
}

Test(log, long_text_is_one_line_of_a_pipes_size)
{
	char text[20000];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_init("SSHD");
	catch_stderr();
	log_event(LOG_SYS_ERR_GENERAL, "%s", text);
	caught();
	cr_assert_leq(strlen(got), 4096);
	cr_assert_gt(strlen(got), 4000);
	cr_assert_eq(strchr(got, '\n'), got + strlen(got) - 1);
	/* no escape is cut in half */
	cr_assert_str_eq(got + strlen(got) - 5, "\\x0a\n");
}

Test(log, journal_gets_severity_and_no_time)
{
	char name[64];
	struct stat st;

	catch_stderr();
	cr_assert_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(name, sizeof(name), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", name, 1);
	log_init("CONFD");
	log_event(LOG_CONFIG_ERR_GENERAL, "disk full");
	caught();
	assert_line("<3>RP/0/RP0/CPU0: CONFD_[PID]: %MGBL-CONFIG-3-ERR_GENERAL : disk full\n");
}

Test(log, another_units_journal_is_not_ours)
{
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_init("CONFD");
	catch_stderr();
	log_event(LOG_CONFIG_ERR_GENERAL, "x");
	cr_assert_eq(strncmp(caught(), "RP/0/RP0/CPU0:Aug", 17), 0, "%s", got);
}

static int sink_severity;
static char sink_line[512];

static void sink(int severity, const char *line, void *userdata)
{
	cr_assert_eq(userdata, &sink_severity);
	sink_severity = severity;
	snprintf(sink_line, sizeof(sink_line), "%s", line);
}

Test(log, sink_gets_the_finished_line)
{
	log_init("SSHD");
	catch_stderr();
	log_set_sink(sink, &sink_severity);
	log_event(LOG_VRF_INFO_STATE, "VRF %s\n", "blue");
	log_set_sink(NULL, NULL);
	log_event(LOG_VRF_INFO_STATE, "to stderr");
	caught();
	cr_assert_eq(sink_severity, 6);
	cr_assert_not_null(strstr(sink_line, ": %L2-VRF-6-INFO_STATE : VRF blue\\x0a"));
	cr_assert_null(strchr(sink_line, '\n'));
	cr_assert_null(strstr(got, "blue"));
	cr_assert_not_null(strstr(got, "to stderr\n"));
}

Test(log, debug_only_when_asked)
{
	log_init("SSHD");
	catch_stderr();
	log_debug("vrf", "one");
	log_set_debug(true);
	errno = EXDEV;
	log_debug("vrf", "two %d", 2);
	cr_assert_eq(errno, EXDEV);
	caught();
	cr_assert_null(strstr(got, "one"));
	cr_assert_not_null(strstr(got, "]: vrf : two 2\n"));
}

/* The default action of SIGPIPE would end this test. */
Test(log, a_reader_that_went_away_does_no_harm)
{
	signal(SIGPIPE, SIG_DFL);
	log_init("SSHD");
	catch_stderr();
	close(pipe_fds[0]);
	log_event(LOG_SYS_ERR_GENERAL, "nobody reads this");
	cr_assert_geq(dup2(saved_stderr, STDERR_FILENO), 0);
}
