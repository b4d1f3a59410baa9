/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the pure half of Varlink: bytes to messages and back. What arrives is bounded twice before jansson
 * sees it, by length and by number of values, because two bytes of text can become hundreds of bytes of
 * parsed JSON. Consumed bytes are moved out only when more arrive, so a burst of tiny messages costs no more
 * than its length.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/varlink_wire.h"

#define DECODER_FIRST_BYTES 4096u
#define DECODER_IDLE_BYTES  65536u /* an empty decoder keeps no more than this */

static void decoder_compact(struct varlink_decoder *decoder)
{
	if (decoder->start == 0)
		return;
	memmove(decoder->bytes, decoder->bytes + decoder->start, decoder->len - decoder->start);
	decoder->len -= decoder->start;
	decoder->scanned -= decoder->start;
	decoder->start = 0;
}

static int decoder_reserve(struct varlink_decoder *decoder, size_t len_bytes)
{
	size_t size = decoder->size ? decoder->size : DECODER_FIRST_BYTES;
	char *grown;

	while (size - decoder->len < len_bytes) {
		if (size > SIZE_MAX / 2)
			return -ENOMEM;
		size *= 2;
	}
	if (size == decoder->size)
		return 0;
	grown = realloc(decoder->bytes, size);
	if (!grown)
		return -ENOMEM;
	decoder->bytes = grown;
	decoder->size = size;
	return 0;
}

/* Length of the longest piece between NULs once the new bytes are there; only new bytes are looked at when
 * the reader has taken every whole message, as it should. */
static size_t longest_piece(const struct varlink_decoder *decoder, const char *bytes, size_t len_bytes)
{
	size_t piece = decoder->len - decoder->start, longest, at = 0;
	const char *nul;

	if (decoder->scanned < decoder->len) {
		nul = memrchr(decoder->bytes + decoder->scanned, '\0', decoder->len - decoder->scanned);
		if (nul)
			piece = (size_t)(decoder->bytes + decoder->len - nul - 1);
	}
	for (longest = 0; at < len_bytes; piece = 0) {
		nul = memchr(bytes + at, '\0', len_bytes - at);
		piece += nul ? (size_t)(nul - bytes) - at : len_bytes - at;
		if (piece > longest)
			longest = piece;
		at = nul ? (size_t)(nul - bytes) + 1 : len_bytes;
	}
	return longest;
}

int varlink_decoder_feed(struct varlink_decoder *decoder, const void *bytes, size_t len_bytes)
{
	int r;

	if (len_bytes == 0)
		return 0;
	if (longest_piece(decoder, bytes, len_bytes) > VARLINK_MESSAGE_MAX_BYTES)
		return -EMSGSIZE;
	decoder_compact(decoder);
	r = decoder_reserve(decoder, len_bytes);
	if (r < 0)
		return r;
	memcpy(decoder->bytes + decoder->len, bytes, len_bytes);
	decoder->len += len_bytes;
	return 0;
}

/* Counts what opens or follows a value outside of strings: an upper bound that needs no parsing. */
static size_t count_values(const char *text, size_t len)
{
	bool in_string = false;
	size_t values = 1;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			in_string = !in_string;
		else if (in_string && text[i] == '\\')
			i++;
		else if (!in_string && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
			values++;
	}
	return values;
}

int varlink_decoder_next(struct varlink_decoder *decoder, json_t **ret_message)
{
	const char *first, *nul = NULL;
	json_t *message = NULL;
	size_t len;

	if (decoder->scanned < decoder->len)
		nul = memchr(decoder->bytes + decoder->scanned, '\0', decoder->len - decoder->scanned);
	if (!nul) {
		decoder->scanned = decoder->len;
		return 0;
	}
	first = decoder->bytes + decoder->start;
	len = (size_t)(nul - first);
	if (count_values(first, len) <= VARLINK_MESSAGE_MAX_VALUES)
		message = json_loadb(first, len, JSON_REJECT_DUPLICATES, NULL);
	decoder->start += len + 1;
	decoder->scanned = decoder->start;
	if (decoder->start == decoder->len && decoder->size > DECODER_IDLE_BYTES)
		varlink_decoder_done(decoder);
	if (!json_is_object(message)) {
		json_decref(message);
		return -EPROTO;
	}
	*ret_message = message;
	return 1;
}

void varlink_decoder_done(struct varlink_decoder *decoder)
{
	free(decoder->bytes);
	*decoder = (struct varlink_decoder){ 0 };
}

int varlink_encode(json_t *message, struct varlink_bytes *ret_bytes)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t len;

	json_decref(message);
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	if (len > VARLINK_MESSAGE_MAX_BYTES) {
		free(text);
		return -EMSGSIZE;
	}
	*ret_bytes = (struct varlink_bytes){ .bytes = text, .len = len + 1 };
	return 0;
}

int varlink_encode_call(const char *method, json_t *parameters, bool more, struct varlink_bytes *ret_bytes)
{
	json_t *message = json_pack("{s:s, s:o*}", "method", method, "parameters", parameters);

	if (message && more && json_object_set_new(message, "more", json_true()) != 0) {
		json_decref(message);
		message = NULL;
	}
	return varlink_encode(message, ret_bytes);
}

int varlink_answer_parse(json_t *message, struct varlink_answer *ret_answer)
{
	const json_t *parameters = json_object_get(message, "parameters");
	const json_t *error = json_object_get(message, "error");
	const json_t *continues = json_object_get(message, "continues");

	if (!parameters || json_is_null(parameters)) {
		if (json_object_set_new(message, "parameters", json_object()) != 0)
			return -ENOMEM;
		parameters = json_object_get(message, "parameters");
	}
	if (!json_is_object(parameters) || (error && !json_is_string(error)) ||
	    (continues && !json_is_boolean(continues)))
		return -EPROTO;
	*ret_answer = (struct varlink_answer){
		.error = json_string_value(error),
		.parameters = parameters,
		.continues = json_is_true(continues) && !error,
	};
	return 0;
}

int varlink_answer_error(const struct varlink_answer *answer, struct err *err)
{
	AUTO(free) char *words = json_dumps(answer->parameters, JSON_COMPACT | JSON_ENSURE_ASCII);
	int r = err_set(err, -EREMOTEIO, "%s %s", answer->error, words ? words : "");

	/* a stranger's words may reach a terminal */
	for (char *at = err ? err->text : NULL; at && *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			*at = '?';
	return r;
}
