// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What is scp's server half, and that nothing else of it gets through.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "services/ssh/subsystem.h"

/* The words joined by '|', or the errno as text. */
static const char *words(const char *command)
{
	static char joined[4096];
	struct subsystem_scp scp;
	struct err err = { "" };
	int r = subsystem_scp_parse(command, &scp, &err);

	if (r == -EINVAL) {
		cr_assert_neq(err.text[0], '\0', "no reason for: %s", command);
		return "refused";
	}
	if (r != 1)
		return r == 0 ? "other" : "?";
	for (size_t i = 0, len = 0; scp.argv[i]; i++)
		len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%s", i ? "|" : "", scp.argv[i]);
	subsystem_scp_done(&scp);
	return joined;
}

static const struct {
	const char *command, *expected;
} rows[] = {
	/* as clients send it */
	{ "scp -t harddisk:/x", "scp|-t|--|harddisk:/x" },
	{ "scp -f /harddisk:/x", "scp|-f|--|/harddisk:/x" },
	{ "scp -v -r -p -d -t -- /disk0:/", "scp|-t|-p|-r|-d|-v|--|/disk0:/" },
	{ "scp -prf a b", "scp|-f|-p|-r|--|a|b" },
	{ "scp -q -t 'harddisk:/a b'", "scp|-t|-q|--|harddisk:/a b" },
	{ "scp -t \"a \\\"b\\\" $c\"", "refused" },
	{ "scp -t \"a \\\"b\\\" \\$c\"", "scp|-t|--|a \"b\" $c" },
	{ "scp -t a\\ b'c'\"d\"", "scp|-t|--|a bcd" },
	{ "  /usr/bin/scp\t-t  x  ", "scp|-t|--|x" },
	{ "scp -t -- -x", "scp|-t|--|-x" },
	{ "scp -t ''", "scp|-t|--|" },
	{ "scp -t -", "scp|-t|--|-" },
	{ "scp -f *", "scp|-f|--|*" },
	{ "scp -f a* 'b*' \"c?\" d\\[e]", "scp|-f|--|a*|b\\*|c\\?|d\\[e]" },
	{ "scp -f '****' 'a\\b'", "scp|-f|--|\\*\\*\\*\\*|a\\\\b" },
	{ "scp -t 'b*'", "scp|-t|--|b*" },
	/* the CLI's own */
	{ "scp", "other" },
	{ "", "other" },
	{ "scp harddisk:/x admin@10.0.0.1:/x", "other" },
	{ "scp -p harddisk:/x -t", "other" },
	{ "scp -- -t x", "other" },
	{ "scpx -t x", "other" },
	{ "show scp -t x", "other" },
	{ "xscp -t x", "other" },
	{ "scp -p", "other" },
	{ "scp --transfer x", "other" },
	/* what would make it a client, or needs a shell */
	{ "scp -St sh x", "refused" },
	{ "scp -t -S sh x", "refused" },
	{ "scp -t -o ProxyCommand=sh x", "refused" },
	{ "scp -t x; sh", "refused" },
	{ "scp -t x & sh", "refused" },
	{ "scp -t `sh`", "refused" },
	{ "scp -t $(sh)", "refused" },
	{ "scp -t x\nsh", "refused" },
	{ "scp -t x > y", "refused" },
	{ "scp -t \"`sh`\"", "refused" },
	/* half words */
	{ "scp -t 'x", "refused" },
	{ "scp -t \"x", "refused" },
	{ "scp -t \"x\\", "refused" },
	{ "scp -t x\\", "refused" },
	{ "scp -t", "refused" },
	{ "scp -f", "refused" },
	{ "scp -tf x", "refused" },
	{ "scp -t x y", "refused" },
};

Test(subsystem, commands)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(words(rows[i].command), rows[i].expected, "%s: %s", rows[i].command, words(rows[i].command));
}

Test(subsystem, many_files)
{
	char command[1024] = "scp -f -p -r -d -v -q --";
	size_t len = strlen(command);

	for (unsigned i = 0; i < SUBSYSTEM_FILES_MAX; i++)
		len += (size_t)snprintf(command + len, sizeof(command) - len, " x");
	cr_assert_eq(strncmp(words(command), "scp|-f|-p|-r|-d|-v|-q|--|x|x", 27), 0);
	snprintf(command + len, sizeof(command) - len, " x");
	cr_assert_str_eq(words(command), "refused");
}
