/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: session history in SQLite. The table's columns come from session_report_fields, so a member added to the
 * report becomes a column (ALTER TABLE) when an older file is opened. A row is always written whole by INSERT OR
 * REPLACE, which gives it a new sequence number: the order of seq is the order of the last write, and for ended
 * rows that is the order in which the sessions ended, however the clock was set meanwhile. A row that lives on is
 * written over in its place: that is a page of the table, and no index.
 *
 * Nothing here may stop the service. When the database cannot be written, rows wait in a bounded queue; when it
 * cannot be read, the file is renamed and a new one begun.
 */
#include "services/history.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define SCHEMA_VERSION 1
#define PRUNE_EVERY    64u /* ended rows between two prunings */
#define PATH_MAX_BYTES 4096

enum statement { PUT, RENEW, LIST, LIVE, LAST_ID, PRUNE_ROWS, PRUNE_NAMELESS, STATEMENT_MAX };

struct history {
	struct history_options options;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_MAX];
	struct session_report *queue[HISTORY_QUEUE_MAX];
	size_t queue_len;
	bool troubled, was_broken;
	unsigned prune_in;
	uint32_t last_id;
	int id_fd;
};

static void notice(struct history *history, bool trouble, const char *what, const char *why)
{
	char text[400];

	if (!history->options.on_notice)
		return;
	snprintf(text, sizeof(text), "%s%s%s", what, why[0] ? ": " : "", why);
	history->options.on_notice(trouble, text, history->options.userdata);
}

static void trouble_begin(struct history *history, const char *why)
{
	if (!history->troubled)
		notice(history, true, "session history cannot be written, rows are kept in memory", why);
	history->troubled = true;
}

static void trouble_end(struct history *history)
{
	if (history->troubled)
		notice(history, false, "session history is written again", "");
	history->troubled = false;
}

static void db_close(struct history *history)
{
	for (size_t i = 0; i < STATEMENT_MAX; i++) {
		sqlite3_finalize(history->statements[i]);
		history->statements[i] = NULL;
	}
	sqlite3_close(history->db);
	history->db = NULL;
}

static int path_of(const struct history *history, const char *suffix, char path[static PATH_MAX_BYTES])
{
	int len = snprintf(path, PATH_MAX_BYTES, "%s/history.%s", history->options.dir, suffix);

	return len < PATH_MAX_BYTES ? 0 : -ENAMETOOLONG;
}

static bool is_broken(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_FORMAT;
}

/* The database and what belongs to it; the log and index of a broken one must not be applied to the next. */
static bool db_move_aside(struct history *history, const char *why)
{
	static const char *const moves[][2] = {
		{ "db-wal", "db.broken-wal" }, { "db-shm", "db.broken-shm" }, { "db", "db.broken" },
	};
	char from[PATH_MAX_BYTES], to[PATH_MAX_BYTES];

	db_close(history);
	history->was_broken = true;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		if (path_of(history, moves[i][0], from) < 0 || path_of(history, moves[i][1], to) < 0)
			return false;
		if (rename(from, to) < 0 && errno != ENOENT)
			return false;
	}
	notice(history, true,
	       "session history was unreadable and has been moved to history.db.broken; a new one begins",
	       why);
	return true;
}

/* ---- schema and statements, made from the field table ---- */

static const char *column_type(const struct field *field)
{
	return field->type == FIELD_STR || field->type == FIELD_ENUM ? "TEXT NOT NULL DEFAULT ''" :
								       "INTEGER NOT NULL DEFAULT 0";
}

static int db_exec(struct history *history, const char *sql)
{
	return sqlite3_exec(history->db, sql, NULL, NULL, NULL);
}

static int column_add(struct history *history, const struct field *field)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "ALTER TABLE session ADD COLUMN %s %s", field->name, column_type(field));
	return db_exec(history, sql);
}

static bool column_exists(struct history *history, const char *name)
{
	return sqlite3_table_column_metadata(history->db, NULL, "session", name, NULL, NULL, NULL, NULL, NULL) ==
	       SQLITE_OK;
}

static int schema_make(struct history *history)
{
	char version[64];
	int rc = db_exec(
		history,
		"BEGIN IMMEDIATE;"
		"CREATE TABLE IF NOT EXISTS session (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE)");

	for (const struct field *field = session_report_fields; rc == SQLITE_OK && field->name; field++)
		if (!column_exists(history, field->name))
			rc = column_add(history, field);
	if (rc == SQLITE_OK)
		rc = db_exec(history,
			     "CREATE INDEX IF NOT EXISTS session_ended ON session(seq) WHERE end_us > 0;"
			     "CREATE INDEX IF NOT EXISTS session_nameless ON session(seq) WHERE end_us > 0 "
			     "AND user = '';"
			     "CREATE INDEX IF NOT EXISTS session_live ON session(id) WHERE end_us = 0");
	snprintf(version, sizeof(version), "PRAGMA user_version = %d; COMMIT", SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = db_exec(history, version);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(history->db))
		db_exec(history, "ROLLBACK");
	return rc;
}

/* "id, vty, …" or, with marks, "?, ?, …" */
static void columns_write(FILE *out, bool marks)
{
	for (const struct field *field = session_report_fields; field->name; field++)
		fprintf(out, "%s%s", field == session_report_fields ? "" : ", ", marks ? "?" : field->name);
}

/* All columns but those that would move the row in an index; the marks have the numbers that they have for PUT. */
static int renew_prepare(struct history *history)
{
	AUTO(free) char *sql = NULL;
	const char *comma = "";
	int number = 0;
	size_t len;
	FILE *out = open_memstream(&sql, &len);

	if (!out)
		return SQLITE_NOMEM;
	fputs("UPDATE session SET ", out);
	for (const struct field *field = session_report_fields; field->name; field++) {
		number++;
		if (!strcmp(field->name, "id") || !strcmp(field->name, "end_us"))
			continue;
		fprintf(out, "%s%s = ?%d", comma, field->name, number);
		comma = ", ";
	}
	fputs(" WHERE id = ?1 AND end_us = 0", out);
	if (fclose(out) != 0)
		return SQLITE_NOMEM;
	return sqlite3_prepare_v3(history->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &history->statements[RENEW], NULL);
}

static int statement_prepare(struct history *history, enum statement which, const char *before, bool columns,
			     bool marks, const char *after)
{
	AUTO(free) char *sql = NULL;
	size_t len;
	FILE *out = open_memstream(&sql, &len);

	if (!out)
		return SQLITE_NOMEM;
	fputs(before, out);
	if (columns)
		columns_write(out, false);
	if (marks) {
		fputs(") VALUES (", out);
		columns_write(out, true);
	}
	fputs(after, out);
	if (fclose(out) != 0)
		return SQLITE_NOMEM;
	return sqlite3_prepare_v3(history->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &history->statements[which], NULL);
}

static int statements_prepare(struct history *history)
{
	static const struct {
		const char *before;
		bool columns, marks;
		const char *after;
	} rows[] = {
		[PUT] = { "INSERT OR REPLACE INTO session (", true, true, ")" },
		[LIST] = { "SELECT ", true, false,
			   " FROM session WHERE end_us > 0 AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR vrf = ?3) "
			   "AND end_us >= ?4 AND (?5 = 0 OR start_us <= ?5) AND (?6 = 0 OR authentication = ?7) "
			   "AND seq < CASE ?8 WHEN 0 THEN 9223372036854775807 "
			   "ELSE coalesce((SELECT seq FROM session WHERE id = ?8), 0) END "
			   "ORDER BY seq DESC LIMIT ?1" },
		[LIVE] = { "SELECT ", true, false, " FROM session WHERE end_us = 0 ORDER BY id LIMIT ?1" },
		[LAST_ID] = { "SELECT coalesce(max(id), 0) FROM session", false, false, "" },
		[PRUNE_ROWS] = { "DELETE FROM session WHERE end_us > 0 AND seq <= (SELECT seq FROM session "
				 "WHERE end_us > 0 ORDER BY seq DESC LIMIT 1 OFFSET ?)", false, false, "" },
		[PRUNE_NAMELESS] = { "DELETE FROM session WHERE end_us > 0 AND user = '' AND seq <= (SELECT seq FROM "
				     "session WHERE end_us > 0 AND user = '' ORDER BY seq DESC LIMIT 1 OFFSET ?)",
				     false, false, "" },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < STATEMENT_MAX; i++)
		rc = i == RENEW ? renew_prepare(history) :
				  statement_prepare(history, i, rows[i].before, rows[i].columns, rows[i].marks,
						    rows[i].after);
	return rc;
}

static int last_id_read(struct history *history)
{
	sqlite3_stmt *statement = history->statements[LAST_ID];
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(statement, 0);

		if (id > history->last_id && id <= UINT32_MAX)
			history->last_id = (uint32_t)id;
	}
	sqlite3_reset(statement);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int db_set_up(struct history *history, const char *path)
{
	int rc = sqlite3_open_v2(path, &history->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(history->db, HISTORY_BUSY_MS);
	if (rc == SQLITE_OK)
		/* what is written for a row is pages, and a row is small; only a new file takes the size */
		rc = db_exec(history, "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; "
				      "PRAGMA synchronous = NORMAL");
	if (rc == SQLITE_OK)
		rc = schema_make(history);
	if (rc == SQLITE_OK)
		rc = statements_prepare(history);
	if (rc == SQLITE_OK)
		rc = last_id_read(history);
	return rc;
}

/* Opens the database when it is not open. SQLITE_OK or why not. */
static int db_open(struct history *history)
{
	char path[PATH_MAX_BYTES];
	int rc, fd;

	if (history->db)
		return SQLITE_OK;
	if (path_of(history, "db", path) < 0)
		return SQLITE_CANTOPEN;
	for (int tries = 0; tries < 2; tries++) {
		/* who logged in from where is nobody's business but root's */
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd >= 0)
			close(fd);
		rc = db_set_up(history, path);
		/* SQLITE_ERROR: a database, but with a table that cannot be ours */
		if (!is_broken(rc) && (rc & 0xff) != SQLITE_ERROR)
			break;
		if (!db_move_aside(history, sqlite3_errstr(rc)))
			break;
	}
	if (rc != SQLITE_OK)
		db_close(history);
	return rc;
}

/* ---- one row ---- */

static int64_t integer_get(const struct field *field, const void *at)
{
	switch (field->type) {
	case FIELD_BOOL:
		return *(const bool *)at;
	case FIELD_U16:
		return *(const uint16_t *)at;
	case FIELD_U32:
		return *(const uint32_t *)at;
	case FIELD_U64:
		return (int64_t)*(const uint64_t *)at;
	case FIELD_I64:
		return *(const int64_t *)at;
	case FIELD_STR:
	case FIELD_ENUM:
		break;
	}
	return 0;
}

static void integer_set(const struct field *field, void *at, int64_t value)
{
	switch (field->type) {
	case FIELD_BOOL:
		*(bool *)at = value != 0;
		return;
	case FIELD_U16:
		*(uint16_t *)at = (uint16_t)value;
		return;
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)value;
		return;
	case FIELD_U64:
		*(uint64_t *)at = (uint64_t)value;
		return;
	case FIELD_I64:
		*(int64_t *)at = value;
		return;
	case FIELD_STR:
	case FIELD_ENUM:
		return;
	}
}

static const char *enum_word(const struct field *field, int value)
{
	for (int i = 0; field->words[i]; i++)
		if (i == value)
			return field->words[i];
	return field->words[0];
}

/* A word this version does not know (written by a newer one) reads as the first. */
static int enum_value(const struct field *field, const char *word)
{
	for (int i = 0; field->words[i]; i++)
		if (!strcmp(field->words[i], word))
			return i;
	return 0;
}

static int row_bind(sqlite3_stmt *statement, const struct session_report *report)
{
	int rc = SQLITE_OK, column = 1;

	for (const struct field *field = session_report_fields; rc == SQLITE_OK && field->name; field++, column++) {
		const void *at = (const char *)report + field->offset;

		if (field->type == FIELD_STR)
			rc = sqlite3_bind_text(statement, column, at, (int)strnlen(at, field->size), SQLITE_STATIC);
		else if (field->type == FIELD_ENUM)
			rc = sqlite3_bind_text(statement, column, enum_word(field, *(const int *)at), -1,
					       SQLITE_STATIC);
		else
			rc = sqlite3_bind_int64(statement, column, integer_get(field, at));
	}
	return rc;
}

static void row_read(sqlite3_stmt *statement, struct session_report *report)
{
	int column = 0;

	memset(report, 0, sizeof(*report));
	for (const struct field *field = session_report_fields; field->name; field++, column++) {
		const char *text = (const char *)sqlite3_column_text(statement, column);
		void *at = (char *)report + field->offset;

		if (field->type == FIELD_STR)
			snprintf(at, field->size, "%s", text ? text : "");
		else if (field->type == FIELD_ENUM)
			*(int *)at = enum_value(field, text ? text : "");
		else
			integer_set(field, at, sqlite3_column_int64(statement, column));
	}
}

/* ---- writing ---- */

static int statement_run(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int prune_one(struct history *history, enum statement which, unsigned max)
{
	unsigned slack = max > 4 * PRUNE_EVERY ? PRUNE_EVERY : 0;
	int rc = sqlite3_bind_int64(history->statements[which], 1, max - slack);

	return rc == SQLITE_OK ? statement_run(history->statements[which]) : rc;
}

/* Counting rows costs a walk over the index, so it is done once in PRUNE_EVERY and goes that many below the limit. */
static bool prune_is_due(const struct history *history, const struct session_report *report)
{
	return report->end_us > 0 && (history->prune_in == 0 || history->options.nameless_max <= 4 * PRUNE_EVERY);
}

static int prune(struct history *history)
{
	int rc = prune_one(history, PRUNE_NAMELESS, history->options.nameless_max);

	if (rc == SQLITE_OK)
		rc = prune_one(history, PRUNE_ROWS, history->options.rows_max);
	if (rc == SQLITE_OK)
		history->prune_in = PRUNE_EVERY;
	return rc;
}

/* *ret_done: there was a row of a session that lives, and it says what this one says. */
static int row_renew(struct history *history, const struct session_report *row, bool *ret_done)
{
	int rc;

	*ret_done = false;
	/* nobody's first row has a name */
	if (row->end_us > 0 || !row->user[0])
		return SQLITE_OK;
	rc = row_bind(history->statements[RENEW], row);
	if (rc == SQLITE_OK)
		rc = statement_run(history->statements[RENEW]);
	*ret_done = rc == SQLITE_OK && sqlite3_changes(history->db) > 0;
	return rc;
}

static int row_write(struct history *history, const struct session_report *row)
{
	bool renewed;
	int rc = row_renew(history, row, &renewed);

	if (rc != SQLITE_OK || renewed)
		return rc;
	rc = row_bind(history->statements[PUT], row);
	if (rc == SQLITE_OK)
		rc = statement_run(history->statements[PUT]);
	if (rc == SQLITE_OK && prune_is_due(history, row))
		rc = prune(history);
	if (rc == SQLITE_OK && row->end_us > 0 && history->prune_in > 0)
		history->prune_in--;
	return rc;
}

static int rows_write(struct history *history, struct session_report *const *rows, size_t len)
{
	int rc = db_open(history);

	if (rc != SQLITE_OK)
		return rc;
	/* a statement by itself is a transaction by itself */
	if (len == 1 && !prune_is_due(history, rows[0]))
		return row_write(history, rows[0]);
	rc = db_exec(history, "BEGIN IMMEDIATE");
	for (size_t i = 0; rc == SQLITE_OK && i < len; i++)
		rc = row_write(history, rows[i]);
	if (rc == SQLITE_OK)
		rc = db_exec(history, "COMMIT");
	if (rc != SQLITE_OK && history->db && !sqlite3_get_autocommit(history->db))
		db_exec(history, "ROLLBACK");
	return rc;
}

/* As rows_write(), and begins a new file when this one turns out to be unreadable. */
static int rows_write_surely(struct history *history, struct session_report *const *rows, size_t len)
{
	int rc = rows_write(history, rows, len);

	if (is_broken(rc) && history->db && db_move_aside(history, sqlite3_errstr(rc)))
		rc = rows_write(history, rows, len);
	if (rc == SQLITE_OK)
		trouble_end(history);
	else
		trouble_begin(history, sqlite3_errstr(rc));
	/* a file that went away under us is opened anew at the next try */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_FULL)
		db_close(history);
	return rc;
}

static void queue_remove(struct history *history, size_t place)
{
	free(history->queue[place]);
	history->queue_len--;
	memmove(&history->queue[place], &history->queue[place + 1],
		(history->queue_len - place) * sizeof(history->queue[0]));
}

/* What is given up when the queue is full: the oldest connection that never named a user, else the oldest. */
static size_t queue_victim(const struct history *history)
{
	for (size_t i = 0; i < history->queue_len; i++)
		if (history->queue[i]->user[0] == '\0' && history->queue[i]->end_us > 0)
			return i;
	return 0;
}

static int queue_add(struct history *history, const struct session_report *report)
{
	struct session_report *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *report;
	for (size_t i = 0; i < history->queue_len; i++)
		if (history->queue[i]->id == report->id) {
			queue_remove(history, i);
			break;
		}
	if (history->queue_len == HISTORY_QUEUE_MAX)
		queue_remove(history, queue_victim(history));
	history->queue[history->queue_len++] = copy;
	return 1;
}

int history_put(struct history *history, const struct session_report *report)
{
	struct session_report row = *report, *rows[] = { &row };

	/* behind a queue the order would be wrong, and a disk that refused is not asked for every row */
	if (history->queue_len == 0 && rows_write_surely(history, rows, 1) == SQLITE_OK)
		return 0;
	return queue_add(history, report);
}

int history_flush(struct history *history)
{
	if (history->queue_len == 0)
		return 0;
	if (rows_write_surely(history, history->queue, history->queue_len) != SQLITE_OK)
		return 1;
	while (history->queue_len > 0)
		free(history->queue[--history->queue_len]);
	return 0;
}

size_t history_queued(const struct history *history)
{
	return history->queue_len;
}

/* ---- ids ---- */

void history_note_id(struct history *history, uint32_t id)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%010u\n", id);

	history->last_id = id;
	/* Overwriting the same bytes needs no space, so this works on a full disk; when it fails the database still
	 * knows the id as soon as the row is written. */
	if (history->id_fd >= 0 && pwrite(history->id_fd, text, (size_t)len, 0) != len)
		return;
}

/* Gives the file its bytes at once, while there may still be space for them. */
static void id_file_open(struct history *history)
{
	char path[PATH_MAX_BYTES], text[24] = "";
	unsigned long id;

	if (path_of(history, "id", path) < 0)
		return;
	history->id_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (history->id_fd < 0)
		return;
	if (pread(history->id_fd, text, sizeof(text) - 1, 0) <= 0)
		history_note_id(history, 0);
	id = strtoul(text, NULL, 10);
	if (id <= UINT32_MAX && id > history->last_id)
		history->last_id = (uint32_t)id;
}

uint32_t history_last_id(const struct history *history)
{
	return history->last_id;
}

/* ---- reading ---- */

static int filter_bind(sqlite3_stmt *statement, const struct history_filter *filter)
{
	int rc = sqlite3_bind_text(statement, 2, filter->user, -1, SQLITE_STATIC);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(statement, 3, filter->vrf, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 4, filter->since_us);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 5, filter->until_us);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 6, filter->failed);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(statement, 7, session_auth_words[AUTH_NONE_YET], -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 8, filter->before_id);
	return rc;
}

/* filter is NULL for statements that have none. */
static int rows_read(struct history *history, enum statement which, const struct history_filter *filter, unsigned limit,
		     void (*on_row)(const struct session_report *row, void *userdata), void *userdata)
{
	struct session_report row;
	sqlite3_stmt *statement;
	int rc = db_open(history), count = 0;

	if (rc != SQLITE_OK)
		return 0;
	statement = history->statements[which];
	rc = sqlite3_bind_int64(statement, 1, limit);
	if (rc == SQLITE_OK && filter)
		rc = filter_bind(statement, filter);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(statement);
		if (rc != SQLITE_ROW)
			break;
		row_read(statement, &row);
		on_row(&row, userdata);
		count++;
	}
	sqlite3_reset(statement);
	if (is_broken(rc))
		db_move_aside(history, sqlite3_errstr(rc));
	return count;
}

bool history_filter_takes(const struct history_filter *filter, const struct session_report *report)
{
	return report->end_us > 0 && (!filter->user || strcmp(filter->user, report->user) == 0) &&
	       (!filter->vrf || strcmp(filter->vrf, report->vrf) == 0) && report->end_us >= filter->since_us &&
	       (filter->until_us == 0 || report->start_us <= filter->until_us) &&
	       (!filter->failed || report->authentication == AUTH_NONE_YET);
}

int history_find(struct history *history, const struct history_filter *filter, unsigned limit,
		 void (*on_row)(const struct session_report *row, void *userdata), void *userdata)
{
	struct history_filter rest = *filter;
	size_t from = history->queue_len;
	unsigned count = 0;

	if (filter->before_id)
		while (from > 0 && history->queue[from - 1]->id != filter->before_id)
			from--;
	if (from > 0 && filter->before_id) { /* it is queued itself, and all of the file lies behind it */
		from--;
		rest.before_id = 0;
	}
	/* queued rows are the newest; those of sessions that still live are not history yet */
	for (size_t i = from; i > 0 && count < limit; i--)
		if (history_filter_takes(filter, history->queue[i - 1])) {
			on_row(history->queue[i - 1], userdata);
			count++;
		}
	return (int)count + (count < limit ? rows_read(history, LIST, &rest, limit - count, on_row, userdata) : 0);
}

int history_list(struct history *history, unsigned limit,
		 void (*on_row)(const struct session_report *row, void *userdata), void *userdata)
{
	return history_find(history, &(struct history_filter){ .user = NULL }, limit, on_row, userdata);
}

int history_live(struct history *history, void (*on_row)(const struct session_report *row, void *userdata),
		 void *userdata)
{
	return rows_read(history, LIVE, NULL, HISTORY_QUEUE_MAX, on_row, userdata);
}

/* ---- life ---- */

int history_new(const struct history_options *options, struct history **ret_history)
{
	struct history *history = calloc(1, sizeof(*history));
	int rc;

	if (!history)
		return -ENOMEM;
	history->options = *options;
	history->id_fd = -1;
	if (history->options.rows_max == 0)
		history->options.rows_max = HISTORY_ROWS_MAX;
	if (history->options.nameless_max == 0)
		history->options.nameless_max = HISTORY_NAMELESS_MAX;
	id_file_open(history);
	rc = db_open(history);
	if (rc != SQLITE_OK)
		trouble_begin(history, sqlite3_errstr(rc));
	*ret_history = history;
	return 0;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	history_flush(history);
	while (history->queue_len > 0)
		free(history->queue[--history->queue_len]);
	db_close(history);
	if (history->id_fd >= 0)
		close(history->id_fd);
	free(history);
}

bool history_is_whole(const struct history *history)
{
	return history->db && !history->was_broken;
}
