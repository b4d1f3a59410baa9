// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: sallyport-files, from which sftp-server and scp of the distribution are started inside the file root
 *
 *   sallyport-files USER sftp-server
 *   sallyport-files USER scp [-t|-f] ... -- FILE...
 *
 * It is executed by a monitor as the session's user, with the file root as working directory. It is a program of its
 * own because setting up a user namespace takes a process that others of its user may look into: never the monitor's
 * memory, which holds host keys.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/file_root.h"

enum { EXIT_NOT_STARTED = 127 };

static const char *const sftp_paths[] = { "/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
					  "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server" };
static const char *const scp_paths[] = { "/usr/bin/scp" };

static const char *path_find(const char *const *paths, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static int fail(const char *what, const char *text)
{
	dprintf(STDERR_FILENO, "sallyport: %s: %s\n", what, text);
	return EXIT_NOT_STARTED;
}

int main(int argc, char **argv)
{
	bool sftp = argc == 3 && !strcmp(argv[2], "sftp-server"), scp = argc > 3 && !strcmp(argv[2], "scp");
	struct err err = { .text = "" };
	const char *path;

	if (!sftp && !scp) {
		fprintf(stderr, "sallyport-files is started by a session's monitor\n");
		return 2;
	}
	path = sftp ? path_find(sftp_paths, ARRAY_SIZE(sftp_paths)) : path_find(scp_paths, ARRAY_SIZE(scp_paths));
	if (!path)
		return fail(argv[2], sftp ? "no sftp-server is installed; install the package openssh-sftp-server" :
					    "no scp is installed; install the package openssh-client");
	umask(022);
	if (file_root_enter(argv[1], &err) < 0)
		return fail(argv[2], err.text);
	execv(path, argv + 2);
	return fail(path, strerror(errno));
}
