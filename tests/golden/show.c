/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the show commands from a daemon's answer to the text. Each tests/golden/show/NNN-name.in is a line with the name of
 * the renderer ("sessions", "sessions json"), then the reply as JSON; what is printed must be NNN-name.ok to the byte.
 *
 *   show [--update] [NAME]     NAME: part of "show/NNN-name"; --update rewrites the .ok, whose diff is then read
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/show_crypto.h"
#include "cli/show_line.h"
#include "cli/show_ssh.h"

#define CASE_MAX_BYTES (1u << 20)
#define DIRECTORY      "tests/golden/show"

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "show: %s\n", what);
	exit(2);
}

static int64_t idle_s(const struct session_report *session)
{
	return session->id == 7 ? -1 : 3725; /* an hour, two minutes and five seconds; one cannot be known */
}

static int users(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	struct show_users_ask ask = { .own_session_id = 2, .idle_s = idle_s };

	return show_users(out, reply, &ask, as_json, err);
}

static int users_console(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	struct show_users_ask ask = { .own_line = "con0", .own_user = "root", .idle_s = idle_s };

	return show_users(out, reply, &ask, as_json, err);
}

/* Ten minutes and a second after the sessions of the cases began. */
static int rekey(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	return show_ssh_rekey(out, reply, INT64_C(1791976925000000) + 601000000, as_json, err);
}

static int lines(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	return show_lines(out, reply, &(const struct show_line_ask){ .own = "vty2" }, as_json, err);
}

static int one_line(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	return show_lines(out, reply, &(const struct show_line_ask){ .own = "vty2", .only = "vty2" }, as_json, err);
}

static const struct renderer {
	const char *name;
	int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err);
} renderers[] = {
	{ "lines", lines },
	{ "one-line", one_line },
	{ "sessions", show_ssh_sessions },
	{ "session-details", show_ssh_session_details },
	{ "rekey", rekey },
	{ "history", show_ssh_history },
	{ "history-details", show_ssh_history_details },
	{ "server", show_ssh_server },
	{ "vrfs", show_vrfs },
	{ "mypubkey", show_crypto_mypubkey },
	{ "key-authentication", show_crypto_authentication },
	{ "users", users },
	{ "users-console", users_console },
};

static void render(const char *name, bool as_json, const char *text, FILE *out)
{
	json_t *reply = json_loads(text, JSON_ALLOW_NUL, NULL);
	struct err err = { 0 };
	const struct renderer *found = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(renderers); i++)
		if (!strcmp(renderers[i].name, name))
			found = &renderers[i];
	must(found, name);
	must(reply, "the case holds no JSON");
	r = found->render(out, reply, as_json, &err);
	if (r < 0)
		fprintf(out, "failed %d: %s\n", r, err.text);
	json_decref(reply);
}

static char *case_output(const char *in_path)
{
	AUTO(free) char *in = NULL;
	char *got = NULL, *end, *blank;
	bool as_json;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	must(out && !fs_read(in_path, CASE_MAX_BYTES, &in, &len), in_path);
	end = strchr(in, '\n');
	must(end, in_path);
	*end = '\0';
	blank = strchr(in, ' ');
	as_json = blank && !strcmp(blank, " json");
	if (blank)
		*blank = '\0';
	render(in, as_json, end + 1, out);
	must(!fclose(out), "out of memory");
	return got;
}

static bool run_case(const char *in_path, bool update)
{
	AUTO(free) char *got = case_output(in_path), *wanted = NULL;
	char ok_path[512];
	size_t len;

	snprintf(ok_path, sizeof(ok_path), "%.*s.ok", (int)strlen(in_path) - 3, in_path);
	if (update)
		must(!fs_write_atomic(ok_path, 0644, got, strlen(got)), ok_path);
	if (fs_read(ok_path, CASE_MAX_BYTES, &wanted, &len) == 0 && !strcmp(wanted, got))
		return true;
	printf("FAILED %s\n---- wanted\n%s---- got\n%s----\n", in_path, wanted ? wanted : "(no .ok file)\n", got);
	return false;
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 3, ".in");
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	const char *wanted = "";
	struct dirent **entries;
	bool update = false;
	int count;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--update"))
			update = true;
		else
			wanted = argv[i];
	}
	count = scandir(DIRECTORY, &entries, is_case, alphasort);
	must(count >= 0, "run it at the top of the tree");
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), DIRECTORY "/%s", entries[i]->d_name);
		if (strstr(path + strlen("tests/golden/"), wanted))
			*(run_case(path, update) ? &passed : &failed) += 1;
		free(entries[i]);
	}
	free(entries);
	printf("show: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
