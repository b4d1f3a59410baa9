/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a regular expression of the first line looked for in the rest; and the same bytes as the words of cut.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pattern.h"
#include "cli/pipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void cut(const char *words, const char *text)
{
	struct pipe_chain chain = { .filters = { { .kind = PIPE_CUT } }, .len = 1 };
	char *cut_text = NULL;
	size_t len;

	if (pipe_cut_parse(words, &chain.filters[0], NULL) == 0 &&
	    pipe_apply(&chain, text, strlen(text), &cut_text, &len) == 0)
		assert(strlen(cut_text) == len);
	free(cut_text);
	pipe_chain_done(&chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	char *text = strndup((const char *)bytes, len_bytes), *line;
	struct pattern *pattern = NULL;

	assert(text);
	line = strchr(text, '\n');
	if (line)
		*line++ = '\0';
	else
		line = text + strlen(text);
	for (unsigned flags = 0; flags < 8; flags++) {
		if (pattern_new(text, flags, &pattern, NULL) < 0)
			continue;
		/* once more gives the same: nothing of a walk is left */
		assert(pattern_finds(pattern, line, strlen(line)) == pattern_finds(pattern, line, strlen(line)));
		pattern_free(pattern);
	}
	cut(text, line);
	free(text);
	return 0;
}
