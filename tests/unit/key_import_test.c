/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aaa/key_import.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aaa/user_keys.h"
#include "base/cleanup.h"
#include "services/ssh/hostkey_blob.h"

static struct key_import *import;
static struct err err;

static void drop(void)
{
	free(import);
	import = NULL;
}

TestSuite(key_import, .fini = drop);

static int parse(const void *bytes, size_t len)
{
	drop();
	err.text[0] = '\0';
	return key_import_parse(bytes, len, &import, &err);
}

static int parse_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int parse_text(const char *format, ...)
{
	static char text[KEY_IMPORT_FILE_MAX_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return parse(text, (size_t)len);
}

static EVP_PKEY *make_dsa(void)
{
	EVP_PKEY_CTX *group = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL), *pair;
	EVP_PKEY *parameters = NULL, *key = NULL;

	cr_assert(EVP_PKEY_paramgen_init(group) > 0 && EVP_PKEY_CTX_set_dsa_paramgen_bits(group, 1024) > 0 &&
		  EVP_PKEY_CTX_set_dsa_paramgen_q_bits(group, 160) > 0 && EVP_PKEY_paramgen(group, &parameters) > 0);
	pair = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
	cr_assert(EVP_PKEY_keygen_init(pair) > 0 && EVP_PKEY_keygen(pair, &key) > 0);
	EVP_PKEY_free(parameters);
	EVP_PKEY_CTX_free(group);
	EVP_PKEY_CTX_free(pair);
	return key;
}

static EVP_PKEY *make(int i)
{
	switch (i) {
	case 0:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case 1:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
	case 2:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp384r1");
	case 3:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp521r1");
	case 5:
		return make_dsa();
	}
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* The line of a key as the other implementation writes it. */
static char *line_of(EVP_PKEY *key)
{
	AUTO(free) uint8_t *blob = NULL;
	char *base64, *line = NULL;
	size_t len, name_len;

	cr_assert_eq(hostkey_blob_write(key, &blob, &len), 0);
	base64 = malloc(len * 2);
	EVP_EncodeBlock((unsigned char *)base64, blob, (int)len);
	name_len = blob[3];
	cr_assert(asprintf(&line, "%.*s %s", (int)name_len, (char *)blob + 4, base64) > 0);
	free(base64);
	return line;
}

static char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	cr_assert(PEM_write_bio_PUBKEY(bio, key));
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

static const uint32_t bits[] = { 2048, 256, 384, 521, 256, 1024 };
static const int types[] = { USER_KEY_RSA, USER_KEY_ECDSA, USER_KEY_ECDSA, USER_KEY_ECDSA, USER_KEY_ED25519,
			     USER_KEY_DSA };

static void expect_key(int i, const char *line, const char *form)
{
	cr_assert_eq(import->len, 1, "%s", form);
	cr_assert_str_eq(import->keys[0].line, line, "%s", form);
	cr_assert_eq(import->keys[0].bits, bits[i], "%s: %u", form, import->keys[0].bits);
	cr_assert_eq(import->keys[0].type, types[i], "%s", form);
}

static void in_every_form(int i)
{
	AUTO(free) char *line = NULL;
	AUTO(free) char *pem = NULL;
	EVP_PKEY *key = make(i);
	unsigned char *der = NULL, data[USER_KEY_BLOB_MAX_BYTES];
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key again;
	const char *base64;
	size_t len;
	int der_len;

	line = line_of(key);
	pem = pem_of(key);
	base64 = strchr(line, ' ') + 1;
	cr_assert_eq(parse_text("%s", line), 0, "%s", err.text);
	expect_key(i, line, "line");
	cr_assert_eq(parse_text("\xef\xbb\xbf# a comment\r\n\r\n  %s me@host and more \r\n", line), 0, "%s", err.text);
	expect_key(i, line, "line with comment");
	cr_assert_str_eq(import->keys[0].comment, "me@host and more");
	cr_assert_eq(parse_text("%s", pem), 0, "%s", err.text);
	expect_key(i, line, "PEM");
	cr_assert_eq(parse_text("%s\n", base64), 0, "%s", err.text);
	expect_key(i, line, "base64");
	cr_assert_eq(parse_text("%.40s\n%.20s\r\n%s", base64, base64 + 40, base64 + 60), 0, "%s", err.text);
	expect_key(i, line, "base64 in lines");
	cr_assert_eq(parse_text("---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"my \\\nkey\"\nx-More: 1\n%.50s\n%s\n"
				"---- END SSH2 PUBLIC KEY ----\n", base64, base64 + 50), 0, "%s", err.text);
	expect_key(i, line, "RFC 4716");
	cr_assert_eq(key_import_line(line, &again, blob, &len, &err), 0, "%s", err.text);
	cr_assert_eq(parse(blob, len), 0, "%s", err.text);
	expect_key(i, line, "blob");
	der_len = i2d_PUBKEY(key, &der);
	cr_assert_eq(parse(der, (size_t)der_len), 0, "%s", err.text);
	expect_key(i, line, "DER");
	len = key_import_data(line, data, sizeof(data));
	if (i == 0 || i == 5)
		cr_assert(len == (size_t)der_len && !memcmp(data, der, len));
	else
		cr_assert(len && !memcmp(data, der + der_len - len, len));
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

Test(key_import, every_type_in_every_form)
{
	for (int i = 0; i < 6; i++)
		in_every_form(i);
}

Test(key_import, pkcs1)
{
	EVP_PKEY *key = make(0);
	AUTO(free) char *line = line_of(key);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	cr_assert(PEM_write_bio_RSAPublicKey(bio, EVP_PKEY_get0_RSA(key)));
#pragma GCC diagnostic pop
	len = BIO_get_mem_data(bio, &data);
	cr_assert(!strncmp(data, "-----BEGIN RSA PUBLIC KEY-----", 30));
	cr_assert_eq(parse(data, (size_t)len), 0, "%s", err.text);
	expect_key(0, line, "PKCS#1");
	BIO_free(bio);
	EVP_PKEY_free(key);
}

#define GOOD "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGK0wmn/n93COthWSHTfepLRHK9NUdmTVKsiKE0bJBOJ"

Test(key_import, several_keys_of_a_file)
{
	EVP_PKEY *key = make(1);
	AUTO(free) char *line = line_of(key);

	cr_assert_eq(parse_text("# mine\n" GOOD " one\n\n%s two\nssh-ed448 AAAAB3NzaC1kc3M= new\nsk-ssh-ed25519@openssh.com AAAA\n",
				line), 0, "%s", err.text);
	cr_assert_eq(import->len, 2);
	cr_assert_str_eq(import->keys[0].line, GOOD);
	cr_assert_str_eq(import->keys[1].line, line);
	cr_assert_eq(import->skipped, 2);
	cr_assert(strstr(import->skipped_why.text, "ssh-ed448"));
	EVP_PKEY_free(key);
}

static const struct refusal {
	const char *text, *says;
	int code;
} refusals[] = {
	{ "", "no key", -EINVAL },
	{ "\n# nothing\n", "no key", -EINVAL },
	{ "hello world\n", "no public key in a form", -EINVAL },
	{ "ssh-dss AAAAB3NzaC1kc3MAAACB me\n", "DSA", -EINVAL },
	{ "AAAAB3NzaC1kc3MAAAAA", "DSA", -EINVAL },
	{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "private key", -EINVAL },
	{ "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", "private key", -EINVAL },
	{ "PuTTY-User-Key-File-3: ssh-ed25519\n", "private key", -EINVAL },
	{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "does not begin a public key", -ENOTSUP },
	{ "-----BEGIN PUBLIC KEY-----\nAAAA\n", "no end", -EINVAL },
	{ "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "broken", -EINVAL },
	{ "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "not base64", -EINVAL },
	{ "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\nAAAA\n", "no end", -EINVAL },
	{ "ssh-ed25519-cert-v01@openssh.com AAAA\n", "certificate", -ENOTSUP },
	{ "sk-ssh-ed25519@openssh.com AAAA\n", "security tokens", -ENOTSUP },
	{ "from=\"10.0.0.0/8, 1.1.1.1\",command=\"a \\\" b\" " GOOD "\n", "options", -ENOTSUP },
	{ "ssh-ed25519\n", "no data", -EINVAL },
	{ "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGK0wmn/n93COthWSHTfepLRHK9NUdmTVKsiKE0bJBOJ\n", "another type", -EINVAL },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGK0wmn/n93COthWSHTfepLRHK9NUdmTVKsiKE0bJBO\n", "not base64, or is cut", -EINVAL },
	{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH2K0wmn/n93COthWSHTfepLRHK9NUdmTVKsiKE0bJB\n", "not base64, or is cut", -EINVAL },
	{ GOOD "\nand this\n", "line 2", -EINVAL },
	{ GOOD "\n" GOOD "A\n", "line 2", -EINVAL },
};

Test(key_import, what_is_refused_says_why)
{
	static const uint8_t utf16[] = { 0xff, 0xfe, 's', 0, 's', 0, 'h', 0 };

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		int r = parse_text("%s", refusals[i].text);

		cr_assert_eq(r, refusals[i].code, "%s: %d %s", refusals[i].text, r, err.text);
		cr_assert(strstr(err.text, refusals[i].says), "%s: %s", refusals[i].text, err.text);
	}
	cr_assert_eq(parse(utf16, sizeof(utf16)), -EINVAL);
	cr_assert(strstr(err.text, "UTF-16"));
}

Test(key_import, small_rsa_keys_are_known_for_what_they_are)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	AUTO(free) char *pem = pem_of(key);

	cr_assert_eq(parse_text("%s", pem), 0, "%s", err.text);
	cr_assert_eq(import->keys[0].bits, 1024);
	EVP_PKEY_free(key);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
	free(take(pem));
	pem = pem_of(key);
	cr_assert_eq(parse_text("%s", pem), 0, "%s", err.text);
	cr_assert_eq(import->keys[0].bits, 4096);
	EVP_PKEY_free(key);
}

Test(key_import, no_byte_can_be_changed_unseen)
{
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	size_t len;

	cr_assert_eq(key_import_line(GOOD, &key, blob, &len, &err), 0, "%s", err.text);
	/* the head of the blob; the point may be any bytes */
	for (size_t i = 0; i < len - 32; i++) {
		blob[i] ^= 1;
		cr_assert_lt(key_import_blob(blob, len, &key, &err), 0, "byte %zu", i);
		blob[i] ^= 1;
	}
	cr_assert_lt(key_import_blob(blob, len - 1, &key, &err), 0);
	cr_assert_lt(key_import_line(GOOD " ", &key, blob, &len, &err), 0);
	cr_assert_lt(key_import_line(GOOD " comment", &key, blob, &len, &err), 0);
}

/* ---- the store ---- */

static char dir[] = "/tmp/sallyport-user-keys-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static void store_make(void)
{
	cr_assert_not_null(mkdtemp(dir));
}

static void store_remove(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(user_keys, .init = store_make, .fini = store_remove);

static int count_user(const char *user, void *userdata)
{
	(void)user;
	++*(int *)userdata;
	return 0;
}

Test(user_keys, are_kept_and_go)
{
	struct user_key_report rows[USER_KEY_PLACES_MAX] = {
		{ .user = "a.keys", .place = 2, .type = USER_KEY_ED25519, .bits = 256, .imported_us = 5,
		  .imported_by = "root", .comment = "c", .public_key = GOOD },
	};
	struct user_key_report got[USER_KEY_PLACES_MAX];
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	size_t len, blob_len;
	int users = 0;

	key_import_line(GOOD, &key, blob, &blob_len, &err);
	cr_assert_eq(user_keys_read(dir, "a.keys", got, &len, &err), 0);
	cr_assert_eq(len, 0);
	cr_assert_eq(user_keys_write(dir, "a.keys", rows, 1, &err), 0, "%s", err.text);
	cr_assert_eq(user_keys_read(dir, "a.keys", got, &len, &err), 0, "%s", err.text);
	cr_assert_eq(len, 1);
	cr_assert_str_eq(got[0].public_key, GOOD);
	cr_assert_eq(got[0].place, 2);
	cr_assert(user_keys_hold(dir, "a.keys", blob, blob_len));
	cr_assert_not(user_keys_hold(dir, "a", blob, blob_len));
	cr_assert_not(user_keys_hold(dir, NULL, blob, blob_len));
	cr_assert_not(user_keys_hold(dir, "a.keys", blob, blob_len - 1));
	blob[blob_len - 1] ^= 1;
	cr_assert_not(user_keys_hold(dir, "a.keys", blob, blob_len));
	cr_assert_eq(user_keys_each(dir, count_user, &users), 0);
	cr_assert_eq(users, 1);
	cr_assert_eq(user_keys_write(dir, "a.keys", NULL, 0, &err), 0);
	cr_assert_eq(user_keys_each(dir, count_user, &users), 0);
	cr_assert_eq(users, 1);
	cr_assert_lt(user_keys_write(dir, "../a", rows, 1, &err), 0);
	cr_assert_lt(user_keys_read(dir, "..", got, &len, &err), 0);
}

Test(user_keys, rows_that_say_something_else_do_not_count)
{
	static const char text[] =
		"[{\"user\":\"b\",\"place\":1,\"public_key\":\"" GOOD "\"}," /* another's */
		"{\"user\":\"a\",\"place\":5,\"public_key\":\"" GOOD "\"},"
		"{\"user\":\"a\",\"place\":2,\"public_key\":\"ssh-ed25519 AAAA\"},"
		"{\"user\":\"a\",\"place\":2,\"type\":\"rsa\",\"bits\":9,\"public_key\":\"" GOOD "\"},"
		"{\"user\":\"a\",\"place\":2,\"public_key\":\"" GOOD "\"}, 7]";
	struct user_key_report got[USER_KEY_PLACES_MAX];
	size_t len;

	cr_assert_eq(user_keys_decode(text, strlen(text), "a", got, &len), 0);
	cr_assert_eq(len, 1);
	cr_assert_eq(got[0].type, USER_KEY_ED25519);
	cr_assert_eq(got[0].bits, 256);
	cr_assert_eq(user_keys_decode("{}", 2, "a", got, &len), -EINVAL);
	cr_assert_eq(user_keys_decode("[", 1, "a", got, &len), -EINVAL);
}
