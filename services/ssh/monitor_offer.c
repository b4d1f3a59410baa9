// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: What a server with these host keys and this profile offers. Apart from the rest of the monitor, because the
 * daemon shows it.
 */
#include "services/ssh/monitor.h"

struct ssh_algorithm_server monitor_algorithm_server(const struct hostkey_set *hostkeys,
						     const struct ssh_profile *profile)
{
	struct ssh_algorithm_server server = { .profile = profile, .libssh = ssh_algorithm_libssh };
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
