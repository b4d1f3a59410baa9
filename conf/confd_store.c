/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the directory of commits. There is no pointer to the running one that could disagree with the
 * files: the highest number that is whole holds, so one rename is the whole change. A file that is cut,
 * changed or no longer understood is set aside under another name, where it does no harm and can be
 * looked at.
 */
#include "conf/confd_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define FILE_MAX_BYTES (CONFD_TEXT_MAX_BYTES + 4096u)
#define HEAD_MAX_BYTES 2048u
#define FIRST_LINE     "!! Sallyport configuration 1\n"
#define END_MARK       "!! end "
#define END_LINE_BYTES (sizeof(END_MARK) - 1 + 16 + 1) /* mark, 16 hex digits, newline */

struct confd_store {
	char *dir;		       /* …/commits */
	struct commit_record *records; /* newest first */
	size_t len, size;
	uint32_t highest_id; /* of any name seen, 0 when there is none */
};

bool confd_store_is_plain(const char *text, size_t max_bytes)
{
	if (strlen(text) > max_bytes)
		return false;
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return true;
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: any single changed byte changes it. */
static uint64_t text_checksum(const char *text, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3u;
	return sum;
}

/* ---- one file ---- */

static int record_write(const struct commit_record *record, const char *text, char **ret_file,
			size_t *ret_len)
{
	char *file = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&file, &len);
	bool failed;

	if (!out)
		return -ENOMEM;
	fprintf(out, FIRST_LINE "!! commit %" PRIu32 "\n!! changed-us %" PRId64 "\n", record->id,
		record->changed_us);
	fprintf(out, "!! user %s\n!! line %s\n!! client %s\n", record->user, record->line, record->client);
	if (record->label[0])
		fprintf(out, "!! label %s\n", record->label);
	if (record->comment[0])
		fprintf(out, "!! comment %s\n", record->comment);
	if (record->trial_deadline_us)
		fprintf(out, "!! trial %" PRId64 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
			record->trial_deadline_us, record->trial_s, record->trial_pid, record->trial_ticks);
	fprintf(out, "!\n%s", text);
	failed = fflush(out) != 0;
	if (!failed)
		fprintf(out, END_MARK "%016" PRIx64 "\n", text_checksum(file, len));
	failed = fclose(out) != 0 || failed;
	if (failed) {
		free(file);
		return -ENOMEM;
	}
	*ret_file = file;
	*ret_len = len;
	return 0;
}

static bool field_copy(char *to, size_t size, const char *value, size_t len)
{
	if (len >= size)
		return false;
	memcpy(to, value, len);
	to[len] = '\0';
	return confd_store_is_plain(to, len);
}

static bool field_number(const char *value, size_t len, int64_t max, int64_t *ret_number)
{
	int64_t number = 0;

	if (len == 0 || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		number = number * 10 + (value[i] - '0');
	}
	if (number > max)
		return false;
	*ret_number = number;
	return true;
}

/* "DEADLINE-US SECONDS PID START-TICKS" */
static bool field_trial(const char *value, size_t len, struct commit_record *record)
{
	int64_t numbers[4];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *blank = memchr(value, ' ', len);
		size_t part = blank ? (size_t)(blank - value) : len;

		if (!field_number(value, part, i == 1 || i == 2 ? UINT32_MAX : INT64_MAX, &numbers[i]))
			return false;
		value += part + (blank != NULL);
		len -= part + (blank != NULL);
	}
	record->trial_deadline_us = numbers[0];
	record->trial_s = (uint32_t)numbers[1];
	record->trial_pid = (uint32_t)numbers[2];
	record->trial_ticks = (uint64_t)numbers[3];
	return len == 0;
}

/* Takes "name value" of len bytes into the record. */
static bool record_field(struct commit_record *record, const char *line, size_t len)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} texts[] = {
		{ "user ", record->user, sizeof(record->user) },
		{ "line ", record->line, sizeof(record->line) },
		{ "client ", record->client, sizeof(record->client) },
		{ "label ", record->label, sizeof(record->label) },
		{ "comment ", record->comment, sizeof(record->comment) },
	};
	int64_t number;

	if (len > 7 && !memcmp(line, "commit ", 7)) {
		if (!field_number(line + 7, len - 7, CONFD_COMMIT_ID_LAST, &number))
			return false;
		record->id = (uint32_t)number;
		return true;
	}
	if (len > 11 && !memcmp(line, "changed-us ", 11))
		return field_number(line + 11, len - 11, INT64_MAX, &record->changed_us);
	if (len > 6 && !memcmp(line, "trial ", 6))
		return field_trial(line + 6, len - 6, record);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t name_len = strlen(texts[i].name);

		if (len >= name_len && !memcmp(line, texts[i].name, name_len))
			return field_copy(texts[i].to, texts[i].size, line + name_len, len - name_len);
	}
	return true; /* a later version's */
}

/* Reads the head, up to and with the line "!". NULL or where the text begins. file is NUL-terminated. */
static const char *record_read(const char *file, struct commit_record *ret_record)
{
	struct commit_record record = { .id = 0 };
	const char *line = file + strlen(FIRST_LINE);

	if (strncmp(file, FIRST_LINE, strlen(FIRST_LINE)))
		return NULL;
	for (;;) {
		const char *end = strchr(line, '\n');

		if (!end)
			return NULL;
		if (end - line == 1 && *line == '!')
			break;
		if (end - line < 4 || memcmp(line, "!! ", 3) ||
		    !record_field(&record, line + 3, (size_t)(end - line) - 3))
			return NULL;
		line = end + 1;
	}
	*ret_record = record;
	return line + 2;
}

/* The configuration text of a whole file, cut out of it in place. */
static const char *file_text(char *file, size_t len, uint32_t id, const char **ret_text)
{
	struct commit_record record;
	const char *text;
	char *end;
	char wanted[END_LINE_BYTES + 1];

	if (strlen(file) != len)
		return "it holds bytes that are no text";
	if (len < END_LINE_BYTES || file[len - 1] != '\n')
		return "it is cut";
	end = file + len - END_LINE_BYTES;
	if (memcmp(end, END_MARK, strlen(END_MARK)) || (end > file && end[-1] != '\n'))
		return "it is cut";
	snprintf(wanted, sizeof(wanted), END_MARK "%016" PRIx64 "\n",
		 text_checksum(file, (size_t)(end - file)));
	if (memcmp(end, wanted, END_LINE_BYTES))
		return "its checksum is wrong";
	*end = '\0';
	text = record_read(file, &record);
	if (!text || record.id != id)
		return "its head is wrong";
	*ret_text = text;
	return NULL;
}

/* ---- the directory ---- */

static char *store_path(const struct confd_store *store, uint32_t id, const char *ending)
{
	char *path;

	return asprintf(&path, "%s/%" PRIu32 "%s", store->dir, id, ending) < 0 ? NULL : path;
}

/* The number at the start of a name of ours; *ret_ending is what follows it. 0 for other names. */
static uint32_t name_id(const char *name, const char **ret_ending)
{
	size_t digits = strspn(name, "0123456789");
	int64_t number;

	if (digits != 10 || !field_number(name, digits, CONFD_COMMIT_ID_LAST, &number) ||
	    number < CONFD_COMMIT_ID_FIRST)
		return 0;
	*ret_ending = name + digits;
	return (uint32_t)number;
}

static int store_grow(struct confd_store *store)
{
	size_t size = store->size ? store->size * 2 : CONFD_COMMITS_KEPT + 2;
	struct commit_record *records;

	if (store->len < store->size)
		return 0;
	records = reallocarray(store->records, size, sizeof(*records));
	if (!records)
		return -ENOMEM;
	store->records = records;
	store->size = size;
	return 0;
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct commit_record *x = a, *y = b;

	return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

static void dir_close(DIR *dir)
{
	closedir(dir);
}

AUTO_DECLARE(DIR, dir_close)

/* Names only; what a crash has left half written goes. */
static int store_scan(struct confd_store *store)
{
	AUTO(dir_close) DIR *dir = opendir(store->dir);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while (errno = 0, entry = readdir(dir)) {
		const char *ending = NULL;
		uint32_t id = name_id(entry->d_name, &ending);
		int r;

		if (!id)
			continue;
		if (!strcmp(ending, ".conf.tmp")) {
			unlinkat(dirfd(dir), entry->d_name, 0);
			continue;
		}
		if (id > store->highest_id)
			store->highest_id = id;
		if (strcmp(ending, ".conf"))
			continue;
		r = store_grow(store);
		if (r < 0)
			return r;
		store->records[store->len++] = (struct commit_record){ .id = id };
	}
	if (errno)
		return -errno;
	if (store->len)
		qsort(store->records, store->len, sizeof(*store->records), compare_newest_first);
	return 0;
}

/* A new directory must outlive a power cut as well as what is put into it. */
static int dir_sync(const char *path)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int confd_store_open(const char *dir, struct confd_store **ret_store, struct err *err)
{
	struct confd_store *store = calloc(1, sizeof(*store));
	int r = -ENOMEM;

	if (!store)
		return r;
	if (asprintf(&store->dir, "%s/commits", dir) < 0) {
		store->dir = NULL;
		goto out;
	}
	r = fs_mkdir(dir, 0700);
	if (r == 0)
		r = fs_mkdir(store->dir, 0700);
	if (r == 0)
		r = dir_sync(dir);
	if (r == 0)
		r = store_scan(store);
out:
	if (r < 0) {
		err_set(err, r, "%s/commits: %s", dir, strerror(-r));
		confd_store_free(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

void confd_store_free(struct confd_store *store)
{
	if (!store)
		return;
	free(store->records);
	free(store->dir);
	free(store);
}

bool confd_store_is_virgin(const struct confd_store *store)
{
	return store->highest_id == 0;
}

/* ---- loading ---- */

struct store_loading {
	int (*accept)(const char *text, void *userdata, struct err *err);
	void (*on_broken)(const char *path, const char *reason, void *userdata);
	void *userdata;
};

/* Renames the file to ….broken and forgets its record. */
static int store_set_aside(struct confd_store *store, size_t index, const char *reason,
			   const struct store_loading *loading)
{
	uint32_t id = store->records[index].id;
	AUTO(free) char *path = store_path(store, id, ".conf");
	AUTO(free) char *aside = store_path(store, id, ".conf.broken");

	if (!path || !aside)
		return -ENOMEM;
	if (rename(path, aside) < 0 && errno != ENOENT)
		return -errno;
	memmove(&store->records[index], &store->records[index + 1],
		(store->len - index - 1) * sizeof(*store->records));
	store->len--;
	loading->on_broken(aside, reason, loading->userdata);
	return 0;
}

static bool is_shortage(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE;
}

/* Judges the newest file. 1 it is good, 0 it was set aside. */
static int store_load_newest(struct confd_store *store, const struct store_loading *loading, char **ret_text)
{
	AUTO(free) char *path = store_path(store, store->records[0].id, ".conf");
	AUTO(free) char *file = NULL;
	const char *text = NULL, *fault;
	struct err err = { .text = "" };
	size_t len = 0;
	int r;

	if (!path)
		return -ENOMEM;
	r = fs_read(path, FILE_MAX_BYTES, &file, &len);
	if (is_shortage(r))
		return r;
	fault = r < 0 ? strerror(-r) : file_text(file, len, store->records[0].id, &text);
	if (!fault) {
		r = loading->accept(text, loading->userdata, &err);
		if (is_shortage(r))
			return r;
		if (r < 0)
			fault = err.text;
	}
	if (fault)
		return store_set_aside(store, 0, fault, loading);
	*ret_text = strdup(text);
	return *ret_text ? 1 : -ENOMEM;
}

/* Reads the head alone: enough for the list of commits. */
static int store_load_head(struct confd_store *store, size_t index)
{
	AUTO(free) char *path = store_path(store, store->records[index].id, ".conf");
	AUTO(close) int fd = -1;
	struct commit_record record;
	char head[HEAD_MAX_BYTES + 1];
	ssize_t len;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	len = read(fd, head, HEAD_MAX_BYTES);
	if (len < 0)
		return -errno;
	head[len] = '\0';
	if (!record_read(head, &record) || record.id != store->records[index].id)
		return -EBADMSG;
	store->records[index] = record;
	return 0;
}

static void store_prune(struct confd_store *store)
{
	while (store->len > CONFD_COMMITS_KEPT + 1) {
		AUTO(free) char *path = store_path(store, store->records[store->len - 1].id, ".conf");

		/* one that stays behind is harmless: it is the oldest again at the next start */
		if (path)
			unlink(path);
		store->len--;
	}
}

int confd_store_load(struct confd_store *store,
		     int (*accept)(const char *text, void *userdata, struct err *err),
		     void (*on_broken)(const char *path, const char *reason, void *userdata), void *userdata,
		     char **ret_text, struct err *err)
{
	struct store_loading loading = { .accept = accept, .on_broken = on_broken, .userdata = userdata };
	AUTO(free) char *text = NULL;
	int r = 0;

	while (store->len && r == 0)
		r = store_load_newest(store, &loading, &text);
	if (r < 0)
		return err_set(err, r, "%s: %s", store->dir, strerror(-r));
	for (size_t i = 0; i < store->len;) {
		r = store_load_head(store, i);
		if (r == 0) {
			i++;
			continue;
		}
		if (!is_shortage(r))
			r = store_set_aside(store, i, r == -EBADMSG ? "its head is wrong" : strerror(-r),
					    &loading);
		if (r < 0)
			return err_set(err, r, "%s: %s", store->dir, strerror(-r));
	}
	store_prune(store);
	if (!text)
		return 0;
	*ret_text = take(text);
	return 1;
}

/* ---- recording ---- */

uint32_t confd_store_next_id(const struct confd_store *store)
{
	if (store->highest_id == CONFD_COMMIT_ID_LAST)
		return 0;
	return store->highest_id ? store->highest_id + 1 : CONFD_COMMIT_ID_FIRST;
}

int confd_store_record(struct confd_store *store, const struct commit_record *record, const char *text,
		       struct err *err)
{
	AUTO(free) char *path = store_path(store, record->id, ".conf");
	AUTO(free) char *file = NULL;
	size_t len = 0;
	int r;

	if (record->id == 0 || record->id != confd_store_next_id(store))
		return err_set(err, -EINVAL, "commit numbers are used up");
	if (!path)
		return err_set(err, -ENOMEM, "out of memory");
	r = record_write(record, text, &file, &len);
	if (r == 0 && len > FILE_MAX_BYTES)
		r = -EFBIG;
	if (r == 0)
		r = store_grow(store);
	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	r = fs_write_atomic(path, 0600, file, len);
	if (r < 0) {
		/* it may stand there already, only not safely: the answer must be the truth after the
		 * next start, too */
		unlink(path);
		return err_set(err, r, "%s: %s", path, strerror(-r));
	}
	memmove(&store->records[1], &store->records[0], store->len * sizeof(*store->records));
	store->records[0] = *record;
	store->len++;
	store->highest_id = record->id;
	store_prune(store);
	return 0;
}

int confd_store_text(const struct confd_store *store, uint32_t id, char **ret_text, struct err *err)
{
	AUTO(free) char *path = store_path(store, id, ".conf");
	AUTO(free) char *file = NULL;
	const char *text = NULL, *fault;
	size_t len = 0;
	int r;

	if (!path)
		return err_set(err, -ENOMEM, "out of memory");
	r = fs_read(path, FILE_MAX_BYTES, &file, &len);
	if (r < 0)
		return err_set(err, r, "commit %" PRIu32 ": %s", id, strerror(-r));
	fault = file_text(file, len, id, &text);
	if (fault) {
		r = err_set(err, -EBADMSG, "the file of commit %" PRIu32 " is damaged: %s", id, fault);
	} else {
		*ret_text = strdup(text);
		r = *ret_text ? 0 : err_set(err, -ENOMEM, "out of memory");
	}
	explicit_bzero(file, len); /* password hashes */
	return r;
}

int confd_store_confirm(struct confd_store *store, const char *text, struct err *err)
{
	AUTO(free) char *path = NULL;
	AUTO(free) char *file = NULL;
	struct commit_record record;
	size_t len = 0;
	int r;

	if (!store->len)
		return err_set(err, -ENOENT, "there is no commit");
	record = store->records[0];
	record.trial_deadline_us = 0;
	record.trial_s = record.trial_pid = 0;
	record.trial_ticks = 0;
	path = store_path(store, record.id, ".conf");
	r = path ? record_write(&record, text, &file, &len) : -ENOMEM;
	if (r == 0)
		r = fs_write_atomic(path, 0600, file, len);
	if (r < 0)
		return err_set(err, r, "commit %" PRIu32 ": %s", record.id, strerror(-r));
	store->records[0] = record;
	return 0;
}

const struct commit_record *confd_store_records(const struct confd_store *store, size_t *ret_len)
{
	*ret_len = store->len;
	return store->records;
}
