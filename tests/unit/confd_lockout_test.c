/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what a commit can lock an open session out by, and what is none of its business.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/confd_lockout.h"
#include "conf/root.h"

#define SECRET \
	"10 "  \
	"$6$oddsalt7$P2lCZDlEeI7RSoJQAczX1j7ACBj6FESvD3kAJbtliRB44bIHsaijALZkYTeA4ICt0xVuDWAhUXHDEGedjQ/QU/"
#define KEY_ONE "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define KEY_TWO "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"

static const char running_text[] = "username amy\n group root-lr\n secret " SECRET "\n keystring " KEY_ONE
				   "\n keystring " KEY_TWO "\n!\nusername bob\n group operator\n!\n"
				   "ssh server vrf blue\nssh server vrf default\nssh server vrf red\n";

static struct tree *tree_of(const char *text)
{
	struct tree *tree = NULL;
	struct err err = { .text = "" };

	cr_assert_eq(tree_new(conf_root, &tree), 0);
	cr_assert_eq(tree_parse(tree, text, NULL, NULL, &err), 0, "%s", err.text);
	return tree;
}

struct findings {
	unsigned locked, warnings;
	char text[1024];
};

static void on_finding(const char *sentence, bool is_warning, void *userdata)
{
	struct findings *findings = userdata;

	*(is_warning ? &findings->warnings : &findings->locked) += 1;
	snprintf(findings->text, sizeof(findings->text), "%s", sentence);
}

static struct findings find(const char *edits, const char *user, enum lockout_method method)
{
	struct lockout_session session = { .vrf = "blue",
					   .method = method,
					   .peer_address = "10.0.0.66",
					   .peer_port = 40000,
					   .local_address = "192.0.2.1",
					   .local_port = 22,
					   .kex = "curve25519-sha256",
					   .host_key = "ssh-ed25519",
					   .cipher = "aes256-gcm@openssh.com",
					   .mac = "aead-gcm" };
	struct tree *running = tree_of(running_text), *wanted = tree_of(running_text);
	struct findings findings = { 0 };
	struct err err = { .text = "" };

	snprintf(session.user, sizeof(session.user), "%s", user);
	cr_assert_eq(tree_parse(wanted, edits, NULL, NULL, &err), 0, "%s: %s", edits, err.text);
	confd_lockout_find(running, wanted, &session, on_finding, &findings);
	tree_free(running);
	tree_free(wanted);
	return findings;
}

static void expect(const char *edits, enum lockout_method method, unsigned locked, unsigned warnings,
		   const char *word)
{
	struct findings findings = find(edits, "amy", method);

	cr_expect_eq(findings.locked, locked, "%s: locked %u: %s", edits, findings.locked, findings.text);
	cr_expect_eq(findings.warnings, warnings, "%s: %u warnings: %s", edits, findings.warnings,
		     findings.text);
	cr_expect(strstr(findings.text, word), "%s: %s", edits, findings.text);
}

Test(confd_lockout, vrf)
{
	expect("no ssh server vrf blue\n", LOCKOUT_PASSWORD, 1, 0, "no ssh server vrf blue");
	expect("no ssh\n", LOCKOUT_PASSWORD, 1, 0, "VRF blue");
	expect("no ssh server\n", LOCKOUT_PASSWORD, 0, 0, "");
	expect("no ssh server vrf red\nno ssh server vrf default\n", LOCKOUT_PASSWORD, 0, 0, "");
}

Test(confd_lockout, algorithms)
{
	expect("ssh server algorithms cipher aes256-ctr\n", LOCKOUT_PASSWORD, 0, 1, "cipher of this session, aes256-gcm");
	expect("ssh server vrf blue algorithms host-key rsa\n", LOCKOUT_PASSWORD, 0, 1, "ssh-ed25519");
	expect("ssh server algorithms key-exchange ecdh-sha2-nistp256\nssh server algorithms host-key dsa rsa\n",
	       LOCKOUT_PASSWORD, 0, 2, "ssh-ed25519");
	expect("ssh server vrf red algorithms cipher aes256-ctr\n", LOCKOUT_PASSWORD, 0, 0, "");
	expect("ssh server algorithms cipher aes256-ctr\nssh server vrf blue algorithms cipher aes256-gcm@openssh.com\n",
	       LOCKOUT_PASSWORD, 0, 0, "");
	expect("ssh server disable hmac hmac-sha2-256\nssh server enable cipher aes-cbc\n", LOCKOUT_PASSWORD, 0, 0, "");
}

Test(confd_lockout, user)
{
	expect("no username amy\n", LOCKOUT_PASSWORD, 1, 0, "no username amy");
	expect("no username amy group root-lr\n", LOCKOUT_PASSWORD, 1, 0, "may configure");
	expect("no username amy group root-lr\nusername amy group netadmin\n", LOCKOUT_PASSWORD, 0, 0, "");
	expect("no username bob\n", LOCKOUT_PASSWORD, 0, 0, "");
	cr_expect_eq(find("no username bob group operator\n", "bob", LOCKOUT_PASSWORD).locked, 0,
		     "nothing is lost");
	cr_expect_eq(find("no username bob\n", "carol", LOCKOUT_PASSWORD).locked, 0, "nobody's user");
}

Test(confd_lockout, lines)
{
	expect("line default transport input none\n", LOCKOUT_PASSWORD, 1, 0, "no line would take SSH");
	expect("line default transport input ssh\n", LOCKOUT_PASSWORD, 0, 0, "");
	expect("ipv4 access-list M 10 permit host 192.0.2.99\nline default access-class ingress M\n", LOCKOUT_PASSWORD, 1, 0,
	       "access-class");
	expect("line default transport input none\nline template N transport input all\nvty-pool default 0 4 line-template N\n",
	       LOCKOUT_PASSWORD, 0, 0, "");
}

Test(confd_lockout, what_he_logged_in_with)
{
	expect("no username amy secret\n", LOCKOUT_PASSWORD, 1, 0, "secret");
	expect("no username amy secret\n", LOCKOUT_KEYBOARD_INTERACTIVE, 1, 0, "secret");
	expect("no username amy secret\n", LOCKOUT_PUBLIC_KEY, 0, 0, "");
	expect("no username amy keystring " KEY_ONE "\n", LOCKOUT_PUBLIC_KEY, 0, 0, "");
	expect("no username amy keystring " KEY_ONE "\nno username amy keystring " KEY_TWO "\n",
	       LOCKOUT_PUBLIC_KEY, 1, 0, "public keys");
	expect("no username amy keystring " KEY_ONE "\nno username amy keystring " KEY_TWO "\n",
	       LOCKOUT_PASSWORD, 0, 0, "");
}

Test(confd_lockout, methods)
{
	expect("ssh server disable auth-methods password\n", LOCKOUT_PASSWORD, 1, 0, "passwords");
	expect("ssh server vrf blue disable auth-methods password\n", LOCKOUT_PASSWORD, 1, 0, "passwords");
	expect("ssh server vrf red disable auth-methods password\n", LOCKOUT_PASSWORD, 0, 0, "");
	expect("ssh server disable auth-methods password\n", LOCKOUT_PUBLIC_KEY, 0, 0, "");
	expect("ssh server disable auth-methods public-key\n", LOCKOUT_PUBLIC_KEY, 1, 0, "public keys");
	expect("ssh server disable auth-methods public-key\n", LOCKOUT_OTHER, 0, 0, "");
}

#define LIST(entries) "ipv4 access-list M\n" entries "!\nssh server vrf blue ipv4 access-list M\n"

Test(confd_lockout, access_list)
{
	expect(LIST(" 10 permit tcp 10.0.1.0 0.0.0.255 any\n"), LOCKOUT_PASSWORD, 1, 0,
	       "access list M of VRF blue");
	expect(LIST(" 10 permit tcp 10.0.0.0 0.0.0.255 any eq ssh\n"), LOCKOUT_PASSWORD, 0, 0, "");
	expect(LIST(" 10 deny ipv4 host 10.0.0.66 any\n 20 permit ipv4 any any\n"), LOCKOUT_PASSWORD, 1, 0,
	       "10.0.0.66");
	expect(LIST(" 5 permit ipv4 host 10.0.0.66 any\n 10 deny ipv4 any any\n"), LOCKOUT_PASSWORD, 0, 0,
	       "");
	expect(LIST(" 10 permit tcp any any eq 23\n"), LOCKOUT_PASSWORD, 1, 0, "access list M");
	expect(LIST(" 10 permit udp any any\n"), LOCKOUT_PASSWORD, 1, 0, "access list M");
	expect("ipv4 access-list M\n 10 deny ipv4 any any\n!\nssh server vrf red ipv4 access-list M\n",
	       LOCKOUT_PASSWORD, 0, 0, "");
	expect("ipv6 access-list M\n 10 deny ipv6 any any\n!\nssh server vrf blue ipv6 access-list M\n",
	       LOCKOUT_PASSWORD, 0, 0, "");
}

Test(confd_lockout, the_port_only_warns)
{
	expect("ssh server port 5525\n", LOCKOUT_PASSWORD, 0, 1, "port 5525");
	expect("ssh server vrf blue port 5526\n", LOCKOUT_PASSWORD, 0, 1, "port 5526");
	expect("ssh server vrf red port 5526\n", LOCKOUT_PASSWORD, 0, 0, "");
}
