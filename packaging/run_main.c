/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sallyport-run: the whole product in the foreground, without touching the system.
 *
 * It makes the run directory, a local user "admin" with a random password and a key pair, and a starter
 * configuration that serves the default VRF and every VRF and named namespace there is; starts the daemons in
 * order, each ready before the next; starts again what dies; and takes everything down, sessions included, on
 * SIGINT or SIGTERM. It is what systemd and the package scripts do on an installed system.
 *
 * All paths below the run directory are relative to it: its parents may be closed to the uids the daemons run
 * under.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <event2/event.h>

#include "aaa/uidmap.h"
#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/varlink.h"
#include "conf/config_report.h"
#include "packaging/run_options.h"
#include "services/ssh_report.h"
#include "vrf/vrf_watch.h"

#define READY_TIMEOUT_MS     15000
#define STOP_TIMEOUT_MS	     5000
#define PASSWORD_CHARACTERS  20
#define RESTART_DELAY_MS     50	   /* after a first death */
#define RESTART_DELAY_MAX_MS 2000  /* when it dies again and again */
#define DESCRIPTORS_WANTED   16384 /* 4096 sessions, as many local peers, listeners in 1,000 VRFs */
#define STEADY_MS	     5000  /* a daemon that lived this long starts anew at the first delay */

enum daemon_index { DAEMON_CONFD, DAEMON_SSHD, DAEMON_MAX };

struct daemon_process {
	const char *name;
	int stop_signal;
	pid_t pid; /* 0: not running */
	int64_t started_us, restart_at_us;
	int delay_ms;
};

struct runner {
	const char *run_dir;
	unsigned port;
	int program_dir_fd, notify_fd, signal_fd;
	char notify_path[64];
	bool weak;
	bool trial; /* the starter configuration leaves out what protects a router from its neighbours */
	char vrfs[64][VRF_NAME_MAX_BYTES + 1];
	size_t vrfs_len;
	struct daemon_process daemons[DAEMON_MAX];
};

static int fail(const struct err *err)
{
	fprintf(stderr, "sallyport-run: %s\n", err->text);
	return 1;
}

/* ---- the run directory ---- */

static int make_dirs(const struct runner *runner, struct err *err)
{
	static const struct {
		const char *path;
		mode_t mode;
		uid_t uid;
		gid_t gid;
	} dirs[] = {
		/* sticky: confd makes its socket here and cannot take away sshd's */
		{ "sock", 01775, 0, UIDMAP_CONFD },
		{ "state", 0755, 0, 0 },
		{ "state/conf", 0700, UIDMAP_CONFD, UIDMAP_CONFD },
		{ "state/ssh", 0755, 0, 0 },
		{ "empty", 0555, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = fs_mkdir(dirs[i].path, dirs[i].mode);

		if (r < 0)
			return err_set(err, r, "%s/%s: %s", runner->run_dir, dirs[i].path, strerror(-r));
		if (!runner->weak && chown(dirs[i].path, dirs[i].uid, dirs[i].gid) < 0)
			return err_set(err, -errno, "%s/%s: cannot give it to uid %u: %m", runner->run_dir,
				       dirs[i].path, dirs[i].uid);
		if (chmod(dirs[i].path, dirs[i].mode) < 0)
			return err_set(err, -errno, "%s/%s: cannot set its mode: %m", runner->run_dir,
				       dirs[i].path);
	}
	return 0;
}

static int take_lock(const struct runner *runner, struct err *err)
{
	/* held until the process ends */
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, -errno, "%s/lock: %m", runner->run_dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, -errno, "another sallyport-run uses %s: stop it, or give another RUN_DIR",
			       runner->run_dir);
	return 0;
}

/* ---- the user admin ---- */

static int make_password(char *password, struct err *err)
{
	static const char letters[] = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	size_t have = 0;

	while (have < PASSWORD_CHARACTERS) {
		uint8_t byte;

		if (getrandom(&byte, 1, 0) != 1)
			return err_set(err, -errno, "cannot get random bytes: %m");
		/* the largest multiple of the alphabet below 256 keeps every letter equally likely */
		if (byte < 256 - 256 % (sizeof(letters) - 1))
			password[have++] = letters[byte % (sizeof(letters) - 1)];
	}
	password[have] = '\0';
	return 0;
}

static int run_and_wait(const char *const argv[], struct err *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return err_set(err, -errno, "cannot start %s: %m", argv[0]);
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return err_set(err, -errno, "cannot wait for %s: %m", argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, -EIO, "%s failed with status %d", argv[0], WEXITSTATUS(status));
	return 0;
}

static int make_admin_key(struct err *err)
{
	static const char *const argv[] = { "ssh-keygen",      "-q", "-t",	  "ed25519", "-N", "", "-C",
					    "admin@sallyport", "-f", "admin.key", NULL };

	if (access("admin.key", F_OK) == 0 && access("admin.key.pub", F_OK) == 0)
		return 0;
	unlink("admin.key");
	unlink("admin.key.pub");
	return run_and_wait(argv, err);
}

/* Returns the stored secret of admin's password, made anew when the file is not there. */
static int make_admin_secret(char **ret_secret, struct err *err)
{
	char password[PASSWORD_CHARACTERS + 2];
	int r = make_password(password, err);

	if (r < 0)
		return r;
	r = user_secret_hash(password, ret_secret, err);
	if (r == 0) {
		password[PASSWORD_CHARACTERS] = '\n';
		r = fs_write_atomic("admin.password", 0600, password, PASSWORD_CHARACTERS + 1);
		if (r < 0)
			err_set(err, r, "admin.password: %s", strerror(-r));
	}
	explicit_bzero(password, sizeof(password));
	return r;
}

/* ---- which VRFs are there ---- */

/* A namespace may have a name that no configuration line can hold. */
static bool is_one_word(const char *name)
{
	for (const char *at = name; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *name && *name != '!';
}

static void collect_vrf(const struct vrf *vrf, void *userdata)
{
	struct runner *runner = userdata;
	bool there = vrf->state == VRF_PRESENT || vrf->state == VRF_UP;

	if (there && is_one_word(vrf->name) && runner->vrfs_len < ARRAY_SIZE(runner->vrfs))
		memcpy(runner->vrfs[runner->vrfs_len++], vrf->name, sizeof(vrf->name));
}

static int find_vrfs(struct runner *runner, struct err *err)
{
	struct event_base *base = event_base_new();
	struct vrf_table *table = NULL;
	struct vrf_watch *watch = NULL;
	int r = base ? vrf_table_new(NULL, NULL, &table) : -ENOMEM;

	if (r == 0)
		r = vrf_watch_new(base, table, "/run/netns", &watch, err);
	if (r == 0)
		vrf_table_each(table, collect_vrf, runner);
	else
		err_add(err, r, "cannot see which VRFs there are");
	vrf_watch_free(watch);
	vrf_table_free(table);
	if (base)
		event_base_free(base);
	return r;
}

/* ---- the starter configuration ---- */

static int write_starter(const struct runner *runner, struct err *err)
{
	AUTO(free) char *secret = NULL, *key = NULL, *text = NULL;
	size_t key_len, text_len = 0;
	FILE *out;
	int r;

	if (access("state/starter.conf", F_OK) == 0 && access("admin.password", F_OK) == 0)
		return make_admin_key(err);
	r = make_admin_key(err);
	if (r == 0)
		r = make_admin_secret(&secret, err);
	if (r < 0)
		return r;
	r = fs_read("admin.key.pub", 8192, &key, &key_len);
	if (r < 0)
		return err_set(err, r, "%s/admin.key.pub: %s", runner->run_dir, strerror(-r));
	key[strcspn(key, "\r\n")] = '\0';

	out = open_memstream(&text, &text_len);
	if (!out)
		return err_set(err, -ENOMEM, "out of memory");
	fprintf(out, "username admin\n group root-lr\n secret %s\n keystring %s\n!\nssh server v2\n", secret,
		key);
	/* who tries things out here logs in often, wrongly too, and from the addresses of this machine and its lab */
	if (runner->trial)
		fprintf(out, "ssh server rate-limit 600000\nssh server logging\n"
			     "ssh server penalties exempt 127.0.0.0/8\nssh server penalties exempt ::1\n"
			     "ssh server penalties exempt 10.0.0.0/24\nssh server penalties exempt fd00::/64\n");
	for (size_t i = 0; i < runner->vrfs_len; i++)
		fprintf(out, "ssh server vrf %s\n", runner->vrfs[i]);
	fprintf(out, "!\nend\n");
	fclose(out);
	/* readable by confd's uid: it holds a hash, so not by others */
	r = fs_write_atomic("state/starter.conf", 0600, text, text_len);
	if (r == 0 && !runner->weak && chown("state/starter.conf", UIDMAP_CONFD, UIDMAP_CONFD) < 0)
		r = -errno;
	if (r < 0)
		err_set(err, r, "%s/state/starter.conf: %s", runner->run_dir, strerror(-r));
	explicit_bzero(text, text_len);
	return r;
}

/* VRFs that came since the last run are served too; those an operator took out of the configuration stay out.
 */
static int serve_new_vrfs(const struct runner *runner, struct err *err)
{
	struct varlink_client *client = NULL;
	AUTO(free) char *known = NULL, *error = NULL;
	json_t *running = NULL, *lines = json_array();
	size_t known_len = 0;
	bool first = fs_read("state/known-vrfs", 1u << 20, &known, &known_len) < 0;
	char text[sizeof(runner->vrfs) + sizeof(runner->vrfs) / VRF_NAME_MAX_BYTES + 1] = "";
	size_t text_len = 0;
	int r = 0;

	for (size_t i = 0; i < runner->vrfs_len; i++) {
		char line[VRF_NAME_MAX_BYTES + 3];
		int len = snprintf(line, sizeof(line), "%s\n", runner->vrfs[i]);
		bool seen = first;

		for (const char *at = known; !seen && at && *at; at = strchrnul(at, '\n'), at += *at == '\n')
			seen = strncmp(at, line, (size_t)len) == 0;
		if (!seen)
			json_array_append_new(lines, json_sprintf("ssh server vrf %s", runner->vrfs[i]));
		memcpy(text + text_len, line, (size_t)len);
		text_len += (size_t)len;
	}
	if (json_array_size(lines) > 0) {
		r = varlink_client_open("sock/confd.varlink", 3000, &client, err);
		if (r == 0)
			r = varlink_client_call(client, CONFIG_GET_RUNNING, NULL, 3000, &running, NULL, err);
		if (r == 0)
			r = varlink_client_call(client, CONFIG_COMMIT,
						json_pack("{s:O, s:O, s:s, s:s, s:s}", "base_commit_id",
							  json_object_get(running, "commit_id"), "lines",
							  lines, "line_name", "con0", "user", "system",
							  "client", "Starter"),
						10000, NULL, &error, err);
		if (r == -EREMOTEIO && error && strcmp(error, CONFIG_ERROR_NOTHING) == 0)
			r = 0;
		varlink_client_free(client);
	}
	json_decref(lines);
	json_decref(running);
	if (r == 0)
		r = fs_write_atomic("state/known-vrfs", 0644, text, text_len);
	return r;
}

/* ---- daemons ---- */

static int open_notify(struct runner *runner, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(runner->notify_path, sizeof(runner->notify_path), "@sallyport-run/%d/notify",
			   getpid());

	memcpy(address.sun_path + 1, runner->notify_path + 1, (size_t)len - 1);
	runner->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (runner->notify_fd < 0 ||
	    bind(runner->notify_fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) < 0)
		return err_set(err, -errno, "cannot listen for readiness: %m");
	return setsockopt(runner->notify_fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) < 0
		       ? err_set(err, -errno, "cannot see who is ready: %m")
		       : 0;
}

/* The usual soft limit of 1024 is for programs that use select(2); ours do not. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void exec_daemon(const struct runner *runner, enum daemon_index index)
{
	char port[8], confd_uid[16], transport_uid[16], program[64], program_dir[32];
	const char *argv[24];
	size_t n = 0;
	sigset_t none;
	int fd;

	snprintf(port, sizeof(port), "%u", runner->port);
	snprintf(confd_uid, sizeof(confd_uid), "%u", UIDMAP_CONFD);
	snprintf(transport_uid, sizeof(transport_uid), "%u", UIDMAP_TRANSPORT);
	snprintf(program, sizeof(program), "%s", runner->daemons[index].name);
	snprintf(program_dir, sizeof(program_dir), "/proc/self/fd/%d", runner->program_dir_fd);
	argv[n++] = program;
	argv[n++] = "--run-dir";
	argv[n++] = "sock";
	argv[n++] = "--state-dir";
	argv[n++] = "state";
	if (index == DAEMON_CONFD) {
		argv[n++] = "--starter";
		argv[n++] = "state/starter.conf";
		if (!runner->weak) {
			argv[n++] = "--user-id";
			argv[n++] = confd_uid;
		}
	} else {
		fcntl(runner->program_dir_fd, F_SETFD, 0); /* sshd finds its programs through it */
		argv[n++] = "--program-dir";
		argv[n++] = program_dir;
		argv[n++] = "--empty-dir";
		argv[n++] = "empty";
		argv[n++] = "--default-port";
		argv[n++] = port;
		if (!runner->weak) {
			argv[n++] = "--transport-uid";
			argv[n++] = transport_uid;
			argv[n++] = "--confd-uid";
			argv[n++] = confd_uid;
		}
	}
	argv[n] = NULL;

	raise_descriptors();
	setenv("NOTIFY_SOCKET", runner->notify_path, 1);
	/* Ctrl-C at the terminal is ours alone: we take the daemons down in order */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = openat(runner->program_dir_fd, program, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		execveat(fd, "", (char *const *)(uintptr_t)argv, environ, AT_EMPTY_PATH);
	fprintf(stderr, "sallyport-run: cannot start %s: %m\n", program);
	_exit(127);
}

static int start_daemon(struct runner *runner, enum daemon_index index, struct err *err)
{
	struct daemon_process *process = &runner->daemons[index];
	pid_t pid = fork();

	if (pid < 0)
		return err_set(err, -errno, "cannot start %s: %m", process->name);
	if (pid == 0)
		exec_daemon(runner, index);
	process->pid = pid;
	process->started_us = clock_monotonic_us();
	return 0;
}

static void reap(struct runner *runner, bool restart)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < DAEMON_MAX; i++) {
			struct daemon_process *process = &runner->daemons[i];
			int64_t now_us = clock_monotonic_us();

			if (process->pid != pid)
				continue;
			process->pid = 0;
			if (!restart)
				continue;
			process->delay_ms = now_us - process->started_us > STEADY_MS * 1000
						    ? RESTART_DELAY_MS
						    : process->delay_ms * 2;
			if (process->delay_ms > RESTART_DELAY_MAX_MS)
				process->delay_ms = RESTART_DELAY_MAX_MS;
			process->restart_at_us = now_us + process->delay_ms * 1000;
			if (WIFSIGNALED(status))
				fprintf(stderr, "sallyport-run: %s ended by signal %d, starting it again\n",
					process->name, WTERMSIG(status));
			else
				fprintf(stderr, "sallyport-run: %s ended with status %d, starting it again\n",
					process->name, WEXITSTATUS(status));
		}
	}
}

/* Waits for READY=1 from this daemon; gives up when it ends or the time is over. */
static int wait_ready(struct runner *runner, enum daemon_index index, struct err *err)
{
	struct daemon_process *process = &runner->daemons[index];
	int64_t until_us = clock_monotonic_us() + READY_TIMEOUT_MS * 1000;

	while (clock_monotonic_us() < until_us) {
		struct pollfd fds[] = { { runner->notify_fd, POLLIN, 0 }, { runner->signal_fd, POLLIN, 0 } };
		char text[256], control[256];
		struct iovec iov = { text, sizeof(text) - 1 };
		struct msghdr message = { .msg_iov = &iov,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		struct signalfd_siginfo info;
		ssize_t len;

		if (poll(fds, 2, 200) < 0 && errno != EINTR)
			return err_set(err, -errno, "poll: %m");
		if (fds[1].revents && read(runner->signal_fd, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo != SIGCHLD)
				return err_set(err, -EINTR, "stopped before it was ready");
			reap(runner, false);
			if (process->pid == 0)
				return err_set(err, -ECHILD, "%s did not start: see its message above",
					       process->name);
		}
		if (!fds[0].revents)
			continue;
		len = recvmsg(runner->notify_fd, &message, MSG_DONTWAIT);
		if (len <= 0)
			continue;
		text[len] = '\0';
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		struct ucred from = { 0 };
		if (header && header->cmsg_type == SCM_CREDENTIALS)
			memcpy(&from, CMSG_DATA(header), sizeof(from));
		if (from.pid == process->pid && strstr(text, "READY=1"))
			return 0;
	}
	return err_set(err, -ETIMEDOUT, "%s was not ready after %d s", process->name,
		       READY_TIMEOUT_MS / 1000);
}

static bool signal_daemon(const struct daemon_process *process, int signal_number)
{
	return process->pid > 0 && kill(process->pid, signal_number) == 0;
}

/* Ends one daemon: its signal, then SIGKILL when it does not go. */
static void stop_daemon(struct runner *runner, enum daemon_index index)
{
	struct daemon_process *process = &runner->daemons[index];
	int64_t until_us = clock_monotonic_us() + STOP_TIMEOUT_MS * 1000;

	if (!signal_daemon(process, process->stop_signal))
		return;
	while (process->pid && clock_monotonic_us() < until_us) {
		poll(NULL, 0, 10);
		reap(runner, false);
	}
	if (signal_daemon(process, SIGKILL)) {
		waitpid(process->pid, NULL, 0);
		process->pid = 0;
	}
}

/* Monitors whose sshd had died are our children by now (subreaper): end what is left, and its children in
 * turn. */
static void stop_orphans(void)
{
	int64_t until_us = clock_monotonic_us() + STOP_TIMEOUT_MS * 1000;
	int signal_number = SIGTERM;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		char path[64];
		FILE *file;
		long child;

		snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
		file = fopen(path, "re");
		while (file && fscanf(file, "%ld", &child) == 1)
			kill((pid_t)child, signal_number);
		if (file)
			fclose(file);
		poll(NULL, 0, 20);
		if (clock_monotonic_us() > until_us)
			signal_number = SIGKILL;
	}
}

/* ---- saying how to get in ---- */

static int check_listeners(struct err *err)
{
	struct varlink_client *client = NULL;
	json_t *server = NULL, *listener;
	size_t index, up = 0;
	int r = varlink_client_open("sock/sshd.varlink", 3000, &client, err);

	if (r == 0)
		r = varlink_client_call(client, SSH_GET_SERVER, NULL, 5000, &server, NULL, err);
	varlink_client_free(client);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(server, "listeners"), index, listener)
	{
		const char *state = json_string_value(json_object_get(listener, "state"));
		const char *vrf = json_string_value(json_object_get(listener, "vrf"));
		const char *reason = json_string_value(json_object_get(listener, "reason"));

		if (state && strcmp(state, listener_state_words[LISTENER_UP]) == 0) {
			up++;
			continue;
		}
		fprintf(stderr, "sallyport-run: VRF %s: not listening (%s): %s\n", vrf ? vrf : "?",
			state ? state : "?", reason ? reason : "");
		if (state && vrf && strcmp(vrf, VRF_DEFAULT_NAME) == 0 &&
		    strcmp(state, listener_state_words[LISTENER_CONFLICT]) == 0)
			r = err_set(err, -EADDRINUSE,
				    "the port is used by another program in the default VRF: stop it, or "
				    "give another PORT");
	}
	json_decref(server);
	if (r == 0 && up == 0)
		fprintf(stderr, "sallyport-run: nothing listens: the configuration has no \"ssh server vrf\" "
				"statement\n");
	return r;
}

static void print_banner(const struct runner *runner)
{
	if (runner->weak) {
		printf("Running as an ordinary user. Weaker than as root:\n"
		       "  - every session runs under your own account: users are not separated from each "
		       "other or from the daemons\n"
		       "  - the transport's sandbox is a user namespace with its own seccomp filter, not a "
		       "uid of its own\n"
		       "  - network namespaces cannot be entered, ports below 1024 cannot be used\n");
	}
	printf("VRFs:");
	for (size_t i = 0; i < runner->vrfs_len; i++)
		printf(" %s", runner->vrfs[i]);
	printf("\nUser admin, password in %s/admin.password. Type:\n", runner->run_dir);
	printf("  ssh -p %u -i %s/admin.key admin@127.0.0.1\n", runner->port, runner->run_dir);
	printf("ready\n");
	fflush(stdout);
}

static void supervise(struct runner *runner)
{
	for (;;) {
		int64_t now_us = clock_monotonic_us(), wait_us = -1;
		struct pollfd fds[] = { { runner->signal_fd, POLLIN, 0 }, { runner->notify_fd, POLLIN, 0 } };
		struct signalfd_siginfo info;
		char text[256];

		for (size_t i = 0; i < DAEMON_MAX; i++) {
			struct daemon_process *process = &runner->daemons[i];
			struct err err = { "" };

			if (process->pid)
				continue;
			if (now_us >= process->restart_at_us &&
			    start_daemon(runner, (enum daemon_index)i, &err) < 0) {
				fail(&err);
				process->restart_at_us = now_us + RESTART_DELAY_MAX_MS * 1000;
			}
			if (!process->pid && (wait_us < 0 || process->restart_at_us - now_us < wait_us))
				wait_us = process->restart_at_us - now_us;
		}
		if (poll(fds, 2, wait_us < 0 ? -1 : (int)(wait_us / 1000 + 1)) < 0 && errno != EINTR)
			return;
		if (fds[1].revents && recv(runner->notify_fd, text, sizeof(text), MSG_DONTWAIT) < 0 &&
		    errno != EAGAIN)
			return;
		if (!fds[0].revents || read(runner->signal_fd, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo != SIGCHLD)
			return;
		reap(runner, true);
	}
}

/* Whether root here can become the uids of our range (a container may map only a part). */
static bool can_switch_user(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long inside, outside, count;
	bool can = false;

	if (geteuid() != 0 || !file) {
		if (file)
			fclose(file);
		return false;
	}
	while (fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3)
		can = can || (inside <= UIDMAP_CONFD && UIDMAP_LAST < inside + count);
	fclose(file);
	return can;
}

static int run(struct runner *runner, struct err *err)
{
	int r = take_lock(runner, err);

	if (r == 0)
		r = make_dirs(runner, err);
	if (r == 0)
		r = find_vrfs(runner, err);
	if (r == 0)
		r = write_starter(runner, err);
	if (r == 0)
		r = open_notify(runner, err);
	if (r == 0)
		r = start_daemon(runner, DAEMON_CONFD, err);
	if (r == 0)
		r = wait_ready(runner, DAEMON_CONFD, err);
	if (r == 0)
		r = serve_new_vrfs(runner, err);
	if (r == 0)
		r = start_daemon(runner, DAEMON_SSHD, err);
	if (r == 0)
		r = wait_ready(runner, DAEMON_SSHD, err);
	if (r == 0)
		r = check_listeners(err);
	if (r < 0)
		return r;
	print_banner(runner);
	supervise(runner);
	return 0;
}

static int open_dirs(struct runner *runner, const char *program_dir, struct err *err)
{
	int r;

	runner->program_dir_fd = open(program_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (runner->program_dir_fd < 0)
		return err_set(err, -errno, "%s: %m", program_dir);
	r = fs_mkdir(runner->run_dir, 0755);
	if (r < 0)
		return err_set(err, r, "%s: %s", runner->run_dir, strerror(-r));
	if (chdir(runner->run_dir) < 0)
		return err_set(err, -errno, "%s: %m", runner->run_dir);
	return 0;
}

int main(int argc, char **argv)
{
	struct runner runner = {
		.daemons = { [DAEMON_CONFD] = { .name = "sallyport-confd",
						.stop_signal = SIGTERM,
						.delay_ms = RESTART_DELAY_MS },
			     [DAEMON_SSHD] = { .name = "sallyport-sshd",
					       .stop_signal = SIGINT,
					       .delay_ms = RESTART_DELAY_MS } },
	};
	struct run_options options = { .run_dir = RUN_DIR, .program_dir = RUN_PROGRAM_DIR, .port = RUN_PORT };
	struct err err = { "" };
	sigset_t mask;
	int rest = 0, r;

	r = option_parse(run_option_rows, argc, argv, &options, &rest, &err);
	if (r < 0 || rest != argc || options.help) {
		if (!options.help)
			fprintf(stderr, "sallyport-run: %s\n", r < 0 ? err.text : "there are words behind the options");
		option_usage(run_option_rows, "sallyport-run", "", options.help ? stdout : stderr);
		return options.help ? 0 : 1;
	}
	runner.run_dir = options.run_dir;
	runner.port = options.port;
	runner.trial = options.trial;
	umask(022);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	runner.signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	runner.weak = !can_switch_user();

	r = open_dirs(&runner, options.program_dir, &err);
	if (r == 0)
		r = run(&runner, &err);
	stop_daemon(&runner, DAEMON_SSHD);
	stop_daemon(&runner, DAEMON_CONFD);
	stop_orphans();
	return r < 0 && r != -EINTR ? fail(&err) : 0;
}
