/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a stream from a stranger through the Varlink decoder, cut into pieces as its first byte says. The
 * pieces must not change what is heard, and each message must survive being said again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/varlink_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void say_again(const json_t *message)
{
	struct varlink_decoder decoder = { 0 };
	struct varlink_bytes bytes;
	json_t *heard = NULL;

	/* a message near the limit may outgrow it when written again: \u escapes become longer, numbers too
	 */
	if (varlink_encode(json_deep_copy(message), &bytes) < 0)
		return;
	assert(varlink_decoder_feed(&decoder, bytes.bytes, bytes.len) == 0);
	assert(varlink_decoder_next(&decoder, &heard) == 1 && json_equal(heard, message));
	json_decref(heard);
	free(bytes.bytes);
	varlink_decoder_done(&decoder);
}

/* Takes every whole message; a hash of how each ended. */
static unsigned drain(struct varlink_decoder *decoder, unsigned seen)
{
	struct varlink_answer answer;
	json_t *message;
	struct err err;
	int r;

	while ((r = varlink_decoder_next(decoder, &message)) != 0) {
		seen = seen * 31 + (unsigned)(r < 0 ? 7 : 3);
		if (r < 0)
			continue;
		say_again(message);
		if (varlink_answer_parse(message, &answer) == 0 && answer.error)
			varlink_answer_error(&answer, &err);
		json_decref(message);
	}
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct varlink_decoder whole = { 0 }, cut = { 0 };
	unsigned seen_whole = 1, seen_cut = 1;
	size_t step, at;

	if (len_bytes < 1)
		return 0;
	step = bytes[0] + 1u;
	bytes++;
	len_bytes--;
	if (varlink_decoder_feed(&whole, bytes, len_bytes) == 0)
		seen_whole = drain(&whole, seen_whole);
	for (at = 0; at < len_bytes; at += step) {
		assert(varlink_decoder_feed(&cut, bytes + at,
					    step < len_bytes - at ? step : len_bytes - at) == 0);
		/* a reader may also be slow to take what is there */
		if ((at / step) % 3 != 1)
			seen_cut = drain(&cut, seen_cut);
	}
	seen_cut = drain(&cut, seen_cut);
	assert(seen_whole == seen_cut);
	varlink_decoder_done(&whole);
	varlink_decoder_done(&cut);
	return 0;
}
