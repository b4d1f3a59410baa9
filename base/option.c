/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: reading the words a program was started with by its table. getopt_long(3) does the cutting; what it would print
 * by itself is told to the caller instead.
 */
#include "base/option.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define LONG_FIRST 256 /* values of long options, above every character */

static bool is_short(const struct option_row *row)
{
	return row->name[1] == '\0';
}

static int number_read(const struct option_row *row, const char *text, uint32_t *ret_number, struct err *err)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || number < row->min || number > row->max)
		return err_set(err, -EINVAL, "--%s takes a number from %u to %u", row->name, row->min,
			       row->max);
	*ret_number = (uint32_t)number;
	return 0;
}

static int row_take(const struct option_row *row, const char *text, void *to, struct err *err)
{
	void *field = (char *)to + row->offset;
	uint32_t number = 0;
	uint16_t small;
	bool set = true;
	int r;

	switch (row->type) {
	case OPTION_FLAG:
		memcpy(field, &set, sizeof(set));
		return 0;
	case OPTION_TEXT:
		memcpy(field, &text, sizeof(text));
		return 0;
	case OPTION_U16:
		r = number_read(row, text, &number, err);
		small = (uint16_t)number;
		if (r == 0)
			memcpy(field, &small, sizeof(small));
		return r;
	case OPTION_U32:
		r = number_read(row, text, &number, err);
		if (r == 0)
			memcpy(field, &number, sizeof(number));
		return r;
	case OPTION_END:
		break;
	}
	return -EINVAL;
}

/* The table as getopt_long() wants it. Returns how many rows there are. */
static size_t getopt_tables(const struct option_row *rows, struct option *longs, char *shorts)
{
	size_t len = 0, short_len = 0, longs_len = 0;

	shorts[short_len++] = '+';
	shorts[short_len++] = ':';
	for (; rows[len].type != OPTION_END; len++) {
		assert(len < OPTIONS_MAX);
		if (is_short(&rows[len])) {
			shorts[short_len++] = rows[len].name[0];
			if (rows[len].value)
				shorts[short_len++] = ':';
			continue;
		}
		longs[longs_len++] = (struct option){
			.name = rows[len].name,
			.has_arg = rows[len].value ? required_argument : no_argument,
			.val = LONG_FIRST + (int)len,
		};
	}
	shorts[short_len] = '\0';
	longs[longs_len] = (struct option){ 0 };
	return len;
}

static const struct option_row *row_of(const struct option_row *rows, size_t len, int option)
{
	for (size_t i = 0; i < len; i++)
		if (is_short(&rows[i]) ? option == rows[i].name[0] : option == LONG_FIRST + (int)i)
			return &rows[i];
	return NULL;
}

static bool only_tells(const struct option_row *row)
{
	return row->type == OPTION_FLAG && (!strcmp(row->name, "help") || !strcmp(row->name, "describe"));
}

int option_parse(const struct option_row *rows, int argc, char **argv, void *to, int *ret_rest,
		 struct err *err)
{
	char shorts[2 * OPTIONS_MAX + 3];
	struct option longs[OPTIONS_MAX + 1];
	bool given[OPTIONS_MAX] = { false }, tells = false;
	size_t len = getopt_tables(rows, longs, shorts);
	int option, r;

	opterr = 0;
	optind = 0; /* a test parses more than once */
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) >= 0) {
		const struct option_row *row = row_of(rows, len, option);

		if (option == ':')
			return err_set(err, -EINVAL, "%s needs a value", argv[optind - 1]);
		if (!row)
			return err_set(err, -EINVAL, "there is no option %s", argv[optind - 1]);
		r = row_take(row, optarg, to, err);
		if (r < 0)
			return r;
		given[row - rows] = true;
		tells |= only_tells(row);
	}
	for (size_t i = 0; i < len && !tells; i++)
		if (rows[i].required && !given[i])
			return err_set(err, -EINVAL, "--%s is needed", rows[i].name);
	*ret_rest = optind;
	return 0;
}

static int typed(const struct option_row *row, char *text, size_t size_bytes)
{
	return snprintf(text, size_bytes, "%s%s%s%s", is_short(row) ? "-" : "--", row->name,
			row->value ? " " : "", row->value ? row->value : "");
}

void option_usage(const struct option_row *rows, const char *name, const char *tail, FILE *out)
{
	int column = fprintf(out, "usage: %s", name), margin = column, width = 0;
	char text[96];

	for (const struct option_row *row = rows; row->type != OPTION_END; row++) {
		int len = typed(row, text, sizeof(text));

		if (len > width)
			width = len;
		if (column + len + 3 > 96)
			column = fprintf(out, "\n%*s", margin, "") - 1;
		column += fprintf(out, row->required ? " %s" : " [%s]", text);
	}
	fprintf(out, "%s%s\n\n", tail[0] ? " " : "", tail);
	for (const struct option_row *row = rows; row->type != OPTION_END; row++) {
		typed(row, text, sizeof(text));
		fprintf(out, "  %-*s  %s", width, text, row->help);
		if (row->def)
			fprintf(out, " (%s)", row->def);
		fputc('\n', out);
	}
}
