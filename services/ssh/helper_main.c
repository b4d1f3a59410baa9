// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: sallyport-helper, which a monitor executes as the session's user for work that must not be done with the
 * monitor's memory, host keys included, in reach
 *
 *   sallyport-helper files USER sftp-server
 *   sallyport-helper files USER scp [-t|-f] ... -- FILE...
 *	becomes that program of the distribution, inside the file root, which is its working directory (file_root.h);
 *	FILE of scp -f is a pattern (file_pattern.h)
 *   sallyport-helper connect IFINDEX RESOLVER HOST PORT
 *	makes a connection in a VRF and hands it over (forward.h)
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/file_pattern.h"
#include "services/ssh/file_root.h"
#include "services/ssh/forward.h"

enum { EXIT_USAGE = 2, EXIT_NOT_STARTED = 127 };

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

/* The monitor puts -f before "--". */
static bool sends(char *const *argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (!strcmp(*argv, "-f"))
			return true;
	return false;
}

static int files(const char *user_name, char *const *argv)
{
	bool sftp = !strcmp(argv[0], "sftp-server");
	const char *path = sftp ? path_find(sftp_paths, ARRAY_SIZE(sftp_paths)) :
				  path_find(scp_paths, ARRAY_SIZE(scp_paths));
	struct err err = { .text = "" };
	char **names;
	int r;

	if (!path)
		return fail(argv[0], sftp ? "it is not installed; install the package openssh-sftp-server" :
					    "it is not installed; install the package openssh-client");
	umask(022);
	if (!sftp && sends(argv)) {
		r = file_pattern_expand(argv, &names);
		if (r < 0)
			return fail(argv[0], strerror(-r));
		argv = names;
	}
	if (file_root_enter(user_name, &err) < 0)
		return fail(argv[0], err.text);
	execv(path, argv);
	return fail(path, strerror(errno));
}

static bool read_number(const char *text, long most, long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtol(text, &end, 10);
	return !errno && end != text && !*end && *ret_number >= 0 && *ret_number <= most;
}

static int connect_to(char *const *argv)
{
	struct forward_target target = { .port = 0 };
	long ifindex, resolver, port;

	if (!read_number(argv[0], 0x7fffffff, &ifindex) || !read_number(argv[1], 1, &resolver) ||
	    !forward_host_allowed(argv[2]) || strlen(argv[2]) > FORWARD_HOST_MAX_BYTES ||
	    !read_number(argv[3], UINT16_MAX, &port))
		return EXIT_USAGE;
	target.ifindex = (int)ifindex;
	target.has_resolver = resolver == 1;
	target.port = (uint16_t)port;
	snprintf(target.host, sizeof(target.host), "%s", argv[2]);
	return forward_run(&target);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "files") && (!strcmp(argv[3], "sftp-server") || !strcmp(argv[3], "scp")))
		return files(argv[2], argv + 3);
	if (argc == 6 && !strcmp(argv[1], "connect"))
		return connect_to(argv + 2);
	fprintf(stderr, "sallyport-helper is started by a session's monitor\n");
	return EXIT_USAGE;
}
