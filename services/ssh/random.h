/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/random.h - OpenSSL's random numbers from the kernel
 *
 * Shapes:  none
 * Units:   none
 * Errors:  0 or -errno with err
 * Owns:    nothing
 * Runs in: transport and monitor, before anything of OpenSSL is used
 * Source:  getrandom(2), RAND_set_rand_method(3)
 * Tests:   tests/unit/random_test.c
 */
#ifndef SERVICES_SSH_RANDOM_H
#define SERVICES_SSH_RANDOM_H

#include "base/err.h"

/* From now on every random number is the kernel's own. A process that is forked has no generator to seed anew, and none
 * whose state its siblings have too. */
int random_from_kernel(struct err *err);

#endif
