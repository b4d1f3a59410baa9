/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/file_path.h - file names as an operator of a router types them: "harddisk:/x", "disk0:/x", or a path of Linux
 *
 * Shapes:  a volume is a directory of its name below the file root, which the session hands over in
 *          $SALLYPORT_FILES (the number of a descriptor, or a path), else FILE_PATH_ROOT
 * Units:   none
 * Errors:  0 or -errno with err naming the file as it was typed
 * Owns:    *ret_fd and *ret_text belong to the caller
 * Runs in: sallyport (CLI), with the operator's own rights
 * Source:  clients.md section 2 (iosxr_user, iosxr_config) and section 5 trap 9
 * Tests:   tests/system/test_crypto.py
 */
#ifndef CLI_FILE_PATH_H
#define CLI_FILE_PATH_H

#include <stddef.h>

#include "base/err.h"

#define FILE_PATH_ROOT	    "/var/lib/sallyport/files"
#define FILE_PATH_MAX_BYTES 1024u /* of a name, with its NUL */

/* ---- names ---- */

/* The one name of a file on a volume, "disk0:/dir/file": without doubled slashes and dots, and from the working
 * directory where path names no volume. A path of Linux, or another volume, is -ENODEV; ".." above a volume -EXDEV. */
int file_path_name(const char *path, char ret_name[static FILE_PATH_MAX_BYTES], struct err *err);
/* "disk0:/" at the start. */
const char *file_path_working(void);
/* Makes a directory of a volume the working directory. */
int file_path_change(const char *path, struct err *err);

/* ---- opening ---- */

/* Opens a file as open(2) with these flags and O_CLOEXEC. Nothing outside of a volume is reached through its name, by
 * ".." or by links. "/harddisk:/x" and "harddisk:x" are "harddisk:/x" too. What begins with "/" otherwise is a path of
 * Linux, anything else is on the volume of the working directory. */
int file_path_open(const char *path, int flags, unsigned mode, int *ret_fd, struct err *err);
/* Reads a whole regular file of at most max_bytes; adds a NUL that is not counted. */
int file_path_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len, struct err *err);

/* The directory that holds the file, and its name in there, which points into name (as of file_path_name()). */
int file_path_parent(const char *name, int *ret_dir_fd, const char **ret_leaf, struct err *err);

#endif
