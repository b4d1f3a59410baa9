// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Packets made between libssh's: a receiver that knows the key alone finds all of them whole and in order
 *
 * What libssh does is done here with the same calls of OpenSSL, because they are all that is seen of it.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "services/ssh/bulk.h"
#include "services/ssh/gather.h"
#include "services/ssh/relay.h"

#define RECIPIENT 7u
#define DATA	  20000u

enum { KEXINIT = 20, NEWKEYS = 21, CHANNEL_DATA = 94 };

static int ends[2];
static EVP_CIPHER_CTX *sender, *receiver;
static uint8_t data[3 * RELAY_PACKET_BYTES];
static struct bulk_route route;

static EVP_CIPHER_CTX *context(const EVP_CIPHER *cipher, uint8_t seed, bool is_sender)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t key[16], nonce[16];

	memset(key, seed, sizeof(key));
	memset(nonce, seed + 1, sizeof(nonce));
	cr_assert_eq(EVP_CipherInit_ex(ctx, cipher, NULL, key, nonce, is_sender), 1);
	if (EVP_CIPHER_CTX_mode(ctx) == EVP_CIPH_GCM_MODE)
		cr_assert_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IV_FIXED, -1, nonce), 1);
	return ctx;
}

static void keys_change(uint8_t seed)
{
	EVP_CIPHER_CTX_free(receiver);
	receiver = context(EVP_aes_128_gcm(), seed, false);
	EVP_CIPHER_CTX_free(sender); /* as libssh does when it has sent NEWKEYS */
	sender = context(EVP_aes_128_gcm(), seed, true);
}

static void begin(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 + i / 256);
	sender = receiver = NULL;
	route = (struct bulk_route){ .data_max = 0 };
	gather_start(ends[0]);
	bulk_start();
	keys_change(1);
}

static void end(void)
{
	bulk_stop();
	gather_stop();
	EVP_CIPHER_CTX_free(sender);
	EVP_CIPHER_CTX_free(receiver);
	close(ends[0]);
	close(ends[1]);
}

TestSuite(bulk, .init = begin, .fini = end);

static void put_u32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t get_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

/* ---- libssh ---- */

static void libssh_sends(uint8_t type, uint32_t recipient, const uint8_t *bytes, size_t len)
{
	static uint8_t packet[4 + RELAY_PACKET_BYTES + 64], cipher[sizeof(packet) + 16];
	size_t padding = 16 - (10 + len) % 16 + 16, size = 10 + len + padding;
	uint8_t nonce[1];
	int n;

	memset(packet, 0, sizeof(packet));
	put_u32(packet, (uint32_t)size);
	packet[4] = (uint8_t)padding;
	packet[5] = type;
	put_u32(packet + 6, recipient);
	put_u32(packet + 10, (uint32_t)len);
	if (len > 0)
		memcpy(packet + 14, bytes, len);
	EVP_CIPHER_CTX_ctrl(sender, EVP_CTRL_GCM_IV_GEN, 1, nonce);
	cr_assert_eq(EVP_EncryptUpdate(sender, NULL, &n, packet, 4), 1);
	memcpy(cipher, packet, 4);
	cr_assert_eq(EVP_EncryptUpdate(sender, cipher + 4, &n, packet + 4, (int)size), 1);
	cr_assert_eq(EVP_EncryptFinal(sender, NULL, &n), 1);
	EVP_CIPHER_CTX_ctrl(sender, EVP_CTRL_GCM_GET_TAG, 16, cipher + 4 + size);
	cr_assert_eq(send(ends[0], cipher, size + 20, 0), (ssize_t)size + 20);
}

static void libssh_sends_data(uint32_t recipient, const uint8_t *bytes, size_t len)
{
	bulk_learn(bytes, len);
	libssh_sends(CHANNEL_DATA, recipient, bytes, len);
	bulk_learnt(&route);
}

/* ---- the client ---- */

static void read_whole(uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(ends[1], to, len, 0);

		if (n < 0 && errno == EAGAIN && gather_own_pending() > 0) {
			cr_assert_eq(gather_own_flush(), 0);
			continue;
		}
		cr_assert_gt(n, 0);
		to += n;
		len -= (size_t)n;
	}
}

/* Type of the next packet; its data must be these bytes. */
static uint8_t client_reads(const uint8_t *bytes, size_t len)
{
	static uint8_t packet[4 + RELAY_PACKET_BYTES + 128];
	uint8_t nonce[1];
	uint32_t size;
	int n;

	read_whole(packet, 4);
	size = get_u32(packet);
	cr_assert_eq(size % 16, 0);
	cr_assert_leq(size + 20, sizeof(packet));
	read_whole(packet + 4, size + 16);
	EVP_CIPHER_CTX_ctrl(receiver, EVP_CTRL_GCM_IV_GEN, 1, nonce);
	EVP_CIPHER_CTX_ctrl(receiver, EVP_CTRL_GCM_SET_TAG, 16, packet + 4 + size);
	cr_assert_eq(EVP_DecryptUpdate(receiver, NULL, &n, packet, 4), 1);
	cr_assert_eq(EVP_DecryptUpdate(receiver, packet + 4, &n, packet + 4, (int)size), 1);
	cr_assert_eq(EVP_DecryptFinal(receiver, NULL, &n), 1, "the tag is wrong");
	cr_assert_geq(packet[4], 4);
	cr_assert_eq(10 + len + packet[4], size);
	cr_assert_eq(get_u32(packet + 6), RECIPIENT);
	cr_assert_eq(get_u32(packet + 10), len);
	cr_assert_arr_eq(packet + 14, bytes, len);
	return packet[5];
}

static void client_reads_data(const uint8_t *bytes, size_t len)
{
	cr_assert_eq(client_reads(bytes, len), CHANNEL_DATA);
}

/* ---- tests ---- */

Test(bulk, packets_go_between_those_of_libssh)
{
	int n;

	cr_assert(!bulk_ready());
	libssh_sends_data(RECIPIENT, data, RELAY_PACKET_BYTES);
	cr_assert(bulk_ready());
	cr_assert_eq(route.recipient, RECIPIENT);
	cr_assert_eq(route.data_max, RELAY_PACKET_BYTES);
	for (unsigned round = 0; round < 3; round++) {
		n = bulk_send(&route, data + round, DATA + round, 2);
		cr_assert_gt(n, (int)(2 * (DATA + round)));
		client_reads_data(round ? data + 9 : data, round ? 99 : RELAY_PACKET_BYTES);
		client_reads_data(data + round, DATA + round);
		client_reads_data(data + round + DATA + round, DATA + round);
		libssh_sends_data(RECIPIENT, data + 9, 99);
	}
	client_reads_data(data + 9, 99);
}

Test(bulk, every_length_is_padded_as_it_should_be)
{
	libssh_sends_data(RECIPIENT, data, RELAY_PACKET_BYTES);
	client_reads_data(data, RELAY_PACKET_BYTES);
	for (size_t len = DATA; len < DATA + 33; len++) {
		cr_assert_gt(bulk_send(&route, data + 1, len, 1), 0);
		client_reads_data(data + 1, len);
	}
}

Test(bulk, nothing_is_sent_with_keys_that_are_given_up)
{
	libssh_sends_data(RECIPIENT, data, DATA);
	libssh_sends(KEXINIT, RECIPIENT, data, 40);
	cr_assert(!bulk_ready());
	cr_assert_eq(bulk_send(&route, data, DATA, 1), -EPIPE);
	/* what may still be said in a key exchange opens nothing */
	libssh_sends(2, RECIPIENT, data, 8);
	cr_assert(!bulk_ready());
	libssh_sends(NEWKEYS, RECIPIENT, data, 0);
	cr_assert(!bulk_ready());
	client_reads_data(data, DATA);
	cr_assert_eq(client_reads(data, 40), KEXINIT);
	cr_assert_eq(client_reads(data, 8), 2);
	cr_assert_eq(client_reads(data, 0), NEWKEYS);
	keys_change(9);
	cr_assert(!bulk_ready());
	libssh_sends(CHANNEL_DATA, RECIPIENT, data, 8);
	cr_assert(bulk_ready());
	cr_assert_gt(bulk_send(&route, data, DATA, 2), 0);
	client_reads_data(data, 8);
	client_reads_data(data, DATA);
	client_reads_data(data + DATA, DATA);
}

Test(bulk, what_a_full_socket_does_not_take_goes_before_all_else)
{
	int rounds = 0;

	libssh_sends_data(RECIPIENT, data, RELAY_PACKET_BYTES);
	client_reads_data(data, RELAY_PACKET_BYTES);
	while (bulk_ready()) {
		cr_assert_gt(bulk_send(&route, data + 3, RELAY_PACKET_BYTES, 2), 0);
		rounds++;
	}
	cr_assert_gt(gather_own_pending(), 0);
	cr_assert_eq(bulk_send(&route, data, DATA, 1), -EPIPE);
	cr_assert_eq(send(ends[0], "later", 5, 0), 0);
	bulk_trim(); /* must keep it */
	for (int i = 0; i < rounds; i++) {
		client_reads_data(data + 3, RELAY_PACKET_BYTES);
		client_reads_data(data + 3 + RELAY_PACKET_BYTES, RELAY_PACKET_BYTES);
	}
	cr_assert(bulk_ready());
	bulk_trim();
	libssh_sends_data(RECIPIENT, data, 10);
	client_reads_data(data, 10);
}

Test(bulk, a_broken_connection_is_said_to_be_broken)
{
	libssh_sends_data(RECIPIENT, data, DATA);
	shutdown(ends[0], SHUT_WR);
	cr_assert_eq(bulk_send(&route, data, DATA, 1), -EPIPE);
	cr_assert_eq(send(ends[0], "later", 5, MSG_NOSIGNAL), -1);
}

Test(bulk, only_what_is_certain_is_learnt)
{
	/* two packets for what was one piece: the client's maximum is less */
	bulk_learn(data, DATA);
	libssh_sends(CHANNEL_DATA, RECIPIENT, data, DATA / 2);
	libssh_sends(CHANNEL_DATA, RECIPIENT, data + DATA / 2, DATA / 2);
	bulk_learnt(&route);
	cr_assert_eq(route.data_max, 0);
	/* other bytes: they waited for the end of a key exchange */
	bulk_learn(data, DATA);
	libssh_sends(CHANNEL_DATA, RECIPIENT, data + 1, DATA);
	bulk_learnt(&route);
	cr_assert_eq(route.data_max, 0);
	bulk_learn(data, DATA);
	libssh_sends(NEWKEYS, RECIPIENT, data, 0);
	libssh_sends(CHANNEL_DATA, RECIPIENT, data, DATA);
	bulk_learnt(&route);
	cr_assert_eq(route.data_max, 0);
	/* nothing was sent, or not now */
	bulk_learn(data, DATA);
	bulk_learnt(&route);
	libssh_sends(CHANNEL_DATA, RECIPIENT, data, DATA);
	bulk_learnt(&route);
	cr_assert_eq(route.data_max, 0);
	libssh_sends_data(RECIPIENT, data, DATA);
	cr_assert_eq(route.data_max, DATA);
	/* less takes nothing back, another channel is another channel */
	libssh_sends_data(RECIPIENT, data, 5);
	libssh_sends_data(RECIPIENT + 1, data, DATA + 5);
	cr_assert_eq(route.recipient, RECIPIENT);
	cr_assert_eq(route.data_max, DATA);
	cr_assert_eq(bulk_send(&route, data, DATA + 1, 1), -EPIPE);
	cr_assert_eq(bulk_send(&route, data, DATA, BULK_PACKETS_MAX + 1), -EPIPE);
}

Test(bulk, other_ciphers_are_left_alone)
{
	EVP_CIPHER_CTX *other = context(EVP_aes_128_ctr(), 3, true);
	uint8_t packet[64] = { [1] = CHANNEL_DATA }, to[64];
	int n;

	cr_assert_eq(EVP_EncryptUpdate(other, to, &n, packet, sizeof(packet)), 1);
	cr_assert(!bulk_ready());
	/* from gcm to another cipher: with NEWKEYS its context is gone, and none takes its place */
	libssh_sends_data(RECIPIENT, data, DATA);
	libssh_sends(KEXINIT, RECIPIENT, data, 40);
	libssh_sends(NEWKEYS, RECIPIENT, data, 0);
	cr_assert_eq(EVP_EncryptUpdate(other, to, &n, packet, sizeof(packet)), 1);
	cr_assert(!bulk_ready());
	EVP_CIPHER_CTX_free(other);
}
