/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what a monitor sends arrives whole; anything else is refused whole.
 */
#include "services/session_link.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static char buffer[SESSION_LINK_MAX_BYTES];

static int text_decode(const char *text, struct session_link_message *message)
{
	struct err err = { .text = "" };
	int rc = session_link_decode(text, strlen(text), message, &err);

	cr_assert(rc == 0 || err.text[0], "a refusal has a reason: %s", text);
	return rc;
}

Test(session_link, a_session_with_channels_survives)
{
	static struct session_link_message out = { .type = SESSION_MESSAGE_STATE, .channels_len = 2 }, in;
	int len;

	out.session = (struct session_report){ .id = 4294967295u, .vty = 3, .vrf = "blue", .user = "admin",
					       .state = SESSION_OPEN, .authentication = AUTH_PUBLIC_KEY,
					       .auth_word = "ed25519-pubkey", .bytes_in = 1ull << 60,
					       .start_us = 1790000000123457, .pid = 7, .pid_start_ticks = 11 };
	out.channels[0] = (struct channel_report){ .session_id = 9, .channel = 1, .type = CHANNEL_SHELL, .has_pty = true };
	out.channels[1] = (struct channel_report){ .channel = 5, .type = CHANNEL_EXEC, .command = "show \"ssh\"\n" };
	len = session_link_encode(&out, buffer, sizeof(buffer));
	cr_assert_gt(len, 0);
	cr_assert_eq(session_link_decode(buffer, (size_t)len, &in, NULL), 0);
	cr_assert_eq(in.type, SESSION_MESSAGE_STATE);
	cr_assert_eq(memcmp(&in.session, &out.session, sizeof(in.session)), 0);
	cr_assert_eq(in.channels_len, 2);
	cr_assert_eq(in.channels[0].has_pty, true);
	cr_assert_eq(in.channels[1].type, CHANNEL_EXEC);
	cr_assert_str_eq(in.channels[1].command, "show \"ssh\"\n");
}

Test(session_link, hello_is_what_it_is_encoded_as)
{
	struct session_link_message out = { .type = SESSION_MESSAGE_HELLO }, in;
	int len = session_link_encode(&out, buffer, sizeof(buffer));

	cr_assert_eq(len, (int)strlen(SESSION_LINK_HELLO));
	cr_assert_eq(memcmp(buffer, SESSION_LINK_HELLO, (size_t)len), 0);
	cr_assert_eq(session_link_decode(SESSION_LINK_HELLO, (size_t)len, &in, NULL), 0);
	cr_assert_eq(in.type, SESSION_MESSAGE_HELLO);
}

Test(session_link, the_other_three_survive)
{
	struct session_link_message out = { .type = SESSION_MESSAGE_TERMINATE, .terminate_reason = END_CLEARED,
					    .terminate_text = "cleared by root" }, in;
	int len = session_link_encode(&out, buffer, sizeof(buffer));

	cr_assert_gt(len, 0);
	cr_assert_eq(session_link_decode(buffer, (size_t)len, &in, NULL), 0);
	cr_assert_eq(in.type, SESSION_MESSAGE_TERMINATE);
	cr_assert_eq(in.terminate_reason, END_CLEARED);
	cr_assert_str_eq(in.terminate_text, "cleared by root");

	out = (struct session_link_message){ .type = SESSION_MESSAGE_END };
	out.session = (struct session_report){ .id = 6, .end_us = 5, .end_reason = END_EXIT };
	len = session_link_encode(&out, buffer, sizeof(buffer));
	cr_assert_eq(session_link_decode(buffer, (size_t)len, &in, NULL), 0);
	cr_assert_eq(in.type, SESSION_MESSAGE_END);
	cr_assert_eq(in.session.end_reason, END_EXIT);

	out = (struct session_link_message){ .type = SESSION_MESSAGE_RECORDED };
	len = session_link_encode(&out, buffer, sizeof(buffer));
	cr_assert_eq(session_link_decode(buffer, (size_t)len, &in, NULL), 0);
	cr_assert_eq(in.type, SESSION_MESSAGE_RECORDED);
}

Test(session_link, the_fullest_message_fits)
{
	static struct session_link_message out = { .type = SESSION_MESSAGE_STATE, .channels_len = SESSION_ROWS_MAX }, in;
	int len;

	/* control characters take six bytes each in JSON: the worst a client can name itself */
	for (const struct field *field = session_report_fields; field->name; field++)
		if (field->type == FIELD_STR)
			memset((char *)&out.session + field->offset, '\x01', field->size - 1);
	out.session.id = UINT32_MAX;
	for (size_t i = 0; i < SESSION_ROWS_MAX; i++)
		memset(out.channels[i].command, '\x01', sizeof(out.channels[i].command) - 1);
	len = session_link_encode(&out, buffer, sizeof(buffer));
	cr_assert_gt(len, 0, "%d", len);
	cr_assert_eq(session_link_decode(buffer, (size_t)len, &in, NULL), 0);
	cr_assert_str_eq(in.session.client_version, out.session.client_version);
	cr_assert_eq(session_link_encode(&out, buffer, (size_t)len - 1), -EMSGSIZE);
}

static void rows_text(size_t rows, char *text, size_t size_bytes)
{
	size_t len = (size_t)snprintf(text, size_bytes, "{\"type\":\"session\",\"session\":{\"id\":1},\"channels\":[");

	for (size_t i = 0; i < rows; i++)
		len += (size_t)snprintf(text + len, size_bytes - len, i > 0 ? ",{}" : "{}");
	snprintf(text + len, size_bytes - len, "]}");
}

Test(session_link, wrong_shapes_are_refused_and_nothing_is_written)
{
	static const char *const wrong[] = {
		"", "null", "[]", "7", "{", "{}", "{\"type\":7}", "{\"type\":\"other\"}",
		"{\"type\":\"session\"}", "{\"type\":\"session\",\"session\":[]}",
		"{\"type\":\"session\",\"session\":{}}", /* no channels, no id */
		"{\"type\":\"session\",\"session\":{\"id\":0},\"channels\":[]}",
		"{\"type\":\"session\",\"session\":{\"id\":-1},\"channels\":[]}",
		"{\"type\":\"session\",\"session\":{\"id\":\"1\"},\"channels\":[]}",
		"{\"type\":\"session\",\"session\":{\"id\":4294967296},\"channels\":[]}",
		"{\"type\":\"session\",\"session\":{\"id\":1,\"state\":\"flying\"},\"channels\":[]}",
		"{\"type\":\"session\",\"session\":{\"id\":1},\"channels\":{}}",
		"{\"type\":\"session\",\"session\":{\"id\":1},\"channels\":[7]}",
		"{\"type\":\"session\",\"session\":{\"id\":1,\"user\":\"0123456789012345678901234567890123\"},\"channels\":[]}",
		"{\"type\":\"terminate\",\"reason\":\"nonsense\",\"text\":\"\"}",
		"{\"type\":\"recorded\",\"type\":\"end\"}",
	};
	static struct session_link_message message, before;
	char many[4 * SESSION_ROWS_MAX + 100];

	memset(&message, 0x5a, sizeof(message));
	before = message;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(text_decode(wrong[i], &message), -EPROTO, "%s", wrong[i]);
	rows_text(SESSION_ROWS_MAX + 1, many, sizeof(many));
	cr_assert_eq(text_decode(many, &message), -EPROTO, "one row too many");
	cr_assert_eq(memcmp(&message, &before, sizeof(message)), 0);
	rows_text(SESSION_ROWS_MAX, many, sizeof(many));
	cr_assert_eq(text_decode(many, &message), 0);
	cr_assert_eq(text_decode("{\"type\":\"session\",\"session\":{\"id\":1,\"news\":[]},\"channels\":[]}", &message), 0,
		     "members of a newer program are passed over");
}

Test(session_link, an_overlong_datagram_is_refused)
{
	static char big[SESSION_LINK_MAX_BYTES + 1];
	struct session_link_message message;

	memset(big, ' ', sizeof(big));
	memcpy(big, "{\"type\":\"recorded\"}", 19);
	cr_assert_eq(session_link_decode(big, sizeof(big) - 1, &message, NULL), 0);
	cr_assert_eq(session_link_decode(big, sizeof(big), &message, NULL), -EPROTO);
}
