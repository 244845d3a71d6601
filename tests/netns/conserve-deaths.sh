#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything a handler can die of, at one packet among good ones that flow: exactly that packet gets on-error, each good one
# is inspected and arrives once, the log names the death, the queue beside notices nothing. NFV_SOAK_ROUNDS: how often (1).
#
#	left ---- right: queues 1 (on-error: accept), 2 (on-error: drop), 3 (no faults), each with good packets, at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

NFV_TEST_ISOLATION=${NFV_TEST_ISOLATION:-fast}

rounds=${NFV_SOAK_ROUNDS:-1}
rate=${NFV_SOAK_RATE:-12000}
[ "$sanitizers" -eq 0 ] || rate=500

# What a handler does of packets with numbers of which thousand, and what the log says of it. A sanitizer makes exits of signals, or of what would be none.
deeds=(
	"11 abort killed by signal 6"
	"12 exit ended with status 3"
	"13 leave ended with status 0"
	"14 fault killed by signal 11"
	"15 divide killed by signal 8"
	"16 overflow killed by signal 11"
	"17 trash killed by signal (11|7|4)"
	"18 call killed by signal 31"
	"19 loop hangs in handler [a-z]+ at packet [0-9]+: more than $books_deadline_ms ms"
	"20 deaf hangs in handler [a-z]+ at packet [0-9]+: more than $books_deadline_ms ms"
)

two_hosts
books_ports=(9 10 109 110 209)
books_queues=(1 2 3)
books_rules
workers_may_die=yes

# faults PORT: the deeds as options, each of packets with numbers of its own.
faults() {
	local deed number does

	for deed in "${deeds[@]}"; do
		read -r number does _ <<<"$deed"
		printf '{ port: %d, thousand: %d, does: %s }, ' "$1" "$number" "$does"
	done
}

# queue_keys ON-ERROR NUMBER HANDLER PORTS
queue_keys() {
	printf '%s: { numbers: %d, handlers: [%s], on-error: %s, ' "$3" "$2" "$3" "$1"
	printf 'max-length: 100000, when-full: drop, when-down: drop, deadline: %dms, max-crashes: unlimited, ' "$books_deadline_ms"
	printf 'steer: [ { chain: INPUT, table: mangle, match: -p udp --dport %s } ] }\n' "$4"
}

# deaths_config PLUGIN
deaths_config() {
	config <<-END
		handlers:
		  accepting: { plugin: $1, mark: $books_mark/$books_mark, faults: [ $(faults 10) ] }
		  dropping: { plugin: $1, mark: $books_mark/$books_mark, faults: [ $(faults 110) ] }
		  good: { plugin: trial, mark: $books_mark/$books_mark }
		queues:
		  $(queue_keys accept 1 accepting 9:10)
		  $(queue_keys drop 2 dropping 109:110)
		  $(queue_keys drop 3 good 209)
	END
}

# on_errors QUEUE: packets so far that a worker of it died of.
on_errors() {
	grep -cE "queue $1: packet [0-9]+ gets on-error" "$daemon_log" || [ $? -eq 1 ]
}

on_errors_are() {
	[ "$(on_errors 1)" -ge "$1" ] && [ "$(on_errors 2)" -ge "$1" ]
}

# poison NUMBER N: the N-th packet of it, to both queues.
poison() {
	local port

	for port in 10 110; do
		flow_send "poison$port.$1.$2" left "$right4" "$port" --first $(($1 * 1000 + $2)) --count 1
		flow_sent "poison$port.$1.$2"
	done
}

# deaths NAME PLUGIN
deaths() {
	local name=$1 round deed number does words count=0 port lines

	deaths_config "$2"
	books_open "$name"
	start_daemon right
	master_note
	for port in 9 109 209; do
		flow_send "good$port" left "$right4" "$port" --rate "$rate"
	done
	for ((round = 0; round < rounds; round++)); do
		for deed in "${deeds[@]}"; do
			read -r number does words <<<"$deed"
			lines=$(wc -l <"$daemon_log")
			poison "$number" "$round"
			count=$((count + 1))
			wait_for "$name: $does: on-error in both queues" 10 on_errors_are "$count"
			tail -n "+$((lines + 1))" "$daemon_log" >"$tmp/deed.log"
			has "$name: $does" "$tmp/deed.log" "queue 1: worker [0-9]+ (was )?$words"
		done
	done
	flow_stop good9 good109 good209
	note "of several packets in one call: $(grep -c 'at one of [0-9]* packets' "$daemon_log" || :) deaths"
	books_close keep
	for port in 9 109 209; do
		equal "$name: good packets to port $port, inspected" "${books[inspected_$port]}" "${books[before_$port]}"
	done
	equal "$name: deadly packets with on-error: accept that passed, and nothing else uninspected" \
		"${books[uninspected_10]} ${books[uninspected]}" "$count $count"
	equal "$name: deadly packets with on-error: drop that were dropped, and nothing else" \
		"$((books[before_110] - books[uninspected_110] - books[inspected_110])) ${books[dropped]}" "$count $count"
	equal "$name: decided by on-error" "${books[failed]}" $((2 * count))
	! grep -E 'queue 3: worker' "$daemon_log" || fail "$name: the queue beside was not left alone"
	machine_same
	stop_daemon
	nothing_left
}

deaths "packet()" trial
deaths "batch()" trial-batch
