// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The seal of the transport
 *
 * Everything that reads network bytes runs behind it, before authentication and after. It has no file system (an empty
 * root), no privilege, no new process, no socket but the ones it was given, and bounded memory and time. The system
 * calls left are those that libssh, OpenSSL and the C library were seen to make, each with the narrowest arguments
 * that work.
 * A call outside the list ends the process: a program that tries one is not ours any more.
 */
#include "services/ssh/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/proc.h"

#define MIB (1024ull * 1024)

static int limits_set(struct err *err)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t value;
		const char *name;
		bool sanitizer_allows;
	} limits[] = {
		{ RLIMIT_AS, 896 * MIB, "address space", false }, /* libssh keeps what comes past the window */
		{ RLIMIT_DATA, 512 * MIB, "data", false }, /* a relay has 6.3, and SESSION_ROWS_MAX may run */
		{ RLIMIT_CPU, 24 * 3600, "processor time", true }, /* 1 GiB costs about a second */
		{ RLIMIT_NOFILE, 128, "descriptors", true }, /* 10 channels of two, and the four of the start */
		{ RLIMIT_NPROC, 0, "processes", false },
		{ RLIMIT_CORE, 0, "core dumps", true },
		{ RLIMIT_FSIZE, 0, "file size", false },
		{ RLIMIT_MEMLOCK, 0, "locked memory", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit old, limit = { limits[i].value, limits[i].value };

		if (SANDBOX_SANITIZED && !limits[i].sanitizer_allows)
			continue;
		if (getrlimit(limits[i].resource, &old) < 0)
			return err_set(err, -errno, "cannot read the limit of %s: %s", limits[i].name,
				       strerror(errno));
		if (old.rlim_max < limit.rlim_max)
			limit.rlim_cur = limit.rlim_max = old.rlim_max;
		if (setrlimit(limits[i].resource, &limit) < 0)
			return err_set(err, -errno, "cannot limit %s: %s", limits[i].name, strerror(errno));
	}
	return 0;
}

static void __attribute__((format(printf, 2, 3))) missing_add(struct err *missing, const char *format, ...)
{
	size_t len = strlen(missing->text);
	va_list args;

	if (len + 4 >= sizeof(missing->text))
		return;
	if (len > 0) {
		memcpy(missing->text + len, ", ", 3);
		len += 2;
	}
	va_start(args, format);
	vsnprintf(missing->text + len, sizeof(missing->text) - len, format, args);
	va_end(args);
}

/* An ordinary user gets an empty root only inside a user namespace, where that is allowed. */
static bool namespaces_enter(struct err *missing)
{
	static const struct {
		int flag;
		const char *name;
	} more[] = { { CLONE_NEWNET, "network" },
		     { CLONE_NEWIPC, "IPC" },
		     { CLONE_NEWUTS, "UTS" },
		     { CLONE_NEWCGROUP, "cgroup" } };
	int all = CLONE_NEWUSER;

	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		all |= more[i].flag;
	if (unshare(all) == 0)
		return true;
	if (unshare(CLONE_NEWUSER) < 0) {
		missing_add(missing, "empty root (no user namespace: %s)", strerror(errno));
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (unshare(more[i].flag) < 0)
			missing_add(missing, "%s namespace", more[i].name);
	return true;
}

static int root_enter(int root_fd, struct err *err)
{
	if (fchdir(root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_set(err, -errno, "cannot enter the empty root: %s", strerror(errno));
	close(root_fd);
	return 0;
}

/* All capabilities out of all sets, the bounding set included: after this even an execve as uid 0 would get none. */
static int caps_drop(struct err *err)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return err_set(err, -EPERM, "cannot empty the bounding set");
	return 0;
}

static int caps_check(struct err *err)
{
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0 || capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return err_set(err, -EPERM, "capabilities are left");
	return 0;
}

static int privilege_drop(const struct sandbox *sandbox, struct err *missing, struct err *err)
{
	bool rooted = true;
	int r = 0;

	if (sandbox->weak)
		rooted = namespaces_enter(missing);
	if (rooted)
		r = root_enter(sandbox->root_fd, err);
	if (r < 0)
		return r;
	if (!rooted)
		close(sandbox->root_fd);
	/* without a user namespace an ordinary user has nothing to drop */
	if (rooted)
		r = caps_drop(err);
	if (r < 0)
		return r;
	if (!sandbox->weak)
		r = proc_drop_user(sandbox->uid, sandbox->gid, err);
	return r < 0 ? r : caps_check(err);
}

struct rule {
	int call;
	unsigned conditions;
	struct scmp_arg_cmp arguments[3];
};

#define ANY(name)	     { SCMP_SYS(name), 0, { { 0 } } }
#define IF(name, a)	     { SCMP_SYS(name), 1, { a } }
#define IF2(name, a, b)	     { SCMP_SYS(name), 2, { a, b } }
#define ARG(n, value)	     SCMP_CMP(n, SCMP_CMP_EQ, (scmp_datum_t)(value))
#define WITHOUT(n, mask)     SCMP_CMP(n, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), 0)

static int filter_add(scmp_filter_ctx filter, const struct rule *rules, size_t len)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		/* a call that this architecture does not have is no loss */
		if (rules[i].call < 0)
			continue;
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, rules[i].conditions,
					   rules[i].arguments);
	}
	return r;
}

static int filter_fill(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	const struct rule rules[] = {
		/* the traffic */
		ANY(poll),
		ANY(ppoll),
		ANY(read),
		ANY(write),
		ANY(recvfrom),
		ANY(sendto),
		ANY(shutdown),
		ANY(close),
		IF(recvmsg, ARG(0, sandbox->rpc_fd)),
		IF(recvmsg, ARG(0, sandbox->event_fd)),
		IF(sendmsg, ARG(0, sandbox->rpc_fd)),
		/* descriptors come from the monitor and are made non-blocking */
		IF(fcntl, ARG(1, F_GETFL)),
		IF(fcntl, ARG(1, F_SETFL)),
		IF(fcntl, ARG(1, F_GETFD)),
		IF2(fcntl, ARG(1, F_SETFD), ARG(2, FD_CLOEXEC)),
		IF2(getsockopt, ARG(1, SOL_SOCKET), ARG(2, SO_ERROR)),
		{ SCMP_SYS(setsockopt), 2, { ARG(0, sandbox->socket_fd), ARG(1, IPPROTO_TCP) } },
		/* it may step back behind the others, itself alone and for ever */
		{ SCMP_SYS(setpriority), 3, { ARG(0, PRIO_PROCESS), ARG(1, 0), ARG(2, SANDBOX_BULK_NICE) } },
		/* memory, but never executable */
		ANY(brk),
		ANY(munmap),
		ANY(mremap),
		ANY(madvise),
		IF(mmap, WITHOUT(2, PROT_EXEC)),
		IF(mprotect, WITHOUT(2, PROT_EXEC)),
		/* time, randomness, the C library */
		ANY(clock_gettime),
		ANY(gettimeofday),
		ANY(time),
		ANY(getrandom),
		ANY(getpid),
		ANY(futex),
		ANY(rt_sigreturn),
		ANY(rt_sigprocmask),
		ANY(restart_syscall),
		ANY(exit),
		ANY(exit_group),
	};
	static const int refused[] = { SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(stat) };
	int r = filter_add(filter, rules, ARRAY_SIZE(rules));

	/* libssh looks for files it does not need */
	for (size_t i = 0; i < ARRAY_SIZE(refused) && r == 0; i++)
		if (refused[i] >= 0)
			r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
	return r;
}

/* The filter as the kernel takes it, so that many processes can load one that was made once. */
static int filter_export(scmp_filter_ctx filter, struct sandbox_filter *ret_filter)
{
	AUTO(close) int fd = memfd_create("filter", MFD_CLOEXEC);
	struct sandbox_filter made = { 0 };
	off_t len;
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return r;
	len = lseek(fd, 0, SEEK_END);
	if (len <= 0 || len % (off_t)sizeof(struct sock_filter) ||
	    len / (off_t)sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -EPROTO;
	made.len = (unsigned short)(len / (off_t)sizeof(struct sock_filter));
	made.code = malloc((size_t)len);
	if (!made.code)
		return -ENOMEM;
	if (pread(fd, made.code, (size_t)len, 0) != len) {
		free(made.code);
		return -EIO;
	}
	*ret_filter = made;
	return 0;
}

int sandbox_filter_make(const struct sandbox *sandbox, struct sandbox_filter *ret_filter, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!filter)
		return err_set(err, -ENOMEM, "no memory for the system call filter");
	/* a tree instead of a list: the kernel runs it for every call there is when it is loaded */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = filter_fill(filter, sandbox);
	if (r == 0)
		r = filter_export(filter, ret_filter);
	seccomp_release(filter);
	return r < 0 ? err_set(err, r, "cannot make the system call filter: %s", strerror(-r)) : 0;
}

int sandbox_drop(const struct sandbox *sandbox, struct err *ret_missing, struct err *err)
{
	struct err missing = { "" };
	int r = privilege_drop(sandbox, &missing, err);

	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot refuse dumps and new privileges: %s", strerror(errno));
	if (SANDBOX_SANITIZED)
		missing_add(&missing, "system call filter and memory limits (built with a sanitizer)");
	*ret_missing = missing;
	return 0;
}

int sandbox_confine(const struct sandbox_filter *filter, struct err *err)
{
	const struct sock_fprog program = { .len = filter->len, .filter = filter->code };
	int r = limits_set(err);

	if (r < 0 || SANDBOX_SANITIZED)
		return r;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return err_set(err, -errno, "cannot load the system call filter: %s", strerror(errno));
	return 0;
}
