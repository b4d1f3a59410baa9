/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the self-test of the libraries, at each start. A libssh that signs by itself would sign with a placeholder, and
 * one that does not look at the tags of AES-GCM would believe whoever sits on the wire, and neither is seen from
 * outside. The test runs beside the parts that are made meanwhile, and is waited for before the first connection.
 */
#include "services/sshd_selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/selftest.h"
#include "services/ssh_algorithm.h"

#define TIME_MAX_US 60000000

static void test_exec(const struct sshd *sshd, int said_fd) __attribute__((noreturn));
static void test_exec(const struct sshd *sshd, int said_fd)
{
	char name[] = "sallyport-transport", option[] = "--self-test", *argv[] = { name, option, NULL };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), program_fd;

	proc_signals_default();
	setsid();
	program_fd = fcntl(sshd->transport_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (program_fd < 0 || dup2(said_fd, STDERR_FILENO) < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
	    dup2(null_fd, STDOUT_FILENO) < 0)
		_exit(126);
	execveat(program_fd, "", argv, environ, AT_EMPTY_PATH);
	dprintf(STDERR_FILENO, "it cannot be executed: %s", strerror(errno));
	_exit(127);
}

int sshd_selftest_begin(struct sshd *sshd, struct err *err)
{
	AUTO(close) int reader = -1, writer = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "no pipe: %s", strerror(errno));
	reader = ends[0];
	writer = ends[1];
	sshd->selftest.pid = fork();
	if (sshd->selftest.pid == 0)
		test_exec(sshd, writer);
	if (sshd->selftest.pid < 0) {
		r = -errno;
		sshd->selftest.pid = 0;
		return err_set(err, r, "no process: %s", strerror(-r));
	}
	sshd->selftest.said_fd = take_fd(reader);
	return 0;
}

/* The last line of what it says, until it says no more. False when it takes too long. */
static bool said_read(int fd, char *text, size_t size_bytes)
{
	int64_t until_us = clock_monotonic_us() + TIME_MAX_US, now_us;
	size_t len = 0;
	ssize_t got = 1;

	while (got > 0 && (now_us = clock_monotonic_us()) < until_us) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		char bytes[256];

		if (poll(&poller, 1, (int)((until_us - now_us) / 1000) + 1) <= 0)
			continue;
		got = read(fd, bytes, sizeof(bytes));
		for (ssize_t i = 0; i < got; i++) {
			if (len && text[len - 1] == '\n')
				len = 0;
			if (len < size_bytes - 1)
				text[len++] = bytes[i];
		}
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	while (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return got <= 0;
}

int sshd_selftest_end(struct sshd *sshd, struct err *err)
{
	char text[sizeof(err->text) / 2];
	int status = 0;

	if (!said_read(sshd->selftest.said_fd, text, sizeof(text)))
		return err_set(err, -ETIMEDOUT, "the self-test of sallyport-transport does not end");
	while (waitpid(sshd->selftest.pid, &status, 0) < 0 && errno == EINTR)
		;
	sshd->selftest.pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SELFTEST_NO_GCM) {
		log_event(LOG_SSHD_ERR_GENERAL, "Self-test: %s; AES-GCM is not offered until libssh is replaced by one "
			  "that refuses them (0.10.6-0+deb12u3, 0.11.5, 0.12.1 or newer)", text);
		ssh_algorithm_no_gcm = true;
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == SELFTEST_PASSED)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, -EPROTO, "the self-test of sallyport-transport died by signal %d",
			       WTERMSIG(status));
	return err_set(err, -EPROTO, "%s; no connection is served with these libraries",
		       text[0] ? text : "the self-test of sallyport-transport fails without a word");
}

void sshd_selftest_done(struct sshd *sshd)
{
	if (sshd->selftest.pid > 0) {
		kill(sshd->selftest.pid, SIGKILL);
		waitpid(sshd->selftest.pid, NULL, 0);
	}
	sshd->selftest.pid = 0;
	if (sshd->selftest.said_fd >= 0)
		close(take_fd(sshd->selftest.said_fd));
}
