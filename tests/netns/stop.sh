#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Starting and stopping under load loses nothing: bound before steered, unsteered before unbound, and what waits is decided.
#
#	left: 10,000 packets/s of IPv4 and of IPv6 ---- right: nfverdictd comes and goes, queues 1-2 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
packets=60000
count right before -t raw PREROUTING -p udp --dport 9
count right arrived INPUT -p udp --dport 9
count right judged INPUT -p udp --dport 9 -m mark --mark 0x8
for backend in nft legacy; do
	config <<-END
		backend: $backend
		handlers:
		  stamp:
		    plugin: filter
		    rules:
		      - { match: udp dst port 9, mark: 0x8, verdict: accept }
		queues:
		  load:
		    numbers: 1-2
		    max-length: 65536
		    handlers: [stamp]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start=$(counted right before) arrived=$(counted right arrived) judged=$(counted right judged)
	senders=()
	for address in "$right4" "$right6"; do
		nsenter --net=/run/netns/left python3 -B "$lib_dir/traffic.py" udp-send "$address" 9 --count "$packets" --rate 10000 \
			>"$tmp/sender.${address//[.:]/_}.out" &
		senders+=($!)
	done
	rounds=0 seen=0
	while kill -0 "${senders[@]: -1}" 2>/dev/null; do
		start_daemon right
		sleep 0.3
		stop_daemon
		if grep -E 'were left and got when-down|does not end' "$daemon_log"; then
			fail "$backend: the daemon did not decide what waited"
		fi
		seen=$((seen + $(statistic handler stamp seen)))
		rounds=$((rounds + 1))
	done
	wait "${senders[@]}"
	between "$backend: rounds" "$rounds" 3 100
	wait_for "all packets at the receiver" 10 counted_is right before $((start + 2 * packets))
	equal "$backend: arrived of $((2 * packets))" $(($(counted right arrived) - arrived)) $((2 * packets))
	equal "$backend: judged, as seen behind the queue" $(($(counted right judged) - judged)) "$seen"
	between "$backend: judged, of all" "$seen" $((packets / 5)) $((2 * packets))
done
