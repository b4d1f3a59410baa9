/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fs.h - files that survive a crash at any byte
 *
 * Shapes:  a whole file is read or replaced at once
 * Units:   sizes in bytes
 * Errors:  0 or -errno (-ENOSPC full disk, -EFBIG larger than the limit)
 * Owns:    *ret_text belongs to the caller
 * Runs in: every daemon
 * Source:  rename(2), fsync(2)
 * Tests:   tests/unit/fs_test.c
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stddef.h>
#include <sys/types.h>

/* Reads a whole regular file of at most max_bytes; adds a NUL that is not counted in *ret_len. */
int fs_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len);

/* Writes path.tmp, fsyncs it, renames it over path, fsyncs the directory. Nothing changes on failure, except
 * that a directory which cannot be synced (-EIO, a dying disk) already shows the new file. */
int fs_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len_bytes);

/* mkdir -p with the mode for the last part (0755 for those before); an existing directory is fine. */
int fs_mkdir(const char *path, mode_t mode);

/* Opens the directory that path (relative to dir_fd) is in, close-on-exec; flags O_RDONLY or O_PATH. The
 * descriptor or -errno; *ret_name is the last part of path. -EINVAL when there is none. */
int fs_open_parent(int dir_fd, const char *path, int flags, const char **ret_name);

#endif
