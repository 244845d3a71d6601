#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIGTERM at every point of a reload under load: it is called off, the daemon stops in order, nothing is left, nothing is lost.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"
. "$lib_dir/reload-hold-lib.sh"

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
	has "$1: called off" "$daemon_log" 'reload: called off'
	flow_stop load
	books_daemon
	books_close_without
}

free_when_called_off() {
	wait_for "the reload to be called off" 20 logged 'reload: called off' 1
	flock -u 6
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
	with "$opens" "" "  more: { numbers: 2-3, handlers: [look] }"
	reload_ask
	wait_for "number 3" 10 queue_is right 3 waiting 0
	wait_for "the next worker" 10 stands_by
}
stops "while workers stand by" ""

at_work() {
	with "" "$other_rules"
	reload
	with "" "" "  more: { numbers: 2, handlers: [look], steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ] }"
	hold_rules
	reload_ask
	wait_for "the change" 10 child nfv-steer
	free_when_called_off & # not before: the change might be over when it is to be called off
}
stops "while rules are changed" ""

at_work() {
	stuck
	with ""
	reload_ask
	wait_for "the next worker" 10 stands_by
}
stops "while a worker is to leave" "$waits"

at_work() {
	with ""
	reload_ask
	wait_for "the one that closes" 10 stands_by
}
stops "while handlers close" "$closes"
