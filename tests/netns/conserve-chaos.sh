#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that can happen to the daemon, in no order, while packets flow through a queue of each isolation: kills of workers,
# senders and whoever looks after rules or judges configurations, processes that stop and go on, reloads good and bad, upgrades,
# masters that are killed and started anew, questions and commands, no descriptors left, rules of others that come and go, a handler
# that crashes at packets of its own. None is lost, none passes uninspected, none arrives twice; only packets that crash a handler get
# on-error.
# NFV_SOAK_SECONDS: how long (8). NFV_SOAK_SEED: the same order again. NFV_SOAK_RATE: packets per second.
#
#	left: 2 x 10,000 packets/s ---- right: queue 1 (strict) for ports 9 and 11, queue 2 (fast) for ports 10 and 12
#	      2 x 100 packets/s, of which some crash a handler: ports 11 and 12
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

seconds=${NFV_SOAK_SECONDS:-8}
seed=${NFV_SOAK_SEED:-$RANDOM}
rate=${NFV_SOAK_RATE:-10000}
[ "$sanitizers" -eq 0 ] || rate=1500
RANDOM=$seed
tool=$top_builddir/nfverdict
books_ports=(9 10 11 12)
books_queues=(1 2)

two_hosts
books_rules

# write_config BATCH: another number makes the reload one that changes something.
write_config() {
	config <<-END
		crash-dir: $tmp/crashes
		crash-files: 4
		orphan-time: 30s
		handlers:
		  look:
		    plugin: trial
		    mark: $books_mark/$books_mark
		    faults:
		      - { on: packet, does: fault, port: 11, every: 60 }
		      - { on: packet, does: abort, port: 12, every: 90 }
		queues:
		  one:
		    numbers: 1
		    isolation: strict
		    batch: $1
		    max-length: 300000
		    when-full: drop
		    when-down: drop
		    on-error: drop
		    max-crashes: unlimited
		    handlers: [look]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
		      - { chain: INPUT, table: mangle, match: -p udp --dport 11 }
		  two:
		    numbers: 2
		    isolation: fast
		    batch: $1
		    max-length: 300000
		    when-full: drop
		    when-down: drop
		    on-error: drop
		    max-crashes: unlimited
		    handlers: [look]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp --dport 10 }
		      - { chain: INPUT, table: mangle, match: -p udp --dport 12 }
	END
}

# named NAME: the processes of the daemon with this name.
named() {
	grep -lxE "$1" /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3 || [ $? -le 2 ]
}

# hit SIGNAL NAME: whoever is there by then.
hit() {
	local pid

	for pid in $(named "$2"); do
		[ "$pid" = "$daemon_pid" ] || kill "-$1" "$pid" 2>/dev/null || :
	done
}

# held NAME: stopped for a moment, without its deadline running.
held() {
	hit STOP "$1"
	sleep "0.$((RANDOM % 4 + 1))"
	hit CONT "$1"
}

master_held() {
	kill -STOP "$daemon_pid"
	sleep "0.$((RANDOM % 3 + 1))"
	kill -CONT "$daemon_pid"
}

bad_reload() {
	printf 'queues: { broken: { numbers: 70000 } }\n' >>"$config_file"
	kill -HUP "$daemon_pid"
	sleep "0.0$((RANDOM % 9))"
	write_config 64
}

# starved: the master gets no descriptor any more, for a moment. What it executes takes what it may have again.
starved() {
	local limits

	limits=$(prlimit --pid "$daemon_pid" --nofile --output SOFT,HARD --noheadings --raw)
	prlimit --pid "$daemon_pid" --nofile="$((RANDOM % 40 + 3)):${limits#* }"
	sleep "0.$((RANDOM % 4 + 1))"
	prlimit --pid "$daemon_pid" --nofile="${limits% *}:${limits#* }"
}

# ask: somebody asks; the answer may be any, or none.
ask() {
	case $((RANDOM % 5)) in
	0) at right timeout 5 "$tool" reload ;;
	1) at right timeout 5 "$tool" upgrade ;;
	2) at right timeout 5 "$tool" stats ;;
	3) at right timeout 5 "$tool" release 1 look ;;
	4) at right timeout 5 "$tool" status ;;
	esac >"$tmp/command.out" 2>&1 || :
}

# foreign: rules of somebody else, and the interface.
foreign() {
	case $((RANDOM % 4)) in
	0) at right iptables -w -t mangle -A NFV-foreign -p tcp --dport $((RANDOM % 1000 + 1)) -j ACCEPT ;;
	1) at right iptables -w -t mangle -F NFV-foreign ;;
	2) at right ip6tables -w -t mangle -A NFV-foreign -p tcp --dport $((RANDOM % 1000 + 1)) -j ACCEPT ;;
	3) ip -n right link set r0 mtu $((RANDOM % 200 + 1300)) ;;
	esac
}

# unrest: what is going on: who is being replaced, what is being judged. Nothing at rest.
unrest() {
	local name number count

	for name in nfv-queue-1 nfv-queue-2 nfv-send-1; do
		count=$(named "$name" | wc -l)
		[ "$count" -eq 1 ] || note "$count $name"
	done
	for name in $(named 'nfv-(check|checker|steer|probe|postmortem)'); do
		note "$name: $(cat "/proc/$name/stat")"
	done
	for number in "${books_queues[@]}"; do
		count=$(queue_field right "$number" waiting)
		[ "$count" -lt "$((rate / 10))" ] || note "$count packets wait in queue $number"
	done
	at right timeout 5 "$tool" status 2>&1 >/dev/null || :
}

at_rest() {
	unrest >"$tmp/unrest"
	[ ! -s "$tmp/unrest" ] || {
		cat "$tmp/unrest" >"$tmp/unrest.last"
		return 1
	}
}

# bad SIGNAL: to those whose packets crash handlers.
bad() {
	kill "-$1" "$(cat "$tmp/bad-one.pid")" "$(cat "$tmp/bad-two.pid")"
}

# orphans: the master is killed, and workers go on until another one is there. Nobody would replace one that crashes meanwhile.
orphans() {
	local i

	bad STOP
	sleep 0.2
	: >"$tmp/unrest.last"
	for ((i = 0; i < 300; i++)); do
		! at_rest || break
		sleep 0.1
	done
	[ "$i" -lt 300 ] || fail "the daemon does not come to rest: $(cat "$tmp/unrest.last")"
	kill -KILL "$daemon_pid"
	{ wait "$daemon_pid" || :; } 2>/dev/null
	cat "$daemon_log" >>"$tmp/lives.log"
	write_config 64
	start_daemon right
	bad CONT
}

happen() {
	happened[$1]=$((${happened[$1]-0} + 1))
	case $1 in
	worker) hit KILL "nfv-queue-$((RANDOM % 2 + 1))" ;;
	workers) hit KILL 'nfv-queue-.*' ;;
	sender) hit KILL 'nfv-send-.*' ;;
	both) hit KILL 'nfv-(send|queue)-1' ;;
	keeper) hit KILL nfv-keeper ;;
	worker-held) held "nfv-queue-$((RANDOM % 2 + 1))" ;;
	sender-held) held 'nfv-send-.*' ;;
	master-held) master_held ;;
	check) hit KILL 'nfv-(check|checker|steer|postmortem)' ;;
	starved) starved ;;
	tool) ask ;;
	foreign) foreign ;;
	reload) write_config $((RANDOM % 128 + 1)) && kill -HUP "$daemon_pid" ;;
	bad-reload) bad_reload ;;
	orphans) orphans ;;
	upgrade) kill -USR2 "$daemon_pid" ;;
	question) kill -USR1 "$daemon_pid" ;;
	esac
}

write_config 64
: >"$tmp/lives.log"
workers_may_die=yes
declare -A happened=()
kinds=(worker worker workers sender sender both keeper worker-held sender-held master-held check check starved tool tool foreign
	reload reload bad-reload upgrade upgrade orphans question)
note "NFV_SOAK_SEED=$seed"
for family in iptables ip6tables; do
	at right "$family" -w -t mangle -N NFV-foreign
	at right "$family" -w -t mangle -A INPUT -p tcp -j NFV-foreign
done
books_open chaos
start_daemon right
flow_send one left "$right4" 9 --rate "$rate"
flow_send two left "$right4" 10 --rate "$rate"
flow_send bad-one left "$right4" 11 --rate 100
flow_send bad-two left "$right4" 12 --rate 100
end=$((SECONDS + seconds))
while [ "$SECONDS" -lt "$end" ]; do
	happen "${kinds[RANDOM % ${#kinds[@]}]}"
	sleep "0.0$((RANDOM % 10))"
done
flow_stop one two bad-one bad-two
for kind in "${!happened[@]}"; do
	note "$kind: ${happened[$kind]} times"
done | sort
# shellcheck disable=SC2119
books_close
! grep -E 'Sanitizer|runtime error:' "$tmp/lives.log" || fail "a sanitizer spoke"
equal "uninspected" "${books[uninspected]}" 0
equal "dropped for want of room" $((books[full] + books[overrun])) 0
equal "dropped, but for on-error" "${books[dropped]}" "${books[failed]}"
for port in 9 10; do
	equal "packets of port $port that did not come through" "${books[inspected_$port]}" "${books[before_$port]}"
done
