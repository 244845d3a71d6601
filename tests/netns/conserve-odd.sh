#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Handlers that do what no handler should come to: kill or stop themselves, close every descriptor, jump into a function that has returned,
# scribble over the memory of their worker and over what the master sees of it. With on-error: accept nothing is dropped: each packet
# arrives once, the master lives, and a good queue notices nothing.
#
#	left ---- right: queues 1 (port 9 good, 10 odd) and 2 (port 109, good) at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

NFV_TEST_ISOLATION=${NFV_TEST_ISOLATION:-fast}
rate=${NFV_SOAK_RATE:-5000}
[ "$sanitizers" -eq 0 ] || rate=1000

two_hosts
books_ports=(9 10 109)
books_queues=(1 2)
books_rules
workers_may_die=yes

# odd DOES REGEX: what the log says of it.
odd() {
	config <<-END
		handlers:
		  odd: { plugin: trial, mark: $books_mark/$books_mark, faults: [ { port: 10, does: $1 } ] }
		  good: { plugin: trial, mark: $books_mark/$books_mark }
		queues:
		  odd: { numbers: 1, handlers: [odd], on-error: accept, max-crashes: unlimited, max-length: 100000, when-full: drop,
		    deadline: ${books_deadline_ms}ms, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9:10 } ] }
		  good: { numbers: 2, handlers: [good], on-error: drop, max-length: 100000, when-full: drop,
		    deadline: ${books_deadline_ms}ms, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 109 } ] }
	END
	books_open "$1"
	start_daemon right
	master_note
	for port in 9 109; do
		flow_send "good$port" left "$right4" "$port" --rate "$rate"
	done
	flow_send odd left "$right4" 10 --count 3 --rate 20
	flow_sent odd
	wait_for "$1: the end of a worker: $2" 10 grep -qE "queue 1: worker [0-9]+ $2" "$daemon_log"
	note "ok: $1: $(grep -E "queue 1: worker [0-9]+ $2" "$daemon_log" | head -n 1)"
	flow_stop good9 good109
	books_settle
	kill -0 "$daemon_pid" || fail "$1: the master is gone"
	! grep -E 'queue 2: worker' "$daemon_log" || fail "$1: the queue beside was not left alone"
	machine_same
	stop_daemon
	books_rest
	nothing_left
}

# books_rest: what does not depend on the daemon's word, for a handler may write over it.
books_rest() {
	local key value port delivered=0 duplicates=0

	while read -r key value; do
		books[$key]=$((value - books_start[$key]))
	done < <(books_counters)
	for port in "${books_ports[@]}"; do
		flow_stop "sink$port"
		delivered=$((delivered + $(value "sink$port" received) + $(value "sink$port" socket-dropped)))
		duplicates=$((duplicates + $(value "sink$port" duplicates)))
	done
	equal "$books_name: arrived, of $(books_sent)" "$((books[inspected] + books[uninspected])) $delivered" "$(books_sent) $(books_sent)"
	equal "$books_name: duplicates" "$duplicates" 0
	equal "$books_name: good packets of the queue beside, inspected" "${books[inspected_109]}" "${books[before_109]}"
}

odd kill "was killed by signal 31"
odd stop "was killed by signal 31"
odd close "ended with status 1"
if [ "$sanitizers" -eq 1 ]; then
	note "no jump and no scribbling with sanitizers: they report the one, and lay out memory differently for the other"
	exit 0
fi
odd jump "(was|ended|hangs)"
odd heap "(was|ended|hangs)"
odd shared "(was|ended|hangs)"

# Each of the three packets costs two workers at most, where packets are known again: the second one told which it judges.
odd books "was killed by signal 11"
equal "packets that were found out" "$(grep -cE 'queue 1: packet [0-9]+ gets on-error' "$daemon_log")" 3
between "workers that it cost" "$(grep -cE 'queue 1: worker [0-9]+ (was|ended)' "$daemon_log")" 3 6
has "what is wrong is told" "$daemon_log" 'queue 1: worker [0-9]+ left memory that makes no sense'
