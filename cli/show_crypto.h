/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/show_crypto.h - key pairs and imported keys as blocks or JSON
 *
 * Shapes:  each function takes the parameters of one reply of org.sallyport.SSH
 * Units:   none
 * Errors:  0 or -errno; -EPROTO the reply is not what services/crypto_report.h says, with err
 * Owns:    nothing; replies are borrowed
 * Runs in: sallyport (CLI); pure: writes to the stream given
 * Source:  the seed's "show crypto key mypubkey", features.md 2B
 * Tests:   tests/golden/show
 */
#ifndef CLI_SHOW_CRYPTO_H
#define CLI_SHOW_CRYPTO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "services/crypto_report.h"

/* show crypto key mypubkey */
int show_crypto_mypubkey(FILE *out, const json_t *reply, bool as_json, struct err *err);
/* show crypto key authentication */
int show_crypto_authentication(FILE *out, const json_t *reply, bool as_json, struct err *err);

#endif
