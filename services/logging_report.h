/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/logging_report.h - what org.sallyport.SSH says about where the log goes
 *
 * Shapes:  struct logging_report; struct log_host_report, one syslog server
 * Units:   _bytes bytes; counts in messages
 * Errors:  Varlink errors
 * Owns:    rows own their text
 * Runs in: sallyport-sshd, sallyport (CLI); data only
 * Source:  IOS XR: show logging
 * Tests:   tests/system/test_logging.py, tests/golden/show
 */
#ifndef SERVICES_LOGGING_REPORT_H
#define SERVICES_LOGGING_REPORT_H

#include "services/ssh_report.h"

struct logging_report {
	char console[16], monitor[16], trap[16], buffered[16]; /* words of the configuration */
	uint64_t console_messages, console_dropped;
	uint64_t buffered_bytes;
};

struct log_host_report {
	char address[46], vrf[33], severity[16];
	uint16_t port;
	bool reached;	   /* the last message could be sent */
	char reason[128];  /* why not */
	uint64_t messages; /* sent since the daemon started */
};

extern const struct field logging_report_fields[], log_host_report_fields[];

/* () -> (logging: Logging, hosts: []LogHost) */
#define SSH_GET_LOGGING SSH_INTERFACE ".GetLogging"

#endif
