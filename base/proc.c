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
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
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

/* Reads the process back and compares each capability of each set. */
static int check_caps(const unsigned *caps, size_t caps_len, bool bounding, struct err *err)
{
	static const struct {
		capng_type_t type;
		const char *name;
		bool keeps;
	} sets[] = {
		{ CAPNG_PERMITTED, "permitted", true },	  { CAPNG_EFFECTIVE, "effective", true },
		{ CAPNG_BOUNDING_SET, "bounding", true }, { CAPNG_INHERITABLE, "inheritable", false },
		{ CAPNG_AMBIENT, "ambient", false },
	};
	bool wanted, have;

	if (capng_get_caps_process() != 0)
		return err_set(err, -EPERM, "cannot read the capabilities back");
	for (unsigned cap = 0; cap <= (unsigned)CAP_LAST_CAP; cap++) {
		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			if (sets[i].type == CAPNG_BOUNDING_SET && !bounding)
				continue;
			wanted = sets[i].keeps && cap_wanted(cap, caps, caps_len);
			have = capng_have_capability(sets[i].type, cap) != 0;
			if (have != wanted)
				return err_set(err, -EPERM, "capability %s: cannot be %s the %s set",
					       cap_name(cap), have ? "removed from" : "kept in",
					       sets[i].name);
		}
	}
	return 0;
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
	const capng_type_t kept = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

	if (capng_get_caps_process() != 0)
		return err_set(err, -EPERM, "cannot read the capabilities");
	for (size_t i = 0; i < caps_len; i++)
		if (!capng_have_capability(CAPNG_PERMITTED, caps[i]))
			return err_set(err, -EPERM, "capability %s is needed and not there",
				       cap_name(caps[i]));
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < caps_len; i++)
		if (capng_update(CAPNG_ADD, kept, caps[i]) != 0)
			return err_set(err, -EINVAL, "capability %u is not known", caps[i]);
	/* one refused part is enough to refuse; which one is what the check says */
	if (capng_apply(CAPNG_SELECT_ALL) != 0 && check_caps(caps, caps_len, true, err) == 0)
		return err_set(err, -EPERM, "cannot give up capabilities");
	return check_caps(caps, caps_len, true, err);
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
	AUTO(free) char *text = NULL;
	char path[40], *at;
	uint64_t ticks;
	size_t len;
	int r;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	r = fs_read(path, 4096, &text, &len);
	if (r == -ENOENT)
		return -ESRCH;
	if (r < 0)
		return r;
	/* comm may hold anything, also ')': what follows the last one is numbers, field 3 first */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, " %" SCNu64, &ticks) != 1)
		return -EPROTO;
	*ret_start_ticks = ticks;
	return 0;
}
