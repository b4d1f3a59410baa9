/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: text from outside is either UTF-8 or it is not; one function says which, character by character, so
 * that each reader can decide what to put in place of a byte that is not text.
 */
#include "base/utf8.h"

#include <stdint.h>

size_t utf8_character(const char *text, size_t len_bytes)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t code;
	size_t need;

	if (len_bytes == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	need = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || len_bytes < need)
		return 0;
	code = bytes[0] & (0xffu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3fu);
	}
	if (code < smallest[need] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	return need;
}
