#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The master is killed while packets flow. Its workers go on deciding for orphan-time; a next master takes the queues over with what
# waits in them: none is lost, none passes uninspected, none arrives twice. Without one they end in order.
# NFV_SOAK_ORPHANS: how often (4).
#
#	left: 40,000 packets/s ---- right: queues 1 (fast) and 2 (strict) at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/two-queues-lib.sh"

lives=${NFV_SOAK_ORPHANS:-4}
rate=${NFV_SOAK_RATE:-40000}
[ "$sanitizers" -eq 0 ] || rate=4000
mkfifo "$tmp/word"
chmod 666 "$tmp/word"

two_hosts
books_rules

# configure ORPHAN-TIME WHEN-DOWN [DEADLINE]
configure() {
	config <<END
orphan-time: $1
handlers:
  look:
    plugin: trial
    mark: $books_mark/$books_mark
    fifo: $tmp/word
    faults:
      - { on: packet, does: wait, port: 11 }
      - { on: packet, does: deaf, port: 12 }
queues:
  first:
    numbers: 1
    max-length: 200000
    when-full: drop
    when-down: $2
    on-error: drop
    deadline: ${3-1s}
    handlers: [look]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
      - { chain: INPUT, table: mangle, match: -p udp --dport 11:12 }
  second:
    numbers: 2
    isolation: strict
    max-length: 200000
    when-full: drop
    when-down: $2
    on-error: drop
    handlers: [look]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 10 }
END
}

kill_master() {
	kill -KILL "$daemon_pid"
	{ wait "$daemon_pid" || :; } 2>/dev/null
	daemon_pid=
}

more_uninspected_than() {
	[ "$(books_counter uninspected)" -gt "$1" ]
}

all_gone() {
	[ -z "$(daemons)" ]
}

# Sums of what each life of the master counted would count packets several times: the last one has them all.
seen_last() {
	statistic queue "$1" seen
}

# ---- another master takes over, again and again ----

configure 10s drop
books_open "taken over"
start_daemon right
rules right nft >"$tmp/rules.before"
before=$(sockets)
send_both
for ((i = 1; i <= lives; i++)); do
	kill_master
	sleep 0.2 # packets are decided meanwhile: see `uninspected`
	start_daemon right
	has "life $i: both queues are handed over" "$daemon_log" 'queue 1: worker [0-9]+ of an nfverdictd that is gone hands it over'
	has "life $i: both queues are handed over" "$daemon_log" 'queue 2: worker [0-9]+ of an nfverdictd that is gone hands it over'
done
rules right nft | diff "$tmp/rules.before" - || fail "the rules were changed"
equal "sockets of the queues" "$(sockets)" "$before"
flow_stop one two
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
equal "seen through all lives" "${books[seen]}" "$((books[sent] - books[wire]))"

# ---- orphans without packets leave the machine to others ----

# wakeups PID: how often it slept and woke.
wakeups() {
	awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "/proc/$1/status"
}

start_daemon right
orphans=$({ grep -lxsE 'nfv-(queue|send)-.*' /proc/[0-9]*/comm || :; } | cut -d/ -f3)
kill_master
for orphan in $orphans; do
	before=$(wakeups "$orphan")
	sleep 0.5
	between "wakeups of $(cat "/proc/$orphan/comm") within half a second" $(($(wakeups "$orphan") - before)) 1 300
done
start_daemon right
stop_daemon

# ---- a second master beside one that lives ----

start_daemon right
status=0
nsenter --net=/run/netns/right "$nfverdictd" -f --allow-unsafe-files -c "$config_file" >"$tmp/second.log" 2>&1 || status=$?
equal "a second nfverdictd: exit status" "$status" 1
has "a second nfverdictd" "$tmp/second.log" \
	"nfverdict.yaml:[0-9]+:[0-9]+: queue first: number 1: nfverdictd, process $daemon_pid, serves it"
stop_daemon

# ---- nobody comes: workers decide what waits, and end ----

for down in accept drop; do
	configure 500ms "$down"
	books_open "nobody comes, when-down: $down"
	start_daemon right
	flow_send one left "$right4" 9 --rate $((rate / 4)) --count $((rate / 20))
	flow_send two left "$right6" 10 --rate $((rate / 4)) --count $((rate / 20))
	kill_master
	flow_sent one two
	wait_for "the workers to end" 10 all_gone
	no_queues right || fail "queues are left"
	start_daemon right # takes the rules out
	books_close
	equal "nobody comes, when-down: $down: uninspected" "${books[uninspected]}" 0
done

# Packets that come while they end, and after it, pass: the kernel lets them, first for want of room in a queue that was shut.
configure 200ms accept
books_open "nobody comes, packets do"
start_daemon right
flow_send one left "$right4" 9 --rate "$rate"
flow_send two left "$right6" 10 --rate "$rate"
kill_master
wait_for "the workers to end" 10 all_gone
passed=$(books_counter uninspected)
wait_for "packets that pass" 10 more_uninspected_than "$((passed + 100))"
flow_stop one two
start_daemon right
books_close

# ---- a handler that does not return ----

# packets PORT COUNT: at once, also on a machine that is busy.
packets() {
	at left "$flow_program" send "$right4" "$1" --count "$2" --rate 10000 >/dev/null
}

# stuck PORT WHEN-DOWN DEADLINE: a packet that its handler keeps, and four behind it; then the master is killed.
stuck() {
	configure 700ms "$2" "$3"
	start_daemon right
	before=$(counted right arrived)
	packets "$1" 1
	wait_for "the packet in the handler's hands" 10 queue_is right 1 waiting 1
	packets 9 4
	wait_for "four behind it" 10 queue_is right 1 waiting 5
	kill_master
}

count right arrived INPUT -p udp --dport 9:12

for down in accept drop; do
	stuck 11 "$down" none
	wait_for "the workers to end" 10 all_gone
	equal "a handler that does not return, when-down: $down: packets that passed" "$(($(counted right arrived) - before))" \
		"$([ $down = accept ] && echo 5 || echo 0)"
	no_queues right || fail "queues are left"
	start_daemon right
	stop_daemon
done

# One that blocks every signal is ended by the kernel; what waits goes with its socket.
configure 100ms accept 1s
start_daemon right
packets 12 1
wait_for "the packet in the handler's hands" 10 queue_is right 1 waiting 1
kill_master
wait_for "the workers to end" 40 all_gone
note "ok: a handler that lets nobody in is ended"
start_daemon right
stop_daemon

# The next master gets the queue out of the hands of a handler that hangs; then that counts as it always does.
configure 10s drop 5s
sed -i 's/on-error: drop/on-error: accept/; s/^orphan-time:/log-level: debug\norphan-time:/' "$config_file"
start_daemon right
before=$(counted right arrived)
packets 11 1
wait_for "the packet in the handler's hands" 10 queue_is right 1 waiting 1
packets 9 4
wait_for "four behind it" 10 queue_is right 1 waiting 5
kill_master
workers_may_die=yes
start_daemon right
has "the queue of a handler that hangs" "$daemon_log" 'queue 1: worker [0-9]+ of an nfverdictd that is gone hands it over'
wait_for "all five packets" 10 counted_is right arrived $((before + 5))
has "the handler that hangs" "$daemon_log" 'queue 1: worker [0-9]+ hangs in handler look at packet [0-9]+'
stop_daemon
equal "seen" "$(statistic queue 1 seen)" 5
equal "on-error" "$(statistic queue 1 failed)" 1
