#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What handlers are told beside the bytes: interfaces by name, hook, owner of the socket, mark; what a kernel cannot tell is gone
# without.
#
#	left: queue 2 at mangle OUTPUT ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
count right arrived INPUT -p udp --dport 9
config <<'END'
handlers:
  show: { plugin: print, style: long }
queues:
  in:
    numbers: 1
    secctx: true
    conntrack: true
    handlers: [show]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
END
at right iptables -t raw -A PREROUTING -p udp -j MARK --set-mark 0x77
start_daemon right
send left udp-send "$right4" 9 --count 3 --size 100
wait_for "packets" 10 counted_is right arrived 3
wait_for "their lines" 10 grep -q '> 10\.77\.1\.2\.9: UDP, length 100' "$daemon_log"
has "input interface" "$daemon_log" 'UDP, length 100.*\br0\b'
has "mark" "$daemon_log" 'UDP, length 100.*mark 0x77'
has "queue" "$daemon_log" 'UDP, length 100.*queue 1\b'
has "what the kernel has not is said" "$daemon_log" 'warning: queue 1: the kernel has no .*going on without'
stop_daemon

config <<'END'
handlers:
  show: { plugin: print, style: long, only: udp dst port 9 }
queues:
  out:
    numbers: 2
    uid-gid: true
    handlers: [show]
    steer:
      - { chain: OUTPUT, table: mangle, match: -p udp }
END
start_daemon left
send left udp-send "$right4" 9 --count 2 --size 50
send left udp-send "$right4" 10 --count 2 --size 50
wait_for "packets" 10 counted_is right arrived 5
wait_for "their lines" 10 grep -q 'UDP, length 50' "$daemon_log"
has "output interface" "$daemon_log" 'UDP, length 50.*\bl0\b'
has "owner of the socket" "$daemon_log" "UDP, length 50.*uid $outer_uid, gid $outer_gid"
stop_daemon
equal "lines: only what was asked for" "$(grep -c 'UDP, length 50' "$daemon_log")" 2
