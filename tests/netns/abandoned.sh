#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a killed worker had in hand gets on-error where packets cannot be repeated, and is counted to the packet; whether they can is
# tried at the start.
#
#	left: UDP to ports 9 (good), 12 (wait) ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
mkfifo "$tmp/word"
chmod 666 "$tmp/word"

trial() {
	config <<END
recovery: $1
log-level: debug
handlers:
  trial: { plugin: trial, wait: 12, fifo: $tmp/word }
queues:
  work:
    numbers: 1
    on-error: $2
    deadline: none
    handlers: [trial]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9:12 }
END
}

waiting_are() {
	[ "$(queue_field right 1 waiting)" -ge "$1" ]
}

# in_hand: the worker has received four packets, and is at the second.
in_hand() {
	local port n=0

	kill -STOP $(workers)
	for port in 9 12 9 9; do
		send left udp-send "$right4" "$port" >"$tmp/sent.out"
		n=$((n + 1))
		wait_for "packets to wait" 5 waiting_are "$n"
	done
	kill -CONT $(workers)
	wait_for "the first packet" 5 counted_is right at9 "$1"
}

another_than() {
	local now

	now=$(workers)
	[ -n "$now" ] && [ "$now" != "$1" ]
}

for port in 9 12; do
	count right "at$port" INPUT -p udp --dport "$port"
done
workers_may_die=yes

trial on-error drop
start_daemon right
in_hand 1
worker=$(workers)
kill -KILL $worker
wait_for "a successor" 10 another_than "$worker"
wait_for "an empty queue" 10 queue_is right 1 waiting 0
stop_daemon
equal "packets behind the queue" "$(counted right at9)+$(counted right at12)" 1+0
equal "seen, accepted, dropped, failed" "$(statistic queue work seen) $(statistic queue work accepted) \
$(statistic queue work dropped) $(statistic queue work failed)" "4 1 3 3"
has "the statistics tell it" "$daemon_log" 'queue 1: in the hands of a worker that died, got on-error: 3'

trial on-error accept
start_daemon right
in_hand 2
worker=$(workers)
kill -KILL $worker
wait_for "a successor" 10 another_than "$worker"
wait_for "an empty queue" 10 queue_is right 1 waiting 0
stop_daemon
equal "packets behind the queue" "$(counted right at9)+$(counted right at12)" 4+1
equal "seen, accepted, dropped, failed" "$(statistic queue work seen) $(statistic queue work accepted) \
$(statistic queue work dropped) $(statistic queue work failed)" "4 4 0 3"

# This kernel repeats: nothing is said, and nothing is left of the trial.
trial auto drop
start_daemon right
in_hand 5
worker=$(workers)
kill -KILL $worker
wait_for "a successor" 10 another_than "$worker"
printf x >"$tmp/word"
wait_for "all packets" 10 counted_is right at9 7
stop_daemon
equal "the one that was waited for" "$(counted right at12)" 2
! grep -E 'REPEAT for ACCEPT' "$daemon_log" || fail "this kernel is said not to repeat"
[ -n "${NFV_TEST_USERNS-}" ] || [ "$(id -u)" -ne 0 ] || ! grep 'could not be tried' "$daemon_log" || fail "it was not tried"
! grep -lx nfv-probe /proc/[0-9]*/comm 2>/dev/null || fail "the trial's process is left"
