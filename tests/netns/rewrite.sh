#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rewritten packets arrive with the new bytes, right lengths and right checksums, which the capture at the receiver computes itself.
#
#	left ---- mid: queue 1 at mangle FORWARD rewrites ---- right: captures
. "$(dirname "$0")/lib.sh"

three_hosts
config <<'END'
handlers:
  text:
    plugin: rewrite
    changes:
      - { find: red, replace: tan }
      - { protocol: udp, find: tiny, replace: considerably longer }
      - { protocol: udp, find: verbose|20|word, replace: x }
  header:
    plugin: rewrite
    changes:
      - { only: udp dst port 9001, ttl: 17, dscp: 46 }
queues:
  forward:
    numbers: 1
    handlers: [text, header]
    steer:
      - { chain: FORWARD, table: mangle, match: -p udp }
      - { chain: FORWARD, table: mangle, match: -p tcp }
END
start_daemon mid

# Twice: once with checksums filled in by the sender, once left to the other end of the veth, as between containers.
for offload in on off; do
	[ "$offload" = on ] || send left offload l0
	receive echo right udp-echo 9000
	receive echo-header right udp-echo 9001
	receive capture right capture r0
	for address in "$right4" "$right6"; do
		equal "UDP, same length" "$(send left udp-ask "$address" 9000 'a red dot')" "a tan dot"
		equal "UDP, twice in a packet" "$(send left udp-ask "$address" 9000 'red and red')" "tan and tan"
		equal "UDP, longer" "$(send left udp-ask "$address" 9000 'a tiny dot')" "a considerably longer dot"
		equal "UDP, shorter" "$(send left udp-ask "$address" 9000 'a verbose word.')" "a x."
		equal "UDP, longer and shorter" "$(send left udp-ask "$address" 9000 'tiny red verbose word')" "considerably longer tan x"
		equal "UDP, odd length" "$(send left udp-ask "$address" 9000 'red')" "tan"
		equal "UDP, nothing to find" "$(send left udp-ask "$address" 9000 'blue')" "blue"
		equal "UDP, TTL and DSCP" "$(send left udp-ask "$address" 9001 'red')" "tan"
		receive web right tcp-sink 80 --show 1
		send left tcp-send "$address" 80 --text "GET /red HTTP/1.0" >"$tmp/client.out"
		finished web
		equal "TCP, same length" "$(tail -n 1 "$tmp/web.out")" "GET /tan HTTP/1.0"
	done
	received echo
	received echo-header
	received capture
	for version in 4 6; do
		grep -q "^ipv$version udp" "$tmp/capture.out" || fail "the capture saw no UDP of IPv$version"
		grep -q "^ipv$version tcp" "$tmp/capture.out" || fail "the capture saw no TCP of IPv$version"
		equal "IPv$version with new TTL and DSCP" \
			"$(grep -c "^ipv$version udp port=9001 ttl=17 dscp=46 checksum=ok" "$tmp/capture.out")" 1
		# What a handler changed must be complete on the wire, whatever the sender left open.
		equal "IPv$version changed packets with right checksums" \
			"$(grep -E "^ipv$version .*(tan|longer|a x)" "$tmp/capture.out" | grep -vc 'checksum=ok' || [ $? -eq 1 ])" 0
	done
	if grep -E 'checksum=(bad|wrong)' "$tmp/capture.out"; then
		fail "wrong checksums or lengths at the receiver, sender's offload $offload"
	fi
	note "ok: all checksums at the receiver, sender's offload $offload"
done
stop_daemon
equal "UDP packets the receiver's kernel refused" \
	"$(at right awk '/^Udp:/ && !/InDatagrams/ { print $8 }' /proc/self/net/snmp)" 0
