/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: looking at files: dir, more, show md5 file. Names and contents were made by others; the shell's output cleans
 * them for the terminal, and a name never makes two rows of one.
 */
#include "cli/exec_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/file_path.h"
#include "cli/md5.h"

#define SHOWN_MAX_BYTES	  (4u << 20) /* of a file on the screen */
#define ENTRIES_MAX	  20000u
#define HALF_YEAR_S	  15778476 /* as of ls(1): older ones show their year */
#define CHUNK_BYTES	  65536u

const struct arg exec_file_arg = {
	.name = "WORD", .help = "File: harddisk:/NAME, disk0:/NAME or NAME", .min = 1,
	.max = FILE_PATH_MAX_BYTES - 1, .text = true, .words_taken = 1, .complete = EXEC_FILE_SOURCE,
};

/* ---- dir ---- */

struct entry {
	char *name;
	struct stat st;
};

struct listing {
	struct entry *entries;
	size_t len, size;
	bool cut;
};

static void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->len; i++)
		free(listing->entries[i].name);
	free(listing->entries);
}

static int listing_add(struct listing *listing, const char *name, const struct stat *st)
{
	struct entry *more;

	if (listing->len == ENTRIES_MAX) {
		listing->cut = true;
		return 0;
	}
	if (listing->len == listing->size) {
		listing->size = listing->size ? 2 * listing->size : 64;
		more = reallocarray(listing->entries, listing->size, sizeof(*more));
		if (!more)
			return -ENOMEM;
		listing->entries = more;
	}
	listing->entries[listing->len] = (struct entry){ .name = strdup(name), .st = *st };
	if (!listing->entries[listing->len].name)
		return -ENOMEM;
	column_clean(listing->entries[listing->len].name, strlen(name), false);
	listing->len++;
	return 0;
}

static int entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Takes fd. */
static int listing_read(int fd, bool all, struct listing *listing)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *found;
	struct stat st;
	int r = 0;

	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r == 0 && (found = readdir(dir))) {
		if (found->d_name[0] == '.' && (!all || !strcmp(found->d_name, ".") || !strcmp(found->d_name, "..")))
			continue;
		/* one that went away meanwhile is not there */
		if (fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			r = listing_add(listing, found->d_name, &st);
	}
	closedir(dir);
	if (listing->len)
		qsort(listing->entries, listing->len, sizeof(*listing->entries), entry_compare);
	return r;
}

/* "-rw-r--r--." */
static void mode_text(mode_t mode, char text[static 12])
{
	static const char letters[] = "rwxrwxrwx";

	text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISREG(mode) ? '-' : '?';
	for (int i = 0; i < 9; i++)
		text[i + 1] = mode & (0400u >> i) ? letters[i] : '-';
	if (mode & S_ISVTX)
		text[9] = mode & 01 ? 't' : 'T';
	text[10] = '.';
	text[11] = '\0';
}

/* "Jan  7 19:32", or "Jan  7  2019" for what is old. */
static void time_text(time_t when, char *text, size_t size_bytes)
{
	int64_t age_s = clock_wall_us() / 1000000 - when;
	struct tm tm = { 0 };

	gmtime_r(&when, &tm);
	if (!strftime(text, size_bytes, age_s > HALF_YEAR_S || age_s < -HALF_YEAR_S ? "%b %e  %Y" : "%b %e %H:%M", &tm))
		text[0] = '\0';
}

static void entry_print(FILE *out, const struct entry *entry)
{
	char mode[12], when[32];

	mode_text(entry->st.st_mode, mode);
	time_text(entry->st.st_mtime, when, sizeof(when));
	fprintf(out, "%8ju %s %ju %8jd %s %s\n", (uintmax_t)entry->st.st_ino, mode, (uintmax_t)entry->st.st_nlink,
		(intmax_t)entry->st.st_size, when, entry->name);
}

static const char *kind_word(mode_t mode)
{
	return S_ISDIR(mode) ? "directory" : S_ISLNK(mode) ? "link" : S_ISREG(mode) ? "file" : "other";
}

static int listing_json(FILE *out, const struct listing *listing)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < listing->len; i++) {
		const struct entry *entry = &listing->entries[i];
		char mode[12];

		mode_text(entry->st.st_mode, mode);
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", entry->name, "kind",
						      kind_word(entry->st.st_mode), "mode", mode, "size_bytes",
						      (json_int_t)entry->st.st_size, "changed_s",
						      (json_int_t)entry->st.st_mtime));
	}
	return column_json(out, rows);
}

static void listing_print(FILE *out, const char *name, const struct listing *listing, const struct statvfs *room)
{
	uint64_t unit = room->f_frsize ? room->f_frsize : 1;

	fprintf(out, "Directory of %s\n", name);
	for (size_t i = 0; i < listing->len; i++)
		entry_print(out, &listing->entries[i]);
	if (listing->cut)
		fprintf(out, "and more: the first %u are shown\n", ENTRIES_MAX);
	fprintf(out, "\n%" PRIu64 " kbytes total (%" PRIu64 " kbytes free)\n", (uint64_t)room->f_blocks * unit / 1024,
		(uint64_t)room->f_bavail * unit / 1024);
}

/* A directory, or one file. */
static int path_list(const char *name, bool all, struct listing *listing, struct statvfs *room, struct err *err)
{
	AUTO(close) int fd = -1;
	struct stat st;
	const char *leaf = strrchr(name, '/');
	int list_fd, r = file_path_open(name, O_PATH, 0, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, room) < 0)
		return err_set(err, -errno, "%s: %s", name, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return listing_add(listing, leaf ? leaf + 1 : name, &st);
	list_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = list_fd < 0 ? -errno : listing_read(list_fd, all, listing);
	return r < 0 ? err_set(err, r, "%s: %s", name, strerror(-r)) : 0;
}

static int dir_show(struct shell *shell, const char *path, bool all)
{
	struct listing listing = { 0 };
	char name[FILE_PATH_MAX_BYTES];
	struct err err = { 0 };
	struct statvfs room = { 0 };
	int r = file_path_name(path ? path : "", name, &err);

	if (r == 0)
		r = path_list(name, all, &listing, &room, &err);
	if (r < 0)
		r = shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
	else if (shell_wants_json(shell))
		r = listing_json(shell->out, &listing);
	else
		listing_print(shell->out, name, &listing, &room);
	listing_done(&listing);
	return r;
}

void exec_file_names(const char *partial, void (*on_value)(const char *value, void *to), void *to)
{
	const char *slash = strrchr(partial, '/'), *colon = strrchr(partial, ':');
	const char *from = slash > colon || !colon ? slash : colon;
	size_t before = from ? (size_t)(from - partial) + 1 : 0;
	char place[FILE_PATH_MAX_BYTES], name[FILE_PATH_MAX_BYTES], value[2 * FILE_PATH_MAX_BYTES];
	struct listing listing = { 0 };
	struct statvfs room;

	snprintf(place, sizeof(place), "%.*s", (int)before, partial);
	if (!before) {
		on_value("disk0:", to);
		on_value("harddisk:", to);
	}
	/* what cannot be listed has no names */
	if (before < sizeof(place) && file_path_name(place, name, NULL) == 0 &&
	    path_list(name, false, &listing, &room, NULL) == 0)
		for (size_t i = 0; i < listing.len; i++) {
			const struct entry *entry = &listing.entries[i];

			if (strpbrk(entry->name, " ?|\""))
				continue;
			snprintf(value, sizeof(value), "%s%s%s", place, entry->name,
				 S_ISDIR(entry->st.st_mode) ? "/" : "");
			on_value(value, to);
		}
	listing_done(&listing);
}

int exec_file_dir(struct shell *shell, const struct match *match)
{
	return dir_show(shell, stmt_match_value(match, "dir"), false);
}

static int run_dir_all(struct shell *shell, const struct match *match)
{
	return dir_show(shell, stmt_match_value(match, "/all"), true);
}

/* ---- where one is ---- */

int exec_file_cd(struct shell *shell, const struct match *match)
{
	const char *path = stmt_match_value(match, "cd");
	struct err err = { 0 };

	if (file_path_change(path ? path : "disk0:", &err) < 0)
		return shell_refuse(shell, "%s", err.text);
	fprintf(shell->out, "%s\n", file_path_working());
	return 0;
}

int exec_file_pwd(struct shell *shell, const struct match *match)
{
	(void)match;
	fprintf(shell->out, "%s\n", file_path_working());
	return 0;
}

/* ---- contents ---- */

static int show_contents(struct shell *shell, const char *path)
{
	char name[FILE_PATH_MAX_BYTES];
	AUTO(free) char *text = NULL;
	struct err err = { 0 };
	size_t len;
	int r = file_path_name(path, name, &err);

	if (r == 0)
		r = file_path_read(name, SHOWN_MAX_BYTES, &text, &len, &err);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	fwrite(text, 1, len, shell->out);
	if (len && text[len - 1] != '\n')
		fputc('\n', shell->out);
	explicit_bzero(text, len); /* a configuration holds hashes */
	return 0;
}

int exec_file_more(struct shell *shell, const struct match *match)
{
	return show_contents(shell, match->steps[match->steps_len - 1].value);
}

static int digest_of(struct shell *shell, int fd, char text[static MD5_TEXT_BYTES])
{
	AUTO(free) char *bytes = malloc(CHUNK_BYTES);
	struct md5 md5;
	ssize_t n;

	if (!bytes)
		return -ENOMEM;
	md5_begin(&md5);
	while ((n = read(fd, bytes, CHUNK_BYTES)) > 0 || (n < 0 && errno == EINTR)) {
		md5_add(&md5, bytes, n > 0 ? (size_t)n : 0);
		if (edit_interrupted(shell->edit))
			return -ECANCELED;
	}
	if (n < 0)
		return -errno;
	md5_end(&md5, text);
	return 0;
}

static int run_md5(struct shell *shell, const struct match *match)
{
	char name[FILE_PATH_MAX_BYTES], digest[MD5_TEXT_BYTES] = "";
	struct err err = { 0 };
	AUTO(close) int fd = -1;
	struct stat st;
	int r = file_path_name(stmt_match_value(match, "file"), name, &err);

	if (r == 0)
		r = file_path_open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, &err);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return shell_refuse(shell, "%s is not a regular file", name);
	r = digest_of(shell, fd, digest);
	if (r < 0)
		return shell_refuse(shell, "%s: %s", name, r == -ECANCELED ? "stopped" : strerror(-r));
	fprintf(shell->out, "%s\n", digest);
	return 0;
}

/* ---- rows ---- */

const struct stmt exec_file_dir_rows[] = {
	{ .kind = STMT_RUN, .word = "/all", .help = "Those that begin with a dot as well", .run = run_dir_all,
	  .arg = &exec_file_arg, .flags = STMT_ARG_OPTIONAL, .task = "filesystem",
	  .source = "clients.md section 2, RANCID" },
	STMT_DONE,
};

const struct stmt exec_file_md5_rows[] = {
	{ .kind = STMT_RUN, .word = "file", .help = "The digest of a file", .run = run_md5, .arg = &exec_file_arg,
	  .task = "filesystem", .source = "clients.md section 2, Netmiko" },
	STMT_DONE,
};
