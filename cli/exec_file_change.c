/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: changing files: copy, delete, mkdir, rmdir, rename. Each works in the directory that the name was found in, so
 * what somebody else puts in the way of the name meanwhile leads nowhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/config_commit.h"
#include "cli/exec_file.h"
#include "cli/file_path.h"

#define CHUNK_BYTES 65536u

struct place {
	char name[FILE_PATH_MAX_BYTES]; /* "disk0:/dir/file" */
	const char *leaf;
	int dir_fd;
};

static int place_find(struct shell *shell, const char *path, struct place *place)
{
	struct err err = { 0 };
	int r = file_path_name(path, place->name, &err);

	if (r == 0)
		r = file_path_parent(place->name, &place->dir_fd, &place->leaf, &err);
	return r < 0 ? shell_refuse(shell, "%s", err.text) : 0;
}

static int refuse_errno(struct shell *shell, const struct place *place, int error)
{
	return shell_refuse(shell, "%s: %s", place->name, strerror(error));
}

/* ---- delete ---- */

/* Enter is yes, as everywhere where a router says [confirm]. */
static int confirm(struct shell *shell, const char *verb, const char *name)
{
	char question[FILE_PATH_MAX_BYTES + 32], answer[CONFIG_ANSWER_MAX] = "";
	int r;

	snprintf(question, sizeof(question), "%s %s[confirm]", verb, name);
	r = shell_ask(shell, question, answer, sizeof(answer));
	if (r < 0)
		return r;
	return !answer[0] || config_answer_is(answer, "yes") ? 0 : -ECANCELED;
}

static int delete_file(struct shell *shell, const char *path, bool asks)
{
	struct place place = { .dir_fd = -1 };
	struct stat st;
	int r = place_find(shell, path, &place);

	if (r < 0)
		return r;
	if (fstatat(place.dir_fd, place.leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = refuse_errno(shell, &place, errno);
	else if (S_ISDIR(st.st_mode))
		r = shell_refuse(shell, "%s is a directory: rmdir removes it", place.name);
	else if (asks)
		r = confirm(shell, "Delete", place.name);
	if (r == 0 && unlinkat(place.dir_fd, place.leaf, 0) < 0)
		r = refuse_errno(shell, &place, errno);
	if (r == 0)
		fprintf(shell->out, "File %s is deleted\n", place.name);
	close(place.dir_fd);
	return r;
}

int exec_file_delete(struct shell *shell, const struct match *match)
{
	const char *path = stmt_match_value(match, "delete");

	return path ? delete_file(shell, path, true) : shell_refuse(shell, "Incomplete command.");
}

static int run_delete_now(struct shell *shell, const struct match *match)
{
	return delete_file(shell, stmt_match_value(match, "/noprompt"), false);
}

/* ---- directories ---- */

int exec_file_mkdir(struct shell *shell, const struct match *match)
{
	struct place place = { .dir_fd = -1 };
	int r = place_find(shell, stmt_match_value(match, "mkdir"), &place);

	if (r < 0)
		return r;
	if (mkdirat(place.dir_fd, place.leaf, 0755) < 0)
		r = refuse_errno(shell, &place, errno);
	else
		fprintf(shell->out, "Created dir %s\n", place.name);
	close(place.dir_fd);
	return r;
}

int exec_file_rmdir(struct shell *shell, const struct match *match)
{
	struct place place = { .dir_fd = -1 };
	int r = place_find(shell, stmt_match_value(match, "rmdir"), &place);

	if (r < 0)
		return r;
	r = confirm(shell, "Remove directory", place.name);
	if (r == 0 && unlinkat(place.dir_fd, place.leaf, AT_REMOVEDIR) < 0)
		r = refuse_errno(shell, &place, errno);
	else if (r == 0)
		fprintf(shell->out, "Removed dir %s\n", place.name);
	close(place.dir_fd);
	return r;
}

/* ---- rename ---- */

static int run_rename(struct shell *shell, const struct match *match)
{
	struct place from = { .dir_fd = -1 }, to = { .dir_fd = -1 };
	int r = place_find(shell, stmt_match_value(match, "from"), &from);

	if (r == 0)
		r = place_find(shell, stmt_match_value(match, "to"), &to);
	/* what is there already is somebody's: delete it first */
	if (r == 0 && renameat2(from.dir_fd, from.leaf, to.dir_fd, to.leaf, RENAME_NOREPLACE) < 0)
		r = refuse_errno(shell, errno == ENOENT ? &from : &to, errno);
	else if (r == 0)
		fprintf(shell->out, "Renamed %s to %s\n", from.name, to.name);
	if (from.dir_fd >= 0)
		close(from.dir_fd);
	if (to.dir_fd >= 0)
		close(to.dir_fd);
	return r;
}

/* ---- copy ---- */

static int source_open(struct shell *shell, const char *path, struct stat *st, int *ret_fd)
{
	char name[FILE_PATH_MAX_BYTES];
	struct err err = { 0 };
	AUTO(close) int fd = -1;
	int r = file_path_name(path, name, &err);

	if (r == 0)
		r = file_path_open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, &err);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
		return shell_refuse(shell, "%s is not a regular file", name);
	*ret_fd = take_fd(fd);
	return 0;
}

/* A new file, or after a question one in place of an old one. A directory takes a file of the source's name. */
static int target_open(struct shell *shell, const char *path, const struct stat *source, int *ret_fd,
		       char name[static FILE_PATH_MAX_BYTES])
{
	struct err err = { 0 };
	char answer[CONFIG_ANSWER_MAX] = "";
	AUTO(close) int fd = -1;
	struct stat st;
	int r = file_path_name(path, name, &err);

	if (r == 0)
		r = file_path_open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, &fd, &err);
	if (r == -EEXIST) {
		r = shell_ask(shell, "The destination file already exists. Do you want to overwrite? [no]:", answer,
			      sizeof(answer));
		if (r < 0 || !config_answer_is(answer, "yes"))
			return r < 0 ? r : -ECANCELED;
		r = file_path_open(name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, &fd, &err);
	}
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return shell_refuse(shell, "%s is not a regular file", name);
	if (st.st_dev == source->st_dev && st.st_ino == source->st_ino)
		return shell_refuse(shell, "%s: that is the file itself", name);
	if (ftruncate(fd, 0) < 0)
		return shell_refuse(shell, "%s: %s", name, strerror(errno));
	*ret_fd = take_fd(fd);
	return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int copy_bytes(struct shell *shell, int from_fd, int to_fd, uint64_t *ret_len)
{
	AUTO(free) char *bytes = malloc(CHUNK_BYTES);
	uint64_t len = 0;
	ssize_t n;
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	while (r == 0 && ((n = read(from_fd, bytes, CHUNK_BYTES)) > 0 || (n < 0 && errno == EINTR))) {
		len += n > 0 ? (uint64_t)n : 0;
		r = write_all(to_fd, bytes, n > 0 ? (size_t)n : 0);
		if (r == 0 && edit_interrupted(shell->edit))
			r = -ECANCELED;
	}
	if (r == 0 && n < 0)
		r = -errno;
	if (r == 0 && fsync(to_fd) < 0)
		r = -errno;
	*ret_len = len;
	return r;
}

static int run_copy(struct shell *shell, const struct match *match)
{
	AUTO(close) int from_fd = -1;
	AUTO(close) int to_fd = -1;
	char name[FILE_PATH_MAX_BYTES];
	struct stat source = { 0 };
	int64_t start_us = clock_monotonic_us();
	uint64_t len;
	int r = source_open(shell, stmt_match_value(match, "file"), &source, &from_fd);

	if (r == 0)
		r = target_open(shell, stmt_match_value(match, "to"), &source, &to_fd, name);
	if (r < 0)
		return r;
	r = copy_bytes(shell, from_fd, to_fd, &len);
	if (r < 0) /* what is there is a part; it says so */
		return shell_refuse(shell, "%s: %s; the copy is not whole", name,
				    r == -ECANCELED ? "stopped" : strerror(-r));
	fprintf(shell->out, "%ju bytes copied in %jd sec\n", (uintmax_t)len,
		(intmax_t)((clock_monotonic_us() - start_us) / 1000000));
	return 0;
}

static int refuse_config(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_refuse(shell, "A file becomes configuration by: configure, load FILE, commit");
}

/* ---- rows ---- */

#define FILE_ROW(word_, help_, run_, flags_)                                                              \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .flags = STMT_WRITES | (flags_), \
	.task = "filesystem", .source = "issue: files"

const struct stmt exec_file_delete_rows[] = {
	{ FILE_ROW("/noprompt", "Without a question", run_delete_now, 0), .arg = &exec_file_arg },
	STMT_DONE,
};

static const struct stmt rename_to_rows[] = {
	{ FILE_ROW("to", "The new name", run_rename, STMT_BARE), .arg = &exec_file_arg },
	STMT_DONE,
};

const struct stmt exec_file_rename_rows[] = {
	{ FILE_ROW("from", "The old name", NULL, STMT_BARE), .arg = &exec_file_arg, .sub = rename_to_rows },
	STMT_DONE,
};

const struct stmt exec_file_copy_rows[] = {
	{ FILE_ROW("running-config", "Use load in configuration mode", refuse_config, STMT_HIDDEN) },
	{ FILE_ROW("to", "The new file", run_copy, STMT_BARE), .arg = &exec_file_arg },
	STMT_DONE,
};
