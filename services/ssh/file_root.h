/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/file_root.h - the tree that file transfers see: "harddisk:" and "disk0:", and nothing else
 *
 * Shapes:  a directory (state directory, "files") that holds the two volumes as directories of these very names, so
 *          that "/harddisk:/x", "harddisk:/x" and the CLI's "harddisk:/x" are one path below one directory
 * Units:   none
 * Errors:  0 or -errno with err saying what the operator can do
 * Owns:    nothing
 * Runs in: sallyport-sshd (makes it), sallyport-helper (enters it)
 * Source:  clients.md section 5 trap 9; user_namespaces(7), fcntl(2) "Leases", clone(2) CLONE_FS
 * Tests:   tests/system/test_sftp.py
 *
 * A volume is one for all operators, as a router has one disk: anybody may put files there, and only their owner may
 * change or remove them (mode 1777). The CLI gets the directory as descriptor number $SALLYPORT_FILES.
 */
#ifndef SERVICES_SSH_FILE_ROOT_H
#define SERVICES_SSH_FILE_ROOT_H

#include "base/err.h"

#define FILE_ROOT_ENV "SALLYPORT_FILES"
extern const char *const file_root_volumes[]; /* "harddisk:", "disk0:", NULL */

/* Makes what is missing of it and opens it (O_PATH). */
int file_root_prepare(const char *path, int *ret_fd, struct err *err);

/* For a process that is about to execute a program of file transfer as this user; the working directory is the file
 * root. When it returns, the next program that is executed starts in the system's own tree, with all of its libraries,
 * and is moved into the file root at the moment it asks who it is running as (getpwuid), before it has read a byte of
 * the client's. A program that does not ask within ten seconds is killed. */
int file_root_enter(const char *user_name, struct err *err);

#endif
