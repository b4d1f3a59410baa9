/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sallyport, the operator's shell. As a login shell, or without words, it reads lines from its input; with words
 * or -c it runs one command and its exit status says whether the command was taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/shell.h"

#define RUN_DIR_DEFAULT "/run/sallyport"

static void usage(FILE *out)
{
	fputs("usage: sallyport [--run-dir DIR] [-c COMMAND | WORD...]\n", out);
}

/* The directory that the monitor passed on, or none. A number that is not open is an error, not a default. */
static int sockets_fd(void)
{
	const char *text = getenv("SALLYPORT_SOCK_FD");
	char *end;
	long fd;

	if (!text)
		return AT_FDCWD;
	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || *end || end == text || fd < 0 || fd > 65535 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return -EBADF;
	return (int)fd;
}

static char *join(char **words, int count)
{
	AUTO(free) char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (fclose(out))
		return NULL;
	return take(line);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "run-dir", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	struct shell_options shell_options = { .run_dir = RUN_DIR_DEFAULT, .in_fd = STDIN_FILENO, .out = stdout };
	AUTO(free) char *command = NULL;
	struct shell *shell = NULL;
	bool run_dir_given = false;
	int option, status, r;

	while ((option = getopt_long(argc, argv, "+c:", options, NULL)) >= 0) {
		switch (option) {
		case 'r':
			shell_options.run_dir = optarg;
			run_dir_given = true;
			break;
		case 'c':
			free(command);
			command = strdup(optarg);
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'v':
			puts("sallyport " SHELL_VERSION);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!command && optind < argc)
		command = join(argv + optind, argc - optind);
	shell_options.one_command = command != NULL;
	shell_options.dir_fd = run_dir_given ? AT_FDCWD : sockets_fd();
	if (shell_options.dir_fd == -EBADF) {
		fputs("sallyport: SALLYPORT_SOCK_FD names no open directory\n", stderr);
		return 2;
	}
	r = shell_new(&shell_options, &shell);
	if (r < 0) {
		fprintf(stderr, "sallyport: cannot start: %s\n", strerror(-r));
		return 2;
	}
	status = command ? shell_run(shell, command) : shell_loop(shell);
	shell_free(shell);
	return fflush(stdout) ? 1 : status;
}
