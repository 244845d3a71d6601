#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The file of the configuration becomes bad while the master is replaced, and stays so: whoever has the place then goes on with the
# configuration of before, replaces workers that die, and says what is wrong; with a file that is mended all is well again.
#
#	left: 2 x 5,000 packets/s ---- right: queue 1 (fast) for port 9, queue 2 (strict) for port 10
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

rate=5000
[ "$sanitizers" -eq 0 ] || rate=1000
books_ports=(9 10)
books_queues=(1 2)
workers_may_die=yes
tool=$top_builddir/nfverdict

two_hosts
books_rules
mkfifo -m 666 "$tmp/opens"

# While `armed` is there, checking the handler waits for a word. It stands in a file of its own, which the other one includes.
good() {
	config <<-END
		include: [handlers.yaml]
		queues:
		  one: { numbers: 1, handlers: [look], max-length: 200000, when-full: drop, when-down: drop, on-error: drop,
		         isolation: fast, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ] }
		  two: { numbers: 2, handlers: [look], max-length: 200000, when-full: drop, when-down: drop, on-error: drop,
		         isolation: strict, steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 10 } ] }
	END
	cat >"$tmp/handlers.yaml" <<-END
		handlers:
		  look: { plugin: trial, mark: $books_mark/$books_mark, fifo: $tmp/opens, armed: $tmp/armed,
		          faults: [ { on: check, does: wait } ] }
	END
}

bad() {
	printf 'queues:\n  one: { numbers: 1, handlers: [lok] }\n' >"$config_file"
	rm -f "$tmp/handlers.yaml"
}

# named NAME: the processes with this name; fails without one.
named() {
	{ grep -lxE "$1" /proc/[0-9]*/comm 2>/dev/null || :; } | cut -d/ -f3 | grep .
}

# upgrade_spoilt: asks for an upgrade whose check has read a good file, and whose start finds a bad one.
upgrade_spoilt() {
	touch "$tmp/armed"
	kill -USR2 "$daemon_pid"
	wait_for "the check of its handlers" 20 named nfv-checker
	bad
	rm "$tmp/armed"
	printf x >"$tmp/opens"
}

# dies NUMBER PORT: the worker of a queue is killed, and another one decides.
dies() {
	local from before

	before=$(named "nfv-queue-$1")
	kill -KILL "$before"
	wait_for "another worker of queue $1" 15 another "$1" "$before"
	from=$(books_counter "inspected_$2")
	wait_for "packets of port $2" 15 decided "$2" $((from + 500))
	note "ok: queue $1: a worker that died is replaced, and packets go on"
}

another() {
	local now

	now=$(named "nfv-queue-$1")
	[ "$now" != "$2" ]
}

decided() {
	[ "$(books_counter "inspected_$1")" -ge "$2" ]
}

# status WANTED-EXIT
status() {
	local got=0

	"$tool" status >"$tmp/status" 2>&1 || got=$?
	[ "$got" -eq "$1" ] || {
		cat "$tmp/status"
		fail "nfverdict status: exit status $got, wanted $1"
	}
}

good
cp "$nfverdictd" "$tmp/nfverdictd"
nfverdictd=$tmp/nfverdictd
books_open "a configuration that is bad when the master is replaced"
start_daemon right
flow_send one left "$right4" 9 --rate "$rate"
flow_send two left "$right4" 10 --rate "$rate"
dies 1 9
status 0

# ---- the new one finds it bad ----

upgrade_spoilt
wait_for "the upgrade" 30 logged 'has the place of .*, with the configuration of before: .*nfverdict.yaml:2:' 1
has "the mistake" "$daemon_log" 'error: .*nfverdict.yaml:2:[0-9]+: queue one: .*lok'
has "what is in force" "$daemon_log" 'upgrade: .*nfverdict.yaml is refused: the configuration of before stays in force'
dies 1 9
dies 2 10
status 1
has "the status" "$tmp/status" '^! configuration: the one of before is in force, for the file was refused: .*nfverdict.yaml:2:'

# ---- another upgrade with it is refused, as ever, and a reload; what is in force stays so ----

kill -USR2 "$daemon_pid"
wait_for "the refusal" 20 logged 'nothing was changed' 1
dies 1 9
reload_ask
reload_end
reload_last | grep -qF 'nothing was changed' || fail "a bad file was put in force"
status 1
dies 2 10

# ---- mended ----

good
reload
status 0
dies 1 9

# ---- the new one cannot go on, and the old one finds the file bad ----

cp "$top_builddir/tests/netns/nfverdictd-unready" "$tmp/new"
mv "$tmp/new" "$nfverdictd"
upgrade_spoilt
wait_for "the way back" 40 logged 'upgrade: back to nfverdict [^ ]*: workers could not be started' 1
dies 1 9
dies 2 10
status 1
good
reload
status 0
dies 2 10

flow_stop one two
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
equal "seen through all of it" "${books[seen]}" $((books[sent] - books[wire] + books[repeated]))
