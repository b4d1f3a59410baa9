/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a local user runs under the Linux account of that name where there is one, else under a number
 * of our own range that is given once and never to somebody else. The numbers are lines "UID NAME" of a
 * text file. Nobody becomes uid 0 or gid 0 here, whatever the account database says.
 */
#include "aaa/uidmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "base/fs.h"

#define FILE_MAX_BYTES	  (8u << 20) /* the whole range with the longest names is smaller */
#define ACCOUNT_MAX_BYTES (1u << 20) /* one entry of the account database */

static bool is_user_name(const char *name)
{
	AUTO(free) char *canonical = NULL;

	return arg_user_name.canonical(&arg_user_name, name, &canonical, NULL) == 0;
}

/* ---- account database ---- */

/* By name, or by uid when name is NULL. *ret_buffer holds what the entry points to. */
static int account_find(const char *name, uid_t uid, struct passwd *ret_account, char **ret_buffer)
{
	for (size_t size = 1024; size <= ACCOUNT_MAX_BYTES; size *= 4) {
		AUTO(free) char *buffer = malloc(size);
		struct passwd *found = NULL;
		int r;

		if (!buffer)
			return -ENOMEM;
		do {
			r = name ? getpwnam_r(name, ret_account, buffer, size, &found)
				 : getpwuid_r(uid, ret_account, buffer, size, &found);
		} while (r == EINTR);
		if (r == ERANGE)
			continue;
		if (!found) /* what "not found" returns differs between sources, see getpwnam(3) */
			return -ENOENT;
		*ret_buffer = take(buffer);
		return 0;
	}
	return -ENOENT;
}

static int account_identity(const char *name, struct uid_identity *ret_identity)
{
	AUTO(free) char *buffer = NULL;
	struct uid_identity identity = { .account = true };
	struct passwd account;
	int r = account_find(name, 0, &account, &buffer);

	if (r < 0)
		return r;
	if (account.pw_uid == 0 || account.pw_gid == 0)
		return -ENOENT;
	identity.uid = account.pw_uid;
	identity.gid = account.pw_gid;
	if (!account.pw_dir || account.pw_dir[0] != '/' || strlen(account.pw_dir) >= sizeof(identity.home))
		identity.home[0] = '/';
	else
		memcpy(identity.home, account.pw_dir, strlen(account.pw_dir));
	if (account.pw_shell && strlen(account.pw_shell) < sizeof(identity.shell))
		memcpy(identity.shell, account.pw_shell, strlen(account.pw_shell));
	*ret_identity = identity;
	return 0;
}

/* ---- file ---- */

struct uid_line {
	uid_t uid;
	char name[USER_NAME_MAX_BYTES + 1];
};

/* Takes one line off *text. 1 a line, 0 the end, -EBADMSG not a line of ours. */
static int line_next(char **text, struct uid_line *ret_line)
{
	char *line = *text, *end = strchr(line, '\n'), *name;
	unsigned long long uid;

	if (!*line)
		return 0;
	if (!end) /* cut */
		return -EBADMSG;
	*end = '\0';
	*text = end + 1;
	if (*line < '0' || *line > '9')
		return -EBADMSG;
	uid = strtoull(line, &name, 10);
	if (uid < UIDMAP_FIRST || uid > UIDMAP_LAST || *name != ' ' || !is_user_name(name + 1))
		return -EBADMSG;
	ret_line->uid = (uid_t)uid;
	snprintf(ret_line->name, sizeof(ret_line->name), "%s", name + 1);
	return 1;
}

/* Calls on_line for each line until it returns true. Returns whether it did, -EBADMSG for a broken file. */
static int file_each(const char *path, bool (*on_line)(const struct uid_line *line, void *userdata),
		     void *userdata)
{
	AUTO(free) char *text = NULL;
	struct uid_line line;
	size_t len = 0;
	char *rest;
	int r = fs_read(path, FILE_MAX_BYTES, &text, &len);

	if (r == -ENOENT) /* nobody yet */
		return 0;
	if (r < 0)
		return r;
	if (strlen(text) != len)
		return -EBADMSG;
	rest = text;
	while ((r = line_next(&rest, &line)) > 0) {
		if (on_line(&line, userdata))
			return 1;
	}
	return r;
}

struct name_search {
	const char *name; /* wanted */
	uid_t uid;	  /* found */
	uid_t highest;	  /* of all lines seen */
};

static bool line_has_name(const struct uid_line *line, void *userdata)
{
	struct name_search *search = userdata;

	if (line->uid > search->highest)
		search->highest = line->uid;
	search->uid = line->uid;
	return !strcmp(line->name, search->name);
}

static bool line_has_uid(const struct uid_line *line, void *userdata)
{
	struct uid_line *wanted = userdata;

	if (line->uid != wanted->uid)
		return false;
	*wanted = *line;
	return true;
}

/* One at a time: monitors of several logins may ask at once. The lock ends with the descriptor. */
static int file_lock(const char *path, int *ret_fd)
{
	AUTO(free) char *lock_path = NULL;
	AUTO(close) int fd = -1;

	if (asprintf(&lock_path, "%s.lock", path) < 0) {
		lock_path = NULL;
		return -ENOMEM;
	}
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return -errno;
	*ret_fd = take_fd(fd);
	return 0;
}

static int file_append(const char *path, uid_t uid, const char *name)
{
	AUTO(free) char *text = NULL, *longer = NULL;
	size_t len = 0;
	int r = fs_read(path, FILE_MAX_BYTES, &text, &len);

	if (r < 0 && r != -ENOENT)
		return r;
	r = asprintf(&longer, "%s%" PRIuMAX " %s\n", text ? text : "", (uintmax_t)uid, name);
	if (r < 0) {
		longer = NULL;
		return -ENOMEM;
	}
	return fs_write_atomic(path, 0644, longer, (size_t)r);
}

static int file_uid(const char *path, const char *name, bool allocate, uid_t *ret_uid, struct err *err)
{
	struct name_search search = { .name = name, .highest = UIDMAP_FIRST - 1 };
	AUTO(close) int lock_fd = -1;
	int r;

	if (allocate) {
		r = file_lock(path, &lock_fd);
		if (r < 0)
			return err_set(err, r, "%s: cannot lock: %s", path, strerror(-r));
	}
	r = file_each(path, line_has_name, &search);
	if (r < 0)
		return err_set(err, r, "%s: %s", path,
			       r == -EBADMSG ? "not a list of user ids" : strerror(-r));
	if (r == 0) {
		if (!allocate)
			return err_set(err, -ENOENT, "user %s has no user id yet", name);
		if (search.highest >= UIDMAP_LAST)
			return err_set(err, -ENOSPC, "%s: all user ids are given away", path);
		search.uid = search.highest + 1;
		r = file_append(path, search.uid, name);
		if (r < 0)
			return err_set(err, r, "%s: cannot store: %s", path, strerror(-r));
	}
	*ret_uid = search.uid;
	return 0;
}

/* ---- both ---- */

int uidmap_identity(const char *path, const char *user_name, bool allocate, struct uid_identity *ret_identity,
		    struct err *err)
{
	struct uid_identity identity = { .home = "/" };
	int r;

	if (!is_user_name(user_name))
		return err_set(err, -EINVAL, "not a user name");
	r = account_identity(user_name, ret_identity);
	if (r != -ENOENT)
		return r;
	r = file_uid(path, user_name, allocate, &identity.uid, err);
	if (r < 0)
		return r;
	identity.gid = (gid_t)identity.uid;
	*ret_identity = identity;
	return 0;
}

int uidmap_name(const char *path, uid_t uid, char *ret_name, size_t size_bytes)
{
	AUTO(free) char *buffer = NULL;
	struct uid_line line = { .uid = uid };
	struct passwd account;
	const char *name = line.name;
	int r;

	if (uid == 0) /* root is nobody's user */
		return -ENOENT;
	r = account_find(NULL, uid, &account, &buffer);
	if (r == 0 && account.pw_gid != 0 && is_user_name(account.pw_name)) {
		name = account.pw_name;
	} else {
		r = file_each(path, line_has_uid, &line);
		if (r < 0)
			return r;
		if (r == 0)
			return -ENOENT;
	}
	if (strlen(name) >= size_bytes)
		return -ENAMETOOLONG;
	memcpy(ret_name, name, strlen(name) + 1);
	return 0;
}
