/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sallyport, the operator's shell. As a login shell, or without words, it reads lines from its input; with words
 * or -c it runs one command and its exit status says whether the command was taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli_options.h"
#include "cli/shell.h"

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

static int run_shell(const struct cli_options *options, char **words, int words_len)
{
	AUTO(free) char *line = !options->command && words_len ? join(words, words_len) : NULL;
	const char *command = options->command ? options->command : line;
	struct shell_options shell_options = {
		.run_dir = options->run_dir ? options->run_dir : CLI_RUN_DIR_DEFAULT,
		.dir_fd = options->run_dir ? AT_FDCWD : sockets_fd(),
		.in_fd = STDIN_FILENO,
		.out = stdout,
		.one_command = command || options->complete,
	};
	struct shell *shell = NULL;
	int status, r;

	if (shell_options.dir_fd == -EBADF) {
		fputs("sallyport: SALLYPORT_SOCK_FD names no open directory\n", stderr);
		return 2;
	}
	r = shell_new(&shell_options, &shell);
	if (r < 0) {
		fprintf(stderr, "sallyport: cannot start: %s\n", strerror(-r));
		return 2;
	}
	if (options->complete)
		shell_next_words(shell, options->complete, stdout);
	status = options->complete ? 0 : command ? shell_run(shell, command) : shell_loop(shell);
	shell_free(shell);
	return fflush(stdout) ? 1 : status;
}

int main(int argc, char **argv)
{
	struct cli_options options = { 0 };
	struct err err = { 0 };
	int rest = 0;

	if (option_parse(cli_option_rows, argc, argv, &options, &rest, &err) < 0) {
		fprintf(stderr, "sallyport: %s\n", err.text);
		option_usage(cli_option_rows, "sallyport", CLI_OPTIONS_TAIL, stderr);
		return 2;
	}
	if (options.help)
		return option_usage(cli_option_rows, "sallyport", CLI_OPTIONS_TAIL, stdout), 0;
	if (options.version)
		return puts("sallyport " SHELL_VERSION) < 0;
	return run_shell(&options, argv + rest, argc - rest);
}
