#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several queue numbers: flows are spread over them, each has a worker, one pair of hosts stays with one of them.
#
#	left with 64 addresses ---- right: queues 4-7 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
sources=()
for n in $(seq 64); do
	address left l0 "10.77.2.$n/16"
	sources+=(--source "10.77.2.$n")
done
config <<'END'
handlers:
  everything: { plugin: accept }
queues:
  wide:
    numbers: 4-7
    handlers: [everything]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
count right arrived INPUT -p udp --dport 9
start_daemon right
equal "workers" "$(workers | wc -w)" 4
has "balanced rule" <(rules right nft) '--queue-balance 4:7'
send left udp-send "$right4" 9 --count 6400 "${sources[@]}"
wait_for "all packets" 10 counted_is right arrived 6400
total=0
for n in 4 5 6 7; do
	ids=$(queue_field right "$n" last-id)
	between "packets of queue $n" "$ids" 400 3200
	total=$((total + ids))
done
equal "packets of all queues" "$total" 6400

# One pair of hosts: one queue.
for n in 4 5 6 7; do
	queue_field right "$n" last-id
done >"$tmp/before"
send left udp-send "$right4" 9 --count 500
wait_for "all packets" 10 counted_is right arrived 6900
for n in 4 5 6 7; do
	queue_field right "$n" last-id
done >"$tmp/after"
equal "queues that one pair of hosts reached" "$(paste "$tmp/before" "$tmp/after" | awk '$1 != $2' | wc -l)" 1
stop_daemon

config <<'END'
handlers:
  everything: { plugin: accept }
queues:
  wide:
    numbers: 4-7
    cpu-fanout: true
    handlers: [everything]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
start_daemon right
has "fanned out by CPU" <(rules right nft) '--queue-balance 4:7 .*--queue-cpu-fanout'
send left udp-send "$right4" 9 --count 100
wait_for "all packets" 10 counted_is right arrived 7000
stop_daemon
