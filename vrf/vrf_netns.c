/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: named network namespaces. A name is a file on which a namespace is bind-mounted. inotify tells when
 * the file is made and when it is removed, but not when the namespace is mounted on it a moment later: a new
 * file is looked at again in short steps until it is a namespace, or has been something else for too long.
 *
 * Names are always looked up by their whole path: ip-netns(8) mounts the directory over itself when it makes
 * the first name, so a descriptor of the directory from before would show the empty files beneath the mounts.
 * The watch is of the inode and holds. No namespace is held open between two looks, as that would keep it
 * alive after its removal.
 *
 * A name may also be a symbolic link to /proc/PID/ns/net, as is often made for containers: links are
 * followed.
 *
 * While the directory is not there its parent is watched. A namespace file that is our own namespace is no
 * VRF: it is the default one by another name.
 */
#include "vrf/vrf_netns.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "vrf/vrf.h"

#define DIR_EVENTS \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PARENT_EVENTS  (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PENDING_MAX    4096u
#define FAST_STEP_US   10000 /* while ip-netns(8) is at work */
#define FAST_FOR_US    1000000
#define SLOW_STEP_US   1000000	/* others take longer between file and mount */
#define PENDING_FOR_US 60000000 /* then it is just a file */

/* A file that is not a namespace yet. */
struct pending {
	char name[VRF_NAME_MAX_BYTES + 1];
	int64_t since_us;
};

struct vrf_netns {
	struct vrf_table *table;
	char *dir, *parent, *dir_name; /* dir_name points into dir */
	int inotify_fd;
	int dir_watch, parent_watch; /* -1 none */
	struct event *readable, *step;
	struct pending pending[PENDING_MAX];
	size_t pending_len;
};

AUTO_DECLARE(struct vrf_netns, vrf_netns_free)

static inline void closedir_auto(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* ---- one file ---- */

static bool is_own_namespace(const struct stat *status)
{
	struct stat own;

	return stat("/proc/thread-self/ns/net", &own) == 0 && own.st_ino == status->st_ino &&
	       own.st_dev == status->st_dev;
}

/* 1: a network namespace, *ret_inode is which; 0: not yet; <0: it will never be one of ours. */
static int probe(const struct vrf_netns *netns, const char *name, uint64_t *ret_inode)
{
	char path[PATH_MAX];
	AUTO(close) int path_fd = -1;
	AUTO(close) int fd = -1;
	struct statfs filesystem;
	struct stat status;
	int len = snprintf(path, sizeof(path), "%s/%s", netns->dir, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	/* opening what may be a device or a pipe has effects; looking at the path has none */
	path_fd = open(path, O_PATH | O_CLOEXEC);
	if (path_fd < 0 || fstatfs(path_fd, &filesystem) < 0)
		return -errno;
	if (filesystem.f_type != NSFS_MAGIC)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || is_own_namespace(&status))
		return -EINVAL;
	*ret_inode = status.st_ino;
	return 1;
}

/* ---- files that are not namespaces yet ---- */

static void pending_remove(struct vrf_netns *netns, const char *name)
{
	for (size_t i = 0; i < netns->pending_len; i++)
		if (strcmp(netns->pending[i].name, name) == 0)
			netns->pending[i--] = netns->pending[--netns->pending_len];
}

static void schedule_step(struct vrf_netns *netns, int64_t step_us)
{
	struct timeval delay = { .tv_sec = step_us / 1000000, .tv_usec = step_us % 1000000 };

	event_add(netns->step, &delay);
}

static void pending_add(struct vrf_netns *netns, const char *name)
{
	struct pending *pending;

	pending_remove(netns, name);
	if (netns->pending_len >= PENDING_MAX)
		return;
	pending = &netns->pending[netns->pending_len++];
	snprintf(pending->name, sizeof(pending->name), "%s", name);
	pending->since_us = clock_monotonic_us();
	schedule_step(netns, FAST_STEP_US);
}

/* ---- the directory ---- */

static void look(struct vrf_netns *netns, const char *name)
{
	uint64_t inode;
	int r;

	/* longer names cannot be said in the configuration */
	if (strlen(name) > VRF_NAME_MAX_BYTES)
		return;
	r = probe(netns, name, &inode);
	if (r > 0)
		vrf_table_netns_new(netns->table, name, inode);
	else if (r == 0)
		pending_add(netns, name);
}

/* Reads the directory anew. One that cannot be read has no namespaces. */
static void rescan(struct vrf_netns *netns)
{
	AUTO(closedir) DIR *dir = NULL;
	struct dirent *file;

	netns->pending_len = 0;
	vrf_table_dump_begin(netns->table, VRF_KIND_NETNS);
	dir = netns->dir_watch >= 0 ? opendir(netns->dir) : NULL;
	while (dir && (file = readdir(dir)))
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
			look(netns, file->d_name);
	vrf_table_dump_end(netns->table, VRF_KIND_NETNS);
}

/* Watches the directory, or its parent until there is the directory. */
static void watch_dir(struct vrf_netns *netns)
{
	netns->dir_watch = inotify_add_watch(netns->inotify_fd, netns->dir, DIR_EVENTS);
	if (netns->dir_watch < 0 && netns->parent_watch < 0) {
		netns->parent_watch = inotify_add_watch(netns->inotify_fd, netns->parent, PARENT_EVENTS);
		/* it may have come between the two looks */
		netns->dir_watch = inotify_add_watch(netns->inotify_fd, netns->dir, DIR_EVENTS);
	}
	if (netns->dir_watch >= 0 && netns->parent_watch >= 0) {
		inotify_rm_watch(netns->inotify_fd, netns->parent_watch);
		netns->parent_watch = -1;
	}
	rescan(netns);
	if (netns->dir_watch < 0 && netns->parent_watch < 0)
		schedule_step(netns, SLOW_STEP_US);
}

static void unwatch_dir(struct vrf_netns *netns)
{
	if (netns->dir_watch >= 0)
		inotify_rm_watch(netns->inotify_fd, netns->dir_watch);
	netns->dir_watch = -1;
}

/* Time to look again: at files, or, when not even the parent was there, at the directory. */
static void on_step(evutil_socket_t fd, short what, void *userdata)
{
	struct vrf_netns *netns = userdata;
	int64_t now_us = clock_monotonic_us();
	int64_t step_us = INT64_MAX;
	uint64_t inode;
	size_t kept = 0;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < netns->pending_len; i++) {
		struct pending pending = netns->pending[i];
		int64_t age_us = now_us - pending.since_us;
		int r = probe(netns, pending.name, &inode);

		if (r > 0)
			vrf_table_netns_new(netns->table, pending.name, inode);
		if (r != 0 || age_us >= PENDING_FOR_US)
			continue;
		netns->pending[kept++] = pending;
		step_us = age_us < FAST_FOR_US || step_us == FAST_STEP_US ? FAST_STEP_US : SLOW_STEP_US;
	}
	netns->pending_len = kept;
	if (kept)
		schedule_step(netns, step_us);
	if (netns->dir_watch < 0 && netns->parent_watch < 0)
		watch_dir(netns);
}

/* ---- inotify ---- */

static void take_dir_event(struct vrf_netns *netns, const struct inotify_event *event)
{
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
		unwatch_dir(netns);
		watch_dir(netns);
	} else if (event->len == 0) {
		return;
	} else if (event->mask & (IN_DELETE | IN_MOVED_FROM)) {
		pending_remove(netns, event->name);
		vrf_table_netns_gone(netns->table, event->name);
	} else if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
		look(netns, event->name);
	}
}

static void take_parent_event(struct vrf_netns *netns, const struct inotify_event *event)
{
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
		inotify_rm_watch(netns->inotify_fd, netns->parent_watch);
		netns->parent_watch = -1;
		watch_dir(netns);
	} else if (event->len > 0 && strcmp(event->name, netns->dir_name) == 0) {
		watch_dir(netns);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	char bytes[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct vrf_netns *netns = userdata;
	ssize_t len_bytes = read(fd, bytes, sizeof(bytes));
	const struct inotify_event *event;

	(void)what;
	for (ssize_t at = 0; at < len_bytes; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(bytes + at);
		if (event->mask & IN_Q_OVERFLOW)
			rescan(netns);
		else if (event->wd == netns->dir_watch)
			take_dir_event(netns, event);
		else if (event->wd == netns->parent_watch)
			take_parent_event(netns, event);
	}
}

/* ---- life ---- */

/* Splits dir into the directory it is in and its name there. */
static int take_paths(struct vrf_netns *netns, const char *netns_dir)
{
	char *slash;

	netns->dir = strdup(netns_dir);
	netns->parent = strdup(netns_dir);
	if (!netns->dir || !netns->parent)
		return -ENOMEM;
	for (size_t len = strlen(netns->dir); len > 1 && netns->dir[len - 1] == '/'; len--)
		netns->dir[len - 1] = netns->parent[len - 1] = '\0';
	slash = strrchr(netns->parent, '/');
	netns->dir_name = slash ? netns->dir + (slash - netns->parent) + 1 : netns->dir;
	if (!slash)
		return snprintf(netns->parent, 2, ".") == 1 ? 0 : -EINVAL;
	slash[slash == netns->parent ? 1 : 0] = '\0';
	return 0;
}

int vrf_netns_new(struct event_base *base, struct vrf_table *table, const char *netns_dir,
		  struct vrf_netns **ret_netns, struct err *err)
{
	AUTO(vrf_netns_free) struct vrf_netns *netns = calloc(1, sizeof(*netns));
	int r;

	if (!netns)
		return err_set(err, -ENOMEM, "cannot watch network namespaces: no memory");
	netns->table = table;
	netns->inotify_fd = netns->dir_watch = netns->parent_watch = -1;
	if (!netns_dir[0] || take_paths(netns, netns_dir) < 0)
		return err_set(err, -EINVAL, "cannot watch network namespaces in '%s'", netns_dir);
	netns->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (netns->inotify_fd < 0) {
		r = -errno;
		return err_set(err, r, "cannot watch network namespaces: inotify: %s", strerror(-r));
	}
	netns->readable = event_new(base, netns->inotify_fd, EV_READ | EV_PERSIST, on_readable, netns);
	netns->step = evtimer_new(base, on_step, netns);
	if (!netns->readable || !netns->step || event_add(netns->readable, NULL) < 0)
		return err_set(err, -ENOMEM, "cannot watch network namespaces: no memory");
	watch_dir(netns);
	*ret_netns = take(netns);
	return 0;
}

void vrf_netns_free(struct vrf_netns *netns)
{
	if (!netns)
		return;
	if (netns->readable)
		event_free(netns->readable);
	if (netns->step)
		event_free(netns->step);
	if (netns->inotify_fd >= 0)
		close(netns->inotify_fd);
	free(netns->dir);
	free(netns->parent);
	free(netns);
}
