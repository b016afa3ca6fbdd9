# shellcheck shell=bash
# What the demo's scripts share: words and tables on a screen of any width, and
# SQL as an application would send it.

set -o pipefail

width=${COLUMNS:-}
if [ -z "$width" ] && [ -t 1 ]; then width=$(tput cols 2>/dev/null); fi
case $width in ''|*[!0-9]*) width=80 ;; esac
[ "$width" -le 100 ] || width=100
[ "$width" -ge 60 ] || width=60

# Whatever the caller's locale, the text on the screen is UTF-8.
export PGCLIENTENCODING=UTF8

bold='' dim='' colour='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' colour=$'\e[36m' plain=$'\e[0m'
fi

# Not "printf %.0s" and seq: a rule is a rule in every locale.
rule() {
	local i line=
	for ((i = 0; i < width; i++)); do line+=$1; done
	printf '%s\n' "$line"
}

title() { printf '\n%s' "$bold"; rule ═; printf '  %s\n' "$1"; rule ═; printf '%s' "$plain"; }
heading() { printf '\n%s── %s ──%s\n' "$bold$colour" "$1" "$plain"; }
say() { printf '\n'; printf '%s\n' "$*" | fold -s -w "$((width - 2))"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

psql_() {
	psql -X -q -v ON_ERROR_STOP=1 -v VERBOSITY=default -v SHOW_CONTEXT=never \
		-P border=2 -P linestyle=unicode -P footer=off -P format=wrapped -P columns="$width" \
		-P pager=off "$@"
}

# The database's administrator: sets up, and shows what is not protected.
admin() { PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning" psql_ "$@"; }

# The application: a plain role that may say for whom it acts.
application() { psql_ -U clinic_app "$@"; }

# psql ends a table with an empty line; here the next paragraph brings its own.
tidy() { sed '/^$/d'; }

# as MEMBER SQL [OPTION]...: one transaction of the application on behalf of a member.
as() {
	local member=$1 sql=$2
	shift 2
	application "$@" <<-SQL | tidy
		BEGIN;
		SELECT careaccess_act_as('$member') \g /dev/null
		$sql;
		COMMIT;
	SQL
}

# ask MEMBER SQL: the statement, and its answer as a table.
ask() {
	typed "$(name_of "$1")" "$2"
	as "$1" "$2"
}

# explain ASKER MEMBER CLIENT CATEGORY: careaccess_explain as a list, which reads
# better than a table whose last column is prose.
explain() {
	local step rule outcome detail
	typed "$(name_of "$1")" "SELECT * FROM careaccess_explain($2, $3, '$4')"
	as "$1" "SELECT step, rule, outcome, detail FROM careaccess_explain($2, $3, '$4')" -At -F $'\x1f' |
		while IFS=$'\x1f' read -r step rule outcome detail; do
			printf '  %2s  %s%s%s: %s\n' "$step" "$bold" "$rule" "$plain" "$outcome"
			[ -z "$detail" ] || fold -s -w "$((width - 8))" <<<"$detail" | sed 's/^/        /'
		done
}

name_of() { admin -At -c "SELECT name FROM demo.person WHERE id = '$1' LIMIT 1"; }

# What somebody types, before it is done.
typed() {
	printf '\n%s%s:%s\n' "$bold" "$1" "$plain"
	fold -s -w "$((width - 6))" <<<"$2;" | sed '1s/^/  /; 1!s/^/      /'
}

# act MEMBER SQL: show the statement, do it as that member, show the answer (a
# refusal is one, too). A call that returns nothing answers "done".
act() {
	typed "$(name_of "$1")" "$2"
	answer "BEGIN; SELECT careaccess_act_as('$1') \\g /dev/null
		$2;
		COMMIT;" "$2"
}

# act_on_portal LOGIN SQL [CLIENT]: the same for a client's login, on his own
# profile or on another.
act_on_portal() {
	typed "$1, on the portal${3:+, profile $3}" "$2"
	answer "BEGIN; SELECT careaccess_act_as_portal_user('$1', $(quoted "${3:-}")) \\g /dev/null
		$2;
		COMMIT;" "$2"
}

# answer SCRIPT STATEMENT: run the script; the statement is what was shown.
answer() {
	local out code line
	out=$(application -At <<<"$1" 2>&1)
	code=$?
	out=$(sed -n -e 's/^psql:<stdin>:[0-9]*: //' -e '/^[[:space:]]*$/!p' <<<"$out")
	if [ "$code" = 0 ]; then
		if [ -z "$out" ]; then
			case $2 in "SELECT careaccess_"*) out='done' ;; *) out='(no rows)' ;; esac
		fi
		printf '  → %s\n' "$out"
		return
	fi
	# The error, its detail and hint; not the line that psql points at.
	grep -E '^(ERROR|DETAIL|HINT):' <<<"$out" | while IFS= read -r line; do
		case $line in
			ERROR:*) fold -s -w "$((width - 14))" <<<"refused: ${line#ERROR:  }" | sed '1s/^/  → /; 1!s/^/             /' ;;
			HINT:*) fold -s -w "$((width - 14))" <<<"Hint: ${line#HINT:  }" | sed 's/^/             /' ;;
			*) fold -s -w "$((width - 14))" <<<"${line#DETAIL:  }" | sed 's/^/             /' ;;
		esac
	done
}

# before STAGE [CLIENT] remembers what everybody of a stage sees; after shows
# what became of it: the cells that changed read "0 → 3".
before() { application -c "SELECT demo.remember('$1', $(quoted "${2:-}"))" >/dev/null; }
now() { across "demo.now('$1', $(quoted "${2:-}"))"; }
after() { across "demo.changes('$1', $(quoted "${2:-}"))"; }
across() {
	application <<<"SELECT who, probe, cell, probe_position FROM $1 \\crosstabview who probe cell probe_position" | tidy
}
quoted() { if [ -n "$1" ]; then printf "'%s'" "$1"; else printf null; fi; }
