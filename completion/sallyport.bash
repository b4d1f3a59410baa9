# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for sallyport, written by make manual from the options of the program.
_sallyport()
{
	local word=${COMP_WORDS[COMP_CWORD]} line='' option index=1 directory=()

	COMPREPLY=()
	while ((index < COMP_CWORD)); do
		if [[ ${COMP_WORDS[index]} == --run-dir ]]; then
			directory=(--run-dir "${COMP_WORDS[index + 1]}")
		fi
		case ${COMP_WORDS[index]} in
		--run-dir | -c | --complete) ((index += 2)) ;;
		--help | --version) ((index += 1)) ;;
		*) break ;;
		esac
	done
	if ((index > COMP_CWORD)); then # the value of an option
		if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --run-dir ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$word")
		fi
		return
	fi
	if ((index == COMP_CWORD)) && [[ $word == -* ]]; then
		for option in --run-dir -c --complete --help --version; do
			[[ $option == "$word"* ]] && COMPREPLY+=("$option")
		done
		return
	fi
	for ((; index < COMP_CWORD; index++)); do
		line+="${COMP_WORDS[index]//[\"\'\\]/} "
	done
	mapfile -t COMPREPLY < <(sallyport "${directory[@]}" --complete "$line$word" 2>/dev/null)
}
complete -F _sallyport sallyport
