/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What holds in a VRF: its own word, else the server's, else the default; and that every field of the profile has a
 * statement in both places.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "conf/root.h"
#include "conf/tree.h"
#include "services/ssh_conf.h"

static struct tree *bind_text(const char *text, struct ssh_conf *conf, struct bind_arena *arena)
{
	static const struct stmt rows[] = { SSH_CONF_ROW, STMT_DONE };
	struct err err = { .text = "" };
	struct tree *tree;

	memset(conf, 0xa5, sizeof(*conf));
	cr_assert_eq(tree_new(conf_root, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(bind_tree(tree, rows, conf, arena), 0);
	return tree;
}

static void profile_of(const char *text, const char *vrf_name, struct ssh_profile *ret_profile)
{
	static struct bind_arena arena; /* texts live as long as the test's process */
	static struct ssh_conf conf;

	tree_free(bind_text(text, &conf, &arena));
	ssh_conf_profile(&conf, vrf_name, 22, ret_profile);
}

Test(ssh_profile, nothing_said_is_the_default)
{
	struct ssh_profile profile;

	profile_of("", "default", &profile);
	cr_expect_eq(profile.port, 22);
	cr_expect_eq(profile.timeout_s, 30);
	cr_expect_eq(profile.max_auth_limit, 20);
	cr_expect_eq(profile.rate_limit_per_min, 60);
	cr_expect_eq(profile.rate_burst, 30);
	cr_expect_eq(profile.rate_per_source, 40, "two thirds, so that twenty at once pass and others beside them");
	cr_expect_eq(profile.session_limit, 64);
	cr_expect_eq(profile.dscp, 16);
	cr_expect_eq(profile.rekey_time_min, 60);
	cr_expect_eq(profile.rekey_volume_mb, 1024);
	cr_expect_eq(profile.tcp_window_scale, 1);
	cr_expect_eq(profile.keepalive_s, 0);
	cr_expect_eq(profile.channel_timeout_s, 0);
	cr_expect_eq(profile.connection_timeout_s, 0);
	cr_expect_null(profile.netconf_program);
	cr_expect_null(profile.cipher);
	cr_expect_null(profile.key_exchange);
	cr_expect_null(profile.host_key);
	cr_expect_null(profile.banner);
	cr_expect_null(profile.ipv4_access_list);
	cr_expect_not(profile.enable_aes_cbc || profile.disable_sftp || profile.port_forwarding_local || profile.logging);
}

/* One line per number, with a value for the server and one for the VRF. */
static const struct {
	const char *statement;
	size_t offset;
	int64_t global, vrf;
} numbers[] = {
	{ "port", offsetof(struct ssh_profile, port), 5521, 5529 },
	{ "max-auth-limit", offsetof(struct ssh_profile, max_auth_limit), 3, 19 },
	{ "rate-limit", offsetof(struct ssh_profile, rate_limit_per_min), 600000, 599999 },
	{ "rate-limit 600000 burst", offsetof(struct ssh_profile, rate_burst), 10000, 1 },
	{ "rate-limit 600000 per-source", offsetof(struct ssh_profile, rate_per_source), 7, 9 },
	{ "session-limit", offsetof(struct ssh_profile, session_limit), 4096, 1 },
	{ "dscp", offsetof(struct ssh_profile, dscp), 63, 0 },
	{ "rekey-time", offsetof(struct ssh_profile, rekey_time_min), 30, 1440 },
	{ "rekey-volume", offsetof(struct ssh_profile, rekey_volume_mb), 4095, 1024 },
	{ "tcp-window-scale", offsetof(struct ssh_profile, tcp_window_scale), 14, 1 },
	{ "keepalive", offsetof(struct ssh_profile, keepalive_s), 3600, 0 },
};

static int64_t number_at(const struct ssh_profile *profile, size_t i)
{
	return *(const int64_t *)(const void *)((const char *)profile + numbers[i].offset);
}

Test(ssh_profile, a_vrf_overrides_each_number)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct ssh_profile profile;
		char text[256];

		snprintf(text, sizeof(text), "ssh server %s %d\nssh server vrf red %s %d\nssh server vrf blue\n",
			 numbers[i].statement, (int)numbers[i].global, numbers[i].statement, (int)numbers[i].vrf);
		profile_of(text, "red", &profile);
		cr_expect_eq(number_at(&profile, i), numbers[i].vrf, "%s of the VRF", numbers[i].statement);
		profile_of(text, "blue", &profile);
		cr_expect_eq(number_at(&profile, i), numbers[i].global, "%s of a VRF that says nothing",
			     numbers[i].statement);
		profile_of(text, "none", &profile);
		cr_expect_eq(number_at(&profile, i), numbers[i].global, "%s of a VRF that has no entry",
			     numbers[i].statement);
	}
}

Test(ssh_profile, idle_timeouts_have_another_name_below_a_vrf)
{
	struct ssh_profile profile;

	profile_of("ssh server timeout channel 86400\nssh server timeout connection 1\n"
		   "ssh server vrf red idle-timeout channel 9\n",
		   "red", &profile);
	cr_expect_eq(profile.channel_timeout_s, 9);
	cr_expect_eq(profile.connection_timeout_s, 1);
}

Test(ssh_profile, the_timeout_stands_elsewhere)
{
	struct ssh_profile profile;

	profile_of("ssh timeout 7\nssh server vrf red timeout 119\n", "red", &profile);
	cr_expect_eq(profile.timeout_s, 119);
	profile_of("ssh timeout 7\nssh server vrf red\n", "red", &profile);
	cr_expect_eq(profile.timeout_s, 7);
}

Test(ssh_profile, a_source_cannot_have_more_than_the_rate)
{
	struct ssh_profile profile;

	profile_of("ssh server rate-limit 60 per-source 30\nssh server vrf red rate-limit 10\n", "red", &profile);
	cr_expect_eq(profile.rate_per_source, 10);
	profile_of("ssh server rate-limit 60 per-source 30\n", "red", &profile);
	cr_expect_eq(profile.rate_per_source, 30);
}

Test(ssh_profile, texts_override)
{
	static const char text[] = "ssh server algorithms cipher aes128-ctr\nssh server banner for all\n"
				   "ssh server algorithms key-exchange curve25519-sha256\n"
				   "ssh server algorithms host-key rsa\n"
				   "ssh server vrf red algorithms cipher aes256-ctr aes192-ctr\n"
				   "ssh server vrf red banner for red\nssh server vrf red ipv4 access-list A ipv6 access-list B\n";
	struct ssh_profile profile;

	profile_of(text, "red", &profile);
	cr_expect_str_eq(profile.cipher, "aes256-ctr aes192-ctr");
	cr_expect_str_eq(profile.key_exchange, "curve25519-sha256");
	cr_expect_str_eq(profile.host_key, "rsa");
	cr_expect_str_eq(profile.banner, "for red");
	cr_expect_str_eq(profile.ipv4_access_list, "A");
	cr_expect_str_eq(profile.ipv6_access_list, "B");
	profile_of(text, "blue", &profile);
	cr_expect_str_eq(profile.cipher, "aes128-ctr");
	cr_expect_str_eq(profile.banner, "for all");
	cr_expect_null(profile.ipv4_access_list);
}

static const struct {
	const char *statement;
	size_t offset;
	const char *opposite; /* what a VRF says against it */
} flags[] = {
	{ "enable cipher aes-cbc", offsetof(struct ssh_profile, enable_aes_cbc), "disable cipher aes-cbc" },
	{ "enable cipher 3des-cbc", offsetof(struct ssh_profile, enable_3des_cbc), "disable cipher 3des-cbc" },
	{ "enable hmac hmac-sha1", offsetof(struct ssh_profile, enable_hmac_sha1), NULL },
	{ "disable hmac hmac-sha1", offsetof(struct ssh_profile, disable_hmac_sha1), NULL },
	{ "netconf disable ssh-port", offsetof(struct ssh_profile, disable_netconf_ssh_port),
	  "netconf enable ssh-port" },
	{ "disable hmac hmac-sha2-256", offsetof(struct ssh_profile, disable_hmac_sha2_256), "enable hmac hmac-sha2-256" },
	{ "disable hmac hmac-sha2-512", offsetof(struct ssh_profile, disable_hmac_sha2_512), "enable hmac hmac-sha2-512" },
	{ "disable auth-methods password", offsetof(struct ssh_profile, disable_password), "enable auth-methods password" },
	{ "disable auth-methods public-key", offsetof(struct ssh_profile, disable_public_key), "enable auth-methods public-key" },
	{ "disable auth-methods keyboard-interactive", offsetof(struct ssh_profile, disable_keyboard_interactive), "enable auth-methods keyboard-interactive" },
	{ "disable sftp", offsetof(struct ssh_profile, disable_sftp), "enable sftp" },
	{ "disable scp", offsetof(struct ssh_profile, disable_scp), "enable scp" },
	{ "port-forwarding local", offsetof(struct ssh_profile, port_forwarding_local), "disable port-forwarding" },
	{ "logging", offsetof(struct ssh_profile, logging), "disable logging" },
	{ "penalties disable", offsetof(struct ssh_profile, penalties_disable), "enable penalties" },
};

static unsigned flags_set(const struct ssh_profile *profile)
{
	unsigned set = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		set |= (unsigned)*((const bool *)((const char *)profile + flags[i].offset)) << i;
	return set;
}

Test(ssh_profile, flags_of_either_place_count)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct ssh_profile profile;
		char text[256];

		snprintf(text, sizeof(text), "ssh server %s\nssh server vrf red\n", flags[i].statement);
		profile_of(text, "red", &profile);
		cr_expect_eq(flags_set(&profile), 1u << i, "%s of the server", flags[i].statement);
		snprintf(text, sizeof(text), "ssh server vrf red %s\n", flags[i].statement);
		profile_of(text, "red", &profile);
		cr_expect_eq(flags_set(&profile), 1u << i, "%s of the VRF", flags[i].statement);
		profile_of(text, "blue", &profile);
		cr_expect_eq(flags_set(&profile), 0, "%s of another VRF", flags[i].statement);
	}
}

Test(ssh_profile, a_vrf_takes_back_each_flag)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct ssh_profile profile;
		char text[256];

		if (!flags[i].opposite)
			continue;
		snprintf(text, sizeof(text), "ssh server %s\nssh server vrf red %s\nssh server vrf blue\n",
			 flags[i].statement, flags[i].opposite);
		profile_of(text, "red", &profile);
		cr_expect_eq(flags_set(&profile), 0, "%s against %s", flags[i].opposite, flags[i].statement);
		profile_of(text, "blue", &profile);
		cr_expect_eq(flags_set(&profile), 1u << i, "%s where nothing is said against it", flags[i].statement);
		snprintf(text, sizeof(text), "ssh server vrf red %s\nssh server vrf red %s\n", flags[i].statement,
			 flags[i].opposite);
		profile_of(text, "red", &profile);
		cr_expect_eq(flags_set(&profile), 1u << i, "%s and its opposite in one place", flags[i].statement);
	}
}

Test(ssh_profile, a_vrf_takes_back_what_has_two_words_of_its_own)
{
	static const char text[] = "ssh server disable hmac hmac-sha1\nssh server banner for all\n"
				   "ssh server timeout channel 9\nssh server vrf red enable hmac hmac-sha1\n"
				   "ssh server vrf red disable banner\nssh server vrf red idle-timeout channel 0\n"
				   "ssh server vrf blue disable hmac hmac-sha1\n";
	struct ssh_profile profile;

	profile_of(text, "red", &profile);
	cr_expect(profile.enable_hmac_sha1 && !profile.disable_hmac_sha1);
	cr_expect_null(profile.banner);
	cr_expect_eq(profile.channel_timeout_s, 0);
	profile_of("ssh server enable hmac hmac-sha1\nssh server vrf red disable hmac hmac-sha1\n", "red", &profile);
	cr_expect(profile.disable_hmac_sha1 && !profile.enable_hmac_sha1);
}
