#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A queue of 16 packets at twice the rate that its handler can carry, with when-full: accept and drop: the books balance to the packet.
#
#	left: twice the saturation rate ---- right: queue 1 at mangle INPUT, a handler that takes its time
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/overload.sh"

busy_us=20
two_hosts
books_rules

# saturation: packets a second that the queue takes when there are always more.
saturation() {
	local first last start end

	overload_config max-length 16 when-full drop
	overload_begin saturation
	flow_send flood left "$right4" 9
	wait_for "packets" 5 queue_is_used
	start=$(now_ms) first=$(queue_field right 1 last-id)
	sleep 1
	last=$(queue_field right 1 last-id) end=$(now_ms)
	flow_stop flood
	overload_over
	overload_end
	rate=$(((last - first) * 1000 / (end - start)))
}

queue_is_used() {
	[ "$(queue_field right 1 last-id)" -gt 0 ]
}

for mode in fast strict; do
	overload_isolation "$mode"
	saturation
	note "saturated at $rate packets/s"
	for when_full in accept drop; do
		overload_config max-length 16 when-full "$when_full"
		overload_begin "max-length 16, when-full $when_full"
		flow_send load left "$right4" 9 --rate $((2 * rate)) --count $((2 * rate))
		flow_sent load
		overload_over
		overload_end
		between "packets for which there was no room" $((books[uninspected] + books[full])) 1 1000000000
		if [ "$when_full" = accept ]; then
			equal "dropped" $((books[full] + books[overrun])) 0
		else
			equal "uninspected" "${books[uninspected]}" 0
		fi
	done
done
