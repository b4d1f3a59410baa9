/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what is in force in a VRF. Numbers and texts override; so do flags, by the opposite word: "disable sftp" of
 * the server is taken back in a VRF by its "enable sftp". Where a VRF says both, its own flag holds.
 */
#include "services/ssh_profile.h"

#include <stddef.h>

#include "base/cleanup.h"

/* A fleet tool opens twenty sessions to a router at once; after that the rate counts. It may have two thirds of burst
 * and rate, so that somebody else always comes in beside it. */
#define RATE_BURST_LEAST 30

static const struct {
	size_t offset;
	int64_t value; /* SSH_UNSET: depends on another number */
} numbers[] = {
	{ offsetof(struct ssh_profile, port), SSH_UNSET },
	{ offsetof(struct ssh_profile, timeout_s), 30 },
	{ offsetof(struct ssh_profile, max_auth_limit), 20 },
	{ offsetof(struct ssh_profile, rate_limit_per_min), 60 },
	{ offsetof(struct ssh_profile, rate_burst), SSH_UNSET },
	{ offsetof(struct ssh_profile, rate_per_source), SSH_UNSET },
	{ offsetof(struct ssh_profile, session_limit), 64 },
	{ offsetof(struct ssh_profile, dscp), 16 },
	{ offsetof(struct ssh_profile, rekey_time_min), 60 },
	{ offsetof(struct ssh_profile, rekey_volume_mb), 1024 },
	{ offsetof(struct ssh_profile, tcp_window_scale), 1 },
	{ offsetof(struct ssh_profile, keepalive_s), 0 },
	{ offsetof(struct ssh_profile, channel_timeout_s), 0 },
	{ offsetof(struct ssh_profile, connection_timeout_s), 0 },
};

static const size_t texts[] = {
	offsetof(struct ssh_profile, key_exchange),	offsetof(struct ssh_profile, host_key),
	offsetof(struct ssh_profile, cipher),		offsetof(struct ssh_profile, banner),
	offsetof(struct ssh_profile, netconf_program),
};

#define FIELD(name) offsetof(struct ssh_profile, name)

static const struct {
	size_t flag;
	size_t opposite; /* of the VRF: takes back what the server says */
} flags[] = {
	{ FIELD(enable_aes_cbc), FIELD(undo.aes_cbc) },
	{ FIELD(enable_3des_cbc), FIELD(undo.triple_des_cbc) },
	{ FIELD(enable_hmac_sha1), FIELD(disable_hmac_sha1) },
	{ FIELD(disable_hmac_sha1), FIELD(enable_hmac_sha1) },
	{ FIELD(disable_hmac_sha2_256), FIELD(undo.hmac_sha2_256) },
	{ FIELD(disable_hmac_sha2_512), FIELD(undo.hmac_sha2_512) },
	{ FIELD(disable_password), FIELD(undo.password) },
	{ FIELD(disable_public_key), FIELD(undo.public_key) },
	{ FIELD(disable_keyboard_interactive), FIELD(undo.keyboard_interactive) },
	{ FIELD(disable_sftp), FIELD(undo.sftp) },
	{ FIELD(disable_scp), FIELD(undo.scp) },
	{ FIELD(disable_netconf_ssh_port), FIELD(undo.netconf_ssh_port) },
	{ FIELD(port_forwarding_local), FIELD(undo.port_forwarding) },
	{ FIELD(logging), FIELD(undo.logging) },
	{ FIELD(penalties_disable), FIELD(undo.penalties_disable) },
};

#define AT(type, profile, offset) ((type *)(void *)((char *)(profile) + (offset)))
#define READ(type, profile, offset) (*(type const *)(const void *)((const char *)(profile) + (offset)))

void ssh_profile_resolve(const struct ssh_profile *global, const struct ssh_profile *vrf, uint16_t default_port,
			 struct ssh_profile *ret_profile)
{
	struct ssh_profile profile = *global;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t *number = AT(int64_t, &profile, numbers[i].offset);

		if (vrf && READ(int64_t, vrf, numbers[i].offset) != SSH_UNSET)
			*number = READ(int64_t, vrf, numbers[i].offset);
		if (*number == SSH_UNSET)
			*number = numbers[i].value;
	}
	if (profile.port == SSH_UNSET)
		profile.port = default_port;
	if (profile.rate_burst == SSH_UNSET)
		profile.rate_burst = profile.rate_limit_per_min / 2 > RATE_BURST_LEAST ?
					     profile.rate_limit_per_min / 2 :
					     RATE_BURST_LEAST;
	if (profile.rate_per_source == SSH_UNSET)
		profile.rate_per_source = (profile.rate_limit_per_min * 2 + 2) / 3;
	if (profile.rate_per_source > profile.rate_limit_per_min)
		profile.rate_per_source = profile.rate_limit_per_min;
	for (size_t i = 0; vrf && i < ARRAY_SIZE(texts); i++)
		if (READ(char *, vrf, texts[i]))
			*AT(char *, &profile, texts[i]) = READ(char *, vrf, texts[i]);
	if (vrf && vrf->undo.banner && !vrf->banner)
		profile.banner = NULL;
	for (size_t i = 0; vrf && i < ARRAY_SIZE(flags); i++)
		*AT(bool, &profile, flags[i].flag) =
			READ(bool, vrf, flags[i].flag) ||
			(READ(bool, global, flags[i].flag) && !READ(bool, vrf, flags[i].opposite));
	/* there is no statement for these at the server */
	profile.ipv4_access_list = vrf ? vrf->ipv4_access_list : NULL;
	profile.ipv6_access_list = vrf ? vrf->ipv6_access_list : NULL;
	profile.undo = (struct ssh_profile_undo){ 0 };
	*ret_profile = profile;
}
