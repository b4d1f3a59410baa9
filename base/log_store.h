/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/log_store.h - the lines of the log on disk: written by every process, bounded, and whole after kill -9
 *
 * Shapes:  a directory with two files, "current" and "previous", one record a line: "SEVERITY WALL_US TEXT"; "limits",
 *          which sallyport-sshd writes from the configuration; struct log_cursor, a place to read on from
 * Units:   bytes; wall_us microseconds since 1970-01-01 UTC; severity as syslog(3)
 * Errors:  0 or -errno
 * Owns:    nothing: the caller owns the descriptor of the directory
 * Runs in: every daemon and monitor
 * Source:  features.md 2F; IOS XR "logging buffered" (4096-125000000 bytes, 2097152)
 * Tests:   tests/unit/log_store_test.c, tests/system/test_logging.py
 */
#ifndef BASE_LOG_STORE_H
#define BASE_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_STORE_BYTES_MIN	4096
#define LOG_STORE_BYTES_MAX	125000000
#define LOG_STORE_BYTES_DEFAULT 2097152
#define LOG_STORE_LINE_MAX	4096u /* of a record's text, without NUL */
#define LOG_STORE_ALL		7     /* the least severity: everything */

struct log_store_limits {
	int64_t bytes; /* both files together */
	int severity;  /* lines that are less severe are not kept */
};

/* STATE_DIR/log, made when it is not there; as root it is given to the group, whose daemon writes too. The descriptor
 * or -errno. */
int log_store_open(const char *state_dir, gid_t group);

/* Adds a record, whole or not at all but for a full disk. line has no newline. Moves on to a new file when the present
 * one has half of bytes. Never waits for another process. */
int log_store_append(int dir_fd, int64_t bytes, int severity, int64_t wall_us, const char *line);

/* What holds; the defaults when nobody has set any. */
void log_store_limits_get(int dir_fd, struct log_store_limits *ret_limits);
int log_store_limits_set(int dir_fd, const struct log_store_limits *limits);

struct log_record {
	int severity;
	int64_t wall_us;
	const char *text; /* until the callback returns */
};

/* Names a file by its inode and its first record, because the file system gives inodes out again. Zeroed: the oldest
 * record there is. */
struct log_cursor {
	uint64_t inode, first_us, offset;
};

/* Hands out records from the cursor on, at most max_bytes of file (at least one record), and moves it. 1 when there are
 * more, 0 at the end. False from on_record: not taken, the cursor stays before it. What has been dropped meanwhile is
 * passed over. */
int log_store_read(int dir_fd, struct log_cursor *cursor, size_t max_bytes,
		   bool (*on_record)(const struct log_record *record, void *userdata), void *userdata);
/* A cursor behind the last record. */
int log_store_end(int dir_fd, struct log_cursor *ret_cursor);
/* Forgets everything ("clear logging"). */
int log_store_clear(int dir_fd);

#endif
