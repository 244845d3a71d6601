#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copy modes and ranges: the kernel copies what was asked for, handlers judge what they get, packets stay whole.
#
#	left ---- right: queue at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
count right arrived INPUT -p udp --dport 9
arrived=0

# try COPY RANGE HANDLER DEFAULT KERNEL-MODE KERNEL-RANGE: 60 packets of three sizes must all arrive whole.
try() {
	note "-- copy: $1, range: $2, handler $3"
	config <<-END
		handlers:
		  everything: { plugin: accept }
		  by-address:
		    plugin: filter
		    rules:
		      - { match: src host $left4 or src host $left6, verdict: accept }
		      - { match: ip or ip6, verdict: drop }
		queues:
		  copy:
		    numbers: 1
		    copy: $1
		    range: $2
		    default: $4
		    handlers: [$3]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start_daemon right
	equal "copy mode in the kernel" "$(queue_field right 1 copy-mode)" "$5"
	[ "$6" = - ] || equal "range in the kernel" "$(queue_field right 1 range)" "$6"
	receive sink right udp-sink 9
	receive capture right capture r0 --port 9
	for address in "$right4" "$right6"; do
		for size in 8 100 1400; do
			send left udp-send "$address" 9 --count 10 --size "$size"
		done
	done
	arrived=$((arrived + 60))
	wait_for "packets to arrive" 10 counted_is right arrived "$arrived"
	received sink
	received capture
	equal "received by the application" "$(value sink received)" 60
	stop_daemon
}

# A handler that looks at no byte gets none.
try packet auto everything drop 1 -
try packet auto by-address drop 2 -
try packet 65531 by-address drop 2 65531
try packet 40 by-address drop 2 40
try packet 20 everything drop 2 20
try packet 1 everything drop 2 1
try meta auto everything drop 1 -

# With a range too short for what it wants to know, a filter cannot say yes; the packet goes on to the default.
config <<END
handlers:
  by-address:
    plugin: filter
    rules:
      - { match: src host $left4, verdict: accept }
queues:
  copy:
    numbers: 1
    range: 10
    default: drop
    handlers: [by-address]
    steer:
      - { chain: INPUT, table: mangle, family: ipv4, match: -p udp }
END
start_daemon right
count right before -t raw PREROUTING -p udp --dport 9
send left udp-send "$right4" 9 --count 20
wait_for "the packets to be judged" 10 queue_is right 1 last-id 20
wait_for "the queue to be empty" 10 queue_is right 1 waiting 0
equal "sent" "$(counted right before)" 20
equal "arrived" "$(counted right arrived)" "$arrived"
stop_daemon

# Copy mode none is the kernel's way to drop everything.
config <<END
queues:
  copy:
    numbers: 1
    copy: none
    handlers: []
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
start_daemon right
equal "copy mode in the kernel" "$(queue_field right 1 copy-mode)" 0
send left udp-send "$right4" 9 --count 20
at left ping -c 1 -W 2 "$right4" >/dev/null
equal "arrived with copy: none" "$(counted right arrived)" "$arrived"
stop_daemon
