/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: where imported keys live. They are not configuration: importing is a command of the moment that a user may give
 * for himself, while configuration belongs to those who may commit. The files belong to the daemon; they are read at
 * each login, so that a key that was taken away is gone with the next connection.
 */
#include "aaa/user_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aaa/key_import.h"
#include "base/cleanup.h"
#include "base/fs.h"

#define FILE_MAX_BYTES (64u << 10)
#define NOBODY	       "-"     /* no user can have this name */
#define SUFFIX	       ".keys" /* so that what a crash of fs_write_atomic() leaves is nobody's file */

/* A name that a user can have, and so never a path: aaa/user_conf.c. */
static bool is_user_name(const char *user)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t len = strlen(user);

	return len && len < sizeof(((struct user_key_report *)0)->user) && strspn(user, allowed) == len &&
	       user[0] != '.' && user[0] != '-';
}

static int path_make(const char *dir, const char *user, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s" SUFFIX, dir, user) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ---- the text of a file ---- */

static bool row_decode(const json_t *object, const char *user, struct user_key_report *ret_row)
{
	struct user_key_report row = { .place = 0 };
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	size_t blob_len;

	if (field_decode(user_key_report_fields, object, &row, NULL) < 0 || strcmp(row.user, user) ||
	    row.place < 1 || row.place > USER_KEY_PLACES_MAX ||
	    key_import_line(row.public_key, &key, blob, &blob_len, NULL) < 0)
		return false;
	row.type = key.type;
	row.bits = key.bits;
	*ret_row = row;
	return true;
}

int user_keys_decode(const char *text, size_t len_bytes, const char *user,
		     struct user_key_report rows[static USER_KEY_PLACES_MAX], size_t *ret_len)
{
	json_t *array = json_loadb(text, len_bytes, JSON_REJECT_DUPLICATES, NULL);
	const json_t *object;
	size_t i, len = 0;

	if (!json_is_array(array)) {
		json_decref(array);
		return -EINVAL;
	}
	json_array_foreach(array, i, object)
	{
		struct user_key_report row;

		/* in the order of places, each once */
		if (len < USER_KEY_PLACES_MAX && row_decode(object, user, &row) &&
		    (!len || rows[len - 1].place < row.place))
			rows[len++] = row;
	}
	json_decref(array);
	*ret_len = len;
	return 0;
}

/* ---- files ---- */

int user_keys_read(const char *dir, const char *user, struct user_key_report rows[static USER_KEY_PLACES_MAX],
		   size_t *ret_len, struct err *err)
{
	AUTO(free) char *text = NULL;
	char path[PATH_MAX];
	size_t len = 0;
	int r;

	if (!is_user_name(user))
		return err_set(err, -EINVAL, "'%.40s' is no name of a user", user);
	r = path_make(dir, user, path);
	if (r == 0)
		r = fs_read(path, FILE_MAX_BYTES, &text, &len);
	if (r == -ENOENT) {
		*ret_len = 0;
		return 0;
	}
	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	r = user_keys_decode(text, len, user, rows, ret_len);
	return r < 0 ? err_set(err, r, "%s is damaged: remove it and import the keys again", path) : 0;
}

static int file_remove(const char *dir, const char *path, struct err *err)
{
	AUTO(close) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (dir_fd >= 0)
		fsync(dir_fd); /* a key that was taken away must not come back with the power */
	return 0;
}

int user_keys_write(const char *dir, const char *user, const struct user_key_report *rows, size_t len,
		    struct err *err)
{
	AUTO(free) char *text = NULL;
	char path[PATH_MAX];
	json_t *array;
	int r;

	if (!is_user_name(user))
		return err_set(err, -EINVAL, "'%.40s' is no name of a user", user);
	r = path_make(dir, user, path);
	if (r < 0)
		return err_set(err, r, "%s: too long", dir);
	if (!len)
		return file_remove(dir, path, err);
	r = fs_mkdir(dir, 0700);
	if (r < 0)
		return err_set(err, r, "%s: %s", dir, strerror(-r));
	array = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(array, field_encode(user_key_report_fields, &rows[i]));
	if (json_array_size(array) == len)
		text = json_dumps(array, JSON_INDENT(1));
	json_decref(array);
	if (!text)
		return err_set(err, -ENOMEM, "out of memory");
	r = fs_write_atomic(path, 0600, text, strlen(text));
	return r < 0 ? err_set(err, r, "%s cannot be written: %s", path, strerror(-r)) : 0;
}

bool user_keys_hold(const char *dir, const char *user, const uint8_t *blob, size_t blob_len)
{
	struct user_key_report rows[USER_KEY_PLACES_MAX];
	AUTO(free) char *text = NULL;
	char path[PATH_MAX];
	bool found = false;
	size_t len = 0, text_len = 0;

	if (!user || !is_user_name(user))
		user = NOBODY;
	if (path_make(dir, user, path) < 0 || fs_read(path, FILE_MAX_BYTES, &text, &text_len) < 0 ||
	    user_keys_decode(text, text_len, user, rows, &len) < 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t own[USER_KEY_BLOB_MAX_BYTES];
		struct key_import_key key;
		size_t own_len;

		if (key_import_line(rows[i].public_key, &key, own, &own_len, NULL) == 0 &&
		    own_len == blob_len && !memcmp(own, blob, blob_len))
			found = true;
	}
	return found;
}

int user_keys_each(const char *dir, int (*on_user)(const char *user, void *userdata), void *userdata)
{
	DIR *files = opendir(dir);
	const struct dirent *entry;
	int r = 0;

	if (!files)
		return errno == ENOENT ? 0 : -errno;
	while (r >= 0 && (entry = readdir(files))) {
		size_t len = strlen(entry->d_name);
		char user[NAME_MAX + 1];

		if (len <= strlen(SUFFIX) || strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		snprintf(user, sizeof(user), "%.*s", (int)(len - strlen(SUFFIX)), entry->d_name);
		if (is_user_name(user))
			r = on_user(user, userdata);
	}
	closedir(files);
	return r < 0 ? r : 0;
}
