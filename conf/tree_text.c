/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: running-config text, written and read. Statements are one line each from the innermost block on; rows with a
 * mode open a block one space deeper, closed by "!" at the block's own level. The reader takes the same text, flat text
 * as it is typed ("exit" or "!" leave a block), and any mixture, because a line that is unknown in its block is tried
 * further out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/tree_node.h"

/* ---- writing ---- */

unsigned tree_row_owners(const struct stmt *row, unsigned inherited)
{
	return row->owners ? row->owners : inherited;
}

static struct tree_place place_below(struct tree_place place, const struct tree_node *node, int indent)
{
	return (struct tree_place){ tree_row_owners(node->row, place.owners), place.depth + 1, indent };
}

static bool node_wanted(const struct tree_writer *writer, const struct tree_node *node, struct tree_place place);

static bool child_wanted(const struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	for (size_t i = 0; i < node->len; i++)
		if (node_wanted(writer, node->children[i], place_below(place, node, 0)))
			return true;
	return false;
}

/* Whether the node itself, apart from what is below it, is to be written. */
static bool self_wanted(const struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	if (!tree_node_counts(node) || (writer->path && place.depth + 1 < writer->path->steps_len))
		return false;
	return !writer->owners || (writer->owners & tree_row_owners(node->row, place.owners));
}

static bool node_wanted(const struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	const struct match_step *step;

	if (writer->path && place.depth < writer->path->steps_len) {
		step = &writer->path->steps[place.depth];
		if (node->row != step->row || (step->value && node->value && strcmp(node->value, step->value) != 0))
			return false;
	}
	return self_wanted(writer, node, place) || child_wanted(writer, node, place);
}

void tree_writer_line(struct tree_writer *writer, int indent, const char *prefix)
{
	if (writer->flags & TREE_SIGNS)
		fprintf(writer->out, "%c  ", writer->sign);
	fprintf(writer->out, "%*s%s%s\n", indent, "", prefix, writer->line.text ? writer->line.text : "");
	writer->lines++;
	writer->closed = false;
}

void tree_writer_close(struct tree_writer *writer, int indent)
{
	fprintf(writer->out, "%*s!\n", indent + (writer->flags & TREE_SIGNS ? 3 : 0), "");
	writer->lines++;
	writer->closed = !indent;
}

struct tree_line tree_writer_open(struct tree_writer *writer, int indent)
{
	struct tree_line outer = writer->line;

	tree_writer_line(writer, indent, "");
	writer->line = (struct tree_line){ .failed = outer.failed };
	return outer;
}

void tree_writer_leave(struct tree_writer *writer, struct tree_line outer, int indent)
{
	if (tree_line_done(&writer->line) < 0)
		outer.failed = true;
	writer->line = outer;
	tree_writer_close(writer, indent);
}

/* Whether the node is one of several statements that stand on one line, as they may be typed: "aes-cbc 3des-cbc". */
static bool node_joins(const struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	const struct tree_node *last = node;

	while (last->row->kind == STMT_NODE && !last->row->mode && last->len == 1)
		last = last->children[0];
	return (node->row->flags & STMT_MORE) && !last->len && !last->row->mode && last->row->kind != STMT_LIST &&
	       node_wanted(writer, node, place);
}

static void push_joined(struct tree_writer *writer, const struct tree_node *node)
{
	tree_line_push(&writer->line, node, writer->flags & TREE_MASK_SECRETS);
	while (node->len) {
		node = node->children[0];
		tree_line_push(&writer->line, node, writer->flags & TREE_MASK_SECRETS);
	}
}

/* self: the node is a line too, the one on which those that join it stand. */
static void write_children(struct tree_writer *writer, const struct tree_node *node, struct tree_place below, bool self)
{
	const size_t before = writer->line.len;
	size_t i = 0;

	while (i < node->len) {
		if (node_joins(writer, node->children[i], below)) {
			while (i < node->len && node_joins(writer, node->children[i], below))
				push_joined(writer, node->children[i++]);
			tree_writer_line(writer, below.indent, "");
			tree_line_cut(&writer->line, before);
		} else {
			if (self)
				tree_writer_line(writer, below.indent, "");
			tree_writer_node(writer, node->children[i++], below);
		}
		self = false;
	}
	if (self)
		tree_writer_line(writer, below.indent, "");
}

void tree_writer_node(struct tree_writer *writer, const struct tree_node *node, struct tree_place place)
{
	struct tree_line outer;
	size_t before;

	if (!node_wanted(writer, node, place))
		return;
	before = tree_line_push(&writer->line, node, writer->flags & TREE_MASK_SECRETS);
	if (node->row->mode) {
		outer = tree_writer_open(writer, place.indent);
		write_children(writer, node, place_below(place, node, place.indent + 1), false);
		tree_writer_leave(writer, outer, place.indent);
	} else {
		/* an entry is said by the lines below it, when there are any */
		write_children(writer, node, place_below(place, node, place.indent),
			       self_wanted(writer, node, place) &&
				       (node->row->kind != STMT_LIST || !child_wanted(writer, node, place)));
	}
	tree_line_cut(&writer->line, before);
}

void tree_writer_end_group(struct tree_writer *writer, const struct stmt *row, int lines_before)
{
	bool group = row->kind == STMT_NODE || row->kind == STMT_LIST;

	if (group && writer->lines > lines_before && !writer->closed && !(writer->flags & TREE_SIGNS))
		tree_writer_close(writer, 0);
}

int tree_writer_done(struct tree_writer *writer)
{
	if (tree_line_done(&writer->line) < 0)
		return -ENOMEM;
	if (fflush(writer->out) || ferror(writer->out))
		return -EIO;
	return writer->lines;
}

static int write_top(struct tree_writer *writer, const struct tree *tree)
{
	int lines_before = 0;

	for (size_t i = 0; i < tree->top.len; i++) {
		const struct tree_node *node = tree->top.children[i];

		if (!i || node->row != tree->top.children[i - 1]->row)
			lines_before = writer->lines;
		tree_writer_node(writer, node, (struct tree_place){ 0 });
		if (i + 1 == tree->top.len || node->row != tree->top.children[i + 1]->row)
			tree_writer_end_group(writer, node->row, lines_before);
	}
	return tree_writer_done(writer);
}

int tree_write(const struct tree *tree, const struct match *path, unsigned flags, FILE *out)
{
	struct tree_writer writer = { .out = out, .flags = flags, .path = path };

	return write_top(&writer, tree);
}

int tree_write_slice(const struct tree *tree, unsigned owners, FILE *out)
{
	struct tree_writer writer = { .out = out, .owners = owners };

	return owners ? write_top(&writer, tree) : 0;
}

/* ---- reading ---- */

struct block {
	struct match context;
	size_t indent;
	bool indented; /* a line deeper than its header was seen: another one at the header's level is outside */
};

struct parser {
	struct tree *tree;
	struct block blocks[STMT_DEPTH_MAX];
	size_t depth;
	unsigned line_number;
	bool ended;
	/* what is indented below a line that was refused belongs to it and is refused too */
	bool skipping;
	size_t skip_indent;
	unsigned skip_line_number;
	/* NULL, or where the text is written anew with what seal makes of clear secrets */
	FILE *sealed;
	int (*seal)(const char *clear, char **ret_stored, struct err *err);
	bool seal_failed;
};

static void block_pop(struct parser *parser)
{
	stmt_match_done(&parser->blocks[--parser->depth].context);
}

/* Leaves the blocks that a line at this indentation cannot belong to. */
static void blocks_leave(struct parser *parser, size_t indent)
{
	struct block *block;

	while (parser->depth) {
		block = &parser->blocks[parser->depth - 1];
		if (block->indent < indent) {
			block->indented = true;
			return;
		}
		if (block->indent == indent && !block->indented)
			return;
		block_pop(parser);
	}
}

/* "!" at a level closes the block that was opened at it, and with it those within. */
static void blocks_close(struct parser *parser, size_t indent)
{
	while (parser->depth && parser->blocks[parser->depth - 1].indent > indent)
		block_pop(parser);
	if (parser->depth && parser->blocks[parser->depth - 1].indent == indent)
		block_pop(parser);
}

/* The line was understood context_len steps deep: what is deeper is left. */
static void blocks_shrink(struct parser *parser, size_t context_len)
{
	struct match *context;

	while (parser->depth) {
		context = &parser->blocks[parser->depth - 1].context;
		if (context->steps_len <= context_len)
			return;
		if (!context_len || (parser->depth > 1 &&
				     parser->blocks[parser->depth - 2].context.steps_len >= context_len)) {
			block_pop(parser);
			continue;
		}
		/* one line had opened two modes at once */
		while (context->steps_len > context_len) {
			free(context->steps[context->steps_len - 1].value);
			context->steps[--context->steps_len] = (struct match_step){ 0 };
		}
	}
}

static void reason_text(const struct match *match, const char *line, struct err *err)
{
	int len = (int)strcspn(line + match->column, " \t");

	if (match->err.text[0])
		err_set(err, -EINVAL, "%s", match->err.text);
	else if (match->status == MATCH_INCOMPLETE)
		err_set(err, -EINVAL, "the statement is not complete");
	else
		err_set(err, -EINVAL, "'%.*s' %s", len > 64 ? 64 : len, line + match->column,
			match->status == MATCH_AMBIGUOUS ? "begins more than one keyword" : "is not known here");
}

/* The line with its clear secret sealed, written and matched in its place. The match given is done with. */
static int match_sealed(struct parser *parser, const struct match *context, const char *line, struct match *match,
			struct err *err)
{
	char *stored = NULL, *sealed = NULL;
	int r = parser->seal(line + match->column, &stored, err);

	if (r < 0) {
		parser->seal_failed = true;
		return r;
	}
	if (asprintf(&sealed, "%.*s%s", (int)match->column, line, stored) < 0) {
		free(stored);
		return -ENOMEM;
	}
	fputs(sealed, parser->sealed);
	stmt_match_done(match);
	stmt_match(parser->tree->root, context, sealed, true, match);
	free(sealed);
	free(stored);
	return 0;
}

/* What the line says; when the text is written anew, it is written here. */
static int match_line(struct parser *parser, const char *line, struct match *match, struct err *err)
{
	const struct match *context = parser->depth ? &parser->blocks[parser->depth - 1].context : NULL;
	int r = 0;

	stmt_match(parser->tree->root, context, line, true, match);
	if (!parser->sealed)
		return 0;
	if (match->status == MATCH_INVALID && match->clear_secret)
		r = match_sealed(parser, context, line, match, err);
	else
		fputs(line, parser->sealed);
	if (r < 0)
		stmt_match_done(match);
	return r;
}

/* Takes one statement. 0, or -errno with err. */
static int parse_statement(struct parser *parser, const char *line, size_t indent, struct err *err)
{
	struct match match = { 0 };
	int r = match_line(parser, line, &match, err);

	if (r < 0)
		return r;
	if (match.status != MATCH_OK) {
		reason_text(&match, line, err);
		stmt_match_done(&match);
		return -EINVAL;
	}
	r = tree_apply(parser->tree, &match, err);
	if (r < 0) {
		stmt_match_done(&match);
		return r;
	}
	blocks_shrink(parser, match.context_len);
	if (!match.negate && stmt_match_row(&match)->mode && parser->depth < STMT_DEPTH_MAX)
		parser->blocks[parser->depth++] = (struct block){ .context = match, .indent = indent };
	else
		stmt_match_done(&match);
	return 0;
}

static bool is_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && !line[len + strspn(line + len, " \t")];
}

/* What is not a statement: comments and the words that move between blocks. */
static bool parse_movement(struct parser *parser, const char *line, size_t indent)
{
	if (!line[0])
		return true;
	if (line[0] == '!') {
		if (is_word(line, "!") && (!parser->skipping || indent <= parser->skip_indent)) {
			blocks_close(parser, indent);
			parser->skipping = false;
		}
		return true;
	}
	if (is_word(line, "end")) {
		parser->ended = true;
		return true;
	}
	if (is_word(line, "exit")) {
		if (parser->depth && !parser->skipping)
			block_pop(parser);
		parser->skipping = false;
		return true;
	}
	if (is_word(line, "root")) {
		while (parser->depth)
			block_pop(parser);
		parser->skipping = false;
		return true;
	}
	return false;
}

static int parse_line(struct parser *parser, const char *line, size_t indent, struct err *err)
{
	bool moved, skipped;
	int r;

	if (parser->sealed)
		fprintf(parser->sealed, "%*s", (int)indent, "");
	moved = parse_movement(parser, line, indent);
	skipped = !moved && parser->skipping && indent > parser->skip_indent;
	if ((moved || skipped) && parser->sealed)
		fputs(line, parser->sealed);
	if (moved)
		return 0;
	if (skipped)
		return err_set(err, -EINVAL, "it belongs to line %u, which was refused", parser->skip_line_number);
	parser->skipping = false;
	blocks_leave(parser, indent);
	r = parse_statement(parser, line, indent, err);
	if (r < 0) {
		parser->skipping = true;
		parser->skip_indent = indent;
		parser->skip_line_number = parser->line_number;
	}
	return r;
}

/* Reads to the end of the text, or of what is to be read of it; the text is cut into lines. */
static int parse_lines(struct parser *parser, char *next,
		       void (*on_fault)(unsigned line_number, const char *line, const char *reason, void *userdata),
		       void *userdata, struct err *err)
{
	size_t indent;
	char *line;
	int r = 0;

	while (!r && !parser->ended && (line = strsep(&next, "\n"))) {
		struct err reason = { 0 };

		parser->line_number++;
		if (line[0] && line[strlen(line) - 1] == '\r')
			line[strlen(line) - 1] = '\0';
		indent = strspn(line, " \t");
		r = parse_line(parser, line + indent, indent, &reason);
		if (r < 0 && r != -ENOMEM && on_fault && !parser->seal_failed) {
			on_fault(parser->line_number, line + indent, reason.text, userdata);
			r = 0;
		} else if (r < 0) {
			err_set(err, r, "line %u: %s", parser->line_number, reason.text);
		}
		if (parser->sealed)
			fputc('\n', parser->sealed);
	}
	return r;
}

static int parse_text(struct parser *parser, const char *text,
		      void (*on_fault)(unsigned line_number, const char *line, const char *reason, void *userdata),
		      void *userdata, struct err *err)
{
	char *copy = strdup(text);
	int r = copy ? parse_lines(parser, copy, on_fault, userdata, err) : err_set(err, -ENOMEM, "out of memory");

	while (parser->depth)
		block_pop(parser);
	if (copy)
		explicit_bzero(copy, strlen(text));
	free(copy);
	return r;
}

int tree_parse(struct tree *tree, const char *text,
	       void (*on_fault)(unsigned line_number, const char *line, const char *reason, void *userdata),
	       void *userdata, struct err *err)
{
	struct parser *parser = calloc(1, sizeof(*parser));
	int r;

	if (!parser)
		return err_set(err, -ENOMEM, "out of memory");
	parser->tree = tree;
	r = parse_text(parser, text, on_fault, userdata, err);
	free(parser);
	return r;
}

/* Nobody's: what is refused here is refused again, and said, by who reads the sealed text. */
static void ignore_fault(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)line_number;
	(void)line;
	(void)reason;
	(void)userdata;
}

int tree_text_seal(const struct stmt *root, const char *text,
		   int (*seal)(const char *clear, char **ret_stored, struct err *err), char **ret_text, struct err *err)
{
	struct parser *parser = calloc(1, sizeof(*parser));
	char *sealed = NULL;
	size_t sealed_len = 0;
	int r = parser ? tree_new(root, &parser->tree) : -ENOMEM;

	if (r == 0) {
		parser->seal = seal;
		parser->sealed = open_memstream(&sealed, &sealed_len);
		r = parser->sealed ? parse_text(parser, text, ignore_fault, NULL, err) : -ENOMEM;
		if (parser->sealed && fclose(parser->sealed) != 0)
			r = -ENOMEM;
	}
	if (parser)
		tree_free(parser->tree);
	free(parser);
	if (r == 0)
		*ret_text = sealed;
	else
		free(sealed);
	return r < 0 && err && !err->text[0] ? err_set(err, r, "out of memory") : r;
}
