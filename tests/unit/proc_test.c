/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what other processes see of us (title, readiness, start time), and that privilege given up stays given
 * up. The latter needs root and runs in children.
 */
#include "base/proc.h"

#include <cap-ng.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/unix_address.h"

#define NOBODY 65534

/* The status of a child that ran body: 0 is good. */
static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(body());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the kernel says of one set. */
static bool no_caps(const char *set)
{
	AUTO(free) char *text = NULL;
	const char *at;
	size_t len;

	if (fs_read("/proc/self/status", 65536, &text, &len) < 0)
		return false;
	at = strstr(text, set);
	return at && strncmp(at + strlen(set), ":\t0000000000000000\n", 19) == 0;
}

static int drop_for_good(void)
{
	const gid_t groups[] = { 4, 27 };
	struct err err = { "" };

	if (setgroups(2, groups) < 0)
		return 2;
	prctl(PR_SET_KEEPCAPS, 1);
	if (proc_drop_user(NOBODY, NOBODY, &err) < 0)
		return 3;
	if (getuid() != NOBODY || geteuid() != NOBODY || getgid() != NOBODY || getgroups(0, NULL) != 0)
		return 4;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return 5;
	return no_caps("CapInh") && no_caps("CapPrm") && no_caps("CapEff") && no_caps("CapAmb") ? 0 : 6;
}

static int drop_without_right(void)
{
	struct err err = { "" };

	if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 2;
	if (proc_drop_user(1234, 1234, &err) != -EPERM || err.text[0] == '\0')
		return 3;
	return getuid() == NOBODY ? 0 : 4;
}

Test(proc, drop_user)
{
	struct err err = { "" };

	cr_assert_eq(proc_drop_user(0, 0, &err), -EINVAL);
	cr_assert_eq(proc_drop_user((uid_t)-1, 5, &err), -EINVAL);
	cr_assert_eq(proc_drop_user(5, (gid_t)-1, &err), -EINVAL);
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(in_child(drop_for_good), 0);
	cr_assert_eq(in_child(drop_without_right), 0);
}

static int limit_to_two(void)
{
	const unsigned caps[] = { CAP_SETUID, CAP_CHOWN };
	struct err err = { "" };

	if (proc_limit_caps(caps, 2, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	capng_get_caps_process();
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
		int wanted = cap == CAP_SETUID || cap == CAP_CHOWN;

		if (capng_have_capability(CAPNG_PERMITTED, cap) != wanted ||
		    capng_have_capability(CAPNG_EFFECTIVE, cap) != wanted)
			return 3;
		if (prctl(PR_CAPBSET_READ, cap) > 0 && !wanted)
			return 4;
	}
	/* and it is the kernel that says so */
	if (prctl(PR_CAPBSET_READ, CAP_SETUID) != 1 || prctl(PR_CAPBSET_READ, CAP_SETGID) != 0)
		return 5;
	return setgroups(0, NULL) == 0 ? 6 : 0;
}

static int limit_to_none(void)
{
	struct err err = { "" };

	if (proc_limit_caps(NULL, 0, &err) < 0)
		return 2;
	return no_caps("CapPrm") && no_caps("CapEff") && no_caps("CapBnd") ? 0 : 3;
}

static int limit_to_what_is_not_there(void)
{
	const unsigned caps[] = { CAP_SETUID };
	struct err err = { "" };

	if (limit_to_none() != 0)
		return 2;
	if (proc_limit_caps(caps, 1, &err) != -EPERM)
		return 3;
	return strstr(err.text, "setuid") ? 0 : 4;
}

/* Without CAP_SETPCAP the bounding set cannot be emptied, and that is not passed over. */
static int limit_without_right(void)
{
	struct err err = { "" };

	if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 2;
	if (proc_limit_caps(NULL, 0, &err) != -EPERM)
		return 3;
	return strstr(err.text, "bounding") ? 0 : 4;
}

Test(proc, limit_caps)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(in_child(limit_to_two), 0);
	cr_assert_eq(in_child(limit_to_none), 0);
	cr_assert_eq(in_child(limit_to_what_is_not_there), 0);
	cr_assert_eq(in_child(limit_without_right), 0);
}

static void assert_ready_at(const struct sockaddr_un *sun, socklen_t len, const char *name)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[64] = "";

	cr_assert_eq(bind(fd, (const struct sockaddr *)sun, len), 0, "%s: %s", name, strerror(errno));
	setenv("NOTIFY_SOCKET", name, 1);
	cr_assert_eq(proc_notify_ready(), 0);
	cr_assert_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), 7);
	cr_assert_str_eq(text, "READY=1");
}

Test(proc, notify_ready)
{
	char dir[] = "/tmp/sallyport-proc-XXXXXX", path[240], name[64];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct unix_address address;
	int len;

	unsetenv("NOTIFY_SOCKET");
	cr_assert_eq(proc_notify_ready(), 0);
	len = snprintf(name, sizeof(name), "@sallyport-test-%d", getpid());
	memcpy(sun.sun_path + 1, name + 1, (size_t)len - 1);
	assert_ready_at(&sun, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len), name);
	cr_assert_eq(proc_notify_ready(), -ECONNREFUSED);
	setenv("NOTIFY_SOCKET", "@", 1);
	cr_assert_eq(proc_notify_ready(), -EINVAL);

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/%0*d", dir, 150, 7);
	cr_assert_eq(fs_mkdir(path, 0700), 0);
	strncat(path, "/notify", sizeof(path) - strlen(path) - 1);
	cr_assert_eq(unix_address_init(&address, AT_FDCWD, path), 0);
	assert_ready_at(&address.sun, address.len, path);
	unix_address_done(&address);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(proc_notify_ready(), -ENOENT);
	*strrchr(path, '/') = '\0';
	cr_assert(rmdir(path) == 0 && rmdir(dir) == 0);
}

static int evil_comm(void)
{
	uint64_t ticks = 7, ours = 9;

	proc_title("a) 1 (b) S 1", "x");
	if (proc_start_ticks(getpid(), &ticks) < 0 || proc_start_ticks(getppid(), &ours) < 0)
		return 2;
	/* we began after our parent, and not long after */
	return ticks >= ours && ticks - ours < (uint64_t)sysconf(_SC_CLK_TCK) * 600 ? 0 : 3;
}

Test(proc, start_ticks)
{
	uint64_t ticks = 42, again = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(proc_start_ticks(pid, &ticks), -ESRCH);
	cr_assert_eq(proc_start_ticks(0, &ticks), -ESRCH);
	cr_assert_eq(proc_start_ticks(-1, &ticks), -ESRCH);
	cr_assert_eq(ticks, 42);
	cr_assert_eq(proc_start_ticks(getpid(), &ticks), 0);
	cr_assert_eq(proc_start_ticks(getpid(), &again), 0);
	cr_assert(ticks > 0 && ticks == again);
	cr_assert_eq(in_child(evil_comm), 0);
}

/* A block like the one the kernel makes: arguments, then environment, without a gap. */
static int title_in_block(void)
{
	static char block[] = "/usr/bin/prog\0arg\0SALLYPORT_TEST=kept\0LAST=1";
	char *argv[] = { block, block + 14, NULL };
	char *env[] = { block + 18, block + 38, NULL };

	environ = env;
	proc_title_init(2, argv);
	proc_title("sallyport-mon", "sallyport-session: %s@vty%d and more than the arguments held", "admin",
		   0);
	if (strcmp(argv[0], "/usr/bin/prog") != 0 || strcmp(argv[1], "arg") != 0)
		return 2;
	if (!getenv("SALLYPORT_TEST") || strcmp(getenv("SALLYPORT_TEST"), "kept") != 0)
		return 3;
	if (strncmp(block, "sallyport-session: admin@vty0 and more than", sizeof(block) - 2) != 0 ||
	    block[sizeof(block) - 1] != '\0' || block[sizeof(block) - 2] != '\0')
		return 4;
	proc_title("short", "s");
	return strcmp(block, "s") == 0 && block[2] == '\0' && block[20] == '\0' ? 0 : 5;
}

static int comm_is_cut(void)
{
	char comm[17] = "";

	proc_title("sallyport-monitor-of-all", "%s", "x");
	prctl(PR_GET_NAME, comm);
	return strcmp(comm, "sallyport-monit") == 0 ? 0 : 2;
}

Test(proc, title)
{
	cr_assert_eq(in_child(title_in_block), 0);
	cr_assert_eq(in_child(comm_is_cut), 0);
}

/* Prompt, and otherwise as before; before Linux 6.12 there is nothing to be seen. */
static int is_prompt(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime_ns, deadline_ns, period_ns;
	} now = { .size = 0 };

	if (setpriority(PRIO_PROCESS, 0, 3) < 0)
		return 2;
	proc_be_prompt();
	if (syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0) < 0)
		return 3;
	return now.policy == SCHED_OTHER && now.nice == 3 && (now.runtime_ns == 0 || now.runtime_ns == 100000) ? 0 : 4;
}

Test(proc, prompt)
{
	cr_assert_eq(in_child(is_prompt), 0);
}
