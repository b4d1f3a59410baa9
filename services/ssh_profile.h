/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh_profile.h - the settings of the SSH server, once for all VRFs and again, by wish, for each
 *
 * Shapes:  struct ssh_profile as configured (SSH_UNSET or NULL: not said here); the same struct as in force after
 *          ssh_profile_resolve(), where every number has its value
 * Units:   _s seconds, _min minutes, _mb megabytes of 2^20 bytes, per_min sessions per minute
 * Errors:  none
 * Owns:    texts belong to the configuration the profile was bound from, or are constants
 * Runs in: sallyport-sshd, monitor; pure
 * Source:  features.md 2A (ranges and defaults), issue: every server setting also under "ssh server vrf NAME"
 * Tests:   tests/unit/ssh_profile_test.c
 */
#ifndef SERVICES_SSH_PROFILE_H
#define SERVICES_SSH_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/bind.h"

#define SSH_UNSET (-1) /* a number that is not configured here; what STMT_UNSET rows bind */

/* What a VRF takes back of what the server says: each the opposite of a flag or a text of the profile. */
struct ssh_profile_undo {
	bool aes_cbc, triple_des_cbc; /* enable cipher ... */
	bool hmac_sha2_256, hmac_sha2_512; /* disable hmac ...; of hmac-sha1 its own two words are the opposites */
	bool password, public_key, keyboard_interactive; /* disable auth-methods ... */
	bool sftp, scp; /* disable ... */
	bool netconf_ssh_port; /* netconf disable ssh-port */
	bool port_forwarding, logging, penalties_disable, banner;
};

struct ssh_profile {
	int64_t port;		    /* 5520-5529, or the daemon's default port */
	int64_t timeout_s;	    /* 5-120, default 30 */
	int64_t max_auth_limit;	    /* 3-20, default 20 */
	int64_t rate_limit_per_min; /* 1-600000, default 60 */
	int64_t rate_burst;	    /* sessions at once before the rate counts; default: ssh_profile.c */
	int64_t rate_per_source;    /* share of one source address, per minute; default: ssh_profile.c */
	int64_t session_limit;	    /* 1-4096, default 64 */
	int64_t dscp;		    /* 0-63, default 16 */
	int64_t rekey_time_min;	    /* 30-1440, default 60 */
	int64_t rekey_volume_mb;    /* 1024-4095, default 1024 */
	int64_t tcp_window_scale;   /* 1-14, default 1 */
	int64_t keepalive_s;	    /* 0 off, the default */
	int64_t channel_timeout_s;  /* without a byte either way; 0 off, the default */
	int64_t connection_timeout_s; /* without a channel; 0 off, the default */
	char *key_exchange, *host_key, *cipher; /* configuration words, separated by one space; NULL: the defaults */
	bool enable_aes_cbc, enable_3des_cbc, enable_hmac_sha1;
	bool disable_hmac_sha1, disable_hmac_sha2_256, disable_hmac_sha2_512;
	bool disable_password, disable_public_key, disable_keyboard_interactive;
	bool disable_sftp, disable_scp;
	bool disable_netconf_ssh_port; /* ports of its own serve it all the same */
	bool port_forwarding_local;
	bool logging;
	bool penalties_disable;
	struct bind_list penalty_exempts; /* struct ssh_exempt_conf; those of both places count, so not resolved */
	char *banner; /* text shown before authentication; NULL none */
	char *netconf_program; /* of the subsystem "netconf"; NULL: it is refused */
	char *ipv4_access_list, *ipv6_access_list; /* only of a VRF */
	struct ssh_profile_undo undo; /* only of a VRF; what is in force has none */
};

struct ssh_exempt_conf {
	char *prefix;
};

/* What holds in a VRF: its own setting, else the global one, else the default. A flag of a VRF holds against its
 * opposite in the same VRF. vrf may be NULL: what holds where a VRF says nothing. */
void ssh_profile_resolve(const struct ssh_profile *global, const struct ssh_profile *vrf, uint16_t default_port,
			 struct ssh_profile *ret_profile);

#endif
