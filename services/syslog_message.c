/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: datagrams for syslog servers. The text is ASCII or UTF-8 without control characters already, by base/log.c, so a
 * datagram is one line whatever a stranger sent.
 */
#include "services/syslog_message.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log_line.h"
#include "conf/logging_conf.h"

#define APP_NAME_MAX 48 /* RFC 5424 section 6 */
#define MSGID_MAX    32

static int head_bsd(const struct log_record *record, int priority, const char *hostname, char *to, size_t size)
{
	time_t seconds = (time_t)(record->wall_us / 1000000);
	struct tm local;
	char when[32];

	localtime_r(&seconds, &local);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &local);
	return snprintf(to, size, "<%d>%s %s ", priority, when, hostname);
}

static int bounded(size_t len, int max)
{
	return len < (size_t)max ? (int)len : max;
}

static int head_5424(const struct log_record *record, const struct log_line *line, int priority, const char *hostname,
		     char *to, size_t size)
{
	time_t seconds = (time_t)(record->wall_us / 1000000);
	const struct log_line none = { .program = "-", .program_len = 1, .mnemonic = "" };
	struct tm utc;
	char when[32], pid[16] = "-";

	gmtime_r(&seconds, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
	if (line)
		snprintf(pid, sizeof(pid), "%u", line->pid);
	else
		line = &none;
	return snprintf(to, size, "<%d>1 %s.%06dZ %s %.*s %s %.*s - ", priority, when,
			(int)(record->wall_us % 1000000), hostname, bounded(line->program_len, APP_NAME_MAX),
			line->program, pid, line->mnemonic_len ? bounded(line->mnemonic_len, MSGID_MAX) : 1,
			line->mnemonic_len ? line->mnemonic : "-");
}

size_t syslog_message_make(const struct log_record *record, int facility, int format, const char *hostname,
			   char message[static SYSLOG_MESSAGE_MAX_BYTES])
{
	int priority = facility * 8 + record->severity, head;
	const char *host = hostname[0] ? hostname : "-", *rest;
	struct log_line line;
	bool known = log_line_parse(record->text, &line);
	size_t len, room;

	if (format == LOGGING_FORMAT_5424)
		head = head_5424(record, known ? &line : NULL, priority, host, message, SYSLOG_MESSAGE_MAX_BYTES);
	else
		head = head_bsd(record, priority, host, message, SYSLOG_MESSAGE_MAX_BYTES);
	if (head < 0 || (size_t)head >= SYSLOG_MESSAGE_MAX_BYTES)
		return 0;
	rest = !known ? record->text : format == LOGGING_FORMAT_5424 ? line.message : line.tagged;
	room = SYSLOG_MESSAGE_MAX_BYTES - (size_t)head;
	len = strlen(rest);
	if (len > room) {
		len = room;
		while (len > 0 && ((unsigned char)rest[len] & 0xc0u) == 0x80)
			len--;
	}
	memcpy(message + head, rest, len);
	return (size_t)head + len;
}
