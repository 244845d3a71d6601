#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# isolation: strict. Workers have no capability; the process that sends for them is killed and stopped under load, and handlers
# write into the ring: every packet arrives, once, and the books balance.
#
#	left: 20,000 packets/s ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

NFV_TEST_ISOLATION=strict
two_hosts
count right before -t raw PREROUTING -p udp --dport 9
count right arrived INPUT -p udp --dport 9
workers_may_die=yes
sent_before=0 arrived_before=0

# strict PLUGIN: the configuration, and the daemon.
strict() {
	config <<-END
		handlers:
		  judge: { plugin: $1 }
		queues:
		  load:
		    numbers: 1
		    max-length: 65536
		    handlers: [judge]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	start_daemon right
}

senders() {
	local pid name

	for pid in $(cat "/proc/$daemon_pid/task/$daemon_pid/children"); do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		case $name in nfv-send-*) printf '%s ' "$pid" ;; esac
	done
}

one_sender() {
	[ "$(senders | wc -w)" -eq 1 ] && [ "$(workers | wc -w)" -eq 1 ]
}

worker() {
	workers | tr -d ' '
}

sender() {
	senders | tr -d ' '
}

packets_wait() {
	[ "$(queue_field right 1 waiting)" -gt 0 ]
}

# traffic_begins PACKETS
traffic_begins() {
	packets=$1
	nsenter --net=/run/netns/left python3 -B "$lib_dir/traffic.py" udp-send "$right4" 9 --count "$packets" --rate 20000 \
		>"$tmp/sender.out" &
	traffic=$!
}

all_arrived() {
	[ $(($(counted right arrived) - arrived_before)) -ge "$packets" ]
}

# traffic_ends WHAT: all of it was inspected and arrived, once; the daemon is stopped.
traffic_ends() {
	wait "$traffic"
	equal "$1: sent" "$(value sender sent)" "$packets"
	wait_for "$1: the queue to be empty" 10 queue_is right 1 waiting 0
	wait_for "$1: all packets behind the queue" 10 all_arrived
	equal "$1: came to the receiver" $(($(counted right before) - sent_before)) "$packets"
	sent_before=$(counted right before)
	equal "$1: dropped by the kernel" "$(queue_field right 1 dropped)+$(queue_field right 1 user-dropped)" 0+0
	stop_daemon
	equal "$1: arrived" $(($(counted right arrived) - arrived_before)) "$packets"
	arrived_before=$(counted right arrived)
	equal "$1: seen" "$(statistic queue load seen)" "$packets"
	equal "$1: accepted" "$(statistic queue load accepted)" "$packets"
	equal "$1: requeued, repeated, dropped" \
		"$(statistic queue load requeued)+$(statistic queue load repeated)+$(statistic queue load dropped)" 0+0+0
}

# capabilities PID: permitted, effective, inheritable, bounding, ambient, and whether it can ever get more.
capabilities() {
	awk '/^Cap(Prm|Eff|Inh|Amb)|^NoNewPrivs|^Seccomp:/ { print $2 }' "/proc/$1/status" | paste -sd ' '
}

# descriptors PID: what they are, sorted.
descriptors() {
	find "/proc/$1/fd" -type l -printf '%l\n' | sed -E 's/\[[0-9]+\]//; s/ \(deleted\)//' | LC_ALL=C sort | paste -sd ' '
}

# ---- who may what ----

strict accept
wait_for "worker and sender" 10 one_sender
equal "capabilities of the worker" "$(capabilities "$(worker)")" \
	"0000000000000000 0000000000000000 0000000000000000 0000000000000000 1 2"
equal "capabilities of the sender" "$(capabilities "$(sender)")" \
	"0000000000000000 0000000000001000 0000000000001000 0000000000000000 1 2"
# Nothing but the queue's socket and the pipe: memory is mapped.
has "the sender's memory" <(cat "/proc/$(sender)/maps") 'memfd:nfv-ring-1 '
has "the sender's own memory" <(cat "/proc/$(sender)/maps") 'memfd:nfv-sender-1 '
for who in "$(worker)" "$daemon_pid"; do
	has "the ring in $(cat "/proc/$who/comm")" <(cat "/proc/$who/maps") 'memfd:nfv-ring-1 '
done
! grep -E 'nfv-sender' "/proc/$(worker)/maps" || fail "the worker has the sender's own memory"
! grep -E 'nfv-(slots|shared)' "/proc/$(sender)/maps" || fail "the sender has packets in its memory"
equal "sockets of the sender" "$(descriptors "$(sender)" | tr ' ' '\n' | grep -c '^socket:')" 1
equal "other descriptors of the sender" "$(descriptors "$(sender)" | tr ' ' '\n' | grep -cE '^pipe:|memfd')" 1

# ---- the sender is killed, and stopped ----

traffic_begins 60000
kills=0 last=
while kill -0 "$traffic" 2>/dev/null; do
	wait_for "a sender" 10 one_sender
	pid=$(sender)
	if [ "$pid" != "$last" ] && kill -KILL "$pid"; then
		kills=$((kills + 1))
		last=$pid
	fi
	sleep 0.05
done
between "senders killed" "$kills" 10 1000
traffic_ends "senders killed"

strict accept
traffic_begins 30000
sleep 0.3
pid=$(sender)
kill -STOP "$pid"
# The ring is full, or the worker would go on: the queue grows.
wait_for "packets to wait" 10 packets_wait
sleep 0.5
kill -CONT "$pid" 2>/dev/null || : # after a second the master has another one started
traffic_ends "a sender stopped for a while"
! grep -E 'worker [0-9]+ (was killed|ended|hangs)' "$daemon_log" || fail "a worker did not survive that"

# A worker that is killed leaves what it has published to the sender.
strict accept
traffic_begins 40000
while kill -0 "$traffic" 2>/dev/null; do
	wait_for "a worker" 10 one_sender
	kill -KILL "$(worker)" 2>/dev/null || :
	sleep 0.1
done
wait_for "the last worker" 10 one_sender
traffic_ends "workers killed"

# ---- the ring is written to by handlers ----

for what in head done entries drop mark bytes; do
	case $what in
	head | done | entries) cause=index ;;
	drop) cause=verdict ;;
	mark) cause=mark ;;
	bytes) cause=payload ;;
	esac
	strict "scribble, what: $what"
	traffic_begins 15000
	traffic_ends "ring: $what"
	has "ring: $what: told" "$daemon_log" "queue 1: sender: refused what the worker put into the ring: $cause$"
	between "ring: $what: counted" \
		"$(sed -nE "s/^queue 1: decisions of a worker refused by the sender: ([0-9]+) \($cause\)$/\1/p" "$daemon_log")" 2 4
done

# The same packet does it again and again: it is found, and costs nobody else anything.
strict "scribble, what: done, length: 1028"
traffic_begins 15000
for _ in 1 2; do
	sleep 0.2
	send left udp-send "$right4" 9 --size 1000 --first 1000000
done
packets=15002
wait "$traffic"
wait_for "poison: the queue to be empty" 10 queue_is right 1 waiting 0
wait_for "poison: all packets behind the queue" 10 all_arrived
stop_daemon
equal "poison: arrived" $(($(counted right arrived) - arrived_before)) "$packets"
equal "poison: seen" "$(statistic queue load seen)" "$packets"
equal "poison: accepted" "$(statistic queue load accepted)" "$packets"
equal "poison: got on-error" "$(statistic queue load failed)" 2
equal "poison: told" "$(grep -cE 'queue 1: packet [0-9]+ gets on-error: accept' "$daemon_log")" 2
