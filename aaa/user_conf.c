/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what may be said about a local user. Keys are taken apart down to their numbers here, before
 * anything else sees them: a key that is accepted is one that the SSH side can use, and is stored in
 * one spelling only.
 */
#include "aaa/user_conf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/group_conf.h"
#include "aaa/key_import.h"
#include "aaa/user_hash.h"
#include "base/cleanup.h"

#define USER_GROUPS_MAX	   32u
#define RSA_MIN_BITS	   512u /* features.md 1K-79 */
#define RSA_MAX_BITS	   16384u
#define DSA_MIN_BITS	   512u /* features.md 2A */
#define DSA_MAX_BITS	   3072u

static int text_copy(const char *text, char **ret_text)
{
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* ---- name ---- */

static int user_name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	(void)arg;
	if (len == 0 || len > USER_NAME_MAX_BYTES)
		return err_set(err, -EINVAL, "a user name has 1 to %u characters, this one has %zu",
			       USER_NAME_MAX_BYTES, len);
	for (size_t i = 0; i < len; i++) {
		if (is_letter_or_digit(text[i]) || text[i] == '_' || (i > 0 && strchr(".-", text[i])))
			continue;
		return err_set(err, -EINVAL,
			       "a user name is made of letters, digits, '_', '.' and '-', and begins with "
			       "one of the first three");
	}
	return text_copy(text, ret_text);
}

/* ---- secret ---- */

static int user_secret_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	enum user_hash_type type = USER_HASH_MAX;
	const char *hash = NULL;
	int r = user_hash_type(text, &type, &hash);

	(void)arg;
	if (r == -EOPNOTSUPP)
		return err_set(err, -EINVAL, "secret type %c is not supported: give the password, or type 5, 8, 9, 10",
			       text[0]);
	if (r < 0)
		/* never repeat the text: it is a password */
		return err_set(err, -EAGAIN, "a clear secret must be hashed before it is stored");
	r = user_hash_check(text, err);
	return r < 0 ? r : text_copy(text, ret_text);
}

/* ---- public key ---- */

struct blob_reader {
	const uint8_t *bytes;
	size_t len;
};

/* A length-prefixed string of RFC 4251 section 5. */
static bool read_string(struct blob_reader *reader, struct blob_reader *ret_string)
{
	size_t len;

	if (reader->len < 4)
		return false;
	len = (size_t)reader->bytes[0] << 24 | (size_t)reader->bytes[1] << 16 |
	      (size_t)reader->bytes[2] << 8 | reader->bytes[3];
	if (len > reader->len - 4)
		return false;
	*ret_string = (struct blob_reader){ .bytes = reader->bytes + 4, .len = len };
	reader->bytes += 4 + len;
	reader->len -= 4 + len;
	return true;
}

static bool string_is(const struct blob_reader *string, const char *text)
{
	return string->len == strlen(text) && !memcmp(string->bytes, text, string->len);
}

/* A positive mpint in its shortest form; the number of its bits. */
static bool read_number(struct blob_reader *reader, unsigned *ret_bits, bool *ret_odd)
{
	struct blob_reader number;
	size_t skip;

	if (!read_string(reader, &number) || number.len == 0 || number.len > RSA_MAX_BITS / 8 + 1)
		return false;
	if (number.bytes[0] & 0x80) /* negative */
		return false;
	skip = number.bytes[0] == 0;
	if (skip && (number.len == 1 || !(number.bytes[1] & 0x80)))
		return false;
	*ret_bits = (unsigned)(number.len - skip) * 8 -
		    (unsigned)__builtin_clz((unsigned)number.bytes[skip]) + 24;
	*ret_odd = number.bytes[number.len - 1] & 1;
	return true;
}

static int check_ed25519(struct blob_reader *reader, const char *curve, struct err *err)
{
	struct blob_reader point;

	(void)curve;
	if (!read_string(reader, &point) || point.len != 32)
		return err_set(err, -EINVAL, "the ssh-ed25519 key is broken");
	return 0;
}

static int check_ecdsa(struct blob_reader *reader, const char *curve, struct err *err)
{
	static const struct {
		const char *curve;
		size_t point_len; /* uncompressed, SEC 1 section 2.3.3 */
	} curves[] = { { "nistp256", 65 }, { "nistp384", 97 }, { "nistp521", 133 } };
	struct blob_reader name, point;

	if (!read_string(reader, &name) || !string_is(&name, curve) || !read_string(reader, &point))
		return err_set(err, -EINVAL, "the ecdsa key is broken or of another curve than it says");
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (!strcmp(curves[i].curve, curve) && point.len == curves[i].point_len &&
		    point.bytes[0] == 4)
			return 0;
	}
	return err_set(err, -EINVAL, "the point of the ecdsa key is broken");
}

static int check_rsa(struct blob_reader *reader, const char *curve, struct err *err)
{
	unsigned exponent_bits = 0, modulus_bits = 0;
	bool exponent_odd = false, modulus_odd = false;

	(void)curve;
	if (!read_number(reader, &exponent_bits, &exponent_odd) ||
	    !read_number(reader, &modulus_bits, &modulus_odd) || !exponent_odd || !modulus_odd ||
	    exponent_bits < 2 || exponent_bits > 64)
		return err_set(err, -EINVAL, "the ssh-rsa key is broken");
	if (modulus_bits < RSA_MIN_BITS || modulus_bits > RSA_MAX_BITS)
		return err_set(err, -EINVAL, "the ssh-rsa key has %u bits, it must have %u to %u",
			       modulus_bits, RSA_MIN_BITS, RSA_MAX_BITS);
	return 0;
}

static int check_dsa(struct blob_reader *reader, const char *curve, struct err *err)
{
	unsigned prime_bits = 0, bits;
	bool is_odd;

	(void)curve;
	if (!read_number(reader, &prime_bits, &is_odd) || prime_bits < DSA_MIN_BITS || prime_bits > DSA_MAX_BITS)
		return err_set(err, -EINVAL, "the ssh-dss key is broken, or not of %u to %u bits", DSA_MIN_BITS,
			       DSA_MAX_BITS);
	for (int i = 0; i < 3; i++) /* q, g, y */
		if (!read_number(reader, &bits, &is_odd) || bits > prime_bits)
			return err_set(err, -EINVAL, "the ssh-dss key is broken");
	return 0;
}

static const struct key_type {
	const char *name, *curve;
	int (*check)(struct blob_reader *reader, const char *curve, struct err *err);
} key_types[] = {
	{ "ssh-ed25519", NULL, check_ed25519 },
	{ "ecdsa-sha2-nistp256", "nistp256", check_ecdsa },
	{ "ecdsa-sha2-nistp384", "nistp384", check_ecdsa },
	{ "ecdsa-sha2-nistp521", "nistp521", check_ecdsa },
	{ "ssh-rsa", NULL, check_rsa },
	{ "ssh-dss", NULL, check_dsa }, /* stored, and refused at login */
};

static const struct key_type *key_type_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_types); i++) {
		if (strlen(key_types[i].name) == len && !memcmp(key_types[i].name, name, len))
			return &key_types[i];
	}
	return NULL;
}

static int key_type_refuse(const char *name, size_t len, struct err *err)
{
	int shown = len > 64 ? 64 : (int)len;

	if (len > 3 && !memcmp(name, "sk-", 3))
		return err_set(err, -EINVAL, "hardware-backed keys (%.*s) are not supported", shown, name);
	if (memmem(name, len, "-cert-v", 7))
		return err_set(err, -EINVAL,
			       "a certificate (%.*s) cannot stand here, give the plain public key", shown,
			       name);
	return err_set(err, -EINVAL,
		       "a key begins with ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, "
		       "ecdsa-sha2-nistp521 or ssh-rsa");
}

static int base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* Strict: whole groups of four, padding only at the end, unused bits zero; so one blob has one spelling. */
static int base64_decode(const char *text, size_t len, uint8_t **ret_bytes, size_t *ret_len)
{
	AUTO(free) uint8_t *bytes = malloc(len / 4 * 3 + 1);
	size_t used = 0;

	if (!bytes)
		return -ENOMEM;
	if (len == 0 || len % 4)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		unsigned padding = 0;
		uint32_t group = 0;

		if (i + 4 == len)
			padding = text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
		for (unsigned j = 0; j < 4; j++) {
			int value = j >= 4 - padding ? 0 : base64_value(text[i + j]);

			if (value < 0)
				return -EINVAL;
			group = group << 6 | (uint32_t)value;
		}
		if ((padding == 1 && group & 0xff) || (padding == 2 && group & 0xffff))
			return -EINVAL;
		for (unsigned j = 0; j < 3 - padding; j++)
			bytes[used++] = (uint8_t)(group >> (16 - 8 * j));
	}
	*ret_bytes = take(bytes);
	*ret_len = used;
	return 0;
}

/* The key in "TYPE BASE64[ comment]": its type and where the base64 lies. */
static int key_split(const char *text, const struct key_type **ret_type, const char **ret_base64,
		     size_t *ret_len, struct err *err)
{
	size_t type_len = strcspn(text, " \t");
	const struct key_type *type = key_type_find(text, type_len);
	const char *base64;

	if (!type)
		return key_type_refuse(text, type_len, err);
	base64 = text + type_len + strspn(text + type_len, " \t");
	if (!*base64)
		return err_set(err, -EINVAL, "the %s key has no data after its type", type->name);
	*ret_type = type;
	*ret_base64 = base64;
	*ret_len = strcspn(base64, " \t");
	return 0;
}

static int key_check(const struct key_type *type, const uint8_t *bytes, size_t len, struct err *err)
{
	struct blob_reader reader = { .bytes = bytes, .len = len }, inner;
	int r;

	if (!read_string(&reader, &inner))
		return err_set(err, -EINVAL, "the %s key is broken", type->name);
	if (!string_is(&inner, type->name))
		return err_set(err, -EINVAL, "the key says %s but holds a key of another type", type->name);
	r = type->check(&reader, type->curve, err);
	if (r < 0)
		return r;
	if (reader.len)
		return err_set(err, -EINVAL, "the %s key has %zu bytes too many", type->name, reader.len);
	return 0;
}

int user_key_blob(const char *keystring, uint8_t **ret_blob, size_t *ret_len, struct err *err)
{
	AUTO(free) uint8_t *bytes = NULL;
	const struct key_type *type = NULL;
	const char *base64 = NULL;
	size_t base64_len = 0, len = 0;
	int r;

	if (strlen(keystring) > USER_KEYSTRING_MAX_BYTES)
		return err_set(err, -EINVAL, "a key has at most %u characters", USER_KEYSTRING_MAX_BYTES);
	r = key_split(keystring, &type, &base64, &base64_len, err);
	if (r < 0)
		return r;
	r = base64_decode(base64, base64_len, &bytes, &len);
	if (r == -EINVAL)
		return err_set(err, r, "the data of the %s key is not base64, or is cut", type->name);
	if (r < 0)
		return r;
	r = key_check(type, bytes, len, err);
	if (r < 0)
		return r;
	*ret_blob = take(bytes);
	*ret_len = len;
	return 0;
}

static int user_keystring_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	AUTO(free) uint8_t *bytes = NULL;
	AUTO(free) char *canonical = NULL;
	const struct key_type *type = NULL;
	const char *base64 = NULL;
	size_t base64_len = 0, len = 0;
	int r;

	(void)arg;
	r = user_key_blob(text, &bytes, &len, err);
	if (r < 0)
		return r;
	r = key_split(text, &type, &base64, &base64_len, err);
	if (r < 0)
		return r;
	if (asprintf(&canonical, "%s %.*s", type->name, (int)base64_len, base64) < 0) {
		canonical = NULL;
		return -ENOMEM;
	}
	*ret_text = take(canonical);
	return 0;
}

/* ---- rows ---- */

const struct arg arg_user_name = {
	.name = "WORD",
	.help = "User name, up to 32 characters",
	.min = 1,
	.max = USER_NAME_MAX_BYTES,
	.text = true,
	.words_taken = 1,
	.canonical = user_name_canonical,
	.complete = "username",
};

const struct arg arg_user_secret = {
	.name = "LINE",
	.help = "The password in clear, or the type (5, 8, 9, 10) and hash of it",
	.min = 1,
	.max = 512,
	.text = true,
	.words_taken = 0,
	.canonical = user_secret_canonical,
	.secret = true,
};

static const char *user_keystring_why_unused(const char *value)
{
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	size_t len;

	return key_import_line(value, &key, blob, &len, NULL) == 0 ? key_import_why_refused(key.type, key.bits) : NULL;
}

const struct arg arg_user_keystring = {
	.name = "LINE",
	.help = "Public key in OpenSSH form, one line",
	.min = 1,
	.max = USER_KEYSTRING_MAX_BYTES,
	.text = true,
	.words_taken = 0,
	.canonical = user_keystring_canonical,
	.why_unused = user_keystring_why_unused,
};

const struct stmt user_conf_children[] = {
	{ .kind = STMT_LIST,
	  .word = "group",
	  .help = "Make the user a member of a group",
	  .arg = &arg_group_name,
	  .offset = offsetof(struct user_conf, groups),
	  .esize = sizeof(struct user_group_conf),
	  .key_offset = offsetof(struct user_group_conf, name),
	  .max_entries = USER_GROUPS_MAX,
	  .source = "features.md 2D" },
	{ .kind = STMT_LEAF,
	  .word = "secret",
	  .help = "Set the password of the user",
	  .arg = &arg_user_secret,
	  .offset = offsetof(struct user_conf, secret),
	  .flags = STMT_SECRET,
	  .source = "features.md 2D: secret {8|9|10}; crypt(5)" },
	{ .kind = STMT_LIST,
	  .word = "keystring",
	  .help = "Let the user log in with a public key",
	  .arg = &arg_user_keystring,
	  .offset = offsetof(struct user_conf, keys),
	  .esize = sizeof(struct user_key_conf),
	  .key_offset = offsetof(struct user_key_conf, keystring),
	  .max_entries = USER_KEYS_MAX,
	  .source = "features.md 2A: up to four keys; RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 "
		    "section 4" },
	STMT_DONE,
};
