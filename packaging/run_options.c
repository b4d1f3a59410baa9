/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the options of sallyport-run.
 */
#include "packaging/run_options.h"

#define TEXT_OF(number) #number
#define TEXT(number)	TEXT_OF(number)
#define ROW(kind, name, value, member, def, help) \
	OPTION_ROW(kind, name, value, struct run_options, member, def, help)

const struct option_row run_option_rows[] = {
	{ ROW(OPTION_TEXT, "run-dir", "DIR", run_dir, RUN_DIR,
	      "Directory of sockets, state, password and key") },
	{ ROW(OPTION_U32, "port", "PORT", port, TEXT(RUN_PORT), "Port that SSH listens on"), .min = 1,
	  .max = 65535 },
	{ ROW(OPTION_TEXT, "program-dir", "DIR", program_dir, RUN_PROGRAM_DIR, "Directory of the programs") },
	{ ROW(OPTION_FLAG, "trial", NULL, trial, NULL,
	      "Start without rate limit and without penalties for this machine's own addresses") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Print the options and exit") },
	OPTION_DONE,
};
