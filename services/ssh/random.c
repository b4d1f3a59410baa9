// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: OpenSSL asks the kernel
 *
 * Its own generators are three of the kind that a seed from the kernel begins: after a fork each draws a new one, which
 * costs a login more than all the numbers it needs.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the way by providers is no shorter one */
#include "services/ssh/random.h"

#include <errno.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

/* 1 or 0, as OpenSSL wants it. */
static int on_bytes(unsigned char *bytes, int len)
{
	size_t done = 0, wanted = len > 0 ? (size_t)len : 0;

	while (done < wanted) {
		ssize_t n = getrandom(bytes + done, wanted - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		done += (size_t)n;
	}
	return len >= 0;
}

static int on_status(void)
{
	return 1;
}

int random_from_kernel(struct err *err)
{
	static const RAND_METHOD kernel = { .bytes = on_bytes, .pseudorand = on_bytes, .status = on_status };
	unsigned char bytes[1];

	/* the names of before providers: each key that is made walks over all there are, and nobody here uses them */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS, NULL) != 1)
		return err_set(err, -EIO, "OpenSSL does not begin");
	if (RAND_set_rand_method(&kernel) != 1 || RAND_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(err, -EIO, "the kernel has no random numbers");
	return 0;
}
