/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/bulk.h - channel data of a bulk transfer, from the relay's buffer into packets in one pass
 *
 * Shapes:  one connection per process; a route is what is known of one channel's packets
 * Units:   bytes
 * Errors:  -EPIPE when the connection cannot go on
 * Owns:    up to two packets that are encrypted and not yet sent
 * Runs in: sallyport-transport; EVP_EncryptUpdate() is of the program itself, which libssh's calls reach by dynamic
 *          linking
 * Source:  RFC 4253 6 and 7.1, RFC 5647 7, RFC 4254 5.2; ssh-performance.md 1.2: libssh copies or wipes a packet six
 *          times on its way, which costs more than encrypting it
 * Tests:   tests/unit/bulk_test.c, tests/system/test_rekey.py, tests/bench
 *
 *   With aes-gcm a packet depends on nothing but the cipher's context, which counts packets by itself. So packets may
 *   be made here, between two of libssh's, with the context that it uses. Everything else stays libssh's: it makes the
 *   keys, the first packets of each channel, and all that are not bulk. It does not know of packets made here, so their
 *   bytes are to be counted by the caller, against the client's window and against the volume of the keys.
 */
#ifndef SERVICES_SSH_BULK_H
#define SERVICES_SSH_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BULK_PACKETS_MAX    2
#define BULK_DATA_BYTES_MIN (16u * 1024) /* less is not bulk */

/* Seen in packets that libssh has made for the channel. */
struct bulk_route {
	uint32_t recipient; /* the client's number of the channel */
	uint32_t data_max;  /* the most data a packet had that the client took; 0: nothing is known */
};

/* From here on packets are looked at; the cipher's contexts must be this process's own. */
void bulk_start(void);
void bulk_stop(void);

/* What libssh sends until bulk_learnt() is data of one channel, from the beginning of these bytes, in one packet. */
void bulk_learn(const uint8_t *bytes, size_t len);
/* It was: the route knows more than before. */
void bulk_learnt(struct bulk_route *route);

/* The keys in use are known, no key exchange has begun with them, and nothing sent here before still waits. */
bool bulk_ready(void);
/* Makes packets of data_bytes each, of which the route knows that the client takes them, and sends them, when
 * bulk_ready() says so and libssh has nothing waiting: how many bytes they are on the connection. */
int bulk_send(const struct bulk_route *route, const uint8_t *bytes, size_t data_bytes, size_t packets);
/* Gives the memory back when nothing is waiting in it. */
void bulk_trim(void);

#endif
