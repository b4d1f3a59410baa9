/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/exec_crypto.h - the commands about keys: handlers, and those rows that handlers tell apart by their place
 *
 * Shapes:  functions of struct stmt.run; a handler knows the type of a key by the row it was named by
 * Units:   none
 * Errors:  0, or a negative number after the operator has been told
 * Owns:    nothing
 * Runs in: sallyport (CLI)
 * Source:  features.md 1C-18 to 20, 1D-35, 2A, 2B; clients.md section 2 (iosxr_user)
 * Tests:   tests/system/test_crypto.py
 */
#ifndef CLI_EXEC_CRYPTO_H
#define CLI_EXEC_CRYPTO_H

#include "cli/exec.h"

int exec_crypto_generate_rsa(struct shell *shell, const struct match *match);
int exec_crypto_generate_dsa(struct shell *shell, const struct match *match);
int exec_crypto_generate_ecdsa(struct shell *shell, const struct match *match);
int exec_crypto_generate_ed25519(struct shell *shell, const struct match *match);
int exec_crypto_zeroize_authentication(struct shell *shell, const struct match *match);
int exec_crypto_zeroize(struct shell *shell, const struct match *match);
int exec_crypto_import(struct shell *shell, const struct match *match);
int exec_crypto_mypubkey(struct shell *shell, const struct match *match);
int exec_crypto_show_authentication(struct shell *shell, const struct match *match);

/* Three curves, in the order of enum host_key_type. */
extern const struct stmt exec_crypto_generate_ecdsa_rows[], exec_crypto_zeroize_ecdsa_rows[];
/* all, dsa, ecdsa, ed25519, rsa */
extern const struct stmt exec_crypto_import_rows[], exec_crypto_zeroize_rows[],
	exec_crypto_zeroize_authentication_rows[], exec_crypto_show_authentication_rows[];
/* dsa, ecdsa, ed25519, rsa */
extern const struct stmt exec_crypto_mypubkey_rows[];
/* first to fourth */
extern const struct stmt exec_crypto_place_rows[];

#endif
