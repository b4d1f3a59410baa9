/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/pipe.h - what stands behind "|": filters over the text of a command, and JSON instead of it
 *
 * Shapes:  struct pipe_chain, the filters of one line in order
 * Units:   count in lines
 * Errors:  0 or -errno with err
 * Owns:    the chain owns its regular expressions (pipe_chain_done)
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 2 ("show version | utility head -n 20")
 * Tests:   tests/system/test_cli.py
 */
#ifndef CLI_PIPE_H
#define CLI_PIPE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "conf/stmt.h"

#define PIPES_MAX 8u

enum pipe_kind { PIPE_INCLUDE, PIPE_EXCLUDE, PIPE_BEGIN, PIPE_COUNT, PIPE_HEAD, PIPE_TAIL, PIPE_WORDS };

struct pipe_filter {
	enum pipe_kind kind;
	regex_t pattern; /* INCLUDE, EXCLUDE, BEGIN */
	size_t lines;	 /* HEAD, TAIL */
};

struct pipe_chain {
	struct pipe_filter filters[PIPES_MAX];
	size_t len;
	bool json;
};

/* What may stand behind "|": STMT_RUN rows whose run adds to shell->pipes. */
extern const struct stmt pipe_root[];

/* Where the next "|" of a line stands, NULL when there is none: the first one anywhere, later ones only between blanks,
 * so that a pattern may hold "a|b"; never inside double quotes. */
const char *pipe_find(const char *text, bool first);
/* Passes text through the filters. *ret_text is malloc'ed. */
int pipe_apply(const struct pipe_chain *chain, const char *text, size_t len_bytes, char **ret_text, size_t *ret_len);
void pipe_chain_done(struct pipe_chain *chain);

#endif
