/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the parts of a line of the log, and the datagrams that syslog servers get.
 */
#include "services/syslog_message.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log_line.h"
#include "conf/logging_conf.h"

#define AUG_24_US 1787577015933000 /* 2026-08-24 13:10:15.933 UTC */
#define LINE	  "RP/0/RP0/CPU0:Aug 24 13:10:15.933 UTC: SSHD_[123]: %SECURITY-SSHD-6-INFO_SUCCESS : User 'a: b_[7]: '"

Test(log_line, parts)
{
	struct log_line line;

	cr_assert(log_line_parse(LINE, &line));
	cr_assert_eq(line.program_len, 4);
	cr_assert_eq(strncmp(line.program, "SSHD_[", 6), 0);
	cr_assert_eq(line.pid, 123);
	cr_assert_str_eq(line.message, "%SECURITY-SSHD-6-INFO_SUCCESS : User 'a: b_[7]: '");
	cr_assert_eq(line.mnemonic_len, strlen("INFO_SUCCESS"));
	cr_assert_eq(strncmp(line.mnemonic, "INFO_SUCCESS", 12), 0);
	cr_assert(log_line_parse("RP/0/RP0/CPU0:x: CONFD_[1]: vrf : debug - a - b - c : d", &line));
	cr_assert_eq(line.mnemonic_len, 0);
}

Test(log_line, what_is_none)
{
	static const char *const texts[] = { "", "x", "a: b", "a: b_[", "a: b_[x]: y", "a: b_[1]", "a: _[1]: x", "a: b c_[1]: x" };
	struct log_line line;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_not(log_line_parse(texts[i], &line), "%s", texts[i]);
}

static void assert_message(const struct log_record *record, int format, const char *hostname, const char *wanted)
{
	char message[SYSLOG_MESSAGE_MAX_BYTES + 1];
	size_t len;

	setenv("TZ", "UTC", 1);
	tzset();
	len = syslog_message_make(record, 23, format, hostname, message);
	message[len] = '\0';
	cr_assert_str_eq(message, wanted);
}

Test(syslog_message, forms)
{
	const struct log_record record = { 6, AUG_24_US, LINE }, other = { 3, AUG_24_US + 1, "no line of ours" };

	assert_message(&record, LOGGING_FORMAT_BSD, "r1",
		       "<190>Aug 24 13:10:15 r1 SSHD_[123]: %SECURITY-SSHD-6-INFO_SUCCESS : User 'a: b_[7]: '");
	assert_message(&record, LOGGING_FORMAT_5424, "r1",
		       "<190>1 2026-08-24T13:10:15.933000Z r1 SSHD 123 INFO_SUCCESS - %SECURITY-SSHD-6-INFO_SUCCESS : "
		       "User 'a: b_[7]: '");
	assert_message(&other, LOGGING_FORMAT_5424, "", "<187>1 2026-08-24T13:10:15.933001Z - - - - - no line of ours");
	assert_message(&other, LOGGING_FORMAT_BSD, "", "<187>Aug 24 13:10:15 - no line of ours");
}

Test(syslog_message, a_long_one_is_cut_before_a_character)
{
	char text[5000] = "x: P_[1]: ", message[SYSLOG_MESSAGE_MAX_BYTES];
	struct log_record record = { 6, AUG_24_US, text };
	size_t len, at = strlen(text);

	for (; at + 3 < sizeof(text); at += 2)
		memcpy(text + at, "\xc3\xa4", 3);
	for (int host_len = 1; host_len < 3; host_len++) {
		len = syslog_message_make(&record, 0, LOGGING_FORMAT_BSD, host_len == 1 ? "r" : "rr", message);
		cr_assert_leq(len, SYSLOG_MESSAGE_MAX_BYTES);
		cr_assert_geq(len, SYSLOG_MESSAGE_MAX_BYTES - 1);
		cr_assert_eq((unsigned char)message[len - 1], 0xa4);
	}
}
