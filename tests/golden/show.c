/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the show commands from a daemon's answer to the text. Each tests/golden/show/NNN-name.in is a line with the name of
 * the renderer ("sessions", "sessions json"), then the reply as JSON; what is printed must be NNN-name.ok to the byte.
 *
 *   show [--update] [NAME]     NAME: part of "show/NNN-name"; --update rewrites the .ok, whose diff is then read
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/show_crypto.h"
#include "cli/show_line.h"
#include "cli/show_ssh.h"
#include "tests/golden/cases.h"


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
	golden_must(found, name);
	golden_must(reply, "the case holds no JSON");
	r = found->render(out, reply, as_json, &err);
	if (r < 0)
		fprintf(out, "failed %d: %s\n", r, err.text);
	json_decref(reply);
}

static char *case_output(const char *in_path, char *in, const void *userdata)
{
	char *got = NULL, *end = strchr(in, '\n'), *blank;
	bool as_json;
	size_t len;
	FILE *out = open_memstream(&got, &len);

	(void)userdata;
	golden_must(out && end, in_path);
	*end = '\0';
	blank = strchr(in, ' ');
	as_json = blank && !strcmp(blank, " json");
	if (blank)
		*blank = '\0';
	render(in, as_json, end + 1, out);
	golden_must(!fclose(out), "out of memory");
	return got;
}

int main(int argc, char **argv)
{
	struct golden golden = golden_begin("show", argc, argv);

	golden_run(&golden, "show", case_output, NULL);
	return golden_end(&golden);
}
