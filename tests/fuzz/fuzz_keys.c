/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an operator may type on a terminal: keys, escape sequences whole and broken, any bytes, into the line editor on a
 * pty, with help, completion and history. Lines that come out hold what a line may hold, and the editor sends the
 * terminal nothing to obey but the cursor movements it is made of.
 *
 * The first byte says what is done: questions are asked when it is odd, else lines are read. Ctrl-Z ends the input.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/complete.h"
#include "cli/edit.h"
#include "cli/pipe.h"
#include "cli/shell.h"
#include "conf/root.h"

#define KEYS_MAX 3000 /* what a pty keeps while nobody reads */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

/* ---- the terminal ---- */

static int master_fd = -1, slave_fd = -1;
static unsigned escape_at; /* how far an escape sequence has come */

static void require(bool held)
{
	if (!held)
		abort();
}

/* "\033[A", one row up, is the only sequence that the editor has a use for. */
static void check_shown(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (escape_at) {
			require(bytes[i] == (escape_at == 1 ? '[' : 'A'));
			escape_at = (escape_at + 1) % 3;
		} else if (bytes[i] == 033) {
			escape_at = 1;
		} else {
			require(bytes[i] >= ' ' || strchr("\a\b\t\n\r", bytes[i]));
		}
	}
}

/* Somebody has to read what is shown, or the editor would wait for ever. */
static void *watch(void *unused)
{
	unsigned char bytes[4096];
	ssize_t n;

	(void)unused;
	while ((n = read(master_fd, bytes, sizeof(bytes))) > 0)
		check_shown(bytes, (size_t)n);
	abort();
}

static void terminal_open(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 40 };
	const char *name;
	pthread_t thread;
	int off = 0;

	master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	require(master_fd >= 0 && grantpt(master_fd) == 0 && unlockpt(master_fd) == 0);
	name = ptsname(master_fd);
	require(name != NULL);
	slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	require(slave_fd >= 0 && ioctl(slave_fd, TIOCSWINSZ, &size) == 0 && ioctl(master_fd, TIOCPKT, &off) == 0);
	setenv("TERM", "vt100", 1);
	require(pthread_create(&thread, NULL, watch, NULL) == 0);
}

/* ---- help and completion, as the shell gives them ---- */

static struct complete_scene scene_make(void)
{
	return (struct complete_scene){
		.commands = { .root = exec_root },
		.statements = { .root = conf_root, .may_negate = true },
		.exec = exec_root,
		.config = conf_root,
		.pipe = pipe_root,
	};
}

static void help(const char *before, void *userdata)
{
	struct complete_scene scene = scene_make();
	struct hint_list list = { 0 };
	unsigned column = 0;

	if (complete_hints(&scene, before, &list, &column) < 0)
		return;
	hint_list_print(&list, userdata);
	hint_list_done(&list);
}

static void source(const char *name, void (*on_value)(const char *value, void *to), void *to, void *userdata)
{
	(void)name;
	(void)userdata;
	on_value("blue", to);
	on_value("blau", to);
}

static size_t complete(const char *before, char *ret_insert, size_t size_bytes, void *userdata)
{
	struct complete_scene scene = scene_make();
	struct hint_list list = { 0 };
	unsigned column = 0;
	size_t count;

	(void)userdata;
	if (complete_hints(&scene, before, &list, &column) < 0)
		return 0;
	count = complete_insert(&list, before, source, NULL, ret_insert, size_bytes);
	require(strlen(ret_insert) < size_bytes);
	hint_list_done(&list);
	return count;
}

static const struct edit_ops ops = { help, complete };

/* ---- a session ---- */

static void check_line(const char *line)
{
	size_t len = strlen(line);

	require(len <= 4 * (size_t)STMT_LINE_MAX_BYTES);
	for (size_t at = 0, step; at < len; at += step) {
		step = utf8_character(line + at, len - at);
		require(step > 0 && (unsigned char)line[at] >= ' ' && line[at] != 0x7f);
	}
}

static void type_lines(struct edit *edit)
{
	for (;;) {
		char *line = NULL;
		enum edit_result result = edit_line(edit, "router#", &line);

		require(result != EDIT_CLOSED);
		if (result == EDIT_LINE) {
			check_line(line);
			edit_remember(edit, line);
			if (strlen(line) % 5 == 0)
				edit_wipe(edit);
		}
		free(line);
		if (result == EDIT_LEAVE)
			return;
	}
}

static void type_answers(struct edit *edit)
{
	char answer[16];
	struct pollfd more = { .fd = slave_fd, .events = POLLIN };

	do {
		require(edit_ask(edit, "really? [no]:", answer, sizeof(answer)) == EDIT_LINE);
		require(strlen(answer) < sizeof(answer));
		check_line(answer);
	} while (poll(&more, 1, 0) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	char keys[KEYS_MAX + 16];
	size_t len = len_bytes ? len_bytes - 1 : 0;
	struct edit *edit = NULL;
	FILE *out;
	int fd;

	if (master_fd < 0)
		terminal_open();
	if (len > KEYS_MAX)
		len = KEYS_MAX;
	if (len)
		memcpy(keys, bytes + 1, len);
	for (size_t i = 0; i < len; i++)
		keys[i] = keys[i] == 032 ? 'z' : keys[i];
	/* out of whatever was begun, twice: a key may be taken as it stands, or as the end of a sequence */
	memcpy(keys + len, "\r\r\032\r\032\r\032", 7);
	len += 7;
	fd = dup(slave_fd);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	require(out && edit_new(slave_fd, out, &ops, out, &edit) == 0 && edit_is_terminal(edit));
	require(write(master_fd, keys, len) == (ssize_t)len);
	if (len_bytes && (bytes[0] & 1))
		type_answers(edit);
	else
		type_lines(edit);
	edit_free(edit);
	fclose(out);
	tcflush(slave_fd, TCIFLUSH);
	return 0;
}
