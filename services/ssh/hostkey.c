// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: The host's key pairs
 *
 * One PEM file per type. A missing one is made, an existing one changes only by an operator's command: a host key that
 * changes by itself teaches operators to ignore the warning of their client. For the same reason a key that was taken
 * away leaves a mark in its place, and is not made again until somebody asks. The private half lives in sallyport-sshd
 * and its monitors only; signing is the one thing that is done with it, and only as the key's own algorithm does.
 */
#include "services/ssh/hostkey.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "services/ssh/hostkey_blob.h"

AUTO_DECLARE(BIO, BIO_free_all)
AUTO_DECLARE(EVP_PKEY, EVP_PKEY_free)
AUTO_DECLARE(EVP_MD_CTX, EVP_MD_CTX_free)
AUTO_DECLARE(struct hostkey_set, hostkey_set_free)

enum { KEY_FILE_MAX_BYTES = 16384 };

const char *const hostkey_algorithm_words[] = {
	[HOSTKEY_ED25519] = "ssh-ed25519",
	[HOSTKEY_ECDSA_256] = "ecdsa-sha2-nistp256",
	[HOSTKEY_ECDSA_384] = "ecdsa-sha2-nistp384",
	[HOSTKEY_ECDSA_521] = "ecdsa-sha2-nistp521",
	[HOSTKEY_RSA] = "ssh-rsa",
	[HOSTKEY_TYPE_MAX] = NULL,
};

static const struct {
	const char *file, *type, *group;
} kinds[HOSTKEY_TYPE_MAX] = {
	[HOSTKEY_ED25519] = { "ssh_host_ed25519_key", "ED25519", NULL },
	[HOSTKEY_ECDSA_256] = { "ssh_host_ecdsa256_key", "EC", "prime256v1" },
	[HOSTKEY_ECDSA_384] = { "ssh_host_ecdsa384_key", "EC", "secp384r1" },
	[HOSTKEY_ECDSA_521] = { "ssh_host_ecdsa521_key", "EC", "secp521r1" },
	[HOSTKEY_RSA] = { "ssh_host_rsa_key", "RSA", NULL },
};

enum { READY_MAX = 4 }; /* digests that one key signs with */

/* A signature that has been begun, with everything that OpenSSL looks up for it; each signature is made by a copy. */
struct hostkey_ready {
	struct {
		char digest[16];
		EVP_MD_CTX *sign; /* NULL: this and the following are not in use */
	} slots[READY_MAX];
};

struct hostkey_set {
	struct hostkey_row {
		EVP_PKEY *key; /* NULL: there is none */
		struct hostkey_ready *ready;
		uint8_t *blob;
		size_t blob_len;
		int64_t created_us;
	} rows[HOSTKEY_TYPE_MAX];
};

/* ---- files ---- */

/* Never asks a terminal for a passphrase: an encrypted key is an error. */
static int no_passphrase(char *buffer, int size, int writing, void *userdata)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)userdata;
	return -1;
}

static int check_file(int fd, const char *path, int64_t *ret_created_us, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s is not a regular file: remove it, and a new key is made", path);
	if (st.st_uid != geteuid())
		return err_set(err, -EPERM, "%s belongs to uid %u, not to uid %u: correct its owner", path,
			       (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 077)
		return err_set(err, -EPERM, "%s can be read by others (mode %04o): chmod 0600, and think of a new key",
			       path, (unsigned)st.st_mode & 07777u);
	if (st.st_size > KEY_FILE_MAX_BYTES)
		return err_set(err, -EFBIG, "%s is too large for a key", path);
	*ret_created_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
	return 0;
}

/* -ENOENT when there is no such file. */
static int load_file(const char *path, EVP_PKEY **ret_key, int64_t *ret_created_us, struct err *err)
{
	char pem[KEY_FILE_MAX_BYTES];
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO(BIO_free_all) BIO *bio = NULL;
	EVP_PKEY *key = NULL;
	size_t len = 0;
	ssize_t n;
	int r;

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	r = check_file(fd, path, ret_created_us, err);
	if (r < 0)
		return r;
	while (len < sizeof(pem) && (n = read(fd, pem + len, sizeof(pem) - len)) > 0)
		len += (size_t)n;
	bio = BIO_new_mem_buf(pem, (int)len);
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	explicit_bzero(pem, sizeof(pem));
	if (!key)
		return err_set(err, -EINVAL, "%s is not a private key in PEM form without passphrase: "
			       "restore it, or remove it, and a new key is made", path);
	*ret_key = key;
	return 0;
}

int hostkey_save_private(const char *path, EVP_PKEY *key, struct err *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_secmem());
	char *pem;
	long len;
	int r;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, no_passphrase, NULL))
		return err_set(err, -ENOMEM, "%s: the key cannot be encoded", path);
	len = BIO_get_mem_data(bio, &pem);
	r = fs_write_atomic(path, 0600, pem, (size_t)len);
	explicit_bzero(pem, (size_t)len);
	return r < 0 ? err_set(err, r, "%s: cannot be written: %s", path, strerror(-r)) : 0;
}

/* The one-line form for known_hosts and ssh-keygen -lf; a convenience, so that a lost one is written again. */
int hostkey_save_public(const char *public_path, const char *algorithm, const uint8_t *blob, size_t blob_len,
			struct err *err)
{
	AUTO(free) char *line = NULL;
	AUTO(free) unsigned char *text = malloc(4 * (blob_len / 3 + 1) + 1);
	int r;

	if (!text)
		return -ENOMEM;
	EVP_EncodeBlock(text, blob, (int)blob_len);
	r = asprintf(&line, "%s %s sallyport\n", algorithm, (const char *)text);
	if (r < 0) {
		line = NULL;
		return -ENOMEM;
	}
	r = fs_write_atomic(public_path, 0644, line, (size_t)r);
	return r < 0 ? err_set(err, r, "%s: cannot be written: %s", public_path, strerror(-r)) : 0;
}

/* Beside the private one, where it is missing. */
static int save_public(const char *path, enum hostkey_type type, const uint8_t *blob, size_t blob_len, struct err *err)
{
	char public_path[PATH_MAX];

	if (snprintf(public_path, sizeof(public_path), "%s.pub", path) >= (int)sizeof(public_path))
		return -ENAMETOOLONG;
	if (access(public_path, F_OK) == 0)
		return 0;
	return hostkey_save_public(public_path, hostkey_algorithm_words[type], blob, blob_len, err);
}

/* ---- the set ---- */

static EVP_PKEY *make_key(enum hostkey_type type, unsigned bits)
{
	if (type == HOSTKEY_RSA)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	if (kinds[type].group)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[type].group);
	return EVP_PKEY_Q_keygen(NULL, NULL, kinds[type].type);
}

/* The mark of a key that was taken away. It counts only while there is no key. */
static int mark_path(const char *path, char mark[static PATH_MAX])
{
	return snprintf(mark, PATH_MAX, "%s.zeroized", path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int make_file(const char *path, enum hostkey_type type, unsigned bits, struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = make_key(type, bits);

	return key ? hostkey_save_private(path, key, err) : err_set(err, -EIO, "%s: a key cannot be made", path);
}

/* *ret_key stays NULL when the key was taken away. */
static int load_or_make(const char *path, enum hostkey_type type, EVP_PKEY **ret_key, int64_t *ret_created_us,
			struct err *err)
{
	char mark[PATH_MAX];
	int r = load_file(path, ret_key, ret_created_us, err);

	if (r != -ENOENT)
		return r;
	r = mark_path(path, mark);
	if (r == 0 && access(mark, F_OK) == 0)
		return 0;
	if (r == 0)
		r = make_file(path, type, HOSTKEY_RSA_BITS_DEFAULT, err);
	return r < 0 ? r : load_file(path, ret_key, ret_created_us, err);
}

static bool blob_is(const uint8_t *blob, size_t blob_len, const char *algorithm)
{
	struct hostkey_wire wire = { .at = blob, .left = blob_len };
	size_t len;
	const uint8_t *type = hostkey_wire_string(&wire, &len);

	return hostkey_wire_is(type, len, algorithm);
}

static int file_path(const char *dir, enum hostkey_type type, char path[static PATH_MAX], struct err *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, kinds[type].file) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "%s: too long", dir);
	return 0;
}

static void row_done(struct hostkey_row *row)
{
	for (size_t i = 0; row->ready && i < READY_MAX; i++)
		EVP_MD_CTX_free(row->ready->slots[i].sign);
	free(row->ready);
	EVP_PKEY_free(row->key);
	free(row->blob);
	*row = (struct hostkey_row){ .key = NULL };
}

static int load_row(struct hostkey_row *row, const char *dir, enum hostkey_type type, struct err *err)
{
	char path[PATH_MAX];
	int r = file_path(dir, type, path, err);

	if (r == 0)
		r = load_or_make(path, type, &row->key, &row->created_us, err);
	if (r < 0 || !row->key)
		return r;
	r = hostkey_blob_write(row->key, &row->blob, &row->blob_len);
	if (r == -ENOMEM)
		return r;
	/* A valid key of another kind under this name would be offered as what it is not. */
	if (r < 0 || !blob_is(row->blob, row->blob_len, hostkey_algorithm_words[type]))
		return err_set(err, -EINVAL, "%s does not hold a key of type %s: restore it, or remove it, "
			       "and a new key is made", path, hostkey_algorithm_words[type]);
	/* libssh would take the offer and then not sign */
	if (type == HOSTKEY_RSA && EVP_PKEY_get_bits(row->key) < HOSTKEY_RSA_BITS_MIN)
		return err_set(err, -EINVAL, "%s holds an RSA key of %d bits, which is deprecated and never offered: "
			       "'crypto key generate rsa' puts another in its place",
			       path, EVP_PKEY_get_bits(row->key));
	return save_public(path, type, row->blob, row->blob_len, err);
}

int hostkey_set_load_usable(const char *dir, void (*on_fault)(const struct err *fault), struct hostkey_set **ret_set,
			    struct err *err)
{
	AUTO(hostkey_set_free) struct hostkey_set *set = calloc(1, sizeof(*set));
	struct err fault = { .text = "" };
	int r = 0, last;

	if (!set)
		return -ENOMEM;
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		last = load_row(&set->rows[type], dir, type, on_fault ? &fault : err);
		if (last < 0 && !on_fault)
			return last;
		if (last == 0)
			continue;
		r = last;
		row_done(&set->rows[type]);
		on_fault(&fault);
	}
	if (r < 0 && hostkey_set_is_empty(set))
		return err_set(err, r, "%s: there is no usable host key", dir);
	*ret_set = take(set);
	return 0;
}

int hostkey_set_load(const char *dir, struct hostkey_set **ret_set, struct err *err)
{
	return hostkey_set_load_usable(dir, NULL, ret_set, err);
}

void hostkey_set_free(struct hostkey_set *set)
{
	if (!set)
		return;
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++)
		row_done(&set->rows[type]);
	free(set);
}

int hostkey_set_reload(struct hostkey_set *set, const char *dir, enum hostkey_type type, struct err *err)
{
	struct hostkey_row row = { .key = NULL };
	int r = load_row(&row, dir, type, err);

	if (r < 0) {
		row_done(&row);
		return r;
	}
	row_done(&set->rows[type]);
	set->rows[type] = row;
	return 0;
}

bool hostkey_set_is_empty(const struct hostkey_set *set)
{
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++)
		if (set->rows[type].key)
			return false;
	return true;
}

int64_t hostkey_created_us(const struct hostkey_set *set, enum hostkey_type type)
{
	return set->rows[type].created_us;
}

/* ---- passed on ---- */

/* What stands before each key. */
struct passed {
	uint32_t type, len;
};

static int row_pass(const struct hostkey_row *row, enum hostkey_type type, int fd)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(row->key, &der), r = 0;
	struct passed head = { .type = type, .len = (uint32_t)len };

	if (len <= 0)
		return -ENOMEM;
	if (write(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) || write(fd, der, (size_t)len) != len)
		r = -EIO;
	OPENSSL_clear_free(der, (size_t)len);
	return r;
}

int hostkey_set_write(const struct hostkey_set *set, int fd)
{
	int r = 0;

	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX && r == 0; type++)
		if (set->rows[type].key)
			r = row_pass(&set->rows[type], type, fd);
	return r;
}

static int row_take(struct hostkey_set *set, int fd, const struct passed *head, struct err *err)
{
	unsigned char der[KEY_FILE_MAX_BYTES];
	const unsigned char *at = der;
	struct hostkey_row *row = head->type < HOSTKEY_TYPE_MAX ? &set->rows[head->type] : NULL;
	int r = 0;

	if (!row || row->key || head->len > sizeof(der) || read(fd, der, head->len) != (ssize_t)head->len)
		return err_set(err, -EPROTO, "the host keys that were passed on are cut short");
	row->key = d2i_AutoPrivateKey(NULL, &at, (long)head->len);
	explicit_bzero(der, sizeof(der));
	if (row->key)
		r = hostkey_blob_write(row->key, &row->blob, &row->blob_len);
	return row->key && r == 0 ? 0 : err_set(err, -EPROTO, "a host key that was passed on is none");
}

int hostkey_set_read(int fd, struct hostkey_set **ret_set, struct err *err)
{
	AUTO(hostkey_set_free) struct hostkey_set *set = calloc(1, sizeof(*set));
	struct passed head;
	ssize_t n;
	int r;

	if (!set)
		return -ENOMEM;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, -errno, "the host keys that were passed on: %s", strerror(errno));
	while ((n = read(fd, &head, sizeof(head))) == (ssize_t)sizeof(head)) {
		r = row_take(set, fd, &head, err);
		if (r < 0)
			return r;
	}
	if (n != 0)
		return err_set(err, -EPROTO, "the host keys that were passed on are cut short");
	*ret_set = take(set);
	return 0;
}

/* ---- made and taken away ---- */

static void remove_beside(const char *path, const char *suffix)
{
	char beside[PATH_MAX];

	if (snprintf(beside, sizeof(beside), "%s%s", path, suffix) < (int)sizeof(beside))
		unlink(beside);
}

int hostkey_make(const char *dir, enum hostkey_type type, unsigned bits, struct err *err)
{
	char path[PATH_MAX];
	int r = file_path(dir, type, path, err);

	if (r == 0)
		r = make_file(path, type, bits, err);
	if (r < 0)
		return r;
	remove_beside(path, ".pub"); /* of the key that was; written again when this one is loaded */
	remove_beside(path, ".zeroized");
	return 0;
}

/* As far as the file system lets us: the blocks of the key hold zeroes before they are given back. */
static void overwrite(const char *path)
{
	static const char zeroes[KEY_FILE_MAX_BYTES];
	AUTO(close) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > KEY_FILE_MAX_BYTES)
		return;
	if (write(fd, zeroes, (size_t)st.st_size) == st.st_size)
		fsync(fd);
}

int hostkey_remove_private(const char *path, struct err *err)
{
	overwrite(path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int hostkey_zeroize(const char *dir, enum hostkey_type type, struct err *err)
{
	AUTO(close) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX], mark[PATH_MAX];
	int r = file_path(dir, type, path, err);

	if (r == 0)
		r = mark_path(path, mark);
	if (r < 0)
		return r;
	/* the mark first: a crash in between leaves the key, never a new one that nobody asked for */
	r = fs_write_atomic(mark, 0600, "", 0);
	if (r < 0)
		return err_set(err, r, "%s cannot be written: %s", mark, strerror(-r));
	r = hostkey_remove_private(path, err);
	if (r < 0)
		return r;
	remove_beside(path, ".pub");
	if (dir_fd >= 0)
		fsync(dir_fd);
	return 0;
}

/* ---- use ---- */

const uint8_t *hostkey_public_blob(const struct hostkey_set *set, enum hostkey_type type, size_t *ret_len)
{
	*ret_len = set->rows[type].blob_len;
	return set->rows[type].blob;
}

static const struct hostkey_row *row_of(const struct hostkey_set *set, const uint8_t *blob, size_t blob_len)
{
	for (enum hostkey_type type = 0; type < HOSTKEY_TYPE_MAX; type++) {
		const struct hostkey_row *row = &set->rows[type];

		if (row->key && row->blob_len == blob_len && blob_len && !memcmp(row->blob, blob, blob_len))
			return row;
	}
	return NULL;
}

static int sign_begin(EVP_MD_CTX *sign, EVP_PKEY *key, const char *digest)
{
	return sign && EVP_DigestSignInit_ex(sign, NULL, *digest ? digest : NULL, NULL, NULL, key, NULL) > 0 ? 0 : -EIO;
}

int hostkey_sign_prepare(struct hostkey_set *set, enum hostkey_type type, const char *digest)
{
	struct hostkey_row *row = &set->rows[type];
	size_t i = 0;

	if (!row->key || !hostkey_algorithm_of(row->blob, row->blob_len, digest))
		return -EINVAL;
	if (!row->ready)
		row->ready = calloc(1, sizeof(*row->ready));
	if (!row->ready)
		return -ENOMEM;
	while (i < READY_MAX && row->ready->slots[i].sign)
		if (!strcmp(row->ready->slots[i++].digest, digest))
			return 0;
	if (i == READY_MAX || strlen(digest) >= sizeof(row->ready->slots[i].digest))
		return -ENOSPC;
	row->ready->slots[i].sign = EVP_MD_CTX_new();
	snprintf(row->ready->slots[i].digest, sizeof(row->ready->slots[i].digest), "%s", digest);
	if (sign_begin(row->ready->slots[i].sign, row->key, digest) == 0)
		return 0;
	EVP_MD_CTX_free(take(row->ready->slots[i].sign));
	return -EIO;
}

static int sign_take(EVP_MD_CTX *sign, const struct hostkey_row *row, const char *digest)
{
	for (size_t i = 0; row->ready && i < READY_MAX && row->ready->slots[i].sign; i++)
		if (!strcmp(row->ready->slots[i].digest, digest) &&
		    EVP_MD_CTX_copy_ex(sign, row->ready->slots[i].sign) == 1)
			return 0;
	return sign_begin(sign, row->key, digest);
}

int hostkey_sign(const struct hostkey_set *set, const uint8_t *blob, size_t blob_len, const char *digest,
		 const uint8_t *tbs, size_t tbs_len, uint8_t **ret_signature, size_t *ret_len)
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *sign = NULL;
	AUTO(free) uint8_t *signature = NULL;
	const struct hostkey_row *row = row_of(set, blob, blob_len);
	size_t len;

	if (!row)
		return -ENOKEY;
	digest = digest ? digest : "";
	if (!hostkey_algorithm_of(blob, blob_len, digest))
		return -EINVAL;
	sign = EVP_MD_CTX_new();
	len = (size_t)EVP_PKEY_get_size(row->key);
	signature = malloc(len);
	if (!sign || !signature)
		return -ENOMEM;
	if (sign_take(sign, row, digest) < 0 || EVP_DigestSign(sign, signature, &len, tbs, tbs_len) <= 0)
		return -EIO;
	*ret_signature = take(signature);
	*ret_len = len;
	return 0;
}

const char *hostkey_fingerprint(const uint8_t *blob, size_t blob_len, char *buffer, size_t size_bytes)
{
	unsigned char hash[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	size_t hash_len, text_len;

	buffer[0] = '\0';
	if (!EVP_Q_digest(NULL, "SHA256", NULL, blob, blob_len, hash, &hash_len))
		return buffer;
	text_len = (size_t)EVP_EncodeBlock(text, hash, (int)hash_len);
	while (text_len && text[text_len - 1] == '=')
		text_len--;
	snprintf(buffer, size_bytes, "SHA256:%.*s", (int)text_len, (const char *)text);
	return buffer;
}
