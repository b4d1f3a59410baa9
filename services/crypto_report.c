/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the words and the field table of host keys.
 */
#include "services/crypto_report.h"

const char *const host_key_type_words[] = {
	[HOST_KEY_ED25519] = "ed25519",
	[HOST_KEY_ECDSA_256] = "ecdsa-nistp256",
	[HOST_KEY_ECDSA_384] = "ecdsa-nistp384",
	[HOST_KEY_ECDSA_521] = "ecdsa-nistp521",
	[HOST_KEY_RSA] = "rsa",
	[HOST_KEY_RSA_DEPRECATED] = "rsa-deprecated",
	[HOST_KEY_DSA] = "dsa",
	[HOST_KEY_TYPE_MAX] = NULL,
};

const struct field host_key_report_fields[] = {
	FIELD_OF(FIELD_STR, struct host_key_report, label, "Label of the key pair"),
	FIELD_ENUM_OF(struct host_key_report, type, host_key_type_words, "Type of the key pair"),
	FIELD_OF(FIELD_U32, struct host_key_report, bits, "Size of the key"),
	FIELD_OF(FIELD_I64, struct host_key_report, created_us, "When the key pair was made"),
	FIELD_OF(FIELD_BOOL, struct host_key_report, offered,
		 "Whether the settings for all VRFs offer it to clients"),
	FIELD_OF(FIELD_STR, struct host_key_report, fingerprint, "SHA-256 fingerprint of the public key"),
	FIELD_OF(FIELD_STR, struct host_key_report, public_key, "The public key as one line of OpenSSH"),
	FIELD_END,
};
