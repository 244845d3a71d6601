#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What passes a queue by without inspection is told to the packet, by both backends: with several queue numbers and both families, with
# packets that come from another queue by verdict, with workers that die meanwhile. Where it cannot be told, this is told.
#
#	left: full speed ---- right: queues of 16 packets at mangle INPUT
# shellcheck disable=SC2119 # books_close
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/overload.sh"

two_hosts
for i in 2 3 4; do
	address left l0 "10.77.1.1$i/16"
done
books_rules
packets=100000
[ "$sanitizers" -eq 0 ] || packets=10000

# bypassed_is NAME...: of these entries together, what was not inspected.
bypassed_is() {
	local sum=0 name

	for name; do
		sum=$((sum + $(statistic steering "$name" bypassed)))
	done
	equal "$books_name: bypassed, to the daemon: behind the queue without inspection" "$sum" "${books[uninspected]}"
	between "$books_name: bypassed" "$sum" 1 1000000000
	! grep -E 'bypassed is not' "$daemon_log" || fail "the daemon does not know it exactly"
}

for backend in nft legacy; do
	command -v "iptables-$backend" >/dev/null || continue

	note "---- $backend: four numbers, both families, two tables"
	books_queues=(1 2 3 4)
	config <<-END
		backend: $backend
		handlers:
		  slow: { plugin: slow, busy: 20, mark: $books_mark/$books_mark }
		queues:
		  four:
		    numbers: 1-4
		    max-length: 16
		    handlers: [slow]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
		      - { chain: PREROUTING, table: mangle, match: -p udp --dport 11, family: ipv4 }
	END
	books_open "$backend: four numbers"
	start_daemon right
	flow_send four left "$right4" 9 --count "$packets" --source 10.77.1.1 --source 10.77.1.12 --source 10.77.1.13 --source 10.77.1.14
	flow_send six left "$right6" 11 --count "$packets"
	ask_statistics
	has "told while it runs" "$daemon_log" '^four +[0-9]+ +[0-9]+ +[0-9]+ ms ago$'
	flow_sent four six
	flow_send last left "$right4" 11 --count $((packets / 2)) --first "$packets"
	flow_sent last
	books_close
	# Port 11 of IPv6 is steered nowhere.
	books[uninspected]=$((books[uninspected] - packets))
	bypassed_is four
	equal "steered" "$(statistic steering four steered)" $((books[before] - packets))

	note "---- $backend: from queue to queue"
	books_queues=(1 2)
	config <<-END
		backend: $backend
		handlers:
		  pass-on: { plugin: filter, rules: [ { match: udp, verdict: queue 2 } ] }
		  slow: { plugin: slow, busy: 20, mark: $books_mark/$books_mark }
		queues:
		  first:
		    numbers: 1
		    max-length: 64
		    handlers: [pass-on]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
		  second:
		    numbers: 2
		    max-length: 16
		    handlers: [slow]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp --dport 11 }
	END
	books_open "$backend: from queue to queue"
	start_daemon right
	flow_send first left "$right4" 9 --count "$packets"
	flow_send second left "$right4" 11 --count "$packets"
	flow_sent first second
	books_close
	between "sent on" "${books[requeued]}" 1 "$packets"
	bypassed_is first second
	equal "steered to the second" "$(statistic steering second steered)" "$packets"
	[ "$(statistic steering second bypassed)" -gt 0 ] || fail "none passed the second queue by"
done

any_worker() {
	[ -n "$(workers)" ]
}

# A full socket has ids that no worker receives, also while there is none: they are told from those that the dead one had in hand.
workers_may_die=yes
books_queues=(1)
busy_us=20
# dying NAME [KEY VALUE]...
dying() {
	local name=$1 i

	shift
	note "---- $name"
	overload_config "$@"
	[ "$name" = "${name%on-error}" ] || sed -i 's/^handlers:/recovery: on-error\n&/' "$config_file"
	books_open "$name"
	start_daemon right
	flow_send load left "$right4" 9 --rate 100000
	for i in 1 2 3 4 5; do
		wait_for "a worker" 5 any_worker
		# shellcheck disable=SC2046 # process ids
		kill -KILL $(workers) || :
		sleep 0.15
	done
	flow_stop load
	books_close
}
dying "workers that die, a short queue" max-length 16
bypassed_is load
overload_isolation strict
dying "workers that die, a small buffer" max-length 8192 receive-buffer 4096
bypassed_is load
dying "workers that die, a small buffer, drop" max-length 8192 receive-buffer 4096 when-full drop
equal "uninspected" "${books[uninspected]}" 0
has "ids missed: what the kernel counted" "$daemon_log" "packet ids missed: ${books[overrun]}\$"
overload_isolation fast
dying "workers that die, a small buffer, on-error" max-length 8192 receive-buffer 4096
books[uninspected]=$((books[uninspected] - books[failed]))
bypassed_is load
workers_may_die=

note "---- reloads"
books_queues=(1)
# reloads_to [KEY VALUE]...
reloads_to() {
	overload_config "$@"
	reloads=$((reloads + 1))
	kill -HUP "$daemon_pid"
	wait_for "reload $reloads" 20 reloaded
}
reloaded() {
	[ "$(grep -c ' reloaded: ' "$daemon_log")" -eq "$reloads" ]
}
reloads=0
overload_config max-length 16
books_open "reloads"
start_daemon right
flow_send load left "$right4" 9 --rate 100000
reloads_to max-length 32
reloads_to max-length 8192 receive-buffer 4096 when-full drop
reloads_to max-length 16
flow_stop load
books_close
bypassed_is load
[ "$((books[full] + books[overrun]))" -gt 0 ] || fail "nothing was dropped meanwhile"

note "---- upgrades"
upgraded() {
	[ "$(grep -c 'upgrade: .* has the place of' "$daemon_log")" -eq "$1" ]
}
overload_config max-length 16
books_open "upgrades"
start_daemon right
flow_send load left "$right4" 9 --rate 50000
for i in 1 2; do
	sleep 0.2
	kill -USR2 "$daemon_pid"
	wait_for "upgrade $i" 20 upgraded "$i"
done
sleep 0.2
flow_stop load
books_close
bypassed_is load

note "---- a keeper that does not answer, and one that dies"
keeper() {
	{ grep -lx nfv-keeper /proc/[0-9]*/comm 2>/dev/null || :; } | cut -d/ -f3 # processes come and go
}
any_keeper() {
	[ -n "$(keeper)" ]
}
overload_config max-length 16
books_open "keepers that die"
start_daemon right
flow_send load left "$right4" 9 --rate 50000
ask_statistics
kill -STOP "$(keeper)"
start=$(now_ms)
ask_statistics
between "milliseconds until statistics come without it" $(($(now_ms) - start)) 400 15000
for i in 1 2 3; do
	wait_for "a keeper" 10 any_keeper
	kill -USR1 "$daemon_pid"
	# shellcheck disable=SC2046 # process ids
	kill -KILL $(keeper) || :
	sleep 0.1
done
flow_stop load
books_close
bypassed_is load

# ---- what cannot be known ----

# told REGEX: by new statistics, as soon as the keeper has looked; a busy one takes longer than they wait for it.
told() {
	local i

	for ((i = 0; i < 40; i++)); do
		ask_statistics
		if grep -qE "$1" "$daemon_log"; then
			note "ok: $1"
			return 0
		fi
	done
	fail "no statistics match $1"
}

overload_config max-length 16
start_daemon right
at right iptables -t mangle -A OUTPUT -p icmp -m mark --mark 7 -j NFQUEUE --queue-num 1
told '^load +[0-9]+ +- '
told 'queue load: bypassed is not known: rules of others lead to its numbers, too'
at right iptables -t mangle -F OUTPUT
stop_daemon

overload_config max-length 16
start_daemon right
flow_send load left "$right4" 9 --rate 20000
told '^load +[1-9][0-9]* +[0-9]+ +[0-9]+ ms ago$'
at right iptables -t mangle -F
wait_for "our rules to be back" 10 grep -q 'in place again' "$daemon_log"
flow_stop load
stop_daemon
has "counters that are lost" "$daemon_log" 'queue load: bypassed is not exact: .* it may be more'

overload_config max-length 16 handlers '[change]'
sed -i 's/^handlers:/&\n  change: { plugin: rewrite, changes: [ { ttl: 33 } ] }/; /handlers: .slow/d' "$config_file"
start_daemon right
stop_daemon
has "segments" "$daemon_log" 'queue load: bypassed is not known: the kernel cuts super-packets up'
