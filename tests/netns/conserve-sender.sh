#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# isolation: strict. Somebody stops the process that sends verdicts, with SIGSTOP, and nobody continues it: while packets flow, before a
# stop of the daemon, before a reload that has no use for it any more, and before its queue is given up. What it owes is sent by another
# one: each packet arrives once, inspected, and the books balance.
#
#	left ---- right: queue 1 or 2 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

rate=${NFV_SOAK_RATE:-10000}
[ "$sanitizers" -eq 0 ] || rate=1000

two_hosts
books_rules
workers_may_die=yes # one that leaves does not wait longer than a second for what it has decided to be sent

# sender_config ISOLATION [NUMBER]
sender_config() {
	config <<-END
		handlers:
		  look: { plugin: trial, mark: $books_mark/$books_mark }
		queues:
		  load:
		    numbers: ${2-1}
		    isolation: $1
		    max-length: 300000
		    when-full: drop
		    when-down: drop
		    on-error: drop
		    handlers: [look]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
}

inspected_more_than() {
	[ "$(books_counter inspected)" -gt "$1" ]
}

owes() {
	[ "$(queue_field right 1 waiting)" -gt 100 ]
}

# stopped NAME: under load, and with verdicts that it has not sent.
stopped() {
	sender_config strict
	books_open "$1"
	start_daemon right
	flow_send load left "$right4" 9 --rate "$rate"
	wait_for "packets to be inspected" 10 inspected_more_than "$(books_counter inspected)"
	kill -STOP "$(child nfv-send-1)"
	wait_for "packets that wait for it" 10 owes
}

whole() {
	has "$books_name: the log tells it" "$daemon_log" 'queue 1: sender [0-9]+ (is stopped, and verdicts wait for it|does not send any more); killed'
	equal "$books_name: arrived, inspected" "${books[inspected]}" "${books[sent]}"
	equal "$books_name: uninspected, dropped, or without room" \
		$((books[uninspected] + books[dropped] + books[full] + books[overrun])) 0
}

stopped "while packets flow"
wait_for "another one" 10 inspected_more_than "$(books_counter inspected)"
flow_stop load
books_close
whole

stopped "stop of the daemon"
flow_stop load
wait_for "all packets at the receiver" 20 books_arrived
books_stop
books_close
whole

stopped "reload: isolation: fast"
sender_config fast
reload
flow_stop load
books_close
whole

# The books of the number that was given up are not in those of the other one: what it accepted passed, for them.
stopped "reload: another number"
sender_config strict 2
reload
flow_stop load
books_queues=(2)
books_close
whole
