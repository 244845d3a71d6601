# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # lib.sh and conserve.sh have the variables, the test uses these
#
# For the tests that hold a reload up under load, at each of its points. Sourced after reload-lib.sh.
#
#	left ---- right: queue 1 at mangle INPUT. A packet to port 10 holds a worker up, a pipe holds up those that open.

workers_may_die=yes
books_ports=(9 10)
rate=4000
[ "$sanitizers" -eq 0 ] || rate=400

two_hosts
books_rules
for pipe in opens packets; do
	mkfifo "$tmp/$pipe"
	chmod 666 "$tmp/$pipe"
done
exec 7<>"$tmp/opens" 8<>"$tmp/packets"

# What the handler's options may be, and other rules.
opens=", fifo: $tmp/opens, faults: [ { on: open, does: wait } ]"
waits=", fifo: $tmp/packets, wait: 10"
closes=", faults: [ { on: close, does: loop } ]"
other_rules=" --sport 1:65535"

# stands_by: the worker that is to take over, the younger one; fails without one.
stands_by() {
	workers | tr ' ' '\n' | grep . | sort -n | sed -n 2p | grep .
}

# hold_rules: nobody commits from here on; free_rules ends that.
hold_rules() {
	exec 6<"$(find /run/nfverdict -name 'lock-*' | head -n 1)"
	flock 6
}

free_rules() {
	exec 6<&-
}

# stuck: the worker that serves is held up by a packet.
stuck() {
	flow_send "stuck$((++sticks))" left "$right4" 10 --count 1 --first "$sticks"
	wait_for "a worker that is held up" 10 held_up
}
sticks=0

held_up() {
	[ "$(queue_field right 1 waiting)" -gt 20 ]
}
