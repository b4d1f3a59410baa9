/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: any datagram is refused or understood, and what was understood is encoded and understood again as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/session_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct session_link_message first, second;
	static char buffer[SESSION_LINK_MAX_BYTES];
	struct err err;
	int encoded;

	if (session_link_decode((const char *)bytes, len, &first, &err) < 0)
		return 0;
	encoded = session_link_encode(&first, buffer, sizeof(buffer));
	if (encoded < 0 || session_link_decode(buffer, (size_t)encoded, &second, &err) < 0)
		abort();
	if (first.type != second.type || first.channels_len != second.channels_len ||
	    memcmp(&first.session, &second.session, sizeof(first.session)))
		abort();
	return 0;
}
