// SPDX-License-Identifier: GPL-3.0-or-later
#include "services/ssh/hostkey.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aaa/key_import.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "services/ssh/hostkey_blob.h"
#include "services/ssh/hostkey_old.h"

static char dir[] = "/tmp/sallyport-hostkey-XXXXXX";
static struct hostkey_set *set;
static struct err err;

static void make_set(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(hostkey_set_load(dir, &set, &err), 0, "%s", err.text);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static void remove_set(void)
{
	hostkey_set_free(set);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(hostkey, .init = make_set, .fini = remove_set);

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *const files[] = { "ssh_host_ed25519_key", "ssh_host_ecdsa256_key", "ssh_host_ecdsa384_key",
				     "ssh_host_ecdsa521_key", "ssh_host_rsa_key" };

Test(hostkey, files_are_private_and_stay_the_same)
{
	struct hostkey_set *again = NULL;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cr_assert_eq(stat(path_of(files[i]), &st), 0);
		cr_assert_eq(st.st_mode & 07777, 0600);
	}
	cr_assert_eq(hostkey_set_load(dir, &again, &err), 0, "%s", err.text);
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		size_t len, again_len;
		const uint8_t *blob = hostkey_public_blob(set, type, &len);
		const uint8_t *again_blob = hostkey_public_blob(again, type, &again_len);

		cr_assert_eq(len, again_len);
		cr_assert_arr_eq(blob, again_blob, len);
	}
	hostkey_set_free(again);
}

Test(hostkey, only_what_is_missing_is_made)
{
	struct hostkey_set *again = NULL;
	size_t len, again_len;
	const uint8_t *blob = hostkey_public_blob(set, HOSTKEY_ED25519, &len), *again_blob;

	cr_assert_eq(unlink(path_of("ssh_host_ecdsa384_key")), 0);
	cr_assert_eq(unlink(path_of("ssh_host_ecdsa384_key.pub")), 0);
	cr_assert_eq(hostkey_set_load(dir, &again, &err), 0, "%s", err.text);
	again_blob = hostkey_public_blob(again, HOSTKEY_ED25519, &again_len);
	cr_assert_arr_eq(blob, again_blob, len);
	blob = hostkey_public_blob(set, HOSTKEY_ECDSA_384, &len);
	again_blob = hostkey_public_blob(again, HOSTKEY_ECDSA_384, &again_len);
	cr_assert_neq(memcmp(blob, again_blob, len), 0);
	hostkey_set_free(again);
}

Test(hostkey, public_files_hold_the_blob)
{
	AUTO(free) char *text = NULL;
	unsigned char base64[1024];
	size_t len, text_len;
	const uint8_t *blob = hostkey_public_blob(set, HOSTKEY_RSA, &len);

	cr_assert_eq(fs_read(path_of("ssh_host_rsa_key.pub"), 4096, &text, &text_len), 0);
	EVP_EncodeBlock(base64, blob, (int)len);
	cr_assert(!strncmp(text, "ssh-rsa ", 8) && strstr(text, (const char *)base64));
}

static void check_refused(const char *file, const char *said)
{
	AUTO(free) char *before = NULL, *after = NULL;
	struct hostkey_set *again = NULL;
	size_t before_len, after_len;

	cr_assert_eq(fs_read(path_of(file), 65536, &before, &before_len), 0);
	cr_assert_lt(hostkey_set_load(dir, &again, &err), 0);
	cr_assert_null(again);
	cr_assert(strstr(err.text, file) && strstr(err.text, said), "%s", err.text);
	cr_assert_eq(fs_read(path_of(file), 65536, &after, &after_len), 0);
	cr_assert_eq(before_len, after_len);
	cr_assert_arr_eq(before, after, after_len);
}

Test(hostkey, a_broken_file_is_an_error_and_stays)
{
	cr_assert_eq(fs_write_atomic(path_of(files[0]), 0600, "garbage\n", 8), 0);
	check_refused(files[0], "not a private key");
	cr_assert_eq(fs_write_atomic(path_of(files[0]), 0600, "", 0), 0);
	check_refused(files[0], "not a private key");
}

static unsigned faults;

static void on_fault(const struct err *fault)
{
	cr_assert(strstr(fault->text, "not a private key"), "%s", fault->text);
	faults++;
}

Test(hostkey, a_broken_file_costs_one_key)
{
	struct hostkey_set *again = NULL;
	size_t len;

	faults = 0;
	cr_assert_eq(fs_write_atomic(path_of(files[4]), 0600, "", 0), 0);
	cr_assert_eq(hostkey_set_load_usable(dir, on_fault, &again, &err), 0, "%s", err.text);
	cr_assert_eq(faults, 1);
	cr_assert_null(hostkey_public_blob(again, HOSTKEY_RSA, &len));
	cr_assert_not_null(hostkey_public_blob(again, HOSTKEY_ED25519, &len));
	hostkey_set_free(again);
	again = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		cr_assert_eq(fs_write_atomic(path_of(files[i]), 0600, "x", 1), 0);
	cr_assert_lt(hostkey_set_load_usable(dir, on_fault, &again, &err), 0);
	cr_assert_null(again);
	cr_assert(strstr(err.text, "no usable host key"), "%s", err.text);
}

Test(hostkey, a_key_that_others_can_read_is_refused)
{
	cr_assert_eq(chmod(path_of(files[1]), 0640), 0);
	check_refused(files[1], "can be read by others");
}

Test(hostkey, a_key_of_another_type_is_refused)
{
	AUTO(free) char *text = NULL;
	size_t len;

	cr_assert_eq(fs_read(path_of(files[1]), 65536, &text, &len), 0);
	cr_assert_eq(fs_write_atomic(path_of(files[2]), 0600, text, len), 0);
	check_refused(files[2], "does not hold a key of type ecdsa-sha2-nistp384");
}

Test(hostkey, a_short_rsa_key_is_never_offered)
{
	AUTO(free) char *text = NULL;
	size_t len;

	cr_assert_eq(hostkey_old_make(dir, HOSTKEY_OLD_RSA, 1024, &err), 0, "%s", err.text);
	cr_assert_eq(fs_read(path_of("ssh_host_rsa_deprecated_key"), 65536, &text, &len), 0);
	cr_assert_eq(fs_write_atomic(path_of(files[4]), 0600, text, len), 0);
	check_refused(files[4], "an RSA key of 1024 bits");
}

Test(hostkey, a_link_is_not_followed)
{
	struct hostkey_set *again = NULL;
	char aside[256];

	snprintf(aside, sizeof(aside), "%s", path_of("aside"));
	cr_assert_eq(rename(path_of(files[0]), aside), 0);
	cr_assert_eq(symlink("aside", path_of(files[0])), 0);
	cr_assert_lt(hostkey_set_load(dir, &again, &err), 0);
}

Test(hostkey, a_foreign_owner_is_refused)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	cr_assert_eq(chown(path_of(files[4]), 12345, 0), 0);
	check_refused(files[4], "belongs to uid 12345");
}

static const char *const digests[HOSTKEY_TYPE_MAX] = { "", "SHA256", "SHA384", "SHA512", "SHA512" };

/* Each key signs with its own digest alone, and what it signs verifies with the public half read from the blob. */
static void check_signatures(const struct hostkey_set *signers)
{
	const uint8_t tbs[] = "an exchange hash of thirty-two b";

	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		AUTO(free) uint8_t *signature = NULL;
		EVP_MD_CTX *verify = EVP_MD_CTX_new();
		EVP_PKEY *key = NULL;
		size_t len, signature_len;
		const uint8_t *blob = hostkey_public_blob(set, type, &len);

		cr_assert_eq(hostkey_sign(signers, blob, len, "SHA1", tbs, 32, &signature, &signature_len), -EINVAL);
		cr_assert_eq(hostkey_sign(signers, blob, len, digests[type], tbs, 32, &signature, &signature_len), 0);
		cr_assert_eq(hostkey_blob_read(blob, len, &key, &err), 0, "%s", err.text);
		cr_assert_eq(EVP_DigestVerifyInit_ex(verify, NULL, *digests[type] ? digests[type] : NULL, NULL, NULL, key,
						     NULL), 1);
		cr_assert_eq(EVP_DigestVerify(verify, signature, signature_len, tbs, 32), 1);
		EVP_MD_CTX_free(verify);
		EVP_PKEY_free(key);
	}
}

Test(hostkey, signatures_verify)
{
	check_signatures(set);
}

Test(hostkey, prepared_signatures_verify_again_and_again)
{
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		cr_assert_eq(hostkey_sign_prepare(set, type, digests[type]), 0);
		cr_assert_eq(hostkey_sign_prepare(set, type, digests[type]), 0);
		cr_assert_eq(hostkey_sign_prepare(set, type, "SHA1"), -EINVAL);
	}
	cr_assert_eq(hostkey_sign_prepare(set, HOSTKEY_RSA, "SHA256"), 0);
	check_signatures(set);
	check_signatures(set);
	/* a key that was read again is not signed for with what was prepared for the old one */
	cr_assert_eq(hostkey_make(dir, HOSTKEY_ED25519, 0, &err), 0, "%s", err.text);
	cr_assert_eq(hostkey_set_reload(set, dir, HOSTKEY_ED25519, &err), 0, "%s", err.text);
	check_signatures(set);
}

Test(hostkey, a_set_that_was_passed_on_signs)
{
	AUTO(close) int fd = memfd_create("keys", MFD_CLOEXEC);
	struct hostkey_set *passed = NULL;
	off_t size;

	cr_assert_eq(hostkey_zeroize(dir, HOSTKEY_ECDSA_256, &err), 0, "%s", err.text);
	cr_assert_eq(hostkey_make(dir, HOSTKEY_ECDSA_256, 0, &err), 0, "%s", err.text);
	cr_assert_eq(hostkey_set_reload(set, dir, HOSTKEY_ECDSA_256, &err), 0, "%s", err.text);
	cr_assert_eq(hostkey_set_write(set, fd), 0);
	cr_assert_eq(hostkey_set_read(fd, &passed, &err), 0, "%s", err.text);
	check_signatures(passed);
	hostkey_set_free(passed);
	/* cut short anywhere, or of nothing that is known */
	size = lseek(fd, 0, SEEK_END);
	passed = NULL;
	for (off_t cut = size - 1; cut > size - 200; cut -= 7) {
		cr_assert_eq(ftruncate(fd, cut), 0);
		cr_assert_lt(hostkey_set_read(fd, &passed, &err), 0);
		cr_assert_null(passed);
	}
	cr_assert_eq(pwrite(fd, &(uint32_t){ HOSTKEY_TYPE_MAX }, sizeof(uint32_t), 0), (ssize_t)sizeof(uint32_t));
	cr_assert_lt(hostkey_set_read(fd, &passed, &err), 0);
}

Test(hostkey, only_own_keys_sign)
{
	uint8_t stranger[600], *signature = NULL;
	size_t len, signature_len;
	const uint8_t *blob = hostkey_public_blob(set, HOSTKEY_ED25519, &len);

	memcpy(stranger, blob, len);
	stranger[len - 1] ^= 1;
	cr_assert_eq(hostkey_sign(set, stranger, len, "", (const uint8_t *)"x", 1, &signature, &signature_len), -ENOKEY);
	cr_assert_eq(hostkey_sign(set, blob, len - 1, "", (const uint8_t *)"x", 1, &signature, &signature_len), -ENOKEY);
	cr_assert_eq(hostkey_sign(set, blob, 0, "", (const uint8_t *)"x", 1, &signature, &signature_len), -ENOKEY);
}

Test(hostkey_fingerprint, is_as_ssh_keygen_prints_it)
{
	/* ssh-keygen -lf of "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f" */
	uint8_t blob[51] = { 0, 0, 0, 11, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, 32 };
	char text[64];

	for (uint8_t i = 0; i < 32; i++)
		blob[19 + i] = i;
	cr_assert_str_eq(hostkey_fingerprint(blob, sizeof(blob), text, sizeof(text)), "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
}

Test(hostkey, what_was_zeroized_is_not_made_again)
{
	struct hostkey_set *again = NULL;
	struct stat st;
	size_t len;

	cr_assert_eq(hostkey_zeroize(dir, HOSTKEY_RSA, &err), 0, "%s", err.text);
	cr_assert_lt(stat(path_of("ssh_host_rsa_key"), &st), 0);
	cr_assert_lt(stat(path_of("ssh_host_rsa_key.pub"), &st), 0);
	cr_assert_not_null(hostkey_public_blob(set, HOSTKEY_RSA, &len)); /* until it is told */
	cr_assert_eq(hostkey_set_reload(set, dir, HOSTKEY_RSA, &err), 0, "%s", err.text);
	cr_assert_null(hostkey_public_blob(set, HOSTKEY_RSA, &len));
	cr_assert_eq(len, 0);
	cr_assert_not(hostkey_set_is_empty(set));
	cr_assert_eq(hostkey_set_load(dir, &again, &err), 0, "%s", err.text);
	cr_assert_null(hostkey_public_blob(again, HOSTKEY_RSA, &len));
	cr_assert_not_null(hostkey_public_blob(again, HOSTKEY_ED25519, &len));
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		cr_assert_eq(hostkey_zeroize(dir, type, &err), 0, "%s", err.text);
		cr_assert_eq(hostkey_set_reload(again, dir, type, &err), 0, "%s", err.text);
	}
	cr_assert(hostkey_set_is_empty(again));
	hostkey_set_free(again);
}

/* Made in each size, shown as ssh-keygen would, and nobody's place is taken. */
Test(hostkey, deprecated_pairs_are_stored_and_never_loaded)
{
	static const struct {
		enum hostkey_old old;
		unsigned bits;
		const char *file;
	} pairs[] = {
		{ HOSTKEY_OLD_DSA, 512, "ssh_host_dsa_key" },  { HOSTKEY_OLD_DSA, 768, "ssh_host_dsa_key" },
		{ HOSTKEY_OLD_DSA, 1024, "ssh_host_dsa_key" }, { HOSTKEY_OLD_RSA, 1024, "ssh_host_rsa_deprecated_key" },
	};
	char line[2816], before[2816] = "";
	struct key_import_key key;
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct hostkey_set *again = NULL;
	int64_t created_us = 0;
	struct stat st;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		cr_assert_eq(hostkey_old_make(dir, pairs[i].old, pairs[i].bits, &err), 0, "%s", err.text);
		cr_assert_eq(stat(path_of(pairs[i].file), &st), 0);
		cr_assert_eq(st.st_mode & 07777, 0600);
		cr_assert_eq(hostkey_old_public(dir, pairs[i].old, line, sizeof(line), &created_us), 0);
		cr_assert_str_neq(line, before);
		cr_assert_eq(key_import_line(line, &key, blob, &len, &err), 0, "%s", err.text);
		cr_assert_eq(key.bits, pairs[i].bits, "%u", key.bits);
		cr_assert(created_us > 0);
		snprintf(before, sizeof(before), "%s", line);
	}
	cr_assert_eq(hostkey_set_load(dir, &again, &err), 0, "%s", err.text);
	hostkey_public_blob(again, HOSTKEY_RSA, &len);
	cr_assert_gt(len, 390); /* the one of 3072 bits */
	hostkey_set_free(again);
	for (enum hostkey_old old = 0; old < HOSTKEY_OLD_MAX; old++) {
		cr_assert_eq(hostkey_old_public(dir, old, line, 20, &created_us), -ENOENT);
		cr_assert_eq(hostkey_old_zeroize(dir, old, &err), 0);
		cr_assert_eq(hostkey_old_zeroize(dir, old, &err), 0);
		cr_assert_eq(hostkey_old_public(dir, old, line, sizeof(line), &created_us), -ENOENT);
	}
	cr_assert_lt(stat(path_of("ssh_host_dsa_key"), &st), 0);
	cr_assert_lt(stat(path_of("ssh_host_dsa_key.pub"), &st), 0);
}

Test(hostkey, a_key_can_be_made_anew)
{
	const uint8_t *blob;
	uint8_t old[4096], *signature;
	size_t old_len, len, signature_len;
	struct stat st;

	blob = hostkey_public_blob(set, HOSTKEY_RSA, &old_len);
	memcpy(old, blob, old_len);
	cr_assert_eq(hostkey_zeroize(dir, HOSTKEY_RSA, &err), 0);
	cr_assert_eq(hostkey_make(dir, HOSTKEY_RSA, 2048, &err), 0, "%s", err.text);
	cr_assert_eq(hostkey_set_reload(set, dir, HOSTKEY_RSA, &err), 0, "%s", err.text);
	cr_assert_eq(stat(path_of("ssh_host_rsa_key"), &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(hostkey_created_us(set, HOSTKEY_RSA) / 1000000, st.st_mtim.tv_sec);
	cr_assert_eq(stat(path_of("ssh_host_rsa_key.pub"), &st), 0);
	cr_assert_lt(stat(path_of("ssh_host_rsa_key.zeroized"), &st), 0);
	blob = hostkey_public_blob(set, HOSTKEY_RSA, &len);
	cr_assert(len < old_len); /* 2048 bits instead of 3072 */
	cr_assert_eq(hostkey_sign(set, blob, len, "SHA256", (const uint8_t *)"x", 1, &signature, &signature_len), 0);
	cr_assert_eq(signature_len, 256);
	free(signature);
	cr_assert_eq(hostkey_sign(set, old, old_len, "SHA256", (const uint8_t *)"x", 1, &signature, &signature_len), -ENOKEY);
}

Test(hostkey, a_key_that_came_back_counts_in_spite_of_its_mark)
{
	struct hostkey_set *again = NULL;
	size_t len;

	cr_assert_eq(fs_write_atomic(path_of("ssh_host_ed25519_key.zeroized"), 0600, "", 0), 0);
	cr_assert_eq(hostkey_set_load(dir, &again, &err), 0, "%s", err.text);
	cr_assert_not_null(hostkey_public_blob(again, HOSTKEY_ED25519, &len));
	hostkey_set_free(again);
}
