// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What a server with these host keys and this profile offers. Apart from the rest of the monitor, because the
 * daemon shows it, and tells it to spawners of transports: what a transport will be told it then has made ready.
 */
#include "services/ssh/monitor.h"

struct ssh_algorithm_server monitor_algorithm_server(const struct hostkey_set *hostkeys,
						     const struct ssh_profile *profile)
{
	struct ssh_algorithm_server server = { .profile = profile, .libssh = ssh_algorithm_libssh,
					       .no_gcm = ssh_algorithm_no_gcm };
	size_t len;

	for (unsigned type = 0; type < HOSTKEY_TYPE_MAX; type++)
		if (hostkey_public_blob(hostkeys, (enum hostkey_type)type, &len))
			server.host_keys |= 1u << type;
	return server;
}

const char *monitor_algorithm_list(enum ssh_algorithm_kind kind, const struct hostkey_set *hostkeys,
				   const struct ssh_profile *profile, char *buffer, size_t size_bytes)
{
	struct ssh_algorithm_server server = monitor_algorithm_server(hostkeys, profile);

	return ssh_algorithm_list(kind, &server, buffer, size_bytes);
}

static void put_settings(const struct ssh_profile *profile, struct mon_buf *answer)
{
	mon_put_u32(answer, (uint32_t)profile->rekey_time_min * 60);
	mon_put_u32(answer, (uint32_t)profile->rekey_volume_mb);
	mon_put_u32(answer, (uint32_t)profile->keepalive_s);
	mon_put_u32(answer, (uint32_t)profile->channel_timeout_s);
	mon_put_u32(answer, (uint32_t)profile->connection_timeout_s);
}

bool monitor_offer_put(const struct hostkey_set *hostkeys, const struct ssh_profile *profile, struct mon_buf *answer)
{
	struct ssh_algorithm_server server = monitor_algorithm_server(hostkeys, profile);
	unsigned keys = ssh_algorithm_host_keys(&server);
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];

	mon_put_text(answer, ""); /* no comment behind the version: some scanners take it for a part of it */
	mon_put_u32(answer, (uint32_t)profile->timeout_s);
	for (unsigned kind = 0; kind < SSH_ALGORITHM_KIND_MAX; kind++)
		mon_put_text(answer, ssh_algorithm_list((enum ssh_algorithm_kind)kind, &server, list, sizeof(list)));
	put_settings(profile, answer);
	mon_put_u32(answer, (uint32_t)__builtin_popcount(keys));
	for (unsigned type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		size_t blob_len;
		const uint8_t *blob;

		if (!(keys & (1u << type)))
			continue;
		blob = hostkey_public_blob(hostkeys, (enum hostkey_type)type, &blob_len);
		mon_put_string(answer, blob, blob_len);
	}
	return keys != 0;
}
