#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rules of an owner that somebody flushes, deletes or replaces come back, where they stood and counted, but not faster and
# faster; rules of others are left alone:
#
#	[ guard-cli ] --puts back--> rules <--iptables, iptables-restore-- [ this test ]

set -eu -o pipefail

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top_srcdir/tests/netns/rules-server-lib.sh"

guard_pid=

start_guard() {
	# A time in a form that the tool prints as another, so that it looks changed to whoever compares texts.
	cat >"$tmp/wanted" <<-END
		*filter
		:MY-CHAIN - [0:0]
		-A INPUT -p tcp --dport 22 -m comment --comment "the way in" -j MY-CHAIN
		-A INPUT -p udp --dport 53 -m time --timestart 8:00 --timestop 17:30 -j ACCEPT
		-A MY-CHAIN -s 10.0.0.0/255.0.0.0 -j ACCEPT
		COMMIT
	END
	mkfifo "$tmp/guard.in"
	rm -f "$tmp/guard.out" # or the words of one before it would be taken for its own
	"$top_builddir/tests/rules/guard-cli" "$backend" "$tmp/state-$backend" "$tmp/wanted" <"$tmp/guard.in" \
		>"$tmp/guard.out" 2>>"$tmp/server.log" &
	guard_pid=$!
	exec {guard_in}>"$tmp/guard.in"
	wait_for "the guard" 10 grep -q '^checks' "$tmp/guard.out"
}

end_guard() {
	exec {guard_in}>&-
	wait "$guard_pid" || fail "the guard ended with status $?"
	rm "$tmp/guard.in"
}

# counter NAME: of the guard's last look
counter() {
	tail -n 1 "$tmp/guard.out" | sed -E "s/.*\<$1 (-?[0-9]+).*/\1/"
}

counter_is() {
	[ "$(counter "$1")" = "$2" ]
}

in_order() {
	[ "$(rules filter iptables)" = "$wanted" ]
}

# repaired WHAT TIMES: all is as it was, and counted.
repaired() {
	wait_for "$1: repair" 20 in_order
	wait_for "$1: $2 repairs" 5 counter_is repairs "$2"
	counter_is flushes "$2" || fail "$1: $(counter flushes) flushes counted, not $2"
	counter_is failures 0 || fail "$1: a repair failed"
	ok "$1: repaired, $(counter flushes) flushes and $(counter repairs) repairs"
}

for backend in nft legacy; do
	: >"$tmp/server.log"
	clear_all
	"iptables-$backend" -A INPUT -s 192.0.2.1/32 -j DROP
	start_guard
	wanted=$(rules filter iptables)
	grep -q MY-CHAIN <<<"$wanted" || fail "the rules were not put in"
	counter_is flushes 0 || fail "what is in order counts as flushed"

	# Somebody else's rule is nobody's business; the guard looks at it and does nothing.
	before=$(counter checks)
	"iptables-$backend" -A INPUT -s 192.0.2.2/32 -j DROP
	wanted=$(rules filter iptables)
	looked() { [ "$(counter checks)" -gt "$before" ]; }
	wait_for "the guard to look" 10 looked
	counter_is flushes 0 || fail "a rule of somebody else counts as a flush"

	started=$(date +%s%N)
	"iptables-$backend" -D INPUT 2
	repaired "one rule deleted" 1

	"iptables-$backend" -F MY-CHAIN
	repaired "the chain flushed" 2

	"iptables-$backend" -R MY-CHAIN 1 -s 10.0.0.0/8 -m comment --comment "not mine" -j DROP
	# The rule that was put in the place of ours is somebody else's, and stays.
	wait_for "a replaced rule: repair" 20 counter_is repairs 3
	rules filter iptables | grep -qF 'not mine' || fail "a rule of somebody else went"
	"iptables-$backend" -D MY-CHAIN -s 10.0.0.0/8 -m comment --comment "not mine" -j DROP
	in_order || fail "a replaced rule: $(rules filter iptables)"
	ok "one rule replaced"

	"iptables-$backend-restore" <<-END
		*filter
		:INPUT ACCEPT [0:0]
		:FORWARD ACCEPT [0:0]
		:OUTPUT ACCEPT [0:0]
		-A INPUT -s 192.0.2.1/32 -j DROP
		-A INPUT -s 192.0.2.2/32 -j DROP
		COMMIT
	END
	repaired "everything restored by somebody else" 4
	# Waits of 1, 2 and 4 s lie between four repairs.
	took_ms=$((($(date +%s%N) - started) / 1000000))
	[ "$took_ms" -ge 7000 ] || fail "four repairs within $took_ms ms: there is no backoff"
	[ "$took_ms" -le 20000 ] || fail "four repairs took $took_ms ms"
	ok "four repairs took $took_ms ms"
	end_guard
	no_sanitizer_spoke
	clear_all
done
