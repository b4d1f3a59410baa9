/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sun_path holds 108 bytes and a checkout may lie deeper. The kernel resolves "/proc/self/fd/N/name"
 * through the descriptor of the parent directory, so only the last part has to fit; neither closed
 * grandparents nor the working directory matter. A short path below the working directory is used as it is:
 * it needs no /proc and reads well in ss.
 */
#include "base/unix_address.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

int unix_address_init(struct unix_address *address, int dir_fd, const char *path)
{
	struct unix_address made = { .sun.sun_family = AF_UNIX };
	size_t size = sizeof(made.sun.sun_path);
	int r;

	made.parent_fd = fs_open_parent(dir_fd, path, O_PATH, &made.name);
	if (made.parent_fd < 0)
		return made.parent_fd;
	if (strlen(path) < size && (dir_fd == AT_FDCWD || path[0] == '/'))
		r = snprintf(made.sun.sun_path, size, "%s", path);
	else
		r = snprintf(made.sun.sun_path, size, "/proc/self/fd/%d/%s", made.parent_fd, made.name);
	if (r < 0 || (size_t)r >= size) {
		close(made.parent_fd);
		return -ENAMETOOLONG;
	}
	made.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)r + 1);
	*address = made;
	return 0;
}

void unix_address_done(struct unix_address *address)
{
	if (address->parent_fd >= 0)
		close(address->parent_fd);
	address->parent_fd = -1;
}
