/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what leaves the router in an archive has been shown to somebody who may see it, and is read by others. Each
 * command masks what it knows; this is the second net, which knows nothing of commands: it looks for the words that
 * stand before a secret in a configuration and for the forms that secrets have. It rather takes too much.
 */
#include "cli/tech_scrub.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/root.h"

#define WORD_END " \t\n\r\"\\"
#define KEYWORDS_MAX 32u
#define PEM_HEAD_MAX 64u

struct keywords {
	const char *words[KEYWORDS_MAX];
	size_t len;
};

static void keyword_add(struct keywords *keywords, const char *word)
{
	for (size_t i = 0; i < keywords->len; i++)
		if (!strcmp(keywords->words[i], word))
			return;
	if (keywords->len < KEYWORDS_MAX)
		keywords->words[keywords->len++] = word;
}

static void on_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];

	if (stmt_row_is_secret(row) || !strcmp(row->word, "keystring"))
		keyword_add(userdata, row->word);
}

static const struct keywords *keywords_get(void)
{
	static struct keywords keywords;

	if (keywords.len == 0) {
		keyword_add(&keywords, "keystring");
		stmt_walk(conf_root, on_row, &keywords);
	}
	return &keywords;
}

static bool is_end(char c)
{
	return c == '\0' || strchr(WORD_END, c);
}

static size_t word_len(const char *at, const char *end)
{
	size_t len = 0;

	while (at + len < end && !is_end(at[len]))
		len++;
	return len;
}

/* Until the line ends, or the text it is quoted in ("\n" is two characters there). */
static char *mask_rest(char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '"' && *at != '\0' &&
	       !(*at == '\\' && at + 1 < end && at[1] == 'n')) {
		if (*at != ' ' && *at != '\t' && *at != '\r')
			*at = '*';
		at++;
	}
	return at;
}

static bool is_keyword(const char *word, size_t len)
{
	const struct keywords *keywords = keywords_get();

	for (size_t i = 0; i < keywords->len; i++)
		if (strlen(keywords->words[i]) == len && !strncmp(word, keywords->words[i], len))
			return true;
	return false;
}

/* "$6$salt$hash", "$y$j9T$…": where in the word it begins, or len. */
static size_t hash_at(const char *word, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++) {
		size_t id = 1;

		if (word[i] != '$')
			continue;
		while (id < 6 && i + id < len &&
		       ((word[i + id] >= '0' && word[i + id] <= '9') || (word[i + id] >= 'a' && word[i + id] <= 'z')))
			id++;
		if (id > 1 && i + id < len && word[i + id] == '$')
			return i;
	}
	return len;
}

/* The body of "-----BEGIN … PRIVATE KEY-----" until its end, or that of the text. */
static void mask_keys(char *text, char *end)
{
	static const char begin[] = "-----BEGIN ", kind[] = "PRIVATE KEY-----", last[] = "-----END ";
	char *at = text, *stop;

	while ((at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1))) {
		size_t head = (size_t)(end - at) < PEM_HEAD_MAX ? (size_t)(end - at) : PEM_HEAD_MAX;
		char *body = memmem(at, head, kind, sizeof(kind) - 1);

		at += sizeof(begin) - 1;
		if (!body)
			continue;
		at = body + sizeof(kind) - 1;
		stop = memmem(at, (size_t)(end - at), last, sizeof(last) - 1);
		for (; at < (stop ? stop : end); at++)
			if (*at > ' ')
				*at = '*';
	}
}

void tech_scrub(char *text, size_t len_bytes)
{
	char *at = text, *end = text + len_bytes;

	mask_keys(text, end);
	while (at < end) {
		size_t len = word_len(at, end), hash;

		if (len == 0) {
			/* in JSON a letter behind a backslash is no letter of a word */
			at += *at == '\\' && at + 1 < end && at[1] && strchr("\\ntrbf", at[1]) ? 2 : 1;
			continue;
		}
		if (is_keyword(at, len)) {
			at = mask_rest(at + len, end);
			continue;
		}
		hash = hash_at(at, len);
		memset(at + hash, '*', len - hash);
		at += len;
	}
}
