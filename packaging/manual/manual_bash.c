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
	      "\tlocal typed=${COMP_LINE:0:COMP_POINT} words=() line='' directory=() index=1 option word "
	      "last cut lead\n"
	      "\n"
	      "\tCOMPREPLY=()\n"
	      "\tread -ra words <<<\"$typed\" # by blanks alone: harddisk:/x is one word\n"
	      "\t[[ $typed == *[[:blank:]] ]] && words+=('')\n"
	      "\tlast=$((${#words[@]} - 1))\n"
	      "\tword=${words[last]}\n"
	      "\twhile ((index < last)); do\n"
	      "\t\tcase ${words[index]} in\n"
	      "\t\t--run-dir) directory=(--run-dir \"${words[index + 1]}\") ;;&\n"
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
	      "\tif ((index > last)); then # the value of an option\n"
	      "\t\tif [[ ${words[last - 1]} == --run-dir ]]; then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
	      "\t\tfi\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tif ((index == last)) && [[ $word == -* ]]; then\n"
	      "\t\tfor option in",
	      out);
	write_words(manual->cli_options, out);
	fputs("; do\n"
	      "\t\t\t[[ $option == \"$word\"* ]] && COMPREPLY+=(\"$option\")\n"
	      "\t\tdone\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tfor ((; index < last; index++)); do\n"
	      "\t\tline+=\"${words[index]//[\\\"\\'\\\\]/} \"\n"
	      "\tdone\n"
	      "\tword=${word#[\\\"\\']}\n"
	      "\tmapfile -t COMPREPLY < <(sallyport \"${directory[@]}\" --complete \"$line$word\" "
	      "2>/dev/null)\n"
	      "\tif ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[:/] ]]; then\n"
	      "\t\tcompopt -o nospace 2>/dev/null\n"
	      "\tfi\n"
	      "\t# bash takes what stands before a colon for another word, and what stands in quotes for "
	      "one\n"
	      "\tcut=${word%\"${word##*:}\"}\n"
	      "\t[[ $COMP_WORDBREAKS == *:* ]] || cut=''\n"
	      "\tif [[ ${COMP_WORDS[COMP_CWORD]} == [\\\"\\']* ]]; then\n"
	      "\t\tlead=${COMP_WORDS[COMP_CWORD]:1}\n"
	      "\t\tlead=${lead%\"$word\"}\n"
	      "\t\tcut=''\n"
	      "\tfi\n"
	      "\tfor index in \"${!COMPREPLY[@]}\"; do\n"
	      "\t\tCOMPREPLY[index]=$lead${COMPREPLY[index]#\"$cut\"}\n"
	      "\tdone\n"
	      "}\n"
	      "complete -F _sallyport sallyport\n",
	      out);
}
