# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
eval "$("$FIL" help completion)"

complete_words() {
	COMP_WORDS=(fil-profile "$@")
	COMP_CWORD=$#
	_fil_profile
	echo "$*: ${COMPREPLY[*]}"
}
complete_words ""
complete_words rep
complete_words run --no
complete_words -q run --oom
complete_words report --f
complete_words report --format = s
complete_words report --of ""
complete_words help ""
complete_words run job
