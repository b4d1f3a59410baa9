/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what is taken out of text that leaves the router, and what stays readable.
 */
#include "cli/tech_scrub.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

struct scrub {
	char before[200], after[200];
};

ParameterizedTestParameters(tech_scrub, texts)
{
	static struct scrub rows[] = {
		{ "username a\n secret 10 $6$salt$hash\n!\n", "username a\n secret ** ************\n!\n" },
		{ " keystring ssh-ed25519 AAAA bob\nssh server v2", " keystring *********** **** ***\nssh server v2" },
		{ "{\"text\": \"username a secret 10 x\\nssh timeout 5\"}",
		  "{\"text\": \"username a secret ** *\\nssh timeout 5\"}" },
		{ "[\"secret\", \"plain\"]", "[\"secret\", \"plain\"]" },
		{ "x$y$j9T$abc/def$ghi y", "x****************** y" },
		{ "$1$a$b and $2b$10$c", "****** and ********" },
		{ "costs $5 or $ 6 $", "costs $5 or $ 6 $" },
		{ "Key label: the_default\nData : 3059", "Key label: the_default\nData : 3059" },
		{ "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\nafter",
		  "-----BEGIN PRIVATE KEY-----\n****\n-----END PRIVATE KEY-----\nafter" },
		{ "-----BEGIN PRIVATE KEY-----\nMC4C", "-----BEGIN PRIVATE KEY-----\n****" },
		{ "\\\\secret 10 x", "\\\\secret ** *" },
		{ "secrets are not the word", "secrets are not the word" },
		{ "secret", "secret" },
	};

	return cr_make_param_array(struct scrub, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct scrub *row, tech_scrub, texts)
{
	char text[200];

	memcpy(text, row->before, sizeof(text));
	tech_scrub(text, strlen(text));
	cr_assert_str_eq(text, row->after);
}
