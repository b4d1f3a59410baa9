/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/config_commit.h - the inside of configuration mode, shared by its files
 *
 * Shapes:  struct config_mode; config_mode_commands, the commands of the mode
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    see cli/config_mode.h
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 3
 * Tests:   tests/system/test_cli.py, tests/system/test_commit_cli.py
 */
#ifndef CLI_CONFIG_COMMIT_H
#define CLI_CONFIG_COMMIT_H

#include <jansson.h>

#include "cli/shell.h"
#include "conf/tree.h"

#define CONFIG_ANSWER_MAX 32

struct varlink_client;

struct config_mode {
	struct tree *base;	/* what ran when the session began or committed last */
	char *base_id;		/* the commit that base is */
	struct tree *candidate; /* base and the lines typed since */
	struct tree *typed;	/* those lines alone, on nothing: what "commit replace" makes run */
	struct match context;	/* path of the sub-mode; no steps at the top */
	json_t *faults;		/* of the last commit: []{line, reason}; NULL when it went well */
	struct varlink_client *session; /* confd's knowledge of us, while it is open */
	char session_id[32];
	bool exclusive;
};

/* ---- config_mode.c ---- */

/* The running configuration as a tree, and its commit id (malloc'ed). */
int config_mode_fetch(struct shell *shell, struct tree **ret_tree, char **ret_commit_id);
/* Begins anew on what runs: base and candidate are the same, nothing is typed. */
int config_mode_refresh(struct shell *shell);
/* Back to exec mode; the candidate is dropped. */
void config_mode_leave(struct shell *shell);

/* ---- config_commit.c ---- */

extern const struct stmt config_commit_rows[];
int config_commit_run(struct shell *shell, const struct match *match);
/* "yes", "no" or their beginnings. */
bool config_answer_is(const char *answer, const char *word);
/* Tells what the answer of a commit or rollback says beside its success: warnings, a trial that is confirmed. */
void config_commit_tell(struct shell *shell, const json_t *reply);
/* Tells of an error answer that needs no dialogue. Returns -EINVAL. */
int config_commit_refuse(struct shell *shell, const char *error, const json_t *reply);

/* ---- config_commands.c ---- */

extern const struct stmt config_mode_commands[];

/* ---- config_session.c ---- */

/* Tells confd that we are in configuration mode. */
int config_session_open(struct shell *shell, struct config_mode *config);
/* Before a commit: confd may have been restarted, and our lock gone with it. */
int config_session_keep(struct shell *shell);
/* The table of those who are in configuration mode. */
void config_session_print(FILE *out, const json_t *sessions);

/* ---- config_file.c ---- */

int config_file_load(struct shell *shell, const struct match *match);

#endif
