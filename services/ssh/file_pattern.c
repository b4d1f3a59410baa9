// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Patterns of names below the file root
 *
 * The helper is not in the file root yet when it looks for names, so each directory is opened as if the root were "/".
 */
#include "services/ssh/file_pattern.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

struct words {
	char **items; /* ended by NULL */
	size_t len, room;
};

/* ---- the file system, for glob(3) ---- */

static int root_open(const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static void *root_opendir(const char *path)
{
	AUTO(close) int fd = root_open(path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		take_fd(fd);
	return dir;
}

static struct dirent *root_readdir(void *dir)
{
	return readdir(dir);
}

static void root_closedir(void *dir)
{
	closedir(dir);
}

static int root_stat(const char *path, struct stat *ret_st)
{
	AUTO(close) int fd = root_open(path, O_PATH);

	return fd < 0 ? -1 : fstat(fd, ret_st);
}

static int root_lstat(const char *path, struct stat *ret_st)
{
	AUTO(close) int fd = root_open(path, O_PATH | O_NOFOLLOW);

	return fd < 0 ? -1 : fstat(fd, ret_st);
}

/* ---- words ---- */

/* Takes the word. */
static int words_add(struct words *words, char *word)
{
	char **items;

	if (!word)
		return -ENOMEM;
	if (words->len + 1 >= words->room) {
		items = reallocarray(words->items, words->room + 64, sizeof(*items));
		if (!items) {
			free(word);
			return -ENOMEM;
		}
		words->items = items;
		words->room += 64;
	}
	words->items[words->len++] = word;
	words->items[words->len] = NULL;
	return 0;
}

static void words_free(struct words *words)
{
	while (words->len > 0)
		free(words->items[--words->len]);
	free(words->items);
}

static bool is_pattern(const char *word)
{
	for (; *word; word++) {
		if (strchr("*?[", *word))
			return true;
		if (*word == '\\' && word[1])
			word++;
	}
	return false;
}

static char *word_plain(const char *word)
{
	char *plain = malloc(strlen(word) + 1), *to = plain;

	if (!plain)
		return NULL;
	for (; *word; word++) {
		if (*word == '\\' && word[1])
			word++;
		*to++ = *word;
	}
	*to = '\0';
	return plain;
}

static int pattern_add(struct words *words, const char *pattern)
{
	glob_t found = { .gl_closedir = root_closedir, .gl_readdir = root_readdir, .gl_opendir = root_opendir,
			 .gl_lstat = root_lstat, .gl_stat = root_stat };
	int r = glob(pattern, GLOB_ALTDIRFUNC, NULL, &found);

	if (r == GLOB_NOSPACE)
		return -ENOMEM;
	if (r != 0)
		return words_add(words, word_plain(pattern));
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
		r = words_add(words, strdup(found.gl_pathv[i]));
	globfree(&found);
	return r;
}

int file_pattern_expand(char *const *argv, char ***ret_argv)
{
	struct words words = { .items = NULL };
	bool is_name = false;
	int r = 0;

	for (; *argv && r == 0; argv++) {
		if (is_name && is_pattern(*argv))
			r = pattern_add(&words, *argv);
		else
			r = words_add(&words, is_name ? word_plain(*argv) : strdup(*argv));
		is_name = is_name || !strcmp(*argv, "--");
	}
	if (r < 0) {
		words_free(&words);
		return r;
	}
	*ret_argv = words.items;
	return 0;
}
