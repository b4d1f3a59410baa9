/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: filters behind "|". They see the whole text of a command at once: commands of a router print what a person can
 * read, and a filter that can look back (tail, count) is then a loop over lines.
 */
#include "cli/pipe.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/shell.h"

#define PATTERN_MAX_BYTES 1024
#define LINES_DEFAULT	  10 /* head(1), tail(1) */

static int add_filter(struct shell *shell, enum pipe_kind kind, struct pipe_filter **ret_filter)
{
	struct pipe_chain *chain = &shell->pipes;

	if (chain->len == PIPES_MAX)
		return shell_refuse(shell, "At most %u pipes may follow a command", PIPES_MAX);
	*ret_filter = &chain->filters[chain->len];
	**ret_filter = (struct pipe_filter){ .kind = kind };
	return 0;
}

/* The pattern is in the chain only when it compiled. */
static int add_pattern(struct shell *shell, enum pipe_kind kind, const char *pattern)
{
	size_t len = strlen(pattern);
	AUTO(free) char *bare = NULL;
	struct pipe_filter *filter = NULL;
	int r;

	r = add_filter(shell, kind, &filter);
	if (r < 0)
		return r;
	if (len >= 2 && pattern[0] == '"' && pattern[len - 1] == '"')
		bare = strndup(pattern + 1, len - 2);
	else
		bare = strdup(pattern);
	if (!bare)
		return shell_refuse(shell, "Out of memory");
	r = regcomp(&filter->pattern, bare, REG_EXTENDED | REG_NOSUB);
	if (r) {
		char reason[128];

		regerror(r, &filter->pattern, reason, sizeof(reason));
		return shell_refuse(shell, "The regular expression is wrong: %s", reason);
	}
	shell->pipes.len++;
	return 0;
}

static int run_include(struct shell *shell, const struct match *match)
{
	return add_pattern(shell, PIPE_INCLUDE, stmt_match_value(match, "include"));
}

static int run_exclude(struct shell *shell, const struct match *match)
{
	return add_pattern(shell, PIPE_EXCLUDE, stmt_match_value(match, "exclude"));
}

static int run_begin(struct shell *shell, const struct match *match)
{
	return add_pattern(shell, PIPE_BEGIN, stmt_match_value(match, "begin"));
}

static int add_plain(struct shell *shell, enum pipe_kind kind, const char *lines)
{
	struct pipe_filter *filter = NULL;
	int r = add_filter(shell, kind, &filter);

	if (r < 0)
		return r;
	filter->lines = lines ? strtoul(lines, NULL, 10) : LINES_DEFAULT;
	shell->pipes.len++;
	return 0;
}

static int run_count(struct shell *shell, const struct match *match)
{
	(void)match;
	return add_plain(shell, PIPE_COUNT, NULL);
}

static int run_json(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->pipes.len)
		return shell_refuse(shell, "json must be the first pipe");
	shell->pipes.json = true;
	return 0;
}

static int run_head(struct shell *shell, const struct match *match)
{
	return add_plain(shell, PIPE_HEAD, stmt_match_value(match, "-n"));
}

static int run_tail(struct shell *shell, const struct match *match)
{
	return add_plain(shell, PIPE_TAIL, stmt_match_value(match, "-n"));
}

static int run_wc(struct shell *shell, const struct match *match)
{
	(void)match;
	return add_plain(shell, PIPE_WORDS, NULL);
}

static const struct arg arg_pattern = {
	.name = "LINE", .help = "Regular expression", .min = 1, .max = PATTERN_MAX_BYTES, .text = true,
};

static const struct arg arg_lines = {
	.help = "Number of lines", .min = 0, .max = 1000000, .words_taken = 1,
};

#define PIPE_ROW(word_, help_, run_)                                                     \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .task = "basic-services", \
	.source = "clients.md section 2", .run = (run_)

static const struct stmt head_rows[] = {
	{ PIPE_ROW("-n", "How many lines", run_head), .arg = &arg_lines },
	STMT_DONE,
};

static const struct stmt tail_rows[] = {
	{ PIPE_ROW("-n", "How many lines", run_tail), .arg = &arg_lines },
	STMT_DONE,
};

static const struct stmt utility_rows[] = {
	{ PIPE_ROW("head", "Show the first lines", run_head), .sub = head_rows },
	{ PIPE_ROW("tail", "Show the last lines", run_tail), .sub = tail_rows },
	{ PIPE_ROW("wc", "Count lines, words and bytes", run_wc) },
	STMT_DONE,
};

const struct stmt pipe_root[] = {
	{ PIPE_ROW("begin", "Begin with the line that matches", run_begin), .arg = &arg_pattern },
	{ PIPE_ROW("count", "Show how many lines there are", run_count) },
	{ PIPE_ROW("exclude", "Leave out lines that match", run_exclude), .arg = &arg_pattern },
	{ PIPE_ROW("include", "Show only lines that match", run_include), .arg = &arg_pattern },
	{ PIPE_ROW("json", "Show the rows as JSON", run_json) },
	{ .kind = STMT_NODE, .word = "utility", .help = "Common text utilities", .sub = utility_rows,
	  .task = "basic-services", .source = "clients.md section 2" },
	STMT_DONE,
};

const char *pipe_find(const char *text, bool first)
{
	bool quoted = false;

	for (const char *at = text; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (*at != '|' || quoted)
			continue;
		if (first || (at > text && at[-1] == ' ' && at[1] == ' '))
			return at;
	}
	return NULL;
}

/* ---- running ---- */

struct line_reader {
	const char *at, *end;
};

static bool next_line(struct line_reader *reader, const char **ret_line, size_t *ret_len)
{
	const char *newline;

	if (reader->at >= reader->end)
		return false;
	newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	*ret_line = reader->at;
	*ret_len = (size_t)((newline ? newline : reader->end) - reader->at);
	reader->at = newline ? newline + 1 : reader->end;
	return true;
}

static bool line_matches(const regex_t *pattern, const char *line, size_t len)
{
	AUTO(free) char *copy = strndup(line, len);

	return copy && regexec(pattern, copy, 0, NULL, 0) == 0;
}

static size_t count_lines(const char *text, size_t len)
{
	struct line_reader reader = { text, text + len };
	size_t lines = 0;

	while (next_line(&reader, &text, &len))
		lines++;
	return lines;
}

static size_t count_words(const char *text, size_t len)
{
	size_t words = 0;

	for (size_t i = 0; i < len; i++)
		words += !strchr(" \n", text[i]) && (i == 0 || strchr(" \n", text[i - 1]));
	return words;
}

static void filter_lines(const struct pipe_filter *filter, const char *text, size_t len, FILE *out)
{
	size_t total = filter->kind == PIPE_TAIL ? count_lines(text, len) : 0, number = 0;
	struct line_reader reader = { text, text + len };
	bool begun = false;

	for (; next_line(&reader, &text, &len); number++) {
		bool keep = false;

		switch (filter->kind) {
		case PIPE_INCLUDE:
			keep = line_matches(&filter->pattern, text, len);
			break;
		case PIPE_EXCLUDE:
			keep = !line_matches(&filter->pattern, text, len);
			break;
		case PIPE_BEGIN:
			keep = begun = begun || line_matches(&filter->pattern, text, len);
			break;
		case PIPE_HEAD:
			keep = number < filter->lines;
			break;
		case PIPE_TAIL:
			keep = total - number <= filter->lines;
			break;
		case PIPE_COUNT:
		case PIPE_WORDS:
			break;
		}
		if (keep)
			fprintf(out, "%.*s\n", (int)len, text);
	}
}

static void filter_text(const struct pipe_filter *filter, const char *text, size_t len, FILE *out)
{
	if (filter->kind == PIPE_COUNT)
		fprintf(out, "%zu\n", count_lines(text, len));
	else if (filter->kind == PIPE_WORDS)
		fprintf(out, "%7zu %7zu %7zu\n", count_lines(text, len), count_words(text, len), len);
	else
		filter_lines(filter, text, len, out);
}

int pipe_apply(const struct pipe_chain *chain, const char *text, size_t len_bytes, char **ret_text, size_t *ret_len)
{
	AUTO(free) char *current = malloc(len_bytes + 1);
	size_t current_len = len_bytes;

	if (!current)
		return -ENOMEM;
	memcpy(current, text, len_bytes);
	current[len_bytes] = '\0';
	for (size_t i = 0; i < chain->len; i++) {
		char *filtered = NULL;
		size_t filtered_len = 0;
		FILE *out = open_memstream(&filtered, &filtered_len);

		if (!out)
			return -ENOMEM;
		filter_text(&chain->filters[i], current, current_len, out);
		if (fclose(out)) {
			free(filtered);
			return -ENOMEM;
		}
		free(current);
		current = filtered;
		current_len = filtered_len;
	}
	*ret_text = take(current);
	*ret_len = current_len;
	return 0;
}

void pipe_chain_done(struct pipe_chain *chain)
{
	for (size_t i = 0; i < chain->len; i++)
		if (chain->filters[i].kind <= PIPE_BEGIN)
			regfree(&chain->filters[i].pattern);
	*chain = (struct pipe_chain){ 0 };
}
