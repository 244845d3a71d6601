#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The books balance to the packet under more load than can be carried: sent = accepted + dropped + lost, by counters that know nothing
# of each other: rules of the kernel before and behind the queue, the kernel's queue, the daemon.
#
#	left: full speed ---- right: queue 1 at mangle INPUT, a short queue and a small receive buffer
. "$(dirname "$0")/lib.sh"

two_hosts
count right before -t raw PREROUTING -p udp
count right arrived INPUT -p udp
count right marked INPUT -p udp -m mark --mark 0x5
for port in 1 2 3; do
	count right "arrived_$port" INPUT -p udp --dport "$port"
done
packets=50000
[ "$sanitizers" -eq 0 ] || packets=10000

# run MAX-LENGTH RECEIVE-BUFFER WHEN-FULL
run() {
	local port start_before start_arrived start_marked sent arrived full overrun accepted dropped lost ids

	note "-- max-length $1, receive-buffer $2, when-full $3"
	config <<-END
		handlers:
		  mixed:
		    plugin: filter
		    rules:
		      - { match: udp dst port 1, verdict: drop }
		      - { match: udp dst port 2, verdict: accept, mark: 0x5 }
		queues:
		  books:
		    numbers: 1
		    max-length: $1
		    receive-buffer: $2
		    when-full: $3
		    handlers: [mixed]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start_daemon right
	start_before=$(counted right before) start_arrived=$(counted right arrived) start_marked=$(counted right marked)
	for port in 1 2 3; do
		nsenter --net=/run/netns/left python3 -B "$lib_dir/traffic.py" udp-send "$right4" "$port" --count "$packets" >"$tmp/send$port.out" &
		senders[port]=$!
	done
	for port in 1 2 3; do
		wait "${senders[port]}"
		equal "sent to port $port" "$(value "send$port" sent)" "$packets"
	done
	wait_for "all packets at the receiver" 10 counted_is right before $((start_before + 3 * packets))
	wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
	# What was lost at the end shows as a gap only before a packet that comes.
	send left udp-send "$right4" 3 >/dev/null
	sent=$((3 * packets + 1))
	wait_for "the last packet at the receiver" 10 counted_is right before $((start_before + sent))
	wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
	full=$(queue_field right 1 dropped) overrun=$(queue_field right 1 user-dropped) ids=$(queue_field right 1 last-id)
	stop_daemon
	accepted=$(statistic queue 1 accepted) dropped=$(statistic queue 1 dropped) lost=$(statistic queue 1 lost)
	arrived=$(($(counted right arrived) - start_arrived))
	if [ "$3" = drop ]; then
		note "sent $sent = accepted $accepted + dropped $dropped + full $full + overrun $overrun; lost to the daemon $lost"
		equal "the books: accepted + dropped by policy + dropped by the kernel" $((accepted + dropped + full + overrun)) "$sent"
		equal "accepted, as counted behind the queue" "$arrived" "$accepted"
		equal "lost, to the daemon: no room in the queue, and gaps in packet ids" "$lost" $((full + overrun))
	else
		# The kernel counts nothing that it lets pass; what passed is what came out without being accepted.
		note "sent $sent = accepted $accepted + dropped $dropped + passed $((arrived - accepted))"
		equal "the books: what arrived and what was dropped by policy" $((arrived + dropped)) "$sent"
		equal "dropped by the kernel" $((full + overrun)) 0
		overrun=$((ids - accepted - dropped))
	fi
	equal "marked, as counted behind the queue" $(($(counted right marked) - start_marked)) "$(statistic queue 1 marked)"
	equal "seen by the daemon" "$(statistic queue 1 seen)" $((accepted + dropped))
	equal "seen by the handler" "$(statistic handler mixed seen)" $((accepted + dropped))
	[ "$3" = accept ] || equal "dropped to port 1 behind the queue" "$(counted right arrived_1)" 0
	equal "packet ids given: seen, and no room in the socket" "$ids" $((accepted + dropped + overrun))
	losses=$((sent - accepted - dropped))
}

run 65536 auto drop
for when_full in drop accept; do
	run 64 auto "$when_full"
	[ "$losses" -gt 0 ] || fail "the queue was never full: this tests nothing"
	run 8192 16K "$when_full"
	[ "$losses" -gt 0 ] || fail "the buffer was never full: this tests nothing"
done
