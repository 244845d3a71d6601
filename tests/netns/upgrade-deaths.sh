#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Workers and senders that die while the master is replaced: before the new one has looked, while its workers stand by, and on the
# way back. Whoever it is, somebody takes over: none is lost, none passes uninspected, none arrives twice.
#
#	left: 2 x 10,000 packets/s ---- right: queue 1 (strict) for port 9, queue 2 (fast) for port 10
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

rate=10000
[ "$sanitizers" -eq 0 ] || rate=1500
books_ports=(9 10)
books_queues=(1 2)
workers_may_die=yes

two_hosts
books_rules
mkfifo -m 666 "$tmp/opens1" "$tmp/opens2"
config <<END
log-level: debug
handlers:
  look: { plugin: trial, mark: $books_mark/$books_mark }
  late1: { plugin: trial, fifo: $tmp/opens1, armed: $tmp/armed1, faults: [ { on: open, does: wait } ] }
  late2: { plugin: trial, fifo: $tmp/opens2, armed: $tmp/armed2, faults: [ { on: open, does: wait } ] }
queues:
  one:
    numbers: 1
    isolation: strict
    max-length: 300000
    when-full: drop
    when-down: drop
    on-error: drop
    handlers: [look, late1]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9 }
  two:
    numbers: 2
    isolation: fast
    max-length: 300000
    when-full: drop
    when-down: drop
    on-error: drop
    handlers: [look, late2]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 10 }
END

# named NAME: the processes of the daemon with this name.
named() {
	grep -lxE "$1" /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3 || [ $? -le 2 ]
}

# newcomer NUMBER PID...: sets $new to the worker of a number that is none of these, once there is one and it has nothing to do but
# to wait.
newcomer() {
	local number=$1

	shift
	wait_for "another worker of queue $number" 15 is_newcomer "$number" "$*"
	new=$(newcomers "$number" "$*")
}

newcomers() {
	named "nfv-queue-$1" | grep -vxE "${2// /|}" || :
}

is_newcomer() {
	local pid

	pid=$(newcomers "$1" "$2")
	[ -n "$pid" ] && [ "$(stat_field "$pid" 3)" = S ]
}

stopped() {
	[ "$(stat_field "$1" 3)" = T ]
}

more_ends_than() {
	[ "$(grep -cE 'upgrade: back to|has the place of' "$daemon_log")" -gt "$1" ]
}

# The file is read early: who comes too late sees an upgrade as any.
read_or_done() {
	grep -q 'no queue is defined' "$daemon_log" || more_ends_than "$1"
}

# decides PORT: packets for it come through, from here on.
decides() {
	local from

	from=$(books_counter "inspected_$1")
	wait_for "packets of port $1" 15 decided "$1" $((from + 500))
	note "ok: packets of port $1 come through"
}

decided() {
	[ "$(books_counter "inspected_$1")" -ge "$2" ]
}

books_open "deaths while the master is replaced"
start_daemon right
master=$daemon_pid
flow_send one left "$right4" 9 --rate "$rate"
flow_send two left "$right4" 10 --rate "$rate"
decides 9
decides 10

# ---- the way back, when ours had taken over already, and when nobody had ----

old1=$(named nfv-queue-1) old2=$(named nfv-queue-2)
touch "$tmp/armed2"
kill -USR2 "$daemon_pid"
newcomer 2 "$old2"
new2=$new
newcomer 1 "$old1"
new1=$new
wait_for "the new worker of queue 1" 10 logged "worker $new1 is ready" 1
kill -KILL "$old1"
wait_for "the new worker to take over" 10 logged "queue 1: worker $new1 took over" 1
decides 9
kill -KILL "$(named nfv-send-1)"
decides 9
kill -KILL "$new1"
decides 9
equal "workers of queue 1 that stand by or serve" "$(named nfv-queue-1 | wc -l)" 1
kill -KILL "$old2"
rm "$tmp/armed2"
kill -ABRT "$new2"
wait_for "the way back" 20 logged 'upgrade: back to nfverdict [^ ]*: workers could not be started' 1
decides 9
decides 10
equal "the process" "$daemon_pid" "$master"

# ---- one that stands by is killed: another one does ----

old1=$(named nfv-queue-1) old2=$(named nfv-queue-2)
touch "$tmp/armed2"
kill -USR2 "$daemon_pid"
newcomer 2 "$old2"
kill -KILL "$new"
newcomer 2 "$old2" "$new"
equal "the way back again" "$(grep -cE 'upgrade: back to' "$daemon_log")" 1
kill -KILL "$old2"
rm "$tmp/armed2"
printf x >"$tmp/opens2"
wait_for "the upgrade" 20 logged 'has the place of' 1
decides 9
decides 10

# ---- the configuration is being written when the new one reads it ----

before=$(grep -cE 'upgrade: back to|has the place of' "$daemon_log")
cp "$config_file" "$tmp/good.yaml"
kill -USR2 "$daemon_pid"
wait_for "the check" 20 logged 'checks the configuration' 3
until logged 'takes the place of' 3; do :; done
: >"$config_file"
wait_for "the new one to miss its configuration, or not" 20 read_or_done "$before"
kill -KILL "$(named nfv-queue-1 | tail -n 1)"
cp "$tmp/good.yaml" "$config_file"
wait_for "the end of it" 30 more_ends_than "$before"
decides 9
decides 10

# ---- one that was not ready when the master was replaced, and is told to go by the new one ----

before=$(grep -cE 'upgrade: back to|has the place of' "$daemon_log")
old1=$(named nfv-queue-1)
touch "$tmp/armed1"
kill -KILL "$old1"
newcomer 1 "$old1"
old1=$new
kill -USR2 "$daemon_pid"
newcomer 1 "$old1"
kill -STOP "$new"
wait_for "it to stop" 10 stopped "$new" # else it might take the word
printf x >"$tmp/opens1"
decides 9
rm "$tmp/armed1"
kill -CONT "$new"
printf x >"$tmp/opens1"
wait_for "the upgrade" 20 more_ends_than "$before"
decides 9
decides 10
# ---- the old one and the new one die at once, while the master does not look ----

are_dead() {
	[ "$(stat_field "$1" 3)$(stat_field "$2" 3)" = ZZ ]
}

before=$(grep -cE 'upgrade: back to|has the place of' "$daemon_log")
old1=$(named nfv-queue-1)
kill -STOP "$old1" # it does not leave
kill -USR2 "$daemon_pid"
newcomer 1 "$old1"
wait_for "the new worker of queue 1" 10 logged "worker $new is ready" 1
kill -STOP "$master"
wait_for "the master to stop" 10 stopped "$master"
kill -KILL "$old1" "$new"
wait_for "both to die" 10 are_dead "$old1" "$new"
kill -CONT "$master"
decides 9
wait_for "the upgrade" 20 more_ends_than "$before"
decides 9
decides 10
! grep -E 'refused what the worker put' "$daemon_log" || fail "what was allowed is refused"

flow_stop one two
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
equal "seen through all of it" "${books[seen]}" $((books[sent] - books[wire] + books[repeated]))
