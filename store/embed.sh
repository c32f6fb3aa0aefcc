#!/bin/sh
# embed.sh FILE.lua...: the files as C strings, for store/redis.c.
# Comments and empty lines stay behind: Redis keeps the text of each script.
# "-- needs NAME..." in a file puts NAME.lua, of the same folder, before it.
set -eu

body() {
	sed -e 's/^[[:space:]]*//' -e '/^--/d' -e '/^$/d' \
		-e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/\t"&\\n"/' "$1"
}

printf '/* Made by embed.sh; do not edit. */\n'
for file; do
	printf 'static const char script_%s[] =\n' "$(basename "$file" .lua)"
	for piece in $(sed -n 's/^-- needs //p' "$file"); do
		body "$(dirname "$file")/$piece.lua"
	done
	body "$file"
	printf '\t;\n'
done
