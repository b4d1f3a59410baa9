/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the "ssh …" statements. The order of the rows is the order of the running configuration: v2, port, the other
 * settings, vrf, then what stands outside "server". The settings are rows of one macro, given for all VRFs and again
 * below each, because every one of them may be said in both places.
 */
#include "services/ssh_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "services/ssh_algorithm.h"
#include "vrf/vrf.h"
#include "vrf/vrf_conf.h"

#define NUMBER(name, least, most, unit_text, help_text) \
	static const struct arg name = {                \
		.help = help_text,                      \
		.unit = unit_text,                      \
		.min = least,                           \
		.max = most,                            \
		.words_taken = 1,                       \
	}

NUMBER(arg_port, 5520, 5529, NULL, "Port number");
NUMBER(arg_timeout, 5, 120, "seconds", "Time a client has for authentication");
NUMBER(arg_rate, 1, 600000, "a minute", "Number of new sessions");
NUMBER(arg_burst, 1, 10000, "sessions", "Number of new sessions");
NUMBER(arg_session_limit, 1, 4096, "sessions", "Sessions that may be open at once");
NUMBER(arg_auth_limit, 3, 20, "attempts", "Authentication attempts of one connection");
NUMBER(arg_dscp, 0, 63, NULL, "DSCP value");
NUMBER(arg_rekey_time, 30, 1440, "minutes", "Time after which keys are made anew");
NUMBER(arg_rekey_volume, 1024, 4095, "megabytes", "Volume after which keys are made anew");
NUMBER(arg_window_scale, 1, 14, NULL, "Scale factor of the TCP receive window");
NUMBER(arg_netconf_port, 1, 65535, NULL, "Port number on which NETCONF is served");
NUMBER(arg_idle, 1, 86400, "seconds", "Time without traffic");
NUMBER(arg_keepalive, 1, 3600, "seconds", "Time between questions whether a silent client is there");
/* below a VRF, where the server may have said a time */
NUMBER(arg_vrf_idle, 0, 86400, "seconds", "Time without traffic, 0 for no end");
NUMBER(arg_vrf_keepalive, 0, 3600, "seconds", "Time between questions whether a silent client is there, 0 for none");

static const struct arg arg_banner = {
	.name = "LINE", .help = "Text of the banner", .text = true, .min = 1, .max = 1024,
};

static int path_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	if (text[0] != '/')
		return err_set(err, -EINVAL, "the path of a program begins with '/'");
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return err_set(err, -EINVAL, "the path of a program has no blanks and nothing unseen");
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static const struct arg arg_program = { .name = "PATH", .help = "Path of the program", .canonical = path_canonical,
					.text = true, .min = 1, .max = 255, .words_taken = 1 };

static int kex_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return ssh_algorithm_words_canonical(SSH_ALGORITHM_KEX, text, ret_text, err);
}

static int host_key_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return ssh_algorithm_words_canonical(SSH_ALGORITHM_HOST_KEY, text, ret_text, err);
}

static int cipher_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return ssh_algorithm_words_canonical(SSH_ALGORITHM_CIPHER, text, ret_text, err);
}

static const struct arg arg_kex = { .help = "Key exchanges, in order of preference",
				    .words = ssh_algorithm_kex_words, .canonical = kex_canonical,
				    .without_effect = ssh_algorithm_without_effect };
static const struct arg arg_host_key = { .help = "Host key algorithms, in order of preference",
					 .words = ssh_algorithm_host_key_words, .canonical = host_key_canonical,
					 .without_effect = ssh_algorithm_without_effect };
static const struct arg arg_cipher = { .help = "Ciphers, in order of preference",
				       .words = ssh_algorithm_cipher_words, .canonical = cipher_canonical,
				       .without_effect = ssh_algorithm_without_effect };

#define AT(field) .offset = offsetof(struct ssh_profile, field)
#define FLAG(keyword, help_text, field, from) \
	{ .kind = STMT_FLAG, .word = keyword, .help = help_text, AT(field), .source = from }
/* Several of these may stand on one line: "ssh server enable cipher aes-cbc 3des-cbc". */
#define ONE_OF_MANY(keyword, help_text, field, from) \
	{ .kind = STMT_FLAG, .word = keyword, .help = help_text, AT(field), .flags = STMT_MORE, .source = from }
#define BACK "issue: every setting of a VRF overrides the global one"
#define GROUP(keyword, help_text, rows, from) \
	{ .kind = STMT_NODE, .word = keyword, .help = help_text, .sub = rows, .source = from }

static const struct stmt algorithms_rows[] = {
	{ .kind = STMT_LEAF, .word = "host-key", .help = "Host key algorithms offered to clients",
	  .arg = &arg_host_key, AT(host_key),
	  .source = "features.md 2A" },
	{ .kind = STMT_LEAF, .word = "key-exchange", .help = "Key exchanges offered to clients",
	  .arg = &arg_kex, AT(key_exchange),
	  .source = "features.md 2A" },
	{ .kind = STMT_LEAF, .word = "cipher", .help = "Ciphers offered to clients", .arg = &arg_cipher, AT(cipher),
	  .source = "features.md 1F-52" },
	STMT_DONE,
};
static const struct stmt enable_cipher_rows[] = {
	ONE_OF_MANY("aes-cbc", "AES with 128, 192 and 256 bits in CBC mode", enable_aes_cbc, "features.md 1F-51"),
	ONE_OF_MANY("3des-cbc", "Triple DES in CBC mode", enable_3des_cbc, "features.md 1F-51"),
	STMT_DONE,
};
static const struct stmt enable_hmac_rows[] = {
	ONE_OF_MANY("hmac-sha1", "HMAC with SHA-1", enable_hmac_sha1, "features.md 1F-49"),
	STMT_DONE,
};
static const struct stmt enable_rows[] = {
	GROUP("cipher", "Offer ciphers that are off by default", enable_cipher_rows, "features.md 1F-51"),
	GROUP("hmac", "Offer MACs that are off by default", enable_hmac_rows, "features.md 1F-49"),
	STMT_DONE,
};
static const struct stmt disable_hmac_rows[] = {
	ONE_OF_MANY("hmac-sha1", "HMAC with SHA-1", disable_hmac_sha1, "features.md 1F-50"),
	ONE_OF_MANY("hmac-sha2-256", "HMAC with SHA-256", disable_hmac_sha2_256, "features.md 1F-50"),
	ONE_OF_MANY("hmac-sha2-512", "HMAC with SHA-512", disable_hmac_sha2_512, "features.md 1F-50"),
	STMT_DONE,
};
static const struct stmt disable_auth_rows[] = {
	ONE_OF_MANY("password", "Passwords", disable_password, "features.md 2A"),
	ONE_OF_MANY("public-key", "Public keys", disable_public_key, "features.md 2A"),
	ONE_OF_MANY("keyboard-interactive", "Questions and answers", disable_keyboard_interactive, "features.md 2A"),
	STMT_DONE,
};
/* What the server turns on or off for all, a VRF turns back. */
static const struct stmt vrf_enable_hmac_rows[] = {
	ONE_OF_MANY("hmac-sha1", "HMAC with SHA-1", enable_hmac_sha1, "features.md 1F-49"),
	ONE_OF_MANY("hmac-sha2-256", "HMAC with SHA-256", undo.hmac_sha2_256, BACK),
	ONE_OF_MANY("hmac-sha2-512", "HMAC with SHA-512", undo.hmac_sha2_512, BACK),
	STMT_DONE,
};
static const struct stmt vrf_enable_auth_rows[] = {
	ONE_OF_MANY("password", "Passwords", undo.password, BACK),
	ONE_OF_MANY("public-key", "Public keys", undo.public_key, BACK),
	ONE_OF_MANY("keyboard-interactive", "Questions and answers", undo.keyboard_interactive, BACK),
	STMT_DONE,
};
static const struct stmt vrf_enable_rows[] = {
	GROUP("cipher", "Offer ciphers that are off by default", enable_cipher_rows, "features.md 1F-51"),
	GROUP("hmac", "Offer these MACs here", vrf_enable_hmac_rows, "features.md 1F-49"),
	GROUP("auth-methods", "Accept these ways to authenticate here", vrf_enable_auth_rows, BACK),
	ONE_OF_MANY("sftp", "Serve the sftp subsystem here", undo.sftp, BACK),
	ONE_OF_MANY("scp", "Serve scp here", undo.scp, BACK),
	ONE_OF_MANY("penalties", "Shut out here sources that misbehave", undo.penalties_disable, BACK),
	STMT_DONE,
};
static const struct stmt vrf_disable_cipher_rows[] = {
	ONE_OF_MANY("aes-cbc", "AES with 128, 192 and 256 bits in CBC mode", undo.aes_cbc, BACK),
	ONE_OF_MANY("3des-cbc", "Triple DES in CBC mode", undo.triple_des_cbc, BACK),
	STMT_DONE,
};
static const struct stmt disable_rows[] = {
	GROUP("hmac", "Do not offer these MACs", disable_hmac_rows, "features.md 1F-50"),
	GROUP("auth-methods", "Refuse these ways to authenticate", disable_auth_rows, "features.md 2A"),
	ONE_OF_MANY("sftp", "Refuse the sftp subsystem", disable_sftp, "features.md 2A"),
	ONE_OF_MANY("scp", "Refuse scp", disable_scp, "features.md 2A"),
	STMT_DONE,
};
static const struct stmt vrf_disable_rows[] = {
	GROUP("hmac", "Do not offer these MACs", disable_hmac_rows, "features.md 1F-50"),
	GROUP("cipher", "Do not offer here what the server enables", vrf_disable_cipher_rows, BACK),
	GROUP("auth-methods", "Refuse these ways to authenticate", disable_auth_rows, "features.md 2A"),
	ONE_OF_MANY("sftp", "Refuse the sftp subsystem", disable_sftp, "features.md 2A"),
	ONE_OF_MANY("scp", "Refuse scp", disable_scp, "features.md 2A"),
	ONE_OF_MANY("port-forwarding", "Forward no connections here", undo.port_forwarding, BACK),
	ONE_OF_MANY("banner", "Show no banner here", undo.banner, BACK),
	ONE_OF_MANY("logging", "Log here what is logged by default", undo.logging, BACK),
	STMT_DONE,
};
static const struct stmt port_forwarding_rows[] = {
	FLAG("local", "Forward connections that clients open (ssh -L)", port_forwarding_local, "features.md 1G-55"),
	STMT_DONE,
};
static const struct stmt rate_limit_rows[] = {
	{ .kind = STMT_LEAF, .word = "burst", .help = "Sessions at once before the rate counts", .arg = &arg_burst,
	  .flags = STMT_UNSET | STMT_MORE, AT(rate_burst),
	  .source = "issue: a burst, so that automation is not broken" },
	{ .kind = STMT_LEAF, .word = "per-source", .help = "What one source address may have of the rate",
	  .arg = &arg_rate, .flags = STMT_UNSET | STMT_MORE, AT(rate_per_source),
	  .source = "issue: a per-source share, so that automation is not broken" },
	STMT_DONE,
};

static const struct stmt penalties_rows[] = {
	FLAG("disable", "Shut no source out", penalties_disable, "features.md 4D: password rotation"),
	{ .kind = STMT_LIST, .word = "exempt", .help = "Sources that are never shut out", .arg = &arg_access_prefix,
	  AT(penalty_exempts), .esize = sizeof(struct ssh_exempt_conf),
	  .key_offset = offsetof(struct ssh_exempt_conf, prefix), .max_entries = 256,
	  .source = "features.md section 5 item 10" },
	STMT_DONE,
};

#define SETTING(keyword, help_text, operand, field, default_text, from)                                              \
	{ .kind = STMT_LEAF, .word = keyword, .help = help_text, .arg = operand, .def = default_text, AT(field), \
	  .flags = STMT_UNSET, .source = from }
static const struct stmt idle_rows[] = {
	SETTING("channel", "End channels without traffic", &arg_idle, channel_timeout_s, NULL, "features.md 2A"),
	SETTING("connection", "End connections without channels", &arg_idle, connection_timeout_s, NULL,
		"features.md 2A"),
	STMT_DONE,
};
static const struct stmt vrf_idle_rows[] = {
	SETTING("channel", "End channels without traffic", &arg_vrf_idle, channel_timeout_s, NULL, "features.md 2A"),
	SETTING("connection", "End connections without channels", &arg_vrf_idle, connection_timeout_s, NULL,
		"features.md 2A"),
	STMT_DONE,
};
static const struct stmt vrf_netconf_enable_rows[] = {
	FLAG("ssh-port", "Serve NETCONF on the port of SSH here", undo.netconf_ssh_port, BACK),
	STMT_DONE,
};
static const struct stmt netconf_disable_rows[] = {
	FLAG("ssh-port", "Refuse NETCONF on the port of SSH; ports of its own stay", disable_netconf_ssh_port,
	      "features.md 2A"),
	STMT_DONE,
};
static const struct stmt netconf_acl_ipv4_rows[] = {
	{ .kind = STMT_LEAF, .word = "access-list", .help = "Access list for IPv4 clients",
	  .arg = &arg_access_list_name, .offset = offsetof(struct ssh_netconf_vrf_conf, ipv4_access_list),
	  .source = "features.md 2A" },
	STMT_DONE,
};
static const struct stmt netconf_acl_ipv6_rows[] = {
	{ .kind = STMT_LEAF, .word = "access-list", .help = "Access list for IPv6 clients",
	  .arg = &arg_access_list_name, .offset = offsetof(struct ssh_netconf_vrf_conf, ipv6_access_list),
	  .source = "features.md 2A" },
	STMT_DONE,
};
static const struct stmt netconf_vrf_children[] = {
	{ .kind = STMT_NODE, .word = "ipv4", .help = "What holds for IPv4 clients", .sub = netconf_acl_ipv4_rows,
	  .flags = STMT_MORE, .source = "features.md 2A" },
	{ .kind = STMT_NODE, .word = "ipv6", .help = "What holds for IPv6 clients", .sub = netconf_acl_ipv6_rows,
	  .flags = STMT_MORE, .source = "features.md 2A" },
	{ .kind = STMT_LEAF, .word = "port", .help = "Port of NETCONF in this VRF", .arg = &arg_netconf_port,
	  .offset = offsetof(struct ssh_netconf_vrf_conf, port), .flags = STMT_UNSET | STMT_MORE,
	  .source = "features.md 2A" },
	STMT_DONE,
};
#define NETCONF_ROWS                                                                                                \
	{ .kind = STMT_LEAF, .word = "program", .help = "Program that serves the subsystem netconf",                \
	  .arg = &arg_program, AT(netconf_program), .source = "issue: netconf subsystem hook" },                    \
		GROUP("disable", "Where NETCONF is not served", netconf_disable_rows, "features.md 2A")

static const struct stmt netconf_vrf_rows[] = {
	NETCONF_ROWS,
	GROUP("enable", "Where NETCONF is served", vrf_netconf_enable_rows, BACK),
	STMT_DONE,
};
static const struct stmt netconf_rows[] = {
	{ .kind = STMT_LEAF, .word = "port", .help = "Port of NETCONF, in the default VRF where none is named",
	  .arg = &arg_netconf_port, .def = "830", .offset = offsetof(struct ssh_conf, netconf_port),
	  .flags = STMT_UNSET, .source = "features.md 2A; RFC 6242 section 6" },
	NETCONF_ROWS,
	{ .kind = STMT_LIST, .word = "vrf", .help = "Serve NETCONF on a port of its own in this VRF",
	  .arg = &arg_vrf_name, .sub = netconf_vrf_children, .offset = offsetof(struct ssh_conf, netconf_vrfs),
	  .esize = sizeof(struct ssh_netconf_vrf_conf),
	  .key_offset = offsetof(struct ssh_netconf_vrf_conf, name), .max_entries = 4096,
	  .source = "features.md 2A" },
	STMT_DONE,
};
/* DEFAULT(text) is the text where a default is said, NULL below a VRF, where the server's own setting holds. */
#define PROFILE_ROWS(DEFAULT, keepalive_arg, rows_enable, rows_disable) \
	SETTING("port", "Listen on another port than 22", &arg_port, port, NULL, "features.md 1H-63, 2A"),         \
	{ .kind = STMT_LEAF, .word = "rate-limit", .help = "Limit new sessions", .arg = &arg_rate,         \
	  .def = DEFAULT("60"), AT(rate_limit_per_min), .flags = STMT_UNSET, .sub = rate_limit_rows,                   \
	  .source = "features.md 2A" },                                                                                \
	SETTING("session-limit", "Limit open sessions", &arg_session_limit, session_limit, DEFAULT("64"),           \
		"features.md 2A"),                                                                                     \
	SETTING("max-auth-limit", "Limit authentication attempts", &arg_auth_limit, max_auth_limit, DEFAULT("20"),  \
		"features.md 2A"),                                                                                     \
	SETTING("dscp", "Mark packets to clients", &arg_dscp, dscp, DEFAULT("16"), "features.md 2A"),               \
	SETTING("rekey-time", "Make keys anew after a time", &arg_rekey_time, rekey_time_min, DEFAULT("60"),       \
		"features.md 2A"),                                                                                     \
	SETTING("rekey-volume", "Make keys anew after a volume", &arg_rekey_volume, rekey_volume_mb,               \
		DEFAULT("1024"), "features.md 2A"),                                                                    \
	SETTING("tcp-window-scale", "Scale of the TCP window", &arg_window_scale, tcp_window_scale, DEFAULT("1"),      \
		"features.md 2A"),                                                                                     \
	SETTING("keepalive", "Ask silent clients whether they are there", keepalive_arg, keepalive_s, NULL,           \
		"issue: keepalive"),                                                                                   \
	{ .kind = STMT_LEAF, .word = "banner", .help = "Show a text before authentication", .arg = &arg_banner, \
	  AT(banner), \
	  .source = "issue: banner" },                                                                                 \
	FLAG("logging", "Log more about sessions", logging, "features.md 2A"),                                         \
	GROUP("algorithms", "What is offered to clients", algorithms_rows, "features.md 1F-52"),                       \
	GROUP("enable", "Turn on what is off otherwise", rows_enable, "features.md 1F-51"), \
	GROUP("disable", "Turn off what is on otherwise", rows_disable, "features.md 1F-50, 2A"),                    \
	GROUP("penalties", "Shut out sources that misbehave, for a time", penalties_rows, "features.md section 3"), \
	GROUP("port-forwarding", "Let clients open connections through this router", port_forwarding_rows,             \
	      "features.md 1G-55")

#define SAID(text) text
#define NOT_SAID(text) NULL

static const struct stmt acl_ipv4_rows[] = {
	{ .kind = STMT_LEAF, .word = "access-list", .help = "Access list for IPv4 clients",
	  .arg = &arg_access_list_name, AT(ipv4_access_list), .source = "features.md 2A" },
	STMT_DONE,
};
static const struct stmt acl_ipv6_rows[] = {
	{ .kind = STMT_LEAF, .word = "access-list", .help = "Access list for IPv6 clients",
	  .arg = &arg_access_list_name, AT(ipv6_access_list), .source = "features.md 2A" },
	STMT_DONE,
};
static const struct stmt vrf_children[] = {
	{ .kind = STMT_NODE, .word = "ipv4", .help = "What holds for IPv4 clients", .sub = acl_ipv4_rows,
	  .flags = STMT_MORE, .source = "features.md 2A" },
	{ .kind = STMT_NODE, .word = "ipv6", .help = "What holds for IPv6 clients", .sub = acl_ipv6_rows,
	  .flags = STMT_MORE, .source = "features.md 2A" },
	PROFILE_ROWS(NOT_SAID, &arg_vrf_keepalive, vrf_enable_rows, vrf_disable_rows),
	SETTING("timeout", "Limit the time for authentication", &arg_timeout, timeout_s, NULL, "features.md 2A"),
	/* "timeout" below the server; here that word is the one above */
	GROUP("idle-timeout", "End what is idle", vrf_idle_rows, "features.md 2A"),
	GROUP("netconf", "NETCONF over SSH", netconf_vrf_rows, "features.md 2A"),
	STMT_DONE,
};

static const struct stmt server_children[] = {
	{ .kind = STMT_FLAG, .word = "v1", .help = "Accept SSH protocol version 1 too, which nothing here speaks",
	  .offset = offsetof(struct ssh_conf, v1), .flags = STMT_DEPRECATED, .source = "features.md 2A" },
	{ .kind = STMT_FLAG, .word = "v2", .help = "Accept only SSH protocol version 2",
	  .offset = offsetof(struct ssh_conf, v2), .source = "features.md 1C-23" },
	PROFILE_ROWS(SAID, &arg_keepalive, enable_rows, disable_rows),
	GROUP("timeout", "End what is idle", idle_rows, "features.md 2A"),
	GROUP("netconf", "NETCONF over SSH", netconf_rows, "features.md 2A"),
	{ .kind = STMT_LIST, .word = "vrf", .help = "Accept sessions in this VRF", .arg = &arg_vrf_name,
	  .sub = vrf_children, .offset = offsetof(struct ssh_conf, vrfs), .esize = sizeof(struct ssh_vrf_conf),
	  .key_offset = offsetof(struct ssh_vrf_conf, name), .max_entries = 4096, .source = "features.md 1C-22, 2A" },
	STMT_DONE,
};

const struct stmt ssh_conf_children[] = {
	{ .kind = STMT_NODE, .word = "server", .help = "Provide the SSH server service", .sub = server_children,
	  .alone = "vrf " VRF_DEFAULT_NAME, .source = "features.md 1C-22" },
	{ .kind = STMT_LEAF, .word = "timeout", .help = "Limit the time for authentication",
	  .arg = &arg_timeout, .def = "30",
	  .flags = STMT_UNSET, .offset = offsetof(struct ssh_conf, server.timeout_s),
	  .source = "features.md 1C-21, 2A" },
	STMT_DONE,
};

const struct ssh_vrf_conf *ssh_conf_vrf(const struct ssh_conf *conf, const char *vrf_name)
{
	const struct ssh_vrf_conf *vrfs = conf->vrfs.items;

	for (size_t i = 0; i < conf->vrfs.len; i++)
		if (!strcmp(vrfs[i].name, vrf_name))
			return &vrfs[i];
	return NULL;
}

void ssh_conf_profile(const struct ssh_conf *conf, const char *vrf_name, uint16_t default_port,
		      struct ssh_profile *ret_profile)
{
	const struct ssh_vrf_conf *vrf = ssh_conf_vrf(conf, vrf_name);

	ssh_profile_resolve(&conf->server, vrf ? &vrf->profile : NULL, default_port, ret_profile);
}

bool ssh_conf_offers(const struct tree *tree, const char *vrf_name, const char *name)
{
	static const struct stmt rows[] = { SSH_CONF_ROW, STMT_DONE };
	struct bind_arena arena = { 0 };
	struct ssh_profile profile;
	const struct ssh_algorithm_server server = { .profile = &profile, .host_keys = ~0u,
						     .libssh = ssh_algorithm_libssh };
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];
	struct ssh_conf conf = { .v2 = false };
	bool offers = false;

	if (bind_tree(tree, rows, &conf, &arena) == 0) {
		ssh_conf_profile(&conf, vrf_name, 0, &profile);
		for (unsigned kind = SSH_ALGORITHM_KEX; kind <= SSH_ALGORITHM_MAC && !offers; kind++)
			offers = ssh_algorithm_list_has(ssh_algorithm_list((enum ssh_algorithm_kind)kind, &server,
									   list, sizeof(list)), name);
	}
	bind_arena_done(&arena);
	return offers;
}

size_t ssh_conf_netconf_len(const struct ssh_conf *conf)
{
	return conf->netconf_vrfs.len ? conf->netconf_vrfs.len : conf->netconf_port > 0;
}

void ssh_conf_netconf_at(const struct ssh_conf *conf, size_t place, struct ssh_netconf *ret_netconf)
{
	const struct ssh_netconf_vrf_conf *vrf = conf->netconf_vrfs.items;
	int64_t port = conf->netconf_port > 0 ? conf->netconf_port : NETCONF_PORT_DEFAULT;

	if (!conf->netconf_vrfs.len) {
		*ret_netconf = (struct ssh_netconf){ .vrf_name = VRF_DEFAULT_NAME, .port = (uint16_t)port };
		return;
	}
	vrf += place;
	*ret_netconf = (struct ssh_netconf){ .vrf_name = vrf->name,
					     .port = (uint16_t)(vrf->port > 0 ? vrf->port : port),
					     .ipv4_access_list = vrf->ipv4_access_list,
					     .ipv6_access_list = vrf->ipv6_access_list };
}

bool ssh_conf_netconf(const struct ssh_conf *conf, const char *vrf_name, struct ssh_netconf *ret_netconf)
{
	for (size_t i = 0; i < ssh_conf_netconf_len(conf); i++) {
		struct ssh_netconf netconf;

		ssh_conf_netconf_at(conf, i, &netconf);
		if (strcmp(netconf.vrf_name, vrf_name) != 0)
			continue;
		*ret_netconf = netconf;
		return true;
	}
	return false;
}
