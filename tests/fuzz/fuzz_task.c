/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: any text as a set of tasks. A text that is refused leaves the set alone; one that is taken is written as a text
 * that means the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct task_set set = { .access = { 1 } }, before = set, again;
	char *text = strndup((const char *)bytes, len_bytes), written[TASK_TEXT_MAX_BYTES];

	assert(text);
	if (task_set_parse(text, &set) < 0) {
		assert(!memcmp(&set, &before, sizeof(set)));
	} else {
		assert(task_set_parse(task_set_text(&set, written), &again) == 0);
		assert(!memcmp(&set, &again, sizeof(set)));
	}
	free(text);
	return 0;
}
