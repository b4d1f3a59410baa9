/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: lines of ping and of traceroute, which hold what the network has sent. Whatever they say, no packet is shown twice
 * and no more than were asked for.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ping_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	uint32_t count = len_bytes ? bytes[0] : 0;
	char *text = strndup((const char *)bytes, len_bytes), *again = strndup((const char *)bytes, len_bytes);
	char *marks = NULL, error[64] = "", *rest, *line;
	struct ping_text ping;
	size_t len;
	FILE *out = open_memstream(&marks, &len);
	int64_t now_ms = 0;

	assert(text && again && out && ping_text_begin(&ping, count, 100, 1) == 0);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		ping_text_line(&ping, line, now_ms);
		ping_text_marks(&ping, now_ms, false, out);
		now_ms += 70;
	}
	ping_text_marks(&ping, now_ms, true, out);
	fflush(out);
	assert(ping.next <= count && len <= count + count / PING_LINE_MARKS && ping.seen <= count);
	ping_text_result(&ping, out);
	rest = again;
	while ((line = strsep(&rest, "\n")))
		traceroute_text_line(line, out, error, sizeof(error));
	fclose(out);
	ping_text_done(&ping);
	free(marks);
	free(again);
	free(text);
	return 0;
}
