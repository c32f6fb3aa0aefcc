#!/bin/sh
# manual.sh: the manual pages name what the programs have, all of it and nothing
# else.  What there is comes out of the sources and of `okite --help`, each list
# under its name, and is compared with the list of the same name in the page.
# Prints each offence as FILE: LIST: what is wrong.  The tree is $srcdir, or the
# one this file is in; $OKITE is the program, or ./okite.
# What okite.conf.5 says of options is tests/man/options_test.c's to look at.
set -eu
srcdir=${srcdir:-$(dirname "$0")/../..}
okite=${OKITE:-./okite}
LC_ALL=C
export LC_ALL

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
"$okite" --help >"$folder/usage"
cd "$srcdir"
lists=0
offences=0

# tell FILE LIST COMMENT: one offence for each line of the input.
tell() {
	while IFS= read -r word; do
		printf '%s: %s: %s: %s\n' "$1" "$2" "$word" "$3"
		echo >>"$folder/offences"
	done
}

# compare PAGE LIST: the files "have" and "page" hold the same, and something.
compare() {
	for side in have page; do
		sort -u "$folder/$side" >"$folder/$side.sorted"
		[ -s "$folder/$side.sorted" ] || echo "$side" |
			tell "$1" "$2" "the list is empty, this test no longer finds it"
	done
	comm -23 "$folder/have.sorted" "$folder/page.sorted" | tell "$1" "$2" "not in the page"
	comm -13 "$folder/have.sorted" "$folder/page.sorted" | tell "$1" "$2" "not in the program"
	lists=$((lists + 1))
}

have() { cat >"$folder/have"; }
page() { cat >"$folder/page"; }

# between FILE FROM TO: the lines after the first that is FROM, up to one that begins with TO.
between() {
	awk -v from="$2" -v to="$3" '
		inside && index($0, to) == 1 { exit }
		inside { print }
		$0 == from { inside = 1 }' "$1"
}

# One name a line of what stands behind a macro, as in ".Cm a , b".
names() { sed -e 's/ *, */\n/g' -e 's/ [;.:]$//' | sed -e 's/^Cm //' -e '/^$/d'; }
# The items of lists, but not of lists in these.
tagged() {
	awk '/^\.Bl/ { depth++ } /^\.El/ { depth-- } depth == 1' | sed -n "s/^\\.It $1 //p" | names
}
marked() { sed -n "s/^\\.$1 //p" | names; }

# The strings of all matches of PATTERN in the input, whatever its lines.
matches() {
	PATTERN=$1 awk '
		{ text = text " " $0 }
		END {
			while (match(text, ENVIRON["PATTERN"])) {
				print substr(text, RSTART, RLENGTH)
				text = substr(text, RSTART + RLENGTH)
			}
		}'
}

# The names in an array of C that is indexed by an enum.
named_by() { sed -n "s/.*\\[$1_[A-Z_]*\\] = \"\\([a-z]*\\)\".*/\\1/p"; }

# ---- okite: commands and options ----

# "okite COMMAND --option VALUE" of each .Nm in the SYNOPSIS, as the usage writes it.
synopsis() {
	between man/okite.1 '.Sh SYNOPSIS' .Sh | awk '
	function word(text) {
		if (text == "," || text == "" )
			return
		line = line (glued || line == "" ? "" : " ") text
		glued = 0
	}
	# Open brackets and flags stick to the word behind them.
	function render(from, to,    i, kind, text) {
		for (i = from; i <= to; i++) {
			text = $i
			if (text == "Op" && i == from) {
				word("["); glued = 1
				render(from + 1, to)
				line = line "]"
				return
			}
			if (text == "Oo") { word("["); glued = 1; kind = "" }
			else if (text == "Oc") line = line "]"
			else if (text == "Ns") { glued = 1; kind = "" }
			else if (text ~ /^(Ar|Fl|Cm|Op|Nm)$/) kind = text
			else if (text == "...") { line = line text; glued = 0 }
			else if (text == "|") { line = line text; glued = 1 }
			else word(kind == "Fl" ? "-" text : kind == "Ar" ? toupper(text) : text)
		}
	}
	{ gsub(/\\:/, "") }
	# A line may go on behind a backslash.
	{ $0 = before $0; before = "" }
	/\\$/ { before = substr($0, 1, length($0) - 1); next }
	/^\.Nm/ { if (line != "") print line; line = "okite"; glued = 0; next }
	{ sub(/^\./, ""); render(1, NF) }
	END { print line }'
}

{
	echo 'okite [-c FILE] [--json] COMMAND [ARGUMENT...]'
	echo 'okite --help [COMMAND]'
	echo 'okite --version'
	sed -e 's/^usage://' -e 's/^ *okite \[-c FILE\] \[--json\]/okite/' "$folder/usage"
} | have
synopsis | page
compare man/okite.1 SYNOPSIS

# The words of each command, without what it takes.
commands() { sed -n 's/.*\[--json\]\(\( [a-z][a-z-]*\)*\).*/\1/p' "$folder/usage" | sed 's/^ //'; }

formats='.Ss Lists of other services'

commands | have
{
	between man/okite.1 '.Sh DESCRIPTION' "$formats"
	between man/okite.1 "$formats" 'The events are:' | sed -n '/^\.Ss/,$p'
} | tagged Cm | page
compare man/okite.1 "what the commands do"

sed -n 's/.* suppress import .*\[--format auto|\([a-z|]*\)\].*/\1/p' "$folder/usage" |
	tr '|' '\n' | have
between man/okite.1 "$formats" .Ss | tagged Cm | page
compare man/okite.1 formats

commands | have
between man/okite.1 '.Sh JSON' .Sh | tagged Cm | page
compare man/okite.1 "what the commands print with --json"

sed -n -e 's/.*ROW(\([a-z_]*\), OPTION_.*/\1/p' -e 's/^[[:space:]]*{ "\([a-z-]*\)", .*/\1/p' \
	cli/options.c | have
between man/okite.1 '.Sh DESCRIPTION' '.Sh EXAMPLES' |
	matches 'Fl -[a-z-]+' | sed 's/^Fl -//' | page
compare man/okite.1 "what the options do"

# ---- okite: what it prints ----

# What setup_record.c writes is a file of its own, and not printed.
printing() { find cli -name '*.c' ! -name setup_record.c -exec cat {} +; }

# In tables of members they are the first of each row.
{
	printing | matches 'json_object_set_new\([^"()]*, "[a-z_]+"'
	printing | matches 'json_pack\([^;]*;' | matches '"[a-z_]+",'
	printing | matches ' members\[\] = \{[^;]*\};' | matches '\{ "[a-z_]+",'
} | sed 's/.*"\([a-z_]*\)".*/\1/' | have
between man/okite.1 '.Sh JSON' .Sh | sed -n -e 's/^\.It Va /.Va /' -e '/^\.Va/p' |
	marked Va | sed 's/.*\.//' | page
compare man/okite.1 "members of JSON"

named_by EVENT <store/store.c | have
between man/okite.1 'The events are:' .El | tagged Cm | page
compare man/okite.1 events

named_by REASON <policy/suppression.c | sed '/^none$/d' | have
between man/okite.1 '.Ar reason' A | sed 's/^or$//' | marked Cm | page
compare man/okite.1 reasons

named_by STANDING <policy/account.c | have
between man/okite.1 '.It Cm account list' .It | marked Cm | page
compare man/okite.1 standings

named_by VERDICT <policy/verdict.c | have
between man/okite.1 '.Va verdict ,' .Va | marked Cm | page
compare man/okite.1 verdicts

# ---- okited ----

sed -n 's/.*getopt(argc, argv, "\([a-zA-Z:]*\)").*/\1/p' milter/main.c | tr -d : |
	sed 's/./&\n/g' | sed '/^$/d' | have
between man/okited.8 'The options are:' .El | sed -n 's/^\.It Fl \([a-zA-Z]\).*/\1/p' | page
compare man/okited.8 options
between man/okited.8 '.Sh SYNOPSIS' .Sh | sed -n 's/^\.Op Fl \([a-zA-Z]*\).*/\1/p' |
	sed 's/./&\n/g' | sed '/^$/d' | page
compare man/okited.8 SYNOPSIS

matches 'sigaddset\(&[a-z]+, SIG[A-Z0-9]+' <milter/main.c | sed 's/.* //' | have
between man/okited.8 '.Ss Signals' .El | tagged Dv | page
compare man/okited.8 signals

# The status codes of RFC 3463 in replies.
cat policy/*.c milter/*.c | matches '"[45]\.[0-9]\.[0-9]+"' | tr -d '"' | have
between man/okited.8 '.Sh REPLIES' .Sh | matches '[45]\.[0-9]\.[0-9]+' | page
compare man/okited.8 "status codes"

between conf/limits.c '	static const char *const rules[] = {' '	}' | matches '"[a-z]+"' | tr -d '"' |
	sed '/^internal$/d' | have
between man/okited.8 '.Ar RULE' 421 | marked Cm | page
compare man/okited.8 "rules in replies"

between conf/limits.c '	static const char *const rules[] = {' '	}' | matches '"[a-z]+"' | tr -d '"' | have
between man/okite.conf.5 '.It Va limits.name' .It | marked Ql | sed -n '/^[a-z]/p' | page
compare man/okite.conf.5 "rules in the names of limits"

sed 's/%s\([a-z]\)/\1/g' milter/report.c | matches '[a-z]+=(<?%|yes)' | sed 's/=.*//' | have
between man/okited.8 '.Sh LOG' .Sh | tagged Cm | sed 's/=.*//' | page
compare man/okited.8 "keys in the log"

# Labels stand in braces, but for the `le` of a histogram.
{
	cat milter/metrics*.c | matches '"okite_[a-z_]+",' | tr -d '",'
	cat milter/metrics*.c | tr -d '\n\t' | sed 's/""//g' | matches 'okite_[a-z_]+\{[^}]*}' |
		sed -e 's/=[^,}]*//g' -e '/{le}/d'
} | sort | awk '
	{ name = $0; sub(/\{.*/, "", name); best[name] = $0 }
	END { for (name in best) print best[name] }' | have
between man/okited.8 '.Sh METRICS' .Sh | sed -n 's/^\.It Li //p' | page
compare man/okited.8 metrics

# ---- how they exit ----

exits() { between "$1" '.Sh EXIT STATUS' .Sh | sed -n 's/^\.It //p'; }

sed -n 's/.*CLI_[A-Z]* = \([0-9]*\),.*/\1/p' cli/cli.h | have
exits man/okite.1 | page
compare man/okite.1 "exit status"

# As sysexits.h numbers them.
cat milter/*.c base/memory.c | matches '[^A-Z_]EX_[A-Z]+' | cut -c 2- | awk '
	BEGIN {
		count = split("USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR" \
			" OSFILE CANTCREAT IOERR TEMPFAIL PROTOCOL NOPERM CONFIG", names)
		for (i = 1; i <= count; i++)
			number["EX_" names[i]] = 63 + i
		number["EX_OK"] = 0
	}
	{ print $0 in number ? number[$0] : $0 }' | have
exits man/okited.8 | page
compare man/okited.8 "exit status"

[ -e "$folder/offences" ] && offences=$(wc -l <"$folder/offences")
echo "$lists lists, $((offences)) offences"
[ "$offences" -eq 0 ]
