// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: How a program of the distribution comes to see nothing but the file root
 *
 * sftp-server and scp need the loader, libraries and the user database when they start, and a client must never reach
 * them. Both ask for their user as the last thing of their start (a fatal error when there is none). So:
 *
 *   1. In a user namespace and a mount namespace of its own, this process lays a file with just this user over
 *      /etc/passwd. No privilege is needed or used.
 *   2. A helper takes a lease on that file. It shares root and working directory with this process (CLONE_FS), which
 *      execute(2) leaves as they are.
 *   3. The program is executed and loads what it needs. Its open(2) of /etc/passwd stops until the lease is given back.
 *   4. The helper moves both into the file root, takes everything else out of the mount namespace (or a file system
 *      that the system unmounts would stay in use for as long as a client stays), gives the lease back, and ends. There
 *      is no way up from there, no /proc, and no capability to change that.
 */
#include "services/ssh/file_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define START_TIME_S 10
/* the place where the few files are made that are laid over the system's; hidden only from the program that starts */
#define OVERLAY_DIR  "/tmp"
#define PASSWD_PATH  OVERLAY_DIR "/passwd"
#define SWITCH_PATH  OVERLAY_DIR "/nsswitch.conf"
#define ROOT_PATH    OVERLAY_DIR "/root"

const char *const file_root_volumes[] = { "harddisk:", "disk0:", NULL };

/* ---- the directory ---- */

static int volume_make(int dir_fd, const char *name, struct err *err)
{
	struct stat st;

	if (mkdirat(dir_fd, name, 0755) == 0) {
		/* not by mkdir's mode: the umask takes bits away */
		if (fchmodat(dir_fd, name, 01777, 0) < 0)
			return err_set(err, -errno, "%s: %s", name, strerror(errno));
		return 0;
	}
	if (errno != EEXIST || fstatat(dir_fd, name, &st, 0) < 0)
		return err_set(err, -errno, "%s: %s", name, strerror(errno));
	/* an operator may have put a file system there, or a link to one */
	return S_ISDIR(st.st_mode) ? 0 : err_set(err, -ENOTDIR, "%s is no directory", name);
}

int file_root_prepare(const char *path, int *ret_fd, struct err *err)
{
	AUTO(close) int fd = -1;
	int r = fs_mkdir(path, 0755);

	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchmodat(AT_FDCWD, path, 0755, 0) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	for (size_t i = 0; file_root_volumes[i] && r == 0; i++)
		r = volume_make(fd, file_root_volumes[i], err);
	/* files are for the volumes, and none for beside them */
	if (r == 0 && fchmodat(AT_FDCWD, path, 0555, 0) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}

/* ---- the namespaces ---- */

static int text_write(const char *path, int flags, const char *text)
{
	AUTO(close) int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	return write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
}

static int id_map(const char *path, unsigned id)
{
	char text[40];

	snprintf(text, sizeof(text), "%u %u 1", id, id);
	return text_write(path, 0, text);
}

static int namespaces_enter(struct err *err)
{
	unsigned uid = geteuid(), gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return err_set(err, -errno,
			       "this system gives users no namespaces (%s), and without them files would not be kept "
			       "apart; see user.max_user_namespaces and kernel.unprivileged_userns_clone",
			       strerror(errno));
	r = text_write("/proc/self/setgroups", 0, "deny");
	if (r == 0)
		r = id_map("/proc/self/uid_map", uid);
	if (r == 0)
		r = id_map("/proc/self/gid_map", gid);
	if (r < 0)
		return err_set(err, r, "cannot set up a user namespace: %s", strerror(-r));
	/* nothing done here is to be seen outside */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_set(err, -errno, "cannot set up a mount namespace: %s", strerror(errno));
	return 0;
}

/* ---- what the program finds when it starts ---- */

static int overlay_bind(const char *from, const char *to, bool needed)
{
	if (mount(from, to, NULL, MS_BIND, NULL) == 0 || (errno == ENOENT && !needed))
		return 0;
	return -errno;
}

/* A user without an account is not in the system's files; and nothing but the file may be asked, or the program would
 * go on without having touched it. */
static int overlay_make(const char *user_name)
{
	char line[320];
	int r;

	r = snprintf(line, sizeof(line), "%s:x:%u:%u::/:/bin/false\n", user_name, (unsigned)geteuid(),
		     (unsigned)getegid());
	if (r < 0 || r >= (int)sizeof(line) || strpbrk(user_name, ":\n"))
		return -EINVAL;
	if (mount("tmpfs", OVERLAY_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=0755,size=64k,nr_inodes=16") < 0)
		return -errno;
	r = text_write(PASSWD_PATH, O_CREAT | O_EXCL, line);
	if (r == 0)
		r = text_write(SWITCH_PATH, O_CREAT | O_EXCL, "passwd: files\ngroup: files\n");
	if (r == 0)
		r = overlay_bind(PASSWD_PATH, "/etc/passwd", true);
	if (r == 0)
		r = overlay_bind(SWITCH_PATH, "/etc/nsswitch.conf", false);
	/* where the cache daemon of the user database would be asked first */
	if (r == 0 && mount("tmpfs", "/run/nscd", "tmpfs", 0, "size=4k,nr_inodes=2") < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

/* pivot_root(2) wants a mount. What is mounted below the file root comes along. */
static int root_make(void)
{
	if (mkdir(ROOT_PATH, 0755) < 0 || mount(".", ROOT_PATH, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    chdir(ROOT_PATH) < 0)
		return -errno;
	return 0;
}

/* ---- the helper ---- */

/* The old root ends up above the new one, and is taken away. A system that runs from its initramfs cannot do that. */
static int root_move(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
	return chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

static int lease_take(void)
{
	AUTO(close) int fd = open(PASSWD_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return -errno;
	return take_fd(fd);
}

/* Everything of the program's that this process has a copy of; the client must see their ends when the program ends. */
static void descriptors_close(int keep_fd)
{
	if (keep_fd > 0)
		close_range(0, (unsigned)keep_fd - 1, 0);
	close_range((unsigned)keep_fd + 1, ~0u, 0);
}

static void help(int ready_fd, pid_t program) __attribute__((noreturn));
static void help(int ready_fd, pid_t program)
{
	const struct timespec time = { .tv_sec = START_TIME_S };
	sigset_t wake;
	int lease_fd;

	sigemptyset(&wake);
	sigaddset(&wake, SIGIO);
	sigprocmask(SIG_BLOCK, &wake, NULL);
	/* when the program dies there is nothing left to do */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != program)
		_exit(1);
	lease_fd = lease_take();
	if (lease_fd < 0 || write(ready_fd, "", 1) != 1)
		_exit(1);
	descriptors_close(lease_fd);
	if (sigtimedwait(&wake, NULL, &time) != SIGIO || root_move() < 0) {
		kill(program, SIGKILL);
		_exit(1);
	}
	_exit(0); /* and with it goes the lease */
}

static int helper_start(struct err *err)
{
	pid_t program = getpid(), pid;
	int ready[2], got;
	char byte;

	/* the program does not know of this child: nobody would take its exit status */
	signal(SIGCHLD, SIG_IGN);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_set(err, -errno, "pipe: %s", strerror(errno));
	/* like fork(2), but root and working directory are shared */
	pid = (pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		help(ready[1], program);
	close(ready[1]);
	got = pid < 0 ? -1 : (int)read(ready[0], &byte, 1);
	close(ready[0]);
	return got == 1 ? 0 : err_set(err, -EIO, "no lease on the list of users");
}

int file_root_enter(const char *user_name, struct err *err)
{
	int r = namespaces_enter(err);

	if (r < 0)
		return r;
	r = overlay_make(user_name);
	if (r < 0)
		return err_set(err, r, "cannot make the list of users: %s", strerror(-r));
	r = root_make();
	return r < 0 ? err_set(err, r, "cannot mount the file root: %s", strerror(-r)) : helper_start(err);
}
