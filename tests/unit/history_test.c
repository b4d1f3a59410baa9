/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: history loses nothing: over a restart, while another program holds the file, and when the file is not a database.
 */
#include "services/history.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static int notices[2];
static struct session_report seen[600];
static size_t seen_len;

static void on_notice(bool trouble, const char *text, void *userdata)
{
	(void)userdata;
	cr_assert(text[0]);
	notices[trouble]++;
}

static void on_row(const struct session_report *row, void *userdata)
{
	(void)userdata;
	cr_assert_lt(seen_len, 600);
	seen[seen_len++] = *row;
}

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/history-test-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	notices[0] = notices[1] = 0;
}

static void path_make(const char *name, char path[static 128])
{
	snprintf(path, 128, "%s/%s", dir, name);
}

static void teardown(void)
{
	static const char *const names[] = { "history.db", "history.db-wal", "history.db-shm", "history.id",
					     "history.db.broken", "history.db.broken-wal", "history.db.broken-shm" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_make(names[i], path);
		remove(path);
	}
	rmdir(dir);
}

static struct history *history_make_limited(unsigned rows_max, unsigned nameless_max)
{
	const struct history_options options = { .dir = dir, .rows_max = rows_max, .nameless_max = nameless_max,
						 .on_notice = on_notice };
	struct history *history;

	cr_assert_eq(history_new(&options, &history), 0);
	return history;
}

static struct history *history_make(void)
{
	return history_make_limited(0, 0);
}

static struct session_report row_make(uint32_t id, const char *user, int64_t end_us)
{
	struct session_report row = { .id = id, .vty = id % 7, .start_us = 1000 + id, .end_us = end_us,
				      .end_reason = end_us ? END_EXIT : END_NONE, .pid = 3 };

	snprintf(row.user, sizeof(row.user), "%s", user);
	return row;
}

static int row_put(struct history *history, uint32_t id, const char *user, int64_t end_us)
{
	const struct session_report row = row_make(id, user, end_us);

	return history_put(history, &row);
}

static size_t list(struct history *history, unsigned limit)
{
	seen_len = 0;
	cr_assert_eq(history_list(history, limit, on_row, NULL), (int)seen_len);
	return seen_len;
}

static size_t page(struct history *history, uint32_t before_id, unsigned limit)
{
	seen_len = 0;
	cr_assert_eq(history_find(history, &(struct history_filter){ .before_id = before_id }, limit, on_row, NULL),
		     (int)seen_len);
	return seen_len;
}

static size_t live(struct history *history)
{
	seen_len = 0;
	cr_assert_eq(history_live(history, on_row, NULL), (int)seen_len);
	return seen_len;
}

TestSuite(history, .init = setup, .fini = teardown);

Test(history, every_member_comes_back_after_a_restart)
{
	struct history *history = history_make();
	struct session_report row;

	memset(&row, 0, sizeof(row));
	for (const struct field *field = session_report_fields; field->name; field++)
		if (field->type == FIELD_STR)
			snprintf((char *)&row + field->offset, field->size, "%s'\"", field->name);
	row.id = 4000000001u;
	row.vty = 17;
	row.peer_port = 65531;
	row.local_port = 5527;
	row.state = SESSION_CLOSED;
	row.authentication = AUTH_PUBLIC_KEY;
	row.bytes_in = INT64_MAX;
	row.bytes_out = 12345678901234;
	row.uid = 1879100007;
	row.start_us = -5;
	row.end_us = 1790000000123457;
	row.end_reason = END_CLEARED;
	row.pid = 4194303;
	row.pid_start_ticks = 99;
	row.had_pty = true;
	cr_assert_eq(history_put(history, &row), 0);
	history_free(history);

	history = history_make();
	cr_assert_eq(list(history, 10), 1);
	cr_assert_eq(memcmp(&seen[0], &row, sizeof(row)), 0);
	cr_assert_eq(history_last_id(history), 4000000001u);
	cr_assert_eq(notices[true], 0);
	history_free(history);
}

Test(history, a_live_row_is_not_history_until_it_ends)
{
	struct history *history = history_make();

	row_put(history, 5, "", 0);
	row_put(history, 6, "admin", 0);
	row_put(history, 5, "admin", 0);
	cr_assert_eq(list(history, 10), 0);
	cr_assert_eq(live(history), 2);
	cr_assert_eq(seen[0].id, 5);
	cr_assert_str_eq(seen[0].user, "admin");
	row_put(history, 6, "admin", 77);
	row_put(history, 5, "admin", 78);
	cr_assert_eq(live(history), 0);
	cr_assert_eq(list(history, 10), 2);
	cr_assert_eq(seen[0].id, 5, "the newest end first");
	cr_assert_eq(list(history, 1), 1);
	cr_assert_eq(seen[0].id, 5);
	history_free(history);
}

Test(history, rows_wait_while_the_database_is_held_and_are_listed_meanwhile)
{
	struct history *history = history_make();
	sqlite3 *other;
	char path[128];

	row_put(history, 1, "admin", 10);
	path_make("history.db", path);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(row_put(history, 2, "admin", 20), 1);
	cr_assert_eq(row_put(history, 3, "admin", 0), 1);
	cr_assert_eq(row_put(history, 3, "admin", 30), 1);
	cr_assert_eq(history_queued(history), 2);
	cr_assert_eq(history_flush(history), 1);
	cr_assert_eq(list(history, 10), 3);
	cr_assert_eq(seen[0].id, 3);
	cr_assert_eq(seen[2].id, 1);
	cr_assert_eq(notices[true], 1, "said once");
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	cr_assert_eq(history_flush(history), 0);
	cr_assert_eq(history_queued(history), 0);
	cr_assert_eq(notices[false], 1);
	cr_assert_eq(list(history, 10), 3);
	cr_assert_eq(seen[0].id, 3);
	history_free(history);
}

Test(history, pages_go_from_the_queue_into_the_file)
{
	struct history *history = history_make();
	sqlite3 *other;
	char path[128];

	for (uint32_t id = 1; id <= 4; id++)
		row_put(history, id, "admin", 10 * id);
	path_make("history.db", path);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	row_put(history, 5, "admin", 50);
	row_put(history, 6, "admin", 60);
	cr_assert_eq(history_queued(history), 2);
	cr_assert_eq(page(history, 0, 1), 1);
	cr_assert_eq(seen[0].id, 6);
	cr_assert_eq(page(history, 6, 2), 2);
	cr_assert(seen[0].id == 5 && seen[1].id == 4);
	cr_assert_eq(page(history, 4, 2), 2);
	cr_assert(seen[0].id == 3 && seen[1].id == 2);
	cr_assert_eq(page(history, 2, 2), 1);
	cr_assert_eq(seen[0].id, 1);
	cr_assert_eq(page(history, 1, 2), 0);
	cr_assert_eq(page(history, 99, 2), 0, "nothing is behind one that there is not");
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	cr_assert_eq(history_flush(history), 0);
	cr_assert_eq(page(history, 5, 10), 4);
	cr_assert_eq(seen[0].id, 4);
	history_free(history);
}

Test(history, the_queue_is_bounded_and_gives_up_the_nameless_first)
{
	struct history *history = history_make();
	sqlite3 *other;
	char path[128];

	path_make("history.db", path);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	row_put(history, 1, "admin", 10);
	for (uint32_t id = 2; id <= HISTORY_QUEUE_MAX + 500; id++)
		row_put(history, id, id == 2 ? "fred" : "", 10);
	cr_assert_eq(history_queued(history), HISTORY_QUEUE_MAX);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	cr_assert_eq(history_flush(history), 0);
	history_free(history);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "CREATE TEMP TABLE t AS SELECT 1/(count(*) = 2) AS x FROM session WHERE user <> ''",
				  NULL, NULL, NULL), SQLITE_OK);
	sqlite3_stmt *statement;
	sqlite3_prepare_v2(other, "SELECT x FROM t", -1, &statement, NULL);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	cr_assert_eq(sqlite3_column_int(statement, 0), 1, "both named rows are there");
	sqlite3_finalize(statement);
	sqlite3_close(other);
}

Test(history, something_that_is_no_database_is_moved_aside)
{
	struct history *history;
	char path[128], text[32] = "";
	int fd;

	path_make("history.db", path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 500; i++)
		cr_assert_eq(write(fd, "this is no database at all\n", 27), 27);
	close(fd);
	history = history_make();
	cr_assert_eq(notices[true], 1);
	cr_assert_eq(row_put(history, 8, "admin", 20), 0);
	cr_assert_eq(list(history, 10), 1);
	history_free(history);
	path_make("history.db.broken", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(read(fd, text, 27), 27);
	close(fd);
	cr_assert_str_eq(text, "this is no database at all\n");
}

/* Everything but the first page, which says that this is a database. */
static void database_break(void)
{
	char path[128], junk[4096];
	int fd;

	memset(junk, 0x5a, sizeof(junk));
	path_make("history.db", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	for (off_t at = 4096; at < 60 * 4096; at += 4096)
		cr_assert_eq(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
	close(fd);
}

Test(history, a_database_broken_while_running_is_replaced_and_the_row_is_kept)
{
	struct history *history = history_make();
	char path[128];
	sqlite3 *other;

	for (uint32_t id = 1; id <= 200; id++)
		row_put(history, id, "admin", 10);
	/* another writer, so that nothing is answered from memory any more */
	path_make("history.db", path);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "UPDATE session SET vty = 9; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
		     SQLITE_OK);
	sqlite3_close(other);
	database_break();
	cr_assert_eq(row_put(history, 201, "admin", 20), 0);
	cr_assert_eq(list(history, 500), 1);
	cr_assert_eq(seen[0].id, 201);
	cr_assert_eq(notices[true], 1);
	history_free(history);
}

Test(history, a_database_broken_between_two_runs_is_replaced)
{
	struct history *history = history_make();
	char path[128];

	for (uint32_t id = 1; id <= 200; id++)
		row_put(history, id, "admin", 10);
	history_free(history);
	database_break();
	history = history_make();
	cr_assert_eq(row_put(history, 201, "admin", 20), 0);
	cr_assert_eq(list(history, 500), 1);
	cr_assert_eq(seen[0].id, 201);
	path_make("history.db.broken", path);
	cr_assert_eq(access(path, F_OK), 0);
	history_free(history);
}

Test(history, ids_survive_the_loss_of_the_database)
{
	struct history *history = history_make();
	char path[128];

	history_note_id(history, 1234);
	history_free(history);
	path_make("history.db", path);
	cr_assert_eq(unlink(path), 0);
	history = history_make();
	cr_assert_eq(history_last_id(history), 1234);
	row_put(history, 2000, "", 5);
	history_free(history);
	history = history_make();
	cr_assert_eq(history_last_id(history), 2000);
	history_free(history);
}

Test(history, a_directory_that_is_not_there_stops_nothing)
{
	const struct history_options options = { .dir = "/nonexistent/history", .on_notice = on_notice };
	struct history *history;

	cr_assert_eq(history_new(&options, &history), 0);
	cr_assert_eq(notices[true], 1);
	cr_assert_eq(row_put(history, 1, "admin", 5), 1);
	cr_assert_eq(list(history, 10), 1);
	cr_assert_eq(history_flush(history), 1);
	history_note_id(history, 9);
	cr_assert_eq(history_last_id(history), 9);
	cr_assert_eq(notices[true], 1);
	history_free(history);
}

Test(history, the_oldest_go_first_and_live_rows_never)
{
	struct history *history = history_make_limited(20, 5);
	unsigned named = 0;

	row_put(history, 1, "admin", 0);
	for (uint32_t id = 2; id < 100; id++)
		row_put(history, id, id % 2 ? "admin" : "", 10);
	cr_assert_eq(list(history, 500), 20);
	cr_assert_eq(seen[0].id, 99);
	for (size_t i = 0; i < seen_len; i++)
		named += seen[i].user[0] != '\0';
	cr_assert_eq(named, 15);
	cr_assert_eq(live(history), 1);
	history_free(history);
}

Test(history, pruning_in_steps_never_exceeds_the_limit)
{
	struct history *history = history_make_limited(400, 300);

	for (uint32_t id = 1; id < 1500; id++)
		row_put(history, id, id % 3 ? "" : "admin", 10);
	cr_assert_leq(list(history, 599), 400);
	cr_assert_geq(seen_len, 400 - 64);
	cr_assert_eq(seen[0].id, 1499);
	history_free(history);
}

Test(history, a_file_of_an_older_version_gets_the_new_columns)
{
	struct history *history;
	sqlite3 *other;
	char path[128];

	path_make("history.db", path);
	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "CREATE TABLE session (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, "
					 "user TEXT, end_us INTEGER); INSERT INTO session VALUES (1, 42, 'old', 5)",
				  NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	history = history_make();
	cr_assert_eq(list(history, 10), 1);
	cr_assert_eq(seen[0].id, 42);
	cr_assert_str_eq(seen[0].user, "old");
	cr_assert_eq(history_last_id(history), 42);
	cr_assert_eq(row_put(history, 43, "new", 6), 0);
	cr_assert_eq(notices[true], 0);
	history_free(history);
}
