/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the log on disk. Every process appends its own lines: one write(2) with O_APPEND puts a record in as a whole, so
 * there is no lock to wait for, no daemon that must live, and nothing to mend after kill -9. The file is opened by name
 * for each line, because another process may have moved it aside; the one whose line fills it does that, under a lock
 * that is only tried. What lies in the directory is not trusted: a daemon of another uid may write there, so only a
 * plain file with one name is taken.
 */
#include "base/log_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define FILE_CURRENT  "current"
#define FILE_PREVIOUS "previous"
#define FILE_LIMITS   "limits"
#define DIR_MODE      02770 /* new files get the directory's group */
#define FILE_MODE     0666 /* who may pass the directory: a monitor is root without the right to pass over modes */
#define RECORD_MAX    (LOG_STORE_LINE_MAX + 32)
#define READ_BYTES    65536u

int log_store_open(const char *state_dir, gid_t group)
{
	AUTO(free) char *path = NULL;
	AUTO(close) int fd = -1;
	int r;

	if (asprintf(&path, "%s/log", state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = fs_mkdir(path, DIR_MODE);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (geteuid() == 0 && (fchown(fd, 0, group) < 0 || fchmod(fd, DIR_MODE) < 0))
		return -errno;
	return take_fd(fd);
}

/* ---- files ---- */

/* A pipe would block, a link would lead elsewhere. */
static int file_open(int dir_fd, const char *name, int flags)
{
	AUTO(close) int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return -EPERM;
	return take_fd(fd);
}

static int current_open(int dir_fd)
{
	int fd = file_open(dir_fd, FILE_CURRENT, O_WRONLY | O_APPEND);

	if (fd != -ENOENT)
		return fd;
	fd = openat(dir_fd, FILE_CURRENT, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd >= 0) {
		fchmod(fd, FILE_MODE); /* whatever the umask; without it the other daemon's lines are lost, not ours */
		return fd;
	}
	return errno == EEXIST ? file_open(dir_fd, FILE_CURRENT, O_WRONLY | O_APPEND) : -errno;
}

/* Only the file that is still the current one moves, so that of two who found it full one moves it. */
static void current_retire(int dir_fd, int fd)
{
	struct stat own, named;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &own) < 0 ||
	    fstatat(dir_fd, FILE_CURRENT, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (own.st_ino == named.st_ino && own.st_dev == named.st_dev)
		renameat(dir_fd, FILE_CURRENT, dir_fd, FILE_PREVIOUS);
}

int log_store_append(int dir_fd, int64_t bytes, int severity, int64_t wall_us, const char *line)
{
	AUTO(close) int fd = current_open(dir_fd);
	char record[RECORD_MAX];
	struct stat st;
	ssize_t put;
	int len;

	if (fd < 0)
		return fd;
	len = snprintf(record, sizeof(record), "%d %" PRId64 " %.*s\n", severity, wall_us, (int)LOG_STORE_LINE_MAX,
		       line);
	if (len < 0 || (size_t)len >= sizeof(record))
		return -EMSGSIZE;
	put = write(fd, record, (size_t)len);
	if (put != len)
		return put < 0 ? -errno : -ENOSPC;
	if (fstat(fd, &st) == 0 && st.st_size >= bytes / 2)
		current_retire(dir_fd, fd);
	return 0;
}

int log_store_clear(int dir_fd)
{
	static const char *const names[] = { FILE_PREVIOUS, FILE_CURRENT };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlinkat(dir_fd, names[i], 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

/* ---- limits ---- */

void log_store_limits_get(int dir_fd, struct log_store_limits *ret_limits)
{
	AUTO(close) int fd = file_open(dir_fd, FILE_LIMITS, O_RDONLY);
	struct log_store_limits limits;
	char text[64];
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	*ret_limits = (struct log_store_limits){ LOG_STORE_BYTES_DEFAULT, LOG_STORE_ALL };
	if (len <= 0)
		return;
	text[len] = '\0';
	if (sscanf(text, "%" SCNd64 " %d", &limits.bytes, &limits.severity) == 2 &&
	    limits.bytes >= LOG_STORE_BYTES_MIN && limits.bytes <= LOG_STORE_BYTES_MAX && limits.severity >= 0 &&
	    limits.severity <= LOG_STORE_ALL)
		*ret_limits = limits;
}

int log_store_limits_set(int dir_fd, const struct log_store_limits *limits)
{
	AUTO(close) int fd = -1;
	char text[64];
	int len = snprintf(text, sizeof(text), "%" PRId64 " %d\n", limits->bytes, limits->severity);

	unlinkat(dir_fd, FILE_LIMITS ".new", 0);
	fd = openat(dir_fd, FILE_LIMITS ".new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return fd < 0 ? -errno : -ENOSPC;
	return renameat(dir_fd, FILE_LIMITS ".new", dir_fd, FILE_LIMITS) < 0 ? -errno : 0;
}

/* ---- reading ---- */

/* A record's line without its newline; false for what is none. */
static bool record_parse(char *line, struct log_record *ret_record)
{
	char *rest, *text;
	long severity = strtol(line, &rest, 10);

	if (rest == line || *rest != ' ' || severity < 0 || severity > LOG_STORE_ALL)
		return false;
	ret_record->wall_us = strtoll(rest + 1, &text, 10);
	if (text == rest + 1 || *text != ' ')
		return false;
	ret_record->severity = (int)severity;
	ret_record->text = text + 1;
	return true;
}

static uint64_t file_first_us(int fd)
{
	struct log_record record;
	char line[64];
	ssize_t len = pread(fd, line, sizeof(line) - 1, 0);

	if (len <= 0)
		return 0;
	line[len] = '\0';
	return record_parse(line, &record) ? (uint64_t)record.wall_us : 0;
}

struct log_files {
	int fds[2]; /* previous, current; negative when it is not there */
	struct log_cursor starts[2];
};

static void files_open(int dir_fd, struct log_files *files)
{
	static const char *const names[] = { FILE_PREVIOUS, FILE_CURRENT };

	for (int attempt = 0; attempt < 3; attempt++) {
		struct stat opened, named;

		for (size_t i = 0; i < 2; i++) {
			struct stat st;

			files->fds[i] = file_open(dir_fd, names[i], O_RDONLY);
			files->starts[i] = (struct log_cursor){ .offset = 0 };
			if (files->fds[i] >= 0 && fstat(files->fds[i], &st) == 0)
				files->starts[i] = (struct log_cursor){ .inode = st.st_ino,
									.first_us = file_first_us(files->fds[i]) };
		}
		/* moved aside between the two: both would be the same file */
		if (files->fds[0] < 0 || fstat(files->fds[0], &opened) < 0 ||
		    fstatat(dir_fd, FILE_PREVIOUS, &named, AT_SYMLINK_NOFOLLOW) < 0 || opened.st_ino == named.st_ino)
			return;
		for (size_t i = 0; i < 2; i++)
			close_auto(&files->fds[i]);
	}
}

static void files_close(struct log_files *files)
{
	for (size_t i = 0; i < 2; i++)
		close_auto(&files->fds[i]);
}

static bool same_file(const struct log_cursor *a, const struct log_cursor *b)
{
	/* a cursor that was made before the first record knows no time yet */
	return a->inode == b->inode && (a->first_us == b->first_us || a->offset == 0);
}

struct reading {
	size_t left_bytes;
	bool (*on_record)(const struct log_record *record, void *userdata);
	void *userdata;
	char *buffer; /* READ_BYTES + 1 */
};

/* Hands out the whole lines of the buffer; how many bytes they were. */
static size_t lines_give(struct reading *reading, size_t len, bool *ret_full)
{
	size_t at = 0;

	while (at < len && !*ret_full) {
		char *line = reading->buffer + at, *end = memchr(line, '\n', len - at);
		struct log_record record;
		size_t line_len;

		if (!end)
			break;
		*end = '\0';
		line_len = (size_t)(end - line) + 1;
		if (record_parse(line, &record) && !reading->on_record(&record, reading->userdata)) {
			*ret_full = true;
			break;
		}
		at += line_len;
		reading->left_bytes -= line_len < reading->left_bytes ? line_len : reading->left_bytes;
		*ret_full = reading->left_bytes == 0;
	}
	return at;
}

/* From the cursor to the end of its file. 1 when the reading is full. */
static int file_read(struct reading *reading, int fd, struct log_cursor *cursor)
{
	for (;;) {
		ssize_t len = pread(fd, reading->buffer, READ_BYTES, (off_t)cursor->offset);
		bool full = false;
		size_t used;

		if (len <= 0)
			return len < 0 ? -errno : 0;
		used = lines_give(reading, (size_t)len, &full);
		cursor->offset += used;
		if (full)
			return 1;
		if (used == 0 && (size_t)len < READ_BYTES)
			return 0; /* the end of a line that is being written, or was torn */
		if (used == 0)
			cursor->offset += READ_BYTES; /* no record of ours is that long */
	}
}

/* Which of the two files the cursor is in; the oldest, from its beginning, when its own has been dropped. */
static size_t cursor_place(const struct log_files *files, struct log_cursor *cursor)
{
	for (size_t i = 2; i-- > 0;) {
		if (!cursor->inode || files->fds[i] < 0 || !same_file(cursor, &files->starts[i]))
			continue;
		cursor->first_us = files->starts[i].first_us;
		return i;
	}
	*cursor = files->starts[files->fds[0] >= 0 ? 0 : 1];
	return files->fds[0] >= 0 ? 0 : 1;
}

int log_store_read(int dir_fd, struct log_cursor *cursor, size_t max_bytes,
		   bool (*on_record)(const struct log_record *record, void *userdata), void *userdata)
{
	AUTO(free) char *buffer = malloc(READ_BYTES + 1);
	struct reading reading = { max_bytes ? max_bytes : 1, on_record, userdata, buffer };
	struct log_files files;
	size_t first;
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	files_open(dir_fd, &files);
	first = cursor_place(&files, cursor);
	for (size_t i = first; i < 2 && r == 0; i++) {
		if (files.fds[i] < 0)
			continue;
		if (i != first)
			*cursor = files.starts[i];
		r = file_read(&reading, files.fds[i], cursor);
	}
	files_close(&files);
	return r;
}

int log_store_end(int dir_fd, struct log_cursor *ret_cursor)
{
	struct log_files files;

	*ret_cursor = (struct log_cursor){ .inode = 0 };
	files_open(dir_fd, &files);
	for (size_t i = 0; i < 2; i++) {
		struct stat st;

		if (files.fds[i] < 0 || fstat(files.fds[i], &st) < 0)
			continue;
		*ret_cursor = files.starts[i];
		ret_cursor->offset = (uint64_t)st.st_size;
	}
	files_close(&files);
	return 0;
}
