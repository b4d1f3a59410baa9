# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for sallyport, written by make manual from the options of the program.
_sallyport()
{
	local typed=${COMP_LINE:0:COMP_POINT} words=() line='' directory=() index=1 option word last cut lead

	COMPREPLY=()
	read -ra words <<<"$typed" # by blanks alone: harddisk:/x is one word
	[[ $typed == *[[:blank:]] ]] && words+=('')
	last=$((${#words[@]} - 1))
	word=${words[last]}
	while ((index < last)); do
		case ${words[index]} in
		--run-dir) directory=(--run-dir "${words[index + 1]}") ;;&
		--run-dir | -c | --complete) ((index += 2)) ;;
		--help | --version) ((index += 1)) ;;
		*) break ;;
		esac
	done
	if ((index > last)); then # the value of an option
		if [[ ${words[last - 1]} == --run-dir ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$word")
		fi
		return
	fi
	if ((index == last)) && [[ $word == -* ]]; then
		for option in --run-dir -c --complete --help --version; do
			[[ $option == "$word"* ]] && COMPREPLY+=("$option")
		done
		return
	fi
	for ((; index < last; index++)); do
		line+="${words[index]//[\"\'\\]/} "
	done
	word=${word#[\"\']}
	mapfile -t COMPREPLY < <(sallyport "${directory[@]}" --complete "$line$word" 2>/dev/null)
	if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[:/] ]]; then
		compopt -o nospace 2>/dev/null
	fi
	# bash takes what stands before a colon for another word, and what stands in quotes for one
	cut=${word%"${word##*:}"}
	[[ $COMP_WORDBREAKS == *:* ]] || cut=''
	if [[ ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]]; then
		lead=${COMP_WORDS[COMP_CWORD]:1}
		lead=${lead%"$word"}
		cut=''
	fi
	for index in "${!COMPREPLY[@]}"; do
		COMPREPLY[index]=$lead${COMPREPLY[index]#"$cut"}
	done
}
complete -F _sallyport sallyport
