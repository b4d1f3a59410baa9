/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/sandbox.h - seal the transport: empty root, unprivileged, bounded, and a handful of system calls
 *
 * Shapes:  struct sandbox, what to keep; struct sandbox_filter, the calls that are left
 * Units:   none
 * Errors:  0 or -errno with err; a failed seal must end the process (fail closed)
 * Owns:    root_fd is closed by the seal
 * Runs in: sallyport-transport, before the first network byte; the process has one thread
 * Source:  libssh.md part 2 "Seccomp"; capabilities(7), seccomp(2), user_namespaces(7)
 * Tests:   tests/system/test_transport.py
 */
#ifndef SERVICES_SSH_SANDBOX_H
#define SERVICES_SSH_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* A sanitizer maps terabytes of shadow, and reports through files and /proc: no filter and no memory limits then. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#define SANDBOX_SANITIZED __has_feature(address_sanitizer)
#else
#define SANDBOX_SANITIZED 0
#endif

#define SANDBOX_BULK_NICE 19 /* the one priority a transport may give itself */

struct sandbox {
	uid_t uid;
	gid_t gid;
	bool weak;     /* not root: the empty root is entered in a user namespace, the uid stays */
	int root_fd;   /* O_PATH of an empty directory */
	int socket_fd; /* the client's connection */
	int rpc_fd, event_fd;
};

/* Privilege, before the first network byte and before the first fork of a spawner: empty root, no user, no
 * capability, no dump, no new privilege. On success ret_missing->text is "" or says what is not in force. */
int sandbox_drop(const struct sandbox *sandbox, struct err *ret_missing, struct err *err);

struct sock_filter;
struct sandbox_filter {
	struct sock_filter *code; /* lives as long as the process */
	unsigned short len;
};
int sandbox_filter_make(const struct sandbox *sandbox, struct sandbox_filter *ret_filter, struct err *err);

/* The rest, for good: limits and the filter. The caller has nothing open but what it keeps. */
int sandbox_confine(const struct sandbox_filter *filter, struct err *err);

#endif
