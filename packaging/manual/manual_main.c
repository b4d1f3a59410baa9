/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: manual: writes the reference from the tables, or says which of its files are older than the tables.
 *
 *   manual [--check] [--programs DIR]     in the top directory of the tree; DIR has the daemons, which describe their
 *                                         own interfaces
 *   manual --list                         a line for each exec command, as it may be typed
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/option.h"
#include "cli/cli_options.h"
#include "cli/config_commit.h"
#include "cli/json_rows.h"
#include "cli/pipe.h"
#include "cli/shell.h"
#include "conf/root.h"
#include "packaging/manual/manual.h"

#define FILE_MAX_BYTES (4u << 20)

struct options {
	const char *programs;
	bool check, list, help;
};

#define ROW(kind, name, value, member, def, help) \
	OPTION_ROW(kind, name, value, struct options, member, def, help)
static const struct option_row option_rows[] = {
	{ ROW(OPTION_TEXT, "programs", "DIR", programs, "build/bin", "Directory of the daemons") },
	{ ROW(OPTION_FLAG, "check", NULL, check, NULL, "Write nothing and say what is stale") },
	{ ROW(OPTION_FLAG, "list", NULL, list, NULL, "Print a line for each exec command") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Print the options and exit") },
	OPTION_DONE,
};

static const struct page {
	const char *path;
	void (*write)(const struct manual *manual, FILE *out);
} pages[] = {
	/* clang-format off */
	{ "docs/commands.md", manual_commands },
	{ "docs/json.md", manual_json },
	{ "man/sallyport.1", manual_man_sallyport },
	{ "man/sallyport-config.5", manual_man_config },
	{ "man/sallyport-confd.8", manual_man_confd },
	{ "man/sallyport-sshd.8", manual_man_sshd },
	{ "man/sallyport-run.8", manual_man_run },
	{ "completion/sallyport.bash", manual_bash },
	/* clang-format on */
};

/* What a daemon says of its interfaces (--describe), one file for each daemon. */
static const struct described {
	const char *path, *program;
} described[] = {
	{ "docs/varlink/confd.varlink", "sallyport-confd" },
	{ "docs/varlink/sshd.varlink", "sallyport-sshd" },
};

struct run {
	bool check;
	unsigned good, bad;
};

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "manual: %s\n", what);
	exit(2);
}

static void file_done(struct run *run, const char *path, const char *text, size_t len)
{
	AUTO(free) char *there = NULL;
	size_t there_len = 0;
	bool same = fs_read(path, FILE_MAX_BYTES, &there, &there_len) == 0 && there_len == len &&
		    !memcmp(there, text, len);

	if (!same && run->check)
		printf("stale: %s; make manual writes it\n", path);
	else if (!same)
		must(fs_write_atomic(path, 0644, text, len) == 0, path);
	*(same || !run->check ? &run->good : &run->bad) += 1;
}

static void page_make(struct run *run, const struct manual *manual, const struct page *page)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	must(out, "out of memory");
	page->write(manual, out);
	must(!fclose(out), "out of memory");
	file_done(run, page->path, text, len);
	free(text);
}

/* The output of "PROGRAM --describe". */
static void described_make(struct run *run, const char *directory, const struct described *row)
{
	AUTO(free) char *program = NULL;
	char flag[] = "--describe", *argv[] = { NULL, flag, NULL };
	posix_spawn_file_actions_t actions;
	char *text = malloc(FILE_MAX_BYTES);
	size_t len = 0;
	int pipe_fds[2], status = 1;
	ssize_t n;
	pid_t pid;

	must(asprintf(&program, "%s/%s", directory, row->program) > 0 && text, "out of memory");
	argv[0] = program;
	must(pipe2(pipe_fds, O_CLOEXEC) == 0, "pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	must(posix_spawn(&pid, program, &actions, NULL, argv, environ) == 0, program);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	while ((n = read(pipe_fds[0], text + len, FILE_MAX_BYTES - len)) > 0)
		len += (size_t)n;
	close(pipe_fds[0]);
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 && len,
	     program);
	file_done(run, row->path, text, len);
	free(text);
}

static void list(const struct manual *manual)
{
	for (size_t i = 0; i < manual->entries_len; i++) {
		const struct manual_entry *entry = &manual->entries[i];
		AUTO(free) char *example = manual_example(manual, entry);

		if (entry->part == MANUAL_EXEC && !entry->as[0])
			printf("%s\t%s\n", entry->title, example ? example : entry->title);
	}
}

int main(int argc, char **argv)
{
	struct manual manual = {
		.roots = { conf_root, config_mode_commands, exec_root, pipe_root },
		.cli_options = cli_option_rows,
		.cli_tail = CLI_OPTIONS_TAIL,
		.json = json_rows,
	};
	struct options options = { .programs = "build/bin" };
	struct run run = { 0 };
	struct err err = { 0 };
	int rest = 0;

	if (option_parse(option_rows, argc, argv, &options, &rest, &err) < 0 || rest != argc ||
	    options.help) {
		fprintf(stderr, "%s\n", err.text);
		option_usage(option_rows, "manual", "", options.help ? stdout : stderr);
		return options.help ? 0 : 2;
	}
	run.check = options.check;
	must(manual_collect(&manual) == 0, "out of memory");
	if (options.list)
		return list(&manual), manual_done(&manual), 0;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		page_make(&run, &manual, &pages[i]);
	for (size_t i = 0; i < ARRAY_SIZE(described); i++)
		described_make(&run, options.programs, &described[i]);
	manual_done(&manual);
	printf("manual: %u passed, %u failed\n", run.good, run.bad);
	return run.bad ? 1 : 0;
}
