#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What handlers do wrong when they are not judging a packet, while packets flow: in decided(), tick(), stats(), close(), a timer, a watch, and
# in the open() of a successor. The log names the call, quarantine counts it, and no packet is lost, drops out or arrives twice.
#
#	left ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

NFV_TEST_ISOLATION=${NFV_TEST_ISOLATION:-fast}

rate=${NFV_SOAK_RATE:-10000}
[ "$sanitizers" -eq 0 ] || rate=500

two_hosts
books_ports=(9 10)
books_rules
workers_may_die=yes
mkfifo "$tmp/word"
chmod 666 "$tmp/word"

# calls_config FAULTS [QUEUE-KEYS [HANDLER-KEYS]]
calls_config() {
	config <<-END
		handlers:
		  bad: { plugin: trial-calls, mark: $books_mark/$books_mark, fifo: $tmp/word, faults: [ $1 ], ${3-} }
		queues:
		  load:
		    numbers: 1
		    on-error: drop
		    max-length: 100000
		    when-full: drop
		    when-down: drop
		    deadline: ${books_deadline_ms}ms
		    handlers: [bad]
		    ${2:-max-crashes: unlimited}
		    steer: [ { chain: INPUT, table: mangle, match: -p udp } ]
	END
}

more_uninspected_than() {
	[ "$(books_counter uninspected)" -gt "$1" ]
}

# begin NAME
begin() {
	books_open "$1"
	start_daemon right
	master_note
	flow_send load left "$right4" 9 --rate "$rate"
}

# ends: stops the load and the daemon, whose worker dies once more in close().
ends() {
	flow_stop load
	books_close keep
	equal "$books_name: lost for want of room" $((books[full] + books[overrun])) 0
	equal "$books_name: decided by on-error and dropped" "${books[failed]}" "${books[dropped]}"
	machine_same
	stop_daemon
	nothing_left
}

# death N CALL REGEX: the N-th of it, by the line that the log has.
death() {
	wait_for "$2: the end of worker $1" 10 logged "queue 1: worker [0-9]+ $3 in $2" "$1"
	[ "$1" -gt 1 ] || note "ok: $(grep -E "queue 1: worker [0-9]+ $3 in $2" "$daemon_log" | head -n 1)"
}

calls_config '{ on: watch, does: abort }, { on: stats, does: fault }, { on: decided, port: 10, does: abort }, { on: close, does: abort }'
begin "decided(), stats(), close(), a watch"
for n in 1 2; do
	printf x >"$tmp/word"
	death "$n" "a watch of handler bad" "was killed by signal 6 \(Aborted\)"
	kill -USR1 "$daemon_pid"
	death "$n" "stats\(\) of handler bad" "was killed by signal 11 .*"
	flow_send "decided$n" left "$right4" 10 --first "$n" --count 1
	flow_sent "decided$n"
	death "$n" "handler bad at packet [0-9]+" "was killed by signal 6 .*"
done
ends
equal "uninspected" "${books[uninspected]}" 0
between "packets that it died of when it was told of them, before their verdict was out" "${books[dropped]}" 0 2
death 1 "close\(\) of handler bad" "was killed by signal 6 .*"

calls_config '{ on: tick, does: abort }'
begin "tick()"
death 1 "tick\(\) of handler bad" "was killed by signal 6 .*"
death 2 "tick\(\) of handler bad" "was killed by signal 6 .*"
ends
equal "uninspected, or decided by on-error" $((books[uninspected] + books[failed])) 0

calls_config '{ on: close, does: loop }'
begin "close()"
ends
equal "uninspected, or decided by on-error" $((books[uninspected] + books[failed])) 0
death 1 "close\(\) of handler bad" "hangs"

calls_config '{ on: timer, does: loop }'
begin "a timer"
death 1 "a timer of handler bad" "hangs"
death 2 "a timer of handler bad" "was killed by signal 6 .*"
ends
equal "uninspected, or decided by on-error" $((books[uninspected] + books[failed])) 0

calls_config '{ on: timer, does: abort }' 'max-crashes: 3'
begin "quarantine"
death 3 "a timer of handler bad" "was killed by signal 6 .*"
wait_for "quarantine" 5 logged "handler bad is in quarantine: 3 crashes within 60 s" 1
quarantined=$(books_counter uninspected)
wait_for "packets that pass it by" 5 more_uninspected_than "$quarantined"
ends
equal "quarantine: decided by on-error" "${books[failed]}" 0
equal "quarantine: workers that died" "$(grep -cE 'queue 1: worker [0-9]+ (was killed|ended)' "$daemon_log")" 3

calls_config '{ on: open, does: exit }' 'max-crashes: unlimited' "armed: $tmp/armed"
begin "open() of a successor"
touch "$tmp/armed"
# shellcheck disable=SC2046 # process ids
kill -KILL $(workers)
death 2 "open\(\) of handler bad" "ended with status 3"
rm "$tmp/armed"
wait_for "a worker that serves" 10 queue_is right 1 waiting 0
ends
equal "uninspected, or decided by on-error" $((books[uninspected] + books[failed])) 0
