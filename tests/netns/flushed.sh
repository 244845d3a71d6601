#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody flushes the ruleset while the daemon runs: its rules come back, also without a word from the kernel, unless the
# configuration says leave. And the rule engine's server, which the daemon runs beside it.
#
#	left: UDP to port 9 ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts

# flushed BACKEND WHAT
configured() {
	config <<END
backend: $1
when-flushed: $2
rules-socket: /run/nfverdict/rules.sock
handlers:
  everything: { plugin: accept }
queues:
  work:
    numbers: 1
    handlers: [everything]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
END
}

# ours BACKEND: lines that speak of our chain, of both families
ours() {
	at right sh -c "iptables-$1-save -t mangle; ip6tables-$1-save -t mangle" 2>/dev/null | grep -c 'NFV-work' || :
}

ours_are() {
	[ "$(ours "$1")" -eq "$2" ]
}

looks_after_rules() {
	grep -lx "$1" /proc/[0-9]*/comm >/dev/null 2>&1
}

gone_by() {
	case $1 in
	flush) at right "iptables-$2" -t mangle -F ;;
	restore) printf '*mangle\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n' | at right "iptables-$2-restore" ;;
	rule) at right "iptables-$2" -t mangle -D INPUT 1 ;;
	jump-target) at right "ip6tables-$2" -t mangle -F NFV-work ;;
	esac
}

has_lines() {
	[ "$(grep -cE "$2" "$daemon_log")" -ge "$1" ]
}

last_id_is() {
	[ "$(queue_field right 1 last-id)" -eq "$1" ]
}

# The pauses between repairs grow, so only some ways are tried with the backend that nobody tells of changes.
for backend in nft legacy; do
	ways="flush rule jump-target restore"
	[ "$backend" = nft ] || ways="flush restore"
	note "---- $backend"
	configured "$backend" repair
	start_daemon right
	equal "lines of ours" "$(ours "$backend")" 6
	times=0
	for how in $ways; do
		gone_by "$how" "$backend"
		times=$((times + 1))
		wait_for "the word of it, after: $how" 30 has_lines "$times" 'our rules are in place again'
		equal "lines of ours after: $how" "$(ours "$backend")" 6
	done
	before=$(queue_field right 1 last-id)
	send left udp-send "$right4" 9 --count 5 >"$tmp/sent.out"
	wait_for "packets in the queue again" 5 last_id_is $((before + 5))
	has "the log tells it" "$daemon_log" 'steering: somebody took our rules out'
	stop_daemon
	has "the statistics tell it" "$daemon_log" "steering: our rules were found gone $times times, put back $times times, 0 tries failed"
	equal "lines of ours after the end" "$(ours "$backend")" 0
done

note "---- leave"
configured nft leave
start_daemon right
gone_by flush nft
left_over=$(ours nft)
ask_statistics # the keeper has looked at the rules
sleep 0.5
equal "lines of ours, which nobody puts back" "$(ours nft)" "$left_over"

note "---- the server"
server=/run/nfverdict/rules.sock
wait_for "its socket" 5 test -S "$server"
equal "its mode" "$(stat -c %a "$server")" 600
at right "$top_builddir/nfverdict" rules show --server "$server" --table mangle >"$tmp/shown" || fail "nothing shown: $(cat "$tmp/shown")"
has "what it shows" "$tmp/shown" INPUT
printf '*filter\n:MINE - [0:0]\n-A MINE -p tcp -j ACCEPT\nCOMMIT\n' >"$tmp/mine.rules"
at right "$top_builddir/nfverdict" rules apply --server "$server" "$tmp/mine.rules" >"$tmp/out" 2>&1 || fail "not applied: $(cat "$tmp/out")"
equal "what it put in" "$(at right iptables-save -t filter | grep -c 'A MINE -p tcp -j ACCEPT')" 1
pid=$({ grep -lxs nfv-rules /proc/[0-9]*/comm || :; } | cut -d/ -f3)
kill -KILL "$pid"
wait_for "another one" 10 has_lines 1 'rules server: it ended; it is started anew'
wait_for "its answer" 10 at right "$top_builddir/nfverdict" rules show --server "$server" --table filter
stop_daemon
[ ! -e "$server" ] || fail "the socket is left"
