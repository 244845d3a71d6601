# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # lib.sh has the variables
#
# For the tests that put another configuration in force. Sourced after lib.sh.

reloads=0

# What the daemon said last of a reload that came to its end.
reload_ends() {
	grep -cE ' reloaded: |reload: nothing was changed' "$daemon_log" || [ $? -eq 1 ]
}

reload_ended() {
	[ "$(reload_ends)" -ge "$1" ]
}

# reload_ask: asks for one, and does not wait.
reload_ask() {
	reloads=$(($(reload_ends) + 1))
	kill -HUP "$daemon_pid"
}

# reload_end [SECONDS]: of the one that was asked for.
reload_end() {
	wait_for "the end of reload $reloads" "${1:-20}" reload_ended "$reloads"
}

# reload: it must come to a good end.
reload() {
	reload_ask
	reload_end
	reload_last | grep -qF ' reloaded: ' || fail "the configuration was refused"
}

reload_last() {
	grep -E ' reloaded: |reload: nothing was changed' "$daemon_log" | tail -n 1
}

# refuse WHAT EXTENDED-REGEX [SECONDS]: the last configuration must be refused with such a line, and nothing be changed.
refuse() {
	local before=$tmp/refuse.before lines

	lines=$(wc -l <"$daemon_log")
	state >"$before"
	reload_ask
	reload_end "${3:-20}"
	tail -n +"$((lines + 1))" "$daemon_log" >"$tmp/refuse.log"
	grep -qF 'reload: nothing was changed' "$tmp/refuse.log" || fail "$1: it was put in force"
	grep -qE -- "$2" "$tmp/refuse.log" || {
		cat "$tmp/refuse.log"
		fail "$1: no line matches $2"
	}
	state | diff "$before" - || fail "$1: something was changed"
	note "ok: refused, and nothing was changed: $1"
}

# What a configuration that is refused must leave as it is: rules, queues and their parameters, workers.
state() {
	rules right nft
	rules right legacy
	at right awk '{ print $1, $2, $4, $5 }' /proc/self/net/netfilter/nfnetlink_queue
	workers
}

# child NAME: the process id of the master's child of that name; fails without one.
child() {
	local pid

	for pid in $(cat "/proc/$daemon_pid/task/$daemon_pid/children"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || printf '%d\n' "$pid"
	done | grep .
}
