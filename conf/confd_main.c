/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sallyport-confd: keeps the running configuration and its history, and takes commits. Started as
 * root it opens its socket and becomes an ordinary user for good before it reads anything that a caller
 * or a disk could have spoilt.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <linux/capability.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/varlink_log.h"
#include "base/proc.h"
#include "conf/confd.h"
#include "conf/confd_options.h"
#include "conf/root.h"

#define EXIT_USAGE 2

struct daemon_state {
	struct confd_options options;
	struct confd confd;
	struct varlink_server *server;
	struct event *on_term, *on_int;
	char *conf_dir, *uids_path, *socket_path, *starter;
	int lock_fd, log_fd;
	struct varlink_log *log;
};

/* ---- options ---- */

/* 0 go on, 1 all done, -EINVAL usage was shown. */
static int parse_options(int argc, char **argv, struct confd_options *options)
{
	struct err err = { .text = "" };
	int rest = 0, r;

	options->user_id = (uid_t)-1;
	r = option_parse(confd_option_rows, argc, argv, options, &rest, &err);
	if (r < 0 || rest != argc) {
		fprintf(stderr, "sallyport-confd: %s\n", r < 0 ? err.text : "there are words behind the options");
		option_usage(confd_option_rows, "sallyport-confd", "", stderr);
		return -EINVAL;
	}
	log_set_debug(options->debug);
	if (options->help)
		option_usage(confd_option_rows, "sallyport-confd", "", stdout);
	else if (options->describe)
		r = varlink_describe_all(confd_interfaces, stdout);
	else
		return 0;
	return r < 0 || fflush(stdout) ? -EIO : 1;
}

/* ---- while still root ---- */

/* Gives what an earlier run as root left to the user we become. Only while root owns the directory:
 * what stands in a directory of somebody else is not to be trusted. */
static int give_directory(const char *path, uid_t uid)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0)
		return 0;
	return fchown(fd, uid, uid) < 0 ? -errno : 0;
}

static int make_state(struct daemon_state *state, struct err *err)
{
	uid_t uid = state->options.user_id;
	AUTO(free) char *lock_path = NULL;
	int r;

	if (asprintf(&lock_path, "%s/lock", state->conf_dir) < 0) {
		lock_path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	r = fs_mkdir(state->conf_dir, 0700);
	if (r < 0)
		return err_set(err, r, "%s: %s", state->conf_dir, strerror(-r));
	if (geteuid() == 0 && uid != (uid_t)-1) {
		r = give_directory(state->conf_dir, uid);
		if (r < 0)
			return err_set(err, r, "%s: cannot give it to uid %u: %s", state->conf_dir, uid,
				       strerror(-r));
	}
	/* held until the process ends: two of us would record over each other */
	state->lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (state->lock_fd < 0)
		return err_set(err, -errno, "%s: %s", lock_path, strerror(errno));
	if (geteuid() == 0 && uid != (uid_t)-1 && fchown(state->lock_fd, uid, uid) < 0)
		return err_set(err, -errno, "%s: cannot give it to uid %u: %s", lock_path, uid,
			       strerror(errno));
	if (flock(state->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, -errno, "%s: another sallyport-confd keeps this configuration",
			       state->conf_dir);
	return 0;
}

/* Opened while still root: the directory is root's, and given to our group. Without it only the kept lines are lost. */
static int start_log(struct daemon_state *state, struct err *err)
{
	state->log_fd = log_store_open(state->options.state_dir,
				       state->options.user_id == (uid_t)-1 ? getegid() :
									     (gid_t)state->options.user_id);
	if (state->log_fd >= 0)
		return confd_log_new(&state->confd, state->log_fd, &state->log) < 0 ?
			       err_set(err, -ENOMEM, "out of memory") :
			       0;
	log_event(LOG_SYSLOG_WARN_GENERAL, "No log is kept on this disk: %s/log: %s", state->options.state_dir,
		  strerror(-state->log_fd));
	return 0;
}

/* The starter may be readable by root only. */
static int read_starter(struct daemon_state *state, struct err *err)
{
	size_t len = 0;
	int r;

	if (!state->options.starter_path)
		return 0;
	r = fs_read(state->options.starter_path, CONFD_TEXT_MAX_BYTES, &state->starter, &len);
	if (r == 0 && strlen(state->starter) != len)
		r = -EBADMSG;
	if (r < 0)
		return err_set(err, r, "%s: %s", state->options.starter_path, strerror(-r));
	return 0;
}

static int become_user(const struct confd_options *options, struct err *err)
{
	static const unsigned caps[] = { CAP_SETUID, CAP_SETGID };
	int parent_signal = 0, r;

	if (geteuid() == 0 && options->user_id != (uid_t)-1) {
		/* a change of user forgets this one */
		prctl(PR_GET_PDEATHSIG, &parent_signal);
		r = proc_limit_caps(caps, ARRAY_SIZE(caps), err);
		if (r == 0)
			r = proc_drop_user(options->user_id, (gid_t)options->user_id, err);
		if (r < 0)
			return r;
		prctl(PR_SET_PDEATHSIG, parent_signal);
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* ---- the configuration ---- */

const char *confd_running_id(const struct confd *confd, char buffer[16])
{
	size_t len;
	const struct commit_record *records = confd_store_records(confd->store, &len);

	buffer[0] = '\0';
	if (len)
		snprintf(buffer, 16, "%" PRIu32, records[0].id);
	return buffer;
}

char *confd_tree_text(const struct tree *tree, unsigned flags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return NULL;
	r = tree_write(tree, NULL, flags, out);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *confd_slice_text(const struct tree *tree, unsigned owners)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return NULL;
	r = tree_write_slice(tree, owners, out);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Puts the text in force as the running tree, all of it or nothing. */
static int confd_accept(const char *text, void *userdata, struct err *err)
{
	struct daemon_state *state = userdata;
	struct tree *tree = NULL;
	int r = tree_new(conf_root, &tree);

	if (r == 0)
		r = tree_parse(tree, text, NULL, NULL, err);
	if (r < 0) {
		tree_free(tree);
		return r;
	}
	tree_free(state->confd.running);
	state->confd.running = tree;
	return 0;
}

static void on_broken(const char *path, const char *reason, void *userdata)
{
	(void)userdata;
	log_event(LOG_CONFIG_ERR_GENERAL, "A stored configuration is broken and set aside as %s: %s", path,
		  reason);
}

static void on_starter_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)line; /* it may hold a secret */
	*(bool *)userdata = true;
	log_event(LOG_CONFIG_ERR_GENERAL, "The starter configuration is refused: line %u: %s", line_number,
		  reason);
}

static int commit_starter(struct daemon_state *state, struct err *err)
{
	struct confd *confd = &state->confd;
	struct commit_record record = { .user = "system", .client = "Starter" };
	AUTO(free) char *text = NULL;
	bool faulty = false;
	int r = tree_parse(confd->running, state->starter, on_starter_fault, &faulty, err);

	if (r == 0 && faulty)
		r = err_set(err, -EINVAL, "lines were refused");
	if (r < 0)
		return err_add(err, r, "%s", state->options.starter_path);
	text = confd_tree_text(confd->running, 0);
	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	record.id = confd_store_next_id(confd->store);
	record.changed_us = clock_wall_us();
	r = confd_store_record(confd->store, &record, text, err);
	if (r == 0)
		log_event(LOG_CONFIG_DB_COMMIT,
			  "Configuration committed by user 'system'. Use 'show configuration commit changes "
			  "%" PRIu32 "' to view the changes.",
			  record.id);
	return r;
}

static int load_configuration(struct daemon_state *state, struct err *err)
{
	struct confd *confd = &state->confd;
	AUTO(free) char *text = NULL;
	char id[16];
	int r = confd_store_open(state->conf_dir, &confd->store, err);

	if (r < 0)
		return r;
	r = tree_new(conf_root, &confd->running);
	if (r < 0)
		return err_set(err, r, "out of memory");
	if (confd_store_is_virgin(confd->store))
		return state->starter ? commit_starter(state, err) : 0;
	r = confd_store_load(confd->store, confd_accept, on_broken, state, &text, err);
	if (r < 0)
		return r;
	if (r == 0)
		log_event(LOG_CONFIG_ERR_GENERAL, "No stored configuration is whole: the running "
						  "configuration is empty until the next commit");
	else
		log_debug("confd", "commit %s is running", confd_running_id(confd, id));
	return 0;
}

/* ---- main ---- */

static void on_signal(evutil_socket_t fd, short what, void *userdata)
{
	struct daemon_state *state = userdata;

	(void)fd;
	(void)what;
	event_base_loopbreak(state->confd.base);
}

static int watch_signals(struct daemon_state *state)
{
	signal(SIGPIPE, SIG_IGN);
	state->on_term = evsignal_new(state->confd.base, SIGTERM, on_signal, state);
	state->on_int = evsignal_new(state->confd.base, SIGINT, on_signal, state);
	if (!state->on_term || !state->on_int || event_add(state->on_term, NULL) < 0 ||
	    event_add(state->on_int, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int make_paths(struct daemon_state *state)
{
	const struct confd_options *options = &state->options;

	if (asprintf(&state->conf_dir, "%s/conf", options->state_dir) < 0)
		return state->conf_dir = NULL, -ENOMEM;
	if (asprintf(&state->socket_path, "%s/confd.varlink", options->run_dir) < 0)
		return state->socket_path = NULL, -ENOMEM;
	if (options->uids_path)
		state->uids_path = strdup(options->uids_path);
	else if (asprintf(&state->uids_path, "%s/ssh/uids", options->state_dir) < 0)
		state->uids_path = NULL;
	return state->uids_path ? 0 : -ENOMEM;
}

static int daemon_start(struct daemon_state *state, struct err *err)
{
	struct confd *confd = &state->confd;
	int r = make_paths(state);

	confd->base = event_base_new();
	if (r == 0 && (!confd->base || watch_signals(state) < 0))
		r = -ENOMEM;
	if (r < 0)
		return err_set(err, r, "out of memory");
	confd->run_dir = state->options.run_dir;
	confd->uids_path = state->uids_path;

	r = make_state(state, err);
	if (r == 0)
		r = start_log(state, err);
	if (r == 0)
		r = read_starter(state, err);
	/* bound as root where the directory is root's; nobody is answered before the loop runs */
	if (r == 0)
		r = varlink_server_new(confd->base, state->socket_path, 0666, confd_interfaces, confd,
				       &state->server, err);
	if (r == 0)
		r = become_user(&state->options, err);
	if (r < 0)
		return r;
	confd->own_uid = geteuid();

	r = load_configuration(state, err);
	if (r < 0)
		return r;
	r = confd_commits_new(confd, &confd->commits);
	if (r == 0)
		r = confd_sessions_new(confd, &confd->sessions);
	if (r == 0)
		r = confd_trial_new(confd, &confd->trial);
	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

static void daemon_done(struct daemon_state *state)
{
	/* first the callers, who may wait in the queue */
	varlink_server_free(state->server);
	confd_commits_free(state->confd.commits);
	confd_sessions_free(state->confd.sessions);
	confd_trial_free(state->confd.trial);
	tree_free(state->confd.running);
	confd_store_free(state->confd.store);
	if (state->on_term)
		event_free(state->on_term);
	if (state->on_int)
		event_free(state->on_int);
	varlink_log_free(state->log);
	log_keep(-1);
	close_auto(&state->log_fd);
	if (state->confd.base)
		event_base_free(state->confd.base);
	close_auto(&state->lock_fd);
	if (state->starter)
		explicit_bzero(state->starter, strlen(state->starter));
	free(state->starter);
	free(state->conf_dir);
	free(state->uids_path);
	free(state->socket_path);
}

int main(int argc, char **argv)
{
	struct daemon_state state = { .lock_fd = -1, .log_fd = -1 };
	struct err err = { .text = "" };
	int r;

	proc_title_init(argc, argv);
	log_init("CONFD");
	r = parse_options(argc, argv, &state.options);
	if (r)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	r = daemon_start(&state, &err);
	if (r < 0) {
		log_event(LOG_CONFIG_ERR_GENERAL, "Cannot start: %s", err.text[0] ? err.text : strerror(-r));
	} else {
		confd_commits_reconcile(state.confd.commits);
		confd_trial_watch(&state.confd);
		proc_notify_ready();
		event_base_dispatch(state.confd.base);
	}
	daemon_done(&state);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
