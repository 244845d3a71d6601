#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nobody listens any more, the rules are still there: packets pass (when-down: accept) or are dropped.
#
#	left ---- right: queue 1 at mangle INPUT, then every process of nfverdictd killed
. "$(dirname "$0")/lib.sh"

two_hosts
count right arrived INPUT -p udp --dport 9

# run WHEN-DOWN
run() {
	config <<-END
		orphan-time: 0s
		handlers:
		  everything: { plugin: accept }
		queues:
		  down:
		    numbers: 1
		    when-down: $1
		    handlers: [everything]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start_daemon right
	arrived=$(counted right arrived)
	send left udp-send "$right4" 9 --count 20
	send left udp-send "$right6" 9 --count 20
	wait_for "packets while it runs" 10 counted_is right arrived $((arrived + 40))
	kill_daemon
	rules right nft | grep -q NFV- || fail "no rules are left: this tests nothing"
	send left udp-send "$right4" 9 --count 20
	send left udp-send "$right6" 9 --count 20
	at left ping -c 1 -W 2 "$right4" >/dev/null
}

run accept
equal "passed with nobody there, when-down: accept" "$(($(counted right arrived) - arrived))" 80
run drop
equal "passed with nobody there, when-down: drop" "$(($(counted right arrived) - arrived))" 40

# The master alone is killed: its workers do not go on without it, and no process stays.
start_daemon right
kill -KILL "$daemon_pid"
{ wait "$daemon_pid" || :; } 2>/dev/null
wait_for "the queue to be gone" 10 no_queues right
all_gone() { [ -z "$(daemons)" ]; }
wait_for "the workers to end" 10 all_gone
note "ok: workers end with their master"
