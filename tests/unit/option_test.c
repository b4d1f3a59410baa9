/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: options from a table: what is taken, what is refused and with which words, and the law of the programs' tables.
 */
#include "base/option.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_options.h"
#include "conf/confd_options.h"
#include "services/sshd_options.h"

struct things {
	const char *dir, *command;
	uint16_t port;
	uint32_t uid;
	bool loud, help;
};

#define ROW(kind, name, value, member, def, help) OPTION_ROW(kind, name, value, struct things, member, def, help)
static const struct option_row rows[] = {
	{ ROW(OPTION_TEXT, "run-dir", "DIR", dir, "/run/x", "Where it is"), .required = true },
	{ ROW(OPTION_TEXT, "c", "COMMAND", command, NULL, "What to do") },
	{ ROW(OPTION_U16, "port", "PORT", port, "7", "A port"), .min = 1, .max = UINT16_MAX },
	{ ROW(OPTION_U32, "uid", "UID", uid, NULL, "A user"), .min = 3, .max = 4000000000u },
	{ ROW(OPTION_FLAG, "loud", NULL, loud, NULL, "Say more") },
	{ ROW(OPTION_FLAG, "help", NULL, help, NULL, "Say this") },
	OPTION_DONE,
};

static int parse(struct things *things, int *rest, struct err *err, const char *words)
{
	static char copy[256];
	char name[] = "program", *argv[16] = { name }, *at = copy;
	int argc = 1, r;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((argv[argc] = strsep(&at, " ")))
		argc++;
	*things = (struct things){ .port = 7 };
	err->text[0] = '\0';
	r = option_parse(rows, argc, argv, things, rest, err);
	return r;
}

Test(option, takes_every_kind)
{
	struct things things;
	struct err err;
	int rest = 0;

	cr_assert_eq(parse(&things, &rest, &err, "--run-dir d --port=65535 --uid 4000000000 --loud -c show word --port 1"), 0,
		     "%s", err.text);
	cr_assert_str_eq(things.dir, "d");
	cr_assert_str_eq(things.command, "show");
	cr_assert_eq(things.port, 65535, "what stands behind the first word is the program's");
	cr_assert_eq(things.uid, 4000000000u);
	cr_assert(things.loud);
	cr_assert_not(things.help);
	cr_assert_eq(rest, 9);
	cr_assert_eq(parse(&things, &rest, &err, "--run-dir d"), 0);
	cr_assert_eq(things.port, 7, "what is not said stays");
	cr_assert_eq(parse(&things, &rest, &err, "--help"), 0, "help needs nothing else");
}

Test(option, says_why_not)
{
	static const struct {
		const char *words, *why;
	} cases[] = {
		{ "--port 1", "--run-dir is needed" },
		{ "--run-dir d --port 0", "--port takes a number from 1 to 65535" },
		{ "--run-dir d --port 65536", "--port takes a number from 1 to 65535" },
		{ "--run-dir d --port -1", "--port takes a number from 1 to 65535" },
		{ "--run-dir d --port 1x", "--port takes a number from 1 to 65535" },
		{ "--run-dir d --uid 4000000001", "--uid takes a number from 3 to 4000000000" },
		{ "--run-dir d --nothing", "there is no option --nothing" },
		{ "--run-dir d -z", "there is no option -z" },
		{ "--run-dir", "--run-dir needs a value" },
		{ "--run-dir d -c", "-c needs a value" },
	};
	struct things things;
	struct err err;
	int rest;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(parse(&things, &rest, &err, cases[i].words), -EINVAL, "%s", cases[i].words);
		cr_assert_str_eq(err.text, cases[i].why);
	}
}

Test(option, usage)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	option_usage(rows, "program", "[WORD...]", out);
	fclose(out);
	cr_assert_str_eq(text, "usage: program --run-dir DIR [-c COMMAND] [--port PORT] [--uid UID] [--loud] [--help] [WORD...]\n"
			       "\n"
			       "  --run-dir DIR  Where it is (/run/x)\n"
			       "  -c COMMAND     What to do\n"
			       "  --port PORT    A port (7)\n"
			       "  --uid UID      A user\n"
			       "  --loud         Say more\n"
			       "  --help         Say this\n",
			 "%s", text);
	free(text);
}

Test(option, tables_of_the_programs)
{
	const struct option_row *const tables[] = { cli_option_rows, confd_option_rows, sshd_option_rows };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct option_row *row = tables[i]; row->type != OPTION_END; row++) {
			cr_assert(row->help && row->help[0] && row->help[strlen(row->help) - 1] != '.', "%s", row->name);
			cr_assert_eq(row->type == OPTION_FLAG, row->value == NULL, "%s", row->name);
			if (row->type == OPTION_U16 || row->type == OPTION_U32)
				cr_assert(row->max > row->min, "%s: no range", row->name);
			for (const struct option_row *other = row + 1; other->type != OPTION_END; other++)
				cr_assert(strcmp(row->name, other->name) && row->offset != other->offset, "%s", row->name);
		}
	}
}
