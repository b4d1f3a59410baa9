/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: text of any kind is scrubbed in place; the length and the lines stay, and a second time changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tech_scrub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *again = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	tech_scrub(text, size);
	memcpy(again, text, size + 1);
	tech_scrub(again, size);
	if (memcmp(text, again, size + 1) != 0)
		abort();
	for (size_t i = 0; i < size; i++)
		if ((data[i] == '\n') != (text[i] == '\n') || (text[i] != (char)data[i] && text[i] != '*'))
			abort();
	free(text);
	free(again);
	return 0;
}
