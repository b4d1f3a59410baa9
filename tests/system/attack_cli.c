// SPDX-License-Identifier: GPL-3.0-or-later
/* Stands in the place of the CLI: tells what it was given, so that a test can see what a session's program starts with. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static void tell_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned long long mask = 0;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != dirfd(dir))
			mask |= 1ull << strtol(entry->d_name, NULL, 10);
	printf("fds %llx\n", mask);
	if (dir)
		closedir(dir);
}

static void tell_status(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Cap", 3) || !strncmp(line, "Groups", 6) || !strncmp(line, "Sig", 3) ||
		    !strncmp(line, "NoNewPrivs", 10))
			printf("%s", line);
	if (file)
		fclose(file);
}

static void tell_netns(void)
{
	char text[64];
	ssize_t len = readlink("/proc/self/ns/net", text, sizeof(text) - 1);

	printf("netns %.*s\n", len > 0 ? (int)len : 0, text);
}

int main(int argc, char **argv)
{
	struct rlimit core;
	char cwd[4096];

	for (int i = 0; i < argc; i++)
		printf("arg %s\n", argv[i]);
	for (char **env = environ; *env; env++)
		printf("env %s\n", *env);
	getrlimit(RLIMIT_CORE, &core);
	printf("uid %u %u gid %u %u sid %d core %llu umask %o cwd %s\n", getuid(), geteuid(), getgid(), getegid(),
	       getsid(0) == getpid(), (unsigned long long)core.rlim_cur, umask(022), getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	tell_netns();
	printf("tty %d foreground %d\n", isatty(0), isatty(0) && tcgetpgrp(0) == getpgrp());
	tell_descriptors();
	tell_status();
	fprintf(stderr, "to stderr\n");
	fflush(stdout);
	if (argc == 3 && !strcmp(argv[2], "stay")) {
		/* as a program that will not hear a hang-up */
		signal(SIGHUP, SIG_IGN);
		pause();
		pause();
	}
	return 7;
}
