/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of algorithms: what is offered by default and with each statement, and what a client that is turned away
 * gives the operator to read.
 */
#include "services/ssh_algorithm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/ssh/hostkey.h"
#include "services/ssh_mismatch.h"

#define ALL_KEYS ((1u << HOSTKEY_TYPE_MAX) - 1)

static const char *offered(enum ssh_algorithm_kind kind, const struct ssh_profile *profile)
{
	static char list[SSH_ALGORITHM_LIST_MAX_BYTES];
	const struct ssh_algorithm_server server = { .profile = profile, .host_keys = ALL_KEYS, .libssh = 1006 };

	return ssh_algorithm_list(kind, &server, list, sizeof(list));
}

Test(ssh_algorithm, each_name_and_word_is_there_once)
{
	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++) {
		cr_assert(row->word && row->word[0]);
		cr_assert_eq(row->offer == SSH_ALGORITHM_ON, row->why == NULL, "%s: a reason says why it is not on",
			     row->name);
		cr_assert_lt(row->kind, SSH_ALGORITHM_KIND_MAX);
		cr_assert_null(strpbrk(row->name, ", "));
		for (const struct ssh_algorithm *other = row + 1; other->name; other++)
			cr_assert(row->kind != other->kind || strcmp(row->name, other->name), "%s twice", row->name);
	}
}

Test(ssh_algorithm, defaults)
{
	const struct ssh_profile profile = { .cipher = NULL };

	cr_expect_str_eq(offered(SSH_ALGORITHM_KEX, &profile),
			 "curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-sha512,"
			 "diffie-hellman-group14-sha256");
	cr_expect_str_eq(offered(SSH_ALGORITHM_HOST_KEY, &profile), "ssh-ed25519,rsa-sha2-512,rsa-sha2-256");
	cr_expect_str_eq(offered(SSH_ALGORITHM_CIPHER, &profile),
			 "aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
			 "chacha20-poly1305@openssh.com");
	cr_expect_str_eq(offered(SSH_ALGORITHM_MAC, &profile),
			 "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512");
	cr_expect_str_eq(offered(SSH_ALGORITHM_PUBLIC_KEY, &profile),
			 "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256");
}

Test(ssh_algorithm, post_quantum_switches_itself_on)
{
	const struct ssh_profile profile = { .cipher = NULL };
	const struct ssh_algorithm_server newer = { .profile = &profile, .libssh = 1200 };
	const struct ssh_algorithm_server older = { .profile = &profile, .libssh = 1199 };
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];

	ssh_algorithm_list(SSH_ALGORITHM_KEX, &newer, list, sizeof(list));
	cr_expect_eq(strncmp(list, "mlkem768x25519-sha256,sntrup761x25519-sha512,", 45), 0, "%s", list);
	ssh_algorithm_list(SSH_ALGORITHM_KEX, &older, list, sizeof(list));
	cr_expect_null(strstr(list, "mlkem"));
	cr_expect_null(strstr(list, "sntrup"));
}

Test(ssh_algorithm, this_build_knows_its_libssh)
{
	cr_expect_geq(ssh_algorithm_libssh, 1000);
	cr_expect_lt(ssh_algorithm_libssh, 10000000);
}

/* features.md 1F-54 */
Test(ssh_algorithm, the_worked_cases_of_the_seed)
{
	char all[] = "aes256-cbc aes256-ctr aes192-ctr aes192-cbc aes128-ctr aes128-cbc aes128-gcm@openssh.com "
		     "aes256-gcm@openssh.com 3des-cbc";
	char cbc[] = "aes128-cbc aes256-cbc aes192-cbc 3des-cbc";
	char ctr[] = "aes128-ctr aes192-ctr aes256-ctr";
	struct ssh_profile profile = { .cipher = all };

	cr_expect_str_eq(offered(SSH_ALGORITHM_CIPHER, &profile),
			 "aes256-cbc,aes256-ctr,aes192-ctr,aes192-cbc,aes128-ctr,aes128-cbc,aes128-gcm@openssh.com,"
			 "aes256-gcm@openssh.com,3des-cbc");
	profile.cipher = cbc;
	cr_expect_str_eq(offered(SSH_ALGORITHM_CIPHER, &profile), "aes128-cbc,aes256-cbc,aes192-cbc,3des-cbc");
	profile = (struct ssh_profile){ .cipher = ctr, .enable_aes_cbc = true, .enable_3des_cbc = true };
	cr_expect_str_eq(offered(SSH_ALGORITHM_CIPHER, &profile),
			 "aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,aes192-cbc,aes256-cbc,3des-cbc");
	profile = (struct ssh_profile){ .enable_3des_cbc = true };
	cr_expect(strstr(offered(SSH_ALGORITHM_CIPHER, &profile), "chacha20-poly1305@openssh.com,3des-cbc"));
	cr_expect_null(strstr(offered(SSH_ALGORITHM_CIPHER, &profile), "aes128-cbc"));
}

Test(ssh_algorithm, macs)
{
	struct ssh_profile profile = { .disable_hmac_sha2_256 = true };

	cr_expect_str_eq(offered(SSH_ALGORITHM_MAC, &profile), "hmac-sha2-512-etm@openssh.com,hmac-sha2-512");
	profile = (struct ssh_profile){ .enable_hmac_sha1 = true, .disable_hmac_sha2_512 = true };
	cr_expect_str_eq(offered(SSH_ALGORITHM_MAC, &profile),
			 "hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1-etm@openssh.com,hmac-sha1");
	profile.disable_hmac_sha1 = true;
	cr_expect_null(strstr(offered(SSH_ALGORITHM_MAC, &profile), "sha1"), "disable wins");
}

Test(ssh_algorithm, host_keys)
{
	char words[] = "ecdsa-nistp256 rsa ecdsa-nistp521 ed25519 dsa ssh-rsa";
	struct ssh_profile profile = { .host_key = words };
	struct ssh_algorithm_server server = { .profile = &profile, .host_keys = ALL_KEYS };
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];

	cr_expect_str_eq(offered(SSH_ALGORITHM_HOST_KEY, &profile),
			 "ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-ed25519", "one ECDSA key, no deprecated one");
	cr_expect_eq(ssh_algorithm_host_keys(&server),
		     1u << HOSTKEY_ECDSA_256 | 1u << HOSTKEY_RSA | 1u << HOSTKEY_ED25519);
	server.host_keys = 1u << HOSTKEY_ECDSA_521 | 1u << HOSTKEY_ED25519;
	cr_expect_str_eq(ssh_algorithm_list(SSH_ALGORITHM_HOST_KEY, &server, list, sizeof(list)),
			 "ecdsa-sha2-nistp521,ssh-ed25519", "only keys that exist");
	profile.host_key = NULL;
	server.host_keys = 1u << HOSTKEY_ECDSA_384 | 1u << HOSTKEY_ECDSA_256;
	cr_expect_str_eq(ssh_algorithm_list(SSH_ALGORITHM_HOST_KEY, &server, list, sizeof(list)), "ecdsa-sha2-nistp384",
			 "a host that has nothing else is still reached");
	server.host_keys = 0;
	cr_expect_str_eq(ssh_algorithm_list(SSH_ALGORITHM_HOST_KEY, &server, list, sizeof(list)), "");
}

static const char *canonical(enum ssh_algorithm_kind kind, const char *text)
{
	static char *last;
	struct err err = { .text = "" };

	free(last);
	last = NULL;
	return ssh_algorithm_words_canonical(kind, text, &last, &err) == 0 ? last : "";
}

Test(ssh_algorithm, words)
{
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, "aes256-ctr  chacha"), "aes256-ctr chacha20-poly1305@openssh.com");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_HOST_KEY, "rsa ecdsa-sha2-nistp256"), "rsa ecdsa-nistp256");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_HOST_KEY, "rsa-sha2-256"), "rsa-sha256");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_KEX, "curve25519-sha256"), "curve25519-sha256");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, "aes"), "");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, "aes-cbc"), "", "that is a word of 'enable'");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, "ssh-ed25519"), "");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, "aes128-ctr aes256-ctr aes128-ctr"), "");
	cr_expect_str_eq(canonical(SSH_ALGORITHM_CIPHER, ""), "");
}

/* Every word of a kind at once fits the room for lists. */
Test(ssh_algorithm, everything_fits)
{
	static const char *const *const words[] = { [SSH_ALGORITHM_KEX] = ssh_algorithm_kex_words,
						    [SSH_ALGORITHM_HOST_KEY] = ssh_algorithm_host_key_words,
						    [SSH_ALGORITHM_CIPHER] = ssh_algorithm_cipher_words };

	for (unsigned kind = SSH_ALGORITHM_KEX; kind <= SSH_ALGORITHM_CIPHER; kind++) {
		char text[2048] = "", *list = NULL;
		struct err err = { .text = "" };

		for (const char *const *word = words[kind]; *word; word++) {
			strncat(text, text[0] ? " " : "", 2);
			strncat(text, *word, 64);
		}
		cr_expect_eq(ssh_algorithm_words_canonical((enum ssh_algorithm_kind)kind, text, &list, &err), 0, "%s",
			     err.text);
		free(list);
	}
}

/* ---- nothing in common ---- */

struct refusal {
	enum ssh_algorithm_kind kind;
	const char *client;
	struct ssh_profile global, vrf;
	const char *remedy;
};

#define LIST(text) ((char[]){ text })

static const char *refusal_text(const struct refusal *refusal, unsigned host_keys)
{
	static char text[SSH_MISMATCH_TEXT_MAX_BYTES];
	struct ssh_profile profile;
	const struct ssh_mismatch mismatch = {
		.kind = refusal->kind,
		.client = refusal->client,
		.server = { .profile = &profile, .host_keys = host_keys, .libssh = 1006 },
		.vrf_name = "blue",
		.global = &refusal->global,
		.vrf = &refusal->vrf,
	};

	ssh_profile_resolve(&refusal->global, &refusal->vrf, 22, &profile);
	return ssh_mismatch_text(&mismatch, text, sizeof(text));
}

Test(ssh_mismatch, remedies)
{
	const struct refusal refusals[] = {
		{ SSH_ALGORITHM_CIPHER, "rot13,aes256-cbc,3des-cbc", {}, {},
		  "'ssh server enable cipher aes-cbc' would offer aes256-cbc" },
		{ SSH_ALGORITHM_CIPHER, "3des-cbc", {}, {}, "'ssh server enable cipher 3des-cbc' would offer 3des-cbc" },
		{ SSH_ALGORITHM_CIPHER, "aes128-cbc,aes128-ctr", { .cipher = LIST("aes256-ctr") }, {},
		  "'no ssh server algorithms cipher' would offer aes128-ctr" },
		{ SSH_ALGORITHM_CIPHER, "aes128-ctr", {}, { .cipher = LIST("aes256-ctr") },
		  "'no ssh server vrf blue algorithms cipher' would offer aes128-ctr" },
		{ SSH_ALGORITHM_CIPHER, "aes128-ctr", { .cipher = LIST("aes192-ctr") }, { .cipher = LIST("aes256-ctr") },
		  "'ssh server vrf blue algorithms cipher aes256-ctr aes128-ctr' would offer aes128-ctr" },
		{ SSH_ALGORITHM_CIPHER, "aes128-cbc", { .enable_aes_cbc = true }, { .undo.aes_cbc = true },
		  "'no ssh server vrf blue disable cipher aes-cbc' would offer aes128-cbc" },
		{ SSH_ALGORITHM_CIPHER, "3des-cbc", {}, { .undo.triple_des_cbc = true },
		  "'no ssh server vrf blue disable cipher 3des-cbc' and 'ssh server enable cipher 3des-cbc' would offer "
		  "3des-cbc" },
		{ SSH_ALGORITHM_MAC, "hmac-sha1", { .enable_hmac_sha1 = true }, { .disable_hmac_sha1 = true },
		  "'no ssh server vrf blue disable hmac hmac-sha1' would offer hmac-sha1" },
		{ SSH_ALGORITHM_KEX, "ecdh-sha2-nistp256", { .key_exchange = LIST("curve25519-sha256") }, {},
		  "'ssh server algorithms key-exchange curve25519-sha256 ecdh-sha2-nistp256' would offer "
		  "ecdh-sha2-nistp256" },
		{ SSH_ALGORITHM_KEX, "diffie-hellman-group1-sha1", {}, {},
		  "diffie-hellman-group1-sha1 is deprecated and never offered, because its group has 1024 bits and it "
		  "rests on SHA-1" },
		{ SSH_ALGORITHM_KEX, "mlkem768x25519-sha256", {}, {}, "mlkem768x25519-sha256 needs libssh 0.12 or newer" },
		{ SSH_ALGORITHM_KEX, "x,y", {}, {}, "none of the client's names is known here" },
		{ SSH_ALGORITHM_KEX, "", {}, {}, "none of the client's names is known here" },
		{ SSH_ALGORITHM_HOST_KEY, "ssh-rsa,ecdsa-sha2-nistp256", {}, {},
		  "'ssh server algorithms host-key ecdsa-nistp256 ed25519 rsa-sha512 rsa-sha256' would offer "
		  "ecdsa-sha2-nistp256" },
		{ SSH_ALGORITHM_HOST_KEY, "ssh-rsa", {}, {},
		  "ssh-rsa is deprecated and never offered, because its signatures rest on SHA-1" },
		{ SSH_ALGORITHM_MAC, "hmac-md5,hmac-sha1", {}, {}, "'ssh server enable hmac hmac-sha1' would offer hmac-sha1" },
		{ SSH_ALGORITHM_MAC, "hmac-sha2-256", { .disable_hmac_sha2_256 = true }, { .disable_hmac_sha2_256 = true },
		  "'no ssh server disable hmac hmac-sha2-256' and 'no ssh server vrf blue disable hmac hmac-sha2-256' would "
		  "offer hmac-sha2-256" },
		{ SSH_ALGORITHM_MAC, "hmac-sha2-512-etm@openssh.com", {}, { .disable_hmac_sha2_512 = true },
		  "'no ssh server vrf blue disable hmac hmac-sha2-512' would offer hmac-sha2-512-etm@openssh.com" },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const char *text = refusal_text(&refusals[i], ALL_KEYS);
		const char *end = strrchr(text, ';');

		cr_assert(end, "%s", text);
		cr_expect_str_eq(end + 2, refusals[i].remedy);
	}
}

Test(ssh_mismatch, what_both_offer)
{
	const struct refusal refusal = { SSH_ALGORITHM_MAC, "a,b", {}, {}, "" };

	cr_expect_str_eq(refusal_text(&refusal, ALL_KEYS),
			 "no MAC in common: the client offers a,b; offered here: hmac-sha2-256-etm@openssh.com,"
			 "hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512; none of the client's names is known here");
}

Test(ssh_mismatch, a_key_that_is_not_there)
{
	const struct refusal ed25519 = { SSH_ALGORITHM_HOST_KEY, "ssh-ed25519", {}, {}, "" };
	const struct refusal ecdsa = { SSH_ALGORITHM_HOST_KEY, "ecdsa-sha2-nistp384", {}, {}, "" };

	cr_expect(strstr(refusal_text(&ed25519, 1u << HOSTKEY_RSA), "; 'crypto key generate ed25519' would offer ssh-ed25519"));
	cr_expect(strstr(refusal_text(&ecdsa, 1u << HOSTKEY_RSA),
			 "; 'crypto key generate ecdsa nistp384' and 'ssh server algorithms host-key ecdsa-nistp384 "
			 "rsa-sha512 rsa-sha256' would offer ecdsa-sha2-nistp384"));
}

/* What a command says it would offer is offered once the command is in force: for all pairs of lists of the table. */
Test(ssh_mismatch, the_command_helps)
{
	const struct ssh_profile nothing = { .cipher = NULL };

	for (const struct ssh_algorithm *row = ssh_algorithms; row->name; row++) {
		const struct refusal refusal = { row->kind, row->name, {}, {}, "" };
		struct ssh_profile profile = nothing;
		const char *text, *words;
		char list[SSH_ALGORITHM_LIST_MAX_BYTES];

		if (row->offer != SSH_ALGORITHM_OFF)
			continue;
		text = refusal_text(&refusal, ALL_KEYS);
		words = strstr(text, "'ssh server algorithms ");
		if (words) {
			words = strchr(words + strlen("'ssh server algorithms "), ' ') + 1;
			snprintf(list, sizeof(list), "%.*s", (int)strcspn(words, "'"), words);
			profile.key_exchange = row->kind == SSH_ALGORITHM_KEX ? list : NULL;
			profile.host_key = row->kind == SSH_ALGORITHM_HOST_KEY ? list : NULL;
		}
		profile.enable_aes_cbc = strstr(text, "'ssh server enable cipher aes-cbc'");
		profile.enable_3des_cbc = strstr(text, "'ssh server enable cipher 3des-cbc'");
		profile.enable_hmac_sha1 = strstr(text, "'ssh server enable hmac hmac-sha1'");
		cr_expect(ssh_algorithm_list_has(offered(row->kind, &profile), row->name), "%s: %s", row->name, text);
	}
}
