/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the rows of "crypto key …" and "show crypto key …". IOS XR names the type of a key before anything else, even
 * where the key itself says it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "cli/exec_crypto.h"

/* ---- operands ---- */

static int target_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	AUTO(free) char *name = strndup(text, strcspn(text, " "));
	char *canonical = NULL;
	int r;

	(void)arg;
	if (!name)
		return -ENOMEM;
	r = stmt_arg_canonical(&arg_user_name, name, &canonical, err);
	free(canonical);
	if (r < 0)
		return r;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* A size or a label: IOS XR takes either behind the type. */
static int bits_or_label_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t digits = strspn(text, "0123456789");
	unsigned long bits = strtoul(text, NULL, 10);

	if (!text[digits] && ((int64_t)bits < arg->min || (int64_t)bits > arg->max))
		return err_set(err, -EINVAL, "an RSA key has %d to %d bits", (int)arg->min, (int)arg->max);
	if (strspn(text, allowed) != strlen(text) || strlen(text) > 100 || (digits && text[digits]))
		return err_set(err, -EINVAL, "a size in bits or a label is expected");
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static const struct arg arg_bits = {
	.name = "WORD",
	.help = "Size of the modulus, 512 to 4096 bits (3072), or the label the_default",
	.min = 512,
	.max = 4096,
	.words_taken = 1,
	.canonical = bits_or_label_canonical,
};

static const char *const dsa_sizes[] = { "512", "768", "1024", NULL };

static int dsa_bits_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	for (size_t i = 0; arg->words[i]; i++)
		if (!strcmp(text, arg->words[i])) {
			*ret_text = strdup(text);
			return *ret_text ? 0 : -ENOMEM;
		}
	return err_set(err, -EINVAL, "a DSA key has 512, 768 or 1024 bits");
}

static const struct arg arg_dsa_bits = {
	.name = "BITS",
	.help = "Size of the modulus in bits (1024)",
	.words = dsa_sizes,
	.words_taken = 1,
	.canonical = dsa_bits_canonical,
};

static const struct arg arg_key_file = {
	.name = "WORD",
	.help = "File with the public key, in any form: harddisk:/x, disk0:/x, or a path",
	.min = 1,
	.max = 4096,
	.text = true,
	.words_taken = 1,
};

static const struct arg arg_key_target = {
	.name = "LINE",
	.help = "User name, then [first|second|third|fourth] and the file, unless it is pasted",
	.min = 1,
	.max = 4096,
	.text = true,
	.canonical = target_canonical,
};

#define KEY_ROW(word_, help_, run_)                                                          \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = "crypto", \
	.source = "features.md 1C-18, 2A"
/* Everybody has keys of his own; whose may be touched, sallyport-sshd decides. */
#define OWN_KEY_ROW(word_, help_, run_)                                                       \
	.kind = STMT_RUN, .word = (word_), .help = (help_), .run = (run_), .task = TASK_NONE, \
	.source = "features.md 1C-18, 2A"
#define KEY_NODE(word_, help_)                                                 \
	.kind = STMT_NODE, .word = (word_), .help = (help_), .task = "crypto", \
	.source = "features.md 1C-18, 2A"

static const struct stmt rsa_generate_rows[] = {
	{ KEY_ROW("general-keys", "One key pair for signing and encryption", exec_crypto_generate_rsa),
	  .arg = &arg_bits, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	{ KEY_ROW("usage-keys", "Key pairs by use, of which SSH has one: signing", exec_crypto_generate_rsa),
	  .arg = &arg_bits, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	STMT_DONE,
};

const struct stmt exec_crypto_generate_ecdsa_rows[] = {
	{ KEY_ROW("nistp256", "Curve of 256 bits", exec_crypto_generate_ecdsa), .flags = STMT_WRITES },
	{ KEY_ROW("nistp384", "Curve of 384 bits", exec_crypto_generate_ecdsa), .flags = STMT_WRITES },
	{ KEY_ROW("nistp521", "Curve of 521 bits", exec_crypto_generate_ecdsa), .flags = STMT_WRITES },
	STMT_DONE,
};

static const struct stmt generate_rows[] = {
	{ KEY_ROW("dsa", "Generate a DSA key pair (deprecated, never offered)", exec_crypto_generate_dsa),
	  .arg = &arg_dsa_bits, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	{ KEY_ROW("ecdsa", "Generate an ECDSA key pair", exec_crypto_generate_ecdsa),
	  .sub = exec_crypto_generate_ecdsa_rows, .flags = STMT_WRITES },
	{ KEY_ROW("ed25519", "Generate an Ed25519 key pair", exec_crypto_generate_ed25519), .flags = STMT_WRITES },
	{ KEY_ROW("rsa", "Generate an RSA key pair", exec_crypto_generate_rsa), .arg = &arg_bits,
	  .sub = rsa_generate_rows, .flags = STMT_WRITES | STMT_ARG_OPTIONAL },
	STMT_DONE,
};

const struct stmt exec_crypto_place_rows[] = {
	{ OWN_KEY_ROW("first", "In the first place", exec_crypto_import), .arg = &arg_key_file,
	  .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("second", "In the second place", exec_crypto_import), .arg = &arg_key_file,
	  .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("third", "In the third place", exec_crypto_import), .arg = &arg_key_file,
	  .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("fourth", "In the fourth place", exec_crypto_import), .arg = &arg_key_file,
	  .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("username", "For another user", exec_crypto_import), .arg = &arg_key_target },
	STMT_DONE,
};

const struct stmt exec_crypto_import_rows[] = {
	{ OWN_KEY_ROW("all", "Keys of every type", exec_crypto_import), .arg = &arg_key_file,
	  .sub = exec_crypto_place_rows, .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("dsa", "DSA keys (deprecated, logins are refused)", exec_crypto_import), .arg = &arg_key_file,
	  .sub = exec_crypto_place_rows, .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("ecdsa", "ECDSA keys", exec_crypto_import), .arg = &arg_key_file,
	  .sub = exec_crypto_place_rows, .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("ed25519", "Ed25519 keys", exec_crypto_import), .arg = &arg_key_file,
	  .sub = exec_crypto_place_rows, .flags = STMT_ARG_OPTIONAL },
	{ OWN_KEY_ROW("rsa", "RSA keys", exec_crypto_import), .arg = &arg_key_file, .sub = exec_crypto_place_rows,
	  .flags = STMT_ARG_OPTIONAL },
	STMT_DONE,
};

static const struct stmt import_authentication_rows[] = {
	{ KEY_NODE("authentication", "Public keys with which users log in"), .sub = exec_crypto_import_rows },
	STMT_DONE,
};

static const struct stmt zeroize_whose_rows[] = {
	{ KEY_ROW("all", "Of every user", exec_crypto_zeroize_authentication), .flags = STMT_WRITES },
	{ OWN_KEY_ROW("username", "Of one user", exec_crypto_zeroize_authentication), .arg = &arg_user_name },
	STMT_DONE,
};

const struct stmt exec_crypto_zeroize_authentication_rows[] = {
	{ OWN_KEY_ROW("all", "Keys of every type", exec_crypto_zeroize_authentication),
	  .sub = zeroize_whose_rows },
	{ OWN_KEY_ROW("dsa", "DSA keys", exec_crypto_zeroize_authentication), .sub = zeroize_whose_rows },
	{ OWN_KEY_ROW("ecdsa", "ECDSA keys", exec_crypto_zeroize_authentication), .sub = zeroize_whose_rows },
	{ OWN_KEY_ROW("ed25519", "Ed25519 keys", exec_crypto_zeroize_authentication), .sub = zeroize_whose_rows },
	{ OWN_KEY_ROW("rsa", "RSA keys", exec_crypto_zeroize_authentication), .sub = zeroize_whose_rows },
	STMT_DONE,
};

const struct stmt exec_crypto_zeroize_ecdsa_rows[] = {
	{ KEY_ROW("nistp256", "Curve of 256 bits", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_ROW("nistp384", "Curve of 384 bits", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_ROW("nistp521", "Curve of 521 bits", exec_crypto_zeroize), .flags = STMT_WRITES },
	STMT_DONE,
};

const struct stmt exec_crypto_zeroize_rows[] = {
	{ KEY_ROW("all", "Every host key pair", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_ROW("dsa", "DSA key pair", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_ROW("ecdsa", "Remove ECDSA key pairs", exec_crypto_zeroize), .sub = exec_crypto_zeroize_ecdsa_rows,
	  .flags = STMT_WRITES },
	{ KEY_ROW("ed25519", "Ed25519 key pair", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_ROW("rsa", "RSA key pair", exec_crypto_zeroize), .flags = STMT_WRITES },
	{ KEY_NODE("authentication", "Imported public keys of users"),
	  .sub = exec_crypto_zeroize_authentication_rows },
	STMT_DONE,
};

static const struct stmt key_rows[] = {
	{ KEY_NODE("generate", "Make a host key pair"), .sub = generate_rows },
	{ KEY_NODE("import", "Import public keys"), .sub = import_authentication_rows },
	{ KEY_NODE("zeroize", "Remove keys"), .sub = exec_crypto_zeroize_rows },
	STMT_DONE,
};

const struct stmt exec_crypto_rows[] = {
	{ KEY_NODE("key", "Host keys, and public keys of users"), .sub = key_rows },
	STMT_DONE,
};

const struct stmt exec_crypto_mypubkey_rows[] = {
	{ KEY_ROW("dsa", "DSA key pair", exec_crypto_mypubkey) },
	{ KEY_ROW("ecdsa", "ECDSA key pairs", exec_crypto_mypubkey) },
	{ KEY_ROW("ed25519", "Ed25519 key pair", exec_crypto_mypubkey) },
	{ KEY_ROW("rsa", "RSA key pair", exec_crypto_mypubkey) },
	STMT_DONE,
};

static const struct stmt show_whose_rows[] = {
	{ KEY_ROW("all", "Of every user", exec_crypto_show_authentication) },
	{ KEY_ROW("username", "Of one user", exec_crypto_show_authentication), .arg = &arg_user_name },
	STMT_DONE,
};

const struct stmt exec_crypto_show_authentication_rows[] = {
	{ KEY_ROW("all", "Keys of every type", exec_crypto_show_authentication), .sub = show_whose_rows },
	{ KEY_ROW("dsa", "DSA keys", exec_crypto_show_authentication), .sub = show_whose_rows },
	{ KEY_ROW("ecdsa", "ECDSA keys", exec_crypto_show_authentication), .sub = show_whose_rows },
	{ KEY_ROW("ed25519", "Ed25519 keys", exec_crypto_show_authentication), .sub = show_whose_rows },
	{ KEY_ROW("rsa", "RSA keys", exec_crypto_show_authentication), .sub = show_whose_rows },
	STMT_DONE,
};

static const struct stmt show_key_rows[] = {
	{ KEY_NODE("authentication", "Imported public keys of users"),
	  .sub = exec_crypto_show_authentication_rows },
	{ KEY_ROW("mypubkey", "Public keys of the host", exec_crypto_mypubkey),
	  .sub = exec_crypto_mypubkey_rows },
	STMT_DONE,
};

const struct stmt exec_show_crypto_rows[] = {
	{ KEY_NODE("key", "Host keys, and public keys of users"), .sub = show_key_rows },
	STMT_DONE,
};
