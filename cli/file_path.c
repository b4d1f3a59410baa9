/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the volumes of a router and the files of Linux under one notation. The shell runs as the operator, so what he
 * may not read stays unread; a volume is a border all the same, because scripts pass names on that came from elsewhere.
 */
#include "cli/file_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

static const char *const volumes[] = { "harddisk:", "disk0:" };

/* Where relative names begin. A process has one working directory; this is the one among the volumes. */
static char working[FILE_PATH_MAX_BYTES] = "disk0:/";

/* The volume that a path begins with, or NULL; *ret_rest is what stands behind it, without slashes before. */
static const char *volume_find(const char *path, const char **ret_rest)
{
	const char *at = path + strspn(path, "/");

	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++) {
		if (strncmp(at, volumes[i], strlen(volumes[i])) != 0)
			continue;
		at += strlen(volumes[i]);
		*ret_rest = at + strspn(at, "/");
		return volumes[i];
	}
	return NULL;
}

/* ---- names ---- */

/* Adds the words of path to name, which is "disk0:/a/b"; ".." takes one away, but never the volume. */
static int words_add(char *name, size_t top_len, const char *path, struct err *err)
{
	while (*path) {
		size_t len, name_len = strlen(name);
		char *slash;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len || (len == 1 && path[0] == '.')) {
			path += len;
			continue;
		}
		if (len == 2 && !strncmp(path, "..", 2)) {
			if (name_len <= top_len)
				return err_set(err, -EXDEV, "%s: it lies outside of the volume", path);
			slash = strrchr(name, '/');
			slash[(size_t)(slash - name) < top_len] = '\0';
			path += len;
			continue;
		}
		if (name_len + len + 2 > FILE_PATH_MAX_BYTES)
			return err_set(err, -ENAMETOOLONG, "The name of the file is too long");
		snprintf(name + name_len, FILE_PATH_MAX_BYTES - name_len, "%s%.*s", name_len > top_len ? "/" : "",
			 (int)len, path);
		path += len;
	}
	return 0;
}

int file_path_name(const char *path, char ret_name[static FILE_PATH_MAX_BYTES], struct err *err)
{
	const char *rest, *volume = volume_find(path, &rest);
	char name[FILE_PATH_MAX_BYTES];
	size_t top_len;
	int r;

	if (volume)
		snprintf(name, sizeof(name), "%s/", volume);
	else if (path[0] == '/' || strchr(path, ':'))
		return err_set(err, -ENODEV, "%s: Path does not exist; files are on harddisk: and disk0:", path);
	else
		snprintf(name, sizeof(name), "%s", working);
	top_len = strcspn(name, "/") + 1;
	r = words_add(name, top_len, volume ? rest : path, err);
	if (r == 0)
		snprintf(ret_name, FILE_PATH_MAX_BYTES, "%s", name);
	return r;
}

const char *file_path_working(void)
{
	return working;
}

int file_path_change(const char *path, struct err *err)
{
	char name[FILE_PATH_MAX_BYTES];
	AUTO(close) int fd = -1;
	int r = file_path_name(path, name, err);

	if (r == 0)
		r = file_path_open(name, O_PATH | O_DIRECTORY, 0, &fd, err);
	if (r == 0)
		snprintf(working, sizeof(working), "%s", name);
	return r;
}

int file_path_parent(const char *name, int *ret_dir_fd, const char **ret_leaf, struct err *err)
{
	const char *slash = strrchr(name, '/');
	char parent[FILE_PATH_MAX_BYTES];

	if (!slash || !slash[1])
		return err_set(err, -EISDIR, "%s is a volume", name);
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name) + 1, name);
	*ret_leaf = slash + 1;
	return file_path_open(parent, O_PATH | O_DIRECTORY, 0, ret_dir_fd, err);
}

/* ---- opening ---- */

/* The directory of the volumes; *ret_fd is to be closed when it is not borrowed. */
static int root_open(int *ret_fd)
{
	const char *text = getenv("SALLYPORT_FILES");
	char *end = NULL;
	long number = text && text[0] ? strtol(text, &end, 10) : -1;

	if (number >= 0 && end && !*end && number < 65536)
		*ret_fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0);
	else
		*ret_fd = open(text && text[0] ? text : FILE_PATH_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

static int volume_open(const char *volume, int *ret_fd, struct err *err)
{
	AUTO(close) int root_fd = -1;
	int r = root_open(&root_fd);

	if (r == 0) {
		*ret_fd = openat(root_fd, volume, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = *ret_fd < 0 ? -errno : 0;
	}
	return r < 0 ? err_set(err, r, "There is no %s here: name the file by its path", volume) : 0;
}

/* "harddisk:/x" for what is on a volume; a path of Linux stays itself, and so does any name where nothing serves
 * files. */
static int name_of(const char *path, char name[static FILE_PATH_MAX_BYTES], struct err *err)
{
	const char *rest;
	AUTO(close) int root_fd = -1;

	if (volume_find(path, &rest))
		return file_path_name(path, name, err);
	if (path[0] != '/' && !strchr(path, ':') && root_open(&root_fd) == 0)
		return file_path_name(path, name, err);
	if (strlen(path) >= FILE_PATH_MAX_BYTES)
		return err_set(err, -ENAMETOOLONG, "The name of the file is too long");
	snprintf(name, FILE_PATH_MAX_BYTES, "%s", path);
	return 0;
}

int file_path_open(const char *path, int flags, unsigned mode, int *ret_fd, struct err *err)
{
	char name[FILE_PATH_MAX_BYTES];
	const char *rest, *volume;
	AUTO(close) int volume_fd = -1;
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
				.mode = mode,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd, r = name_of(path, name, err);

	if (r < 0)
		return r;
	volume = volume_find(name, &rest);
	if (!volume) {
		fd = open(name, flags | O_CLOEXEC, mode);
	} else {
		r = volume_open(volume, &volume_fd, err);
		if (r < 0)
			return r;
		fd = (int)syscall(SYS_openat2, volume_fd, rest[0] ? rest : ".", &how, sizeof(how));
	}
	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path,
			       errno == EXDEV ? "it lies outside of the volume" : strerror(errno));
	*ret_fd = fd;
	return 0;
}

int file_path_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct err *err)
{
	AUTO(close) int fd = -1;
	AUTO(free) char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	int r = file_path_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s is not a regular file", path);
	text = malloc(max_bytes + 2);
	if (!text)
		return err_set(err, -ENOMEM, "Out of memory");
	while (len <= max_bytes && (n = read(fd, text + len, max_bytes + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (len > max_bytes)
		return err_set(err, -EFBIG, "%s is larger than %zu bytes", path, max_bytes);
	text[len] = '\0';
	*ret_text = take(text);
	*ret_len = len;
	return 0;
}
