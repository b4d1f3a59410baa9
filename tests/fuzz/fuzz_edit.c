/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an operator may send: bytes through the line reader, then each line through help, Tab, the pipes, the cut of the
 * running configuration and the cleaning of output. All tables are the real ones.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/column.h"
#include "cli/complete.h"
#include "cli/edit.h"
#include "cli/pipe.h"
#include "cli/running_text.h"
#include "cli/shell.h"
#include "conf/root.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void no_help(const char *before, void *userdata)
{
	(void)before;
	(void)userdata;
}

static size_t no_completion(const char *before, char *ret_insert, size_t size_bytes, void *userdata)
{
	(void)before;
	(void)ret_insert;
	(void)size_bytes;
	(void)userdata;
	return 0;
}

static const struct edit_ops ops = { no_help, no_completion };

static void complete_line(const char *line, bool configuring, FILE *out)
{
	struct complete_scene scene = {
		.commands = { .root = exec_root }, .exec = exec_root, .config = conf_root, .pipe = pipe_root,
	};
	struct hint_list list = { 0 };
	char insert[32];
	unsigned column = 0;

	if (configuring)
		scene.statements = (struct complete_table){ .root = conf_root, .may_negate = true };
	if (complete_hints(&scene, line, &list, &column) < 0) {
		if (column > strlen(line))
			abort();
		return;
	}
	complete_insert(&list, line, NULL, NULL, insert, sizeof(insert));
	if (strlen(insert) >= sizeof(insert))
		abort();
	hint_list_print(&list, out);
	hint_list_done(&list);
}

/* Cleaned text holds nothing a terminal obeys, and cleaning it again changes nothing. */
static void clean_line(char *line)
{
	size_t len = strlen(line);
	char *again;

	column_clean(line, len, false);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			abort();
	again = strdup(line);
	if (!again)
		return;
	column_clean(again, len, false);
	if (strcmp(again, line) != 0)
		abort();
	free(again);
}

static void take_line(char *line, FILE *out)
{
	if (strlen(line) > STMT_LINE_MAX_BYTES)
		abort();
	complete_line(line, false, out);
	complete_line(line, true, out);
	for (const char *at = pipe_find(line, true); at; at = pipe_find(at + 1, false))
		if (*at != '|')
			abort();
	clean_line(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static FILE *out;
	struct edit *edit = NULL;
	char *text;
	int fd;

	if (!out)
		out = fopen("/dev/null", "we");
	fd = memfd_create("typed", MFD_CLOEXEC);
	if (!out || fd < 0 || write(fd, bytes, len_bytes) != (ssize_t)len_bytes || lseek(fd, 0, SEEK_SET) < 0 ||
	    edit_new(fd, out, &ops, NULL, &edit) < 0)
		abort();
	for (;;) {
		char *line = NULL;
		enum edit_result result = edit_line(edit, "", &line);

		if (result == EDIT_LINE)
			take_line(line, out);
		free(line);
		if (result == EDIT_CLOSED)
			break;
	}
	edit_free(edit);
	close(fd);
	text = strndup((const char *)bytes, len_bytes);
	if (!text)
		return 0;
	running_text_below(text, "username admin", out);
	free(text);
	return 0;
}
