/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the "ssh …" statements. The order of the rows is the order of the running configuration: v2, port, vrf, then the
 * settings outside "server".
 */
#include "services/ssh_conf.h"

#include "vrf/vrf_conf.h"

static const struct arg arg_port = {
	.help = "Port number on which the SSH server listens, instead of 22",
	.min = 5520,
	.max = 5529,
	.words_taken = 1,
};

static const struct arg arg_timeout = {
	.help = "Time a client has for authentication",
	.unit = "seconds",
	.min = 5,
	.max = 120,
	.words_taken = 1,
};

static const struct stmt server_children[] = {
	{ .kind = STMT_FLAG, .word = "v2", .help = "Accept only SSH protocol version 2",
	  .offset = offsetof(struct ssh_conf, v2), .source = "features.md 1C-23" },
	{ .kind = STMT_LEAF, .word = "port", .help = "Non-default port of the SSH server", .arg = &arg_port,
	  .offset = offsetof(struct ssh_conf, port), .source = "features.md 1H-63, 2A" },
	{ .kind = STMT_LIST, .word = "vrf", .help = "Accept sessions in this VRF", .arg = &arg_vrf_name,
	  .offset = offsetof(struct ssh_conf, vrfs), .esize = sizeof(struct ssh_vrf_conf),
	  .key_offset = offsetof(struct ssh_vrf_conf, name), .max_entries = 4096, .source = "features.md 1C-22, 2A" },
	STMT_DONE,
};

const struct stmt ssh_conf_children[] = {
	{ .kind = STMT_NODE, .word = "server", .help = "Provide the SSH server service", .sub = server_children,
	  .source = "features.md 1C" },
	{ .kind = STMT_LEAF, .word = "timeout", .help = "Timeout of authentication", .arg = &arg_timeout, .def = "30",
	  .offset = offsetof(struct ssh_conf, timeout_s), .source = "features.md 1C-21, 2A" },
	STMT_DONE,
};
