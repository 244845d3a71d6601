#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each call that can fail does, once, while the daemon is asked for something through the control socket, in the daemon and in
# the command: it is done and answered as a whole, or not, with the cause named. See nth-start.sh.
#
# What it found: answers that ended early for want of memory, and called all well; documents with keys missing; requests that were
# told to be no JSON where memory was missing.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/nth-lib.sh"

# shellcheck disable=SC2119
nth_config
nth answers 6 --depth 2 "$@"
nth ask-to-stop 5 --depth 2 "$@"
nth client 5 --depth 1 "$@"

# A handler that is in quarantine.
config <<-END
	rules-socket: /run/nfverdict.rules
	handlers:
	  look: { plugin: print }
	  trial: { plugin: trial, crash: 9002 }
	queues:
	  one:
	    numbers: 1
	    handlers: [look]
	    steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9000 } ]
	  two:
	    numbers: 2
	    isolation: strict
	    max-crashes: 1
	    handlers: [trial]
	    steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9001:9002 } ]
END
nth release 6 --depth 2 "$@"
