#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each verdict does what it says, on both families: accept, drop, repeat with a mark, on to another queue.
#
#	left ---- right: queue 1 at mangle INPUT, queue 2 reached only by `queue 2`; counted before it (raw) and after it (filter)
. "$(dirname "$0")/lib.sh"

two_hosts
config <<'END'
handlers:
  verdicts:
    plugin: filter
    rules:
      - { match: udp dst port 1001, verdict: accept }
      - { match: udp dst port 1002, verdict: drop }
      - { match: udp dst port 1003, verdict: repeat, mark: 0x1/0x1 }
      - { match: udp dst port 1004, verdict: queue 2 }
  second:
    plugin: filter
    rules:
      - { match: udp dst port 1004, verdict: accept, mark: 0x22 }
      - { match: ip or ip6, verdict: drop }
  rest:
    plugin: filter
    rules:
      - { match: udp dst port 1005, verdict: drop }
queues:
  first:
    numbers: 1
    handlers: [verdicts, rest]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp -m mark ! --mark 0x1/0x1 }
  second:
    numbers: 2
    handlers: [second]
END
for port in 1001 1002 1003 1004 1005 1006; do
	count right "sent_$port" -t raw PREROUTING -p udp --dport "$port"
	count right "arrived_$port" INPUT -p udp --dport "$port"
done
count right repeated INPUT -p udp --dport 1003 -m mark --mark 0x1/0x1
count right requeued INPUT -p udp --dport 1004 -m mark --mark 0x22
start_daemon right

for port in 1001 1002 1003 1004 1005 1006; do
	send left udp-send "$right4" "$port" --count 50
	send left udp-send "$right6" "$port" --count 50
done
# The last port continues to the queue's default, which accepts: when it is there, everything before it was decided.
wait_for "the last packets" 10 counted_is right arrived_1006 100
wait_for "the queue that packets were handed on to" 10 counted_is right arrived_1004 100

for port in 1001 1002 1003 1004 1005 1006; do
	equal "sent to $port" "$(counted right "sent_$port")" 100
done
equal "accepted" "$(counted right arrived_1001)" 100
equal "dropped" "$(counted right arrived_1002)" 0
equal "repeated" "$(counted right arrived_1003)" 100
equal "repeated with their mark" "$(counted right repeated)" 100
equal "on to queue 2, accepted there" "$(counted right arrived_1004)" 100
equal "marked by queue 2" "$(counted right requeued)" 100
equal "continued, then dropped by the second handler" "$(counted right arrived_1005)" 0
equal "continued by all, accepted by default" "$(counted right arrived_1006)" 100
equal "packet ids of queue 1" "$(queue_field right 1 last-id)" 600
equal "packet ids of queue 2" "$(queue_field right 2 last-id)" 100
stop_daemon

# The same packets, and the queue's default is drop.
config <<'END'
handlers:
  verdicts:
    plugin: filter
    rules:
      - { match: udp dst port 1007, verdict: accept }
queues:
  first:
    numbers: 1
    default: drop
    handlers: [verdicts]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
count right arrived_1007 INPUT -p udp --dport 1007
start_daemon right
send left udp-send "$right4" 1006 --count 20
send left udp-send "$right4" 1007 --count 20
wait_for "the last packets" 10 counted_is right arrived_1007 20
equal "dropped by default" "$(counted right arrived_1006)" 100
stop_daemon
