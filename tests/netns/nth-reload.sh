#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in any process, while another configuration is put in force: that is done, or nothing is changed,
# with the cause named. All packets are served, the next reload works, and in the end nothing is left.
#
# Part of `make soak`: some 400 failures, each with a daemon of its own and three reloads.
. "$(dirname "$0")/lib.sh"

[ "$sanitizers" -eq 0 ] || skip "the sanitizers bring an allocator of their own"
mkdir "$tmp/crashes"
config <<-END
	handlers:
	  look: { plugin: trial }
	queues:
	  one: { numbers: 1-2, handlers: [look], steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9000 } ] }
END
mv "$config_file" "$tmp/one.yaml"
config <<-END
	crash-dir: $tmp/crashes
	handlers:
	  look: { plugin: trial }
	  pick:
	    plugin: filter
	    rules:
	      - { match: udp dst port 1, verdict: drop }
	queues:
	  one: { numbers: 2-3, handlers: [pick, look], range: 1000, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9000:9001 } ] }
END
mv "$config_file" "$tmp/other.yaml"
cp "$tmp/one.yaml" "$config_file"
nth reload --other "$tmp/other.yaml" --folder "$tmp/crashes" --folder /run --depth 2 "$@"
