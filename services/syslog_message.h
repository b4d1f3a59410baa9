/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/syslog_message.h - a line of the log as a datagram for a syslog server
 *
 * Shapes:  RFC 3164 ("<190>Aug 24 13:10:15 router SSHD_[123]: %…") or RFC 5424
 * Units:   wall_us microseconds since 1970-01-01 UTC
 * Errors:  none: what is too long is cut before a character
 * Owns:    nothing
 * Runs in: sallyport-sshd; pure
 * Source:  RFC 3164 section 4.1, RFC 5424 section 6, RFC 5426 section 3.2 (2048 octets)
 * Tests:   tests/unit/syslog_message_test.c
 */
#ifndef SERVICES_SYSLOG_MESSAGE_H
#define SERVICES_SYSLOG_MESSAGE_H

#include <stddef.h>

#include "base/log_store.h"

#define SYSLOG_MESSAGE_MAX_BYTES 2048u

/* facility as in logging_facility_words; format LOGGING_FORMAT_…. Returns the length. */
size_t syslog_message_make(const struct log_record *record, int facility, int format, const char *hostname,
			   char message[static SYSLOG_MESSAGE_MAX_BYTES]);

#endif
