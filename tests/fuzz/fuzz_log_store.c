/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a stored log, whatever a disk or another daemon made of it: it is read to its end, each record is one line, and
 * what is shown and sent of it is bounded and holds nothing that a terminal obeys.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log_line.h"
#include "base/log_store.h"
#include "cli/show_logging.h"
#include "conf/logging_conf.h"
#include "services/syslog_message.h"

static int dir_fd = -1;

static void place_make(void)
{
	static char path[] = "/tmp/sallyport-fuzz-XXXXXX";

	if (!mkdtemp(path) || (dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
}

static bool on_record(const struct log_record *record, void *userdata)
{
	char message[SYSLOG_MESSAGE_MAX_BYTES], *clean = log_text_harmless(record->text);

	(void)userdata;
	if (strchr(record->text, '\n') || record->severity < 0 || record->severity > LOG_STORE_ALL)
		abort();
	for (int format = LOGGING_FORMAT_BSD; format <= LOGGING_FORMAT_5424; format++)
		if (syslog_message_make(record, 23, format, "r", message) > sizeof(message))
			abort();
	if (clean && (strpbrk(clean, "#\033\r\n") || strcasestr(clean, " not found") || strcasestr(clean, "% error")))
		abort();
	free(clean);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_cursor cursor = { .inode = 0 };
	int fd;

	if (dir_fd < 0)
		place_make();
	fd = openat(dir_fd, "current", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	while (log_store_read(dir_fd, &cursor, 100, on_record, NULL) == 1)
		;
	if (cursor.offset > size)
		abort();
	return 0;
}
