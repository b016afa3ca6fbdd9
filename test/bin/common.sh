# shellcheck shell=bash
# Shell functions shared by the scripts of this folder; sourced, not run.
# bash 4 or newer.

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

ca_cpus() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

# ca_as_user USER COMMAND…: run as USER, or as we are when USER is empty.
ca_as_user() {
	local user=$1
	shift
	if [ -z "$user" ]; then
		"$@"
	elif command -v setpriv >/dev/null 2>&1; then
		setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
	elif command -v runuser >/dev/null 2>&1; then
		runuser -u "$user" -- "$@"
	else
		die "neither setpriv nor runuser is here to leave root's rights"
	fi
}

# ca_major PG_CONFIG: "15" for "PostgreSQL 15.4 (Debian …)" and "19" for "19beta1".
ca_major() { "$1" --version | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'; }

# ca_complete PG_CONFIG: a server with its development files.
ca_complete() {
	[ -x "$1" ] && [ -x "$("$1" --bindir)/postgres" ] && [ -x "$("$1" --bindir)/initdb" ] &&
		[ -f "$("$1" --pgxs)" ] && [ -f "$("$1" --includedir-server)/postgres.h" ]
}

# Print the pg_config to use: PG_CONFIG if given, else the newest complete
# server among the usual places, else the one on the path.
ca_find_pg_config() {
	local c best="" best_major=0 m
	if [ -n "${PG_CONFIG:-}" ]; then
		c=$(command -v "$PG_CONFIG") || { echo "PG_CONFIG=$PG_CONFIG cannot be run" >&2; return 1; }
		ca_complete "$c" || { echo "PG_CONFIG=$PG_CONFIG belongs to no complete PostgreSQL (server and development files)" >&2; return 1; }
		printf '%s\n' "$c"
		return 0
	fi
	for c in /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config \
		/usr/local/pgsql/bin/pg_config /opt/homebrew/opt/postgresql@*/bin/pg_config "$(command -v pg_config || true)"; do
		[ -n "$c" ] && ca_complete "$c" 2>/dev/null || continue
		m=$(ca_major "$c")
		# Majors that are not supported are taken only when asked for.
		if [ "$m" -ge 15 ] && [ "$m" -le 18 ] && [ "$m" -gt "$best_major" ]; then
			best=$c best_major=$m
		fi
	done
	[ -n "$best" ] || { echo "no PostgreSQL 15 to 18 with its development files found; test/bin/prepare installs one" >&2; return 1; }
	printf '%s\n' "$best"
}
