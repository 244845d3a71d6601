#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A server of rulesets and its clients: who may connect, leases and the lock of clients that die, a server that dies, clients
# that are no good, idle exit, and one server for many clients that start it at once:
#
#	[ server-cli: clients ] --Unix socket--> [ server-cli: server ] --tools--> rules

set -eu -o pipefail

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top_srcdir/tests/netns/rules-server-lib.sh"

cli=$top_builddir/tests/rules/server-cli
socket=/run/rules.sock
state=/run/state

# client NAME COMMAND...: in the background, its standard input a pipe that is held open; until it says "held" or "sent".
declare -A client_in client_pid
client() {
	local name=$1

	shift
	mkfifo "$tmp/$name.in"
	rm -f "$tmp/$name.out" # or the words of one before it would be taken for its own
	"$@" <"$tmp/$name.in" >"$tmp/$name.out" 2>&1 &
	client_pid[$name]=$!
	# shellcheck disable=SC1083,SC2086,SC2093 # the descriptor goes into an element of the array; no program is run
	exec {client_in[$name]}>"$tmp/$name.in"
	wait_for "client $name" 10 grep -qE '^(held|sent)' "$tmp/$name.out"
}

# let_go NAME: a line on its standard input; it must end well.
let_go() {
	echo >&"${client_in[$1]}"
	wait "${client_pid[$1]}" || fail "client $1 ended with status $?"
	forget "$1"
}

kill_client() {
	kill -KILL "${client_pid[$1]}"
	{ wait "${client_pid[$1]}" || :; } 2>/dev/null
	forget "$1"
}

forget() {
	local fd=${client_in[$1]}

	exec {fd}>&-
	rm -f "$tmp/$1.in"
	unset "client_in[$1]" "client_pid[$1]"
}

# says PATTERN COMMAND...: the command's output matches.
says() {
	local pattern=$1 out

	shift
	out=$("$@" 2>&1 </dev/null) || :
	grep -qE -- "$pattern" <<<"$out" || fail "$*: said '$out', which does not match '$pattern'"
}

status_is() {
	"$cli" status "$socket" 2>/dev/null | grep -qF "$1"
}

# ---- who may connect ----

credentials() {
	serve "$socket" --state "$state"
	[ "$(stat -c %a "$socket")" = 600 ] || fail "the socket's mode is $(stat -c %a "$socket")"
	says 'another server serves there' "$cli" rules serve --socket "$socket" --backend "$backend" --state "$state"
	if awk '{ n += $3 } END { exit n <= 65534 }' /proc/self/uid_map; then
		as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
		says 'Permission denied' "${as_nobody[@]}" "$cli" status "$socket"
		# Past the file's mode the credentials are in the way, and the client is told.
		chmod 666 "$socket"
		says 'user 65534 may not connect' "${as_nobody[@]}" "$cli" status "$socket"
		grep -qE 'uid 65534\) is refused' "$tmp/server.log" || fail "the refusal was not logged"
		status_is '"refused":1' || fail "the refusal was not counted"
		chmod 600 "$socket"
		ok "credentials"
	else
		ok "credentials (one user only: others could not be tried)"
	fi
	"$cli" put "$socket" filter INPUT "-s 10.0.0.1/32 -j ACCEPT" >/dev/null || fail "a commit"
	rules filter iptables | grep -qF -- '-A INPUT -s 10.0.0.1/32 -j ACCEPT' || fail "the rule is not there"
	stop_server
	[ ! -e "$socket" ] || fail "the socket is left"
	ok "a commit through the server"
}

# ---- leases and the lock ----

leases() {
	clear_all
	"iptables-$backend" -A INPUT -s 192.0.2.1/32 -m comment --comment foreign -j DROP
	"iptables-$backend" -A OUTPUT -s 192.0.2.2/32 -j DROP
	rules filter iptables >"$tmp/before"
	serve "$socket" --state "$state"
	client holder "$cli" lease "$socket" filter MINE remove
	rules filter iptables | grep -qF -- '-A OUTPUT -j MINE' || fail "the holder's jump is not there"
	says "error 16: chain MINE of table filter \(IPv4\) is leased by process ${client_pid[holder]}" \
		"$cli" put "$socket" filter MINE "-j ACCEPT"
	says "error 16: chain MINE .* process ${client_pid[holder]}" "$cli" lease "$socket" filter MINE
	says '^done' "$cli" put "$socket" filter OTHER "-j ACCEPT"
	"iptables-$backend" -F OTHER
	"iptables-$backend" -X OTHER
	kill_client holder
	wait_for "the dead client's chain to go" 10 no_line MINE
	rules filter iptables | diff -u "$tmp/before" - || fail "rules of others were changed"
	wait_for "the lease to end" 5 status_is '"leases":0'
	ok "a client that dies loses its lease, and the chain goes"

	client holder "$cli" lease "$socket" filter MINE remove
	let_go holder
	wait_for "the lease to end" 5 status_is '"leases":0'
	no_line MINE && fail "the chain went, though the lease was given back"
	ok "a lease that is given back leaves the chain"
	"iptables-$backend" -D OUTPUT -j MINE

	client holder "$cli" lease "$socket" filter MINE
	kill_client holder
	wait_for "the lease to end" 5 status_is '"leases":0'
	no_line MINE && fail "the chain went, though nobody asked for that"
	says '^done' "$cli" put "$socket" filter MINE "-j ACCEPT"
	ok "a client that dies without that wish leaves the chain"

	client holder "$cli" lock "$socket"
	client writer sh -c 'echo sent; exec "$@"' - "$cli" put "$socket" filter WAITED "-j ACCEPT"
	wait_for "the writer to wait" 5 status_is '"waiting":1'
	no_line WAITED || fail "a commit came through the lock"
	kill_client holder
	wait "${client_pid[writer]}" || fail "the writer failed: $(cat "$tmp/writer.out")"
	forget writer
	no_line WAITED && fail "the commit is not there"
	ok "a client that dies loses the lock"
	stop_server
	clear_all
}

no_line() {
	! rules filter iptables | grep -qF "$1"
}

# ---- clients that are no good ----

garbage() {
	local kind

	serve "$socket" --state "$state"
	for kind in nonsense version huge no-json unknown; do
		timeout 10 "$cli" talk "$socket" "$kind" >"$tmp/talk.out" 2>&1 || fail "$kind: status $?"
		grep -q '"error"' "$tmp/talk.out" || fail "$kind: was not told: $(cat "$tmp/talk.out")"
	done
	ok "nonsense is answered, and the connection closed"
	client half "$cli" talk "$socket" half
	client flood "$cli" talk "$socket" flood
	# Those two hold nobody up.
	for _ in 1 2 3; do
		says '^done' timeout 10 "$cli" put "$socket" filter INPUT "-j ACCEPT"
	done
	ok "others are served beside half a message and one who does not read"
	wait_for "both to be closed" 30 grep -q ended "$tmp/flood.out"
	wait_for "both to be closed" 30 grep -q ended "$tmp/half.out"
	wait "${client_pid[half]}" "${client_pid[flood]}" || :
	forget half
	forget flood
	[ "$(grep -c 'stopped in the middle of a message' "$tmp/server.log")" -ge 2 ] || fail "that was not logged"
	ok "both are given up after a while"
	stop_server
	clear_all
}

# ---- changes that must be confirmed ----

confirms() {
	serve "$socket" --state "$state" --idle-exit 1
	says '^left [12]$' "$cli" try "$socket" filter INPUT "-s 10.0.0.7/32 -j DROP" 2
	no_line 10.0.0.7 && fail "the change is not there"
	says 'error 16: .*waits to be confirmed' "$cli" put "$socket" filter INPUT "-j ACCEPT"
	wait_for "the change to be rolled back" 15 no_line 10.0.0.7
	says 'error 2: nothing waits' "$cli" confirm "$socket"
	says '^left (9|10)$' "$cli" try "$socket" filter INPUT "-s 10.0.0.8/32 -j DROP" 10
	says '^confirmed' "$cli" confirm "$socket"
	says 'error 2: nothing waits' "$cli" confirm "$socket"
	no_line 10.0.0.8 && fail "the change that was confirmed is gone"
	ok "one client changes for a while, another confirms"
	wait_for "the idle server to end" 10 is_gone "$socket"
	wait "$server_pid" || fail "the server ended with status $?"
	clear_all
}

# ---- a server that goes ----

dies() {
	serve "$socket" --state "$state"
	client lasting "$cli" lease "$socket" filter LASTING
	kill -KILL "$server_pid"
	{ wait "$server_pid" || :; } 2>/dev/null
	[ -S "$socket" ] || fail "the dead server's socket should be left"
	says 'Connection refused' "$cli" status "$socket"
	serve "$socket" --state "$state"
	ok "the socket of a dead server is replaced"
	let_go lasting
	[ "$(rules filter iptables | grep -c -- '-A LASTING')" -eq 2 ] || fail "the client did not go on with the new server"
	grep -q 'lease' "$tmp/lasting.out" && fail "the lease was lost: $(cat "$tmp/lasting.out")"
	ok "its client goes on with the new one"
	stop_server
	clear_all

	: >"$tmp/no-socket"
	says 'is there and no socket' "$cli" rules serve --socket "$tmp/no-socket" --backend "$backend" --state "$state"
	[ -f "$tmp/no-socket" ] || fail "a file that is no socket was removed"
	ok "a file that is no socket is left alone"
}

idle() {
	serve "$socket" --state "$state" --idle-exit 1
	client holder "$cli" lock "$socket"
	sleep 1.5 # longer than it is idle
	kill -0 "$server_pid" || fail "the server ended while it had a client"
	let_go holder
	wait_for "the idle server to end" 10 ended "$server_pid"
	wait "$server_pid" || fail "the idle server ended with status $?"
	[ ! -e "$socket" ] || fail "the socket is left"
	ok "idle exit"
}

ended() {
	! kill -0 "$1"
}

starts() {
	START_BACKEND=$backend START_STATE=$state "$cli" start "$socket" 20 >"$tmp/start.out" 2>"$tmp/start.err" ||
		fail "clients that start a server: $(cat "$tmp/start.out" "$tmp/start.err")"
	[ "$(wc -l <"$tmp/start.out")" -eq 20 ] || fail "not all of 20 clients were served"
	[ "$(sort -u "$tmp/start.out" | wc -l)" -eq 1 ] || fail "more than one server was started"
	status_is '"accepted":21' || fail "the server is not the clients' one"
	kill -TERM "$(head -n 1 "$tmp/start.out")"
	wait_for "the started server to end" 10 is_gone "$socket"
	ok "20 clients at once start one server"
}

for backend in nft legacy; do
	: >"$tmp/server.log"
	credentials
	leases
	[ "$backend" != nft ] || garbage # it waits for time limits, and never gets as far as the rules
	confirms
	dies
	idle
	starts
	no_sanitizer_spoke
done
