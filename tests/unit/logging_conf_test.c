/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "logging …": operands that stand without a keyword, an address together with its VRF, and the struct they fill.
 */
#include "conf/logging_conf.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tree.h"

static const struct stmt root[] = { LOGGING_CONF_ROW, STMT_DONE };

static struct tree *tree_of(const char *const *lines)
{
	struct tree *tree;

	cr_assert_eq(tree_new(root, &tree), 0);
	for (; *lines; lines++) {
		struct match match;

		stmt_match(root, NULL, *lines, true, &match);
		cr_assert_eq(match.status, MATCH_OK, "%s: %s", *lines, match.err.text);
		cr_assert_geq(tree_apply(tree, &match, NULL), 0);
		for (const struct match *more = match.more; more; more = more->more) {
			struct match one = *more;

			one.status = MATCH_OK;
			cr_assert_geq(tree_apply(tree, &one, NULL), 0);
		}
		stmt_match_done(&match);
	}
	return tree;
}

static char *text_of(const struct tree *tree)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	tree_write(tree, NULL, 0, out);
	fclose(out);
	return text;
}

static void assert_text(const char *const *lines, const char *wanted)
{
	struct tree *tree = tree_of(lines), *again;
	char *text = text_of(tree), *second;

	cr_assert_str_eq(text, wanted);
	cr_assert_eq(tree_new(root, &again), 0);
	cr_assert_eq(tree_parse(again, text, NULL, NULL, NULL), 0);
	second = text_of(again);
	cr_assert_str_eq(second, wanted);
	free(second);
	free(text);
	tree_free(again);
	tree_free(tree);
}

Test(logging_conf, size_and_severity_stand_beside_each_other)
{
	assert_text((const char *const[]){ "logging buffered 2000000", "logging buffered debugging",
					   "logging buffered 300000", "log buf warn", NULL },
		    "logging buffered 300000\nlogging buffered warnings\n!\n");
	assert_text((const char *const[]){ "logging buffered 2000000", "logging buffered debugging",
					   "no logging buffered debugging", NULL },
		    "logging buffered 2000000\n!\n");
	assert_text((const char *const[]){ "logging buffered 2000000", "logging buffered debugging",
					   "no logging buffered", "logging console disable", "no logging console",
					   NULL },
		    "");
}

Test(logging_conf, a_host_is_an_address_in_a_vrf)
{
	assert_text((const char *const[]){ "logging 10.0.0.1", "logging 10.0.0.1 v blue severity warn port 5514",
					   "logging FD00::1 vrf blue", "logging 10.0.0.2 severity info port default",
					   NULL },
		    "logging 10.0.0.1 vrf blue severity warnings port 5514\n"
		    "logging 10.0.0.1 vrf default\n"
		    "logging 10.0.0.2 vrf default severity informational port default\n"
		    "logging fd00::1 vrf blue\n!\n");
	assert_text((const char *const[]){ "logging 10.0.0.1", "logging 10.0.0.1 vrf blue", "no logging 10.0.0.1",
					   NULL },
		    "logging 10.0.0.1 vrf blue\n!\n");
}

struct refusal {
	char line[64];
	int status;
	unsigned column;
	char words[64];
};

ParameterizedTestParameters(logging_conf, refused)
{
	static struct refusal rows[] = {
		{ "logging 10.0.0.999", MATCH_INVALID, 8, "address of a server" },
		{ "logging router.example", MATCH_INVALID, 8, "names are not taken" },
		{ "logging buffered 12", MATCH_INVALID, 17, "from 4096 to 125000000 bytes" },
		{ "logging buffered loud", MATCH_INVALID, 17, "" },
		{ "logging buffered e", MATCH_AMBIGUOUS, 17, "" },
		{ "logging buffered", MATCH_INCOMPLETE, 0, "" },
		{ "logging 10.0.0.1 vrf", MATCH_INCOMPLETE, 0, "" },
		{ "logging nonsense", MATCH_INVALID, 8, "" },
		{ "logging 10.0.0.1 port 0", MATCH_INVALID, 22, "1 to 65535" },
	};

	return cr_make_param_array(struct refusal, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct refusal *row, logging_conf, refused)
{
	struct match match;

	stmt_match(root, NULL, row->line, true, &match);
	cr_assert_eq((int)match.status, row->status, "%s", row->line);
	if (row->column)
		cr_assert_eq(match.column, row->column, "%s: %u", row->line, match.column);
	cr_assert_not_null(strstr(match.err.text, row->words), "%s: %s", row->line, match.err.text);
	stmt_match_done(&match);
}

static int on_line(const char *line, void *userdata)
{
	strncat(userdata, line, 500);
	strncat(userdata, ";", 2);
	return 0;
}

Test(logging_conf, differences_name_what_goes)
{
	struct tree *before = tree_of((const char *const[]){ "logging buffered 5000", "logging buffered errors",
							     "logging 10.0.0.1 severity errors", NULL });
	struct tree *after = tree_of((const char *const[]){ "logging buffered errors", "logging 10.0.0.2 vrf blue", NULL });
	char lines[1024] = "";

	cr_assert_eq(tree_diff(before, after, on_line, lines), 3);
	cr_assert_str_eq(lines, "no logging buffered 5000;no logging 10.0.0.1 vrf default;logging 10.0.0.2 vrf blue;");
	tree_free(before);
	tree_free(after);
}

Test(logging_conf, the_struct_has_defaults_and_what_was_said)
{
	struct tree *tree = tree_of((const char *const[]){ "logging console warnings", "logging buffered 5000",
							   "logging 10.0.0.1 vrf blue port 99", "logging facility local3",
							   "logging format rfc5424", NULL });
	struct bind_arena arena = { NULL };
	struct logging_conf conf;
	const struct logging_host_conf *hosts;
	char address[64], vrf[33];

	cr_assert_eq(bind_tree(tree, root, &conf, &arena), 0);
	cr_assert_eq(conf.console, 4);
	cr_assert_eq(conf.monitor, 7);
	cr_assert_eq(conf.trap, 6);
	cr_assert_eq(conf.buffered_bytes, 5000);
	cr_assert_eq(conf.buffered_severity, 7);
	cr_assert_eq(conf.facility, 19);
	cr_assert_eq(conf.format, LOGGING_FORMAT_5424);
	cr_assert_eq(conf.hosts.len, 1);
	hosts = conf.hosts.items;
	cr_assert_eq(hosts[0].severity, 6);
	cr_assert_str_eq(hosts[0].port, "99");
	cr_assert_eq(logging_host_split(hosts[0].place, address, sizeof(address), vrf, sizeof(vrf)), 0);
	cr_assert_str_eq(address, "10.0.0.1");
	cr_assert_str_eq(vrf, "blue");
	bind_arena_done(&arena);
	tree_free(tree);
	cr_assert_eq(strcmp(logging_console_words[LOGGING_CONSOLE_OFF], "disable"), 0);
	cr_assert_str_eq(logging_facility_words[23], "local7");
	cr_assert_str_eq(logging_facility_words[16], "local0");
}

static void on_hint(const struct stmt_hint *hint, void *userdata)
{
	strncat(userdata, hint->word, 100);
	strncat(userdata, " ", 2);
}

static void assert_hints(const char *line, const char *wanted)
{
	char words[2048] = "";
	unsigned column;

	stmt_hints(root, NULL, line, true, NULL, on_hint, words, &column);
	cr_assert_str_eq(words, wanted, "%s: %s", line, words);
}

Test(logging_conf, help_shows_operands_without_keywords)
{
	assert_hints("logging ", "console monitor buffered trap facility format ADDRESS ");
	assert_hints("logging buffered ", "<4096-125000000> emergencies alerts critical errors warnings notifications "
					  "informational debugging ");
	assert_hints("logging buffered d", "debugging ");
	assert_hints("logging 10.0.0.1 ", "vrf severity port <cr> ");
	assert_hints("logging 10.0.0.1 v", "vrf ");
	assert_hints("logging 10.0.0.1 vrf ", "WORD ");
	assert_hints("logging 10.0.0.1 vrf blue ", "severity port <cr> ");
}
