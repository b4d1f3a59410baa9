/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: The only command that starts a program. Nothing is started before sallyport-sshd has said that it knows the
 * caller's rights and has written the event; without an answer there is no shell. The program gets the operator's
 * terminal, a process group of its own, a short environment, and no other descriptor of ours.
 */
#include "cli/exec_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "services/ssh_report.h"

#define EXIT_NOT_STARTED 127
#define ENVS_MAX	 16u

const struct arg exec_run_arg = {
	.name = "LINE", .help = "Command for the shell, as it would be typed there", .min = 1,
	.max = EXEC_RUN_MAX_BYTES, .text = true,
};

/* ---- the child ---- */

/* What a shell needs; the path has the administrator's programs, which only show things to who is not root. */
static void environment_make(char **envs)
{
	static const char *const names[] = { "HOME", "USER", "LOGNAME", "TERM", "LANG", "SSH_CONNECTION", "SSH_TTY",
					     "SALLYPORT_LINE", "SALLYPORT_VRF" };
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		    shell[] = "SHELL=/bin/sh";
	size_t len = 0;

	envs[len++] = path;
	envs[len++] = shell;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && asprintf(&envs[len], "%s=%s", names[i], value) > 0)
			len++;
	}
	/* the user may have no account, and then the shell could not say who he is */
	if (asprintf(&envs[len], "PS1=%s@\\h:\\w\\$ ", getenv("USER") ? getenv("USER") : "run") > 0)
		len++;
	envs[len] = NULL;
}

/* Ctrl-Z does nothing to one command: there is no shell that could go on with it. */
static void child_signals(bool one_command)
{
	proc_signals_default();
	if (one_command)
		signal(SIGTSTP, SIG_IGN);
}

static void child_run(const char *command, bool terminal, bool takes_input) __attribute__((noreturn));
static void child_run(const char *command, bool terminal, bool takes_input)
{
	static char bash[] = "bash", sh[] = "sh", option[] = "-c", own_prompt[] = "--norc";
	char *envs[ENVS_MAX] = { NULL };
	char *argv[] = { NULL, command ? option : own_prompt, (char *)(uintptr_t)command, NULL };

	environment_make(envs);
	if (terminal) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpgrp()); /* SIGTTOU is still ignored */
	} else if (!takes_input) {
		/* the lines there are the shell's that we are */
		int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
			_exit(EXIT_NOT_STARTED);
	}
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	child_signals(command != NULL);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	if (command) {
		argv[0] = sh;
		execve("/bin/sh", argv, envs);
	} else {
		argv[0] = bash;
		execve("/bin/bash", argv, envs);
		argv[0] = sh;
		argv[1] = NULL;
		execve("/bin/sh", argv, envs);
	}
	dprintf(STDERR_FILENO, "%% /bin/sh: %s\n", strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

/* ---- the parent ---- */

/* A program that is stopped would leave the operator without a prompt and without it. */
static int wait_for(pid_t pid)
{
	int status = 0;
	pid_t r;

	while ((r = waitpid(pid, &status, WUNTRACED)) == pid || (r < 0 && errno == EINTR)) {
		if (r < 0)
			continue;
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		kill(-pid, SIGTERM);
		kill(-pid, SIGCONT);
	}
	return EXIT_NOT_STARTED;
}

static int run_program(struct shell *shell, const char *command)
{
	bool terminal = edit_is_terminal(shell->edit);
	void (*before)(int number);
	pid_t pid;
	int status;

	if (terminal)
		edit_lend(shell->edit);
	before = signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0)
		child_run(command, terminal, shell->takes_input);
	if (pid > 0 && terminal) {
		setpgid(pid, pid);
		tcsetpgrp(STDIN_FILENO, pid);
	}
	status = pid > 0 ? wait_for(pid) : EXIT_NOT_STARTED;
	if (terminal)
		tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGTTOU, before);
	if (terminal)
		edit_take_back(shell->edit);
	return pid < 0 ? -1 : status;
}

static int refuse_unless_recorded(struct shell *shell, const char *command)
{
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_SSHD, SSH_INTERFACE ".RecordRun", json_pack("{s:s}", "command", command),
			    &reply);

	json_decref(reply);
	return r;
}

int exec_run(struct shell *shell, const struct match *match)
{
	const char *command = stmt_match_value(match, "run") ? shell->raw : NULL;
	int r;

	if (shell->pipes.len || shell->pipes.json || shell->pipes.to_file || shell->pipes.no_more)
		return shell_refuse(shell, "A shell has no filters behind it");
	if (!command && !edit_is_terminal(shell->edit))
		return shell_refuse(shell, "A shell needs a terminal; behind run may stand one command");
	r = refuse_unless_recorded(shell, command ? command : "");
	if (r < 0)
		return r;
	shell_end(shell); /* what there is to see before it */
	fflush(shell->terminal);
	r = run_program(shell, command);
	if (shell_begin(shell) < 0)
		return -ENOMEM;
	if (r < 0)
		return shell_refuse(shell, "The shell cannot be started: %s", strerror(errno));
	shell->status = r;
	return 0;
}
