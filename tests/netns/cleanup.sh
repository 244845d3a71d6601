#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After kill -9 of everything: the next start takes away what was left and makes no duplicates; --cleanup does it without a start.
#
#	right: nfverdictd, killed several times
. "$(dirname "$0")/lib.sh"

host right

# write_config NAME: a queue of that name and another one
write_config() {
	config <<-END
		backend: $backend
		handlers:
		  everything: { plugin: accept }
		queues:
		  $1:
		    numbers: 1
		    handlers: [everything]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
		      - { chain: FORWARD, family: ipv4, match: -p tcp --dport 80 }
		  other:
		    numbers: 2-3
		    handlers: [everything]
		    steer:
		      - { chain: OUTPUT, match: -p udp --dport 53 }
	END
}

own_rules() {
	rules right "$backend" | grep NFV- || [ $? -eq 1 ]
}

for backend in nft legacy; do
	at right "iptables-$backend" -t mangle -A INPUT -p tcp -j ACCEPT
	at right "iptables-$backend" -t mangle -N NFV-mine
	at right "iptables-$backend" -t mangle -A INPUT -p sctp -j NFV-mine
	# Somebody else's, whose name begins like ours and who has a queue too.
	at right "iptables-$backend" -t mangle -N NFV-suricata
	at right "iptables-$backend" -t mangle -A INPUT -j NFV-suricata
	at right "iptables-$backend" -t mangle -A NFV-suricata -p tcp -j NFQUEUE --queue-num 7
	at right "iptables-$backend" -t mangle -A NFV-suricata -p udp -j ACCEPT
	foreign=$(own_rules)

	write_config first
	start_daemon right
	rules right "$backend" >"$tmp/fresh"
	kill_daemon
	diff "$tmp/fresh" <(rules right "$backend") || fail "$backend: a killed daemon left other rules than it had: this tests nothing"
	start_daemon right
	diff "$tmp/fresh" <(rules right "$backend") || fail "$backend: the second start made something else of the rules"
	note "ok: $backend: no duplicates after the second start"

	kill_daemon
	write_config renamed
	start_daemon right
	if own_rules | grep -q NFV-first; then
		fail "$backend: rules of a queue that the new configuration does not have"
	fi
	# The tools sort chains by name.
	sed 's/first/renamed/g' "$tmp/fresh" | sort >"$tmp/renamed"
	diff "$tmp/renamed" <(rules right "$backend" | sort) || fail "$backend: unexpected rules after a start with other names"
	note "ok: $backend: rules of a queue that is gone are removed"

	# --cleanup leaves alone what somebody alive uses.
	at right "$nfverdictd" --cleanup >"$tmp/cleanup.out" 2>&1 || fail "--cleanup: $(cat "$tmp/cleanup.out")"
	diff "$tmp/renamed" <(rules right "$backend" | sort) || fail "$backend: --cleanup took the rules of a running daemon"
	note "ok: $backend: --cleanup beside a running daemon"

	kill_daemon
	at right "$nfverdictd" --cleanup >"$tmp/cleanup.out" 2>&1 || fail "--cleanup: $(cat "$tmp/cleanup.out")"
	equal "$backend: what is left after --cleanup: foreign rules" "$(own_rules)" "$foreign"
	at right "$nfverdictd" --cleanup >"$tmp/cleanup.out" 2>&1 || fail "--cleanup: $(cat "$tmp/cleanup.out")"
	equal "$backend: what is left after another" "$(own_rules)" "$foreign"
	at right "iptables-$backend" -t mangle -F
	at right "iptables-$backend" -t mangle -X
done
