/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a stored text of penalties, whatever it holds: nothing longer than a penalty can be comes out of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/penalty_store.h"

static void on_row(const struct penalty_row *row, void *userdata)
{
	(void)userdata;
	if (row->left_us > PENALTY_CRASH_MAX_US || row->reason >= PENALTY_REASON_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct penalties *penalties;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (penalties_new(&penalties) == 0) {
		penalty_store_read(penalties, "b", 5, text);
		penalties_each(penalties, 5, on_row, NULL);
		penalties_free(penalties);
	}
	free(text);
	return 0;
}
