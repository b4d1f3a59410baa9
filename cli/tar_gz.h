/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/tar_gz.h - an archive in the making: ustar in gzip
 *
 * Shapes:  struct tar_gz, regular files only
 * Units:   sizes in bytes; mtime_s seconds since 1970-01-01 UTC
 * Errors:  0 or -errno; after the first failure every call gives it again; -EFBIG more than max_bytes of content
 * Owns:    the archive owns its buffers; the descriptor is the caller's
 * Runs in: sallyport (CLI)
 * Source:  POSIX.1-2017 pax, "ustar Interchange Format"; RFC 1952
 * Tests:   tests/unit/tar_gz_test.c, tests/system/test_tech_support.py
 */
#ifndef CLI_TAR_GZ_H
#define CLI_TAR_GZ_H

#include <stddef.h>
#include <stdint.h>

struct tar_gz;

int tar_gz_new(int fd, uint64_t max_bytes, struct tar_gz **ret_archive);
/* name of at most 99 bytes. */
int tar_gz_add(struct tar_gz *archive, const char *name, int64_t mtime_s, const void *bytes, size_t len_bytes);
/* Writes the end and frees; NULL is fine. */
int tar_gz_close(struct tar_gz *archive);

#endif
