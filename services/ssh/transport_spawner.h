/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/transport_spawner.h - the spawner's side: a warm process without privilege forks a transport per request
 *
 * Shapes:  none
 * Units:   connections
 * Errors:  see the functions
 * Owns:    the status socket of each transport until it has ended
 * Runs in: sallyport-transport --spawner; it never reads a byte of the network and holds no key
 * Source:  services/ssh/spawner.h, ssh-performance.md 2.7
 * Tests:   tests/system/test_spawner.py
 */
#ifndef SERVICES_SSH_TRANSPORT_SPAWNER_H
#define SERVICES_SSH_TRANSPORT_SPAWNER_H

#include "base/err.h"
#include "services/ssh/transport.h"

#define SPAWNER_CONTROL_FD 3

/* Uses once whatever a connection will use: key exchange, ciphers, authentication. After it a transport finds
 * everything of OpenSSL and libssh in place. The provider is loaded. */
int spawner_warm(struct err *err);

/* Makes ready what the daemon says that most will be told, then serves requests. Returns only in the children, with
 * the descriptors of services/ssh/mon.h in their places and no others open; the spawner itself ends here, with the
 * last of its transports. */
void spawner_serve(unsigned connections, struct transport *transport);

#endif
