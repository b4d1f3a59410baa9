/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the options of sallyport.
 */
#include "cli/cli_options.h"

#define ROW(kind, name, value, member, def, help) OPTION_ROW(kind, name, value, struct cli_options, member, def, help)

const struct option_row cli_option_rows[] = {
	{ ROW(OPTION_TEXT, "run-dir", "DIR", run_dir, CLI_RUN_DIR_DEFAULT,
	      "Directory with the sockets of the daemons") },
	{ ROW(OPTION_TEXT, "c", "COMMAND", command, NULL,
	      "Run one command, or several separated by newlines, and exit") },
	{ ROW(OPTION_TEXT, "complete", "LINE", complete, NULL,
	      "Print the words that may come next at the end of LINE, one a line, and exit") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Print the options and exit") },
	{ ROW(OPTION_FLAG, "version", NULL, version, NULL, "Print the version and exit") },
	OPTION_DONE,
};
