#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Handlers come out of quarantine by command, under load: no packet is lost or delivered twice, and from then on all are
# inspected again. A handler that cannot be opened stays where it is.
#
#	left: packets to port 9, deadly ones to port 10 ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

tool=$top_builddir/nfverdict
rate=10000
[ "$sanitizers" -eq 0 ] || rate=1000
workers_may_die=yes

two_hosts
books_ports=(9 10)
books_rules
config <<-END
	handlers:
	  trial: { plugin: trial, crash: 10, mark: $books_mark/$books_mark, armed: $tmp/armed, faults: [ { on: open, does: abort } ] }
	  quiet: { plugin: filter, rules: [ { match: udp dst port 1, verdict: drop } ] }
	queues:
	  work:
	    numbers: 1
	    max-length: 100000
	    when-full: drop
	    when-down: drop
	    max-crashes: 2
	    handlers: [quiet, trial]
	    steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9:10 } ]
	  other:
	    numbers: 2-3
END

# asks WANTED-STATUS COMMAND ARG...: its output is in $tmp/out and $tmp/err.
asks() {
	local wanted=$1 status=0

	shift
	"$tool" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" -eq "$wanted" ] || {
		cat "$tmp/out" "$tmp/err"
		fail "nfverdict $*: exit status $status, wanted $wanted"
	}
}

says() {
	equal "$1" "$(cat "$tmp/out" "$tmp/err")" "$2"
}

# status_has REGEX [OPTION]
status_has() {
	{ "$tool" status ${2+"$2"} || :; } | grep -qE -- "$1"
}

in_quarantine() {
	status_has 'handlers .*trial \(in quarantine\)'
}

# quarantine: two deadly packets, each of which must have killed before the next is sent.
quarantine() {
	local n

	for n in 1 2; do
		deadly=$((deadly + 1))
		flow_send "deadly$deadly" left "$right4" 10 --count 1 --first "$deadly"
		flow_sent "deadly$deadly"
		wait_for "death $deadly" 10 status_has "\"deaths\": $deadly" --json
	done
	wait_for "quarantine" 10 in_quarantine
}
deadly=0

inspected_more() {
	[ "$(books_counter inspected)" -gt "$1" ]
}

books_open "release under load"
start_daemon right
asks 0 release --all
says "nothing to release" "nothing is in quarantine"
asks 2 release
says "which?" "nfverdict: release: either a queue or --all: nfverdict release QUEUE [HANDLER] | --all"
asks 2 release --all work
asks 1 release nix
says "no such queue" "nfverdict: release: there is no queue 'nix'"
asks 1 release 4
says "no such number" "nfverdict: release: there is no queue '4'"
asks 1 release work nix
says "no such handler" "nfverdict: release: queue work has no handler 'nix'"
asks 1 release 1 trial
says "not in quarantine" "nfverdict: release: queue 1: handler trial is not in quarantine"
asks 0 release other
says "a queue without" "nothing is in quarantine"

flow_send load left "$right4" 9 --rate "$rate"
quarantine
has "the log says how to end it" "$daemon_log" 'handler trial is in quarantine: 2 crashes within 60 s; packets pass it by until a reload or `nfverdict release 1 trial`'
asks 1 status
has "so does the status" "$tmp/out" '^! queue work, number 1: handler trial is in quarantine: packets pass it by until a reload or `nfverdict release 1 trial`$'
asks 1 release work quiet
asks 0 release work
says "released" "queue work, number 1: handler trial is released"
asks 0 status
wait_for "packets to be inspected again" 10 inspected_more "$(books_counter inspected)"
before=$(books_counter uninspected)
wait_for "some more" 10 inspected_more "$(($(books_counter inspected) + rate / 5))"
equal "uninspected since then" "$(($(books_counter uninspected) - before))" 0

# A handler that dies as it is opened: the worker that serves goes on.
quarantine
worker=$(workers)
touch "$tmp/armed"
asks 1 release work trial
says "the new worker died" "nfverdict: queue 1: the quarantine goes on: the new worker ended before it was ready
nfverdict: release: not all could be released"
equal "workers" "$(workers)" "$worker"
in_quarantine || fail "the quarantine is over"
rm "$tmp/armed"
asks 0 release 1 trial --json
equal "in JSON" "$(python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(j["ok"], j["released"])' "$tmp/out")" \
	"True [{'queue': 'work', 'number': 1, 'handler': 'trial'}]"

# A reload releases too.
quarantine
asks 0 reload
has "reloaded" "$tmp/out" '^reloaded: 3 queues, 0 added, 0 removed, steering unchanged$'
asks 0 status

# By turns, and two at a time: one of them is refused or finds nothing more to do.
for _ in 1 2 3; do
	quarantine
	"$tool" release --all >"$tmp/one" 2>&1 &
	one=$!
	"$tool" release --all >"$tmp/two" 2>&1 || grep -q 'another release is under way' "$tmp/two" || fail "$(cat "$tmp/two")"
	wait "$one" || grep -q 'another release is under way' "$tmp/one" || fail "$(cat "$tmp/one")"
	asks 0 status
done

# A configuration with mistakes changes nothing, and each is told where it stands.
sed 's/max-crashes: 2/max-crashes: 99/' "$config_file" >"$config_file.new"
mv "$config_file.new" "$config_file"
worker=$(workers)
asks 1 reload
line=$(grep -n 'max-crashes' "$config_file" | cut -d: -f1)
says "the mistake" "$config_file:$line:18: queue work: max-crashes: 99 is above 32
nfverdict: reload: nothing was changed"
asks 1 reload --json
equal "in JSON" "$(python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); f = j["findings"][0]; print(j["ok"], j["exit"], f["line"], f["column"], f["text"])' "$tmp/out")" \
	"False 1 $line 18 queue work: max-crashes: 99 is above 32"
equal "workers" "$(workers)" "$worker"

flow_stop load
books_close
equal "deadly packets" "$deadly" 12
