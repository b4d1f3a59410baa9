/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the daemon's share in the log. Every process writes its own lines into the store; from there they are given to
 * those who ask, to the console and to syslog servers. The store is the queue of all of them: a session that logs waits
 * for nobody, and a server is told after a restart what the last daemon did not get to.
 */
#include "services/sshd_logging.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/varlink_log.h"
#include "conf/task.h"
#include "services/logging_report.h"
#include "services/sshd_varlink.h"
#include "services/syslog_host.h"

#define CONSOLE_BYTES (16u << 10) /* of the store, at once */
#define PLACES_MAX    8192u	  /* bytes of the file that remembers how far servers were told */
#define MORE_US	      20000	  /* between two pieces of a long queue */

struct sshd_logging {
	struct sshd *sshd;
	int dir_fd; /* of the store; -1: there is none */
	struct varlink_log *log;
	struct event *more;
	/* in force; lives as long as the configuration */
	const struct logging_conf *conf;
	struct syslog_host *hosts[LOGGING_HOSTS_MAX];
	size_t hosts_len;
	char hostname[64];
	char *places_path, *places; /* what that file holds */
	struct log_cursor console_cursor;
	uint64_t console_messages, console_dropped;
};

/* ---- who may ask ---- */

static bool may_read(const struct ucred *peer, void *userdata)
{
	const struct sshd_logging *logging = userdata;
	char name[64];

	return sshd_varlink_may(logging->sshd, peer, "logging", TASK_READ, name, sizeof(name));
}

static bool may_clear(const struct ucred *peer, void *userdata)
{
	const struct sshd_logging *logging = userdata;
	char name[64];

	return sshd_varlink_may(logging->sshd, peer, "logging", TASK_WRITE, name, sizeof(name));
}

static void on_cleared(const struct ucred *peer, void *userdata)
{
	const struct sshd_logging *logging = userdata;
	char name[64] = "";

	sshd_varlink_may(logging->sshd, peer, "logging", TASK_WRITE, name, sizeof(name));
	log_event(LOG_SYSLOG_INFO_GENERAL, "The log was cleared by '%s'", name);
}

/* ---- console ---- */

struct console {
	struct sshd_logging *logging;
	int fd;
};

/* A serial line is slow: what it does not take at once is dropped. */
static bool on_console(const struct log_record *record, void *userdata)
{
	struct console *console = userdata;
	struct sshd_logging *logging = console->logging;
	char line[LOG_STORE_LINE_MAX + 4];
	int len;

	if (record->severity > logging->conf->console)
		return true;
	len = snprintf(line, sizeof(line), "%s\r\n", record->text);
	if (len > 0 && (size_t)len < sizeof(line) && console->fd >= 0 && write(console->fd, line, (size_t)len) == len)
		logging->console_messages++;
	else
		logging->console_dropped++;
	return true;
}

static int console_write(struct sshd_logging *logging)
{
	struct console console = { logging, -1 };
	int more;

	if (logging->conf->console == LOGGING_CONSOLE_OFF)
		return 0;
	console.fd = open(logging->sshd->console, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	more = log_store_read(logging->dir_fd, &logging->console_cursor, CONSOLE_BYTES, on_console, &console);
	close_auto(&console.fd);
	return more == 1;
}

/* ---- how far servers were told ---- */

static void places_load(struct sshd_logging *logging)
{
	size_t len;

	if (fs_read(logging->places_path, PLACES_MAX, &logging->places, &len) < 0)
		logging->places = NULL;
}

/* Lines of the file: "INODE FIRST OFFSET PLACE". */
static bool place_find(const struct sshd_logging *logging, const char *place, struct log_cursor *ret_cursor)
{
	for (const char *at = logging->places; at && *at; at = strchrnul(at, '\n'), at += *at == '\n') {
		struct log_cursor cursor;
		int end = 0;

		if (sscanf(at, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %n", &cursor.inode, &cursor.first_us,
			   &cursor.offset, &end) != 3 ||
		    !end || strncmp(at + end, place, strlen(place)) != 0 || at[end + (int)strlen(place)] != '\n')
			continue;
		*ret_cursor = cursor;
		return true;
	}
	return false;
}

/* Once a second at most; a second of messages comes twice after kill -9, and none is lost. */
static void places_save(struct sshd_logging *logging)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	for (size_t i = 0; i < logging->hosts_len; i++) {
		const struct log_cursor *cursor = syslog_host_cursor(logging->hosts[i]);

		fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", cursor->inode, cursor->first_us,
			cursor->offset, syslog_host_place(logging->hosts[i]));
	}
	if (fclose(out) != 0 || (logging->places && !strcmp(text, logging->places))) {
		free(text);
		return;
	}
	if (fs_write_atomic(logging->places_path, 0600, text, len) == 0) {
		free(logging->places);
		logging->places = take(text);
	}
	free(text);
}

/* ---- sending ---- */

static void send_all(struct sshd_logging *logging)
{
	const struct timeval soon = { .tv_usec = MORE_US };
	const struct syslog_style style = { logging->conf->facility, logging->conf->format, logging->conf->trap,
					    logging->hostname };
	int more = console_write(logging);

	for (size_t i = 0; i < logging->hosts_len; i++)
		more |= syslog_host_send(logging->hosts[i], logging->dir_fd, &style);
	if (more)
		event_add(logging->more, &soon);
}

static void on_new(void *userdata)
{
	struct sshd_logging *logging = userdata;

	if (!event_pending(logging->more, EV_TIMEOUT, NULL))
		send_all(logging);
}

static void on_more(evutil_socket_t fd, short what, void *userdata)
{
	(void)fd;
	(void)what;
	send_all(userdata);
}

void sshd_logging_tick(struct sshd_logging *logging)
{
	if (!logging || !logging->conf || logging->hosts_len == 0)
		return;
	on_new(logging);
	places_save(logging);
}

/* ---- configuration ---- */

static struct syslog_host *host_take(struct syslog_host **hosts, size_t hosts_len, const char *place)
{
	for (size_t i = 0; i < hosts_len; i++)
		if (hosts[i] && !strcmp(syslog_host_place(hosts[i]), place))
			return take(hosts[i]);
	return NULL;
}

static void hosts_apply(struct sshd_logging *logging)
{
	const struct logging_host_conf *rows = logging->conf->hosts.items;
	struct syslog_host *before[LOGGING_HOSTS_MAX];
	size_t before_len = logging->hosts_len;

	memcpy(before, logging->hosts, sizeof(before));
	logging->hosts_len = 0;
	for (size_t i = 0; i < logging->conf->hosts.len && i < LOGGING_HOSTS_MAX; i++) {
		struct syslog_host *host = host_take(before, before_len, rows[i].place);
		struct log_cursor cursor;

		/* a new server begins with what comes; one of the last daemon's goes on where it was */
		if (!host && !place_find(logging, rows[i].place, &cursor))
			log_store_end(logging->dir_fd, &cursor);
		if (host)
			syslog_host_update(host, &rows[i]);
		else if (syslog_host_new(&rows[i], logging->sshd->vrfs, &cursor, &host) < 0)
			continue;
		logging->hosts[logging->hosts_len++] = host;
	}
	for (size_t i = 0; i < before_len; i++)
		syslog_host_free(before[i]);
}

static void hostname_apply(struct sshd_logging *logging, const char *configured)
{
	if (configured)
		snprintf(logging->hostname, sizeof(logging->hostname), "%s", configured);
	else if (gethostname(logging->hostname, sizeof(logging->hostname) - 1) < 0)
		logging->hostname[0] = '\0';
	/* one word, whatever the machine is called */
	for (char *at = logging->hostname; *at; at++)
		if (*at <= ' ' || *at > '~')
			*at = '-';
}

void sshd_logging_apply(struct sshd_logging *logging, const struct sshd_conf *conf)
{
	bool console_before = logging->conf && logging->conf->console != LOGGING_CONSOLE_OFF, console;
	struct log_store_limits limits = { conf->logging.buffered_bytes, conf->logging.buffered_severity }, before;
	int r;

	logging->conf = &conf->logging;
	if (logging->dir_fd < 0)
		return;
	log_store_limits_get(logging->dir_fd, &before);
	r = before.bytes == limits.bytes && before.severity == limits.severity ?
		    0 :
		    log_store_limits_set(logging->dir_fd, &limits);
	if (r < 0)
		log_event(LOG_SYSLOG_WARN_GENERAL, "The size of the log cannot be set: %s", strerror(-r));
	log_keep(logging->dir_fd); /* reads the limits again */
	hostname_apply(logging, conf->system.hostname);
	console = logging->conf->console != LOGGING_CONSOLE_OFF;
	if (console && !console_before)
		log_store_end(logging->dir_fd, &logging->console_cursor);
	hosts_apply(logging);
	if (logging->hosts_len > 0)
		places_save(logging); /* what comes from now on is a new server's, whatever happens to us */
	varlink_log_want(logging->log, console || logging->hosts_len > 0);
}

/* ---- report ---- */

void sshd_logging_get(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const struct sshd_logging *logging = sshd->logging;
	const struct logging_conf *conf = logging->conf;
	struct logging_report report = { .console_messages = logging->console_messages,
					 .console_dropped = logging->console_dropped };
	struct log_store_limits limits = { 0 };
	json_t *hosts = json_array();

	(void)parameters;
	if (!sshd_varlink_permits(sshd, call, "logging", TASK_READ)) {
		json_decref(hosts);
		return;
	}
	if (logging->dir_fd >= 0)
		log_store_limits_get(logging->dir_fd, &limits);
	report.buffered_bytes = (uint64_t)limits.bytes;
	snprintf(report.console, sizeof(report.console), "%s",
		 logging_console_words[conf ? conf->console : LOGGING_CONSOLE_OFF]);
	snprintf(report.monitor, sizeof(report.monitor), "%s", logging_severity_words[conf ? conf->monitor : 7]);
	snprintf(report.trap, sizeof(report.trap), "%s", logging_severity_words[conf ? conf->trap : 6]);
	snprintf(report.buffered, sizeof(report.buffered), "%s", logging_severity_words[limits.severity]);
	for (size_t i = 0; i < logging->hosts_len; i++) {
		struct log_host_report host;

		syslog_host_report(logging->hosts[i], &host);
		json_array_append_new(hosts, field_encode(log_host_report_fields, &host));
	}
	varlink_reply(call, json_pack("{s:o, s:o}", "logging", field_encode(logging_report_fields, &report), "hosts",
				      hosts));
}

/* ---- life ---- */

static int store_open(struct sshd_logging *logging, struct err *err)
{
	struct varlink_log_options options = { .base = logging->sshd->base, .may_read = may_read,
					       .may_clear = may_clear, .on_cleared = on_cleared, .on_new = on_new,
					       .userdata = logging };

	logging->dir_fd = log_store_open(logging->sshd->state_dir, (gid_t)logging->sshd->confd_uid);
	if (logging->dir_fd < 0) {
		log_event(LOG_SYSLOG_WARN_GENERAL, "No log is kept on this disk: %s/log: %s", logging->sshd->state_dir,
			  strerror(-logging->dir_fd));
		return 0;
	}
	log_keep(logging->dir_fd);
	places_load(logging);
	options.dir_fd = logging->dir_fd;
	return varlink_log_new(&options, &logging->log) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

int sshd_logging_new(struct sshd *sshd, struct sshd_logging **ret_logging, struct err *err)
{
	struct sshd_logging *logging = calloc(1, sizeof(*logging));

	if (!logging)
		return err_set(err, -ENOMEM, "out of memory");
	logging->sshd = sshd;
	logging->dir_fd = -1;
	*ret_logging = logging;
	logging->more = event_new(sshd->base, -1, 0, on_more, logging);
	if (!logging->more || asprintf(&logging->places_path, "%s/syslog", sshd->ssh_dir) < 0) {
		logging->places_path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	return store_open(logging, err);
}

void sshd_logging_stop(struct sshd_logging *logging)
{
	if (!logging)
		return;
	if (logging->conf && logging->hosts_len > 0) {
		send_all(logging);
		places_save(logging);
	}
	for (size_t i = 0; i < logging->hosts_len; i++)
		syslog_host_free(logging->hosts[i]);
	logging->hosts_len = 0;
	logging->conf = NULL;
	if (logging->log)
		varlink_log_want(logging->log, false);
}

void sshd_logging_free(struct sshd_logging *logging)
{
	if (!logging)
		return;
	varlink_log_free(logging->log);
	if (logging->more)
		event_free(logging->more);
	log_keep(-1);
	close_auto(&logging->dir_fd);
	free(logging->places_path);
	free(logging->places);
	free(logging);
}
