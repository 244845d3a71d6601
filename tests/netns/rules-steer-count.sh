#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What steering rules count, with both backends and both families: read while they stand, and exact when they are taken out under load.
#
#	left ---- right: steer-cli puts a queue's rules in and out; nobody listens, so what a rule steers is gone
. "$(dirname "$0")/lib.sh"

cli=$top_builddir/tests/rules/steer-cli
for tool in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

steer() {
	at right "$cli" "$1" "$backend" own 1 own 2 queue edge 1 2 steer mangle INPUT 46 first "-p udp --dport 9" \
		steer filter INPUT 4 last "-p udp --dport 8" >"$tmp/steer.out" || fail "$1: $(cat "$tmp/steer.out")"
}

# told FAMILY TABLE: what the last command told of our rule there
told() {
	awk -v f="$1" -v t="$2" '$1 == "counted" && $2 == "edge" && $3 == f && $4 == t { print $5 }' "$tmp/steer.out"
}

# more_than COUNTER NUMBER
more_than() {
	[ "$(counted right "$1")" -gt "$2" ]
}

two_hosts
count right before -t raw PREROUTING -p udp --dport 9
count right arrived -t security INPUT -p udp --dport 9
for backend in nft legacy; do
	note "-- $backend"
	steer install
	send left udp-send "$right4" 9 --count 100 >/dev/null
	send left udp-send "$right6" 9 --count 50 >/dev/null
	send left udp-send "$right4" 8 --count 7 >/dev/null
	steer count
	equal "IPv4" "$(told ipv4 mangle)" 100
	equal "IPv6" "$(told ipv6 mangle)" 50
	equal "another table" "$(told ipv4 filter)" 7
	equal "where there is no rule" "$(told ipv6 filter)" ""
	equal "rules of others" "$(grep -c others "$tmp/steer.out" || :)" 0
	at right "iptables-$backend" -I OUTPUT -p tcp -m mark --mark 7 -j NFQUEUE --queue-num 2
	steer count
	has "a rule of somebody else that leads there is noticed" "$tmp/steer.out" '^others edge$'
	at right "iptables-$backend" -D OUTPUT 1

	# Taken out while packets come: each is either steered and counted, or arrives.
	arrived=$(counted right arrived)
	before=$(counted right before)
	nsenter --net=/run/netns/left "$top_builddir/tests/netns/flow" send "$right4" 9 --rate 30000 >"$tmp/sender.out" &
	sender=$!
	wait_for "packets" 10 more_than before "$before"
	steer unhook
	wait_for "packets that are not steered" 10 more_than arrived "$arrived"
	kill "$sender"
	wait "$sender"
	packets=$(value sender sent)
	wait_for "all of them" 10 counted_is right before $((before + packets))
	steer sweep
	steered=$(($(told ipv4 mangle) - 100))
	arrived=$(($(counted right arrived) - arrived))
	between "steered under load" "$steered" 1 $((packets - 1))
	equal "steered and arrived, of all that were sent" $((steered + arrived)) "$packets"
	equal "IPv6, as before" "$(told ipv6 mangle)" 50
	equal "another table, as before" "$(told ipv4 filter)" 7
	has "removed" "$tmp/steer.out" '^removed'
	! rules right "$backend" | grep -qE 'NFV-|nfv:' || fail "rules are left"
done
