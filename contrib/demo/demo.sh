#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demo of contrib/quickstart.sh: real packets between two hosts, judged by nfverdictd with demo.yaml.
#
#	client c0 10.77.0.1 fd77::1 ---- 10.77.0.2 fd77::2 s0 server: nfverdictd, queue at mangle INPUT; counters before and behind it
#
# usage: demo.sh BUILD-FOLDER, as root of network and mount namespaces with an empty /run of their own: see quickstart.sh.

set -eu -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
tmp=$(mktemp -d)
daemon=
server=
shown=0
log=$tmp/nfverdictd.log
had_netns=no
[ ! -d /run/netns ] || had_netns=yes
had_state=no
[ ! -d /run/nfverdict ] || had_state=yes

finish() {
	trap - EXIT INT TERM
	for pid in $server $daemon; do
		kill "$pid" 2>/dev/null || :
	done
	wait
	for host in client server; do
		[ ! -e "/run/netns/$host" ] || ip netns delete "$host"
	done
	# `ip netns` makes this folder, and mounts it on itself.
	if [ "$had_netns" = no ] && [ -d /run/netns ]; then
		umount --no-mtab /run/netns && rmdir /run/netns
	fi
	# The lock of those who change rules.
	[ "$had_state" = yes ] || rm -rf /run/nfverdict
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

die() {
	printf '\ndemo: %s\n' "$*" >&2
	tail -n 20 "$log" >&2
	exit 1
}

title() {
	printf '\n== %s ==\n' "$*"
}

at() {
	local where=$1

	shift
	nsenter --net="/run/netns/$where" "$@"
}

wait_for() {
	local what=$1 end=$((SECONDS + 10))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || die "waited in vain for $what"
		sleep 0.05
	done
}

# ---- two hosts ----

make_hosts() {
	ip netns add client
	ip netns add server
	ip link add c0 netns client type veth peer name s0 netns server
	ip -n client link set lo up
	ip -n server link set lo up
	ip -n client link set c0 up
	ip -n server link set s0 up
	ip -n client address add 10.77.0.1/24 dev c0
	ip -n server address add 10.77.0.2/24 dev s0
	ip -n client address add fd77::1/64 dev c0 nodad
	ip -n server address add fd77::2/64 dev s0 nodad
	wait_for "IPv4" at client ping -c 1 -W 0.2 10.77.0.2
	wait_for "IPv6" at client ping -c 1 -W 0.2 fd77::2
}

# The same packets that demo.yaml steers to the queue, counted before it and behind it, by rules without a target.
make_counters() {
	local rule

	for rule in "raw -A PREROUTING" "filter -A INPUT"; do
		for match in "iptables -p udp" "iptables -p tcp" "iptables -p icmp" "ip6tables -p udp" "ip6tables -p tcp" \
			"ip6tables -p ipv6-icmp --icmpv6-type echo-request"; do
			# shellcheck disable=SC2086 # words of a rule
			at server ${match%% *} -w -t $rule ${match#* } -m comment --comment "demo_${rule%% *}"
		done
	done
	for tool in iptables ip6tables; do
		at server "$tool" -w -A INPUT -m mark --mark 0x10/0xf0 -m comment --comment demo_marked
	done
}

# counted NAME: packets of all rules with that comment
counted() {
	at server sh -c 'iptables-save -c; ip6tables-save -c' 2>/dev/null |
		sed -nE "s/^\[([0-9]+):.*--comment \"?demo_$1\"?.*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# ---- the daemon ----

# What demo.yaml leaves to the machine: where the plugins are.
start_daemon() {
	local folders

	folders=$(find "$build/plugins" -name '*.so' -printf '%h\n' | sort -u | paste -sd , -)
	printf 'plugin-path: [%s]\ninclude: [%s]\n' "$folders" "$here/demo.yaml" >"$tmp/nfverdict.yaml"
	nsenter --net=/run/netns/server "$build/nfverdictd" -f --allow-unsafe-files -c "$tmp/nfverdict.yaml" \
		>"$tmp/packets" 2>"$log" &
	daemon=$!
	wait_for "nfverdictd" ready_or_dead
	grep -q ready "$log" || die "nfverdictd did not start"
}

ready_or_dead() {
	grep -q ready "$log" || ! kill -0 "$daemon"
}

idle() {
	[ "$(at server awk '{ n += $3 } END { print n + 0 }' /proc/self/net/netfilter/nfnetlink_queue)" -eq 0 ]
}

# Shows the packets that were judged since the last call.
show_packets() {
	local lines

	wait_for "the queue to be empty" idle
	sleep 0.1
	lines=$(wc -l <"$tmp/packets")
	sed -n "$((shown + 1)),${lines}s/^/    /p" "$tmp/packets"
	shown=$lines
}

# step TITLE COMMAND...: on the client. What does not get through is part of the show; the books at the end tell what is wrong.
step() {
	title "$1"
	shift
	at client "$@" || :
	show_packets
}

# ---- the show ----

printf 'Two hosts, client and server, joined by a cable. On the server nfverdictd judges what comes in, by contrib/demo/demo.yaml:\n'
printf 'telnet is dropped, DNS questions are marked but for ads dropped, and in UDP and HTTP "hate" becomes "love".\n'
make_hosts
make_counters
start_daemon
nsenter --net=/run/netns/server python3 -B "$here/traffic.py" serve "$tmp/serving" "$tmp/report" &
server=$!
wait_for "the server" test -e "$tmp/serving"

traffic=(python3 -B "$here/traffic.py")
ping='ping -q -c 2 -i 0.2 "$0" | sed -n "s/^\([0-9].* received\).*/  \1/p"'
step "ping" sh -c "$ping" 10.77.0.2
step "ping, IPv6" sh -c "$ping" fd77::2
step "UDP: rewritten" "${traffic[@]}" udp 10.77.0.2 "I hate Mondays"
step "UDP, IPv6: rewritten" "${traffic[@]}" udp fd77::2 "cats hate rain"
step "UDP: nothing to change" "${traffic[@]}" udp 10.77.0.2 "a quiet word"
step "DNS: marked" "${traffic[@]}" dns 10.77.0.2 www.example.org
step "DNS, IPv6: marked" "${traffic[@]}" dns fd77::2 www.example.org
step "DNS: dropped" "${traffic[@]}" dns 10.77.0.2 ads.example.org
step "HTTP: the request is rewritten" "${traffic[@]}" http 10.77.0.2 /why-i-hate-mondays
step "HTTP, IPv6: the request is rewritten" "${traffic[@]}" http fd77::2 /why-cats-hate-rain
step "telnet: dropped" "${traffic[@]}" telnet 10.77.0.2
step "telnet, IPv6: dropped" "${traffic[@]}" telnet fd77::2

# ---- the books ----

kill "$server"
wait "$server" || die "the server ended with an error"
server=
kill "$daemon"
wait "$daemon" || die "nfverdictd ended with an error"
daemon=

title "what nfverdictd counted"
sed -n "$((shown + 1)),\$p" "$tmp/packets" | tee "$tmp/statistics"
title "and what the server counted on its own"
python3 -B "$here/books.py" "$tmp/statistics" "$tmp/report" "$(counted raw)" "$(counted filter)" "$(counted marked)" ||
	die "the counts must agree, and do not"
if at server sh -c 'iptables-save; ip6tables-save' 2>/dev/null | grep NFV-; then
	die "nfverdictd left rules behind"
fi
