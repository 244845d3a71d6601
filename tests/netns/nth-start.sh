#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in any process, while the daemon starts, serves and stops: it starts not at all, with the cause
# named and nothing left behind, or serves every packet and stops in order. No crash, and all memory is given back.
#
# In the suite a call fails once for each two callers that it has; with NFV_NTH=all (make soak) for each time that it is made.
#
# What it found: a master that ended by SIGSEGV when a queue's memory could not be had; by SIGABRT for want of memory while it read its
# configuration; rules that stayed after a stop when one try to take them out failed; a worker that nobody told to go because
# its channel could not be watched; a start that waited for half a minute when one message was not received; ends without
# a cause.
. "$(dirname "$0")/lib.sh"

[ "$sanitizers" -eq 0 ] || skip "the sanitizers bring an allocator of their own"
mkdir "$tmp/crashes"
config <<-END
	crash-dir: $tmp/crashes
	rules-socket: /run/nfverdict.rules
	handlers:
	  look: { plugin: print }
	  pick:
	    plugin: filter
	    rules:
	      - { match: udp dst port 1, verdict: drop }
	queues:
	  one:
	    numbers: 1
	    handlers: [look, pick]
	    steer:
	      - { chain: INPUT, table: mangle, match: -p udp --dport 9000 }
END
nth start --folder "$tmp/crashes" --folder /run --depth 2 "$@"
