#!/bin/sh
# embed.sh FILE.lua...: the files as C strings, for store/redis.c.
# Comments and empty lines stay behind: Redis keeps the text of each script.
set -eu
printf '/* Made by embed.sh; do not edit. */\n'
for file; do
	name=$(basename "$file" .lua)
	printf 'static const char script_%s[] =\n' "$name"
	sed -e 's/^[[:space:]]*//' -e '/^--/d' -e '/^$/d' \
		-e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/\t"&\\n"/' "$file"
	printf '\t;\n'
done
