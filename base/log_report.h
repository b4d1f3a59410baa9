/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log_report.h - what org.sallyport.Log says, by name and shape
 *
 * Shapes:  struct log_line_report, one line of the log; method names
 * Units:   severity as syslog(3); wall_us microseconds since 1970-01-01 UTC
 * Errors:  Varlink errors; LOG_ERROR_FULL too many follow already
 * Owns:    rows own their text
 * Runs in: every daemon that keeps the log, CLI
 * Source:  features.md 2F
 * Tests:   tests/system/test_logging.py
 */
#ifndef BASE_LOG_REPORT_H
#define BASE_LOG_REPORT_H

#include <stdint.h>

#include "base/field.h"

#define LOG_INTERFACE "org.sallyport.Log"

/* (cursor: ?string) -> (lines: []Line, cursor: string, more: bool)
 * Kept lines, the oldest first, from the place that an earlier answer named, and the place behind them. */
#define LOG_READ LOG_INTERFACE ".Read"
/* (severity: int) -> (lines: []Line), with "more": an empty answer at once, then new lines as they are written. */
#define LOG_FOLLOW LOG_INTERFACE ".Follow"
/* () -> (): forgets what is kept; for those who may configure */
#define LOG_CLEAR LOG_INTERFACE ".Clear"

#define LOG_ERROR_FULL LOG_INTERFACE ".TooManyFollow"

struct log_line_report {
	uint32_t severity;
	int64_t wall_us;
	char text[4097];
};

extern const struct field log_line_report_fields[];

#endif
