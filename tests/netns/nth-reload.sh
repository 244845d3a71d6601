#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, in any process, while another configuration is put in force, with packets under way: that is done as a
# whole, or nothing is changed, with the cause named. All packets are served, the next reload works, and in the end nothing is left.
# See nth-start.sh.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

# One daemon: a queue comes and goes, options change.
nth_config "  three:" "    numbers: 3" "    handlers: [look]" "    steer: [ { chain: OUTPUT, table: mangle, match: -p udp --dport 9002 } ]"
sed -i 's/dst port 1,/dst port 2,/' "$config_file"
mv "$config_file" "$tmp/other.yaml"
nth_config
nth reload 22 --other "$tmp/other.yaml" --depth 2 "$@"

# Another daemon for each failure: numbers, range, steering and the crash folder change at once. Some 400, for make soak.
[ "${NFV_NTH-}" = all ] || exit 0
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
nth reload-each 0 --other "$tmp/other.yaml" --depth 2 "$@"
