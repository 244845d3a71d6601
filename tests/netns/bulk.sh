#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A TCP stream of 1 GB through a queue arrives whole: as super-packets when handlers only look, and when every packet is rewritten.
#
#	left ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
bytes=1000000000
[ "$sanitizers" -eq 0 ] || bytes=50000000

# transfer WHAT ADDRESS BYTES: both ends compute a hash of their own.
transfer() {
	receive sink right tcp-sink 5201
	send left tcp-send "$2" 5201 --bytes "$3" >"$tmp/sender.out" 2>"$tmp/sender.time"
	finished sink
	equal "$1: bytes" "$(value sink bytes)" "$3"
	equal "$1: hash" "$(value sink sha256)" "$(value sender sha256)"
	note "    $(cat "$tmp/sender.time") packets so far: $(queue_field right 1 last-id)"
}

# run HANDLER RANGE
run() {
	config <<-END
		handlers:
		  look:
		    plugin: accept
		  change:
		    plugin: rewrite
		    changes: [ { ttl: 33 } ]
		queues:
		  bulk:
		    numbers: 1
		    range: $2
		    max-length: 65536
		    handlers: [$1]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p tcp --dport 5201 }
	END
	start_daemon right
}

run look 65531
transfer "accept, whole packets" "$right4" "$bytes"
transfer "accept, whole packets" "$right6" $((bytes / 4))
between "packets queued: super-packets" "$(queue_field right 1 last-id)" $((bytes / 66000)) $((bytes / 6000))
stop_daemon

run look auto
transfer "accept, headers" "$right4" $((bytes / 4))
stop_daemon

run change auto
transfer "every packet rewritten" "$right4" "$bytes"
between "packets queued: segments" "$(queue_field right 1 last-id)" $((bytes / 1460)) $((bytes / 200))
stop_daemon
run change auto
transfer "every packet rewritten" "$right6" $((bytes / 4))
stop_daemon
