/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/golden/cases.h - a folder of golden cases: NNN-name.in must give NNN-name.ok to the byte
 *
 * Shapes:  struct golden, one run of a program; a function that makes the output of one case
 * Units:   none
 * Errors:  golden_must() ends the program: the case or the place is wrong, not what is tested
 * Owns:    nothing
 * Runs in: tests/golden/NAME.c, each a program of one file
 */
#ifndef TESTS_GOLDEN_CASES_H
#define TESTS_GOLDEN_CASES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define GOLDEN_CASE_MAX_BYTES (1u << 20)
#define GOLDEN_PLACE	      "tests/golden/"

struct golden {
	const char *program;
	const char *wanted; /* part of "FOLDER/NNN-name" */
	bool update;
	unsigned passed, failed;
};

/* What the case gives, in memory of its own; in is its text, which may be changed. */
typedef char *golden_output(const char *in_path, char *in, const void *userdata);

static inline void golden_must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "golden: %s\n", what);
	exit(2);
}

/* PROGRAM [--update] [NAME] */
static inline struct golden golden_begin(const char *program, int argc, char **argv)
{
	struct golden golden = { .program = program, .wanted = "" };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--update"))
			golden.update = true;
		else
			golden.wanted = argv[i];
	}
	return golden;
}

static inline bool golden_run_case(const struct golden *golden, const char *in_path, golden_output *output,
				   const void *userdata)
{
	AUTO(free) char *in = NULL, *got = NULL, *ok = NULL;
	char ok_path[512];
	size_t len;

	golden_must(!fs_read(in_path, GOLDEN_CASE_MAX_BYTES, &in, &len), in_path);
	got = output(in_path, in, userdata);
	snprintf(ok_path, sizeof(ok_path), "%.*s.ok", (int)strlen(in_path) - 3, in_path);
	if (golden->update)
		golden_must(!fs_write_atomic(ok_path, 0644, got, strlen(got)), ok_path);
	if (fs_read(ok_path, GOLDEN_CASE_MAX_BYTES, &ok, &len) == 0 && !strcmp(ok, got))
		return true;
	printf("FAILED %s\n---- wanted\n%s---- got\n%s----\n", in_path, ok ? ok : "(no .ok file)\n", got);
	return false;
}

static inline int golden_is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 3, ".in");
}

/* Every case of tests/golden/FOLDER that is wanted. */
static inline void golden_run(struct golden *golden, const char *folder, golden_output *output, const void *userdata)
{
	char directory[128], path[512];
	struct dirent **entries;
	int count;

	snprintf(directory, sizeof(directory), GOLDEN_PLACE "%s", folder);
	count = scandir(directory, &entries, golden_is_case, alphasort);
	golden_must(count >= 0, "run it at the top of the tree");
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (strstr(path + strlen(GOLDEN_PLACE), golden->wanted))
			*(golden_run_case(golden, path, output, userdata) ? &golden->passed : &golden->failed) += 1;
		free(entries[i]);
	}
	free(entries);
}

/* The program's exit status. */
static inline int golden_end(const struct golden *golden)
{
	printf("%s: %u passed, %u failed\n", golden->program, golden->passed, golden->failed);
	return golden->failed || !golden->passed;
}

#endif
