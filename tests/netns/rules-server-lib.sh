# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tests of rules with servers start with. Sourcing it runs the test again in network, mount and process namespaces of
# its own with an empty /run: whatever it makes is gone when it ends, however it ends. The test sets `backend`.

set -eu -o pipefail

top_builddir=${top_builddir:-$PWD}
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

if [ -z "${NFV_RULES_ISOLATED-}" ]; then
	[ -x "$top_builddir/tests/rules/server-cli" ] || skip "no server-cli in $top_builddir/tests/rules"
	for tool in unshare setpriv iptables-nft iptables-legacy ip6tables-nft ip6tables-legacy; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	lib_user=()
	[ "$(id -u)" -eq 0 ] || lib_user=(--user --map-root-user)
	lib_unshare=(unshare ${lib_user[@]+"${lib_user[@]}"} --net --mount --pid --fork --kill-child --mount-proc
		--propagation private)
	lib_why=$("${lib_unshare[@]}" mount -t tmpfs none /run 2>&1) || skip "no namespaces for uid $(id -u): $lib_why"
	lib_tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-rules.XXXXXX")
	trap 'rm -rf "$lib_tmp"' EXIT
	lib_status=0
	NFV_RULES_ISOLATED=$lib_tmp top_srcdir=$top_srcdir top_builddir=$top_builddir \
		"${lib_unshare[@]}" bash "$0" "$@" </dev/null || lib_status=$?
	exit "$lib_status"
fi

tmp=$NFV_RULES_ISOLATED
mount -t tmpfs -o mode=755 none /run
backend=none
server_pid=
trap 'printf "FAIL: line %d: %s\n" "$LINENO" "$BASH_COMMAND"; show_log' ERR
set -E

show_log() {
	[ ! -s "$tmp/server.log" ] || { printf -- '---- the log of the server ----\n' && tail -n 40 "$tmp/server.log"; }
}

fail() {
	trap - ERR
	printf 'FAIL: %s: %s\n' "$backend" "$*"
	show_log
	exit 1
}

ok() {
	printf 'ok: %s: %s\n' "$backend" "$*"
}

# wait_for WHAT SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local what=$1 end=$((SECONDS + $2 + 1))

	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $what"
		sleep 0.02
	done
}

clear_all() {
	local family table

	for family in iptables ip6tables; do
		for table in raw mangle nat filter security; do
			"$family-$backend" -t "$table" -F
			"$family-$backend" -t "$table" -X
		done
	done
}

# The rules of a table and family without counters.
rules() {
	"$2-$backend-save" -t "$1" | sed -E '/^#/d; s/ ?\[[0-9]+:[0-9]+\]//'
}

# ---- a server ----

# serve SOCKET [OPTION VALUE...]
serve() {
	local socket=$1

	shift
	"$top_builddir/tests/rules/server-cli" rules serve --socket "$socket" --backend "$backend" "$@" \
		2>>"$tmp/server.log" &
	server_pid=$!
	wait_for "the server" 10 answers "$socket"
}

answers() {
	"$top_builddir/tests/rules/server-cli" status "$1"
}

stop_server() {
	local status=0

	kill -TERM "$server_pid"
	wait "$server_pid" || status=$?
	server_pid=
	[ "$status" -eq 0 ] || fail "the server ended with status $status"
	no_sanitizer_spoke
}

# end_server SOCKET: one that clients started.
end_server() {
	local pid

	pid=$("$top_builddir/tests/rules/server-cli" who "$1") || return 0 # none is there
	kill -TERM "$pid"
	wait_for "the started server to end" 10 is_gone "$1"
}

is_gone() {
	[ ! -e "$1" ]
}

no_sanitizer_spoke() {
	! grep -E 'Sanitizer|runtime error:' "$tmp/server.log" || fail "a sanitizer found something"
}
