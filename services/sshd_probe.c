/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: One child per probe, and its lines to the caller as they come
 *
 *   asked --refused--> answered
 *     |__runs --the caller goes away, or time is up--> killed --reaped--> forgotten
 *          |____its output ends and it is reaped, in either order--> answered, forgotten
 *
 * A session's shell has no privilege, and a namespace cannot be entered without one. So the daemon's child enters the
 * VRF, becomes the caller, keeps nothing but what ping needs for a raw socket, and only then executes the program,
 * whose words probe.c has made. All it prints is the network's making: it is passed on and never read here.
 */
#include "services/sshd_probe.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/proc.h"
#include "conf/task.h"
#include "services/probe.h"
#include "services/sshd_varlink.h"

#define PROBES_MAX	   16u
#define PROBES_OF_UID_MAX  4u
#define LINE_MAX_BYTES	   1024u
#define NOBODY		   65534u
#define EXIT_NOT_STARTED   127

struct probe {
	struct sshd_probes *probes;
	struct probe *next;
	struct varlink_call *call; /* NULL: the caller has gone */
	uid_t uid;
	pid_t pid; /* 0: reaped */
	int status;
	int fd; /* -1: its output has ended */
	struct event *readable, *overdue;
	bool timed_out;
	char line[LINE_MAX_BYTES];
	size_t line_len;
};

struct sshd_probes {
	struct sshd *sshd;
	struct probe *first;
};

/* ---- the child ---- */

static void child_fail(const char *what, const char *text) __attribute__((noreturn));
static void child_fail(const char *what, const char *text)
{
	dprintf(STDOUT_FILENO, "%s: %s\n", what, text);
	_exit(EXIT_NOT_STARTED);
}

/* Becomes the caller. keep_raw: with the one capability that ping's raw socket takes, where this daemon has it. */
static void child_user(uid_t uid, bool keep_raw)
{
	bool raw = keep_raw && capng_get_caps_process() == 0 &&
		   capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);

	if (geteuid() != 0)
		return;
	if (uid == 0)
		uid = NOBODY; /* root asks, but root is not needed */
	capng_clear(CAPNG_SELECT_CAPS);
	if (raw)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE, CAP_NET_RAW);
	if (setgroups(0, NULL) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresgid(uid, uid, uid) < 0 ||
	    setresuid(uid, uid, uid) < 0 || capng_apply(CAPNG_SELECT_CAPS) < 0)
		child_fail("user", strerror(errno));
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (raw)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0);
	if (setresuid(0, 0, 0) == 0)
		child_fail("user", "root can be had back");
}

static void child_limits(void)
{
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = { { RLIMIT_CORE, 0 }, { RLIMIT_NOFILE, 64 }, { RLIMIT_CPU, 120 },
		       { RLIMIT_FSIZE, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		setrlimit(limits[i].resource, &(const struct rlimit){ limits[i].most, limits[i].most });
}

static void child_descriptors(int out_fd)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
	    dup2(out_fd, STDERR_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0) < 0)
		_exit(EXIT_NOT_STARTED);
}

static void child_execute(enum probe_program program, char *const *argv) __attribute__((noreturn));
static void child_execute(enum probe_program program, char *const *argv)
{
	static const char *const paths[PROBE_PROGRAM_MAX][3] = {
		[PROBE_PING] = { "/usr/bin/ping", "/bin/ping" },
		/* by the name of the package's own program: another one of the name has other options */
		[PROBE_TRACEROUTE] = { "/usr/bin/traceroute.db", "/usr/bin/traceroute" },
	};
	static const char *const packages[PROBE_PROGRAM_MAX] = { [PROBE_PING] = "iputils-ping",
								  [PROBE_TRACEROUTE] = "traceroute" };
	char path[] = "PATH=/usr/bin:/bin", language[] = "LC_ALL=C.UTF-8";
	char *const envp[] = { path, language, NULL };

	for (size_t i = 0; i < 2; i++)
		execve(paths[program][i], argv, envp);
	dprintf(STDOUT_FILENO, "%s: %s; install the package %s\n", argv[0],
		errno == ENOENT ? "it is not installed" : strerror(errno), packages[program]);
	_exit(EXIT_NOT_STARTED);
}

static void child_run(const struct vrf *vrf, enum probe_program program, uid_t uid, char *const *argv, int out_fd)
	__attribute__((noreturn));
static void child_run(const struct vrf *vrf, enum probe_program program, uid_t uid, char *const *argv, int out_fd)
{
	struct err err = { .text = "" };

	proc_signals_default();
	/* before the descriptors: its file may be found through one of them */
	if (vrf_enter(vrf, &err) < 0) {
		dprintf(out_fd, "%s\n", err.text);
		_exit(EXIT_NOT_STARTED);
	}
	child_descriptors(out_fd);
	setsid();
	child_limits();
	child_user(uid, program == PROBE_PING);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir("/") < 0)
		child_fail("privileges", strerror(errno));
	child_execute(program, argv);
}

/* ---- a run ---- */

static void probe_forget(struct probe *probe)
{
	struct probe **at = &probe->probes->first;

	while (*at != probe)
		at = &(*at)->next;
	*at = probe->next;
	if (probe->readable)
		event_free(probe->readable);
	if (probe->overdue)
		event_free(probe->overdue);
	if (probe->fd >= 0)
		close(probe->fd);
	free(probe);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Answers when nothing is to come any more. */
static void probe_settle(struct probe *probe)
{
	if (probe->pid || probe->fd >= 0)
		return;
	if (probe->call)
		varlink_reply(probe->call, json_pack("{s:i, s:s}", "status", exit_status(probe->status), "error",
						     probe->timed_out ? "It took too long and was ended" : ""));
	probe_forget(probe);
}

/* The caller may be gone from here on. */
static void line_send(struct probe *probe)
{
	json_t *line = json_stringn(probe->line, probe->line_len);

	if (!line) { /* not UTF-8: each byte of it is nothing anybody should see */
		for (size_t i = 0; i < probe->line_len; i++)
			if ((unsigned char)probe->line[i] >= 0x80)
				probe->line[i] = '?';
		line = json_stringn(probe->line, probe->line_len);
	}
	probe->line_len = 0;
	if (!probe->call)
		json_decref(line);
	else if (varlink_reply_continues(probe->call, json_pack("{s:o}", "line", line)) == -ENOBUFS && probe->pid)
		kill(probe->pid, SIGKILL);
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct probe *probe = userdata;
	char bytes[4096];
	ssize_t len = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (ssize_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			line_send(probe);
		else if (probe->line_len < sizeof(probe->line))
			probe->line[probe->line_len++] = bytes[i];
	}
	if (len > 0)
		return;
	if (probe->line_len)
		line_send(probe);
	event_free(probe->readable);
	probe->readable = NULL;
	close(probe->fd);
	probe->fd = -1;
	probe_settle(probe);
}

static void on_overdue(evutil_socket_t fd, short what, void *userdata)
{
	struct probe *probe = userdata;

	(void)fd;
	(void)what;
	probe->timed_out = true;
	if (probe->pid)
		kill(probe->pid, SIGKILL);
}

static void on_gone(void *userdata)
{
	struct probe *probe = userdata;

	probe->call = NULL;
	if (probe->pid)
		kill(probe->pid, SIGKILL);
}

bool sshd_probe_child(struct sshd_probes *probes, pid_t pid, int status)
{
	for (struct probe *probe = probes ? probes->first : NULL; probe; probe = probe->next) {
		if (probe->pid != pid)
			continue;
		probe->pid = 0;
		probe->status = status;
		probe_settle(probe);
		return true;
	}
	return false;
}

/* ---- the request ---- */

static int probe_watch(struct probe *probe, const struct probe_request *request)
{
	const struct timeval most = { .tv_sec = probe_time_max_s(request) };
	struct event_base *base = probe->probes->sshd->base;

	probe->readable = event_new(base, probe->fd, EV_READ | EV_PERSIST, on_readable, probe);
	probe->overdue = evtimer_new(base, on_overdue, probe);
	if (!probe->readable || !probe->overdue || event_add(probe->readable, NULL) < 0 ||
	    evtimer_add(probe->overdue, &most) < 0)
		return -ENOMEM;
	return 0;
}

static int probe_start(struct sshd_probes *probes, const struct probe_request *request, const struct vrf *vrf,
		       struct varlink_call *call, struct err *err)
{
	const char *device = vrf->kind == VRF_KIND_L3MDEV ? vrf->device : NULL;
	struct probe *probe;
	struct probe_words words;
	int ends[2], r;

	r = probe_words_make(request, device, vrf->kind == VRF_KIND_DEFAULT, &words, err);
	if (r < 0)
		return r;
	probe = calloc(1, sizeof(*probe));
	if (!probe || pipe2(ends, O_CLOEXEC) < 0) {
		r = probe ? -errno : -ENOMEM;
		free(probe);
		return err_set(err, r, "%s", strerror(-r));
	}
	*probe = (struct probe){ .probes = probes, .next = probes->first, .uid = varlink_call_peer(call)->uid,
				 .fd = ends[0] };
	probes->first = probe;
	fcntl(probe->fd, F_SETFL, O_NONBLOCK);
	r = probe_watch(probe, request);
	if (r == 0) {
		probe->pid = fork();
		if (probe->pid == 0)
			child_run(vrf, request->program, probe->uid, words.argv, ends[1]);
		r = probe->pid < 0 ? -errno : 0;
	}
	close(ends[1]);
	if (r < 0) {
		probe_forget(probe);
		return err_set(err, r, "%s", strerror(-r));
	}
	probe->call = call;
	varlink_call_on_gone(call, on_gone, probe);
	return 0;
}

static int room_check(const struct sshd_probes *probes, uid_t uid, struct err *err)
{
	unsigned all = 0, own = 0;

	for (const struct probe *probe = probes->first; probe; probe = probe->next) {
		all++;
		own += probe->uid == uid;
	}
	if (all < PROBES_MAX && own < PROBES_OF_UID_MAX)
		return 0;
	return err_set(err, -EBUSY, "Too many of them run at a time: wait for one to end");
}

static const struct vrf *vrf_find(const struct sshd *sshd, const char *name, struct err *err)
{
	const struct vrf *vrf = vrf_table_find(sshd->vrfs, name);

	if (vrf && (vrf->state == VRF_PRESENT || vrf->state == VRF_UP))
		return vrf;
	err_set(err, -ENODEV, vrf ? "VRF %s is not there at the moment" : "There is no VRF %s", name);
	return NULL;
}

void sshd_probe_run(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	struct probe_request request = { .program = PROBE_PING, .vrf = VRF_DEFAULT_NAME };
	struct err err = { .text = "" };
	const struct vrf *vrf;
	int r;

	if (!sshd_varlink_permits(sshd, call, "basic-services", TASK_READ))
		return;
	if (!varlink_call_wants_more(call) ||
	    field_decode(probe_request_fields, json_object_get(parameters, "request"), &request, &err) < 0) {
		varlink_error_parameter(call, "request");
		return;
	}
	vrf = vrf_find(sshd, request.vrf, &err);
	r = vrf ? room_check(sshd->probes, varlink_call_peer(call)->uid, &err) : -ENODEV;
	if (r == 0)
		r = probe_start(sshd->probes, &request, vrf, call, &err);
	if (r < 0)
		varlink_reply(call, json_pack("{s:i, s:s}", "status", EXIT_NOT_STARTED, "error", err.text));
}

/* ---- life ---- */

int sshd_probes_new(struct sshd *sshd, struct sshd_probes **ret_probes)
{
	struct sshd_probes *probes = calloc(1, sizeof(*probes));

	if (!probes)
		return -ENOMEM;
	probes->sshd = sshd;
	*ret_probes = probes;
	return 0;
}

void sshd_probes_free(struct sshd_probes *probes)
{
	if (!probes)
		return;
	while (probes->first) {
		if (probes->first->call)
			varlink_call_on_gone(probes->first->call, NULL, NULL);
		if (probes->first->pid)
			kill(probes->first->pid, SIGKILL);
		probe_forget(probes->first);
	}
	free(probes);
}
