/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what stands behind "|", from the line to a chain of filters; pipe_filter.c runs it. The utilities have the
 * options of the programs they are named after, as far as routers have them, and start none of them.
 */
#include "cli/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/file_path.h"
#include "cli/pattern.h"
#include "cli/shell.h"

#define LINES_DEFAULT 10 /* head(1), tail(1) */
#define LINES_MAX     1000000

/* ---- the chain ---- */

static size_t number(const struct match *match, const char *word, size_t otherwise)
{
	const char *text = stmt_match_option(match, word, NULL);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

/* NULL when the operator has been told that there is no room. */
static struct pipe_filter *filter_add(struct shell *shell, enum pipe_kind kind)
{
	struct pipe_chain *chain = &shell->pipes;

	if (chain->to_file) {
		shell_refuse(shell, "Nothing may follow file");
		return NULL;
	}
	if (chain->len == PIPES_MAX) {
		shell_refuse(shell, "At most %u pipes may follow a command", PIPES_MAX);
		return NULL;
	}
	chain->filters[chain->len] = (struct pipe_filter){ .kind = kind };
	return &chain->filters[chain->len++];
}

/* Without the quotes around it. */
static char *bare_text(const char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0])
		return strndup(text + 1, len - 2);
	return strdup(text);
}

static int pattern_add(struct shell *shell, struct pipe_filter *filter, const char *text, unsigned flags)
{
	AUTO(free) char *bare = bare_text(text);
	struct err err = { .text = "" };

	if (!bare || pattern_new(bare, flags, &filter->pattern, &err) < 0)
		return shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
	return 0;
}

/* ---- include, exclude, begin, section ---- */

static int line_filter(struct shell *shell, enum pipe_kind kind, const char *pattern, bool invert)
{
	struct pipe_filter *filter = filter_add(shell, kind);

	if (!filter)
		return -EINVAL;
	filter->invert = invert;
	return pattern_add(shell, filter, pattern, 0);
}

static int run_include(struct shell *shell, const struct match *match)
{
	return line_filter(shell, PIPE_GREP, stmt_match_value(match, "include"), false);
}

static int run_exclude(struct shell *shell, const struct match *match)
{
	return line_filter(shell, PIPE_GREP, stmt_match_value(match, "exclude"), true);
}

static int run_begin(struct shell *shell, const struct match *match)
{
	return line_filter(shell, PIPE_BEGIN, stmt_match_value(match, "begin"), false);
}

static int run_section(struct shell *shell, const struct match *match)
{
	return line_filter(shell, PIPE_SECTION, stmt_match_value(match, "section"), false);
}

static int run_count(struct shell *shell, const struct match *match)
{
	(void)match;
	return filter_add(shell, PIPE_COUNT) ? 0 : -EINVAL;
}

static int run_json(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->pipes.len || shell->pipes.to_file || shell->pipes.json)
		return shell_refuse(shell, "json must be the first pipe");
	shell->pipes.json = true;
	return 0;
}

static int run_no_more(struct shell *shell, const struct match *match)
{
	(void)match;
	if (shell->pipes.no_more)
		return shell_refuse(shell, "no-more is said already");
	shell->pipes.no_more = true;
	return 0;
}

/* ---- utilities ---- */

static int grep_add(struct shell *shell, const struct match *match, unsigned flags)
{
	const char *pattern = stmt_match_option(match, "pattern", NULL);
	struct pipe_filter *filter;
	bool words = false, any_case = false;
	size_t around;

	if (!pattern)
		return shell_refuse(shell, "Incomplete command.");
	filter = filter_add(shell, PIPE_GREP);
	if (!filter)
		return -EINVAL;
	stmt_match_option(match, "-v", &filter->invert);
	stmt_match_option(match, "-n", &filter->number_lines);
	stmt_match_option(match, "-c", &filter->only_count);
	stmt_match_option(match, "-i", &any_case);
	stmt_match_option(match, "-w", &words);
	around = number(match, "-C", 0);
	filter->before = number(match, "-B", around);
	filter->after = number(match, "-A", around);
	filter->most = number(match, "-m", 0);
	return pattern_add(shell, filter, pattern,
			   flags | (words ? PATTERN_WORDS : 0) | (any_case ? PATTERN_ANY_CASE : 0));
}

static int run_egrep(struct shell *shell, const struct match *match)
{
	return grep_add(shell, match, 0);
}

static int run_fgrep(struct shell *shell, const struct match *match)
{
	return grep_add(shell, match, PATTERN_FIXED);
}

static int part_add(struct shell *shell, const struct match *match, enum pipe_kind kind)
{
	struct pipe_filter *filter = filter_add(shell, kind);

	if (filter)
		filter->lines = number(match, "-n", LINES_DEFAULT);
	return filter ? 0 : -EINVAL;
}

static int run_head(struct shell *shell, const struct match *match)
{
	return part_add(shell, match, PIPE_HEAD);
}

static int run_tail(struct shell *shell, const struct match *match)
{
	return part_add(shell, match, PIPE_TAIL);
}

static int run_sort(struct shell *shell, const struct match *match)
{
	struct pipe_filter *filter = filter_add(shell, PIPE_SORT);
	const char *delimiter = stmt_match_option(match, "-t", NULL);

	if (!filter)
		return -EINVAL;
	stmt_match_option(match, "-r", &filter->reverse);
	stmt_match_option(match, "-n", &filter->numeric);
	stmt_match_option(match, "-u", &filter->unique);
	stmt_match_option(match, "-f", &filter->any_case);
	filter->key = (unsigned)number(match, "-k", 0);
	filter->delimiter = delimiter ? delimiter[0] : '\0';
	return 0;
}

static int run_uniq(struct shell *shell, const struct match *match)
{
	struct pipe_filter *filter = filter_add(shell, PIPE_UNIQ);

	if (!filter)
		return -EINVAL;
	stmt_match_option(match, "-c", &filter->counted);
	stmt_match_option(match, "-d", &filter->repeated);
	stmt_match_option(match, "-u", &filter->single);
	stmt_match_option(match, "-i", &filter->any_case);
	return 0;
}

static int run_wc(struct shell *shell, const struct match *match)
{
	struct pipe_filter *filter = filter_add(shell, PIPE_WORDS);

	if (!filter)
		return -EINVAL;
	stmt_match_option(match, "-l", &filter->count_lines);
	stmt_match_option(match, "-w", &filter->count_words);
	stmt_match_option(match, "-c", &filter->count_bytes);
	if (!filter->count_lines && !filter->count_words && !filter->count_bytes)
		filter->count_lines = filter->count_words = filter->count_bytes = true;
	return 0;
}

static int run_cut(struct shell *shell, const struct match *match)
{
	struct pipe_filter *filter = filter_add(shell, PIPE_CUT);
	struct err err = { .text = "" };

	if (!filter)
		return -EINVAL;
	if (pipe_cut_parse(stmt_match_value(match, "cut"), filter, &err) < 0)
		return shell_refuse(shell, "%s", err.text);
	return 0;
}

/* ---- file ---- */

static int file_open(struct shell *shell, const char *path, int flags)
{
	struct pipe_chain *chain = &shell->pipes;
	char name[FILE_PATH_MAX_BYTES];
	struct err err = { .text = "" };
	struct stat st;
	int fd = -1, r = file_path_name(path, name, &err);

	if (chain->to_file)
		return shell_refuse(shell, "The output goes to one file only");
	if (r == 0)
		r = file_path_open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, 0644, &fd,
				   &err);
	if (r == -EEXIST)
		return shell_refuse(shell, "%s exists: say append or overwrite behind it", name);
	if (r < 0)
		return shell_refuse(shell, "%s", err.text);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (flags == 0 && ftruncate(fd, 0) < 0)) {
		close(fd);
		return shell_refuse(shell, "%s is no file that can be written", name);
	}
	chain->file_fd = fd;
	chain->to_file = true;
	return 0;
}

static int run_file(struct shell *shell, const struct match *match)
{
	return file_open(shell, stmt_match_value(match, "file"), O_EXCL);
}

static int run_append(struct shell *shell, const struct match *match)
{
	return file_open(shell, stmt_match_value(match, "file"), O_APPEND);
}

static int run_overwrite(struct shell *shell, const struct match *match)
{
	return file_open(shell, stmt_match_value(match, "file"), 0);
}

int pipe_write(const struct pipe_chain *chain, const char *text, size_t len_bytes)
{
	while (len_bytes) {
		ssize_t len = write(chain->file_fd, text, len_bytes);

		if (len < 0 && errno != EINTR)
			return -errno;
		if (len > 0) {
			text += len;
			len_bytes -= (size_t)len;
		}
	}
	return 0;
}

void pipe_chain_done(struct pipe_chain *chain)
{
	for (size_t i = 0; i < chain->len; i++)
		pattern_free(chain->filters[i].pattern);
	if (chain->to_file)
		close(chain->file_fd);
	*chain = (struct pipe_chain){ .json = false };
}

/* ---- rows ---- */

static const struct arg arg_pattern = {
	.name = "LINE", .help = "Regular expression", .min = 1, .max = PATTERN_MAX_BYTES, .text = true,
};

static const struct arg arg_text = {
	.name = "LINE", .help = "Text", .min = 1, .max = PATTERN_MAX_BYTES, .text = true,
};

static const struct arg arg_lines = {
	.help = "Number of lines", .min = 0, .max = LINES_MAX, .words_taken = 1,
};

static const struct arg arg_some = {
	.help = "Number of lines", .min = 1, .max = LINES_MAX, .words_taken = 1,
};

static const struct arg arg_field = { .help = "Number of the field", .min = 1, .max = 1000, .words_taken = 1 };

static const struct arg arg_character = {
	.name = "CHARACTER", .help = "What stands between fields", .min = 1, .max = 1, .text = true, .words_taken = 1,
};

static const struct arg arg_cut = {
	.name = "LINE", .help = "-d CHARACTER -f LIST, or -c LIST; a LIST is like 1,3-5", .min = 1, .max = 200,
	.text = true,
};

static const struct arg arg_file = {
	.name = "WORD", .help = "File: harddisk:/NAME, disk0:/NAME or NAME", .min = 1,
	.max = FILE_PATH_MAX_BYTES - 1, .text = true, .words_taken = 1, .complete = "file",
};

#define PIPE_ROW(word_, help_, run_)                                                     \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .task = TASK_NONE, \
	.source = "clients.md section 2", .run = (run_)
#define FLAG_ROW(word_, help_, run_)                                                                         \
	{ .kind = STMT_FLAG, .word = (word_), .help = (help_), .task = TASK_NONE, .source = "POSIX", \
	  .run = (run_), .flags = STMT_MORE }
#define VALUE_ROW(word_, help_, run_, arg_)                                                                  \
	{ .kind = STMT_LEAF, .word = (word_), .help = (help_), .task = TASK_NONE, .source = "POSIX", \
	  .run = (run_), .flags = STMT_MORE, .arg = (arg_) }

#define GREP_ROWS(run_, arg_)                                                                               \
	VALUE_ROW("-A", "Lines after each as well", run_, &arg_lines),                                      \
	VALUE_ROW("-B", "Lines before each as well", run_, &arg_lines),                                     \
	VALUE_ROW("-C", "Lines around each as well", run_, &arg_lines),                                     \
	FLAG_ROW("-c", "Only how many there are", run_),                                                    \
	FLAG_ROW("-i", "Whatever the case of letters", run_),                                               \
	VALUE_ROW("-m", "Only the first of them", run_, &arg_some),                                         \
	FLAG_ROW("-n", "With their numbers", run_),                                                         \
	FLAG_ROW("-v", "Lines that do not match", run_),                                                    \
	FLAG_ROW("-w", "Whole words only", run_),                                                           \
	{ PIPE_ROW("pattern", "What to look for", run_), .arg = (arg_), .flags = STMT_BARE | STMT_MORE }

static const struct stmt egrep_rows[] = { GREP_ROWS(run_egrep, &arg_pattern), STMT_DONE };
static const struct stmt fgrep_rows[] = { GREP_ROWS(run_fgrep, &arg_text), STMT_DONE };

static const struct stmt head_rows[] = {
	{ PIPE_ROW("-n", "How many lines", run_head), .arg = &arg_lines },
	STMT_DONE,
};

static const struct stmt tail_rows[] = {
	{ PIPE_ROW("-n", "How many lines", run_tail), .arg = &arg_lines },
	STMT_DONE,
};

static const struct stmt sort_rows[] = {
	FLAG_ROW("-f", "Whatever the case of letters", run_sort),
	VALUE_ROW("-k", "By a field", run_sort, &arg_field),
	FLAG_ROW("-n", "As numbers", run_sort),
	FLAG_ROW("-r", "The largest first", run_sort),
	VALUE_ROW("-t", "Fields are separated by", run_sort, &arg_character),
	FLAG_ROW("-u", "Each once", run_sort),
	STMT_DONE,
};

static const struct stmt uniq_rows[] = {
	FLAG_ROW("-c", "With how often each comes", run_uniq),
	FLAG_ROW("-d", "Only those that are repeated", run_uniq),
	FLAG_ROW("-i", "Whatever the case of letters", run_uniq),
	FLAG_ROW("-u", "Only those that are not repeated", run_uniq),
	STMT_DONE,
};

static const struct stmt wc_rows[] = {
	FLAG_ROW("-c", "Bytes", run_wc),
	FLAG_ROW("-l", "Lines", run_wc),
	FLAG_ROW("-w", "Words", run_wc),
	STMT_DONE,
};

static const struct stmt utility_rows[] = {
	{ PIPE_ROW("cut", "Show parts of lines", run_cut), .arg = &arg_cut },
	{ PIPE_ROW("egrep", "Show lines that match a regular expression", NULL), .sub = egrep_rows },
	{ PIPE_ROW("fgrep", "Show lines that hold a text", NULL), .sub = fgrep_rows },
	{ PIPE_ROW("head", "Show the first lines", run_head), .sub = head_rows },
	{ PIPE_ROW("sort", "Show lines in order", run_sort), .sub = sort_rows },
	{ PIPE_ROW("tail", "Show the last lines", run_tail), .sub = tail_rows },
	{ PIPE_ROW("uniq", "Show neighbours that are the same once", run_uniq), .sub = uniq_rows },
	{ PIPE_ROW("wc", "Count lines, words and bytes", run_wc), .sub = wc_rows },
	STMT_DONE,
};

static const struct stmt file_rows[] = {
	{ .kind = STMT_RUN, .word = "append", .help = "Append to the file", .run = run_append, .task = "filesystem",
	  .source = "IOS XR", .flags = STMT_WRITES },
	{ .kind = STMT_RUN, .word = "overwrite", .help = "Replace what is in the file", .run = run_overwrite,
	  .task = "filesystem", .source = "issue: | file", .flags = STMT_WRITES },
	STMT_DONE,
};

const struct stmt pipe_root[] = {
	{ PIPE_ROW("begin", "Begin with the line that matches", run_begin), .arg = &arg_pattern },
	{ PIPE_ROW("count", "Show how many lines there are", run_count) },
	{ PIPE_ROW("exclude", "Leave out lines that match", run_exclude), .arg = &arg_pattern },
	{ .kind = STMT_RUN, .word = "file", .help = "Write the output to a file", .run = run_file, .arg = &arg_file,
	  .sub = file_rows, .task = "filesystem", .source = "IOS XR", .flags = STMT_WRITES },
	{ PIPE_ROW("include", "Show only lines that match", run_include), .arg = &arg_pattern },
	{ PIPE_ROW("json", "Show the rows as JSON", run_json) },
	{ PIPE_ROW("no-more", "Do not stop at each page", run_no_more) },
	{ PIPE_ROW("section", "Show lines that match and what belongs to them", run_section), .arg = &arg_pattern },
	{ .kind = STMT_NODE, .word = "utility", .help = "Common text utilities", .sub = utility_rows,
	  .task = TASK_NONE, .source = "clients.md section 2" },
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
