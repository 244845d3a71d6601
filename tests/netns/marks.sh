#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Marks set by handlers are seen by the rules that follow; bits outside their mask stay as they were.
#
#	left ---- right: marked 0x100 in raw PREROUTING by a rule, queue 1 at mangle INPUT, counted by mark in filter INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
config <<'END'
handlers:
  low:
    plugin: filter
    rules:
      - { match: udp dst port 53, mark: 0x10/0xf0 }
      - { match: udp dst port 54, mark: 0x7 }
  high:
    plugin: filter
    rules:
      - { match: udp dst port 53, mark: 0x2000/0xf000, verdict: accept }
queues:
  marks:
    numbers: 1
    handlers: [low, high]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp }
END
for family in iptables ip6tables; do
	at right "$family" -t raw -A PREROUTING -p udp -j MARK --set-mark 0x1a5
done
count right both INPUT -p udp --dport 53 -m mark --mark 0x2115
count right whole INPUT -p udp --dport 54 -m mark --mark 0x7
count right none INPUT -p udp --dport 55 -m mark --mark 0x1a5
start_daemon right
for port in 53 54 55; do
	send left udp-send "$right4" "$port" --count 40
	send left udp-send "$right6" "$port" --count 40
done
wait_for "the last packets" 10 counted_is right none 80
equal "two handlers, each its own bits" "$(counted right both)" 80
equal "a mark without mask replaces all bits" "$(counted right whole)" 80
equal "not marked: as it came" "$(counted right none)" 80
stop_daemon

# A mark decides the route of what is forwarded or sent: here which address answers. A mark set on OUTPUT reroutes.
config <<'END'
handlers:
  route:
    plugin: filter
    rules:
      - { match: udp dst port 7, mark: 0x9/0xf, verdict: accept }
queues:
  route:
    numbers: 1
    handlers: [route]
    steer:
      - { chain: OUTPUT, table: mangle, family: ipv4, match: -p udp --dport 7 }
END
receive echo right udp-echo 7
ip -n left route add blackhole default table 99
at left ip rule add fwmark 0x9/0xf lookup 99
send left udp-ask "$right4" 7 hello >/dev/null
start_daemon left
if send left udp-ask "$right4" 7 hello --timeout 0.5 >"$tmp/ask.out" 2>&1; then
	fail "a packet marked on its way out was not routed by its mark"
fi
note "ok: a mark set on its way out chooses the route"
stop_daemon
send left udp-ask "$right4" 7 hello >/dev/null
received echo
