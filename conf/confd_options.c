/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the options of sallyport-confd.
 */
#include "conf/confd_options.h"

#define ROW(kind, name, value, member, def, help) OPTION_ROW(kind, name, value, struct confd_options, member, def, help)

const struct option_row confd_option_rows[] = {
	{ ROW(OPTION_TEXT, "run-dir", "DIR", run_dir, NULL, "Directory the socket is made in"), .required = true },
	{ ROW(OPTION_TEXT, "state-dir", "DIR", state_dir, NULL, "Directory whose subdirectory conf keeps the commits"),
	  .required = true },
	{ ROW(OPTION_U32, "user-id", "UID", user_id, NULL, "Started as root: become this user"), .min = 1,
	  .max = UINT32_MAX - 1 },
	{ ROW(OPTION_TEXT, "uids", "FILE", uids_path, "STATE_DIR/ssh/uids", "Names of the user ids of sessions") },
	{ ROW(OPTION_TEXT, "starter", "FILE", starter_path, NULL, "First configuration, where there is none yet") },
	{ ROW(OPTION_TEXT, "netns-dir", "DIR", netns_dir, NULL, "Taken as by the other daemons, and not used") },
	{ ROW(OPTION_FLAG, "debug", NULL, debug, NULL, "Log what happens inside") },
	{ ROW(OPTION_FLAG, "describe", NULL, describe, NULL, "Print the Varlink interfaces and exit") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Print the options and exit") },
	OPTION_DONE,
};
