/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what is said about an entry besides its syntax: its words one by one with values and defaults, the mode and the
 * task, and an example that the table itself has been asked to take.
 */
#include "packaging/manual/manual.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/task.h"

/* ---- words ---- */

typedef void on_word_function(const struct manual_word *word, void *userdata);

static void values_write(const struct arg *arg, char *text, size_t size_bytes)
{
	const char *unit = arg->unit ? arg->unit : "";
	size_t len = 0;

	text[0] = '\0';
	if (arg->text && strstr(arg->help, "characters"))
		return; /* said already */
	if (arg->words) {
		for (const char *const *word = arg->words; *word && len < size_bytes; word++)
			len += (size_t)snprintf(text + len, size_bytes - len, "%s%s", len ? ", " : "", *word);
	} else if (stmt_arg_is_number(arg)) {
		snprintf(text, size_bytes, "%" PRId64 " to %" PRId64 "%s%s", arg->min, arg->max,
			 *unit ? " " : "", unit);
	} else if (arg->text && arg->max > 0) {
		if (arg->min > 1)
			snprintf(text, size_bytes, "%" PRId64 " to %" PRId64 " characters", arg->min,
				 arg->max);
		else if (arg->max > 1)
			snprintf(text, size_bytes, "up to %" PRId64 " characters", arg->max);
		else
			snprintf(text, size_bytes, "one character");
	}
}

/* operand_help NULL: the operand is told with another row. */
static void tell(const struct stmt *row, const char *operand_help, on_word_function *on_word, void *userdata)
{
	struct manual_word word = { .def = row->kind == STMT_LEAF ? row->def : NULL };
	const bool spoken = !(row->flags & (STMT_BARE | STMT_UNSPOKEN));
	char operand[400] = "";

	if (row->arg && operand_help) {
		manual_operand(row, operand, sizeof(operand));
		values_write(row->arg, word.values, sizeof(word.values));
	}
	snprintf(word.text, sizeof(word.text), "%s%s%s", spoken ? row->word : "",
		 operand[0] && spoken ? " " : "", operand);
	snprintf(word.help, sizeof(word.help), "%s%s%s%s", row->help, operand_help ? ": " : "",
		 operand_help ? operand_help : "", row->flags & STMT_DEPRECATED ? " (deprecated)" : "");
	on_word(&word, userdata);
}

/* Each keyword once: options are rows that repeat below each other. */
struct seen {
	const struct stmt *rows[64];
	size_t len;
};

static bool is_new(struct seen *seen, const struct stmt *row)
{
	for (size_t i = 0; i < seen->len; i++)
		if (!strcmp(seen->rows[i]->word, row->word) && !strcmp(seen->rows[i]->help, row->help))
			return false;
	if (seen->len < ARRAY_SIZE(seen->rows))
		seen->rows[seen->len++] = row;
	return true;
}

static bool is_like_before(const struct stmt *rows, const struct stmt *row)
{
	for (; rows < row; rows++)
		if (manual_alike(rows, row))
			return true;
	return false;
}

static void tell_below(const struct stmt *row, struct seen *seen, on_word_function *on_word, void *userdata)
{
	for (const struct stmt *sub = row->sub; sub && sub->kind != STMT_END; sub++) {
		if ((sub->flags & STMT_HIDDEN) || !is_new(seen, sub))
			continue;
		tell(sub, sub->arg && !is_like_before(row->sub, sub) ? sub->arg->help : NULL, on_word,
		     userdata);
		tell_below(sub, seen, on_word, userdata);
	}
}

/* The operand of the entry's own row, whose help is the sentence of the entry. */
static void tell_operand(const struct stmt *row, on_word_function *on_word, void *userdata)
{
	struct manual_word word = { .def = row->kind == STMT_LEAF ? row->def : NULL };

	if (!row->arg)
		return;
	manual_operand(row, word.text, sizeof(word.text));
	snprintf(word.help, sizeof(word.help), "%s", row->arg->help);
	values_write(row->arg, word.values, sizeof(word.values));
	on_word(&word, userdata);
}

void manual_words(const struct manual_entry *entry, on_word_function *on_word, void *userdata)
{
	const struct stmt *last = entry->steps[entry->steps_len - 1].row;
	struct seen seen = { .len = 0 };

	for (size_t i = 0; i + 1 < entry->steps_len; i++) {
		const struct stmt *row = entry->steps[i].row;

		for (const struct stmt *one = entry->steps[i].rows; one && one->kind != STMT_END; one++)
			if (manual_shares(row, one))
				tell(one, one->arg ? one->arg->help : NULL, on_word, userdata);
		if (row->arg && !entry->steps[i].rows && !(row->flags & STMT_ARG_OPTIONAL))
			tell(row, row->arg->help, on_word, userdata);
	}
	if (entry->as[0])
		return;
	if (entry->others_len || (last->kind == STMT_RUN && (last->flags & STMT_BARE)))
		tell(last, last->arg ? last->arg->help : NULL, on_word, userdata);
	else
		tell_operand(last, on_word, userdata);
	for (size_t i = 0; i < entry->others_len; i++)
		tell(entry->others[i], NULL, on_word, userdata);
	if (entry->folded)
		tell_below(last, &seen, on_word, userdata);
}

/* ---- the entry ---- */

static const struct stmt *last_row(const struct manual_entry *entry)
{
	return entry->steps[entry->steps_len - 1].row;
}

/* Where several siblings share an entry, the sentence of their parent. */
const char *manual_help(const struct manual_entry *entry)
{
	if (entry->others_len && entry->steps_len > 1)
		return entry->steps[entry->steps_len - 2].row->help;
	/* an operand that stands for itself says what it is, not what the command does */
	for (size_t i = entry->steps_len; i-- > 0;)
		if (entry->steps[i].row->kind != STMT_RUN || !(entry->steps[i].row->flags & STMT_BARE))
			return entry->steps[i].row->help;
	return last_row(entry)->help;
}

const char *manual_task(const struct manual_entry *entry)
{
	for (size_t i = entry->steps_len; i-- > 0;)
		if (entry->steps[i].row->task)
			return entry->steps[i].row->task;
	return "";
}

const char *manual_mode(const struct manual_entry *entry)
{
	for (size_t i = entry->steps_len - 1; i-- > 0;)
		if (entry->steps[i].row->mode)
			return entry->steps[i].row->mode;
	return entry->part == MANUAL_STATEMENTS || entry->part == MANUAL_MODE ? "config" : NULL;
}

const char *manual_opens(const struct manual_entry *entry)
{
	return last_row(entry)->mode;
}

const char *manual_access(const struct manual_entry *entry)
{
	unsigned access;
	bool writes = false;

	for (size_t i = 0; i < entry->steps_len; i++)
		writes |= (entry->steps[i].row->flags & STMT_WRITES) != 0;
	access = entry->part == MANUAL_STATEMENTS
			 ? TASK_WRITE
			 : task_command_access(last_row(entry), manual_task(entry), writes);
	if (access & TASK_EXECUTE)
		return "execute";
	return access & TASK_WRITE ? "write" : access & TASK_DEBUG ? "debug" : "read";
}

/* ---- the example ---- */

/* Values a person would type, by keyword or by what completes the operand. */
static const struct sample {
	const char *of, *value;
} samples[] = {
	{ "hostname", "router1" },
	{ "name", "example.com" },
	{ "vrf", "blue" },
	{ "username", "alice" },
	{ "user", "alice" },
	{ "group", "netadmin" },
	{ "device", "vrf-blue" },
	{ "description", "Customer Blue, site 4" },
	{ "keystring", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpT" },
	{ "banner", "Authorized operators only" },
	{ "access-list", "MGMT" },
	{ "ipv4", "MGMT" },
	{ "ipv6", "MGMT6" },
	{ "permit", "tcp 192.0.2.0/24 any eq ssh" },
	{ "permit", "tcp 2001:db8::/32 any eq ssh" },
	{ "deny", "tcp any any" },
	{ "remark", "The network operations centre" },
	{ "exempt", "192.0.2.0/24" },
	{ "penalty", "192.0.2.7" },
	{ "label", "before-upgrade" },
	{ "comment", "Ticket 4711" },
	{ "load", "harddisk:/candidate.cfg" },
	{ "save", "harddisk:/backup.cfg" },
	{ "running-config", "harddisk:/backup.cfg" },
	{ "do", "show ssh" },
	{ "include", "up" },
	{ "exclude", "up" },
	{ "begin", "ssh" },
	{ "file", "harddisk:/output.txt" },
	{ "trap", "warnings" },
	{ "console", "warnings" },
	{ "monitor", "notifications" },
	{ "severity", "warnings" },
	{ "facility", "local5" },
	{ "format", "rfc5424" },
	{ "host port", "1514" },
	{ "netconf port", "8300" },
	{ "rsa", "3072" },
	{ "length", "0" },
	{ "width", "132" },
	{ "last", "1" },
	{ "to", "before-upgrade" },
	{ "changes", "1000000012" },
	{ "config", "ssh server" },
	{ "key-exchange", "curve25519-sha256 ecdh-sha2-nistp256" },
	{ "cipher", "aes256-gcm@openssh.com aes128-gcm@openssh.com" },
	{ "host-key", "ed25519 rsa-sha512" },
	{ "host", "192.0.2.1" },
	{ "ipv6 host", "2001:db8::1" },
	{ "mkdir", "harddisk:/reports" },
	{ "rmdir", "harddisk:/reports" },
	{ "cd", "harddisk:/reports" },
	{ "dir", "harddisk:/reports" },
	{ "delete", "harddisk:/old.cfg" },
	{ "more", "harddisk:/backup.cfg" },
	{ "show file", "harddisk:/backup.cfg" },
	{ "md5 file", "harddisk:/image.bin" },
	{ "copy file", "harddisk:/backup.cfg" },
	{ "file to", "disk0:/backup.cfg" },
	{ "rename from", "harddisk:/backup.cfg" },
	{ "from to", "harddisk:/before.cfg" },
	{ "logging host", "192.0.2.9 vrf blue" },
	{ "start", "09:30" },
	{ "end", "2026-10-14T11:00" },
	{ "process", "sshd" },
	{ "string", "INFO_SUCCESS" },
};

static char *number_sample(const struct stmt *row)
{
	const struct arg *arg = row->arg;
	int64_t number = row->def ? strtoll(row->def, NULL, 10) * 2 : arg->min < 10 ? 10 : arg->min;
	char *text = NULL;

	if (number > arg->max || number < arg->min)
		number = arg->min;
	return asprintf(&text, "%" PRId64, number) < 0 ? NULL : text;
}

static char *sample_at(const struct arg *arg, const char *of)
{
	char *canonical = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		if (!strcmp(samples[i].of, of) &&
		    !stmt_arg_canonical(arg, samples[i].value, &canonical, NULL))
			return canonical;
	return NULL;
}

/* A value that the operand of the row takes, malloc'ed; NULL when none is known. before: the keyword above it. */
static char *sample_of(const struct stmt *row, const char *before)
{
	const struct arg *arg = row->arg;
	char *canonical, both[80];

	if (arg->secret)
		return NULL;
	snprintf(both, sizeof(both), "%s %s", before, row->word);
	canonical = sample_at(arg, both);
	if (!canonical && arg->complete)
		canonical = sample_at(arg, arg->complete);
	if (!canonical)
		canonical = sample_at(arg, row->word);
	if (!canonical && stmt_arg_is_number(arg))
		canonical = number_sample(row);
	if (!canonical && arg->words && stmt_arg_canonical(arg, arg->words[0], &canonical, NULL) < 0)
		canonical = NULL;
	return canonical;
}

struct example {
	FILE *out;
	bool whole;  /* every value that is needed is known */
	bool values; /* it says more than the syntax does */
	const char *before;
};

static void add_row(struct example *example, const struct stmt *row, bool with_value)
{
	AUTO(free) char *value = NULL;

	if (!(row->flags & (STMT_BARE | STMT_UNSPOKEN)))
		fprintf(example->out, "%s ", row->word);
	value = row->arg && with_value ? sample_of(row, example->before) : NULL;
	example->before = row->word;
	if (!row->arg || !with_value)
		return;
	if (value)
		fprintf(example->out, "%s ", value);
	else if (!(row->flags & STMT_ARG_OPTIONAL))
		example->whole = false;
	example->values |= value != NULL;
}

/* What follows when the line may not end yet. The second choice: the first is often "deny", or the oldest. */
static const struct stmt *row_below(const struct stmt *row)
{
	const struct stmt *rows = row->sub;

	return rows->kind != STMT_FLAG && rows[1].kind != STMT_END ? rows + 1 : rows;
}

static char *line_of(const struct manual_entry *entry)
{
	const struct stmt *last = last_row(entry);
	char *line = NULL;
	size_t len = 0;
	struct example example = { .out = open_memstream(&line, &len), .whole = true, .before = "" };

	if (!example.out)
		return NULL;
	for (size_t i = 0; i < entry->steps_len; i++) {
		const struct stmt *row = entry->steps[i].row;

		if (!entry->steps[i].optional)
			add_row(&example, row, row == last || !(row->flags & STMT_ARG_OPTIONAL));
	}
	if (entry->folded && (!manual_is_whole(last) || !last->arg))
		add_row(&example, row_below(last), true);
	if (fclose(example.out) == 0 && example.whole && example.values) {
		line[len - 1] = '\0';
		return line;
	}
	free(line);
	return NULL;
}

char *manual_example(const struct manual *manual, const struct manual_entry *entry)
{
	char *line = entry->as[0] || entry->part == MANUAL_PIPE ? NULL : line_of(entry);
	struct match match;
	bool taken;

	if (!line)
		return NULL;
	stmt_match(manual->roots[entry->part], NULL, line, false, &match);
	taken = match.status == MATCH_OK;
	stmt_match_done(&match);
	if (taken)
		return line;
	free(line);
	return NULL;
}
