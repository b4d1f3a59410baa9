/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf/stmt.h - the one table: a statement or a command is said once, and matched without side effects
 *
 * Shapes:  struct stmt rows, arrays ended by STMT_DONE, forming a tree; struct arg, the type of an operand;
 *          struct match, what a typed line means
 * Units:   columns count bytes from 0 at the start of the line
 * Errors:  stmt_match() always fills a struct match; its status says how far the line was understood
 * Owns:    rows are const data beside the module that owns them; a match owns its operand texts (stmt_match_done)
 * Runs in: sallyport-confd, sallyport (CLI), every daemon that takes a slice; pure
 * Source:  style.md section 8; clients.md sections 1 and 3
 * Tests:   tests/unit/stmt_test.c, tests/unit/tables_test.c, tests/golden/{parse,help,complete}, tests/fuzz/fuzz_stmt.c
 */
#ifndef CONF_STMT_H
#define CONF_STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STMT_DEPTH_MAX	    16	    /* rows on one path */
#define STMT_MORE_MAX	    32	    /* statements of one line */
#define STMT_LINE_MAX_BYTES 65536u  /* a longer line is refused whole */

struct shell;
struct match;

enum stmt_kind {
	STMT_END = 0, /* ends an array */
	STMT_NODE,    /* a keyword that only groups */
	STMT_FLAG,    /* a keyword that is there or not */
	STMT_LEAF,    /* a keyword and one operand; the last one given counts */
	STMT_LIST,    /* a keyword and a key; many entries, each may have children; an entry counts by itself */
	STMT_RUN,     /* an exec command; arg optional; sub may continue it */
};

enum stmt_flags {
	STMT_SECRET = 1u << 0,	  /* the operand is masked in every writer that a person without the task reads */
	STMT_HIDDEN = 1u << 1,	  /* matched, never helped or completed */
	STMT_DEPRECATED = 1u << 2, /* accepted and stored; reported as deprecated at commit */
	STMT_ARG_OPTIONAL = 1u << 3, /* STMT_RUN: the operand may be left out */
	STMT_CONFIG_TOO = 1u << 4, /* STMT_RUN: also valid in configuration mode without "do" */
	STMT_NO_TIMESTAMP = 1u << 5, /* STMT_RUN: prints no time line */
	STMT_WRITES = 1u << 6,	  /* STMT_RUN: changes something, so it asks for EXECUTE; so do the commands below it */
	STMT_UNSET = 1u << 7,	  /* LEAF with a number: bound as -1 when it is not configured; def is only shown */
	STMT_MORE = 1u << 8,	  /* siblings that have this too may follow on the line, each a statement of its own */
	/* LIST with a number as key, which stands without the keyword: "10 permit …". An entry holds one statement: the
	 * next one given takes its place. A line that begins with that statement gets the next free number, by tens.
	 * Without sub: a LIST whose entries are whatever is no keyword, each by itself. */
	STMT_BARE = 1u << 9, /* STMT_RUN: an operand that stands for itself beside keywords; word only names it */
	/* LEAF or LIST whose operand stands without the keyword: "logging buffered 65536", "logging 10.0.0.1". A word
	 * that is no keyword goes to the first such row whose operand takes it. */
	STMT_UNSPOKEN = 1u << 10,
	STMT_RAW = 1u << 11, /* STMT_RUN: the operand is what was typed, "|" included, and no filters follow it */
};

/* Which daemons get the line in their slice. Children inherit the parent's when theirs is 0. */
enum stmt_owner {
	OWNER_CONFD = 1u << 0,
	OWNER_SSHD = 1u << 1,
	OWNER_LPTSD = 1u << 2,
	OWNER_AAAD = 1u << 3,
};

/* A keyword and one word that may follow an operand and are part of it: "10.0.0.1 vrf blue". */
struct arg_joined {
	const char *word, *help;
	const struct arg *arg; /* of the word behind it, for help and completion */
};

/* What an operand may be. Types that take more than one word say so. */
struct arg {
	const char *name;     /* as shown in help: "WORD", "LINE", "<5-120>" is made from min and max when NULL */
	const char *help;     /* one sentence, shown in `?` */
	const char *unit;     /* "seconds"; NULL when there is none */
	int64_t min, max;     /* numbers: value; text: length in bytes */
	const char *const *words; /* enumeration: allowed words, ended by NULL (shortest unique prefix is accepted) */
	/* Why one of the words is stored and has no effect ("deprecated"), NULL where it has. NULL: all have. */
	const char *(*without_effect)(const char *word);
	/* The same of a whole operand: "DSA keys are deprecated". NULL: all have. */
	const char *(*why_unused)(const char *value);
	/* How many words the operand takes: 1, or 0 for the rest of the line (spaces folded by the caller). */
	unsigned words_taken;
	const struct arg_joined *joined; /* NULL: nothing may follow */
	/* Checks the text and writes the canonical text (malloc'ed); NULL means: number if min<max and no words and
	 * !text, else text of min..max bytes. Pure. err says why not, in words for the operator. */
	int (*canonical)(const struct arg *arg, const char *text, char **ret_text, struct err *err);
	bool text; /* min/max bound a length, not a value */
	/* Whether it may be a clear secret, which the CLI hashes before it leaves the process; see aaa/user_conf.c */
	bool secret;
	/* Name of a completion source the CLI knows: "vrf", "username", "session", "group"; NULL when there is none. */
	const char *complete;
};

struct stmt {
	enum stmt_kind kind;
	const char *word; /* keyword, lower case */
	const char *help; /* one sentence, no full stop */
	const struct arg *arg;
	const char *def;	 /* default in canonical text, NULL when there is none */
	size_t offset;		 /* FLAG: bool; LEAF: see conf/bind.h; LIST: struct bind_list */
	size_t esize;		 /* LIST: size of one element */
	size_t key_offset;	 /* LIST: where the key text (char *) lives in the element */
	const struct stmt *sub; /* children */
	const char *mode;	 /* entering this LIST or NODE opens a sub-mode with this prompt: "config-un" */
	/* NODE: the statement below it that is meant when nothing follows, with "no" too: "vrf default" */
	const char *alone;
	const char *task;	 /* task id that may use it: "crypto", "aaa", "config-services"; see conf/task.h */
	const char *source;	 /* where the rule comes from */
	unsigned max_entries;	 /* LIST: how many entries one parent may hold */
	unsigned flags, owners;
	unsigned access; /* STMT_RUN: enum task_access it asks for; 0: READ, or EXECUTE where STMT_WRITES is said */
	int (*run)(struct shell *shell, const struct match *match); /* STMT_RUN only; NULL: not runnable by itself */
};

#define STMT_DONE { .kind = STMT_END }

enum match_status {
	MATCH_OK,
	MATCH_EMPTY,	  /* blank or a comment ("!…") */
	MATCH_INCOMPLETE, /* "% Incomplete command." */
	MATCH_AMBIGUOUS,  /* "% Ambiguous command:  "…"" */
	MATCH_INVALID,	  /* "% Invalid input detected at '^' marker." with column */
};

struct match_step {
	const struct stmt *row;
	char *value; /* canonical operand text, NULL when the row has none or it was left out */
};

struct match {
	enum match_status status;
	bool negate;	 /* line began with "no" */
	size_t steps_len; /* includes the steps of the context */
	size_t context_len; /* how many of them came from the context the line was matched in */
	struct match_step steps[STMT_DEPTH_MAX];
	unsigned column; /* INVALID, AMBIGUOUS: byte where the first wrong word begins */
	unsigned mark;	 /* INVALID: byte of the first character that agrees with no keyword; there the '^' goes */
	/* INVALID: the operand of the last step, from column on, is a clear secret: hash it and match again */
	bool clear_secret;
	/* What the line says besides (STMT_MORE), from the top too; NULL when nothing. Only steps, steps_len, negate,
	 * shared_len and more are of use there. */
	struct match *more;
	size_t shared_len; /* within more: steps that are those of the statement before it */
	struct err err;	 /* why an operand was refused; empty when a keyword was */
};

/* A place in the configuration to match from: the path of the sub-mode one is in. Zeroed struct match = top. */

/* Matches a line. context may be NULL (top). With may_negate a leading "no" is understood. "no" of a LEAF or LIST needs
 * no operand for a LEAF, the key for a LIST. A configuration line is OK when its last row is a FLAG, a LEAF, a LIST or
 * a NODE with a mode or an alone (negated: any NODE); an exec line when its last row has run. When the line is invalid
 * in the context, its parents are tried outwards up to the top (a pasted global line pops by itself), unless it holds a
 * clear secret there; the failure reported is the one that understood most of the line, of equal ones the innermost. A
 * refused operand leaves its step without a value. A negated LEAF at the end has no value. */
void stmt_match(const struct stmt *root, const struct match *context, const char *line, bool may_negate,
		struct match *ret_match);
void stmt_match_done(struct match *match);
/* Deep copy, for keeping a context, so without what the line says besides. 0 or -ENOMEM. */
int stmt_match_copy(const struct match *from, struct match *ret_copy);
/* The key of an entry that has yet to be numbered (STMT_BARE). */
#define STMT_NEXT_NUMBER "+"
/* The last row of a match; asserts status MATCH_OK. */
const struct stmt *stmt_match_row(const struct match *match);
/* The canonical operand of the step whose row has this keyword, or NULL. For RUN handlers. */
const char *stmt_match_value(const struct match *match, const char *word);
/* The same in a line of several options (STMT_MORE), the first that has the keyword; *ret_given (may be NULL) becomes
 * true when one has. */
const char *stmt_match_option(const struct match *match, const char *word, bool *ret_given);
/* The canonical full line of a match from the top: "ssh server vrf blue", "no username admin group". malloc'ed. */
char *stmt_match_text(const struct match *match);

/* Whether the operand is a number from min to max. */
bool stmt_arg_is_number(const struct arg *arg);
/* The canonical text (malloc'ed) of an operand; -EINVAL refused, -ENOTUNIQ begins several words, -EAGAIN a clear
 * secret, -ENOMEM. */
int stmt_arg_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err);
/* Whether the operand of the row is shown as *** to those who may not see it. */
bool stmt_row_is_secret(const struct stmt *row);

/* Help and completion. line ends at the cursor; a trailing space means "what may come next". */
struct stmt_hint {
	const char *word;    /* keyword, or operand text such as "<5-120>", "WORD", "<cr>" */
	const char *help;    /* with unit and default worked in where there are any */
	const struct arg *arg; /* non-NULL when this hint is an operand (the CLI asks its completion source); NULL for
				* keywords and the words of an enumeration, which are typed as they stand */
	bool enter;	     /* this is <cr> */
};
/* Calls on_hint for each possibility, in row order, <cr> last. Returns how many, or -EINVAL with *ret_column when the
 * words before the cursor do not match. visible (may be NULL) decides by task whether a row is offered. */
int stmt_hints(const struct stmt *root, const struct match *context, const char *line, bool may_negate,
	       bool (*visible)(const struct stmt *row, void *userdata),
	       void (*on_hint)(const struct stmt_hint *hint, void *userdata), void *userdata, unsigned *ret_column);

/* Owners of a path: the nearest row upwards that names any. */
unsigned stmt_match_owners(const struct match *match);

/* Walks every row of a tree depth first, with the path to it. For the manual, the completion file and the table law. */
void stmt_walk(const struct stmt *root, void (*on_row)(const struct stmt *const *path, size_t path_len, void *userdata),
	       void *userdata);

#endif
