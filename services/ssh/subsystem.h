/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/subsystem.h - which commands of a client are the server half of scp, and with which words it is started
 *
 * Shapes:  struct subsystem_scp, an argument list that is safe to execute:
 *          "scp" "-t"|"-f" [-p] [-r] [-d] [-v] [-q] "--" FILE…
 *          FILE of -f is a pattern (file_pattern.h): what was quoted and would be one has a backslash before it
 * Units:   none
 * Errors:  -EINVAL with err when it is scp's server half, but not as it is served here; -ENOMEM
 * Owns:    the struct owns its words; subsystem_scp_done()
 * Runs in: monitor; pure: reads what a client sent
 * Source:  clients.md section 5 trap 9 ("scp -t", "scp -f" with -p -d -r -v -- and quoted paths)
 * Tests:   tests/unit/subsystem_test.c, tests/system/test_sftp.py
 */
#ifndef SERVICES_SSH_SUBSYSTEM_H
#define SERVICES_SSH_SUBSYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SUBSYSTEM_FILES_MAX 64u
#define SUBSYSTEM_WORDS_MAX (SUBSYSTEM_FILES_MAX + 10u)

struct subsystem_scp {
	char *argv[SUBSYSTEM_WORDS_MAX]; /* ended by NULL */
	size_t len;
	char *text; /* where the files' names are */
};

/* 1: it is, and *ret_scp has the words. 0: it is any other command, one of the CLI's own "scp" included, which has
 * neither -t nor -f. No shell ever sees the command: quotes and backslashes are read as a shell reads them, and what a
 * shell would do more with (variables, substitution, a second command) is refused. */
int subsystem_scp_parse(const char *command, struct subsystem_scp *ret_scp, struct err *err);
void subsystem_scp_done(struct subsystem_scp *scp);

#endif
