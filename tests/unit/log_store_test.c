/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the log on disk: several writers at once, the bound, places to read on from, and files that are not what they
 * should be.
 */
#include "base/log_store.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define WRITERS	    4
#define LINES	    250
#define AUG_24_US   1787577015933000

static char dir[] = "/tmp/sallyport-log-XXXXXX";
static int dir_fd = -1;
static char got[1 << 20];
static size_t got_len, records;
static int last_severity;
static int64_t last_us;

static void enter(void)
{
	cr_assert_not_null(mkdtemp(dir));
	dir_fd = log_store_open(dir, getegid());
	cr_assert_geq(dir_fd, 0);
}

static void leave(void)
{
	static const char *const names[] = { "current", "previous", "limits", "limits.new" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(dir_fd, names[i], 0);
	close(dir_fd);
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(rmdir("log"), 0);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(rmdir(dir), 0);
}

TestSuite(log_store, .init = enter, .fini = leave);

static bool on_record(const struct log_record *record, void *userdata)
{
	cr_assert_eq(userdata, got);
	records++;
	last_severity = record->severity;
	last_us = record->wall_us;
	got_len += (size_t)snprintf(got + got_len, sizeof(got) - got_len, "%s\n", record->text);
	return true;
}

static int take_records(struct log_cursor *cursor, size_t max_bytes)
{
	got_len = records = 0;
	got[0] = '\0';
	return log_store_read(dir_fd, cursor, max_bytes, on_record, got);
}

static void append(int64_t bytes, const char *line)
{
	cr_assert_eq(log_store_append(dir_fd, bytes, 5, AUG_24_US, line), 0);
}

static off_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

Test(log_store, what_is_written_is_read)
{
	struct log_cursor cursor = { 0 };

	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_eq(records, 0);
	append(LOG_STORE_BYTES_MIN, "one");
	cr_assert_eq(log_store_append(dir_fd, LOG_STORE_BYTES_MIN, 3, 17, "two words, 5 6 seven"), 0);
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_str_eq(got, "one\ntwo words, 5 6 seven\n");
	cr_assert_eq(last_severity, 3);
	cr_assert_eq(last_us, 17);
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_eq(records, 0);
	append(LOG_STORE_BYTES_MIN, "three");
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_str_eq(got, "three\n");
}

Test(log_store, a_reader_takes_as_much_as_it_wants)
{
	struct log_cursor cursor = { 0 }, end;

	for (int i = 0; i < 3; i++)
		append(LOG_STORE_BYTES_MIN, "x");
	cr_assert_eq(take_records(&cursor, 1), 1);
	cr_assert_eq(records, 1);
	cr_assert_eq(take_records(&cursor, 1), 1);
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_eq(records, 1);
	cr_assert_eq(log_store_end(dir_fd, &end), 0);
	cr_assert_eq(take_records(&end, 1000), 0);
	cr_assert_eq(records, 0);
	append(LOG_STORE_BYTES_MIN, "new");
	cr_assert_eq(take_records(&end, 1000), 0);
	cr_assert_str_eq(got, "new\n");
}

static bool take_two(const struct log_record *record, void *userdata)
{
	int *left = userdata;

	cr_assert_eq(record->severity, 5);
	return (*left)-- > 0;
}

Test(log_store, what_is_not_taken_comes_again)
{
	struct log_cursor cursor = { 0 };
	int left = 2;

	append(LOG_STORE_BYTES_MIN, "one");
	append(LOG_STORE_BYTES_MIN, "two");
	append(LOG_STORE_BYTES_MIN, "three");
	cr_assert_eq(log_store_read(dir_fd, &cursor, 1000, take_two, &left), 1);
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_str_eq(got, "three\n");
}

Test(log_store, it_never_outgrows_its_bound)
{
	struct log_cursor cursor = { 0 };
	char line[100];

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %04d of a log that is too long for its place", i);
		append(LOG_STORE_BYTES_MIN, line);
		cr_assert_leq(size_of("current") + size_of("previous"), LOG_STORE_BYTES_MIN + 200);
	}
	cr_assert_eq(take_records(&cursor, 1 << 20), 0);
	cr_assert_gt(records, 20);
	cr_assert_not_null(strstr(got, "line 0999"));
	cr_assert_null(strstr(got, "line 0000"));
	/* whatever was dropped, what is left follows on one another */
	cr_assert_eq(strtol(got + 5, NULL, 10) + (long)records, 1000);
}

Test(log_store, a_cursor_follows_into_the_next_file)
{
	struct log_cursor cursor = { 0 };
	size_t all = 0;
	char line[100];

	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "line %04d of a log that is too long for its place", i);
		append(LOG_STORE_BYTES_MIN, line);
		cr_assert_eq(take_records(&cursor, 1 << 20), 0);
		all += records;
		cr_assert_not_null(strstr(got, line));
	}
	cr_assert_eq(all, 200);
}

Test(log_store, lines_of_many_writers_stay_whole, .timeout = 60)
{
	struct log_cursor cursor = { 0 };
	unsigned next[WRITERS] = { 0 };

	for (int writer = 0; writer < WRITERS; writer++) {
		if (fork())
			continue;
		for (unsigned i = 0; i < LINES; i++) {
			char line[300];

			memset(line, 'a' + writer, sizeof(line));
			snprintf(line, 20, "%d %04u", writer, i);
			line[strlen(line)] = ' ';
			line[sizeof(line) - 1] = '\0';
			log_store_append(dir_fd, LOG_STORE_BYTES_MAX, 6, 1, line);
		}
		_exit(0);
	}
	for (int writer = 0; writer < WRITERS; writer++)
		cr_assert_gt(wait(NULL), 0);
	cr_assert_eq(take_records(&cursor, 1 << 20), 0);
	cr_assert_eq(records, WRITERS * LINES);
	for (char *at = got; *at; at = strchr(at, '\n') + 1) {
		unsigned writer = (unsigned)strtoul(at, &at, 10), number = (unsigned)strtoul(at, &at, 10);

		cr_assert_lt(writer, WRITERS);
		cr_assert_eq(number, next[writer]++);
		cr_assert_eq(strcspn(at + 1, "\n"), 299 - 7);
		cr_assert_eq(strspn(at + 1, (char[]){ (char)('a' + writer), '\0' }), 299 - 7);
	}
}

Test(log_store, moved_aside_by_many_nothing_doubles, .timeout = 60)
{
	struct log_cursor cursor = { 0 };

	for (int writer = 0; writer < WRITERS; writer++) {
		if (fork())
			continue;
		for (unsigned i = 0; i < LINES; i++)
			log_store_append(dir_fd, LOG_STORE_BYTES_MIN, 6, (int64_t)i + 1, "some words that fill the file");
		_exit(0);
	}
	for (int writer = 0; writer < WRITERS; writer++)
		cr_assert_gt(wait(NULL), 0);
	cr_assert_leq(size_of("current") + size_of("previous"), LOG_STORE_BYTES_MIN + WRITERS * 100);
	cr_assert_eq(take_records(&cursor, 1 << 20), 0);
	cr_assert_gt(records, 30);
}

Test(log_store, what_is_no_plain_file_is_not_taken)
{
	cr_assert_eq(mkfifoat(dir_fd, "current", 0600), 0);
	cr_assert_lt(log_store_append(dir_fd, LOG_STORE_BYTES_MIN, 6, 1, "x"), 0);
	cr_assert_eq(unlinkat(dir_fd, "current", 0), 0);
	cr_assert_eq(symlinkat("/etc/passwd", dir_fd, "current"), 0);
	cr_assert_eq(log_store_append(dir_fd, LOG_STORE_BYTES_MIN, 6, 1, "x"), -ELOOP);
	cr_assert_eq(unlinkat(dir_fd, "current", 0), 0);
	append(LOG_STORE_BYTES_MIN, "x");
	cr_assert_eq(linkat(dir_fd, "current", dir_fd, "limits.new", 0), 0);
	cr_assert_eq(log_store_append(dir_fd, LOG_STORE_BYTES_MIN, 6, 1, "x"), -EPERM);
}

Test(log_store, a_torn_line_spoils_no_other)
{
	struct log_cursor cursor = { 0 };
	int fd;

	append(LOG_STORE_BYTES_MIN, "before");
	fd = openat(dir_fd, "current", O_WRONLY | O_APPEND);
	cr_assert_eq(write(fd, "rubbish\n6 12\n9 1 high\n6 1 half", 30), 30);
	close(fd);
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_str_eq(got, "before\n");
	append(LOG_STORE_BYTES_MIN, "glued");
	append(LOG_STORE_BYTES_MIN, "after");
	cr_assert_eq(take_records(&cursor, 1000), 0);
	cr_assert_eq(records, 2);
	cr_assert_not_null(strstr(got, "\nafter\n"));
}

Test(log_store, limits_are_those_set_last)
{
	struct log_store_limits limits;

	log_store_limits_get(dir_fd, &limits);
	cr_assert_eq(limits.bytes, LOG_STORE_BYTES_DEFAULT);
	cr_assert_eq(limits.severity, LOG_STORE_ALL);
	limits = (struct log_store_limits){ 77777, 4 };
	cr_assert_eq(log_store_limits_set(dir_fd, &limits), 0);
	log_store_limits_get(dir_fd, &limits);
	cr_assert_eq(limits.bytes, 77777);
	cr_assert_eq(limits.severity, 4);
	limits = (struct log_store_limits){ 1, 4 };
	cr_assert_eq(log_store_limits_set(dir_fd, &limits), 0);
	log_store_limits_get(dir_fd, &limits);
	cr_assert_eq(limits.bytes, LOG_STORE_BYTES_DEFAULT);
}

static void log_quietly(enum log_event event, const char *text)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDERR_FILENO);
	log_event(event, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}

Test(log_store, events_are_kept_by_severity)
{
	struct log_store_limits limits = { LOG_STORE_BYTES_MIN, 4 };
	struct log_cursor cursor = { 0 };

	clock_freeze(AUG_24_US, 1);
	cr_assert_eq(log_store_limits_set(dir_fd, &limits), 0);
	log_init("SSHD");
	log_keep(dir_fd);
	log_quietly(LOG_SSHD_INFO_GENERAL, "not kept");
	log_quietly(LOG_SSHD_WARN_GENERAL, "kept\033[2J");
	log_keep(-1);
	log_quietly(LOG_SSHD_WARN_GENERAL, "elsewhere");
	cr_assert_eq(take_records(&cursor, 1 << 16), 0);
	cr_assert_eq(records, 1);
	cr_assert_eq(strncmp(got, "RP/0/RP0/CPU0:Aug 24 13:10:15.933 UTC: SSHD_[", 45), 0, "%s", got);
	cr_assert_not_null(strstr(got, "]: %SECURITY-SSHD-4-WARN_GENERAL : kept\\x1b[2J\n"));
}

Test(log_store, lost_lines_are_counted_and_said)
{
	struct log_cursor cursor = { 0 };

	log_init("SSHD");
	log_keep(dir_fd);
	cr_assert_eq(mkfifoat(dir_fd, "current", 0600), 0);
	log_quietly(LOG_SSHD_WARN_GENERAL, "lost");
	log_quietly(LOG_SSHD_WARN_GENERAL, "lost");
	cr_assert_eq(unlinkat(dir_fd, "current", 0), 0);
	log_quietly(LOG_SSHD_WARN_GENERAL, "kept");
	log_quietly(LOG_SSHD_WARN_GENERAL, "kept too");
	log_keep(-1);
	cr_assert_eq(take_records(&cursor, 1 << 16), 0);
	cr_assert_eq(records, 3);
	cr_assert_not_null(strstr(got, "%OS-SYSLOG-4-LOG_DROPPED : 2 messages were lost\n"));
}
