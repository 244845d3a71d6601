#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each process may do, as the kernel tells it in /proc: and the master never has a plugin in its memory.
#
#	right: nfverdictd with two workers
. "$(dirname "$0")/lib.sh"

host right
config <<'END'
handlers:
  everything: { plugin: accept }
  some: { plugin: filter, rules: [ { match: tcp dst port 23, verdict: drop } ] }
queues:
  one:
    numbers: 1-2
    handlers: [everything, some]
    steer:
      - { chain: INPUT, match: -p udp }
END
start_daemon right

field() {
	awk -v key="$2:" '$1 == key { $1 = ""; sub(/^ /, ""); print }' "/proc/$1/status"
}

uid=$(id -u "$worker_user")
gid=$(id -g "$worker_user")
for pid in $(workers); do
	equal "worker's user ids" "$(field "$pid" Uid)" "$uid $uid $uid $uid"
	equal "worker's group ids" "$(field "$pid" Gid)" "$gid $gid $gid $gid"
	equal "worker's capabilities: CAP_NET_ADMIN" "$(field "$pid" CapEff)" 0000000000001000
	equal "worker's permitted capabilities" "$(field "$pid" CapPrm)" 0000000000001000
	equal "worker's inheritable capabilities" "$(field "$pid" CapInh)" 0000000000000000
	equal "worker's bounding set beyond what the master has" "$((0x$(field "$pid" CapBnd) & ~0x30e0))" 0
	equal "worker's ambient capabilities" "$(field "$pid" CapAmb)" 0000000000000000
	equal "worker's no_new_privs" "$(field "$pid" NoNewPrivs)" 1
	equal "worker's seccomp mode: filter" "$(field "$pid" Seccomp)" 2
	if [ "$worker_user" != root ]; then
		equal "worker's other groups" "$(field "$pid" Groups)" ""
	fi
	has "worker has the plugins" "/proc/$pid/maps" '(accept|filter)\.so|memfd'
done

# CAP_KILL 5, CAP_SETGID 6, CAP_SETUID 7, CAP_NET_ADMIN 12, CAP_NET_RAW 13: and nothing else.
equal "master's other capabilities" "$((0x$(field "$daemon_pid" CapEff) & ~0x30e0))" 0
if grep -E '/plugins/|accept\.so|filter\.so|libpcap' "/proc/$daemon_pid/maps"; then
	fail "the master has a plugin, or what only plugins need, in its memory"
fi
note "ok: no plugin in the master"

# A worker has open what it uses, and nothing of the master's or of other workers; nobody listens on the network.
equal "listening sockets" "$(at right sh -c 'cat /proc/self/net/tcp /proc/self/net/tcp6 /proc/self/net/udp /proc/self/net/udp6' |
	grep -vc local_address || [ $? -eq 1 ])" 0
for pid in $(workers); do
	sockets=0
	for fd in "/proc/$pid/fd"/*; do
		case $(readlink "$fd") in
		/dev/null | "$daemon_log" | "anon_inode:[eventpoll]" | /memfd:nfv-* | */accept.so | */filter.so) ;;
		socket:*) sockets=$((sockets + 1)) ;;
		*) fail "a worker has $(readlink "$fd") open" ;;
		esac
	done
	equal "sockets of a worker: its queue, its master, its door" "$sockets" 3
done
stop_daemon
