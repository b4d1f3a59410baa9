/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: configurations in files. They are read and written here, by the operator's own process: no daemon opens a file
 * that somebody else names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "cli/config_commit.h"
#include "cli/config_mode.h"
#include "cli/exec_file.h"
#include "cli/file_path.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define CONFIG_FILE_MAX_BYTES (8u << 20)
#define FAULTS_SHOWN_MAX      50u

const struct arg arg_config_file = {
	.name = "WORD",
	.help = "File: harddisk:/NAME, disk0:/NAME or a path",
	.min = 1,
	.max = 1024,
	.text = true,
	.words_taken = 1,
	.complete = EXEC_FILE_SOURCE,
};

/* ---- load ---- */

struct loading {
	struct shell *shell;
	unsigned faults;
};

static void on_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	struct loading *loading = userdata;

	(void)line; /* it may hold a secret */
	if (loading->faults++ < FAULTS_SHOWN_MAX)
		shell_refuse(loading->shell, "Line %u: %s", line_number, reason);
}

static void ignore_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)line_number;
	(void)line;
	(void)reason;
	(void)userdata;
}

static int take_text(struct shell *shell, const char *text, size_t len)
{
	struct loading loading = { .shell = shell };
	struct err err = { 0 };
	char *sealed = NULL;
	int r;

	/* once, so that candidate and typed hold the same hash */
	r = tree_text_seal(conf_root, text, user_secret_hash, &sealed, &err);
	if (r == 0)
		r = tree_parse(shell->config->candidate, sealed, on_fault, &loading, &err);
	if (r == 0)
		r = tree_parse(shell->config->typed, sealed, ignore_fault, NULL, &err);
	free(sealed);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	if (loading.faults)
		return shell_refuse(shell, "%u %s refused, the others are among the changes of this session",
				    loading.faults, loading.faults == 1 ? "line was" : "lines were");
	fprintf(shell->out, "%zu bytes parsed in 1 sec (%zu)bytes/sec\n", len, len);
	return 0;
}

int config_file_load(struct shell *shell, const struct match *match)
{
	const char *path = stmt_match_value(match, "load");
	struct err err = { 0 };
	char *text = NULL;
	size_t len = 0;
	int r = file_path_read(path, CONFIG_FILE_MAX_BYTES, &text, &len, &err);

	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	fputs("Loading.\n", shell->out);
	if (strlen(text) != len)
		r = shell_refuse(shell, "%s holds bytes that are no text", path);
	else
		r = take_text(shell, text, len);
	explicit_bzero(text, len); /* password hashes */
	free(text);
	return r;
}

/* ---- copy ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* A new file, or an old one after a question. */
static int open_target(struct shell *shell, const char *path, int *ret_fd)
{
	char answer[CONFIG_ANSWER_MAX] = "";
	struct err err = { 0 };
	int r = file_path_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, ret_fd, &err);

	if (r == -EEXIST) {
		r = shell_ask(shell,
			      "The destination file already exists. Do you want to overwrite? [no]:", answer,
			      sizeof(answer));
		if (r < 0)
			return r;
		if (!config_answer_is(answer, "yes"))
			return -ECANCELED;
		r = file_path_open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, ret_fd,
				   &err);
	}
	return r < 0 ? shell_refuse(shell, "%s", err.text) : 0;
}

static int copy_running(struct shell *shell, const char *path)
{
	AUTO(close) int fd = -1;
	json_t *reply = NULL;
	const char *text;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_GET_RUNNING, NULL, &reply);

	text = json_string_value(json_object_get(reply, "text"));
	if (r == 0 && !text)
		r = shell_refuse(
			shell, "The answer of sallyport-confd has no text: CLI and daemon differ in version");
	if (r == 0)
		r = open_target(shell, path, &fd);
	if (r == 0) {
		r = write_all(fd, text, strlen(text));
		if (r == 0)
			r = write_all(fd, "end\n", 4);
		if (r < 0)
			shell_refuse(shell, "%s: %s", path, strerror(-r));
		else
			fputs("Building configuration.\n[OK]\n", shell->out);
	}
	json_decref(reply);
	return r;
}

static int run_copy(struct shell *shell, const struct match *match)
{
	return copy_running(shell, stmt_match_value(match, "running-config"));
}

int config_file_save(struct shell *shell, const struct match *match)
{
	return copy_running(shell, stmt_match_value(match, "save"));
}

const struct stmt config_copy_rows[] = {
	EXEC_FILE_COPY_ROW,
	{ .kind = STMT_RUN,
	  .word = "running-config",
	  .help = "The running configuration, to a file",
	  .run = run_copy,
	  .arg = &arg_config_file,
	  .flags = STMT_WRITES,
	  .task = "config-services",
	  .source = "issue: copy running-config FILE" },
	STMT_DONE,
};
