/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/logging_conf.h - the "logging …" statements and the struct they fill
 *
 * Shapes:  struct logging_conf; LOGGING_CONF_ROW for conf/root.c; severities are indexes into logging_severity_words,
 *          which are those of syslog(3); a host is known by "ADDRESS vrf NAME"
 * Units:   bytes; port a UDP port
 * Errors:  see conf/stmt.h
 * Owns:    see conf/bind.h
 * Runs in: every program that links conf/root.c; pure
 * Source:  IOS XR "logging"; RFC 5424 section 6.2.1 (facilities, severities); clients.md section 2 (pyATS)
 * Tests:   tests/unit/logging_conf_test.c, tests/system/test_logging.py
 */
#ifndef CONF_LOGGING_CONF_H
#define CONF_LOGGING_CONF_H

#include "conf/bind.h"

#define LOGGING_HOSTS_MAX    16u
#define LOGGING_CONSOLE_OFF  8 /* of logging_console_words: "disable" */
#define LOGGING_PORT	     514
#define LOGGING_FORMAT_BSD   0
#define LOGGING_FORMAT_5424  1

extern const char *const logging_severity_words[]; /* "emergencies" to "debugging", NULL */
extern const char *const logging_console_words[];  /* the same and "disable", NULL */
extern const char *const logging_facility_words[]; /* RFC 5424 0 "kern" to 23 "local7", NULL */

struct logging_host_conf {
	char *place; /* "10.0.0.1 vrf blue" */
	int severity;
	char *port; /* number, or "default" */
};

struct logging_conf {
	int console, monitor, trap;
	int64_t buffered_bytes;
	int buffered_severity;
	int facility, format;
	struct bind_list hosts; /* struct logging_host_conf */
};

/* The two parts of a host's place; -EINVAL. */
int logging_host_split(const char *place, char *address, size_t address_size, char *vrf, size_t vrf_size);

extern const struct stmt logging_conf_children[];
#define LOGGING_CONF_ROW                                                                                   \
	{                                                                                                  \
		.kind = STMT_NODE, .word = "logging", .help = "Where messages of this router go",          \
		.sub = logging_conf_children, .task = "logging", .source = "IOS XR", .owners = OWNER_SSHD  \
	}

#endif
