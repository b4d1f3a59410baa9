/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a file is replaced by a complete, synced one or not at all. All steps of one replacement work relative
 * to one descriptor of the directory, so that a directory moved meanwhile cannot split them.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define READ_STEP_BYTES 4096u

/* Grows *text so that at least one byte beside the NUL fits. */
static int grow_text(char **text, size_t *size, size_t len, size_t max_bytes)
{
	size_t wanted = *size > max_bytes / 2 ? max_bytes + 2 : *size * 2;
	char *grown;

	if (len + 1 < *size)
		return 0;
	grown = realloc(*text, wanted);
	if (!grown)
		return -ENOMEM;
	*text = grown;
	*size = wanted;
	return 0;
}

static int read_text(int fd, size_t first_bytes, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	size_t size = first_bytes + 2, len = 0;
	AUTO(free) char *text = malloc(size);
	ssize_t got;
	int r;

	if (!text)
		return -ENOMEM;
	for (;;) {
		r = grow_text(&text, &size, len, max_bytes);
		if (r < 0)
			return r;
		got = read(fd, text + len, size - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
		if (len > max_bytes)
			return -EFBIG;
	}
	text[len] = '\0';
	*ret_len = len;
	*ret_text = take(text);
	return 0;
}

int fs_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	/* not blocking: a pipe planted in place of the file must not stop a daemon */
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t first_bytes;

	if (max_bytes > SSIZE_MAX - 2)
		return -EINVAL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max_bytes)
		return -EFBIG;
	/* files of /proc say 0 and grow while they are read */
	first_bytes = st.st_size > 0 ? (size_t)st.st_size : READ_STEP_BYTES;
	return read_text(fd, first_bytes < max_bytes ? first_bytes : max_bytes, max_bytes, ret_text, ret_len);
}

int fs_open_parent(int dir_fd, const char *path, int flags, const char **ret_name)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	AUTO(free) char *parent = NULL;
	int fd;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (!slash)
		parent = strdup(".");
	else
		parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!parent)
		return -ENOMEM;
	fd = openat(dir_fd, parent, flags | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_name = name;
	return fd;
}

static int write_all(int fd, const char *bytes, size_t len_bytes)
{
	ssize_t put;

	while (len_bytes > 0) {
		put = write(fd, bytes, len_bytes);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		len_bytes -= (size_t)put;
	}
	return 0;
}

static int write_synced(int dir_fd, const char *name, mode_t mode, const void *bytes, size_t len_bytes)
{
	AUTO(close) int fd = -1;
	int r;

	/* a crash may have left one; O_EXCL then makes sure that ours is new and no link */
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, len_bytes);
	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	/* some file systems say only here that the disk is full */
	return close(take_fd(fd)) < 0 ? -errno : 0;
}

int fs_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len_bytes)
{
	AUTO(close) int dir_fd = -1;
	char temporary[NAME_MAX + 1];
	const char *name;
	int r;

	dir_fd = fs_open_parent(AT_FDCWD, path, O_RDONLY, &name);
	if (dir_fd < 0)
		return dir_fd;
	r = snprintf(temporary, sizeof(temporary), "%s.tmp", name);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return -ENAMETOOLONG;
	r = write_synced(dir_fd, temporary, mode, bytes, len_bytes);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir_fd, temporary, 0);
		return r;
	}
	return fsync(dir_fd) < 0 ? -errno : 0;
}

/* Makes one directory with exactly this mode; 0 when it is new, 1 when something is there already. */
static int make_one(const char *path, mode_t mode, bool exact)
{
	AUTO(close) int fd = -1;

	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 1 : -errno;
	if (!exact)
		return 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 0;
}

int fs_mkdir(const char *path, mode_t mode)
{
	AUTO(free) char *part = strdup(path);
	struct stat st;
	size_t len;
	int r;

	if (!part)
		return -ENOMEM;
	len = strlen(part);
	while (len > 1 && part[len - 1] == '/')
		part[--len] = '\0';
	if (len == 0)
		return -ENOENT;
	for (size_t i = 1; i < len; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		r = make_one(part, 0755, false);
		part[i] = '/';
		/* a parent on a read-only or closed file system may still exist: the last step tells */
		if (r < 0 && r != -EROFS && r != -EACCES && r != -EPERM)
			return r;
	}
	r = make_one(part, mode, true);
	if (r == 0)
		return 0;
	if (stat(part, &st) < 0)
		return r < 0 ? r : -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}
