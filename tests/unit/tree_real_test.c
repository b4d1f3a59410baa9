/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: writer and parser are inverse on random configurations of the real table: every row of it, operands at their
 * limits, text of any printable characters, words that mean something elsewhere. One seed is fixed and one is of the
 * moment; a failure prints it, and TREE_SEED=N repeats it.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "conf/root.h"
#include "conf/tree.h"

#define ROUNDS	       200
#define LINES_MAX      160
#define VALUE_MAX      2048
#define LINE_MAX_BYTES 8192
#define TRIES	       400

struct random {
	uint64_t seed, state;
};

static uint32_t draw(struct random *random, uint32_t below)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return (uint32_t)(random->state >> 11) % below;
}

/* ---- operands ---- */

/* Words that are something else in another place, and characters that some reader might take for its own. */
static const char *const pieces[] = {
	"no", "exit", "end", "!", "!!", "|", "?", "\"", "'", "\\", "***", "#", "$(x)", "`x`", "%n", "%s", "<cr>", "{", "}",
	"vrf", "ssh", "a", "Z9", "ü", "日本語", "…", "€", "Ωmega", "\xf0\x9f\x94\x91", "~", "--", "0", "-1", "*", ".", ";", "&&",
};

static void random_text(struct random *random, const struct arg *arg, char *value)
{
	size_t least = arg->min > 0 ? (size_t)arg->min : 1, most = arg->max > 0 && arg->max < VALUE_MAX - 16 ?
									  (size_t)arg->max : VALUE_MAX - 16;
	size_t wanted = draw(random, 4) ? least + draw(random, (uint32_t)(most - least < 40 ? most - least + 1 : 40)) :
			draw(random, 2) ? most : least;
	size_t len = 0;

	while (len < wanted) {
		const char *piece = pieces[draw(random, ARRAY_SIZE(pieces))];
		bool blank = len && !arg->words_taken && draw(random, 3) == 0 && len + 1 < wanted;

		if (len + blank + strlen(piece) > wanted)
			piece = "x";
		len += (size_t)snprintf(value + len, VALUE_MAX - len, "%s%s", blank ? " " : "", piece);
	}
}

static void random_name(struct random *random, char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.:";
	size_t len = draw(random, 3) ? 1 + draw(random, 12) : 1 + draw(random, 70);

	for (size_t i = 0; i < len; i++)
		value[i] = letters[draw(random, i ? sizeof(letters) - 1 : 32)];
	value[len] = '\0';
}

static void random_base64(struct random *random, char *value, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i++)
		value[i] = letters[draw(random, 64)];
	value[len] = '\0';
}

/* Things that the operands with rules of their own are made of; which fits is tried out. */
static void random_form(struct random *random, const struct arg *arg, char *value)
{
	static const char *const ports[] = { "eq ssh", "eq 5520", "range 1 1023", "neq 22", "gt 1024", "lt 9" };
	char base64[96], *at = value;
	unsigned a = draw(random, 256), b = draw(random, 33), count;

	switch (draw(random, 13)) {
	case 12: /* of lines: timeouts and pools */
		snprintf(value, VALUE_MAX, draw(random, 2) ? "%u %u" : draw(random, 2) ? "p%u 5 %u" : "%u %u line-template T",
			 a % 3 ? 0 : 100, draw(random, 2) ? b % 60 : 105);
		return;
	case 0:
		random_name(random, value);
		return;
	case 1:
		snprintf(value, VALUE_MAX, "10.%u.0.0/%u", a, b);
		return;
	case 2:
		snprintf(value, VALUE_MAX, "2001:db8:%x::/%u", a, 4 * b);
		return;
	case 3:
		random_base64(random, base64, 42);
		snprintf(value, VALUE_MAX, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM%s a comment", base64);
		return;
	case 4:
		random_base64(random, base64, 86);
		for (char *c = base64; *c; c++)
			*c = *c == '+' ? '.' : *c;
		snprintf(value, VALUE_MAX, "10 $6$salt%u$%s", a, base64);
		return;
	case 5:
		snprintf(value, VALUE_MAX, "tcp 10.%u.0.0 0.0.%u.255 any %s", a, b, ports[draw(random, 6)]);
		return;
	case 6:
		snprintf(value, VALUE_MAX, "tcp host 2001:db8::%x any %s", a, ports[draw(random, 6)]);
		return;
	case 7:
		snprintf(value, VALUE_MAX, "/usr/lib/x%u/y", a);
		return;
	case 8:
		snprintf(value, VALUE_MAX, a % 2 ? "192.0.2.%u%s" : "2001:db8::%x%s", a,
			 arg->joined && b % 2 ? " vrf blue" : "");
		return;
	case 9:
		snprintf(value, VALUE_MAX, "%u", a % 3 ? a + 1 : 65535);
		return;
	case 10:
		snprintf(value, VALUE_MAX, "default");
		return;
	case 11:
		count = 1 + draw(random, 4);
		value[0] = '\0';
		for (unsigned i = 0; i < count && arg->words; i++) {
			size_t len = 0;

			while (arg->words[len])
				len++;
			at += snprintf(at, (size_t)(value + VALUE_MAX - at), "%s%s", i ? " " : "",
				       arg->words[draw(random, (uint32_t)len)]);
		}
		return;
	}
}

/* A value that the operand takes; false when none was found. */
static bool random_value(struct random *random, const struct arg *arg, char *value)
{
	size_t words_len = 0;

	for (int try = 0; try < TRIES; try++) {
		char *canonical = NULL;

		if (arg->words && !arg->canonical) {
			while (arg->words[words_len])
				words_len++;
			snprintf(value, VALUE_MAX, "%s", arg->words[draw(random, (uint32_t)words_len)]);
		} else if (stmt_arg_is_number(arg) && !arg->canonical) {
			uint32_t width = (uint32_t)(arg->max - arg->min);

			snprintf(value, VALUE_MAX, "%" PRId64,
				 draw(random, 3) ? arg->min + draw(random, width) : draw(random, 2) ? arg->max : arg->min);
		} else if (arg->canonical || draw(random, 8) == 0) {
			random_form(random, arg, value);
		} else {
			random_text(random, arg, value);
		}
		if (value[0] && strlen(value) < VALUE_MAX && (!arg->words_taken || arg->joined || !strchr(value, ' ')) &&
		    stmt_arg_canonical(arg, value, &canonical, NULL) == 0) {
			free(canonical);
			return true;
		}
	}
	return false;
}

/* ---- lines ---- */

/* Which rows a line has ended with; the law is to hold for all of them. */
static struct covered {
	const struct stmt *rows[1024];
	size_t len;
} covered;

static void cover(const struct stmt *row)
{
	for (size_t i = 0; i < covered.len; i++)
		if (covered.rows[i] == row)
			return;
	cr_assert_lt(covered.len, ARRAY_SIZE(covered.rows));
	covered.rows[covered.len++] = row;
}

static size_t rows_len(const struct stmt *rows)
{
	size_t len = 0;

	while (rows && rows[len].kind != STMT_END)
		len++;
	return len;
}

/* A keyword as operators type it: cut as far as it stays the only one, in any case. */
static void put_keyword(struct random *random, const struct stmt *rows, const struct stmt *row, char *line)
{
	size_t len = strlen(row->word), shortest = 1, at = strlen(line);

	for (const struct stmt *other = rows; other->kind != STMT_END; other++)
		while (other != row && shortest < len && !strncmp(other->word, row->word, shortest))
			shortest++;
	if (draw(random, 3) == 0)
		len = shortest + draw(random, (uint32_t)(len - shortest + 1));
	snprintf(line + at, LINE_MAX_BYTES - at, "%s%.*s", at ? " " : "", (int)len, row->word);
	if (draw(random, 8) == 0)
		for (char *c = line + at; *c; c++)
			*c = (char)toupper((unsigned char)*c);
}

/* Entries of few names get more than one statement. */
static bool known_key(struct random *random, const struct stmt *row, char *value)
{
	char *canonical = NULL;

	if (row->kind != STMT_LIST || draw(random, 3) == 0)
		return false;
	snprintf(value, VALUE_MAX, stmt_arg_is_number(row->arg) ? "1%u" : "n%u", draw(random, 4));
	if (stmt_arg_canonical(row->arg, value, &canonical, NULL) < 0)
		return false;
	free(canonical);
	return true;
}

static bool random_line(struct random *random, char *line)
{
	const struct stmt *rows = conf_root;
	char value[VALUE_MAX];

	line[0] = '\0';
	while (rows_len(rows)) {
		const struct stmt *row = &rows[draw(random, (uint32_t)rows_len(rows))];

		if (!(row->flags & (STMT_BARE | STMT_UNSPOKEN)))
			put_keyword(random, rows, row, line);
		if (row->arg) {
			if (!known_key(random, row, value) && !random_value(random, row->arg, value))
				return false;
			snprintf(line + strlen(line), LINE_MAX_BYTES - strlen(line), " %s", value);
		}
		rows = row->kind != STMT_NODE && draw(random, 2) ? NULL : row->sub;
	}
	return true;
}

/* What a line means, said in full, means the same. */
static void law_canonical(const struct random *random, const char *line, const struct match *match)
{
	AUTO(free) char *text = stmt_match_text(match), *again = NULL;
	struct match second;

	stmt_match(conf_root, NULL, text, true, &second);
	cr_assert_eq(second.status, MATCH_OK, "seed %" PRIu64 ": [%s] is [%s], which is refused: %s", random->seed, line,
		     text, second.err.text);
	again = stmt_match_text(&second);
	cr_assert_str_eq(again, text, "seed %" PRIu64, random->seed);
	stmt_match_done(&second);
}

static struct tree *random_tree(struct random *random)
{
	int lines = (int)draw(random, LINES_MAX);
	char line[LINE_MAX_BYTES], negated[LINE_MAX_BYTES + 8];
	struct tree *tree;

	cr_assert_eq(tree_new(conf_root, &tree), 0);
	while (lines-- > 0) {
		struct match match;
		bool negate = draw(random, 12) == 0;
		int r;

		if (!random_line(random, line))
			continue;
		snprintf(negated, sizeof(negated), "%s%s", negate ? "no " : "", line);
		stmt_match(conf_root, NULL, negated, true, &match);
		if (match.status == MATCH_OK && !match.more) {
			law_canonical(random, negated, &match);
			cover(stmt_match_row(&match));
			r = tree_apply(tree, &match, NULL);
			cr_assert(r >= 0 || r == -ENOSPC, "seed %" PRIu64 ": [%s] %d", random->seed, negated, r);
		} else {
			/* a group alone, or an entry without what it says */
			cr_assert(match.status == MATCH_OK || match.status == MATCH_INCOMPLETE,
				  "seed %" PRIu64 ": [%s] is refused at %u: %s", random->seed, negated, match.column,
				  match.err.text);
		}
		stmt_match_done(&match);
	}
	return tree;
}

/* ---- laws ---- */

static int add_line(const char *line, void *userdata)
{
	return fprintf(userdata, "%s\n", line) < 0 ? -EIO : 0;
}

enum form { FLAT, BLOCKS, DIFF_FLAT, DIFF_BLOCKS };

static char *text_of(const struct tree *from, const struct tree *tree, enum form form)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int r = form == FLAT	  ? tree_each(tree, add_line, out) :
		form == BLOCKS	  ? tree_write(tree, NULL, 0, out) :
		form == DIFF_FLAT ? tree_diff(from, tree, add_line, out) :
				    tree_write_diff(from, tree, 0, out);

	cr_assert_geq(r, 0);
	fclose(out);
	return text;
}

static void on_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	const struct random *random = userdata;

	cr_assert(false, "seed %" PRIu64 ": line %u [%s] that was written is refused: %s", random->seed, line_number, line,
		  reason);
}

/* The text, read over start, gives the tree. */
static void law_read(struct random *random, const struct tree *start, const struct tree *tree, enum form form)
{
	AUTO(free) char *text = text_of(start, tree, form), *wanted = text_of(NULL, tree, FLAT), *got = NULL;
	struct tree *read;

	cr_assert_eq(start ? tree_copy(start, &read) : tree_new(conf_root, &read), 0);
	if (form == FLAT || form == DIFF_FLAT) {
		char *rest = text, *line;

		/* each flat line is meant from the top, whatever the one before it opened */
		while ((line = strsep(&rest, "\n"))) {
			struct match match;

			if (!line[0])
				continue;
			stmt_match(conf_root, NULL, line, true, &match);
			cr_assert_eq(match.status, MATCH_OK, "seed %" PRIu64 ": [%s]", random->seed, line);
			cr_assert_geq(tree_apply(read, &match, NULL), 0, "seed %" PRIu64 ": [%s]", random->seed, line);
			stmt_match_done(&match);
		}
	} else {
		cr_assert_eq(tree_parse(read, text, on_fault, random, NULL), 0);
	}
	got = text_of(NULL, read, FLAT);
	cr_assert_str_eq(got, wanted, "seed %" PRIu64 ", form %d\nwritten:\n%s\nread:\n%s", random->seed, (int)form, wanted,
			 got);
	tree_free(read);
}

static void laws(uint64_t seed, int rounds)
{
	struct random random = { .seed = seed, .state = seed * 2654435761u + 88172645463325252u };

	for (int round = 0; round < rounds; round++) {
		struct tree *one = random_tree(&random), *other = random_tree(&random);

		law_read(&random, NULL, one, FLAT);
		law_read(&random, NULL, one, BLOCKS);
		law_read(&random, one, other, DIFF_FLAT);
		law_read(&random, one, other, DIFF_BLOCKS);
		tree_free(one);
		tree_free(other);
	}
}

static void check_covered(const struct stmt *const *path, size_t path_len, void *userdata)
{
	const struct stmt *row = path[path_len - 1];
	char name[256] = "";

	(void)userdata;
	if (row->kind == STMT_NODE || row->flags & STMT_BARE)
		return;
	for (size_t i = 0; i < covered.len; i++)
		if (covered.rows[i] == row)
			return;
	for (size_t i = 0; i < path_len; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s ", path[i]->word);
	cr_expect(false, "no random line said: %s", name);
}

/* Rows are many and some lie deep: each gets a line of its own. */
static void cover_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct random *random = userdata;
	char line[LINE_MAX_BYTES] = "", value[VALUE_MAX];
	struct tree *tree;
	struct match match;

	for (size_t i = 0; i < path_len; i++) {
		if (!(path[i]->flags & (STMT_BARE | STMT_UNSPOKEN)))
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s", path[i]->word);
		if (!path[i]->arg)
			continue;
		cr_assert(random_value(random, path[i]->arg, value), "seed %" PRIu64 ": no value for %s", random->seed,
			  path[i]->word);
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s", value);
	}
	stmt_match(conf_root, NULL, line, true, &match);
	cr_assert(match.status == MATCH_OK || match.status == MATCH_INCOMPLETE, "seed %" PRIu64 ": [%s]: %s",
		  random->seed, line, match.err.text);
	if (match.status == MATCH_OK && !match.more) {
		law_canonical(random, line, &match);
		cover(path[path_len - 1]);
		cr_assert_eq(tree_new(conf_root, &tree), 0);
		/* a place that can be entered is nothing by itself, but where it says something */
		cr_assert_eq(tree_apply(tree, &match, NULL),
			     path[path_len - 1]->kind != STMT_NODE || path[path_len - 1]->alone,
			     "seed %" PRIu64 ": [%s] changes nothing", random->seed, line);
		law_read(random, NULL, tree, BLOCKS);
		law_read(random, NULL, tree, FLAT);
		tree_free(tree);
	}
	stmt_match_done(&match);
}

static uint64_t seed_of_the_moment(void)
{
	const char *given = getenv("TREE_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return given ? strtoull(given, NULL, 10) : (uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec;
}

Test(tree_real, writer_and_parser_are_inverse_on_random_configurations, .timeout = 120)
{
	struct random random = { .seed = 1, .state = 88172645463325252u };

	laws(1, ROUNDS / 2);
	laws(seed_of_the_moment(), ROUNDS / 2);
	for (int i = 0; i < 4; i++)
		stmt_walk(conf_root, cover_row, &random);
	stmt_walk(conf_root, check_covered, NULL);
}
