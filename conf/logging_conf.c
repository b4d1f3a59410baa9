/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the "logging …" statements. A server is known by its address together with the VRF it is reached in, so one
 * address may be given once for each VRF; without a VRF the default one is meant and written. Names of hosts are not
 * taken: they would have to be asked for in the VRF, again and again, by what must never wait.
 */
#include "conf/logging_conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_store.h"

#define VRF_NAME_MAX 32

#define SEVERITIES                                                                                       \
	"emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"

const char *const logging_severity_words[] = { SEVERITIES, NULL };
const char *const logging_console_words[] = { SEVERITIES, "disable", NULL };
const char *const logging_facility_words[] = {
	"kern",	  "user",   "mail",   "daemon", "auth",	  "syslog", "lpr",    "news",
	"uucp",	  "cron",   "authpriv", "ftp",	"sys9",	  "sys10",  "sys11",  "sys12",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL,
};

static const char *const format_words[] = { "bsd", "rfc5424", NULL };

int logging_host_split(const char *place, char *address, size_t address_size, char *vrf, size_t vrf_size)
{
	const char *space = strchr(place, ' ');
	const char *name = space && !strncmp(space, " vrf ", 5) ? space + 5 : NULL;
	size_t address_len = space ? (size_t)(space - place) : strlen(place);

	if ((space && !name) || address_len >= address_size || (name && strlen(name) >= vrf_size))
		return -EINVAL;
	memcpy(address, place, address_len);
	address[address_len] = '\0';
	snprintf(vrf, vrf_size, "%s", name ? name : "default");
	return 0;
}

static int host_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	char given[64], vrf[VRF_NAME_MAX + 1], address[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	int family;

	(void)arg;
	if (logging_host_split(text, given, sizeof(given), vrf, sizeof(vrf)) < 0)
		return err_set(err, -EINVAL, "must be an IPv4 or IPv6 address, and 'vrf' a name of up to %d characters",
			       VRF_NAME_MAX);
	family = strchr(given, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, given, bytes) != 1)
		return err_set(err, -EINVAL, "must be the IPv4 or IPv6 address of a server; names are not taken");
	inet_ntop(family, bytes, address, sizeof(address));
	return asprintf(ret_text, "%s vrf %s", address, vrf) < 0 ? -ENOMEM : 0;
}

static int port_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	char *end;
	long port;

	(void)arg;
	if (!strncmp(text, "default", strlen(text))) {
		*ret_text = strdup("default");
		return *ret_text ? 0 : -ENOMEM;
	}
	errno = 0;
	port = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || port < 1 || port > 65535)
		return err_set(err, -EINVAL, "must be a number from 1 to 65535, or default");
	return asprintf(ret_text, "%ld", port) < 0 ? -ENOMEM : 0;
}

static const struct arg arg_vrf = { .name = "WORD", .help = "Name of the VRF", .text = true, .min = 1,
				    .max = VRF_NAME_MAX, .words_taken = 1, .complete = "vrf" };
static const struct arg_joined joined_vrf = { "vrf", "The VRF the server is reached in", &arg_vrf };
static const struct arg arg_host = { .name = "ADDRESS", .help = "Address of a syslog server", .text = true,
				     .min = 1, .max = 128, .words_taken = 1, .joined = &joined_vrf,
				     .canonical = host_canonical };
static const struct arg arg_port = { .name = "<1-65535>", .help = "UDP port of the server, or default (514)",
				     .text = true, .min = 1, .max = 7, .words_taken = 1, .canonical = port_canonical };
static const struct arg arg_severity = { .help = "Messages of this severity and above",
					 .words = logging_severity_words, .words_taken = 1 };
static const struct arg arg_console = { .help = "Messages of this severity and above, or none",
					.words = logging_console_words, .words_taken = 1 };
static const struct arg arg_facility = { .help = "Facility of messages sent to servers",
					 .words = logging_facility_words, .words_taken = 1 };
static const struct arg arg_format = { .help = "How messages sent to servers are written", .words = format_words,
				       .words_taken = 1 };
static const struct arg arg_bytes = { .help = "Size of the log on disk", .unit = "bytes", .min = LOG_STORE_BYTES_MIN,
				      .max = LOG_STORE_BYTES_MAX, .words_taken = 1 };

#define AT(field) .offset = offsetof(struct logging_conf, field)

static const struct stmt host_children[] = {
	{ .kind = STMT_LEAF, .word = "severity", .help = "The least severe messages that are sent",
	  .arg = &arg_severity, .def = "informational", .offset = offsetof(struct logging_host_conf, severity),
	  .flags = STMT_MORE, .source = "IOS XR" },
	{ .kind = STMT_LEAF, .word = "port", .help = "UDP port of the server", .arg = &arg_port, .def = "default",
	  .offset = offsetof(struct logging_host_conf, port), .flags = STMT_MORE, .source = "IOS XR; RFC 5426" },
	STMT_DONE,
};

static const struct stmt buffered_children[] = {
	{ .kind = STMT_LEAF, .word = "bytes", .help = "Size of the log on disk", .arg = &arg_bytes, .def = "2097152",
	  AT(buffered_bytes), .flags = STMT_UNSPOKEN, .source = "IOS XR" },
	{ .kind = STMT_LEAF, .word = "severity", .help = "The least severe messages that are kept",
	  .arg = &arg_severity, .def = "debugging", AT(buffered_severity), .flags = STMT_UNSPOKEN,
	  .source = "IOS XR" },
	STMT_DONE,
};

const struct stmt logging_conf_children[] = {
	{ .kind = STMT_LEAF, .word = "console", .help = "Messages on the console of the machine", .arg = &arg_console,
	  .def = "disable", AT(console), .source = "IOS XR; clients.md section 2 (pyATS)" },
	{ .kind = STMT_LEAF, .word = "monitor", .help = "Messages in sessions after terminal monitor",
	  .arg = &arg_severity, .def = "debugging", AT(monitor), .source = "IOS XR" },
	{ .kind = STMT_NODE, .word = "buffered", .help = "The log on disk, which show logging shows",
	  .sub = buffered_children, .source = "IOS XR" },
	{ .kind = STMT_LEAF, .word = "trap", .help = "Messages sent to servers, whatever these ask for",
	  .arg = &arg_severity, .def = "informational", AT(trap), .source = "IOS XR" },
	{ .kind = STMT_LEAF, .word = "facility", .help = "Facility of messages sent to servers",
	  .arg = &arg_facility, .def = "local7", AT(facility), .source = "IOS XR; RFC 5424 section 6.2.1" },
	{ .kind = STMT_LEAF, .word = "format", .help = "How messages sent to servers are written", .arg = &arg_format,
	  .def = "bsd", AT(format), .source = "IOS XR; RFC 3164, RFC 5424" },
	{ .kind = STMT_LIST, .word = "host", .help = "A syslog server", .arg = &arg_host, .sub = host_children,
	  AT(hosts), .esize = sizeof(struct logging_host_conf),
	  .key_offset = offsetof(struct logging_host_conf, place), .max_entries = LOGGING_HOSTS_MAX,
	  .flags = STMT_UNSPOKEN, .source = "IOS XR" },
	STMT_DONE,
};
