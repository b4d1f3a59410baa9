/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the sentence an operator reads when a client is turned away before authentication. Of the names the client
 * offers the one is chosen that asks for the smallest change: first one that is on by default and was taken away, then
 * one that is off; only when there is neither is the client itself too old, too new or unknown. The commands are those
 * of the place that decides: the VRF's own statement where it has one, else the server's.
 */
#include "services/ssh_mismatch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
	char *buffer;
	size_t size_bytes, len;
	unsigned commands;
};

static void __attribute__((format(printf, 2, 3))) write_text(struct writer *writer, const char *format, ...)
{
	va_list args;
	int written;

	if (writer->len + 1 >= writer->size_bytes)
		return;
	va_start(args, format);
	written = vsnprintf(writer->buffer + writer->len, writer->size_bytes - writer->len, format, args);
	va_end(args);
	if (written < 0)
		return;
	writer->len += (size_t)written;
	if (writer->len >= writer->size_bytes)
		writer->len = writer->size_bytes - 1;
}

static void __attribute__((format(printf, 2, 3))) write_command(struct writer *writer, const char *format, ...)
{
	char command[2 * SSH_ALGORITHM_LIST_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	write_text(writer, "%s'%s'", writer->commands++ ? " and " : "", command);
}

/* "ssh server vrf blue" or "ssh server". */
static const char *place_text(const struct ssh_mismatch *mismatch, bool of_vrf, char *buffer, size_t size_bytes)
{
	snprintf(buffer, size_bytes, "ssh server%s%s", of_vrf ? " vrf " : "", of_vrf ? mismatch->vrf_name : "");
	return buffer;
}

/* ---- which of the client's names ---- */

enum chance {
	CHANCE_NONE,
	CHANCE_NEVER,	/* known, and never offered */
	CHANCE_LIBSSH,	/* known, and this libssh cannot */
	CHANCE_UNSAFE,	/* known, and this libssh cannot well */
	CHANCE_OFF,	/* it has to be named */
	CHANCE_KEY,	/* the host has no such key */
	CHANCE_ON,	/* it was on by default */
};

static enum chance row_chance(const struct ssh_algorithm *row, const struct ssh_algorithm_server *server)
{
	if (row->offer == SSH_ALGORITHM_NEVER)
		return CHANCE_NEVER;
	if (row->libssh_least > server->libssh)
		return CHANCE_LIBSSH;
	if (ssh_algorithm_is_unsafe(row, server))
		return CHANCE_UNSAFE;
	if (row->kind == SSH_ALGORITHM_HOST_KEY && !ssh_algorithm_has_key(row, server))
		return CHANCE_KEY;
	return row->offer == SSH_ALGORITHM_ON ? CHANCE_ON : CHANCE_OFF;
}

static const struct ssh_algorithm *best_row(const struct ssh_mismatch *mismatch, enum chance *ret_chance)
{
	const struct ssh_algorithm *best = NULL;
	size_t len;

	*ret_chance = CHANCE_NONE;
	for (const char *at = mismatch->client; *at; at += len + (at[len] == ',')) {
		const struct ssh_algorithm *row;
		enum chance chance;

		len = strcspn(at, ",");
		row = ssh_algorithm_find(mismatch->kind, at, len);
		chance = row ? row_chance(row, &mismatch->server) : CHANCE_NONE;
		if (chance > *ret_chance) {
			*ret_chance = chance;
			best = row;
		}
	}
	return best;
}

/* ---- the commands ---- */

/* The list that is in force with one word more. Of ECDSA host keys the first counts, so there the new one is first. */
static void write_longer_list(struct writer *writer, const struct ssh_mismatch *mismatch,
			      const struct ssh_algorithm *row)
{
	bool of_vrf = mismatch->vrf && ssh_algorithm_configured(row->kind, mismatch->vrf);
	bool before = row->kind == SSH_ALGORITHM_HOST_KEY;
	char words[SSH_ALGORITHM_LIST_MAX_BYTES], place[64];

	ssh_algorithm_words(row->kind, &mismatch->server, words, sizeof(words));
	write_command(writer, "%s algorithms %s %s%s%s", place_text(mismatch, of_vrf, place, sizeof(place)),
		      ssh_algorithm_list_keyword(row->kind), before || !words[0] ? row->word : words,
		      words[0] ? " " : "", !words[0] ? "" : before ? words : row->word);
}

/* The list took it away: without the list it is back, unless another list lies below. */
static void write_list_away(struct writer *writer, const struct ssh_mismatch *mismatch, const struct ssh_algorithm *row)
{
	bool of_vrf = mismatch->vrf && ssh_algorithm_configured(row->kind, mismatch->vrf);
	bool of_all = ssh_algorithm_configured(row->kind, mismatch->global);
	char place[64];

	if (of_vrf && of_all)
		write_longer_list(writer, mismatch, row);
	else
		write_command(writer, "no %s algorithms %s", place_text(mismatch, of_vrf, place, sizeof(place)),
			      ssh_algorithm_list_keyword(row->kind));
}

static bool is_enabled_somewhere(const struct ssh_algorithm *row, const struct ssh_mismatch *mismatch)
{
	return ssh_algorithm_is_enabled(row, mismatch->global) ||
	       (mismatch->vrf && ssh_algorithm_is_enabled(row, mismatch->vrf));
}

/* Flags of both places count, so each that is set has to go. */
static void write_mac_commands(struct writer *writer, const struct ssh_mismatch *mismatch,
			       const struct ssh_algorithm *row)
{
	char place[64];

	if (ssh_algorithm_is_disabled(row, mismatch->global))
		write_command(writer, "no ssh server disable hmac %s", row->word);
	if (mismatch->vrf && ssh_algorithm_is_disabled(row, mismatch->vrf))
		write_command(writer, "no %s disable hmac %s", place_text(mismatch, true, place, sizeof(place)),
			      row->word);
	if (row->offer == SSH_ALGORITHM_OFF && !is_enabled_somewhere(row, mismatch))
		write_command(writer, "ssh server enable hmac %s", row->word);
}

/* Off by default, or enabled by the server and taken back by the VRF. */
static void write_cipher_commands(struct writer *writer, const struct ssh_mismatch *mismatch,
				  const struct ssh_algorithm *row)
{
	char place[64];

	if (mismatch->vrf && ssh_algorithm_is_taken_back(row, mismatch->vrf))
		write_command(writer, "no %s disable cipher %s", place_text(mismatch, true, place, sizeof(place)),
			      row->family);
	if (!is_enabled_somewhere(row, mismatch))
		write_command(writer, "ssh server enable cipher %s", row->family);
}

/* "ecdsa nistp256" as crypto key generate takes it. */
static const char *key_words(const struct ssh_algorithm *row)
{
	static const struct {
		const char *word, *key;
	} keys[] = {
		{ "ed25519", "ed25519" },	      { "ecdsa-nistp256", "ecdsa nistp256" },
		{ "ecdsa-nistp384", "ecdsa nistp384" }, { "ecdsa-nistp521", "ecdsa nistp521" },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(row->word, keys[i].word))
			return keys[i].key;
	return "rsa";
}

/* Whether what is configured would offer the row if only the key were there. */
static bool only_key_missing(const struct ssh_algorithm *row, const struct ssh_mismatch *mismatch)
{
	struct ssh_algorithm_server server = mismatch->server;
	char list[SSH_ALGORITHM_LIST_MAX_BYTES];

	server.host_keys = ~0u;
	ssh_algorithm_list(row->kind, &server, list, sizeof(list));
	return ssh_algorithm_list_has(list, row->name);
}

static void write_commands(struct writer *writer, const struct ssh_mismatch *mismatch, const struct ssh_algorithm *row,
			   enum chance chance)
{
	if (chance == CHANCE_KEY)
		write_command(writer, "crypto key generate %s", key_words(row));
	if (chance == CHANCE_KEY && only_key_missing(row, mismatch))
		return;
	if (row->kind == SSH_ALGORITHM_MAC)
		write_mac_commands(writer, mismatch, row);
	else if (row->kind == SSH_ALGORITHM_CIPHER && row->offer == SSH_ALGORITHM_OFF)
		write_cipher_commands(writer, mismatch, row);
	else if (row->offer == SSH_ALGORITHM_ON && ssh_algorithm_configured(row->kind, mismatch->server.profile))
		write_list_away(writer, mismatch, row);
	else
		write_longer_list(writer, mismatch, row);
}

static void write_remedy(struct writer *writer, const struct ssh_mismatch *mismatch)
{
	enum chance chance;
	const struct ssh_algorithm *row = best_row(mismatch, &chance);

	switch (chance) {
	case CHANCE_NONE:
		write_text(writer, "none of the client's names is known here");
		break;
	case CHANCE_NEVER:
		write_text(writer, "%s is deprecated and never offered, because %s", row->name, row->why);
		break;
	case CHANCE_LIBSSH:
		write_text(writer, "%s needs libssh %u.%u or newer", row->name, row->libssh_least / 10000,
			   row->libssh_least / 100 % 100);
		break;
	case CHANCE_UNSAFE:
		write_text(writer, "%s needs a libssh that refuses packets with a wrong tag", row->name);
		break;
	case CHANCE_OFF:
	case CHANCE_KEY:
	case CHANCE_ON:
		write_commands(writer, mismatch, row, chance);
		write_text(writer, " would offer %s", row->name);
		break;
	}
}

const char *ssh_mismatch_text(const struct ssh_mismatch *mismatch, char *buffer, size_t size_bytes)
{
	struct writer writer = { .buffer = buffer, .size_bytes = size_bytes };
	char ours[SSH_ALGORITHM_LIST_MAX_BYTES];
	size_t client_len = strnlen(mismatch->client, SSH_ALGORITHM_LIST_MAX_BYTES);

	buffer[0] = '\0';
	ssh_algorithm_list(mismatch->kind, &mismatch->server, ours, sizeof(ours));
	write_text(&writer, "no %s in common: the client offers %.*s%s; offered here: %s; ",
		   ssh_algorithm_kind_names[mismatch->kind], (int)client_len, client_len ? mismatch->client : "nothing",
		   mismatch->client[client_len] ? "..." : "", ours[0] ? ours : "nothing");
	write_remedy(&writer, mismatch);
	return buffer;
}
