/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names a client offers, judged by the monitor: one byte for the kind, one for what is configured, then the names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/ssh_mismatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	static char list[] = "aes256-ctr", kex[] = "curve25519-sha256", key[] = "ed25519 dsa";
	struct ssh_profile global = { .cipher = NULL }, vrf = { .cipher = NULL }, profile;
	struct ssh_mismatch mismatch = { .vrf_name = "blue", .global = &global, .vrf = &vrf };
	char text[SSH_MISMATCH_TEXT_MAX_BYTES], *client;

	if (len_bytes < 2)
		return 0;
	mismatch.kind = (enum ssh_algorithm_kind)(bytes[0] % SSH_ALGORITHM_KIND_MAX);
	vrf.cipher = bytes[1] & 1 ? list : NULL;
	global.cipher = bytes[1] & 2 ? list : NULL;
	global.key_exchange = bytes[1] & 4 ? kex : NULL;
	vrf.host_key = bytes[1] & 8 ? key : NULL;
	global.disable_hmac_sha2_256 = bytes[1] & 16;
	vrf.disable_hmac_sha1 = bytes[1] & 32;
	mismatch.vrf = bytes[1] & 64 ? &vrf : NULL;
	ssh_profile_resolve(&global, mismatch.vrf, 22, &profile);
	mismatch.server = (struct ssh_algorithm_server){ &profile, bytes[1] & 128 ? ~0u : 1, 1006 };
	client = strndup((const char *)bytes + 2, len_bytes - 2);
	if (!client)
		return 0;
	mismatch.client = client;
	ssh_mismatch_text(&mismatch, text, sizeof(text));
	if (strlen(text) < strlen("no MAC in common") || strncmp(text, "no ", 3))
		abort();
	/* room for a part of a sentence only */
	ssh_mismatch_text(&mismatch, text, 1 + bytes[1] % 40u);
	if (strlen(text) > bytes[1] % 40u)
		abort();
	free(client);
	return 0;
}
