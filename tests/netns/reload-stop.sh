#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGTERM at every point of a reload under load: it is called off, the daemon stops in order, nothing is left, nothing is lost.
#
#	left ---- right: queue 1 at mangle INPUT. A packet to port 10 holds a worker up, a pipe holds up those that open.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

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

# with OPTIONS [MATCH [QUEUES]]
with() {
	config <<-END
		handlers: { look: { plugin: trial, mark: $books_mark/$books_mark$1 }, bad: { plugin: trouble, makes: none${4-} } }
		queues:
		  load: { numbers: 1, handlers: [look], max-length: 200000, when-full: drop, deadline: none,
		          steer: [ { chain: INPUT, table: mangle, match: -p udp${2-} } ] }
		${3-}
	END
}

held_up() {
	[ "$(queue_field right 1 waiting)" -gt 20 ]
}

stands_by() {
	[ "$(workers | wc -w)" -ge 2 ]
}

# stops WHAT OLD: the daemon under load with these options of the handler; `at_work` then begins a reload.
stops() {
	with "$2"
	books_open "$1"
	start_daemon right
	flow_send load left "$right4" 9 --rate "$rate"
	reloads=0
	at_work
	books_kernel # before the numbers are gone
	stop_daemon
	exec 6<&-
	has "$1: called off" "$daemon_log" 'reload: called off'
	flow_stop load
	books_daemon
	books_close_without
}

# As books_close, but packets pass while the daemon stops.
books_close_without() {
	wait_for "all packets at the receiver" 20 books_arrived
	for key in before inspected uninspected; do
		books[$key]=$(books_counter "$key")
	done
	books[sent]=$(books_sent)
	for port in "${books_ports[@]}"; do
		flow_stop "sink$port"
		for key in received duplicates; do
			books[$key]=$((${books[$key]-0} + $(value "sink$port" "$key")))
		done
	done
	nothing_left
	equal "$books_name: sent, and delivered" "${books[sent]}" $((books[inspected] + books[uninspected]))
	equal "$books_name: duplicates" "${books[duplicates]}" 0
}

at_work() {
	with "" "" "" "}, worse: { plugin: trouble, makes: hang"
	reload_ask
	wait_for "the check" 10 child nfv-check
}
stops "while it is checked" ""

at_work() {
	with ", fifo: $tmp/opens, faults: [ { on: open, does: wait } ]" "" "  more: { numbers: 2-3, handlers: [look] }"
	reload_ask
	wait_for "number 3" 10 queue_is right 3 waiting 0
	wait_for "the next worker" 10 stands_by
}
stops "while workers stand by" ""

at_work() {
	with "" " --sport 1:65535"
	reload
	with "" "" "  more: { numbers: 2, handlers: [look], steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ] }"
	exec 6<"$(find /run/nfverdict -name 'lock-*' | head -n 1)"
	flock 6
	reload_ask
	wait_for "the change" 10 child nfv-steer
	exec 6<&-
}
stops "while rules are changed" ""

at_work() {
	flow_send stuck left "$right4" 10 --count 1
	wait_for "a worker that is held up" 10 held_up
	with ""
	reload_ask
	wait_for "the next worker" 10 stands_by
}
stops "while a worker is to leave" ", fifo: $tmp/packets, wait: 10"

at_work() {
	with ""
	reload_ask
	wait_for "the one that closes" 10 stands_by
}
stops "while handlers close" ", faults: [ { on: close, does: loop } ]"
