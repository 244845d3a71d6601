#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Queue numbers that come and go, rules that lead elsewhere, and another backend of iptables, under load: no packet is lost or passes
# uninspected, and what others have in the ruleset stays as it is, to the byte and to the packet.
#
#	left: two streams ---- right: queues at mangle INPUT, rules of somebody else around theirs
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

books_ports=(9 10)
rate=10000
[ "$sanitizers" -eq 0 ] || rate=1000
look="handlers: [look], max-length: 200000, when-full: drop, when-down: drop, on-error: drop"

two_hosts
books_rules
at right iptables -t mangle -A INPUT -p udp --dport 9 -m comment --comment "of \"somebody\" else"
at right iptables -t mangle -A INPUT -p tcp -j ACCEPT
at right iptables -N NFV-mine
at right iptables -A NFV-mine -p tcp -j DROP

# with LINE...: the configuration with these queues.
with() {
	config < <(
		printf '%s\n' "handlers: { look: { plugin: trial, mark: $books_mark/$books_mark } }" "${before_queues:-log-level: info}" queues:
		printf '  %s\n' "$@"
	)
}

# What others have; counters too, of those that nobody sends to.
others() {
	at right sh -c 'iptables-nft-save -c; ip6tables-nft-save -c' 2>/dev/null | sed -E '/^# /d; /NFV-(load|more|edge)/d; /^:/s/\[.*//; s/^\[.*(count_|somebody)/\1/' |
		sort
}

# ours BACKEND: our rules there, without counters.
ours() {
	rules right "$1" | grep -F -e 'NFV-' | grep -v 'NFV-mine' || :
}

# leads WHAT TEXT: our rules at mangle INPUT of IPv4 are these.
leads() {
	local got

	got=$(at right "iptables-${backend:-nft}-save" -t mangle | grep -E -e '-j (NFV-|NFQUEUE)' || :)
	[ "$got" = "$2" ] || fail "$1: the rules are: $got"
	note "ok: $1"
}

# numbers WANTED: those that are bound.
numbers() {
	equal "numbers that are bound" "$(at right awk '{ printf "%s%s", s, $1; s = " " }' /proc/self/net/netfilter/nfnetlink_queue)" "$1"
}

with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }"
books_twice=yes
books_open "queues that come and go"
start_daemon right
others >"$tmp/others"
flow_send one left "$right4" 9 --rate "$rate"
flow_send two left "$right4" 10 --rate "$rate"
master_note
ours nft >"$tmp/ours"

with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ] }" \
	"more: { numbers: 2-3, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 10 } ] }"
reload
reload_last | grep -q 'reloaded: 3 queues, 2 added, 0 removed, steering changed' || fail "$(reload_last)"
numbers "1 2 3"
leads "two queues" '-A INPUT -p udp -m udp --dport 9 -m comment --comment "nfv:load" -j NFV-load
-A INPUT -p udp -m udp --dport 10 -m comment --comment "nfv:more" -j NFV-more
-A NFV-load -j NFQUEUE --queue-num 1
-A NFV-more -j NFQUEUE --queue-balance 2:3'

with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ] }" \
	"edge: { numbers: 3-4, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 10, position: last } ] }"
reload
reload_last | grep -q 'reloaded: 3 queues, 1 added, 1 removed, steering changed' || fail "$(reload_last)"
numbers "1 3 4"
leads "another name, other numbers, another place" '-A INPUT -p udp -m udp --dport 9 -m comment --comment "nfv:load" -j NFV-load
-A INPUT -p udp -m udp --dport 10 -m comment --comment "nfv:edge" -j NFV-edge
-A NFV-edge -j NFQUEUE --queue-balance 3:4
-A NFV-load -j NFQUEUE --queue-num 1'
has "the books of a number that goes are told" "$daemon_log" '^more +2 +[1-9]'

with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }" "idle: { numbers: 9, handlers: [] }"
reload
numbers "1 9"
# What the kernel makes of flags: of a number that lives on the same as of one that is bound anew.
refused_flags() {
	grep -oE "queue $1: the kernel has no .* for queues" "$daemon_log" | sed 's/^queue [0-9]*: //' | sort -u
}
same_flags() {
	[ "$(refused_flags 1)" = "$(refused_flags 8)" ]
}
flags="uid-gid: true, secctx: true, conntrack: true"
with "load: { numbers: 1, $look, $flags, range: 300, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }" \
	"idle: { numbers: 8, handlers: [look], $flags }"
reload
wait_for "the kernel's answer: $(refused_flags 8)" 10 same_flags
note "ok: flags that the kernel refuses: $(refused_flags 1 | paste -sd , -)"
equal "range of a number that lives on" "$(queue_field right 1 range)" 300

case $(readlink -f "$(command -v iptables-save)") in
*nft*) same=nft ;;
*) same=legacy ;;
esac
before_queues="backend: $same" backend=$same
with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }"
reload
leads "the same backend by its name" '-A INPUT -p udp -m comment --comment "nfv:load" -j NFV-load
-A NFV-load -j NFQUEUE --queue-num 1'
if at right iptables-legacy -t mangle -L -n >/dev/null 2>&1; then
	before_queues="backend: legacy" backend=legacy
	with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }"
	reload
	leads "through the other backend" '-A INPUT -p udp -m comment --comment "nfv:load" -j NFV-load
-A NFV-load -j NFQUEUE --queue-num 1'
	equal "rules in the first one" "$(ours nft)" ""
	before_queues=''
fi
with "load: { numbers: 1, $look, steer: [ { chain: INPUT, table: mangle, match: -p udp } ] }"
reload
numbers "1"
ours nft | diff "$tmp/ours" - || fail "not the rules of the beginning"
equal "rules in the other backend" "$(ours legacy)" ""
others | diff "$tmp/others" - || fail "what others have was changed"
note "ok: rules of others are as they were"
flow_stop one two
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
