/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the text of an interface, written from the rows that answer it: a method that is served is described, and one
 * that is described is served. Signatures in the rows are Varlink's own notation without the brackets around them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/varlink.h"

#define LINE_MAX_CHARACTERS 100

#define NO_BREAK '\1' /* a blank at which no line ends */

/* Words of a text, folded; each line begins with lead, the first with first. */
static void write_folded(FILE *out, const char *first, const char *lead, const char *text)
{
	size_t column = (size_t)fprintf(out, "%s", first);
	const char *gap = "";

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column + strlen(gap) + len > LINE_MAX_CHARACTERS && *gap) {
			column = (size_t)fprintf(out, "\n%s", lead) - 1;
			gap = "";
		}
		column += (size_t)fprintf(out, "%s", gap);
		for (size_t i = 0; i < len; i++, column++)
			fputc(text[i] == NO_BREAK ? ' ' : text[i], out);
		gap = " ";
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

static void write_help(FILE *out, const char *help)
{
	if (help)
		write_folded(out, "# ", "# ", help);
}

static const char *type_word(const struct field *field)
{
	switch (field->type) {
	case FIELD_STR:
	case FIELD_ENUM: /* words such as "--" are no identifiers of Varlink */
		return "string";
	case FIELD_BOOL:
		return "bool";
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return "int";
	}
	return "string";
}

static void write_fields(FILE *out, const char *name, const struct field *fields)
{
	fprintf(out, "type %s (\n", name);
	for (const struct field *field = fields; field->name; field++) {
		fprintf(out, "  # %s", field->help);
		for (int i = 0; field->type == FIELD_ENUM && field->words[i]; i++)
			fprintf(out, "%s%s", i ? ", " : ": ", field->words[i]);
		fprintf(out, "\n  %s: %s%s\n", field->name, type_word(field), field[1].name ? "," : "");
	}
	fputs(")\n", out);
}

/* Lines of a signature end behind a comma or before the arrow. */
static void keep_together(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == ' ' && c > text && c[-1] != ',' && strncmp(c + 1, "->", 2) != 0)
			*c = NO_BREAK;
}

static void write_signature(FILE *out, const char *kind, const char *name, const char *members,
			    const char *reply)
{
	AUTO(free) char *text = NULL;

	if (asprintf(&text, "%s %s%s(%s)%s%s%s", kind, name, reply ? "" : " ", members ? members : "",
		     reply ? " -> (" : "", reply ? reply : "", reply ? ")" : "") < 0)
		text = NULL;
	if (!text)
		return;
	keep_together(text);
	write_folded(out, "", "  ", text);
}

char *varlink_describe(const struct varlink_interface *interface)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	write_help(out, interface->help);
	fprintf(out, "interface %s\n", interface->name);
	for (const struct varlink_type *type = interface->types; type && type->name; type++) {
		fputc('\n', out);
		write_help(out, type->help);
		if (type->fields)
			write_fields(out, type->name, type->fields);
		else
			write_signature(out, "type", type->name, type->members, NULL);
	}
	for (const struct varlink_method *method = interface->methods; method && method->name; method++) {
		fputc('\n', out);
		write_help(out, method->help);
		write_signature(out, "method", method->name, method->parameters,
				method->reply ? method->reply : "");
	}
	for (const struct varlink_type *error = interface->errors; error && error->name; error++) {
		fputc('\n', out);
		write_help(out, error->help);
		write_signature(out, "error", error->name, error->members, NULL);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int varlink_describe_all(const struct varlink_interface *interfaces, FILE *out)
{
	const char *gap = "";

	for (const struct varlink_interface *row = interfaces; row->name; row++) {
		AUTO(free) char *text = varlink_describe(row);

		if (!text)
			return -ENOMEM;
		fprintf(out, "%s%s", gap, text);
		gap = "\n";
	}
	return 0;
}
