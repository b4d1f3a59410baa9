/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: docs/json.md: the members of what "COMMAND | json" prints, from the tables it is encoded by, and an example that
 * a golden test holds.
 */
#include "packaging/manual/manual.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/json_rows.h"

#define GOLDEN_DIRECTORY "tests/golden/shell"
#define TABLE_HEAD	 "| Member | Type | Unit | Meaning |\n|---|---|---|---|\n"
#define GOLDEN_MAX_BYTES (4u << 20)

static const char *type_word(enum field_type type)
{
	switch (type) {
	case FIELD_STR:
	case FIELD_ENUM:
		return "text";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		return "number";
	}
	return "";
}

static const char *unit_word(const struct field *field)
{
	static const struct {
		const char *end, *unit;
	} units[] = {
		{ "_us", "microseconds since 1970-01-01 UTC" },
		{ "_s", "seconds" },
		{ "_per_min", "a minute" },
		{ "_min", "minutes" },
		{ "_mb", "megabytes" },
		{ "_kib", "kibibytes" },
		{ "_bytes", "bytes" },
		{ "bytes_in", "bytes" },
		{ "bytes_out", "bytes" },
	};
	size_t len = strlen(field->name);

	/* a point in time needs 64 bits */
	if (len > 3 && !strcmp(field->name + len - 3, "_us") && field->type == FIELD_U32)
		return "microseconds";

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t end_len = strlen(units[i].end);

		if (len >= end_len && !strcmp(field->name + len - end_len, units[i].end) &&
		    (field->type == FIELD_I64 || field->type == FIELD_U32 || field->type == FIELD_U64))
			return units[i].unit;
	}
	return "";
}

static void write_fields(FILE *out, const struct field *fields)
{
	for (; fields->name; fields++) {
		fprintf(out, "| `%s` | %s | %s | %s", fields->name, type_word(fields->type),
			unit_word(fields), fields->help);
		for (int i = 0; fields->type == FIELD_ENUM && fields->words[i]; i++)
			fprintf(out, "%s`%s`", i ? ", " : ": ", fields->words[i]);
		fputs(" |\n", out);
	}
}

/* ---- examples ---- */

/* What the golden file shows behind "router1# COMMAND … | json", with so many words in between; malloc'ed or NULL. */
static char *example_in(const char *text, const char *command, unsigned more_words)
{
	AUTO(free) char *line = NULL;
	const char *at = text, *end;

	if (asprintf(&line, "router1# %s", command) < 0)
		return line = NULL;
	while ((at = strstr(at, line))) {
		at += strlen(line);
		for (unsigned i = 0; i < more_words && *at == ' '; i++)
			at += 1 + strcspn(at + 1, " \n");
		if (strncmp(at, " | json\n", 8))
			continue;
		at += 8;
		end = strstr(at, "\nrouter1# ");
		return strndup(at, end ? (size_t)(end - at) + 1 : strlen(at));
	}
	return NULL;
}

static int is_golden(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 3, ".ok");
}

static char *example_find(const char *command, unsigned more_words)
{
	struct dirent **entries;
	char *found = NULL;
	int count = scandir(GOLDEN_DIRECTORY, &entries, is_golden, alphasort);

	for (int i = 0; i < count; i++) {
		AUTO(free) char *text = NULL;
		char path[512];
		size_t len;

		snprintf(path, sizeof(path), GOLDEN_DIRECTORY "/%s", entries[i]->d_name);
		if (!found && fs_read(path, GOLDEN_MAX_BYTES, &text, &len) == 0)
			found = example_in(text, command, more_words);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return found;
}

/* Some commands need a word more to be one, or show too much without. */
static char *example_of(const char *command)
{
	char *found = example_find(command, 0);

	return found ? found : example_find(command, 1);
}

/* The first object of the array is enough; the array stays one. */
static void write_example(const char *text, FILE *out)
{
	const char *end = strstr(text, "\n },\n");

	fputs("\n```json\n", out);
	if (end)
		fprintf(out, "%.*s\n }\n]\n", (int)(end - text), text);
	else
		fputs(text, out);
	fputs("```\n", out);
}

/* ---- commands ---- */

static void write_command(const struct manual *manual, const struct json_rows *row, FILE *out)
{
	AUTO(free) char *example = example_of(row->command);
	const char *help = NULL;

	for (size_t i = 0; i < manual->entries_len; i++)
		if (manual->entries[i].part == MANUAL_EXEC && !strcmp(manual->entries[i].title, row->command))
			help = manual_help(&manual->entries[i]);
	fprintf(out, "\n## %s\n\n%s%s", row->command, help ? help : "", help ? ".\n\n" : "");
	fputs(TABLE_HEAD, out);
	for (size_t i = 0; i < ARRAY_SIZE(row->fields) && row->fields[i]; i++)
		write_fields(out, row->fields[i]);
	for (const struct json_list *list = row->lists; list->name; list++)
		fprintf(out, "| `%s` | array of %s |  | %s |\n", list->name,
			list->fields ? "objects" : "text", list->help);
	for (const struct json_list *list = row->lists; list->name; list++) {
		if (!list->fields)
			continue;
		fprintf(out, "\nEach of `%s`:\n\n" TABLE_HEAD, list->name);
		write_fields(out, list->fields);
	}
	if (example)
		write_example(example, out);
}

void manual_json(const struct manual *manual, FILE *out)
{
	fputs("<!-- Written by `make manual` from the tables the programs run by; change those, not this "
	      "file. -->\n\n"
	      "# Output as JSON\n\n"
	      "`COMMAND | json` prints one array of objects, with nothing before or after it, whatever the "
	      "length of the "
	      "terminal;\na command that has no rows says so and fails. Words behind the commands here "
	      "(`show ssh history "
	      "user alice`) choose rows\nand change no members. Members are never removed, renamed or given "
	      "another "
	      "meaning; new ones may be added, so ignore\nthose you do not know. Text is as the other side "
	      "sent it, "
	      "escaped by the rules of JSON; numbers are whole.\n",
	      out);
	for (const struct json_rows *row = manual->json; row->command; row++)
		write_command(manual, row, out);
}
