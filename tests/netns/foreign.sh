#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules that others put there, before and while nfverdictd runs, are afterwards what they would be without it: both backends.
#
#	right: nfverdictd comes and goes; twin: the same foreign rules at the same times, and no nfverdictd
. "$(dirname "$0")/lib.sh"

host twin
host left
host right
cable left l0 right r0

both() {
	at right "$@"
	at twin "$@"
}

# both_from_stdin COMMAND...
both_from_stdin() {
	cat >"$tmp/stdin"
	at right "$@" <"$tmp/stdin"
	at twin "$@" <"$tmp/stdin"
}

# foreign_rules BACKEND: all that is hard to keep as it is: quotes, negations, several tables, names like ours, counters, order.
foreign_rules() {
	local family

	for family in iptables ip6tables; do
		both_from_stdin "$family-$1-restore" <<-'END'
			*raw
			-A PREROUTING -p udp -m udp --dport 9 -m comment --comment "it's \"quoted\" \\ and more" -j NOTRACK
			COMMIT
			*mangle
			:NFV-foreign - [0:0]
			:nfv-lower - [0:0]
			-A NFV-foreign -j RETURN
			-A INPUT -p tcp -m tcp ! --dport 22 -j NFV-foreign
			-A INPUT -p udp -j NFQUEUE --queue-num 77 --queue-bypass
			-A FORWARD ! -i lo -j nfv-lower
			COMMIT
			*nat
			-A POSTROUTING -o wan+ -j MASQUERADE
			COMMIT
			*filter
			:FORWARD DROP [5:500]
			:log-drop - [0:0]
			[12:3456] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			-A INPUT -p tcp -m multiport --dports 22,80,443 -m comment --comment nfverdict -j ACCEPT
			-A log-drop -m limit --limit 5/min -j LOG --log-prefix "dropped: " --log-level 7
			-A log-drop -j DROP
			-A FORWARD -g log-drop
			COMMIT
		END
	done
}

more_rules() {
	local family

	for family in iptables ip6tables; do
		both "$family-$1" -t mangle -I INPUT 1 -p tcp --dport 2001 -j ACCEPT
		both "$family-$1" -t mangle -A INPUT -p tcp --dport 2002 -j ACCEPT
		both "$family-$1" -t mangle -N late
		both "$family-$1" -t mangle -A late -p tcp --dport 2003 -j DROP
		both "$family-$1" -t mangle -A PREROUTING -j late
		both "$family-$1" -t filter -D FORWARD 1
		both "$family-$1" -t filter -P INPUT ACCEPT
		both "$family-$1" -t raw -A OUTPUT -p udp --dport 2004 -j NOTRACK
	done
}

same() {
	if ! diff <(rules twin "$2") <(rules right "$2") >"$tmp/diff"; then
		cat "$tmp/diff"
		fail "$1: rules of the $2 backend differ from those of a host without nfverdictd"
	fi
	note "ok: $1: $2 rules as without nfverdictd"
}

# Foreign rules as they are while ours are among them.
without_ours() {
	rules right "$1" | grep -vE -- '^:NFV-(input|forward) |^-A NFV-(input|forward) |-j NFV-(input|forward)$' || [ $? -eq 1 ]
}

for backend in nft legacy; do
	foreign_rules "$backend"
	same "before" "$backend"
	for round in 1 2; do
		config <<-END
			backend: $backend
			handlers:
			  everything: { plugin: accept }
			queues:
			  input:
			    numbers: 1
			    handlers: [everything]
			    steer:
			      - { chain: INPUT, table: mangle, match: -p udp --dport 53 }
			      - { chain: INPUT, table: filter, position: last, match: -p tcp --dport 23 }
			  forward:
			    numbers: 2-3
			    handlers: [everything]
			    steer:
			      - { chain: FORWARD, table: mangle, match: -p udp }
		END
		start_daemon right
		rules right "$backend" | grep -q -- '-j NFV-input' || fail "there is no jump of ours: this tests nothing"
		diff <(rules twin "$backend") <(without_ours "$backend") >"$tmp/diff" || {
			cat "$tmp/diff"
			fail "foreign rules changed while nfverdictd runs"
		}
		[ "$round" = 1 ] || more_rules "$backend"
		stop_daemon
		same "after round $round" "$backend"
	done
done
