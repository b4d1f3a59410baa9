// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What sessions of the bench run, the same under every server
 *
 *   program echo          puts its terminal into raw mode, says R and gives every byte back
 *   program idle          says R and waits for the end
 *   program -c COMMAND    /bin/sh -c COMMAND: this program in the place of sallyport's CLI
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int run_echo(void)
{
	struct termios mode;
	char bytes[4096];
	ssize_t n;

	if (tcgetattr(0, &mode) == 0) {
		cfmakeraw(&mode);
		tcsetattr(0, TCSANOW, &mode);
	}
	if (write(1, "R", 1) != 1)
		return 1;
	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)n) != n)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return execl("/bin/sh", "sh", "-c", argv[2], (char *)NULL);
	if (argc == 2 && strcmp(argv[1], "idle") == 0) {
		if (write(1, "R", 1) != 1)
			return 1;
		while (read(0, &byte, 1) > 0)
			;
		return 0;
	}
	return run_echo();
}
