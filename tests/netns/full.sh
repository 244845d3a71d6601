#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A full queue: max-length packets wait, the others pass (when-full: accept) or are dropped, and the kernel's counter knows.
#
#	left ---- right: queue 1 at mangle INPUT, its worker stopped with SIGSTOP
. "$(dirname "$0")/lib.sh"

two_hosts
count right arrived INPUT -p udp --dport 9
count right before -t raw PREROUTING -p udp --dport 9

# fill WHEN-FULL
fill() {
	config <<-END
		handlers:
		  everything: { plugin: accept }
		queues:
		  full:
		    numbers: 1
		    max-length: 50
		    when-full: $1
		    handlers: [everything]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start_daemon right
	arrived=$(counted right arrived)
	before=$(counted right before)
	stopped=$(workers)
	# shellcheck disable=SC2086 # process ids
	kill -STOP $stopped
	send left udp-send "$right4" 9 --count 200
	wait_for "packets at the receiver" 10 counted_is right before $((before + 200))
	equal "waiting" "$(queue_field right 1 waiting)" 50
}

resume() {
	# shellcheck disable=SC2086
	kill -CONT $stopped
	wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
}

fill accept
equal "passed while the queue was full" "$(($(counted right arrived) - arrived))" 150
resume
wait_for "the others" 10 counted_is right arrived $((arrived + 200))
equal "arrived in all" "$(($(counted right arrived) - arrived))" 200
stop_daemon

fill drop
equal "passed while the queue was full" "$(($(counted right arrived) - arrived))" 0
equal "dropped by the kernel" "$(queue_field right 1 dropped)" 150
resume
wait_for "those that waited" 10 counted_is right arrived $((arrived + 50))
equal "arrived in all" "$(($(counted right arrived) - arrived))" 50
stop_daemon
