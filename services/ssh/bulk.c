// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Bulk
 *
 * libssh gives OpenSSL the length of each packet, then the packet. So the messages are seen that begin and end the use
 * of keys, and the context that encrypts: from the first packet after NEWKEYS to the next KEXINIT it may be used for
 * ours. The nonce is counted by OpenSSL within that context, so none is used twice, whoever makes the packet.
 */
#include "services/ssh/bulk.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/cleanup.h"
#include "services/ssh/gather.h"
#include "services/ssh/interpose.h"
#include "services/ssh/relay.h"

enum {
	MSG_KEXINIT = 20,
	MSG_NEWKEYS = 21,
	MSG_CHANNEL_DATA = 94,
	LENGTH_BYTES = 4, /* in the clear, authenticated */
	HEAD_BYTES = 10,  /* length of the padding, type, recipient, length of the data */
	BLOCK_BYTES = 16,
	PADDING_MIN_BYTES = 4,
	PADDING_MAX_BYTES = BLOCK_BYTES + PADDING_MIN_BYTES - 1,
	TAG_BYTES = 16,
	PACKET_MAX_BYTES = LENGTH_BYTES + HEAD_BYTES + RELAY_PACKET_BYTES + PADDING_MAX_BYTES + TAG_BYTES,
	COMPARED_BYTES = 64,
};

static bool is_on;
static EVP_CIPHER_CTX *length_ctx; /* the next bytes it is given are a packet */
static EVP_CIPHER_CTX *packet_ctx; /* of the keys in use; NULL: not known, or not to be used */
static bool in_kex;
static uint8_t *out;

static struct {
	const uint8_t *bytes; /* NULL: nothing is to be learnt */
	size_t len;
	struct bulk_route route;
	unsigned packets;
	bool is_spoilt;
} lesson;

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static void write_u32(uint8_t *at, size_t value)
{
	uint32_t big = htobe32((uint32_t)value);

	memcpy(at, &big, sizeof(big));
}

void bulk_start(void)
{
	is_on = true;
	in_kex = false;
	length_ctx = packet_ctx = NULL;
}

void bulk_stop(void)
{
	is_on = false;
	packet_ctx = NULL;
	free(out);
	out = NULL;
}

/* ---- what libssh sends ---- */

static void data_look(const uint8_t *packet, size_t len)
{
	size_t data_len;

	if (!lesson.bytes || len < HEAD_BYTES)
		return;
	data_len = read_u32(packet + 6);
	lesson.packets++;
	if (data_len == 0 || data_len > lesson.len || data_len > len - HEAD_BYTES ||
	    memcmp(packet + HEAD_BYTES, lesson.bytes, data_len < COMPARED_BYTES ? data_len : COMPARED_BYTES) != 0)
		lesson.is_spoilt = true;
	else
		lesson.route = (struct bulk_route){ .recipient = read_u32(packet + 2), .data_max = (uint32_t)data_len };
}

/* From the length of the padding to its end. */
static void packet_look(EVP_CIPHER_CTX *ctx, const uint8_t *packet, size_t len)
{
	switch (len >= BLOCK_BYTES ? packet[1] : 0) {
	case MSG_KEXINIT:
		in_kex = true;
		packet_ctx = NULL;
		lesson.is_spoilt = true;
		return;
	case MSG_NEWKEYS:
		in_kex = false;
		packet_ctx = NULL;
		lesson.is_spoilt = true;
		return;
	case MSG_CHANNEL_DATA:
		data_look(packet, len);
		break;
	default:
		break;
	}
	if (!in_kex)
		packet_ctx = EVP_CIPHER_CTX_mode(ctx) == EVP_CIPH_GCM_MODE ? ctx : NULL;
}

int EVP_EncryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *to, int *to_len, const unsigned char *from, int from_len)
{
	if (is_on && !to) {
		length_ctx = from_len == LENGTH_BYTES ? ctx : NULL;
	} else if (is_on && length_ctx) {
		if (ctx == length_ctx && from && from_len > 0)
			packet_look(ctx, from, (size_t)from_len);
		length_ctx = NULL;
	}
	return REAL(EVP_EncryptUpdate)(ctx, to, to_len, from, from_len);
}

void bulk_learn(const uint8_t *bytes, size_t len)
{
	lesson.bytes = bytes;
	lesson.len = len;
	lesson.packets = 0;
	lesson.is_spoilt = false;
}

void bulk_learnt(struct bulk_route *route)
{
	bool is_good = lesson.bytes && lesson.packets == 1 && !lesson.is_spoilt;

	lesson.bytes = NULL;
	if (!is_good || (route->data_max > 0 && route->recipient != lesson.route.recipient))
		return;
	route->recipient = lesson.route.recipient;
	if (lesson.route.data_max > route->data_max)
		route->data_max = lesson.route.data_max;
}

/* ---- packets of our own ---- */

bool bulk_ready(void)
{
	if (!is_on || !packet_ctx || gather_own_pending() > 0)
		return false;
	if (!out)
		out = malloc((size_t)BULK_PACKETS_MAX * PACKET_MAX_BYTES);
	return out != NULL;
}

static bool encrypt(uint8_t *to, const uint8_t *from, size_t len)
{
	int n = 0;

	return REAL(EVP_EncryptUpdate)(packet_ctx, to, &n, from, (int)len) == 1 && n == (int)len;
}

/* Returns the packet's length, 0 when OpenSSL fails: nothing can be sent with these keys any more. */
static size_t packet_make(uint8_t *to, uint32_t recipient, const uint8_t *data, size_t data_len)
{
	uint8_t head[HEAD_BYTES], padding[PADDING_MAX_BYTES], last_of_nonce[1], *at = to;
	size_t padding_len = BLOCK_BYTES - (HEAD_BYTES + data_len) % BLOCK_BYTES;
	int n = 0;

	if (padding_len < PADDING_MIN_BYTES)
		padding_len += BLOCK_BYTES;
	head[0] = (uint8_t)padding_len;
	head[1] = MSG_CHANNEL_DATA;
	write_u32(head + 2, recipient);
	write_u32(head + 6, data_len);
	write_u32(at, HEAD_BYTES + data_len + padding_len);
	if (RAND_bytes(padding, (int)padding_len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(packet_ctx, EVP_CTRL_GCM_IV_GEN, sizeof(last_of_nonce), last_of_nonce) != 1 ||
	    REAL(EVP_EncryptUpdate)(packet_ctx, NULL, &n, at, LENGTH_BYTES) != 1)
		return 0;
	at += LENGTH_BYTES;
	if (!encrypt(at, head, sizeof(head)) || !encrypt(at + HEAD_BYTES, data, data_len) ||
	    !encrypt(at + HEAD_BYTES + data_len, padding, padding_len))
		return 0;
	at += HEAD_BYTES + data_len + padding_len;
	if (EVP_EncryptFinal(packet_ctx, NULL, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(packet_ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, at) != 1)
		return 0;
	return (size_t)(at + TAG_BYTES - to);
}

int bulk_send(const struct bulk_route *route, const uint8_t *bytes, size_t data_bytes, size_t packets)
{
	size_t len = 0, packet_len;
	int r;

	if (!bulk_ready() || packets > BULK_PACKETS_MAX || data_bytes > RELAY_PACKET_BYTES ||
	    data_bytes > route->data_max)
		return -EPIPE;
	for (size_t i = 0; i < packets; i++) {
		packet_len = packet_make(out + len, route->recipient, bytes + i * data_bytes, data_bytes);
		if (packet_len == 0) {
			packet_ctx = NULL;
			return -EPIPE;
		}
		len += packet_len;
	}
	r = gather_own(out, len);
	return r < 0 ? r : (int)len;
}

void bulk_trim(void)
{
	if (gather_own_pending() > 0)
		return;
	free(out);
	out = NULL;
}
