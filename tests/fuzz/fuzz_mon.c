/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a record as every answer function does: in an order that the record itself chooses, and to its end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/ssh/mon.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static uint8_t room[MON_RECORD_MAX_BYTES], again[MON_RECORD_MAX_BYTES];

/* Whatever was read can be written again, and then reads the same. */
static void copy_string(struct mon_buf *out, struct mon_string string)
{
	struct mon_buf in;
	struct mon_string back;
	uint16_t type, channel;

	mon_put_start(out, 1, 2);
	mon_put_string(out, string.bytes, string.len);
	if (out->bad)
		return;
	in = *out;
	if (mon_get_start(&in, &type, &channel) < 0 || type != 1 || channel != 2)
		abort();
	back = mon_get_string(&in);
	if (mon_get_end(&in) < 0 || back.len != string.len || (back.len && memcmp(back.bytes, string.bytes, back.len)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct mon_buf buf = { .bytes = room }, out = { .bytes = again };
	uint16_t type, channel;
	char text[33];
	size_t before;

	if (len_bytes > MON_RECORD_MAX_BYTES)
		return 0;
	/* at the end of the room, so that one byte too far is seen */
	buf.bytes = room + sizeof(room) - len_bytes;
	memcpy(buf.bytes, bytes, len_bytes);
	buf.len = len_bytes;
	if (mon_get_start(&buf, &type, &channel) < 0)
		return 0;
	do {
		before = buf.at;
		switch (buf.at < buf.len ? buf.bytes[buf.at] & 7 : 0) {
		case 0:
			copy_string(&out, mon_get_string(&buf));
			break;
		case 1:
			mon_get_text(&buf, text, sizeof(text));
			if (memchr(text, '\0', sizeof(text)) == NULL)
				abort();
			break;
		case 2:
			mon_get_u64(&buf);
			break;
		case 3:
			mon_get_u32(&buf);
			break;
		default:
			mon_get_u8(&buf);
		}
		if (buf.at > buf.len)
			abort();
	} while (!buf.bad && buf.at != before);
	if (mon_get_end(&buf) == 0 && buf.at != buf.len)
		abort();
	return 0;
}
