/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: bash completion. The script knows the options of the program; what may follow in a command it asks the program
 * itself, which needs no daemon for that, and knows the names of what exists while there is one. Nothing that was typed
 * itself, which needs no daemon for that, and knows the names of what exists while there is one. Nothing that is typed
 * as they are.
 */
#include "packaging/manual/manual.h"

#include <string.h>

static void write_pattern(const struct option_row *rows, bool with_value, FILE *out)
{
	const char *gap = "";

	for (const struct option_row *row = rows; row->type != OPTION_END; row++) {
		if ((row->value != NULL) != with_value)
			continue;
		fprintf(out, "%s%s%s", gap, row->name[1] ? "--" : "-", row->name);
		gap = " | ";
	}
}

static void write_words(const struct option_row *rows, FILE *out)
{
	for (const struct option_row *row = rows; row->type != OPTION_END; row++)
		fprintf(out, " %s%s", row->name[1] ? "--" : "-", row->name);
}

void manual_bash(const struct manual *manual, FILE *out)
{
	fputs("# SPDX-License-Identifier: GPL-3.0-or-later\n"
	      "# bash completion for sallyport, written by make manual from the options of the program.\n"
	      "_sallyport()\n"
	      "{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} line='' option index=1 directory=()\n"
	      "\n"
	      "\tCOMPREPLY=()\n"
	      "\twhile ((index < COMP_CWORD)); do\n"
	      "\t\tif [[ ${COMP_WORDS[index]} == --run-dir ]]; then\n"
	      "\t\t\tdirectory=(--run-dir \"${COMP_WORDS[index + 1]}\")\n"
	      "\t\tfi\n"
	      "\t\tcase ${COMP_WORDS[index]} in\n"
	      "\t\t",
	      out);
	write_pattern(manual->cli_options, true, out);
	fputs(") ((index += 2)) ;;\n"
	      "\t\t",
	      out);
	write_pattern(manual->cli_options, false, out);
	fputs(") ((index += 1)) ;;\n"
	      "\t\t*) break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif ((index > COMP_CWORD)); then # the value of an option\n"
	      "\t\tif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --run-dir ]]; then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tif ((index == COMP_CWORD)) && [[ $word == -* ]]; then\n"
	      "\t\tfor option in",
	      out);
	write_words(manual->cli_options, out);
	fputs("; do\n"
	      "\t\t\t[[ $option == \"$word\"* ]] && COMPREPLY+=(\"$option\")\n"
	      "\t\tdone\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tfor ((; index < COMP_CWORD; index++)); do\n"
	      "\t\tline+=\"${COMP_WORDS[index]//[\\\"\\'\\\\]/} \"\n"
	      "\tdone\n"
	      "\tmapfile -t COMPREPLY < <(sallyport \"${directory[@]}\" --complete \"$line$word\" "
	      "2>/dev/null)\n"
	      "}\n"
	      "complete -F _sallyport sallyport\n",
	      out);
}
