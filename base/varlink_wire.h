/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/varlink_wire.h - what the server and the two clients of base/varlink.h share; nobody else includes it
 *
 * Shapes:  struct varlink_answer, a received reply taken apart; struct varlink_bytes, an encoded message
 * Units:   none
 * Errors:  0 or -errno; -EMSGSIZE a message over VARLINK_MESSAGE_MAX_BYTES, -EPROTO not a Varlink reply
 * Owns:    varlink_bytes owns its bytes (free()); a varlink_answer borrows from its message
 * Runs in: daemons, CLI; pure
 * Source:  the Varlink protocol description (varlink.org)
 * Tests:   tests/unit/varlink_test.c, tests/fuzz/fuzz_varlink.c
 */
#ifndef BASE_VARLINK_WIRE_H
#define BASE_VARLINK_WIRE_H

#include "base/varlink.h"

#define VARLINK_SERVICE	   "org.varlink.service"
#define VARLINK_READ_BYTES 65536u /* read at once */
/* JSON values of one message: bounds what 16 MiB can grow to when parsed */
#define VARLINK_MESSAGE_MAX_VALUES 500000u

struct varlink_bytes {
	char *bytes; /* with the NUL that ends the message */
	size_t len;
};

/* Steals message, which may be NULL when memory was short where it was made (-ENOMEM then). */
int varlink_encode(json_t *message, struct varlink_bytes *ret_bytes);
/* The request of a client. parameters stolen, may be NULL. */
int varlink_encode_call(const char *method, json_t *parameters, bool more, struct varlink_bytes *ret_bytes);

struct varlink_answer {
	const char *error;	  /* NULL when it is a reply */
	const json_t *parameters; /* an object, never NULL */
	bool continues;
};

/* Adds an empty "parameters" to a message without. */
int varlink_answer_parse(json_t *message, struct varlink_answer *ret_answer);
/* Fills err with what the peer said, in printable bytes only; returns -EREMOTEIO. */
int varlink_answer_error(const struct varlink_answer *answer, struct err *err);

#endif
