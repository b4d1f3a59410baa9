/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/user_conf.h"

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpT"
#define ECDSA256                                                                \
	"ecdsa-sha2-nistp256 "                                                  \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBP81V9c1rZlvZFaH+" \
	"Wo2uLHLGCG0INmayT0YbMx5ycNKB7I81Tlsl3ztEEkDEOYNgAv2v2pAJ0VxX4uF9Wq4jug="
#define ECDSA384                                                                                     \
	"ecdsa-sha2-nistp384 "                                                                       \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBBESSbe2txexEgMxoaUgtu92RBOnEoqtKRNmU+" \
	"WA4ncCLB8KM+oE+ILe3x9cGI2ZfFXiUU+obSbDovIkHIz6cwdZqdGix/0Pu6WHFr7b1HvXt9vrp6d1RaIegNKq0v2JoQ=="
#define ECDSA521                                                                           \
	"ecdsa-sha2-nistp521 "                                                             \
	"AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBACk1SuFYMYfNvHsAizB3QTi/"    \
	"GRJzSYd3ClrHS97QU+tPPS+RiEh3/b3ShOeM59FohdFwnd4KSgnWGp5LvjBZawIAACsmMrZEacD2Ubh/" \
	"7HcuOOfQDAT5VYpYM4eYFVIOFF2GS+gRX99pYvK+yJyChwT6b5tB+syZMzFv5wGErV+B9mCUA=="
#define RSA1024                                                                                   \
	"ssh-rsa "                                                                                \
	"AAAAB3NzaC1yc2EAAAADAQABAAAAgQCtGMn06xXa47dvx3ZApYEaO5Zjgam7UvpPYQJB2YE3V+W9c+gK3cKl6y/" \
	"LH7NXhZ45u8Z+brMH9t/"                                                                    \
	"Zx9XiJsa4E9EXrutGc3A3W2N1xu7CQOz6LFdDBkkOvs6yDSVAjLF8YKxQGAKLcAJs8Ahfis+diIWeXcEJK4y/eQDgQ2FSTQ=="
#define RSA2048                                                                                              \
	"ssh-rsa "                                                                                           \
	"AAAAB3NzaC1yc2EAAAADAQABAAABAQDFlzelOklf8DCLQDlXFihl0Ue+0xhRD45BqYTqllfABJF+"                       \
	"OQ4nM9QCWlQs5gIaXKRkjF/AW3NC9zGCsn6T19rizXuvFiWHGIzb1o815CWoaHt040+4vHbK5lKhdMWxj/"                 \
	"wCB0ZL42jClbcXpe69b/"                                                                               \
	"35jrspWB07G2Rnqk9xoNQgDCUQjB61xWus7JzQ8VKAtjJUAqkepEVoq6MYnm3IXjZi4F3WiVsPuojdhSlABAGONoz35GaRtKVG" \
	"Nqs1BTXKMN0BhR1vIhD/1K1l/keAh9VTrx78KfifwH0q2MlH6IIHdyv8QLpcpgc/I6WcsC0Z07z8E//NkqqfA0pTBaBVjKbZ"
#define DSA                                                                                                  \
	"ssh-dss "                                                                                           \
	"AAAAB3NzaC1kc3MAAACBALdvi2hGeYwC9SvpYqHC/"                                                          \
	"WIehwRq5VytJws7tCLU6RGHYQh1wIebLQNbKoRRtgdu6APSgvCAJRHM5IqD33ahefHHcyAn55UtjLdsmBBEp94GGxLaHQQBwXj" \
	"9+Gb6vpJ9vi4OfaG4Dwoww7WYeEu+ACOPvw9EsamN2/"                                                        \
	"BdUWwvu6NfAAAAFQCJ8Jo+"                                                                             \
	"fxWOM2ZmuBy8x75xeNmagwAAAIAdnc4dY61Z4Ox47X8H0wSJ0LTNYIs3FfxOzB5iuSMU8QnvqIajsQayTKng42OACgr+"       \
	"WS2cT3Q0Cqhe6jx1YcDO6/l1F7KI2a0EQEUo813qVL8kwTZt7tvxWR91YjrXM1OHcrtoOhzqKHeTqradxImmSV/"            \
	"k0gXWjeUB0fqaas0IFwAAAIEAqrOxuaknLfxtZCAwB8W201JmjorJ4Dm1MQsKxdgkoNrBcmkTkRJBXbESU/"                \
	"NUF8ol90dhiEkO4o1GVQtWzlErHZvJ0IkbM6KAazGcOXWHWjx0N13pnxrvzszf7B/"                                  \
	"Jn8FugeYVpnFx58WqrAazpYWa18dX3qtFQbZiDv1DgLr4G+c="
/* crypt(3) of "correct horse" by another implementation */
#define FIVE  "5 $1$28772684$iEwNOgGugqO9.bIz5sk8k/"
#define EIGHT "8 $8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk"
#define NINE  "9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6"
#define HORSE \
	"10 " \
	"$6$oddsalt7$P2lCZDlEeI7RSoJQAczX1j7ACBj6FESvD3kAJbtliRB44bIHsaijALZkYTeA4ICt0xVuDWAhUXHDEGedjQ/QU/"

static int canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	return arg->canonical(arg, text, ret_text, err);
}

static void expect_ok(const struct arg *arg, const char *text, const char *expected)
{
	struct err err = { .text = "" };
	char *got = NULL;
	int r = canonical(arg, text, &got, &err);

	cr_assert_eq(r, 0, "%s: %s", text, err.text);
	cr_assert_str_eq(got, expected);
	free(got);
}

static void expect_refused(const struct arg *arg, const char *text, int code, const char *words)
{
	struct err err = { .text = "" };
	char *got = NULL;
	int r = canonical(arg, text, &got, &err);

	cr_assert_eq(r, code, "%s: %d", text, r);
	cr_assert_null(got);
	cr_assert_not_null(strstr(err.text, words), "%s: \"%s\" lacks \"%s\"", text, err.text, words);
}

/* ---- names ---- */

Test(user_conf, names)
{
	expect_ok(&arg_user_name, "admin", "admin");
	expect_ok(&arg_user_name, "_a.b-c9", "_a.b-c9");
	expect_ok(&arg_user_name, "abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz012345");
	expect_refused(&arg_user_name, "abcdefghijklmnopqrstuvwxyz0123456", -EINVAL, "32");
	expect_refused(&arg_user_name, "", -EINVAL, "1 to 32");
	expect_refused(&arg_user_name, "-rf", -EINVAL, "begins");
	expect_refused(&arg_user_name, ".", -EINVAL, "begins");
	expect_refused(&arg_user_name, "a b", -EINVAL, "letters");
	expect_refused(&arg_user_name, "a/b", -EINVAL, "letters");
	expect_refused(&arg_user_name, "a\nb", -EINVAL, "letters");
	expect_refused(&arg_user_name, "\xc3\xa4", -EINVAL, "letters");
}

/* ---- secrets ---- */

Test(user_conf, secret_forms)
{
	struct err err = { .text = "" };
	char *got = NULL;

	expect_ok(&arg_user_secret, HORSE, HORSE);
	expect_refused(&arg_user_secret, "Sesame7", -EAGAIN, "hashed");
	expect_refused(&arg_user_secret, "0 Sesame7", -EAGAIN, "hashed");
	expect_refused(&arg_user_secret, "10", -EAGAIN, "hashed");
	expect_refused(&arg_user_secret, "8 $8$salt$hash", -EINVAL, "type 8");
	expect_refused(&arg_user_secret, "5 $1$salt$hash", -EINVAL, "type 5");
	expect_refused(&arg_user_secret, "5 $1$$abcdefghijklmnopqrstuv", -EINVAL, "salt");
	expect_refused(&arg_user_secret, "6 $6$salt$hash", -EINVAL, "type 6");
	expect_refused(&arg_user_secret, "7 0822455D0A16", -EINVAL, "type 7");
	expect_refused(&arg_user_secret, "9 $8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", -EINVAL, "$9$");
	expect_ok(&arg_user_secret, FIVE, FIVE);
	expect_ok(&arg_user_secret, EIGHT, EIGHT);
	expect_ok(&arg_user_secret, NINE, NINE);
	expect_refused(&arg_user_secret, EIGHT "x", -EINVAL, "digest");
	expect_refused(&arg_user_secret, "16 words", -EAGAIN, "hashed");
	expect_refused(&arg_user_secret, "10 $1$salt$hash", -EINVAL, "$6$");
	expect_refused(&arg_user_secret, "10 $6$rounds=1000$salt$hash", -EINVAL, "rounds");
	expect_refused(&arg_user_secret, "10 $6$salt$short", -EINVAL, "digest");
	expect_refused(&arg_user_secret, "10 $6$saltthatistoolong$x", -EINVAL, "salt");
	expect_refused(&arg_user_secret, "10 $6$$x", -EINVAL, "salt");
	expect_refused(&arg_user_secret, HORSE " ", -EINVAL, "digest");

	/* a refusal never repeats what may be a password */
	cr_assert_eq(canonical(&arg_user_secret, "Sesame7", &got, &err), -EAGAIN);
	cr_assert_null(strstr(err.text, "Sesame7"));
}

/* Hashes that carrier routers and other programs made. */
Test(user_conf, secrets_of_other_routers_fit)
{
	cr_expect(user_secret_verify(FIVE, "hashcat"));
	cr_expect_not(user_secret_verify(FIVE, "hashcaT"));
	cr_expect(user_secret_verify(EIGHT, "hashcat"));
	cr_expect_not(user_secret_verify(EIGHT, "hashca"));
	cr_expect(user_secret_verify(NINE, "hashcat"));
	cr_expect_not(user_secret_verify(NINE, "hashcatt"));
	cr_expect_not(user_secret_verify(NINE, NULL));
	cr_expect_not(user_secret_verify("9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo7", "hashcat"));
}

Test(user_conf, secret_hash_is_fresh_and_fits)
{
	char *first = NULL, *second = NULL, *third = NULL;

	cr_assert_eq(user_secret_hash("Sesame 7", &first, NULL), 0);
	cr_assert_eq(user_secret_hash("Sesame 7", &second, NULL), 0);
	cr_assert_eq(user_secret_hash("0 Sesame 7", &third, NULL), 0);
	cr_assert_str_neq(first, second, "the salt must differ");
	expect_ok(&arg_user_secret, first, first);
	cr_assert(user_secret_verify(first, "Sesame 7"));
	cr_assert(user_secret_verify(second, "Sesame 7"));
	cr_assert(user_secret_verify(third, "Sesame 7"), "the type in front is no part of the password");
	cr_assert_not(user_secret_verify(first, "Sesame 8"));
	cr_assert_not(user_secret_verify(first, "Sesame 7 "));
	cr_assert_not(user_secret_verify(first, "sesame 7"));
	free(first);
	free(second);
	free(third);
}

Test(user_conf, secret_hash_limits)
{
	struct err err = { .text = "" };
	char longest[255], *hash = NULL;

	memset(longest, 'p', sizeof(longest));
	longest[254] = '\0';
	cr_assert_eq(user_secret_hash(longest, &hash, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "253"));
	longest[253] = '\0';
	cr_assert_eq(user_secret_hash(longest, &hash, &err), 0);
	cr_assert(user_secret_verify(hash, longest));
	longest[252] = '\0';
	cr_assert_not(user_secret_verify(hash, longest));
	free(hash);
	hash = NULL;
	cr_assert_eq(user_secret_hash("", &hash, &err), -EINVAL);
	cr_assert_eq(user_secret_hash("0 ", &hash, &err), -EINVAL);
	cr_assert_eq(user_secret_hash("tab\there", &hash, &err), -EINVAL);
	cr_assert_null(hash);
}

Test(user_conf, secret_verify)
{
	cr_assert(user_secret_verify(HORSE, "correct horse"), "a hash of another implementation");
	cr_assert_not(user_secret_verify(HORSE, "correct hors"));
	cr_assert_not(user_secret_verify(HORSE, ""));
	cr_assert_not(user_secret_verify(HORSE, NULL));
	cr_assert_not(user_secret_verify(NULL, "correct horse"));
	cr_assert_not(user_secret_verify(NULL, "impossible"));
	cr_assert_not(user_secret_verify(NULL, NULL));
	cr_assert_not(user_secret_verify("", "x"));
	cr_assert_not(user_secret_verify("10 *0", "x"));
	cr_assert_not(user_secret_verify(strchr(HORSE, '$'), "correct horse"),
		      "a secret without its type is none");
}

/* ---- keys ---- */

struct key_case {
	char text[1400];
	char words[64]; /* "" accepted as it is */
};

ParameterizedTestParameters(user_conf, keys)
{
	static struct key_case cases[] = {
		{ ED25519, "" },
		{ ECDSA256, "" },
		{ ECDSA384, "" },
		{ ECDSA521, "" },
		{ RSA1024, "" },
		{ RSA2048, "" },
		{ DSA, "" },
		{ "ssh-dss AAAAB3NzaC1kc3MAAAAA", "broken" },
		{ "sk-ssh-ed25519@openssh.com AAAA", "hardware" },
		{ "sk-ecdsa-sha2-nistp256@openssh.com AAAA", "hardware" },
		{ "ssh-ed25519-cert-v01@openssh.com AAAA", "certificate" },
		{ "command=\"id\" " ED25519, "begins with" },
		{ "", "begins with" },
		{ "ssh-ed25519", "no data" },
		{ "ssh-ed25519 ", "no data" },
		{ "ssh-ed25519 AAAA", "broken" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5", "base64" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFp",
		  "base64" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAA==",
		  "broken" },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpTAAAA",
		  "too many" },
		{ "ssh-ed25519 ====", "base64" },
		{ "ssh-ed25519 A===", "base64" },
		{ "ssh-ed25519 !!!!", "base64" },
	};

	return cr_make_param_array(struct key_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct key_case *param, user_conf, keys)
{
	char with_comment[1500];

	if (param->words[0]) {
		expect_refused(&arg_user_keystring, param->text, -EINVAL, param->words);
		return;
	}
	expect_ok(&arg_user_keystring, param->text, param->text);
	snprintf(with_comment, sizeof(with_comment), "%s me@host and more", param->text);
	expect_ok(&arg_user_keystring, with_comment, param->text);
}

Test(user_conf, key_type_must_agree_with_its_data)
{
	expect_refused(&arg_user_keystring,
		       "ssh-rsa "
		       "AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpT",
		       -EINVAL, "another type");
	expect_refused(&arg_user_keystring,
		       "ssh-ed25519 "
		       "AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",
		       -EINVAL, "another type");
}

Test(user_conf, key_blob)
{
	uint8_t *blob = NULL;
	size_t len = 0;

	cr_assert_eq(user_key_blob(ED25519, &blob, &len, NULL), 0);
	cr_assert_eq(len, 51);
	cr_assert_arr_eq(blob, "\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
	cr_assert_eq(blob[50], 0x53);
	free(blob);
	blob = NULL;
	cr_assert_eq(user_key_blob("ssh-ed25519 AAAA", &blob, &len, NULL), -EINVAL);
	cr_assert_null(blob);
}

/* ---- keys made of odd numbers ---- */

struct blob {
	uint8_t bytes[4096];
	size_t len;
};

static void blob_string(struct blob *blob, const void *bytes, size_t len)
{
	uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(blob->bytes + blob->len, head, 4);
	memcpy(blob->bytes + blob->len + 4, bytes, len);
	blob->len += 4 + len;
}

static void blob_base64(const char *type, const struct blob *blob, char *to)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t type_len = strlen(type);
	char *out = to + type_len + 1;

	memcpy(to, type, type_len);
	to[type_len] = ' ';

	for (size_t i = 0; i < blob->len; i += 3) {
		uint32_t group = (uint32_t)blob->bytes[i] << 16;

		if (i + 1 < blob->len)
			group |= (uint32_t)blob->bytes[i + 1] << 8;
		if (i + 2 < blob->len)
			group |= blob->bytes[i + 2];
		*out++ = alphabet[group >> 18 & 63];
		*out++ = alphabet[group >> 12 & 63];
		*out++ = i + 1 < blob->len ? alphabet[group >> 6 & 63] : '=';
		*out++ = i + 2 < blob->len ? alphabet[group & 63] : '=';
	}
	*out = '\0';
}

static void rsa_text(size_t modulus_bytes, uint8_t first, uint8_t last, bool zero_in_front, char *to)
{
	struct blob blob = { .len = 0 };
	uint8_t modulus[2060] = { 0 };

	blob_string(&blob, "ssh-rsa", 7);
	blob_string(&blob, "\x01\x00\x01", 3);
	memset(modulus, 0x5a, sizeof(modulus));
	modulus[0] = 0;
	modulus[1] = first;
	modulus[modulus_bytes] = last;
	blob_string(&blob, zero_in_front ? modulus : modulus + 1, modulus_bytes + zero_in_front);
	blob_base64("ssh-rsa", &blob, to);
}

Test(user_conf, rsa_bits)
{
	char text[8192];

	rsa_text(64, 0x80, 0x01, true, text); /* 512 */
	expect_ok(&arg_user_keystring, text, text);
	rsa_text(64, 0x7f, 0x01, false, text); /* 511 */
	expect_refused(&arg_user_keystring, text, -EINVAL, "511 bits");
	rsa_text(64, 0x01, 0x01, false, text);
	expect_refused(&arg_user_keystring, text, -EINVAL, "505 bits");
	rsa_text(128, 0x80, 0x02, true, text); /* even */
	expect_refused(&arg_user_keystring, text, -EINVAL, "broken");
	rsa_text(128, 0x80, 0x01, false, text); /* negative */
	expect_refused(&arg_user_keystring, text, -EINVAL, "broken");
	rsa_text(128, 0x7f, 0x01, true, text); /* not in its shortest form */
	expect_refused(&arg_user_keystring, text, -EINVAL, "broken");
	rsa_text(2048, 0x80, 0x01, true, text); /* 16384 */
	expect_ok(&arg_user_keystring, text, text);
	rsa_text(2049, 0x80, 0x01, true, text);
	expect_refused(&arg_user_keystring, text, -EINVAL, "broken");
}

Test(user_conf, ecdsa_point)
{
	struct blob blob = { .len = 0 };
	uint8_t point[65] = { 4 };
	char text[1024];

	blob_string(&blob, "ecdsa-sha2-nistp256", 19);
	blob_string(&blob, "nistp384", 8);
	blob_string(&blob, point, sizeof(point));
	blob_base64("ecdsa-sha2-nistp256", &blob, text);
	expect_refused(&arg_user_keystring, text, -EINVAL, "another curve");

	blob.len = 0;
	point[0] = 2; /* compressed */
	blob_string(&blob, "ecdsa-sha2-nistp256", 19);
	blob_string(&blob, "nistp256", 8);
	blob_string(&blob, point, sizeof(point));
	blob_base64("ecdsa-sha2-nistp256", &blob, text);
	expect_refused(&arg_user_keystring, text, -EINVAL, "point");
}
