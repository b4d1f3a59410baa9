/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: an archive is what tar(1) reads, bounded, and a full disk is told.
 */
#include "cli/tar_gz.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

static char plain[1 << 16];

static size_t inflate_of(int fd)
{
	char *path = NULL;
	gzFile file;
	int len;

	cr_assert_gt(asprintf(&path, "/proc/self/fd/%d", fd), 0);
	file = gzopen(path, "rb");
	cr_assert_not_null(file);
	len = gzread(file, plain, sizeof(plain));
	cr_assert_geq(len, 0);
	gzclose(file);
	free(path);
	return (size_t)len;
}

Test(tar_gz, files_are_where_the_format_says)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct tar_gz *archive;
	char big[1500];

	memset(big, 'b', sizeof(big));
	cr_assert_eq(tar_gz_new(fd, 10000, &archive), 0);
	cr_assert_eq(tar_gz_add(archive, "a/one.txt", 1787577015, "hello", 5), 0);
	cr_assert_eq(tar_gz_add(archive, "two", 7, big, sizeof(big)), 0);
	cr_assert_eq(tar_gz_add(archive, "empty", 7, "", 0), 0);
	cr_assert_eq(tar_gz_close(archive), 0);
	cr_assert_eq(inflate_of(fd), 512 * (2 + 4 + 1 + 2));
	cr_assert_str_eq(plain, "a/one.txt");
	cr_assert_str_eq(plain + 124, "00000000005");
	cr_assert_str_eq(plain + 136, "15243041267");
	cr_assert_eq(memcmp(plain + 257, "ustar\00000", 8), 0);
	cr_assert_eq(memcmp(plain + 512, "hello\0", 6), 0);
	cr_assert_str_eq(plain + 1024, "two");
	cr_assert_eq(memcmp(plain + 1536, big, sizeof(big)), 0);
	cr_assert_str_eq(plain + 6 * 512, "empty");
	close(fd);
}

Test(tar_gz, bounds)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct tar_gz *archive;
	char name[101];

	memset(name, 'n', 100);
	name[100] = '\0';
	cr_assert_eq(tar_gz_new(fd, 10, &archive), 0);
	cr_assert_eq(tar_gz_add(archive, name, 0, "x", 1), -ENAMETOOLONG);
	cr_assert_eq(tar_gz_add(archive, "a", 0, "01234567", 8), 0);
	cr_assert_eq(tar_gz_add(archive, "b", 0, "01234567", 8), -EFBIG);
	cr_assert_eq(tar_gz_add(archive, "c", 0, "01", 2), 0);
	cr_assert_eq(tar_gz_close(archive), 0);
	cr_assert_eq(inflate_of(fd), 512 * (2 + 2 + 2));
	close(fd);
}

Test(tar_gz, a_full_disk_is_told)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct tar_gz *archive;

	cr_assert_eq(tar_gz_new(fd, 1000, &archive), 0);
	tar_gz_add(archive, "a", 0, "hello", 5);
	cr_assert_eq(tar_gz_close(archive), -ENOSPC);
	close(fd);
}
