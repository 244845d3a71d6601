#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without -f the command returns when packets are judged, with the daemon behind it; a start that fails is told by its exit status.
#
#	left ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
config <<'END'
when-flushed: leave # a keeper would put back what the second daemon takes out
handlers:
  telnet:
    plugin: filter
    rules: [ { match: udp dst port 9, verdict: drop } ]
queues:
  one:
    numbers: 1
    handlers: [telnet]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
count right dropped INPUT -p udp --dport 9
count right arrived INPUT -p udp --dport 10

# masters: those whose parent is none of them.
masters() {
	local pid all

	all=" $(daemons | tr '\n' ' ')"
	for pid in $all; do
		[[ $all == *" $(stat_field "$pid" 4) "* ]] || echo "$pid"
	done
}

at right "$nfverdictd" --allow-unsafe-files -c "$config_file" >"$tmp/out" 2>&1 || {
	cat "$tmp/out"
	fail "the start failed"
}
# At once: the command has returned, so packets are judged.
send left udp-send "$right4" 9 --count 20
send left udp-send "$right4" 10 --count 20
wait_for "packets" 10 counted_is right arrived 20
equal "dropped" "$(counted right dropped)" 0
equal "daemons" "$(masters | wc -l)" 1
daemon_pid=$(masters) daemon_host=right
[ "$(stat_field "$daemon_pid" 6)" != "$(stat_field $$ 6)" ] || fail "the daemon is still in the session of its caller"
for pid in $(daemons); do
	for fd in 0 1 2; do
		# There a worker keeps standard error for reports.
		[ "$fd$sanitizers" != 21 ] || [ "$pid" = "$daemon_pid" ] || continue
		equal "descriptor $fd of process $pid" "$(readlink "/proc/$pid/fd/$fd")" /dev/null
	done
done

# With isolation: strict a process that sends for the worker, too.
equal "processes: master, worker and keeper" "$(daemons | wc -l)" "$([ "${NFV_TEST_ISOLATION-}" = strict ] && echo 4 || echo 3)"

# A second one: its queue is taken, or its chain is, and the first is not disturbed.
rules right nft >"$tmp/rules"
arrived=20
for second in "s/x/x/" "s/numbers: 1/numbers: 2/"; do
	sed "$second" "$config_file" >"$tmp/second.yaml"
	status=0
	at right "$nfverdictd" --allow-unsafe-files -c "$tmp/second.yaml" >"$tmp/out" 2>&1 || status=$?
	cat "$tmp/out"
	equal "exit status of a second daemon ($second)" "$status" 1
	send left udp-send "$right4" 9 --count 20
	send left udp-send "$right4" 10 --count 20
	arrived=$((arrived + 20))
	wait_for "packets" 10 counted_is right arrived "$arrived"
	equal "dropped, by the first daemon" "$(counted right dropped)" 0
	diff "$tmp/rules" <(rules right nft) || fail "the second daemon changed the rules of the first"
done

kill "$daemon_pid"
wait_for "the daemon to end" 10 test ! -e "/proc/$daemon_pid"
no_queues right || fail "queues are left"
no_rules_left
