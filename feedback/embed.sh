#!/bin/sh
# embed.sh FILE NAME: a table of text as a C string.  Comments and the sample
# sentences behind => stay behind; lines stay, for the numbers of rows.
set -eu
printf '/* Made by embed.sh; do not edit. */\n'
printf 'static const char %s[] =\n' "$2"
sed -e 's/^#.*//' -e 's/[[:space:]]*=>.*//' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
	-e 's/?/\\?/g' -e 's/.*/\t"&\\n"/' "$1"
printf '\t;\n'
