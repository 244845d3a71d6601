#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody dies, hangs, or the daemon is told to stop, at every point of a reload under load: what comes of it is the table in
# daemon/README.md, and no packet is lost or passes uninspected.
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"
. "$lib_dir/reload-hold-lib.sh"

# with OPTIONS [MATCH [QUEUES]]: the handler has these options.
with() {
	config <<-END
		handlers: { look: { plugin: trial, mark: $books_mark/$books_mark$1 } }
		queues:
		  load: { numbers: 1, handlers: [look], max-length: 200000, when-full: drop, when-down: drop, on-error: drop, deadline: none,
		          steer: [ { chain: INPUT, table: mangle, match: -p udp${2-} } ] }
		${3-}
	END
}
plain=

# The worker that serves: the older one.
serves() {
	workers | tr ' ' '\n' | grep . | sort -n | head -n 1
}

other_than() {
	local pid

	pid=$(serves)
	[ -n "$pid" ] && [ "$pid" != "$1" ]
}

# begin WHAT OLD NEW [RULES [QUEUES]]: from one configuration to another; returns while the reload is under way.
begin() {
	what=$1
	with "$2"
	reload
	with "$3" "${4-}" "${5-}"
	old=$(serves)
	reload_ask
}

good() {
	reload_end
	reload_last | grep -qF ' reloaded: ' || fail "$what: it was refused"
	note "ok: $what: reloaded"
}

refused() {
	reload_end
	reload_last | grep -qF 'nothing was changed' || fail "$what: it was put in force"
	note "ok: $what: nothing was changed"
}

let_open() {
	printf x >&7
}

with "$plain"
books_open "deaths in a reload"
start_daemon right
flow_send load left "$right4" 9 --rate "$rate"
with "$plain" "$other_rules"
reload # so that the lock is there
equal "a lock of those who change rules" "$(find /run/nfverdict -name 'lock-*' | wc -l)" 1

# ---- while it is checked ----

with ", faults: []" "" "  more: { numbers: 2, handlers: [bad] }"
sed -i "s/^handlers: {/handlers: { bad: { plugin: trouble, makes: hang },/" "$config_file"
what="the check hangs and is killed"
reload_ask
wait_for "the check" 10 child nfv-check
victim=$(serves)
kill -KILL "$victim"
wait_for "another worker meanwhile" 10 other_than "$victim"
note "ok: a worker that died during the check was replaced"
kill -KILL "$(child nfv-check)"
refused

# ---- while workers stand by ----

begin "the worker that serves dies while the next one opens" "$plain" "$opens"
wait_for "the next one" 10 stands_by
kill -KILL "$old"
wait_for "another one" 10 other_than "$old"
let_open
good

begin "the one that is to stand by dies" "$plain" "$opens"
wait_for "the next one" 10 stands_by
kill -KILL "$(stands_by)"
refused
equal "the worker that serves" "$(serves)" "$old"

begin "the one of a number that is added dies" "$plain" "$opens" "" "  more: { numbers: 2, handlers: [look] }"
wait_for "its number" 10 queue_is right 2 waiting 0
wait_for "the new ones" 10 stands_by
kill -KILL "$(workers | tr ' ' '\n' | sort -n | tail -n 1)"
refused
equal "number 2" "$(queue_field right 2 waiting)" ""

# ---- while rules are changed ----

begin "the one that serves dies before the rules are changed" "$plain" "$opens" "$other_rules"
wait_for "the next one" 10 stands_by
hold_rules
let_open
wait_for "the change" 10 child nfv-steer
kill -KILL "$old"
wait_for "another one" 10 other_than "$old"
free_rules
good

begin "the one that stands by dies before the rules are changed" "$plain" "$opens" "$other_rules"
wait_for "the next one" 10 stands_by
hold_rules
let_open
wait_for "the change" 10 child nfv-steer
kill -KILL "$(stands_by)"
free_rules
let_open
good

begin "who changes the rules dies" "$plain" "$plain" "$other_rules"
hold_rules
wait_for "the change" 10 child nfv-steer
rules right nft >"$tmp/rules.before"
kill -KILL "$(child nfv-steer)"
free_rules
refused
rules right nft | diff "$tmp/rules.before" - || fail "rules were changed"

# ---- while workers hand over ----

with "$waits"
reload
stuck
what="the one that serves dies in a packet while it is to leave"
with "$plain"
old=$(serves)
reload_ask
wait_for "the next one" 10 stands_by
kill -KILL "$old"
good

with "$waits"
reload
stuck
what="the one that stands by dies, again and again"
with "$plain"
old=$(serves)
reload_ask
for _ in 1 2 3 4; do
	wait_for "the next one" 10 stands_by
	kill -KILL "$(stands_by)"
done
good
has "the one that serves did not leave" "$daemon_log" "queue 1: worker $old does not end; killed"

# ---- while handlers close ----

begin "the one that left hangs in close()" "$closes" "$plain"
good
has "it was killed" "$daemon_log" "queue 1: worker $old (does not end; killed|hangs in close\(\) of handler look)"

flow_stop load
wait_for "an empty queue" 20 queue_is right 1 waiting 0
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
