// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: sallyport-monitor, the process that monitors are forked from
 *
 * sallyport-sshd executes it with the configuration and the host keys of the moment. It reads them, does once what
 * every monitor would do for the first time, and then waits for connections: a request brings the descriptors of one
 * and is answered by a fork whose child is the daemon's (CLONE_PARENT), so that the daemon sees it end and nothing has
 * to be looked after here. It keeps nothing of a request; a monitor therefore knows of no session but its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/option.h"
#include "base/proc.h"
#include "conf/tree.h"
#include "services/ssh/monitor.h"
#include "services/ssh/monitor_request.h"
#include "services/ssh/random.h"
#include "services/sshd_conf.h"

#define SLICE_MAX_BYTES (16u << 20)

struct nursery {
	/* options */
	const char *uidmap_path, *user_keys_dir, *netns_dir;
	uint32_t transport_uid;
	bool weak, separate_users, debug, no_gcm;

	struct sshd_conf *conf;
	struct hostkey_set *hostkeys;
};

#define ROW(kind, name, value, member, help) OPTION_ROW(kind, name, value, struct nursery, member, NULL, help)

static const struct option_row option_rows[] = {
	{ ROW(OPTION_TEXT, "uidmap", "FILE", uidmap_path, "Uids of users"), .required = true },
	{ ROW(OPTION_TEXT, "user-keys-dir", "DIR", user_keys_dir, "Directory of imported keys"), .required = true },
	{ ROW(OPTION_TEXT, "netns-dir", "DIR", netns_dir, "Directory of named network namespaces"), .required = true },
	{ ROW(OPTION_U32, "transport-uid", "UID", transport_uid, "User id of transports; 0: the usual one"),
	  .max = UINT32_MAX - 1 },
	{ ROW(OPTION_FLAG, "weak", NULL, weak, "Not root: sessions run as this user") },
	{ ROW(OPTION_FLAG, "separate-users", NULL, separate_users, "Sessions run as their own users") },
	{ ROW(OPTION_FLAG, "debug", NULL, debug, "Log what happens inside") },
	{ ROW(OPTION_FLAG, "no-gcm", NULL, no_gcm, "The self-test failed: AES-GCM is not offered") },
	OPTION_DONE,
};

/* ---- what it is told at its start ---- */

static void on_line(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)userdata;
	(void)line; /* may hold a secret */
	log_event(LOG_SSHD_ERR_GENERAL, "The configuration for monitors: line %u is left out: %s", line_number, reason);
}

static int conf_read(struct nursery *nursery)
{
	struct tree *tree = NULL;
	char *text = NULL, path[40];
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", MONITOR_FD_CONF);
	r = fs_read(path, SLICE_MAX_BYTES, &text, &len);
	if (r == 0)
		r = tree_new(sshd_conf_root(), &tree);
	if (r == 0)
		r = tree_parse(tree, text, on_line, NULL, NULL);
	if (r >= 0)
		r = sshd_conf_new(tree, &nursery->conf);
	tree_free(tree);
	if (text)
		explicit_bzero(text, len); /* password hashes */
	free(text);
	return r;
}

/* What looks around at its first use does so here: the user database, the clock's zone, the link's codec. */
static void libraries_warm(void)
{
	AUTO(free) struct session_link_message *message = calloc(1, sizeof(*message));
	char text[4096], names[1024];
	struct passwd entry, *found;
	time_t now = time(NULL);
	struct tm broken_down;
	int len;

	if (!message)
		return;
	message->type = SESSION_MESSAGE_STATE;
	message->session.id = 1;
	len = session_link_encode(message, text, sizeof(text));
	if (len > 0)
		session_link_decode(text, (size_t)len, message, NULL);
	localtime_r(&now, &broken_down);
	getpwnam_r("nobody of this name", &entry, names, sizeof(names), &found);
}

static int prepare(struct nursery *nursery, struct err *err)
{
	struct stat log_place;
	int r;

	for (int fd = MONITOR_FD_CONTROL; fd < MONITOR_FD_PROGRAM; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return err_set(err, -errno, "it is started by sallyport-sshd only");
	prctl(PR_SET_DUMPABLE, 0);
	if (fstat(MONITOR_FD_LOG, &log_place) == 0 && S_ISDIR(log_place.st_mode))
		log_keep(MONITOR_FD_LOG);
	r = random_from_kernel(err);
	if (r < 0)
		return r;
	r = conf_read(nursery);
	if (r < 0)
		return err_set(err, r, "the configuration cannot be read: %s", strerror(-r));
	r = hostkey_set_read(MONITOR_FD_KEYS, &nursery->hostkeys, err);
	if (r < 0)
		return r;
	close(MONITOR_FD_CONF);
	close(MONITOR_FD_KEYS);
	r = monitor_warm(nursery->hostkeys, err);
	if (r < 0)
		return r;
	libraries_warm();
	heap_settle();
	return 0;
}

/* "timeout login response" of the session's line, where it is the shorter one. */
static int64_t login_time_s(const struct lines_conf *lines, uint32_t vty, int64_t timeout_s)
{
	struct line_settings settings;
	struct line_pool pool;

	line_conf_pool_of(lines, vty, &pool);
	line_conf_settings(lines, pool.kind == LINE_POOL_NONE ? "default" : pool.template_name, &settings);
	if (!settings.login_response_s || settings.login_response_s > timeout_s)
		return timeout_s;
	return settings.login_response_s;
}

/* ---- one connection ---- */

static void monitor_begin(const struct nursery *nursery, struct mon_buf *record, const int *fds, size_t fds_len)
	__attribute__((noreturn));
static void monitor_begin(const struct nursery *nursery, struct mon_buf *record, const int *fds, size_t fds_len)
{
	struct spawner_transport spawned = { -1, -1, -1 };
	struct monitor_request request;
	struct ssh_profile profile;
	struct monitor_start start = {
		.connection_fd = fds[REQUEST_CONNECTION], .link_fd = fds[REQUEST_LINK],
		.run_dir_fd = MONITOR_FD_RUN_DIR, .transport_fd = MONITOR_FD_TRANSPORT, .cli_fd = MONITOR_FD_CLI,
		.empty_dir_fd = MONITOR_FD_EMPTY_DIR, .files_fd = MONITOR_FD_FILES, .helper_fd = MONITOR_FD_HELPER,
		.uidmap_path = nursery->uidmap_path, .user_keys_dir = nursery->user_keys_dir, .weak = nursery->weak,
		.separate_users = nursery->separate_users, .ssh = &nursery->conf->ssh, .profile = &profile,
		.users = &nursery->conf->users, .hostkeys = nursery->hostkeys, .vrf = &request.vrf,
		.transport_uid = nursery->transport_uid, .transport_gid = nursery->transport_uid,
	};

	close(MONITOR_FD_CONTROL);
	if (monitor_request_get(record, &request) < 0)
		_exit(1);
	heap_give_back_pages(record->bytes, MON_RECORD_MAX_BYTES); /* it is the spawner's to write to */
	request.vrf.netns_dir = nursery->netns_dir;
	start.session = request.session;
	start.is_netconf = request.is_netconf;
	ssh_conf_profile(&nursery->conf->ssh, request.vrf.name, request.session.local_port, &profile);
	profile.timeout_s = login_time_s(&nursery->conf->lines, request.session.vty, profile.timeout_s);
	if (fds_len == REQUEST_FDS_MAX) {
		spawned = (struct spawner_transport){ .rpc_fd = fds[REQUEST_RPC], .event_fd = fds[REQUEST_EVENTS],
						      .status_fd = fds[REQUEST_STATUS] };
		start.spawned = &spawned;
	}
	monitor_run(&start);
}

/* A fork whose child has our parent. What else fork(3) does, for threads and their locks, is nothing to us. */
static pid_t fork_sibling(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

static int serve(const struct nursery *nursery)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES] __attribute__((aligned(4096)));

	for (;;) {
		struct mon_buf record = { .bytes = bytes };
		int fds[MON_FDS_MAX];
		size_t len = ARRAY_SIZE(fds);
		int r = mon_receive(MONITOR_FD_CONTROL, &record, fds, &len);

		if (r < 0)
			return r == -EPIPE ? 0 : 1;
		/* when it cannot be, the closed end of the link says so */
		if ((len == REQUEST_FDS_ALONE || len == REQUEST_FDS_MAX) && fork_sibling() == 0)
			monitor_begin(nursery, &record, fds, len);
		explicit_bzero(bytes, record.len); /* the next one is not to know */
		while (len > 0)
			close(fds[--len]);
	}
}

int main(int argc, char **argv)
{
	struct nursery nursery = { .conf = NULL };
	struct err err = { .text = "" };
	int rest;

	proc_title_init(argc, argv);
	log_init("SSHD");
	if (option_parse(option_rows, argc, argv, &nursery, &rest, &err) < 0 || rest != argc) {
		fprintf(stderr, "sallyport-monitor is started by sallyport-sshd\n");
		return 2;
	}
	log_set_debug(nursery.debug);
	ssh_algorithm_no_gcm = nursery.no_gcm;
	if (prepare(&nursery, &err) < 0) {
		log_event(LOG_SSHD_ERR_GENERAL, "No monitors: %s", err.text);
		return 1;
	}
	_exit(serve(&nursery));
}
