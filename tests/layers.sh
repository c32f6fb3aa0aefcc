#!/bin/sh
# layers.sh: every #include follows the arrows of the picture in README.md, and
# every outside library stays with its owner.  Prints each offence as
# FILE:LINE: what is wrong.  The tree is $srcdir, or the one this file is in.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
cd "$srcdir"

# shellcheck disable=SC2046,SC2012 # our file names have no spaces
awk '
BEGIN {
	# FOLDER sees these folders
	sees["base"] = " base "
	sees["policy"] = " base policy "
	sees["feedback"] = " base policy feedback "
	sees["store"] = " base policy store "
	sees["conf"] = " base policy store conf "
	sees["reputation"] = " base policy store conf reputation "
	sees["follow"] = " base feedback follow "
	sees["learning"] = " base policy store conf feedback reputation learning "
	sees["lists"] = " base policy lists "
	sees["setup"] = " base policy store conf setup "
	sees["milter"] = " base policy store conf reputation milter "
	sees["cli"] = " base policy store conf feedback lists setup reputation follow learning cli "

	# A header of an outside library, and the files that may include it.
	owner("^libmilter/", "^milter/", "milter/")
	owner("^hiredis/", "^store/", "store/")
	owner("^libconfig\\.h", "^conf/", "conf/")
	owner("^openssl/", "^(base/|store/redis(_tls[a-z_]*)?\\.[ch]$|feedback/sns_certificate\\.c$)",
		"base/, store/redis.c, store/redis_tls and feedback/sns_certificate.c")
	owner("^jansson\\.h", "^(cli|feedback|lists|setup)/",
		"cli/, feedback/, lists/ and setup/")
	owner("^iconv\\.h", "^feedback/charset\\.c$", "feedback/charset.c")
	owner("^microhttpd\\.h", "^milter/metrics\\.c$", "milter/metrics.c")
	owner("^unictype\\.h", "^cli/formats\\.c$", "cli/formats.c")
	owner("^(idn2|unicase|uninorm|unistr)\\.h", "^policy/(domain|address)\\.c$",
		"policy/domain.c and policy/address.c")

	# policy/ gets everything as an argument: it does not log, lock, wait,
	# open files or ask the clock.
	impure = "^(base/log\\.h|pthread\\.h|syslog\\.h|time\\.h|fcntl\\.h|unistd\\.h|poll\\.h)$"
}

function owner(header, files, words)
{
	owners++
	header_of[owners] = header
	files_of[owners] = files
	words_of[owners] = words
}

function complain(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	offences++
}

function check_ours(name,    layer)
{
	layer = name
	if (!sub(/\/.*/, "", layer))
		complain("\"" name "\" is not written from the root of the tree")
	else if (index(sees[folder], " " layer " ") == 0)
		complain(folder "/ does not see " layer "/: \"" name "\"")
}

function check_library(name,    i)
{
	for (i = 1; i <= owners; i++)
		if (name ~ header_of[i] && FILENAME !~ files_of[i])
			complain("<" name "> belongs to " words_of[i])
}

FNR == 1 {
	folder = FILENAME
	sub(/\/.*/, "", folder)
	files++
}

/^[ \t]*#[ \t]*include/ {
	name = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
	quoted = name ~ /^"/
	name = substr(name, 2)
	sub(/[">].*$/, "", name)
	if (quoted)
		check_ours(name)
	else
		check_library(name)
	if (folder == "policy" && name ~ impure)
		complain("policy/ is pure and has no use for " name)
}

END {
	if (files == 0) {
		print "layers.sh: there are no sources in " ENVIRON["PWD"]
		exit 1
	}
	printf "%d files, %d offences\n", files, offences
	exit offences > 0
}
' $(ls ./*/*.[ch] | sed 's|^\./||')
