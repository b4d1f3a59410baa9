/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: import of public keys. People have their keys in many forms and do not know their names, so the form is
 * found out from the bytes. Each is first made into the SSH wire blob; that is then checked down to its numbers, in
 * one place. What is not a public key is named for what it is, above all a private key, which its owner is about to
 * give away.
 */
#include "aaa/key_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define RSA_BITS_MIN	 512u /* features.md 1K-79 */
#define RSA_BITS_MAX	 16384u
#define DSA_BITS_MIN	 512u /* features.md 2A */
#define DSA_BITS_MAX	 3072u /* FIPS 186-4 */
#define DER_INTEGER	 0x02
#define DER_BIT_STRING	 0x03
#define DER_NULL	 0x05
#define DER_OID		 0x06
#define DER_SEQUENCE	 0x30
#define BASE64_MAX_BYTES ((USER_KEY_BLOB_MAX_BYTES + 2) / 3 * 4)

/* ---- bytes ---- */

struct span {
	const uint8_t *bytes;
	size_t len;
};

static bool span_is(struct span span, const void *bytes, size_t len)
{
	return span.len == len && !memcmp(span.bytes, bytes, len);
}

static bool span_is_text(struct span span, const char *text)
{
	return span_is(span, text, strlen(text));
}

/* A length-prefixed string of RFC 4251 section 5. */
static bool wire_string(struct span *from, struct span *ret_string)
{
	size_t len;

	if (from->len < 4)
		return false;
	len = (size_t)from->bytes[0] << 24 | (size_t)from->bytes[1] << 16 | (size_t)from->bytes[2] << 8 |
	      from->bytes[3];
	if (len > from->len - 4)
		return false;
	*ret_string = (struct span){ from->bytes + 4, len };
	from->bytes += 4 + len;
	from->len -= 4 + len;
	return true;
}

struct blob {
	uint8_t bytes[USER_KEY_BLOB_MAX_BYTES];
	size_t len;
	bool bad; /* it did not fit */
};

static void blob_put(struct blob *blob, const void *bytes, size_t len)
{
	if (blob->bad || len > sizeof(blob->bytes) - blob->len) {
		blob->bad = true;
		return;
	}
	if (len)
		memcpy(blob->bytes + blob->len, bytes, len);
	blob->len += len;
}

static void blob_string(struct blob *blob, const void *bytes, size_t len)
{
	const uint8_t prefix[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
				    (uint8_t)len };

	blob_put(blob, prefix, sizeof(prefix));
	blob_put(blob, bytes, len);
}

static void blob_text(struct blob *blob, const char *text)
{
	blob_string(blob, text, strlen(text));
}

/* ---- base64 ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
	const char *found = c ? memchr(alphabet, c, 64) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* Whole groups of four, padding only at the end and unused bits zero, so that one key has one spelling; blanks and line
 * ends between are skipped. */
static bool base64_decode(const char *text, size_t len, struct blob *ret_blob)
{
	unsigned place = 0, padding = 0;
	uint32_t group = 0;

	*ret_blob = (struct blob){ .len = 0 };
	for (size_t i = 0; i < len; i++) {
		int value = text[i] == '=' ? 0 : base64_value(text[i]);
		uint8_t three[3];

		if (text[i] && strchr(" \t\n", text[i]))
			continue;
		padding += text[i] == '=';
		if (value < 0 || (padding && text[i] != '=') || padding > 2 || (text[i] == '=' && place < 2))
			return false;
		group = group << 6 | (uint32_t)value;
		if (++place < 4)
			continue;
		three[0] = (uint8_t)(group >> 16);
		three[1] = (uint8_t)(group >> 8);
		three[2] = (uint8_t)group;
		if ((padding && three[2]) || (padding == 2 && three[1]))
			return false;
		blob_put(ret_blob, three, 3 - padding);
		place = 0;
		group = 0;
		if (padding && i + 1 < len && strspn(text + i + 1, " \t\n") < len - i - 1)
			return false;
	}
	return place == 0 && ret_blob->len && !ret_blob->bad;
}

static void base64_encode(const uint8_t *bytes, size_t len, char *text)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				 (left > 2 ? bytes[i + 2] : 0);

		*text++ = alphabet[group >> 18];
		*text++ = alphabet[group >> 12 & 63];
		*text++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
		*text++ = left > 2 ? alphabet[group & 63] : '=';
	}
	*text = '\0';
}

/* ---- the wire blob ---- */

/* A positive mpint in its shortest form. */
static bool wire_number(struct span *from, size_t max_bits, uint32_t *ret_bits, bool *ret_odd)
{
	struct span number;
	size_t skip;

	if (!wire_string(from, &number) || !number.len || number.len > max_bits / 8 + 1 ||
	    number.bytes[0] & 0x80)
		return false;
	skip = number.bytes[0] == 0;
	if (skip && (number.len == 1 || !(number.bytes[1] & 0x80)))
		return false;
	*ret_bits = (uint32_t)(number.len - skip) * 8 - (uint32_t)(__builtin_clz(number.bytes[skip]) - 24);
	*ret_odd = number.bytes[number.len - 1] & 1;
	return true;
}

static int check_rsa(struct span *from, const char *curve, uint32_t *bits, struct err *err)
{
	uint32_t exponent_bits = 0, modulus_bits = 0;
	bool exponent_odd = false, modulus_odd = false;

	(void)curve;
	if (!wire_number(from, 64, &exponent_bits, &exponent_odd) ||
	    !wire_number(from, RSA_BITS_MAX, &modulus_bits, &modulus_odd) || !exponent_odd || !modulus_odd ||
	    exponent_bits < 2)
		return err_set(err, -EINVAL, "the RSA key is broken, or larger than %u bits", RSA_BITS_MAX);
	if (modulus_bits < RSA_BITS_MIN || modulus_bits > RSA_BITS_MAX)
		return err_set(err, -EINVAL, "the RSA key has %u bits, it must have %u to %u", modulus_bits,
			       RSA_BITS_MIN, RSA_BITS_MAX);
	*bits = modulus_bits;
	return 0;
}

/* RFC 4253 6.6: p, q, g, y. */
static int check_dsa(struct span *from, const char *curve, uint32_t *bits, struct err *err)
{
	uint32_t prime_bits = 0, other_bits;
	bool prime_odd = false, order_odd = false, odd;

	(void)curve;
	if (!wire_number(from, DSA_BITS_MAX, &prime_bits, &prime_odd) ||
	    !wire_number(from, 256, &other_bits, &order_odd) ||
	    !wire_number(from, DSA_BITS_MAX, &other_bits, &odd) ||
	    !wire_number(from, DSA_BITS_MAX, &other_bits, &odd) || !prime_odd || !order_odd)
		return err_set(err, -EINVAL, "the DSA key is broken, or larger than %u bits", DSA_BITS_MAX);
	if (prime_bits < DSA_BITS_MIN || prime_bits > DSA_BITS_MAX)
		return err_set(err, -EINVAL, "the DSA key has %u bits, it must have %u to %u", prime_bits,
			       DSA_BITS_MIN, DSA_BITS_MAX);
	*bits = prime_bits;
	return 0;
}

static const struct curve {
	const char *name;
	uint32_t bits;
	size_t point_bytes; /* uncompressed, SEC 1 section 2.3.3 */
	uint8_t oid[8];
	size_t oid_len; /* RFC 5480 section 2.1.1.1 */
} curves[] = {
	{ "nistp256", 256, 65, { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 }, 8 },
	{ "nistp384", 384, 97, { 0x2b, 0x81, 0x04, 0x00, 0x22 }, 5 },
	{ "nistp521", 521, 133, { 0x2b, 0x81, 0x04, 0x00, 0x23 }, 5 },
};

static int check_ecdsa(struct span *from, const char *curve, uint32_t *bits, struct err *err)
{
	struct span name, point;

	if (!wire_string(from, &name) || !span_is_text(name, curve) || !wire_string(from, &point))
		return err_set(err, -EINVAL, "the ECDSA key is broken or of another curve than it says");
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcmp(curves[i].name, curve) || point.len != curves[i].point_bytes ||
		    point.bytes[0] != 4)
			continue;
		*bits = curves[i].bits;
		return 0;
	}
	return err_set(err, -EINVAL, "the point of the ECDSA key is broken");
}

static int check_ed25519(struct span *from, const char *curve, uint32_t *bits, struct err *err)
{
	struct span point;

	(void)curve;
	if (!wire_string(from, &point) || point.len != 32)
		return err_set(err, -EINVAL, "the Ed25519 key is broken");
	*bits = 256;
	return 0;
}

static const struct key_kind {
	const char *name, *curve;
	int type;
	int (*check)(struct span *from, const char *curve, uint32_t *bits, struct err *err);
} kinds[] = {
	{ "ssh-rsa", NULL, USER_KEY_RSA, check_rsa },
	{ "ssh-ed25519", NULL, USER_KEY_ED25519, check_ed25519 },
	{ "ecdsa-sha2-nistp256", "nistp256", USER_KEY_ECDSA, check_ecdsa },
	{ "ecdsa-sha2-nistp384", "nistp384", USER_KEY_ECDSA, check_ecdsa },
	{ "ecdsa-sha2-nistp521", "nistp521", USER_KEY_ECDSA, check_ecdsa },
	{ "ssh-dss", NULL, USER_KEY_DSA, check_dsa },
};

static const struct key_kind *kind_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (span_is_text(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static int refuse_kind(struct span name, struct err *err)
{
	int shown = name.len > 64 ? 64 : (int)name.len;

	if (memmem(name.bytes, name.len, "-cert-v", 7))
		return err_set(err, -ENOTSUP,
			       "a certificate (%.*s) is not accepted: import the plain public key", shown,
			       (const char *)name.bytes);
	if (name.len > 3 && !memcmp(name.bytes, "sk-", 3))
		return err_set(err, -ENOTSUP, "keys of security tokens (%.*s) are not accepted", shown,
			       (const char *)name.bytes);
	return err_set(err, -ENOTSUP, "keys of type '%.*s' are not accepted: RSA, ECDSA and Ed25519 keys are",
		       shown, (const char *)name.bytes);
}

int key_import_blob(const uint8_t *blob, size_t len_bytes, struct key_import_key *ret_key, struct err *err)
{
	struct span from = { blob, len_bytes }, name;
	const struct key_kind *kind;
	uint32_t bits = 0;
	int r;

	if (!wire_string(&from, &name) || !name.len)
		return err_set(err, -EINVAL, "the key is broken");
	kind = kind_find(name);
	if (!kind)
		return refuse_kind(name, err);
	r = kind->check(&from, kind->curve, &bits, err);
	if (r < 0)
		return r;
	if (from.len || len_bytes > USER_KEY_BLOB_MAX_BYTES)
		return err_set(err, -EINVAL, "the key has %zu bytes too many", from.len);
	*ret_key = (struct key_import_key){ .type = kind->type, .bits = bits };
	r = snprintf(ret_key->line, sizeof(ret_key->line), "%s ", kind->name);
	base64_encode(blob, len_bytes, ret_key->line + r);
	return 0;
}

const char *key_import_why_refused(int type, uint32_t bits)
{
	if (type == USER_KEY_DSA)
		return "DSA keys are deprecated";
	return type == USER_KEY_RSA && bits < KEY_IMPORT_RSA_SAFE_BITS ? "RSA keys below 2048 bits are deprecated" :
									 NULL;
}

/* ---- PEM and DER ---- */

static bool der_take(struct span *from, uint8_t tag, struct span *ret_value)
{
	size_t head = 2, len;

	if (from->len < 2 || from->bytes[0] != tag)
		return false;
	len = from->bytes[1];
	if (len & 0x80) {
		size_t count = len & 0x7f;

		if (!count || count > 3 || from->len < 2 + count || !from->bytes[2])
			return false;
		len = 0;
		for (size_t i = 0; i < count; i++)
			len = len << 8 | from->bytes[2 + i];
		head += count;
		if (len < 0x80)
			return false;
	}
	if (len > from->len - head)
		return false;
	*ret_value = (struct span){ from->bytes + head, len };
	from->bytes += head + len;
	from->len -= head + len;
	return true;
}

/* RFC 8017 A.1.1; an INTEGER in DER is an mpint without its length. */
static bool der_rsa(struct span from, struct blob *blob)
{
	struct span sequence, modulus, exponent;

	if (!der_take(&from, DER_SEQUENCE, &sequence) || from.len ||
	    !der_take(&sequence, DER_INTEGER, &modulus) || !der_take(&sequence, DER_INTEGER, &exponent) ||
	    sequence.len)
		return false;
	blob_text(blob, "ssh-rsa");
	blob_string(blob, exponent.bytes, exponent.len);
	blob_string(blob, modulus.bytes, modulus.len);
	return true;
}

/* RFC 3279 2.3.2: the numbers of the group stand with the algorithm. */
static bool der_dsa(struct span parameters, struct span bits, struct blob *blob)
{
	struct span group, numbers[3], y;

	if (!der_take(&parameters, DER_SEQUENCE, &group) || parameters.len)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!der_take(&group, DER_INTEGER, &numbers[i]))
			return false;
	if (group.len || !der_take(&bits, DER_INTEGER, &y) || bits.len)
		return false;
	blob_text(blob, "ssh-dss");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		blob_string(blob, numbers[i].bytes, numbers[i].len);
	blob_string(blob, y.bytes, y.len);
	return true;
}

static bool der_ecdsa(struct span parameters, struct span point, struct blob *blob)
{
	char name[32];
	struct span oid;

	if (!der_take(&parameters, DER_OID, &oid) || parameters.len)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (!span_is(oid, curves[i].oid, curves[i].oid_len))
			continue;
		snprintf(name, sizeof(name), "ecdsa-sha2-%s", curves[i].name);
		blob_text(blob, name);
		blob_text(blob, curves[i].name);
		blob_string(blob, point.bytes, point.len);
		return true;
	}
	return false;
}

static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_ed25519[] = { 0x2b, 0x65, 0x70 };
static const uint8_t oid_dsa[] = { 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01 };

/* SubjectPublicKeyInfo: RFC 5280 4.1.2.7. */
static int der_spki(struct span from, struct blob *blob, struct err *err)
{
	struct span outer, algorithm, oid, bits;

	if (!der_take(&from, DER_SEQUENCE, &outer) || from.len ||
	    !der_take(&outer, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid) ||
	    !der_take(&outer, DER_BIT_STRING, &bits) || outer.len || !bits.len || bits.bytes[0])
		return err_set(err, -EINVAL, "the public key in PEM or DER form is broken");
	bits.bytes++;
	bits.len--;
	if (span_is(oid, oid_dsa, sizeof(oid_dsa)) && der_dsa(algorithm, bits, blob))
		return 0;
	if (span_is(oid, oid_rsa, sizeof(oid_rsa)) && der_rsa(bits, blob))
		return 0;
	if (span_is(oid, oid_ec, sizeof(oid_ec)) && der_ecdsa(algorithm, bits, blob))
		return 0;
	if (span_is(oid, oid_ed25519, sizeof(oid_ed25519))) {
		blob_text(blob, "ssh-ed25519");
		blob_string(blob, bits.bytes, bits.len);
		return 0;
	}
	return err_set(err, -ENOTSUP,
		       "the public key in PEM or DER form is of a type that is not accepted, or broken: RSA, "
		       "ECDSA (P-256, P-384, P-521), Ed25519 and DSA keys are");
}

static bool is_der(struct span from)
{
	struct span outer;

	return der_take(&from, DER_SEQUENCE, &outer) && !from.len;
}

/* Either of the two; PKCS#1 begins with a number. */
static int der_any(struct span from, struct blob *blob, struct err *err)
{
	if (der_rsa(from, blob))
		return 0;
	*blob = (struct blob){ .len = 0 };
	return der_spki(from, blob, err);
}

/* ---- text ---- */

struct parse {
	struct key_import *import;
	const char *at; /* the rest of the text */
	unsigned line;	/* number of the line at */
	struct err *err;
};

static int parse_add(struct parse *parse, const struct blob *blob, const char *comment, size_t comment_len)
{
	struct key_import *import = parse->import;
	struct key_import_key *key = &import->keys[import->len];
	size_t len = 0;
	int r;

	if (blob->bad)
		return err_set(parse->err, -E2BIG, "the key is too large");
	if (import->len == KEY_IMPORT_KEYS_MAX)
		return err_set(parse->err, -E2BIG, "there are more than %u keys", KEY_IMPORT_KEYS_MAX);
	r = key_import_blob(blob->bytes, blob->len, key, parse->err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < comment_len && len < USER_KEY_COMMENT_MAX_BYTES; i++)
		key->comment[len++] = comment[i] >= ' ' && comment[i] < 0x7f ? comment[i] : '?';
	key->comment[len] = '\0';
	import->len++;
	return 0;
}

/* The next line, without its end; false at the end of the text. */
static bool next_line(struct parse *parse, const char **ret_line, size_t *ret_len)
{
	size_t len = strcspn(parse->at, "\n");

	if (!*parse->at)
		return false;
	*ret_line = parse->at;
	parse->at += len + (parse->at[len] == '\n');
	parse->line++;
	while (len && strchr(" \t", (*ret_line)[len - 1]))
		len--;
	*ret_len = len;
	return true;
}

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(line, with, strlen(with));
}

static bool holds(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text)) != NULL;
}

static int refuse_private(struct err *err)
{
	return err_set(err, -EINVAL,
		       "this is a private key, which stays with its owner: import the public key "
		       "(the file that ends in .pub, or what ssh-keygen -y prints), and think of a new key "
		       "if others saw this one");
}

/* The body of a block up to its END line, base64 in lines; headers are read by on_header. */
static int block_body(struct parse *parse, const char *end, bool headers, struct blob *blob,
		      struct span *comment)
{
	const char *line, *body = NULL, *body_end = NULL;
	bool continues = false;
	size_t len;

	while (next_line(parse, &line, &len)) {
		if (begins(line, len, end)) {
			if (body && base64_decode(body, (size_t)(body_end - body), blob))
				return 0;
			return err_set(parse->err, -EINVAL,
				       "line %u: the data before this line is not base64, or is cut",
				       parse->line);
		}
		if (headers && !body && (continues || memchr(line, ':', len))) { /* RFC 4716 section 3.3 */
			if (!continues && len > 8 && !strncasecmp(line, "comment:", 8))
				*comment = (struct span){ (const uint8_t *)line + 8, len - 8 };
			continues = len && line[len - 1] == '\\';
			continue;
		}
		body = body ? body : line;
		body_end = line + len;
	}
	return err_set(parse->err, -EINVAL, "the block has no end: a line that begins with '%s' is missing",
		       end);
}

static int parse_pem(struct parse *parse, const char *line, size_t len)
{
	struct blob der, blob = { .len = 0 };
	struct span none;
	int r;

	if (holds(line, len, "PRIVATE KEY"))
		return refuse_private(parse->err);
	if (!begins(line, len, "-----BEGIN PUBLIC KEY-----") &&
	    !begins(line, len, "-----BEGIN RSA PUBLIC KEY-----"))
		return err_set(parse->err, -ENOTSUP, "line %u: '%.*s' does not begin a public key",
			       parse->line, len > 64 ? 64 : (int)len, line);
	r = block_body(parse, "-----END ", false, &der, &none);
	if (r < 0)
		return r;
	r = der_any((struct span){ der.bytes, der.len }, &blob, parse->err);
	return r < 0 ? r : parse_add(parse, &blob, "", 0);
}

static int parse_rfc4716(struct parse *parse)
{
	struct span comment = { NULL, 0 };
	struct blob blob;
	const char *text;
	size_t len;
	int r = block_body(parse, "---- END SSH2 PUBLIC KEY ----", true, &blob, &comment);

	if (r < 0)
		return r;
	text = (const char *)comment.bytes;
	len = comment.len;
	while (len && strchr(" \t\"", text[0])) {
		text++;
		len--;
	}
	while (len && strchr(" \t\"", text[len - 1]))
		len--;
	return parse_add(parse, &blob, text ? text : "", len);
}

static bool is_kind_word(const char *word, size_t len)
{
	return begins(word, len, "ssh-") || begins(word, len, "ecdsa-sha2-") || begins(word, len, "sk-");
}

/* Where the type of the key stands in an authorized_keys line, NULL when there is none: 0 before it means no options.
 * Blanks within quotes belong to an option. */
static const char *find_kind_word(const char *line, size_t len, size_t *ret_len)
{
	size_t at = 0;

	while (at < len) {
		size_t start = at;
		bool quoted = false;

		while (at < len && (quoted || !strchr(" \t", line[at]))) {
			if (line[at] == '\\' && at + 1 < len)
				at++;
			else if (line[at] == '"')
				quoted = !quoted;
			at++;
		}
		if (is_kind_word(line + start, at - start)) {
			*ret_len = at - start;
			return line + start;
		}
		while (at < len && strchr(" \t", line[at]))
			at++;
	}
	return NULL;
}

/* A line in the form of OpenSSH whose type word was found. */
static int parse_openssh(struct parse *parse, const char *line, const char *word, size_t word_len,
			 const char *end)
{
	const char *data = word + word_len + strspn(word + word_len, " \t");
	struct span whole, inner, name = { (const uint8_t *)word, word_len };
	size_t data_len;
	struct blob blob;
	int r;

	if (!kind_find(name)) {
		r = refuse_kind(name, parse->import->skipped ? NULL : &parse->import->skipped_why);
		parse->import->skipped++;
		return r == -ENOTSUP ? 0 : r;
	}
	if (word != line)
		return err_set(parse->err, -ENOTSUP,
			       "line %u: the options before the key (%.*s) would not be obeyed here: "
			       "remove them, or do not import this key",
			       parse->line, word - line > 40 ? 40 : (int)(word - line - 1), line);
	data_len = data < end ? strcspn(data, " \t\n") : 0;
	if (!data_len)
		return err_set(parse->err, -EINVAL, "line %u: the key has no data after its type",
			       parse->line);
	if (!base64_decode(data, data_len, &blob))
		return err_set(parse->err, -EINVAL, "line %u: the data of the key is not base64, or is cut",
			       parse->line);
	whole = (struct span){ blob.bytes, blob.len };
	if (!wire_string(&whole, &inner) || !span_is(inner, word, word_len))
		return err_set(parse->err, -EINVAL, "line %u: the key holds another type than it says",
			       parse->line);
	data += data_len;
	data += strspn(data, " \t");
	return parse_add(parse, &blob, data, data < end ? (size_t)(end - data) : 0);
}

/* Nothing names a form: the base64 of a blob, or of DER, in one line or several. */
static int parse_base64(struct parse *parse, const char *text)
{
	struct blob blob, inner = { .len = 0 };
	int r;

	if (!base64_decode(text, strlen(text), &blob))
		return err_set(parse->err, -EINVAL,
			       "this is no public key in a form that is known: a line of OpenSSH, an "
			       "authorized_keys file, PEM, RFC 4716, or the binary or base64 of the key");
	if (!is_der((struct span){ blob.bytes, blob.len }))
		return parse_add(parse, &blob, "", 0);
	r = der_any((struct span){ blob.bytes, blob.len }, &inner, parse->err);
	return r < 0 ? r : parse_add(parse, &inner, "", 0);
}

static int parse_text(struct parse *parse)
{
	const char *line, *text = parse->at;
	size_t len;
	int r = 0;

	while (r == 0 && next_line(parse, &line, &len)) {
		const char *end = line + len, *word;
		size_t word_len = 0;

		line += strspn(line, " \t");
		if (line >= end || *line == '#')
			continue;
		len = (size_t)(end - line);
		word = find_kind_word(line, len, &word_len);
		if (begins(line, len, "-----BEGIN "))
			r = parse_pem(parse, line, len);
		else if (begins(line, len, "---- BEGIN SSH2 PUBLIC KEY ----"))
			r = parse_rfc4716(parse);
		else if (begins(line, len, "PuTTY-User-Key-File-"))
			r = refuse_private(parse->err);
		else if (word)
			r = parse_openssh(parse, line, word, word_len, end);
		else if (!parse->import->len && !parse->import->skipped)
			return parse_base64(parse, text); /* all of it */
		else
			r = err_set(parse->err, -EINVAL, "line %u is not a key", parse->line);
	}
	return r;
}

/* A copy that ends with NUL, with one kind of line end, or NULL when it is not text. */
static char *text_copy(const uint8_t *bytes, size_t len)
{
	size_t skip = len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0, used = 0;
	AUTO(free) char *text = malloc(len + 1);

	if (!text || memchr(bytes, '\0', len))
		return NULL;
	for (size_t i = skip; i < len; i++) {
		if (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n')
			continue;
		text[used++] = bytes[i] == '\r' ? '\n' : (char)bytes[i];
	}
	text[used] = '\0';
	return take(text);
}

static int parse_any(struct parse *parse, const uint8_t *bytes, size_t len)
{
	AUTO(free) char *text = NULL;
	struct blob blob = { .len = 0 };
	int r;

	if (len >= 8 && !bytes[0] && !bytes[1] && !bytes[2]) {
		blob_put(&blob, bytes, len);
		return parse_add(parse, &blob, "", 0);
	}
	if (is_der((struct span){ bytes, len })) {
		r = der_any((struct span){ bytes, len }, &blob, parse->err);
		return r < 0 ? r : parse_add(parse, &blob, "", 0);
	}
	text = text_copy(bytes, len);
	if (!text)
		return err_set(parse->err, -EINVAL,
			       "this is neither text nor the binary form of a public key (a text in "
			       "UTF-16 must be saved as ASCII or UTF-8)");
	parse->at = text;
	return parse_text(parse);
}

int key_import_parse(const uint8_t *bytes, size_t len_bytes, struct key_import **ret_import, struct err *err)
{
	AUTO(free) struct key_import *import = calloc(1, sizeof(*import));
	struct parse parse = { .import = import, .err = err };
	int r;

	if (!import)
		return err_set(err, -ENOMEM, "out of memory");
	if (len_bytes > KEY_IMPORT_FILE_MAX_BYTES)
		return err_set(err, -E2BIG, "it is larger than %u bytes", KEY_IMPORT_FILE_MAX_BYTES);
	r = parse_any(&parse, bytes, len_bytes);
	if (r < 0)
		return r;
	if (!import->len && import->skipped)
		return err_set(err, -ENOTSUP, "%s", import->skipped_why.text);
	if (!import->len)
		return err_set(err, -EINVAL, "there is no key in it");
	*ret_import = take(import);
	return 0;
}

/* ---- the one form ---- */

int key_import_line(const char *line, struct key_import_key *ret_key,
		    uint8_t ret_blob[USER_KEY_BLOB_MAX_BYTES], size_t *ret_len, struct err *err)
{
	const char *blank = strchr(line, ' ');
	struct key_import_key key;
	struct blob blob;
	int r;

	if (!blank || strlen(line) >= USER_KEY_LINE_MAX_BYTES ||
	    !base64_decode(blank + 1, strlen(blank + 1), &blob))
		return err_set(err, -EINVAL, "the key is not a type and base64");
	r = key_import_blob(blob.bytes, blob.len, &key, err);
	if (r < 0)
		return r;
	if (strcmp(key.line, line))
		return err_set(err, -EINVAL, "the key is not in its one spelling");
	*ret_key = key;
	memcpy(ret_blob, blob.bytes, blob.len);
	*ret_len = blob.len;
	return 0;
}

/* Wraps what is in blob as a DER value. */
static void der_wrap(struct blob *blob, uint8_t tag, const uint8_t *before, size_t before_len)
{
	struct blob inner = *blob;
	size_t len = inner.len + before_len;
	uint8_t head[4] = { tag };
	size_t head_len = 1;

	if (len >= 0x100)
		head[head_len++] = 0x82;
	else if (len >= 0x80)
		head[head_len++] = 0x81;
	if (len >= 0x100)
		head[head_len++] = (uint8_t)(len >> 8);
	head[head_len++] = (uint8_t)len;
	blob->len = 0;
	blob_put(blob, head, head_len);
	blob_put(blob, before, before_len);
	blob_put(blob, inner.bytes, inner.len);
}

static void der_number(struct blob *blob, struct span number)
{
	struct blob one = { .bad = blob->bad };

	blob_put(&one, number.bytes, number.len);
	der_wrap(&one, DER_INTEGER, NULL, 0);
	blob->bad |= one.bad;
	blob_put(blob, one.bytes, one.len);
}

static void spki_end(struct blob *blob, const uint8_t *algorithm, size_t algorithm_len)
{
	static const uint8_t unused_bits[] = { 0 };

	der_wrap(blob, DER_BIT_STRING, unused_bits, sizeof(unused_bits));
	der_wrap(blob, DER_SEQUENCE, algorithm, algorithm_len);
}

static void spki_write_dsa(struct span *from, struct blob *blob)
{
	struct blob algorithm = { .len = 0 };
	struct span number = { NULL, 0 };
	const uint8_t oid[] = { DER_OID, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01 };

	for (int i = 0; i < 3 && wire_string(from, &number); i++)
		der_number(&algorithm, number);
	der_wrap(&algorithm, DER_SEQUENCE, NULL, 0);
	der_wrap(&algorithm, DER_SEQUENCE, oid, sizeof(oid));
	*blob = (struct blob){ .bad = algorithm.bad || !wire_string(from, &number) };
	der_number(blob, number);
	spki_end(blob, algorithm.bytes, algorithm.len);
}

static void spki_write(struct span exponent, struct span modulus, struct blob *blob)
{
	static const uint8_t algorithm[] = { DER_SEQUENCE, 13,	 DER_OID, 9,	0x2a, 0x86,	0x48, 0x86,
					     0xf7,	   0x0d, 0x01,	  0x01, 0x01, DER_NULL, 0 };

	*blob = (struct blob){ .len = 0 };
	der_number(blob, modulus);
	der_number(blob, exponent);
	der_wrap(blob, DER_SEQUENCE, NULL, 0);
	spki_end(blob, algorithm, sizeof(algorithm));
}

size_t key_import_data(const char *line, uint8_t *buffer, size_t size_bytes)
{
	uint8_t bytes[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	struct span from = { bytes, 0 }, name, first, second = { NULL, 0 };
	struct blob out;

	if (key_import_line(line, &key, bytes, &from.len, NULL) < 0)
		return 0;
	if (!wire_string(&from, &name))
		return 0;
	if (key.type == USER_KEY_DSA)
		spki_write_dsa(&from, &out);
	else if (!wire_string(&from, &first) || (key.type != USER_KEY_ED25519 && !wire_string(&from, &second)))
		return 0;
	else if (key.type == USER_KEY_RSA)
		spki_write(first, second, &out);
	else {
		out = (struct blob){ .len = 0 };
		blob_put(&out, key.type == USER_KEY_ECDSA ? second.bytes : first.bytes,
			 key.type == USER_KEY_ECDSA ? second.len : first.len);
	}
	if (out.bad || out.len > size_bytes)
		return 0;
	memcpy(buffer, out.bytes, out.len);
	return out.len;
}
