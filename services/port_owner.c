/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: from a port to the program that listens on it. The kernel's table of sockets gives inodes, the
 * descriptors of the processes give the program that holds one. Processes of other users are seen only with the
 * right to trace them, so the answer may be the user alone. Several candidates (the table does not tell VRFs
 * apart) are no answer at all.
 */
#include "services/port_owner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CANDIDATES_MAX 8u
#define TCP_LISTEN     0x0a /* include/net/tcp_states.h */

struct candidates {
	unsigned long inodes[CANDIDATES_MAX];
	unsigned uids[CANDIDATES_MAX];
	size_t len;
};

static inline void closedir_auto(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void table_read(const char *path, uint16_t port, struct candidates *candidates)
{
	AUTO(fclose) FILE *file = fopen(path, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file) && candidates->len < CANDIDATES_MAX) {
		unsigned local_port, state, uid;
		unsigned long inode;

		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u %*u %lu",
			   &local_port, &state, &uid, &inode) != 4)
			continue;
		if (local_port != port || state != TCP_LISTEN)
			continue;
		candidates->inodes[candidates->len] = inode;
		candidates->uids[candidates->len++] = uid;
	}
}

static bool holds_inode(long pid, const struct candidates *candidates)
{
	char path[64], target[64];
	AUTO(closedir) DIR *dir = NULL;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		unsigned long inode;
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len <= 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (size_t i = 0; i < candidates->len; i++)
			if (candidates->inodes[i] == inode)
				return true;
	}
	return false;
}

/* Calls on_pid for each process until it returns true. The pid, or 0. */
static long process_find(bool (*on_pid)(long pid, const void *wanted), const void *wanted)
{
	AUTO(closedir) DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && !*end && pid != getpid() && on_pid(pid, wanted))
			return pid;
	}
	return 0;
}

static bool is_holder(long pid, const void *wanted)
{
	return holds_inode(pid, wanted);
}

static bool is_in_netns(long pid, const void *wanted)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	return stat(path, &status) == 0 && status.st_ino == *(const uint64_t *)wanted;
}

const char *port_owner_text(const struct vrf *vrf, uint16_t port, char *buffer, size_t size_bytes)
{
	long pid = getpid();
	struct candidates candidates = { .len = 0 };
	char path[64], name[17] = "";
	AUTO(fclose) FILE *comm = NULL;

	snprintf(buffer, size_bytes, "another program");
	if (vrf->kind == VRF_KIND_NETNS)
		pid = process_find(is_in_netns, &vrf->netns_inode);
	if (pid == 0)
		return buffer;
	snprintf(path, sizeof(path), "/proc/%ld/net/tcp", pid);
	table_read(path, port, &candidates);
	snprintf(path, sizeof(path), "/proc/%ld/net/tcp6", pid);
	table_read(path, port, &candidates);
	if (candidates.len == 0)
		return buffer;
	pid = process_find(is_holder, &candidates);
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	comm = pid ? fopen(path, "re") : NULL;
	if (comm && fgets(name, sizeof(name), comm)) {
		name[strcspn(name, "\n")] = '\0';
		snprintf(buffer, size_bytes, "%s (pid %ld)", name, pid);
	} else if (candidates.len == 1) {
		snprintf(buffer, size_bytes, "a program of uid %u", candidates.uids[0]);
	}
	return buffer;
}
