/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/file_pattern.h - the names that a client of scp -f means by "*.cfg", which a shell would find elsewhere
 *
 * Shapes:  a pattern as glob(3) reads it: what the client quoted stands behind a backslash (subsystem.h); names are
 *          paths below the file root, as they came or as they were found
 * Units:   none
 * Errors:  0 or -errno
 * Owns:    the caller owns the list and its strings; they are made for execve(2)
 * Runs in: sallyport-helper, as the session's user, whose working directory is the file root
 * Source:  openat2(2) RESOLVE_IN_ROOT: nothing outside of the root is looked at, not even to see whether it is there
 * Tests:   tests/system/test_sftp.py
 */
#ifndef SERVICES_SSH_FILE_PATTERN_H
#define SERVICES_SSH_FILE_PATTERN_H

/* A copy of argv, in which the words behind "--" are names. A pattern that fits nothing stays what it was, for the
 * program to say that there is no such file. */
int file_pattern_expand(char *const *argv, char ***ret_argv);

#endif
