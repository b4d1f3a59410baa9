/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: identity of a process. Privilege is given up through the kernel's own answers: after each step the
 * state is read back, because a silently refused step (a missing capability, a strange container) would leave
 * a door open.
 */
#include "base/proc.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unix_address.h"

static char *title_at;
static size_t title_size;

/* argv and environ lie in one block of the stack; strings that are elsewhere end it. */
static char *title_area_end(char **strings, char *end)
{
	for (size_t i = 0; strings[i]; i++)
		if (strings[i] == end)
			end += strlen(strings[i]) + 1;
	return end;
}

static char **copy_strings(char **strings)
{
	size_t len = 0;
	char **copy;

	while (strings[len])
		len++;
	copy = calloc(len + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < len; i++) {
		copy[i] = strdup(strings[i]);
		if (copy[i])
			continue;
		while (i > 0)
			free(copy[--i]);
		free(copy);
		copy = NULL;
	}
	return copy;
}

void proc_title_init(int argc, char **argv)
{
	char **environ_copy, **argv_copy, *end;

	if (title_at || argc < 1)
		return;
	end = title_area_end(environ, title_area_end(argv, argv[0]));
	environ_copy = copy_strings(environ);
	argv_copy = copy_strings(argv);
	/* without memory the title stays as it was */
	if (!environ_copy || !argv_copy)
		return;
	title_at = argv[0];
	title_size = (size_t)(end - argv[0]);
	environ = environ_copy;
	for (int i = 0; i < argc; i++)
		argv[i] = argv_copy[i];
	free(argv_copy);
	program_invocation_name = argv[0];
	end = strrchr(argv[0], '/');
	program_invocation_short_name = end ? end + 1 : argv[0];
}

void proc_title(const char *comm, const char *format, ...)
{
	va_list args;

	prctl(PR_SET_NAME, comm);
	if (title_size < 2)
		return;
	memset(title_at, 0, title_size);
	va_start(args, format);
	vsnprintf(title_at, title_size - 1, format, args);
	va_end(args);
}

static int check_ids(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return -errno;
	if (ruid != uid || euid != uid || suid != uid || rgid != gid || egid != gid || sgid != gid)
		return -EPERM;
	/* the kernel must refuse the way back */
	if (setresuid(0, 0, 0) == 0 || seteuid(0) == 0)
		return -EPERM;
	if (gid != 0 && (setresgid(0, 0, 0) == 0 || setegid(0) == 0))
		return -EPERM;
	return getgroups(0, NULL) == 0 ? 0 : -EPERM;
}

static bool cap_wanted(unsigned cap, const unsigned *caps, size_t caps_len)
{
	for (size_t i = 0; i < caps_len; i++)
		if (caps[i] == cap)
			return true;
	return false;
}

static const char *cap_name(unsigned cap)
{
	const char *name = capng_capability_to_name(cap);

	return name ? name : "unknown";
}

/* What the kernel has of the process, by one bit for each capability. */
struct caps_state {
	uint64_t permitted, effective, inheritable, bounding, ambient;
};

/* By system calls: a session is begun with this, and reading it from /proc took longer than a signature. */
static int caps_read(struct caps_state *ret_state)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct caps_state state = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++) {
		state.permitted |= (uint64_t)data[i].permitted << 32 * i;
		state.effective |= (uint64_t)data[i].effective << 32 * i;
		state.inheritable |= (uint64_t)data[i].inheritable << 32 * i;
	}
	for (unsigned cap = 0; cap <= (unsigned)CAP_LAST_CAP; cap++) {
		if (prctl(PR_CAPBSET_READ, cap) > 0)
			state.bounding |= UINT64_C(1) << cap;
		/* the kernel lets none be ambient that is not inheritable, capabilities(7) */
		if ((state.inheritable >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			state.ambient |= UINT64_C(1) << cap;
	}
	*ret_state = state;
	return 0;
}

/* Reads the process back and compares each capability of each set. */
static int check_caps(const unsigned *caps, size_t caps_len, bool bounding, struct err *err)
{
	struct caps_state state;

	if (caps_read(&state) < 0)
		return err_set(err, -EPERM, "cannot read the capabilities back");
	for (unsigned cap = 0; cap <= (unsigned)CAP_LAST_CAP; cap++) {
		const struct {
			uint64_t set;
			const char *name;
			bool keeps, looked_at;
		} sets[] = {
			{ state.permitted, "permitted", true, true },
			{ state.effective, "effective", true, true },
			{ state.bounding, "bounding", true, bounding },
			{ state.inheritable, "inheritable", false, true },
			{ state.ambient, "ambient", false, true },
		};

		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			bool wanted = sets[i].keeps && cap_wanted(cap, caps, caps_len);
			bool have = (sets[i].set >> cap & 1) != 0;

			if (sets[i].looked_at && have != wanted)
				return err_set(err, -EPERM, "capability %s: cannot be %s the %s set",
					       cap_name(cap), have ? "removed from" : "kept in",
					       sets[i].name);
		}
	}
	return 0;
}

static int caps_set(uint64_t kept)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
		data[i].permitted = data[i].effective = (uint32_t)(kept >> 32 * i);
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* A permitted set may be left although root is gone (SECBIT_KEEP_CAPS). The bounding set is not touched: to
 * shrink it takes a capability, and what it allows is not had. */
static int clear_caps(struct err *err)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return err_set(err, -EPERM, "cannot give up capabilities");
	return check_caps(NULL, 0, false, err);
}

int proc_drop_user(uid_t uid, gid_t gid, struct err *err)
{
	int r;

	if (uid == 0 || uid == (uid_t)-1 || gid == (gid_t)-1)
		return err_set(err, -EINVAL, "uid %u gid %u cannot be dropped to", uid, gid);
	if (setgroups(0, NULL) < 0)
		return err_set(err, -errno, "cannot leave the supplementary groups: %s", strerror(errno));
	if (setresgid(gid, gid, gid) < 0)
		return err_set(err, -errno, "cannot become gid %u: %s", gid, strerror(errno));
	if (setresuid(uid, uid, uid) < 0)
		return err_set(err, -errno, "cannot become uid %u: %s", uid, strerror(errno));
	r = clear_caps(err);
	if (r < 0)
		return r;
	r = check_ids(uid, gid);
	if (r < 0)
		return err_set(err, r, "root is not given up for good after becoming uid %u", uid);
	return 0;
}

int proc_limit_caps(const unsigned *caps, size_t caps_len, struct err *err)
{
	struct caps_state state;
	uint64_t kept = 0;
	bool refused = false;

	if (caps_read(&state) < 0)
		return err_set(err, -EPERM, "cannot read the capabilities");
	for (size_t i = 0; i < caps_len; i++) {
		if (caps[i] > (unsigned)CAP_LAST_CAP)
			return err_set(err, -EINVAL, "capability %u is not known", caps[i]);
		if (!(state.permitted >> caps[i] & 1))
			return err_set(err, -EPERM, "capability %s is needed and not there",
				       cap_name(caps[i]));
		kept |= UINT64_C(1) << caps[i];
	}
	/* first the bounding set: to shrink it takes a capability */
	for (unsigned cap = 0; cap <= (unsigned)CAP_LAST_CAP; cap++)
		if ((state.bounding & ~kept) >> cap & 1)
			refused = prctl(PR_CAPBSET_DROP, cap) < 0 || refused;
	refused = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || refused;
	refused = caps_set(kept) < 0 || refused;
	/* one refused part is enough to refuse; which one is what the check says */
	if (refused && check_caps(caps, caps_len, true, err) == 0)
		return err_set(err, -EPERM, "cannot give up capabilities");
	return check_caps(caps, caps_len, true, err);
}

/* Of linux/sched/types.h, which not every C library's sched.h goes together with. */
struct sched_request {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

void proc_be_prompt(void)
{
	const struct sched_request request = {
		.size = sizeof(request),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime_ns = 100000, /* the shortest there is */
	};

	(void)syscall(SYS_sched_setattr, 0, &request, 0u);
}

void proc_signals_default(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int proc_notify_ready(void)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct unix_address address = { .parent_fd = -1 };
	AUTO(close) int fd = -1;
	size_t len;
	int r = 0;

	if (!path)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	len = strlen(path);
	if (path[0] == '@') {
		if (len < 2 || len > sizeof(address.sun.sun_path))
			return -EINVAL;
		address.sun.sun_family = AF_UNIX;
		memcpy(address.sun.sun_path + 1, path + 1, len - 1);
		address.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	} else {
		r = unix_address_init(&address, AT_FDCWD, path);
		if (r < 0)
			return r;
	}
	if (sendto(fd, ready, strlen(ready), MSG_NOSIGNAL, (struct sockaddr *)&address.sun, address.len) < 0)
		r = -errno;
	unix_address_done(&address);
	return r;
}

int proc_start_ticks(pid_t pid, uint64_t *ret_start_ticks)
{
	char path[40], text[1024], *at, *end;
	AUTO(close) int fd = -1;
	uint64_t ticks;
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno; /* -ESRCH when it went away meanwhile */
	text[n] = '\0';
	/* comm may hold anything, also ')': what follows the last one is numbers, field 3 first */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EPROTO;
	ticks = strtoull(at + 1, &end, 10);
	if (end == at + 1)
		return -EPROTO;
	*ret_start_ticks = ticks;
	return 0;
}
