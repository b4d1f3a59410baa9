/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: whole commands: the shell itself, at a time that stands still, with daemons that answer what the case holds.
 * tests/golden/shell/NNN-name.in is lines to type, "---", and an object with a reply for each Varlink method; what is
 * shown for each line must be NNN-name.ok to the byte.
 *
 *   shell [--update] [NAME]     NAME: part of "shell/NNN-name"; --update rewrites the .ok, whose diff is then read
 *
 * A method without a reply is answered with an error, as by a daemon of another version.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/varlink.h"
#include "cli/shell.h"
#include "conf/task.h"
#include "tests/golden/cases.h"

#define PEERS_MAX      32
#define NOW_US	       INT64_C(1792063325575000) /* Thu Oct 15 11:22:05.575 2026 UTC */

/* ---- the daemons, in a child ---- */

static const char *const socket_names[] = { "confd.varlink", "sshd.varlink" };

struct peer {
	int fd;
	struct varlink_decoder input;
};

static int listen_at(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
	golden_must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0,
	     name);
	return fd;
}

static void answer(int fd, const json_t *call, const json_t *replies)
{
	const char *method = json_string_value(json_object_get(call, "method"));
	json_t *found = json_object_get(replies, method ? method : ""), *reply;
	AUTO(free) char *text = NULL;

	reply = found ? json_pack("{s:O}", "parameters", found)
		      : json_pack("{s:s, s:{s:s?}}", "error", "org.varlink.service.MethodNotFound",
				  "parameters", "method", method);
	if (found && json_is_true(json_object_get(call, "more")))
		json_object_set_new(reply, "continues", json_true());
	text = json_dumps(reply, JSON_COMPACT);
	golden_must(text && send(fd, text, strlen(text) + 1, MSG_NOSIGNAL) == (ssize_t)strlen(text) + 1, "answer");
	json_decref(reply);
}

static void peer_read(struct peer *peer, const json_t *replies)
{
	char bytes[65536];
	ssize_t n = recv(peer->fd, bytes, sizeof(bytes), 0);
	json_t *call;

	if (n <= 0) {
		close(peer->fd);
		varlink_decoder_done(&peer->input);
		*peer = (struct peer){ .fd = -1 };
		return;
	}
	golden_must(varlink_decoder_feed(&peer->input, bytes, (size_t)n) == 0, "a call that is too long");
	while (varlink_decoder_next(&peer->input, &call) == 1) {
		answer(peer->fd, call, replies);
		json_decref(call);
	}
}

static void serve(const int *listeners, const json_t *replies)
{
	struct peer peers[PEERS_MAX];
	struct pollfd wanted[ARRAY_SIZE(socket_names) + PEERS_MAX];

	for (size_t i = 0; i < PEERS_MAX; i++)
		peers[i] = (struct peer){ .fd = -1 };
	for (;;) {
		for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++)
			wanted[i] = (struct pollfd){ .fd = listeners[i], .events = POLLIN };
		for (size_t i = 0; i < PEERS_MAX; i++)
			wanted[ARRAY_SIZE(socket_names) + i] = (struct pollfd){ .fd = peers[i].fd,
										.events = POLLIN };
		golden_must(poll(wanted, ARRAY_SIZE(wanted), -1) > 0, "poll");
		for (size_t i = 0; i < PEERS_MAX; i++)
			if (wanted[ARRAY_SIZE(socket_names) + i].revents)
				peer_read(&peers[i], replies);
		for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++) {
			size_t free_peer = 0;

			if (!wanted[i].revents)
				continue;
			while (free_peer < PEERS_MAX && peers[free_peer].fd >= 0)
				free_peer++;
			golden_must(free_peer < PEERS_MAX, "too many connections");
			peers[free_peer].fd = accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC);
		}
	}
}

static pid_t daemons_start(const char *directory, const json_t *replies)
{
	int listeners[ARRAY_SIZE(socket_names)];
	pid_t parent = getpid(), pid;

	for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++)
		listeners[i] = listen_at(directory, socket_names[i]);
	pid = fork();
	golden_must(pid >= 0, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			serve(listeners, replies);
		_exit(0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++)
		close(listeners[i]);
	return pid;
}

static void daemons_stop(const char *directory, pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", directory, socket_names[i]);
		unlink(path);
	}
}

/* ---- a case ---- */

/* How long the machine is up is nobody's to know. */
static void print_masked(const char *text, FILE *out)
{
	static const struct {
		const char *mark, *masked;
	} marks[] = { { " uptime is ", " uptime is 4 days" }, { "\"uptime_s\": ", "\"uptime_s\": 345600" } };

	while (*text) {
		size_t len = strcspn(text, "\n");
		AUTO(free) char *line = strndup(text, len);

		for (size_t i = 0; line && i < ARRAY_SIZE(marks); i++) {
			char *at = strstr(line, marks[i].mark);

			if (!at)
				continue;
			fprintf(out, "%.*s%s", (int)(at - line), line, marks[i].masked);
			line[0] = '\0';
		}
		fprintf(out, "%s%s", line ? line : "", text[len] ? "\n" : "");
		text += len + (text[len] == '\n');
	}
}

static void type_line(struct shell *shell, FILE *terminal, char **text, size_t *len, const char *line,
		      FILE *out)
{
	size_t before = *len;

	shell_run(shell, line);
	fflush(terminal);
	fprintf(out, "router1# %s\n", line);
	print_masked(*text + before, out);
}

static void type_lines(const char *directory, char *lines, FILE *out)
{
	struct shell_options options = { .dir_fd = AT_FDCWD, .run_dir = directory, .one_command = true };
	struct shell *shell;
	char *text = NULL, *line;
	size_t len = 0;
	FILE *terminal = open_memstream(&text, &len);

	options.in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	options.out = terminal;
	golden_must(terminal && shell_new(&options, &shell) == 0, "shell_new");
	fflush(terminal);
	while ((line = strsep(&lines, "\n")))
		if (line[0])
			type_line(shell, terminal, &text, &len, line, out);
	shell_free(shell);
	fclose(terminal);
	close(options.in_fd);
	free(text);
}

/* Who may do everything. */
static json_t *caller_make(void)
{
	char tasks[4096];
	size_t len = 0;

	for (size_t i = 0; task_words[i] && len < sizeof(tasks); i++)
		len += (size_t)snprintf(tasks + len, sizeof(tasks) - len, "%srwxd:%s", i ? "," : "", task_words[i]);
	return json_pack("{s:{s:s, s:s, s:s, s:[s], s:s, s:s}}", "org.sallyport.Config.GetCaller", "hostname", "router1",
			 "domain_name", "", "user", "admin", "groups", "root-lr", "tasks", tasks, "commit_id",
			 "1000000003");
}

static json_t *replies_load(const char *text)
{
	json_t *replies = caller_make(), *own = json_loads(text, JSON_ALLOW_NUL, NULL);

	golden_must(replies && own, "the case holds no JSON");
	json_object_update(replies, own);
	json_decref(own);
	return replies;
}

static char *case_output(const char *in_path, char *in, const void *directory)
{
	char *got = NULL, *replies_text = strstr(in, "---\n");
	json_t *replies;
	size_t len;
	pid_t pid;
	FILE *out = open_memstream(&got, &len);

	golden_must(out && replies_text, in_path);
	*replies_text = '\0';
	replies = replies_load(replies_text + 4);
	pid = daemons_start(directory, replies);
	type_lines(directory, in, out);
	daemons_stop(directory, pid);
	json_decref(replies);
	golden_must(!fclose(out), "out of memory");
	return got;
}

int main(int argc, char **argv)
{
	struct golden golden = golden_begin("shell", argc, argv);
	char directory[] = "/tmp/golden-shell-XXXXXX";

	golden_must(mkdtemp(directory) != NULL, "mkdtemp");
	clearenv();
	setenv("SALLYPORT_LINE", "vty1", 1);
	setenv("SALLYPORT_SESSION", "2", 1);
	setenv("TERM", "vt100", 1);
	clock_freeze(NOW_US, INT64_C(77000000000));
	golden_run(&golden, "shell", case_output, directory);
	rmdir(directory);
	return golden_end(&golden);
}
