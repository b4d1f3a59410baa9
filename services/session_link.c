/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: codec of the datagrams between a monitor and sallyport-sshd. One row per message type says which members
 * the datagram has; everything that comes in is bounded before it is looked at, and a datagram with a wrong
 * shape is refused whole. Enumerations travel as words, so that a monitor and a newer sshd understand each
 * other.
 */
#include "services/session_link.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

static inline void json_auto(json_t **json)
{
	json_decref(*json);
}

struct message_row {
	const char *word;
	const char *whole; /* one that is its word and nothing else: as it is sent, and mostly as it comes */
	bool has_session, has_channels, has_terminate;
};

static const struct message_row message_rows[] = {
	[SESSION_MESSAGE_HELLO] = { "hello", SESSION_LINK_HELLO },
	[SESSION_MESSAGE_STATE] = { "session", .has_session = true, .has_channels = true },
	[SESSION_MESSAGE_END] = { "end", .has_session = true },
	[SESSION_MESSAGE_TERMINATE] = { "terminate", .has_terminate = true },
	[SESSION_MESSAGE_RECORDED] = { "recorded", "{\"type\":\"recorded\"}" },
};

/* "reason" and "text" of a terminate message, as a flat row. */
static const struct field terminate_fields[] = {
	{ .name = "reason", .type = FIELD_ENUM, .offset = offsetof(struct session_link_message, terminate_reason),
	  .size = sizeof(int), .words = session_end_words, .help = "Why the session has to end" },
	{ .name = "text", .type = FIELD_STR, .offset = offsetof(struct session_link_message, terminate_text),
	  .size = sizeof(((struct session_link_message *)0)->terminate_text), .help = "What the client is told" },
	FIELD_END,
};

void session_link_begin(struct session_link_message *message, enum session_message type)
{
	memset(message, 0, offsetof(struct session_link_message, channels));
	message->type = type;
}

static json_t *channels_encode(const struct session_link_message *message)
{
	AUTO(json) json_t *list = json_array();

	if (!list)
		return NULL;
	for (size_t i = 0; i < message->channels_len; i++)
		if (json_array_append_new(list, field_encode(channel_report_fields, &message->channels[i])) < 0)
			return NULL;
	return take(list);
}

static int message_fill(json_t *object, const struct message_row *row, const struct session_link_message *message)
{
	if (json_object_set_new(object, "type", json_string(row->word)) < 0)
		return -ENOMEM;
	/* who reads it begins with a row of nothing: a login is told in two thirds of the members */
	if (row->has_session &&
	    json_object_set_new(object, "session", field_encode_said(session_report_fields, &message->session)) < 0)
		return -ENOMEM;
	if (row->has_channels && json_object_set_new(object, "channels", channels_encode(message)) < 0)
		return -ENOMEM;
	return 0;
}

int session_link_encode(const struct session_link_message *message, char *buffer, size_t size_bytes)
{
	AUTO(json) json_t *object = NULL;
	const struct message_row *row;
	size_t len;
	int rc;

	if ((unsigned)message->type >= ARRAY_SIZE(message_rows) || message->channels_len > SESSION_ROWS_MAX)
		return -EINVAL;
	row = &message_rows[message->type];
	if (row->whole) {
		len = strlen(row->whole);
		memcpy(buffer, row->whole, len < size_bytes ? len : size_bytes);
		return len > size_bytes ? -EMSGSIZE : (int)len;
	}
	object = row->has_terminate ? field_encode(terminate_fields, message) : json_object();
	if (!object)
		return -ENOMEM;
	rc = message_fill(object, row, message);
	if (rc < 0)
		return rc;
	len = json_dumpb(object, buffer, size_bytes, JSON_COMPACT);
	if (len == 0)
		return -ENOMEM;
	return len > size_bytes || len > SESSION_LINK_MAX_BYTES ? -EMSGSIZE : (int)len;
}

static const struct message_row *row_find(const json_t *object)
{
	const char *word = json_string_value(json_object_get(object, "type"));

	for (size_t i = 0; word && i < ARRAY_SIZE(message_rows); i++)
		if (!strcmp(word, message_rows[i].word))
			return &message_rows[i];
	return NULL;
}

static int channels_decode(const json_t *object, struct session_link_message *message, struct err *err)
{
	const json_t *list = json_object_get(object, "channels");

	if (!json_is_array(list))
		return err_set(err, -EPROTO, "channels is not a list");
	if (json_array_size(list) > SESSION_ROWS_MAX)
		return err_set(err, -EPROTO, "more than %u channels", SESSION_ROWS_MAX);
	message->channels_len = json_array_size(list);
	for (size_t i = 0; i < message->channels_len; i++) {
		const json_t *item = json_array_get(list, i);

		if (!json_is_object(item))
			return err_set(err, -EPROTO, "a channel is not an object");
		memset(&message->channels[i], 0, sizeof(message->channels[i]));
		if (field_decode(channel_report_fields, item, &message->channels[i], err) < 0)
			return -EPROTO;
	}
	return 0;
}

static int message_read(const json_t *object, const struct message_row *row, struct session_link_message *message,
			struct err *err)
{
	const json_t *session = json_object_get(object, "session");

	if (row->has_session) {
		if (!json_is_object(session))
			return err_set(err, -EPROTO, "session is not an object");
		if (field_decode(session_report_fields, session, &message->session, err) < 0)
			return -EPROTO;
		if (message->session.id == 0)
			return err_set(err, -EPROTO, "session has no id");
	}
	if (row->has_channels && channels_decode(object, message, err) < 0)
		return -EPROTO;
	if (row->has_terminate && field_decode(terminate_fields, object, message, err) < 0)
		return -EPROTO;
	return 0;
}

static int object_read(const json_t *object, struct session_link_message *message, struct err *err)
{
	const struct message_row *row;

	if (!json_is_object(object))
		return err_set(err, -EPROTO, "datagram is not a JSON object");
	row = row_find(object);
	if (!row)
		return err_set(err, -EPROTO, "datagram has an unknown type");
	message->type = (enum session_message)(row - message_rows);
	return message_read(object, row, message, err);
}

static void message_copy(struct session_link_message *to, const struct session_link_message *from)
{
	memcpy(to, from, offsetof(struct session_link_message, channels));
	memcpy(to->channels, from->channels, from->channels_len * sizeof(from->channels[0]));
}

int session_link_decode(const char *bytes, size_t len_bytes, struct session_link_message *ret_message, struct err *err)
{
	AUTO(json) json_t *object = NULL;
	AUTO(free) struct session_link_message *message = NULL;
	json_error_t why;

	if (len_bytes > SESSION_LINK_MAX_BYTES)
		return err_set(err, -EPROTO, "datagram of %zu bytes is too long", len_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(message_rows); i++)
		if (message_rows[i].whole && len_bytes == strlen(message_rows[i].whole) &&
		    !memcmp(bytes, message_rows[i].whole, len_bytes)) {
			session_link_begin(ret_message, (enum session_message)i);
			return 0;
		}
	message = malloc(sizeof(*message));
	if (!message)
		return -ENOMEM;
	session_link_begin(message, SESSION_MESSAGE_HELLO);
	object = json_loadb(bytes, len_bytes, JSON_REJECT_DUPLICATES, &why);
	if (object_read(object, message, err) < 0)
		return -EPROTO;
	message_copy(ret_message, message);
	return 0;
}
