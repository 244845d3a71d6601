# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the test, lib.sh and conserve.sh have the variables, and use these
#
# For the tests that replace the daemon while two queues are at work. Sourced after conserve.sh.
#
#	left: $rate packets/s ---- right: queues 1 (fast) and 2 (strict) at mangle INPUT

books_ports=(9 10)
books_queues=(1 2)

# configure_one: the first queue alone; configure_two: both.
configure_one() {
	config <<END
handlers:
  look: { plugin: trial, mark: $books_mark/$books_mark }
queues:
  first:
    numbers: 1
    max-length: 200000
    when-full: drop
    when-down: drop
    on-error: drop
    handlers: [look]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
${1-}
END
}

configure_two() {
	configure_one "
  second:
    numbers: 2
    isolation: strict
    max-length: 200000
    when-full: drop
    when-down: drop
    on-error: drop
    handlers: [look]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 10 }"
}

# send_both: to both queues, until `flow_stop one two`.
send_both() {
	flow_send one left "$right4" 9 --rate $((rate / 2))
	flow_send two left "$right6" 10 --rate $((rate / 2))
}

# sockets: who has bound the queues; another socket would have lost what waits in them.
sockets() {
	printf '%s+%s\n' "$(queue_field right 1 portid)" "$(queue_field right 2 portid)"
}
