#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The print plugin on live traffic: a line for each packet, with what the kernel tells of it and what became of it.
#
#	left ---- right: queue 1 at mangle INPUT (UDP, ICMP echo), queue 2 at mangle OUTPUT (UDP to port 9)
. "$(dirname "$0")/lib.sh"

two_hosts
config <<'END'
handlers:
  show: { plugin: print, style: long, only: 'udp or icmp or icmp6' }
  bytes: { plugin: print, style: long, hex: true, bytes: 48 }
  some: { plugin: print, limit: 5 }
  choose:
    plugin: filter
    rules:
      - { name: closed, match: udp dst port 53, verdict: drop }
      - { name: marked, match: udp dst port 54, mark: 0x2a, verdict: accept }
queues:
  arriving:
    numbers: 1
    handlers: [show, choose]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 53:55 }
      - { chain: INPUT, table: mangle, family: ipv4, match: -p icmp --icmp-type echo-request }
  leaving:
    numbers: 2
    handlers: [bytes, some]
    steer:
      - { chain: OUTPUT, table: mangle, family: ipv4, match: -p udp --dport 9 }
END
start_daemon right

lines() {
	grep -cE "$1" "$daemon_log" || true
}

lines_are() {
	[ "$(lines "$1")" = "$2" ]
}

# expect_lines WHAT PATTERN COUNT: in the end there are as many, and no more.
expect_lines() {
	wait_for "$1" 10 lines_are "$2" "$3"
	note "ok: $1"
}

for port in 53 54 55; do
	send left udp-send "$right4" "$port" --count 20
	send left udp-send "$right6" "$port" --count 20
done
at left ping -q -c 3 -i 0.01 "$right4" >/dev/null

clock='[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}'
from4="IP ${left4//./\\.}" to4="${right4//./\\.}"
expect_lines "dropped over IPv4" \
	"$clock $from4\.[0-9]+ > $to4\.53: UDP, length [0-9]+ \{queue 1, id [0-9]+, INPUT, in r0, mark 0x0, ttl 64, .*\} \[drop by choose\]" 20
expect_lines "dropped over IPv6" "$clock IP6 $left6\.[0-9]+ > $right6\.53: UDP, .* hlim 64, .*\[drop by choose\]" 20
expect_lines "marked" "\.54: UDP, .* mark 0x2a, .*\[accept by choose mark 0x2a\]" 40
expect_lines "left to the default" "\.55: UDP, .*\[accept by default\]" 40
expect_lines "pings" "$from4 > $to4: ICMP echo request, id [0-9]+, seq [123], length 64 \{.*\[accept by default\]" 3
equal "lines of queue 1" "$(lines '\{queue 1, ')" 123

send right udp-send "$left4" 9 --count 30
expect_lines "each packet that leaves, with its owner" \
	"IP $to4\.[0-9]+ > ${left4//./\\.}\.9: UDP, .*\{queue 2, .*, OUTPUT, out r0, .*, uid $outer_uid, gid $outer_gid.*\} \[accept by default\]" 30
expect_lines "three rows of bytes each" "0x00[012]0:  [0-9a-f]{4}" 90

# The 30 may fall into two seconds, hence into two allowances of 5.
limit_adds_up() {
	shown=$(lines '\.9: UDP, length [0-9]+ \[accept')
	hidden=$(awk '$1 == "..." && /packets not shown, limit is 5 a second/ { n += $2 } END { print n + 0 }' "$daemon_log")
	[ $((shown + hidden)) -eq 30 ]
}
wait_for "shown and hidden lines to add up" 10 limit_adds_up
limit_adds_up
between "shown within the limit" "$shown" 5 10
stop_daemon
