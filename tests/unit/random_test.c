// SPDX-License-Identifier: GPL-3.0-or-later
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "services/ssh/random.h"

Test(random, comes_from_the_kernel_and_differs_after_a_fork)
{
	unsigned char mine[4096] = { 0 }, theirs[4096] = { 0 }, secret[4096] = { 0 };
	struct err err = { .text = "" };
	EVP_PKEY *key;
	int fds[2], status;
	pid_t pid;

	cr_assert_eq(random_from_kernel(&err), 0, "%s", err.text);
	cr_assert_eq(RAND_status(), 1);
	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		_exit(RAND_bytes(theirs, sizeof(theirs)) == 1 && write(fds[1], theirs, sizeof(theirs)) > 0 ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	cr_assert_eq(read(fds[0], theirs, sizeof(theirs)), (ssize_t)sizeof(theirs));
	cr_assert_eq(RAND_bytes(mine, sizeof(mine)), 1);
	cr_assert_eq(RAND_priv_bytes(secret, sizeof(secret)), 1);
	cr_assert(memcmp(mine, theirs, sizeof(mine)) && memcmp(mine, secret, sizeof(mine)));
	/* to the last byte */
	cr_assert(memcmp(mine + 4064, (unsigned char[32]){ 0 }, 32));
	cr_assert_eq(RAND_bytes(mine, 0), 1);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	cr_assert_not_null(key);
	EVP_PKEY_free(key);
}
