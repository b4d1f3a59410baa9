/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the log for those who ask. The store is a directory that every process writes into, so any daemon can answer,
 * and the one that lives does. An answer is a bounded piece and a place to go on from: nobody waits while a long log is
 * read. Who follows gets what is written from then on; inotify tells of it, and only while somebody follows.
 */
#include "base/varlink_log.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log_report.h"

#define READ_BYTES    (32u << 10) /* of the store, in one answer: some milliseconds of the loop */
#define FOLLOWERS_MAX 32u
#define WATCH_EVENTS  (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

struct follower {
	struct varlink_log *log;
	struct varlink_call *call; /* NULL: the place is free */
	int severity;
	json_t *lines; /* being collected */
};

struct varlink_log {
	struct varlink_log_options options;
	struct follower followers[FOLLOWERS_MAX];
	size_t followers_len;
	struct log_cursor cursor; /* how far the followers have been told */
	bool wanted;
	int inotify_fd;
	struct event *readable;
};

const struct field log_line_report_fields[] = {
	FIELD_OF(FIELD_U32, struct log_line_report, severity, "0 emergency to 7 debug"),
	FIELD_OF(FIELD_I64, struct log_line_report, wall_us, "When, since 1970-01-01 UTC"),
	FIELD_OF(FIELD_STR, struct log_line_report, text, "The line as it is shown"),
	FIELD_END,
};

/* Methods get the server's userdata, which is the daemon's own. */
static struct varlink_log *own_log;

static json_t *line_encode(const struct log_record *record)
{
	struct log_line_report *line = malloc(sizeof(*line));
	json_t *object;

	if (!line)
		return NULL;
	line->severity = (uint32_t)record->severity;
	line->wall_us = record->wall_us;
	snprintf(line->text, sizeof(line->text), "%s", record->text);
	object = field_encode(log_line_report_fields, line);
	free(line);
	return object;
}

/* ---- reading ---- */

static bool on_read(const struct log_record *record, void *userdata)
{
	json_array_append_new(userdata, line_encode(record));
	return true;
}

static bool cursor_read(const json_t *parameters, struct log_cursor *cursor)
{
	const json_t *value = json_object_get(parameters, "cursor");
	int end = 0;

	if (!value || json_is_null(value))
		return true;
	return json_is_string(value) &&
	       sscanf(json_string_value(value), "%" SCNu64 ":%" SCNu64 ":%" SCNu64 "%n", &cursor->inode,
		      &cursor->first_us, &cursor->offset, &end) == 3 &&
	       !json_string_value(value)[end] && cursor->offset <= INT64_MAX;
}

static void handle_read(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct varlink_log *log = own_log;
	struct log_cursor cursor = { .inode = 0 };
	json_t *lines;
	char text[80];
	int r;

	(void)userdata;
	if (!log || !log->options.may_read(varlink_call_peer(call), log->options.userdata)) {
		varlink_error_permission(call);
		return;
	}
	if (!cursor_read(parameters, &cursor)) {
		varlink_error_parameter(call, "cursor");
		return;
	}
	lines = json_array();
	r = log_store_read(log->options.dir_fd, &cursor, READ_BYTES, on_read, lines);
	snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64 ":%" PRIu64, cursor.inode, cursor.first_us, cursor.offset);
	varlink_reply(call, json_pack("{s:o, s:s, s:b}", "lines", lines, "cursor", text, "more", r > 0));
}

static void handle_clear(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct varlink_log *log = own_log;

	(void)parameters;
	(void)userdata;
	if (!log || !log->options.may_clear(varlink_call_peer(call), log->options.userdata)) {
		varlink_error_permission(call);
		return;
	}
	log_store_clear(log->options.dir_fd);
	log->options.on_cleared(varlink_call_peer(call), log->options.userdata);
	varlink_reply(call, NULL);
}

/* ---- following ---- */

static void watch_update(struct varlink_log *log)
{
	char path[32];

	if (!log->wanted && log->followers_len == 0) {
		if (log->readable)
			event_free(take(log->readable));
		close_auto(&log->inotify_fd);
		log->inotify_fd = -1;
	}
	if ((!log->wanted && log->followers_len == 0) || log->inotify_fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", log->options.dir_fd);
	inotify_add_watch(log->inotify_fd, path, WATCH_EVENTS);
}

static bool on_record(const struct log_record *record, void *userdata)
{
	struct varlink_log *log = userdata;
	json_t *line = NULL;

	for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
		struct follower *follower = &log->followers[i];

		if (!follower->call || record->severity > follower->severity)
			continue;
		if (!line)
			line = line_encode(record);
		if (!follower->lines)
			follower->lines = json_array();
		json_array_append(follower->lines, line);
	}
	json_decref(line);
	return true;
}

static void followers_tell(struct varlink_log *log)
{
	int more = 1;

	while (more == 1) {
		more = log_store_read(log->options.dir_fd, &log->cursor, READ_BYTES, on_record, log);
		for (size_t i = 0; i < FOLLOWERS_MAX; i++) {
			struct follower *follower = &log->followers[i];

			/* one that does not read is closed by the server, which tells on_gone later */
			if (follower->lines)
				varlink_reply_continues(follower->call,
							json_pack("{s:o}", "lines", take(follower->lines)));
		}
	}
}

static void on_inotify(evutil_socket_t fd, short what, void *userdata)
{
	struct varlink_log *log = userdata;
	char events[4096] __attribute__((aligned(8)));

	(void)what;
	while (read(fd, events, sizeof(events)) > 0)
		; /* what matters is that there were some */
	if (log->followers_len > 0)
		followers_tell(log);
	if (log->wanted && log->options.on_new)
		log->options.on_new(log->options.userdata);
}

static int watch_begin(struct varlink_log *log)
{
	if (log->inotify_fd >= 0)
		return 0;
	log->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (log->inotify_fd < 0)
		return -errno;
	log->readable = event_new(log->options.base, log->inotify_fd, EV_READ | EV_PERSIST, on_inotify, log);
	if (log->readable && event_add(log->readable, NULL) == 0)
		return 0;
	if (log->readable)
		event_free(take(log->readable));
	close(log->inotify_fd);
	log->inotify_fd = -1;
	return -ENOMEM;
}

static void on_gone(void *userdata)
{
	struct follower *follower = userdata;

	follower->call = NULL;
	json_decref(take(follower->lines));
	follower->log->followers_len--;
	watch_update(follower->log);
}

static void handle_follow(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const json_t *severity = json_object_get(parameters, "severity");
	struct varlink_log *log = own_log;
	struct follower *follower = NULL;

	(void)userdata;
	if (!log || !log->options.may_read(varlink_call_peer(call), log->options.userdata)) {
		varlink_error_permission(call);
		return;
	}
	if (!json_is_integer(severity) || json_integer_value(severity) < 0 ||
	    json_integer_value(severity) > LOG_STORE_ALL || !varlink_call_wants_more(call)) {
		varlink_error_parameter(call, "severity");
		return;
	}
	for (size_t i = 0; i < FOLLOWERS_MAX && !follower; i++)
		if (!log->followers[i].call)
			follower = &log->followers[i];
	if (!follower || watch_begin(log) < 0) {
		varlink_error(call, LOG_ERROR_FULL, NULL);
		return;
	}
	if (log->followers_len == 0)
		log_store_end(log->options.dir_fd, &log->cursor);
	*follower = (struct follower){ .log = log, .call = call, .severity = (int)json_integer_value(severity) };
	log->followers_len++;
	watch_update(log);
	varlink_call_on_gone(call, on_gone, follower);
	varlink_reply_continues(call, json_pack("{s:[]}", "lines"));
}

void varlink_log_want(struct varlink_log *log, bool wanted)
{
	log->wanted = wanted && watch_begin(log) == 0;
	watch_update(log);
}

/* ---- life ---- */

const struct varlink_type varlink_log_types[] = {
	{ "Line", log_line_report_fields, .help = "A line of the log." },
	{ NULL },
};

const struct varlink_method varlink_log_methods[] = {
	{ "Read", handle_read, "cursor: ?string", "lines: []Line, cursor: string, more: bool",
	  "Kept lines, the oldest first, from the place on that an earlier answer named, and the place behind them." },
	{ "Follow", handle_follow, "severity: int", "lines: []Line",
	  "With \"more\": an empty answer at once, then lines as they are written, down to this severity." },
	{ "Clear", handle_clear, NULL, NULL, "Forgets what is kept; for those who may configure." },
	{ NULL },
};

const struct varlink_type varlink_log_errors[] = {
	{ "TooManyFollow", .help = "No place is left among those who follow." },
	{ NULL },
};

int varlink_log_new(const struct varlink_log_options *options, struct varlink_log **ret_log)
{
	struct varlink_log *log = calloc(1, sizeof(*log));

	if (!log)
		return -ENOMEM;
	log->options = *options;
	log->inotify_fd = -1;
	own_log = log;
	*ret_log = log;
	return 0;
}

void varlink_log_free(struct varlink_log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < FOLLOWERS_MAX; i++)
		json_decref(log->followers[i].lines);
	if (log->readable)
		event_free(log->readable);
	close_auto(&log->inotify_fd);
	if (own_log == log)
		own_log = NULL;
	free(log);
}
