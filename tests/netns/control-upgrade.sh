#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An upgrade that is asked for by command: who asks is told by the executable that goes on in the end, while packets flow.
#
#	left: packets to port 9 ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

tool=$top_builddir/nfverdict
rate=10000
[ "$sanitizers" -eq 0 ] || rate=1000

two_hosts
books_rules
config <<-END
	handlers:
	  look: { plugin: trial, mark: $books_mark/$books_mark }
	queues:
	  work:
	    numbers: 1
	    max-length: 200000
	    when-full: drop
	    when-down: drop
	    on-error: drop
	    handlers: [look]
	    steer: [ { chain: INPUT, table: mangle, match: -p udp --dport 9 } ]
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

status() {
	asks 0 status --json
	python3 -c "import json, sys; j = json.load(open(sys.argv[1])); print($1)" "$tmp/out"
}

cp "$nfverdictd" "$tmp/nfverdictd"
cp "$top_builddir/tests/netns/nfverdictd-other" "$top_builddir/tests/netns/nfverdictd-unready" "$tmp"
nfverdictd=$tmp/nfverdictd

books_open "upgrades by command"
start_daemon right
flow_send load left "$right4" 9 --rate "$rate"

asks 0 upgrade
has "itself anew" "$tmp/out" '^nfverdict [^ ]* has the place of nfverdict [^ ]*$'
asks 0 upgrade "$tmp/nfverdictd-other"
has "another one" "$tmp/out" '^nfverdict [^ ]*-other has the place of nfverdict [^ ]*$'
(cd "$tmp" && "$tool" upgrade nfverdictd) >"$tmp/out" 2>&1 || fail "a path that is relative: $(cat "$tmp/out")"
has "back, by a relative path" "$tmp/out" '^nfverdict [^ ]* has the place of nfverdict [^ ]*-other$'
asks 0 upgrade --json
equal "in JSON" "$(python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(j["ok"], "has the place of" in j["said"])' "$tmp/out")" "True True"
equal "upgrades, in one process" "$(status '(j["daemon"]["upgrades"], j["daemon"]["pid"])')" "(4, $daemon_pid)"

workers=$(workers)
asks 1 upgrade /bin/true
has "one that is none" "$tmp/err" '^nfverdict: it is no nfverdictd that can take this one.s place$'
has "nothing was changed" "$tmp/err" '^nfverdict: upgrade: nothing was changed$'
asks 1 upgrade "$tmp/nowhere"
has "one that is not there" "$tmp/err" 'No such file or directory$'
equal "the workers" "$(workers)" "$workers"
asks 1 upgrade "$tmp/nfverdictd-unready"
has "one that is never ready" "$tmp/err" '^nfverdict: workers could not be started$'
has "the way back" "$tmp/err" '^nfverdict: upgrade: back to nfverdict [^ ]*$'
asks 0 status

# Two at a time: one of them has to wait for its turn, or finds it over.
"$tool" upgrade "$nfverdictd" >"$tmp/one" 2>&1 &
one=$!
"$tool" upgrade "$nfverdictd" >"$tmp/two" 2>&1 || has "the second one" "$tmp/two" 'another one is under way|no nfverdictd listens there|ended the connection'
wait "$one" || has "the first one" "$tmp/one" 'another one is under way|no nfverdictd listens there|ended the connection'
wait_for "the daemon to be there" 10 "$tool" status
asks 0 reload
asks 0 status

flow_stop load
workers_may_die=yes # those of the one that was never ready
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
