// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The server half of scp, taken out of a command line without a shell
 *
 * A client asks for "scp -t FILE" as if a shell read it. Only the options that the protocol needs are passed on: any
 * other one of scp's would make it a client, which starts programs.
 */
#include "services/ssh/subsystem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A character that means itself. */
static void plain_copy(const char **at, char **to, bool is_pattern)
{
	if (is_pattern && strchr("*?[\\", **at))
		*(*to)++ = '\\';
	*(*to)++ = *(*at)++;
}

/* A quoted or escaped part; false when the text ends inside it. */
static bool quoted_copy(const char **at, char **to, bool is_pattern)
{
	char quote = *(*at)++;

	if (quote == '\\') {
		if (!**at)
			return false;
		plain_copy(at, to, is_pattern);
		return true;
	}
	while (**at != quote) {
		if (!**at)
			return false;
		if (quote == '"' && **at == '\\' && strchr("\\\"$`", (*at)[1]) && (*at)[1])
			(*at)++;
		else if (quote == '"' && strchr("$`", **at))
			return false;
		plain_copy(at, to, is_pattern);
	}
	(*at)++;
	return true;
}

/* Takes one word to *to and ends it with NUL. 1, 0 at the end of the line, -EINVAL when a shell would do more. */
static int word_next(const char **at, char **to, bool is_pattern)
{
	while (is_blank(**at))
		(*at)++;
	if (!**at)
		return 0;
	while (**at && !is_blank(**at)) {
		if (strchr("'\"\\", **at)) {
			if (!quoted_copy(at, to, is_pattern))
				return -EINVAL;
			continue;
		}
		if (strchr("$`;|&<>()\n", **at))
			return -EINVAL;
		*(*to)++ = *(*at)++;
	}
	*(*to)++ = '\0';
	return 1;
}

static bool is_scp(const char *command)
{
	size_t len = strcspn(command, " \t");
	const char *slash = memrchr(command, '/', len);
	const char *name = slash ? slash + 1 : command;

	return (size_t)(command + len - name) == 3 && !strncmp(name, "scp", 3);
}

/* The options stand in front and are never quoted. */
static bool is_server(const char *command)
{
	const char *at = command + strcspn(command, " \t");

	for (;;) {
		size_t len;

		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		if (at[0] != '-' || (len == 2 && at[1] == '-'))
			return false;
		if (memchr(at, 't', len) || memchr(at, 'f', len))
			return at[1] != '-';
		at += len;
	}
}

struct options {
	bool to, from, letters[256];
};

static int options_add(struct options *options, const char *word, struct err *err)
{
	for (const char *c = word + 1; *c; c++) {
		if (!strchr("tfprdvq", *c))
			return err_set(err, -EINVAL, "option -%c of scp is not served", *c);
		options->to = options->to || *c == 't';
		options->from = options->from || *c == 'f';
		options->letters[(unsigned char)*c] = true;
	}
	return 0;
}

static void words_begin(struct subsystem_scp *scp, const struct options *options)
{
	static char name[] = "scp", end[] = "--";
	static char flags[][3] = { "-t", "-f", "-p", "-r", "-d", "-v", "-q" };

	scp->argv[scp->len++] = name;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (options->letters[(unsigned char)flags[i][1]])
			scp->argv[scp->len++] = flags[i];
	scp->argv[scp->len++] = end;
}

static int words_check(const struct options *options, size_t files, struct err *err)
{
	if (options->to && options->from)
		return err_set(err, -EINVAL, "scp goes one way at a time: -t or -f");
	if (!files || (options->to && files > 1))
		return err_set(err, -EINVAL, "scp -%c needs %s file name", options->to ? 't' : 'f',
			       files ? "one" : "a");
	return 0;
}

static int words_read(const char *command, struct subsystem_scp *scp, struct err *err)
{
	struct options options = { .to = false };
	char *files[SUBSYSTEM_FILES_MAX], *to = scp->text, *word = to;
	bool in_options = true;
	size_t len = 0;
	int r;

	r = word_next(&command, &to, false); /* its name */
	while (r >= 0 && (word = to, r = word_next(&command, &to, options.from)) > 0) {
		if (in_options && word[0] == '-' && word[1]) {
			in_options = strcmp(word, "--") != 0;
			r = in_options ? options_add(&options, word, err) : 0;
			if (r < 0)
				return r;
			continue;
		}
		in_options = false;
		if (len == SUBSYSTEM_FILES_MAX)
			return err_set(err, -EINVAL, "scp takes at most %u file names", SUBSYSTEM_FILES_MAX);
		files[len++] = word;
	}
	if (r < 0)
		return err_set(err, r, "file names for scp cannot be made by a shell here");
	r = words_check(&options, len, err);
	if (r < 0)
		return r;
	words_begin(scp, &options);
	for (size_t i = 0; i < len; i++)
		scp->argv[scp->len++] = files[i];
	return 0;
}

int subsystem_scp_parse(const char *command, struct subsystem_scp *ret_scp, struct err *err)
{
	struct subsystem_scp scp = { .len = 0 };
	int r;

	command += strspn(command, " \t");
	if (!is_scp(command) || !is_server(command))
		return 0;
	/* a quoted character may get a backslash; each word has a blank before it or is the first */
	scp.text = malloc(2 * strlen(command) + 1);
	if (!scp.text)
		return err_set(err, -ENOMEM, "out of memory");
	r = words_read(command, &scp, err);
	if (r < 0) {
		free(scp.text);
		return r;
	}
	*ret_scp = scp;
	return 1;
}

void subsystem_scp_done(struct subsystem_scp *scp)
{
	free(scp->text);
	*scp = (struct subsystem_scp){ .len = 0 };
}
