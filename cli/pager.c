/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the pager. It stops only when there is more to show than fits, keeps one line of the screen for its question,
 * and takes the question back with blanks: programs that answer it see no escape sequence.
 */
#include "cli/pager.h"

#include <errno.h>
#include <string.h>

#define KEY_CTRL_C 3

size_t pager_rows(const char *line, size_t len_bytes, unsigned width)
{
	size_t columns = 0;

	for (size_t i = 0; i < len_bytes; i++)
		columns += ((unsigned char)line[i] & 0xc0u) != 0x80;
	if (!width || columns <= width)
		return 1;
	return (columns + width - 1) / width;
}

/* How many more rows may be shown: a page, one line, or -1 to stop, -2 when the terminal has gone. */
static long ask_more(FILE *out, unsigned page, int (*key)(void *userdata), void *userdata)
{
	long rows = 0;

	fputs(PAGER_MORE, out);
	fflush(out);
	while (rows == 0) {
		switch (key(userdata)) {
		case ' ':
			rows = page;
			break;
		case '\n':
			rows = 1;
			break;
		case 'q':
		case 'Q':
		case KEY_CTRL_C:
			rows = -1;
			break;
		case -1:
			return -2;
		}
	}
	fprintf(out, "\r%*s\r", (int)strlen(PAGER_MORE), "");
	return rows;
}

int pager_write(FILE *out, const char *text, size_t len_bytes, unsigned length, unsigned width,
		int (*key)(void *userdata), void *userdata)
{
	unsigned page = length > 1 ? length - 1 : 1;
	const char *end = text + len_bytes;
	long room = page;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = newline ? (size_t)(newline - text) : (size_t)(end - text);

		if (length) {
			long rows = (long)pager_rows(text, len, width);

			/* a line taller than the page is shown when the page is empty */
			if (room < rows && room < (long)page) {
				room = ask_more(out, page, key, userdata);
				if (room < 0) {
					fflush(out);
					return room == -1 ? 0 : -EIO;
				}
			}
			room -= rows;
		}
		fwrite(text, 1, len, out);
		fputc('\n', out);
		text += len + (newline ? 1 : 0);
	}
	return fflush(out) == 0 ? 0 : -EIO;
}
