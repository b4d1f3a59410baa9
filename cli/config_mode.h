/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/config_mode.h - configuration mode: a candidate beside the running configuration, and its dialogues
 *
 * Shapes:  struct config_mode, opaque
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    the mode owns the trees, the sub-mode path and the faults of the last commit
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 3, features.md 2E
 * Tests:   tests/system/test_cli.py, tests/system/test_commit_cli.py
 */
#ifndef CLI_CONFIG_MODE_H
#define CLI_CONFIG_MODE_H

#include "cli/complete.h"
#include "cli/shell.h"

/* Asks confd for the running configuration and enters; shell->config is set on success. exclusive: nobody else commits
 * meanwhile. */
int config_mode_enter(struct shell *shell, bool exclusive);
void config_mode_free(struct config_mode *config); /* NULL is fine */

/* What stands in the prompt's parentheses: "config", "config-un". */
const char *config_mode_word(const struct config_mode *config);
/* Runs a command of the mode or takes a statement. *ret_secret: the line held one and must not be kept. */
int config_mode_line(struct shell *shell, const char *line, bool *ret_secret);
/* The tables for help and completion. */
void config_mode_scene(const struct config_mode *config, struct complete_scene *scene);
/* Values of an operand that the candidate knows: VRFs, users. */
void config_mode_values(const struct config_mode *config, const char *name,
			void (*on_value)(const char *value, void *to), void *to);
/* Whether there are lines that are not committed. */
bool config_mode_is_pending(const struct config_mode *config);

/* "show configuration", "… failed", "show commit changes diff" (replace: what "commit replace" would do); config may be
 * NULL (exec mode: nothing is pending). */
void config_mode_write_pending(const struct config_mode *config, FILE *out);
void config_mode_write_changes(const struct config_mode *config, bool replace, FILE *out);
/* False when there are none. */
bool config_mode_write_failed(const struct config_mode *config, FILE *out);

/* Shared with exec mode: what stands behind "show" in both. */
extern const struct stmt exec_show_configuration_rows[], exec_show_commit_rows[];
extern const struct arg arg_configuration_path;
extern const struct arg arg_config_file;
extern const struct stmt config_copy_rows[]; /* copy … */
int config_file_save(struct shell *shell, const struct match *match);
int exec_show_running(struct shell *shell, const struct match *match);
int exec_show_configuration(struct shell *shell, const struct match *match);

#endif
