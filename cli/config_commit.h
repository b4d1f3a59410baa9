/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/config_commit.h - the inside of configuration mode, shared by its two files
 *
 * Shapes:  struct config_mode; config_mode_commands, the commands of the mode
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    see cli/config_mode.h
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 3
 * Tests:   tests/system/test_cli.py
 */
#ifndef CLI_CONFIG_COMMIT_H
#define CLI_CONFIG_COMMIT_H

#include <jansson.h>

#include "cli/shell.h"
#include "conf/tree.h"

struct config_mode {
	struct tree *base;	/* what ran when the session began or committed last */
	char *base_id;		/* the commit that base is */
	struct tree *candidate; /* base and the lines typed since */
	struct match context;	/* path of the sub-mode; no steps at the top */
	json_t *faults;		/* of the last commit: []{line, reason}; NULL when it went well */
};

extern const struct stmt config_mode_commands[];

/* The running configuration as a tree, and its commit id (malloc'ed). */
int config_mode_fetch(struct shell *shell, struct tree **ret_tree, char **ret_commit_id);
/* Back to exec mode; the candidate is dropped. */
void config_mode_leave(struct shell *shell);

#endif
