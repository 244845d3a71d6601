#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A handler that leaks comes to its worker's memory-limit, and costs the packet that it leaked at; the queue beside and the machine notice
# nothing. A handler that crashes leaves a core with core-dumps, and none without.
#
#	left ---- right: queues 1 (port 9 good, 10 bad) and 2 (port 109, good) at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

two_hosts
books_ports=(9 10 109)
books_queues=(1 2)
books_rules
workers_may_die=yes

# one_bad DEED [TOP-LEVEL-LINE...]
one_bad() {
	local does=$1

	shift
	config <<-END
		$(printf '%s\n' "$@")
		handlers:
		  bad: { plugin: trial, mark: $books_mark/$books_mark, faults: [ { port: 10, does: $does } ] }
		  good: { plugin: trial, mark: $books_mark/$books_mark }
		queues:
		  bad: { numbers: 1, handlers: [bad], on-error: drop, memory-limit: 64M, max-crashes: unlimited,
		    deadline: 10s, max-length: 100000, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9:10 } ] }
		  good: { numbers: 2, handlers: [good], on-error: drop, memory-limit: 16M, deadline: 10s, max-length: 100000,
		    steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 109 } ] }
	END
}

# worker_of QUEUE: its process id.
worker_of() {
	local pid

	for pid in $(workers); do
		[ "$(cat "/proc/$pid/comm")" != "nfv-queue-$1" ] || printf '%d\n' "$pid"
	done
}

ended() {
	[ "$(grep -cE 'queue 1: worker [0-9]+ (was killed|ended with)' "$daemon_log")" -ge "$1" ]
}

# ---- memory-limit ----

if [ "$sanitizers" -eq 0 ]; then
	one_bad leak
	books_open "a leak"
	start_daemon right
	master_note
	has "the limit of a worker" "/proc/$(worker_of 1)/limits" 'Max data size +67108864 +67108864'
	for port in 9 109; do
		flow_send "good$port" left "$right4" "$port" --rate 5000
	done
	for n in 1 2 3; do
		flow_send "leak$n" left "$right4" 10 --first "$n" --count 1
		flow_sent "leak$n"
		wait_for "the end of a leak" 10 ended "$n"
	done
	flow_stop good9 good109
	# shellcheck disable=SC2119
	books_close
	equal "good packets, inspected" "${books[inspected_9]} ${books[inspected_109]}" "${books[before_9]} ${books[before_109]}"
	equal "packets that it leaked at, dropped by on-error" "${books[dropped]} ${books[failed]}" "3 3"
	has "the log names handler, packet and limit" "$daemon_log" \
		'queue 1: worker [0-9]+ was killed by signal 11 .* in handler bad at packet [0-9]+; .* come to memory-limit, 64 MiB'
	! grep -E 'queue 2: worker' "$daemon_log" || fail "the queue beside was not left alone"
else
	note "no memory-limit with sanitizers"
fi

# ---- core-dumps ----

# A core for each death that leaves one: under that name where kernel.core_pattern is one without a slash, as it mostly is, or else
# where it says.
cores() {
	find "$tmp/crashes" -name 'crash-*.core' | sort
}

cores_are() {
	[ "$(cores | wc -l)" -eq "$1" ]
}

die_once() {
	flow_send dies left "$right4" 10 --count 1
	flow_sent dies
	wait_for "its end" 10 ended "$1"
}

pattern=$(cat /proc/sys/kernel/core_pattern)
one_bad fault "crash-dir: $tmp/crashes"
start_daemon right
die_once 1
stop_daemon
! grep 'core was dumped' "$daemon_log" || fail "a core without core-dumps"
equal "cores without core-dumps" "$(find "$tmp/crashes" | grep -c core || :)" 0

one_bad fault "crash-dir: $tmp/crashes" "crash-files: 2" "core-dumps: true"
start_daemon right
equal "the limit of a core's size" "$(awk '/^Max core file size/ { print $5 }' "/proc/$(worker_of 1)/limits")" \
	"$(awk '/^Max core file size/ { print $6 }' /proc/self/limits)"
equal "the owner of a worker's memory, which whoever is dumpable has" "$(stat -c %U "/proc/$(worker_of 1)/mem")" "$worker_user"
case $sanitizers$pattern in
1* | 0*/* | 0\|*) note "no file is looked for: kernel.core_pattern is $pattern" ;;
*)
	for n in 1 2 3; do
		die_once "$n"
		wait_for "a core" 10 grep -q "the core is saved as $tmp/crashes/crash-.*-1-[0-9]*\.core" "$daemon_log"
	done
	wait_for "two cores: the oldest went" 10 cores_are 2
	has "the log tells it" "$daemon_log" 'killed by signal 11 .* in handler bad at packet [0-9]+; its core was dumped'
	equal "what they are" "$(head -c 4 "$(cores | head -n 1)" | tail -c 3)" ELF
	equal "who may read them" "$(stat -c %a "$(cores | head -n 1)")" 600
	equal "the folder that they came through" "$(stat -c %a "$tmp/crashes/cores") $(find "$tmp/crashes/cores" -type f | wc -l)" "1733 0"
	equal "saved packets beside them" "$(find "$tmp/crashes" -name '*.pcapng' | wc -l)" 2
	;;
esac
stop_daemon

# ---- a full disk ----

mkdir "$tmp/full"
mount -t tmpfs -o size=4k,mode=755 none "$tmp/full"
one_bad fault "crash-dir: $tmp/full"
start_daemon right
printf 'no room left' >"$tmp/full/other"
die_once 1
wait_for "the word of it" 10 grep -qE "the packet could not be saved as $tmp/full/crash-.*\.pcapng: No space left on device" "$daemon_log"
stop_daemon
equal "what is in the folder" "$(ls "$tmp/full")" other
umount "$tmp/full"
