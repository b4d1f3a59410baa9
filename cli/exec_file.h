/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_file.h - commands for files on the router's volumes
 *
 * Shapes:  handlers and rows, named by the rows of exec.c
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI), with the operator's own rights and nowhere but on the volumes
 * Source:  clients.md sections 2 and 4 (dir, show md5 file)
 * Tests:   tests/system/test_files.py
 */
#ifndef CLI_EXEC_FILE_H
#define CLI_EXEC_FILE_H

#include "cli/shell.h"

extern const struct arg exec_file_arg;
#define EXEC_FILE_SOURCE "file" /* of completion */
/* Names of files that may be meant by a word: those of the directory it is in, or of the working one, and the
 * volumes. */
void exec_file_names(const char *partial, void (*on_value)(const char *value, void *to), void *to);

int exec_file_dir(struct shell *shell, const struct match *match);
int exec_file_cd(struct shell *shell, const struct match *match);
int exec_file_pwd(struct shell *shell, const struct match *match);
int exec_file_more(struct shell *shell, const struct match *match);
int exec_file_delete(struct shell *shell, const struct match *match);
int exec_file_mkdir(struct shell *shell, const struct match *match);
int exec_file_rmdir(struct shell *shell, const struct match *match);

extern const struct stmt exec_file_dir_rows[], exec_file_delete_rows[], exec_file_rename_rows[],
	exec_file_md5_rows[];
/* "copy FILE FILE", beside "copy running-config FILE". */
#define EXEC_FILE_COPY_ROW \
	{ .kind = STMT_RUN, .word = "file", .help = "A file", .arg = &exec_file_arg, .sub = exec_file_copy_rows, \
	  .task = "filesystem", .source = "issue: files", .flags = STMT_BARE | STMT_WRITES }
extern const struct stmt exec_file_copy_rows[];

#endif
