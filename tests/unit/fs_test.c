/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: whole files in, whole files out; every refusal leaves the old file as it was and nothing beside it.
 */
#include "base/fs.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static char dir[] = "/tmp/sallyport-fs-XXXXXX";

static void enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void leave(void)
{
	const char *const names[] = { "file", "file.tmp", "deep/er", "deep", "link",
				      "pipe", "a/b/c",	  "a/b",     "a" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(names[i]);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(rmdir(dir), 0, "%s is not empty", dir);
}

TestSuite(fs, .init = enter, .fini = leave);

static mode_t mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void assert_content(const char *path, const char *wanted)
{
	AUTO(free) char *text = NULL;
	size_t len = 0;

	cr_assert_eq(fs_read(path, 1000, &text, &len), 0);
	cr_assert_eq(len, strlen(wanted));
	cr_assert_str_eq(text, wanted);
}

Test(fs, written_with_the_exact_mode_and_replaced)
{
	umask(077);
	cr_assert_eq(fs_write_atomic("file", 0644, "first", 5), 0);
	cr_assert_eq(mode_of("file"), 0644);
	cr_assert_eq(fs_write_atomic("./file", 0600, "next", 4), 0);
	cr_assert_eq(mode_of("file"), 0600);
	assert_content("file", "next");
	cr_assert_neq(access("file.tmp", F_OK), 0);
	cr_assert_eq(fs_write_atomic("file", 0600, "", 0), 0);
	assert_content("file", "");
}

Test(fs, a_left_over_temporary_is_not_followed)
{
	cr_assert_eq(fs_write_atomic("file", 0600, "precious", 8), 0);
	cr_assert_eq(symlink("file", "file.tmp"), 0);
	cr_assert_eq(fs_write_atomic("link", 0600, "x", 1), 0);
	cr_assert_eq(fs_write_atomic("file", 0600, "new", 3), 0);
	assert_content("file", "new");
	assert_content("link", "x");
}

Test(fs, a_full_disk_changes_nothing)
{
	const struct rlimit limit = { .rlim_cur = 4096, .rlim_max = RLIM_INFINITY };
	char large[8192] = { 0 };

	cr_assert_eq(fs_write_atomic("file", 0600, "old", 3), 0);
	/* stands for ENOSPC: a write that fails in the middle */
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(fs_write_atomic("file", 0600, large, sizeof(large)), -EFBIG);
	assert_content("file", "old");
	cr_assert_neq(access("file.tmp", F_OK), 0);
}

Test(fs, names_that_cannot_be_written)
{
	/* the parent is no place for files, and the name may be too long or missing */
	char long_name[256];

	memset(long_name, 'n', 255);
	long_name[255] = '\0';
	cr_assert_eq(fs_write_atomic(long_name, 0600, "x", 1), -ENAMETOOLONG);
	cr_assert_eq(fs_write_atomic("", 0600, "x", 1), -EINVAL);
	cr_assert_eq(fs_write_atomic("a/..", 0600, "x", 1), -EINVAL);
	cr_assert_eq(fs_write_atomic("absent/file", 0600, "x", 1), -ENOENT);
	cr_assert_eq(mkdir("deep", 0700), 0);
	cr_assert_lt(fs_write_atomic("deep", 0600, "x", 1), 0);
	cr_assert_neq(access("deep.tmp", F_OK), 0);
}

Test(fs, read_limits_and_kinds)
{
	char *text = NULL;
	size_t len = 77;

	cr_assert_eq(fs_write_atomic("file", 0600,
				     "12\0"
				     "45",
				     5),
		     0);
	cr_assert_eq(fs_read("file", 4, &text, &len), -EFBIG);
	cr_assert_eq(fs_read("absent", 4, &text, &len), -ENOENT);
	cr_assert_eq(fs_read(".", 4, &text, &len), -EISDIR);
	cr_assert_eq(mkfifo("pipe", 0600), 0);
	cr_assert_eq(fs_read("pipe", 4, &text, &len), -EINVAL);
	cr_assert(!text && len == 77, "an output was written on failure");
	cr_assert_eq(fs_read("file", 5, &text, &len), 0);
	cr_assert_eq(len, 5);
	cr_assert_eq(memcmp(text,
			    "12\0"
			    "45",
			    6),
		     0);
	free(text);
}

Test(fs, read_files_that_have_no_size)
{
	AUTO(free) char *text = NULL, *small = NULL;
	size_t len = 0;

	cr_assert_eq(fs_read("/proc/self/maps", 1 << 20, &text, &len), 0);
	cr_assert_gt(len, 4096);
	cr_assert_eq(strlen(text), len);
	cr_assert_eq(fs_read("/proc/self/maps", 100, &small, &len), -EFBIG);
	cr_assert_eq(fs_read("/proc/self/maps", 0, &small, &len), -EFBIG);
}

Test(fs, mkdir_with_parents)
{
	umask(077);
	cr_assert_eq(fs_mkdir("a/b//c/", 0751), 0);
	cr_assert_eq(mode_of("a/b/c"), 0751);
	cr_assert_eq(mode_of("a"), 0700, "the umask holds for parents");
	cr_assert_eq(chmod("a/b/c", 0700), 0);
	cr_assert_eq(fs_mkdir("a/b/c", 0755), 0);
	cr_assert_eq(mode_of("a/b/c"), 0700, "a directory that was there is left alone");
	cr_assert_eq(fs_write_atomic("file", 0600, "x", 1), 0);
	cr_assert_eq(fs_mkdir("file", 0755), -ENOTDIR);
	cr_assert_eq(fs_mkdir("file/b", 0755), -ENOTDIR);
	cr_assert_eq(fs_mkdir("", 0755), -ENOENT);
	cr_assert_eq(fs_mkdir("/", 0755), 0);
}

Test(fs, open_parent)
{
	const char *name = NULL;
	AUTO(close) int here = fs_open_parent(AT_FDCWD, "file", O_PATH, &name);
	AUTO(close) int root = -1, below = -1;
	struct stat st, wanted;

	cr_assert_geq(here, 0);
	cr_assert_str_eq(name, "file");
	cr_assert(fcntl(here, F_GETFD) & FD_CLOEXEC);
	root = fs_open_parent(AT_FDCWD, "/etc", O_RDONLY, &name);
	cr_assert_str_eq(name, "etc");
	cr_assert(fstat(root, &st) == 0 && stat("/", &wanted) == 0 && st.st_ino == wanted.st_ino);
	cr_assert_eq(mkdir("deep", 0700), 0);
	below = fs_open_parent(here, "deep/x", O_PATH, &name);
	cr_assert(fstat(below, &st) == 0 && stat("deep", &wanted) == 0 && st.st_ino == wanted.st_ino);
	cr_assert_eq(fs_open_parent(here, "deep/", O_PATH, &name), -EINVAL);
}
