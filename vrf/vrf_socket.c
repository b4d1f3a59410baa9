/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: to be inside a VRF. For a VRF device the socket is bound by link index, so a device of the same name
 * that came later is never bound by mistake. For a namespace the thread visits it for as long as socket(2)
 * takes; a thread that cannot come back would serve the wrong network from then on, so the process ends
 * there.
 */
#include "vrf/vrf_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NETNS_DIR "/run/netns"

static int open_socket(const struct vrf *vrf, int family, int type, int protocol, struct err *err)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd < 0) {
		int r = -errno;

		return err_set(err, r, "VRF %s: cannot open a socket: %s", vrf->name, strerror(-r));
	}
	return fd;
}

static int open_bound(const struct vrf *vrf, int family, int type, int protocol, struct err *err)
{
	AUTO(close) int fd = open_socket(vrf, family, type, protocol, err);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &vrf->ifindex, sizeof(vrf->ifindex)) < 0) {
		int r = -errno;

		return err_set(err, r, "VRF %s: cannot bind to device %s: %s", vrf->name, vrf->device,
			       strerror(-r));
	}
	return take_fd(fd);
}

/* Opens the namespace, and only the one the table speaks of: the name may stand for another by now. */
static int open_netns(const struct vrf *vrf, struct err *err)
{
	char path[4096];
	struct stat status;
	AUTO(close) int fd = -1;
	int len = snprintf(path, sizeof(path), "%s/%s", vrf->netns_dir ? vrf->netns_dir : NETNS_DIR,
			   vrf->name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return err_set(err, -ENAMETOOLONG, "VRF %s: the name of its namespace is too long",
			       vrf->name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0) {
		int r = errno == ENOENT ? -ENODEV : -errno;

		return err_set(err, r, "VRF %s: cannot open its namespace: %s", vrf->name, strerror(-r));
	}
	if (vrf->netns_inode && status.st_ino != vrf->netns_inode)
		return err_set(err, -ENODEV, "VRF %s: its namespace was replaced", vrf->name);
	return take_fd(fd);
}

static int enter_netns(const struct vrf *vrf, struct err *err)
{
	AUTO(close) int fd = open_netns(vrf, err);
	int r;

	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET) == 0)
		return 0;
	/* EINVAL: the file is not a network namespace, so there is no VRF of this name */
	r = errno == EINVAL ? -ENODEV : -errno;
	return err_set(err, r, "VRF %s: cannot enter its namespace: %s", vrf->name, strerror(-r));
}

static int open_inside(const struct vrf *vrf, int family, int type, int protocol, struct err *err)
{
	AUTO(close) int home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (home_fd < 0) {
		fd = -errno;
		return err_set(err, fd, "cannot open the own network namespace: %s", strerror(-fd));
	}
	fd = enter_netns(vrf, err);
	if (fd < 0)
		return fd;
	fd = open_socket(vrf, family, type, protocol, err);
	if (setns(home_fd, CLONE_NEWNET) < 0)
		abort();
	return fd;
}

static int check_presence(const struct vrf *vrf, struct err *err)
{
	if (vrf->state == VRF_PRESENT || vrf->state == VRF_UP)
		return 0;
	return err_set(err, -ENODEV, "VRF %s is not present", vrf->name);
}

int vrf_socket(const struct vrf *vrf, int family, int type, int protocol, struct err *err)
{
	int r = check_presence(vrf, err);

	if (r < 0)
		return r;
	switch (vrf->kind) {
	case VRF_KIND_DEFAULT:
		return open_socket(vrf, family, type, protocol, err);
	case VRF_KIND_L3MDEV:
		return open_bound(vrf, family, type, protocol, err);
	case VRF_KIND_NETNS:
		return open_inside(vrf, family, type, protocol, err);
	case VRF_KIND_UNKNOWN:
	case VRF_KIND_MAX:
		break;
	}
	return err_set(err, -ENODEV, "VRF %s is of no known kind", vrf->name);
}

int vrf_enter(const struct vrf *vrf, struct err *err)
{
	int r = check_presence(vrf, err);

	return r < 0 || vrf->kind != VRF_KIND_NETNS ? r : enter_netns(vrf, err);
}
