/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/interpose.h - the library's function behind one of the program's own of the same name
 *
 * Shapes:  a name that is a literal: it is compared by its address
 * Units:   none
 * Errors:  NULL: no library has it
 * Owns:    nothing
 * Runs in: sallyport-transport
 * Source:  dlsym(3), RTLD_NEXT: a program's functions come before those of every library it loads
 * Tests:   tests/unit/packet_crypto_test.c
 */
#ifndef SERVICES_SSH_INTERPOSE_H
#define SERVICES_SSH_INTERPOSE_H

void *interpose_real(const char *name);

#define REAL(name) ((__typeof__(&(name)))interpose_real(#name))

#endif
