/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/pipe.h - what stands behind "|": filters over the text of a command, JSON instead of it, a file for it
 *
 * Shapes:  struct pipe_chain, the filters of one line in order
 * Units:   count in lines
 * Errors:  0 or -errno with err
 * Owns:    the chain owns its patterns and its file (pipe_chain_done)
 * Runs in: sallyport (CLI); no filter is another program
 * Source:  clients.md section 2 ("show version | utility head -n 20"); POSIX: head, tail, sort, uniq, cut, wc, grep
 * Tests:   tests/unit/pipe_test.c, tests/system/test_cli.py, tests/system/test_pipes.py
 */
#ifndef CLI_PIPE_H
#define CLI_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/stmt.h"

#define PIPES_MAX	16u
#define PIPE_FIELDS_MAX 64u

enum pipe_kind {
	PIPE_GREP,    /* include, exclude, egrep, fgrep */
	PIPE_BEGIN,   /* from the first line that matches */
	PIPE_SECTION, /* lines that match, with what is indented below them */
	PIPE_COUNT,
	PIPE_HEAD,
	PIPE_TAIL,
	PIPE_SORT,
	PIPE_UNIQ,
	PIPE_CUT,
	PIPE_WORDS, /* wc */
};

struct pattern;

struct pipe_filter {
	enum pipe_kind kind;
	struct pattern *pattern;
	bool invert, number_lines, only_count; /* GREP -v -n -c */
	size_t before, after, most;	       /* GREP -B -A -m (0: no end) */
	size_t lines;			       /* HEAD, TAIL */
	bool reverse, numeric, unique, any_case; /* SORT -r -n -u -f; UNIQ -i */
	unsigned key;				 /* SORT -k, 0: the line */
	bool repeated, single, counted;		 /* UNIQ -d -u -c */
	bool count_lines, count_words, count_bytes; /* WORDS */
	bool by_bytes;				 /* CUT -c */
	char delimiter;				 /* CUT -d, SORT -t; 0: blanks */
	struct {
		uint32_t first, last;
	} fields[PIPE_FIELDS_MAX]; /* CUT -f, -c; from 1 */
	size_t fields_len;
};

struct pipe_chain {
	struct pipe_filter filters[PIPES_MAX];
	size_t len;
	bool json, no_more;
	bool to_file;
	int file_fd;
};

/* What may stand behind "|": STMT_RUN rows whose run adds to shell->pipes. */
extern const struct stmt pipe_root[];

/* Where the next "|" of a line stands, NULL when there is none: the first one anywhere, later ones only between blanks,
 * so that a pattern may hold "a|b"; never inside double quotes. */
const char *pipe_find(const char *text, bool first);
/* Passes text through the filters. *ret_text is malloc'ed. */
int pipe_apply(const struct pipe_chain *chain, const char *text, size_t len_bytes, char **ret_text, size_t *ret_len);
/* Where the output goes when it goes to a file. */
int pipe_write(const struct pipe_chain *chain, const char *text, size_t len_bytes);
void pipe_chain_done(struct pipe_chain *chain);

/* "2", "1,3-5", "4-". -EINVAL when it is none. */
int pipe_fields_parse(const char *text, struct pipe_filter *filter);
/* The words of "cut": "-d , -f 1,3", "-c 1-10", with quotes around a delimiter. */
int pipe_cut_parse(const char *text, struct pipe_filter *filter, struct err *err);

#endif
