#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Stops under load: of the daemon, in order, with workers that serve, are killed at the same moment, or do not answer; of workers, with
# SIGSTOP and SIGCONT. Nothing is lost: what nobody looks at gets when-down.
#
#	left ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

NFV_TEST_ISOLATION=${NFV_TEST_ISOLATION:-fast}
rounds=${NFV_SOAK_ROUNDS:-2}
rate=${NFV_SOAK_RATE:-20000}
[ "$sanitizers" -eq 0 ] || rate=2000

two_hosts
books_rules
config <<END
handlers:
  look: { plugin: trial, mark: $books_mark/$books_mark }
queues:
  load:
    numbers: 1
    max-length: 300000
    when-full: drop
    when-down: accept
    on-error: drop
    handlers: [look]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
workers_may_die=yes

inspected_more_than() {
	[ "$(books_counter inspected)" -gt "$1" ]
}

waiting_more_than() {
	[ "$(queue_field right 1 waiting)" -gt "$1" ]
}

# looks: until packets are being inspected.
looks() {
	wait_for "packets to be inspected" 10 inspected_more_than "$(books_counter inspected)"
}

# ends: closes the books when there is no daemon any more.
ends() {
	flow_stop load
	# shellcheck disable=SC2119
	books_close
	equal "$books_name: dropped, by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
}

signal_worker() {
	# shellcheck disable=SC2046 # process ids
	kill -"$1" $(workers)
}

books_open "stopped and started"
flow_send load left "$right4" 9 --rate "$rate"
for ((round = 0; round < rounds; round++)); do
	start_daemon right
	looks
	books_stop
	start_daemon right
	looks
	signal_worker KILL
	books_stop
done
ends
between "inspected by one of them" "${books[inspected]}" 1 "${books[sent]}"
equal "inspected behind the queue, and accepted" "${books[inspected]}" "${books[accepted]}"

books_open "stopped with a worker that does not answer"
start_daemon right
flow_send load left "$right4" 9 --rate "$rate"
looks
signal_worker STOP
wait_for "packets to wait" 10 waiting_more_than 1000
books_stop
has "the log tells what was left" "$daemon_log" 'queue 1: [0-9]+ packets were left and let go \(when-down: accept\)'
ends

books_open "workers stopped and continued"
start_daemon right
master_note
flow_send load left "$right4" 9 --rate "$rate"
for ((round = 0; round < 4 * rounds; round++)); do
	looks
	signal_worker STOP
	wait_for "packets to wait" 10 waiting_more_than 500
	signal_worker CONT
done
ends
equal "uninspected" "${books[uninspected]}" 0
! grep -E 'worker [0-9]+ (was killed|ended|hangs)' "$daemon_log" || fail "a worker ended that was only stopped"

start_daemon right
signal_worker STOP
wait_for "the word that it is stopped" 20 logged 'queue 1: worker [0-9]+ is stopped' 1
signal_worker CONT
wait_for "the word that it goes on" 20 logged 'queue 1: worker [0-9]+ goes on' 1
stop_daemon
