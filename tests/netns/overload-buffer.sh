#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The smallest receive buffer under bursts, small packets and super-packets, with when-full: accept and drop; and calls that fail with
# ENOBUFS in a storm. The books balance to the packet.
#
#	left: bursts ---- right: queue 1 at mangle INPUT, a receive buffer of 4 KiB
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/overload.sh"

two_hosts
books_rules
bursts=20 burst=5000
[ "$sanitizers" -eq 0 ] || bursts=5

# As fast as they can be sent, with a rest between them, in which the socket gets empty.
send_bursts() {
	local i

	for ((i = 0; i < bursts; i++)); do
		flow_send "burst$i" left "$right4" 9 --count "$burst" --first $((i * burst)) --size "$1"
		flow_sent "burst$i"
		sleep 0.02
	done
}

for when_full in accept drop; do
	for size in 64 1400; do
		if [ "$size" -eq 64 ]; then overload_isolation fast; else overload_isolation strict; fi
		overload_config max-length 8192 receive-buffer 4096 when-full "$when_full"
		overload_begin "receive-buffer 4096, $size bytes, when-full $when_full"
		send_bursts "$size"
		overload_over
		overload_end
		between "packets for which there was no room" $((books[uninspected] + books[overrun])) 1 1000000000
		if [ "$when_full" = accept ]; then
			equal "dropped" $((books[full] + books[overrun])) 0
		else
			equal "uninspected" "${books[uninspected]}" 0
		fi
	done
done

# ---- super-packets ----

count right stream_before -t raw PREROUTING -p tcp --dport 5201
count right stream_inspected INPUT -p tcp --dport 5201 -m mark --mark "$books_mark/$books_mark"
count right stream_uninspected INPUT -p tcp --dport 5201 -m mark ! --mark "$books_mark/$books_mark"
bytes=300000000
[ "$sanitizers" -eq 0 ] || bytes=20000000
overload_config max-length 8192 receive-buffer 4096 when-full accept range 65531
sed -i 's/match: -p udp/match: -p tcp --dport 5201/' "$config_file"
start_daemon right
receive sink right tcp-sink 5201
send left tcp-send "$right4" 5201 --bytes "$bytes" >"$tmp/sender.out" 2>"$tmp/sender.time"
finished sink
equal "a stream: bytes" "$(value sink bytes)" "$bytes"
equal "a stream: hash" "$(value sink sha256)" "$(value sender sha256)"
wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
stop_daemon
inspected=$(counted right stream_inspected) uninspected=$(counted right stream_uninspected)
note "of $(counted right stream_before) packets $inspected inspected, $uninspected passed"
equal "a stream: inspected and passed" $((inspected + uninspected)) "$(counted right stream_before)"
equal "a stream: seen" "$(statistic queue 1 seen)" "$inspected"
equal "a stream: bypassed" "$(statistic steering load bypassed)" "$uninspected"
between "a stream: bypassed" "$uninspected" 1 1000000000

# ---- storms ----

[ "$sanitizers" -eq 0 ] || exit 0 # a sanitizer wants to be loaded first
LD_PRELOAD=$top_builddir/tests/netns/storm.so
export LD_PRELOAD
export NFV_STORM_RECEIVE=2 NFV_STORM_SEND=2
for when_full in accept drop; do
	if [ "$when_full" = accept ]; then overload_isolation fast; else overload_isolation strict; fi
	overload_config max-length 1024 when-full "$when_full"
	overload_begin "a storm of ENOBUFS, when-full $when_full"
	flow_send load left "$right4" 9 --rate 20000 --count 40000
	flow_sent load
	overload_over
	overload_end
	has "overruns are told" "$daemon_log" 'socket overruns: [1-9]'
done
