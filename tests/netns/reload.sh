#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Another configuration under load: handlers, options and parameters of a queue change again and again, and no packet is lost,
# delivered twice or let pass uninspected.
#
#	left: 20,000 packets/s ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

rate=20000 turns=12
[ "$sanitizers" -eq 0 ] || rate=2000 turns=8

two_hosts
books_rules

# queue PARAMETERS...: the configuration with these lines in the queue's entry.
queue() {
	config < <(
		cat <<-END
			handlers:
			  look: { plugin: trial, mark: $books_mark/$books_mark, faults: [ { does: drop, port: 9, every: 3 } ] }
			  again: { plugin: trial-batch, mark: $books_mark/$books_mark, faults: [ { does: drop, port: 9, every: 2 } ] }
			  other: { plugin: filter, rules: [ { match: "udp dst port 1", verdict: drop } ] }
			queues:
			  load:
			    numbers: 1
			    when-full: drop
			    when-down: drop
			    on-error: drop
			    steer: [ { chain: INPUT, table: mangle, match: -p udp } ]
		END
		printf '    %s\n' "$@"
	)
}

queue "handlers: [look]" "max-length: 200000" "isolation: fast"
books_open "reloads under load"
start_daemon right
master_note
rules right nft >"$tmp/rules.before"
flow_send load left "$right4" 9 --rate "$rate"
for ((turn = 0; turn < turns; turn++)); do
	case $((turn % 4)) in
	0) queue "handlers: [other, look]" "max-length: 200000" "range: 128" "isolation: fast" ;;
	1) queue "handlers: [again]" "max-length: 100000" "copy: packet" "isolation: strict" ;;
	2) queue "handlers: [look, other]" "max-length: 200000" "range: 65531" "receive-buffer: 8M" "uid-gid: true" "isolation: strict" ;;
	3) queue "handlers: [look]" "max-length: 200000" "isolation: fast" ;;
	esac
	reload
done
rules right nft | diff "$tmp/rules.before" - || fail "rules were touched"
flow_stop load
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
# A verdict that sweeps up what another worker still had to drop would show in what is unexplained.
between "dropped by policy" "${books[dropped]}" $((books[sent] / 4)) $((books[sent] / 2 + 1))
equal "dropped for want of room" $((books[full] + books[overrun])) 0
grep -E 'reloaded: ' "$daemon_log" | sed -E 's/.*reloaded: /  /' | sort | uniq -c
