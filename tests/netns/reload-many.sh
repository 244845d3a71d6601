#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reload after reload, good and bad in turn, under a little load: descriptors, processes, mappings and memory stay as they were.
# NFV_SOAK_RELOADS: how often (100).
#
#	left: 1,000 packets/s ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

times=${NFV_SOAK_RELOADS:-100}
warm=20 # so many, until memory that is used again and again is there
rate=1000
[ "$sanitizers" -eq 0 ] || times=40 rate=200

two_hosts
books_rules

# with NAME HANDLERS QUEUE QUEUES: writes $tmp/NAME.yaml.
with() {
	config <<-END
		handlers:
		  look: { plugin: trial, mark: $books_mark/$books_mark }
		  $2
		queues:
		  load: { numbers: 1, max-length: 200000, when-full: drop, when-down: drop, on-error: drop, deadline: none, $3 }
		$4
	END
	mv "$config_file" "$tmp/$1.yaml"
}

udp='steer: [ { chain: INPUT, table: mangle, match: -p udp } ]'
port='steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ]'
with good0 '' "handlers: [look], $udp" ''
with bad0 'x: { plugin: not-there }' "handlers: [look, x], $udp" ''
with good1 'x: { plugin: filter, rules: [ { match: udp dst port 1, verdict: drop } ] }' "handlers: [x, look], range: 200, $udp" ''
with bad1 'x: { plugin: trouble, makes: fault, checked: false }' "handlers: [look, x], $udp" '  more: { numbers: 2-3, handlers: [look] }'
with good2 '' "handlers: [look], isolation: fast, $udp" '  more: { numbers: 2-3, handlers: [look] }'
with bad2 '' "handlers: [look], $udp, rnge: 1" ''
with good3 '' "handlers: [look], $port" ''
with bad3 '' 'handlers: [look], steer: [ { chain: INPUT, table: mangle, match: "-m bpf --bytecode \"1,255 9 9 9\"" } ]' ''
config_file=$tmp/nfverdict.yaml
kinds=4

# What grows when something is forgotten: "name value" lines. Heap and mappings of libraries are judged by their size.
holds() {
	printf 'descriptors %d\n' "$(find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l)"
	printf 'children %d\n' "$(wc -w <"/proc/$daemon_pid/task/$daemon_pid/children")"
	printf 'mappings %d\n' "$(wc -l <"/proc/$daemon_pid/maps")"
}

resident() {
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$daemon_pid/status"
}

# turns FROM TO: each a good one and a bad one.
turns() {
	local turn kind

	for ((turn = $1; turn < $2; turn += 2)); do
		kind=$((turn / 2 % kinds))
		cp "$tmp/good$kind.yaml" "$config_file"
		reload
		cp "$tmp/bad$kind.yaml" "$config_file"
		reload_ask
		reload_end
		reload_last | grep -qF 'nothing was changed' || fail "bad$kind was put in force"
	done
}

workers_may_die=yes
cp "$tmp/good0.yaml" "$config_file"
books_open "many reloads"
start_daemon right
flow_send load left "$right4" 9 --rate "$rate"
turns 0 "$warm"
cp "$tmp/good0.yaml" "$config_file"
reload
holds >"$tmp/before"
before=$(resident)
start=$(date +%s%N)
turns 0 "$times"
note "$times reloads, each in $((($(date +%s%N) - start) / times / 1000)) us with what the test does beside"
cp "$tmp/good0.yaml" "$config_file"
reload
grep -oE 'reloaded: .* in [0-9]+ ms' "$daemon_log" | awk '{ n++; t[$(NF - 1)]++ } END { for (m = 0; m < 100000 && s < n / 2; m++) s += t[m]
	print "half of the good ones took up to " m - 1 " ms" }'

same() {
	holds | cmp -s - "$tmp/before"
}
wait_for "what it holds to be as it was: $(holds | diff "$tmp/before" - | tr '\n' ' ')" 5 same
note "ok: descriptors, children, mappings: $(paste -sd ' ' "$tmp/before")"
[ "$sanitizers" -eq 1 ] || between "KiB of memory more than after the first $warm" $(($(resident) - before)) -100000 $((128 + times / 50))
flow_stop load
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
grep -E "worker [0-9]+ (hangs|was killed by signal (6|9))|poison|gets on-error" "$daemon_log" | head -n 5 || :
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
