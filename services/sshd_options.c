/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the options of sallyport-sshd. main() sets what holds without them, by the constants that are shown here.
 */
#include "services/sshd_options.h"

#include "services/ssh/spawner.h"
#include "services/sshd.h"

#define TEXT_OF(number)	 #number
#define TEXT(number)	 TEXT_OF(number)
#define ROW(kind, name, value, member, def, help) OPTION_ROW(kind, name, value, struct sshd, member, def, help)

_Static_assert(SPAWNER_CONNECTIONS == 32, "the default that is shown below");

const struct option_row sshd_option_rows[] = {
	{ ROW(OPTION_TEXT, "run-dir", "DIR", run_dir, SSHD_RUN_DIR, "Directory the sockets are made in") },
	{ ROW(OPTION_TEXT, "state-dir", "DIR", state_dir, SSHD_STATE_DIR,
	      "Directory whose subdirectory ssh keeps host keys, the history and the uids of users") },
	{ ROW(OPTION_TEXT, "program-dir", "DIR", program_dir, SSHD_PROGRAM_DIR,
	      "Directory of sallyport-monitor, sallyport-transport, sallyport-helper and sallyport") },
	{ ROW(OPTION_TEXT, "empty-dir", "DIR", empty_dir, NULL,
	      "Empty directory of root that a transport is shut in") },
	{ ROW(OPTION_TEXT, "netns-dir", "DIR", netns_dir, SSHD_NETNS_DIR, "Directory of named network namespaces") },
	{ ROW(OPTION_TEXT, "console", "PATH", console, SSHD_CONSOLE, "Terminal that logging console writes to") },
	{ ROW(OPTION_U16, "default-port", "PORT", default_port, TEXT(SSHD_PORT),
	      "Port that is listened on where ssh server port is not configured"),
	  .min = 1, .max = UINT16_MAX },
	{ ROW(OPTION_U32, "transport-uid", "UID", transport_uid, NULL, "User id of transports"), .min = 1,
	  .max = UINT32_MAX - 1 },
	{ ROW(OPTION_U32, "confd-uid", "UID", confd_uid, "its own", "User id of sallyport-confd"), .min = 0,
	  .max = UINT32_MAX - 1 },
	{ ROW(OPTION_U32, "spawner-connections", "N", spawner_connections, "32",
	      "Connections served by one spawner of transports; 0: each executes its own"),
	  .max = SPAWNER_CONNECTIONS_MAX },
	{ ROW(OPTION_FLAG, "debug", NULL, debug, NULL, "Log what happens inside") },
	{ ROW(OPTION_FLAG, "describe", NULL, describe, NULL, "Print the Varlink interfaces and exit") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Print the options and exit") },
	OPTION_DONE,
};
