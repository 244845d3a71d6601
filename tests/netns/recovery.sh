#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Workers killed under load are replaced, and what they had in hand is repeated: every packet arrives, once.
#
#	left: 20,000 packets/s ---- right: queue 1 at mangle INPUT, its worker killed again and again
. "$(dirname "$0")/lib.sh"

two_hosts
config <<'END'
handlers:
  everything: { plugin: accept }
queues:
  load:
    numbers: 1
    max-length: 65536
    handlers: [everything]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
count right before -t raw PREROUTING -p udp --dport 9
count right arrived INPUT -p udp --dport 9
workers_may_die=yes
start_daemon right
master=$daemon_pid
receive sink right udp-sink 9
packets=100000
nsenter --net=/run/netns/left python3 -B "$lib_dir/traffic.py" udp-send "$right4" 9 --count "$packets" --rate 20000 >"$tmp/sender.out" &
sender=$!

one_worker() {
	[ "$(workers | wc -w)" -eq 1 ]
}

kills=0
last=
while kill -0 "$sender" 2>/dev/null; do
	wait_for "a worker" 10 one_worker
	pid=$(workers)
	pid=${pid% }
	if [ "$pid" != "$last" ] && kill -KILL "$pid"; then
		kills=$((kills + 1))
		last=$pid
	fi
	sleep 0.2
done
wait "$sender"
between "workers killed" "$kills" 3 1000
wait_for "the last worker" 10 one_worker
wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
equal "sent" "$(value sender sent)" "$packets"
equal "came to the receiver" "$(counted right before)" "$packets"
wait_for "all packets behind the queue" 5 counted_is right arrived "$packets"
received sink
missed=$(at right awk '/^Udp:/ && !/InDatagrams/ { print $6 }' /proc/self/net/snmp)
equal "distinct packets at the application, those for which its socket had no room included" \
	$(($(value sink distinct) + missed)) "$packets"
equal "packets that arrived twice" "$(value sink duplicates)" 0
equal "lost by the kernel" "$(queue_field right 1 dropped)+$(queue_field right 1 user-dropped)" 0+0
kill -0 "$master" || fail "the master is gone"
stop_daemon
