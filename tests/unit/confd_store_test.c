/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "conf/confd_store.h"

static char dir[] = "/tmp/confd-store-test-XXXXXX";

static void remove_all(const char *path)
{
	DIR *open_dir = opendir(path);
	struct dirent *entry;

	while (open_dir && (entry = readdir(open_dir))) {
		char child[400];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (unlink(child) < 0)
			remove_all(child);
	}
	if (open_dir)
		closedir(open_dir);
	rmdir(path);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
	remove_all(dir);
}

TestSuite(confd_store, .init = setup, .fini = teardown);

static struct confd_store *store_open(void)
{
	struct confd_store *store = NULL;
	struct err err = { .text = "" };

	cr_assert_eq(confd_store_open(dir, &store, &err), 0, "%s", err.text);
	return store;
}

static uint32_t store_add(struct confd_store *store, const char *text)
{
	struct commit_record record = { .id = confd_store_next_id(store),
					.changed_us = 1234567890123457,
					.user = "amy",
					.line = "vty3",
					.client = "CLI",
					.label = "spring",
					.comment = "two words" };
	struct err err = { .text = "" };

	cr_assert_eq(confd_store_record(store, &record, text, &err), 0, "%s", err.text);
	return record.id;
}

struct loaded {
	const char *refuse; /* text that accept() does not take */
	unsigned broken;
	char path[200], reason[200];
};

static int accept_text(const char *text, void *userdata, struct err *err)
{
	const struct loaded *loaded = userdata;

	if (loaded->refuse && !strcmp(text, loaded->refuse))
		return err_set(err, -EINVAL, "no longer understood");
	return 0;
}

static void on_broken(const char *path, const char *reason, void *userdata)
{
	struct loaded *loaded = userdata;

	loaded->broken++;
	snprintf(loaded->path, sizeof(loaded->path), "%s", path);
	snprintf(loaded->reason, sizeof(loaded->reason), "%s", reason);
}

/* A fresh look at the directory. The text of the newest good commit, or NULL. */
static char *store_load(struct confd_store **ret_store, struct loaded *loaded)
{
	struct err err = { .text = "" };
	char *text = NULL;
	int r;

	*ret_store = store_open();
	r = confd_store_load(*ret_store, accept_text, on_broken, loaded, &text, &err);
	cr_assert_geq(r, 0, "%s", err.text);
	cr_assert_eq(r, text != NULL);
	return text;
}

static void file_path(uint32_t id, const char *ending, char *to, size_t size)
{
	snprintf(to, size, "%s/commits/%u%s", dir, id, ending);
}

Test(confd_store, keeps_what_it_is_given)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	const struct commit_record *records;
	size_t len;
	char *text;

	cr_assert(confd_store_is_virgin(store));
	cr_assert_eq(store_add(store, "hostname one\n"), 1000000001);
	cr_assert_eq(store_add(store, ""), 1000000002);
	cr_assert_eq(store_add(store, "hostname three\n!\n"), 1000000003);
	confd_store_free(store);

	text = store_load(&store, &loaded);
	cr_assert_str_eq(text, "hostname three\n!\n");
	cr_assert_not(confd_store_is_virgin(store));
	records = confd_store_records(store, &len);
	cr_assert_eq(len, 3);
	cr_assert_eq(records[0].id, 1000000003);
	cr_assert_eq(records[2].id, 1000000001);
	cr_assert_eq(records[1].changed_us, 1234567890123457);
	cr_assert_str_eq(records[1].user, "amy");
	cr_assert_str_eq(records[1].line, "vty3");
	cr_assert_str_eq(records[1].client, "CLI");
	cr_assert_str_eq(records[1].label, "spring");
	cr_assert_str_eq(records[1].comment, "two words");
	cr_assert_eq(confd_store_next_id(store), 1000000004);
	cr_assert_eq(loaded.broken, 0);
	free(text);
	confd_store_free(store);
}

Test(confd_store, hundred_are_kept)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	char path[200], *text;
	size_t len;

	for (unsigned i = 1; i <= 103; i++)
		store_add(store, i == 103 ? "hostname last\n" : "hostname x\n");
	cr_assert_eq(confd_store_records(store, &len)[0].id, 1000000103);
	cr_assert_eq(len, 101, "a hundred, and what the oldest of them was made on");
	confd_store_free(store);
	file_path(1000000002, ".conf", path, sizeof(path));
	cr_assert_lt(access(path, F_OK), 0);
	file_path(1000000003, ".conf", path, sizeof(path));
	cr_assert_eq(access(path, F_OK), 0);
	text = store_load(&store, &loaded);
	cr_assert_str_eq(text, "hostname last\n");
	free(text);
	confd_store_free(store);
}

Test(confd_store, text_of_each)
{
	struct confd_store *store = store_open();
	struct err err = { .text = "" };
	char path[200], *text = NULL;
	FILE *file;

	store_add(store, "hostname one\n");
	store_add(store, "hostname two\n");
	cr_assert_eq(confd_store_text(store, 1000000001, &text, &err), 0, "%s", err.text);
	cr_assert_str_eq(text, "hostname one\n");
	free(text);
	cr_assert_eq(confd_store_text(store, 1000000009, &text, &err), -ENOENT);
	file_path(1000000001, ".conf", path, sizeof(path));
	file = fopen(path, "a");
	fputs("hostname more\n", file);
	fclose(file);
	cr_assert_eq(confd_store_text(store, 1000000001, &text, &err), -EBADMSG);
	cr_assert_not_null(strstr(err.text, "1000000001"));
	confd_store_free(store);
}

Test(confd_store, a_trial_and_its_confirmation_outlive_us)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	struct commit_record record = { .id = 1000000001,
					.user = "amy",
					.label = "try",
					.trial_deadline_us = INT64_MAX / 1000,
					.trial_s = 65535,
					.trial_pid = UINT32_MAX,
					.trial_ticks = 12345678901234567u };
	const struct commit_record *records;
	struct err err = { .text = "" };
	size_t len;

	cr_assert_eq(confd_store_record(store, &record, "hostname try\n", &err), 0, "%s", err.text);
	for (unsigned round = 0; round < 2; round++) {
		confd_store_free(store);
		free(store_load(&store, &loaded));
		records = confd_store_records(store, &len);
		cr_assert_eq(records[0].trial_deadline_us, round ? 0 : INT64_MAX / 1000);
		cr_assert_eq(records[0].trial_s, round ? 0 : 65535);
		cr_assert_eq(records[0].trial_pid, round ? 0 : UINT32_MAX);
		cr_assert_eq(records[0].trial_ticks, round ? 0 : 12345678901234567u);
		cr_assert_str_eq(records[0].label, "try");
		cr_assert_eq(confd_store_confirm(store, "hostname try\n", &err), 0, "%s", err.text);
		cr_assert_eq(confd_store_records(store, &len)[0].trial_deadline_us, 0);
	}
	cr_assert_eq(loaded.broken, 0);
	confd_store_free(store);
}

/* Each way to damage the newest file leaves the one before it, whatever byte it hits. */
static void expect_fallback(const char *bytes, size_t len, size_t where)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store;
	char path[200], aside[200], *text;
	FILE *file;

	file_path(1000000002, ".conf", path, sizeof(path));
	file_path(1000000002, ".conf.broken", aside, sizeof(aside));
	file = fopen(path, "we");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);

	text = store_load(&store, &loaded);
	cr_assert_not_null(text, "byte %zu", where);
	cr_assert_str_eq(text, "hostname good\n", "byte %zu", where);
	cr_assert_eq(loaded.broken, 1, "byte %zu", where);
	cr_assert_str_eq(loaded.path, aside);
	cr_assert_neq(loaded.reason[0], '\0');
	cr_assert_eq(access(aside, F_OK), 0);
	cr_assert_lt(access(path, F_OK), 0);
	cr_assert_eq(confd_store_next_id(store), 1000000003,
		     "the number of a broken commit is not used again");
	free(text);
	confd_store_free(store);
}

Test(confd_store, cut_or_changed_at_any_byte)
{
	struct confd_store *store = store_open();
	char path[200], *whole = NULL;
	size_t len = 0;

	store_add(store, "hostname good\n");
	store_add(store, "hostname newer\nssh server v2\n!\n");
	confd_store_free(store);
	file_path(1000000002, ".conf", path, sizeof(path));
	cr_assert_eq(fs_read(path, 65536, &whole, &len), 0);
	for (size_t cut = 0; cut < len; cut++)
		expect_fallback(whole, cut, cut);
	for (size_t at = 0; at < len; at++) {
		char kept = whole[at];

		whole[at] = kept == 'x' ? 'y' : 'x';
		expect_fallback(whole, len, at);
		whole[at] = '\0';
		expect_fallback(whole, len, at);
		whole[at] = kept;
	}
	free(whole);
}

Test(confd_store, a_whole_file_under_another_number_is_refused)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	char from[200], to[200], *text;

	store_add(store, "hostname good\n");
	store_add(store, "hostname newer\n");
	confd_store_free(store);
	file_path(1000000002, ".conf", from, sizeof(from));
	file_path(1000000009, ".conf", to, sizeof(to));
	cr_assert_eq(rename(from, to), 0);
	text = store_load(&store, &loaded);
	cr_assert_str_eq(text, "hostname good\n");
	cr_assert_eq(loaded.broken, 1);
	cr_assert_eq(confd_store_next_id(store), 1000000010);
	free(text);
	confd_store_free(store);
}

Test(confd_store, what_the_table_no_longer_takes)
{
	struct loaded loaded = { .refuse = "hostname newer\n" };
	struct confd_store *store = store_open();
	char *text;

	store_add(store, "hostname good\n");
	store_add(store, "hostname newer\n");
	confd_store_free(store);
	text = store_load(&store, &loaded);
	cr_assert_str_eq(text, "hostname good\n");
	cr_assert_str_eq(loaded.reason, "no longer understood");
	free(text);
	confd_store_free(store);
}

Test(confd_store, nothing_good_left)
{
	struct loaded loaded = { .refuse = "hostname one\n" };
	struct confd_store *store = store_open();

	store_add(store, "hostname one\n");
	confd_store_free(store);
	cr_assert_null(store_load(&store, &loaded));
	confd_store_free(store);
	cr_assert_null(store_load(&store, &loaded));
	cr_assert_eq(loaded.broken, 1, "told once");
	cr_assert_not(confd_store_is_virgin(store), "a starter must not replace what was lost");
	cr_assert_eq(confd_store_next_id(store), 1000000002);
	confd_store_free(store);
}

Test(confd_store, broken_head_of_an_old_one)
{
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	char path[200], *text;
	size_t len;

	for (unsigned i = 0; i < 3; i++)
		store_add(store, "hostname good\n");
	confd_store_free(store);
	file_path(1000000002, ".conf", path, sizeof(path));
	cr_assert_eq(truncate(path, 40), 0);
	text = store_load(&store, &loaded);
	cr_assert_not_null(text);
	cr_assert_eq(loaded.broken, 1);
	cr_assert_eq(confd_store_records(store, &len)[1].id, 1000000001);
	cr_assert_eq(len, 2);
	free(text);
	confd_store_free(store);
}

Test(confd_store, rests_and_strangers)
{
	static const char *const names[] = { "1000000009.conf.tmp", "12.conf", "running", "99999999999.conf",
					     ".conf" };
	struct loaded loaded = { .broken = 0 };
	struct confd_store *store = store_open();
	char path[200], *text;

	store_add(store, "hostname good\n");
	confd_store_free(store);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/commits/%s", dir, names[i]);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	text = store_load(&store, &loaded);
	cr_assert_str_eq(text, "hostname good\n");
	cr_assert_eq(loaded.broken, 0);
	cr_assert_eq(confd_store_next_id(store), 1000000002, "an unfinished commit never had its number");
	snprintf(path, sizeof(path), "%s/commits/%s", dir, names[0]);
	cr_assert_lt(access(path, F_OK), 0);
	free(text);
	confd_store_free(store);
}

Test(confd_store, a_failed_record_changes_nothing)
{
	struct confd_store *store = store_open();
	struct commit_record record = { .id = 1000000002, .user = "amy" };
	struct err err = { .text = "" };
	char path[200];
	size_t len;

	store_add(store, "hostname good\n");
	/* no directory can be replaced by a file: the rename fails as on a broken disk */
	file_path(1000000002, ".conf", path, sizeof(path));
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_lt(confd_store_record(store, &record, "hostname newer\n", &err), 0);
	cr_assert_not_null(strstr(err.text, path));
	cr_assert_eq(confd_store_records(store, &len)[0].id, 1000000001);
	cr_assert_eq(confd_store_next_id(store), 1000000002);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(confd_store_record(store, &record, "hostname newer\n", &err), 0);
	record.id = 1000000002;
	cr_assert_eq(confd_store_record(store, &record, "hostname newer\n", &err), -EINVAL,
		     "a number counts once");
	confd_store_free(store);
}

Test(confd_store, plain_texts)
{
	cr_assert(confd_store_is_plain("", 0));
	cr_assert(confd_store_is_plain("abc", 3));
	cr_assert(confd_store_is_plain("\xc3\xa4", 2));
	cr_assert_not(confd_store_is_plain("abcd", 3));
	cr_assert_not(confd_store_is_plain("a\nb", 9));
	cr_assert_not(confd_store_is_plain("a\x7f", 9));
}
