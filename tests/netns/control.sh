#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The control socket as a user has it, and under those who should not have it or do not behave: packets flow on, and the daemon
# answers the next one.
#
#	left ---- right (queues 5-6, 9)
. "$(dirname "$0")/lib.sh"

tool=$top_builddir/nfverdict
socket=/run/nfverdict/control.sock

two_hosts
config <<-END
	handlers:
	  all: { plugin: accept }
	  tel: { plugin: filter, rules: [ { match: udp dst port 23, verdict: drop } ] }
	queues:
	  edge:
	    numbers: 5-6
	    handlers: [tel, all]
	    steer:
	      - { chain: INPUT, table: mangle, match: -p udp, family: ipv4 }
	  other:
	    numbers: 9
	    copy: meta
	    isolation: strict
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

# json EXPRESSION: of the document j in $tmp/out.
json() {
	python3 -c "import json, sys; j = json.load(open(sys.argv[1])); print($1)" "$tmp/out"
}

# ---- without a daemon ----

asks 3 status
equal "nobody listens" "$(cat "$tmp/err")" "nfverdict: status: $socket: no nfverdictd listens there"
asks 3 stats --json
equal "the same in JSON" "$(json '(j["ok"], j["exit"], j["error"]["code"])')" "(False, 3, 'ENOENT')"
asks 2 status edge
has "a word too many" "$tmp/err" "^nfverdict: status: what is 'edge' for\? nfverdict status$"
asks 2 status --sockt /x
has "an option misspelt" "$tmp/err" "did you mean --socket\?"
asks 2 statu
has "a command misspelt" "$tmp/err" "did you mean 'status'\?"

# ---- a daemon ----

start_daemon right
equal "the socket's mode" "$(stat -c '%a %F' "$socket")" "600 socket"
equal "its folder's mode" "$(stat -c %a "${socket%/*}")" 700

count right arrived INPUT -p udp
receive sink right udp-sink 5000
send left udp-send "$right4" 5000 --count 50 >/dev/null
send left udp-send "$right4" 23 --count 7 >/dev/null
wait_for "the packets" 5 counted_is right arrived 50
asks 0 status
has "all is well" "$tmp/out" '^nfverdictd [0-9.]+, process '"$daemon_pid"', up [0-9]+ s: all is well$'
has "the configuration" "$tmp/out" "^  configuration  $config_file$"
has "steering" "$tmp/out" '^  steering       in place$'
has "a queue that waits" "$tmp/out" '^other +9 +[0-9]+ +serves +[0-9.]+ s +[0-9-]+ +0 +0 '
has "numbers that are alike" "$tmp/out" '^edge 5-6$'
has "what it was bound with" "$tmp/out" '^  bound +copy packet, [0-9]+ bytes, max-length 8192, receive buffer '
has "handlers" "$tmp/out" '^  handlers       tel, all$'
asks 0 status --json
equal "ok, exit, well" "$(json '(j["ok"], j["exit"], j["well"])')" "(True, 0, True)"
equal "numbers" "$(json '[q["number"] for q in j["queues"]]')" "[5, 6, 9]"
equal "workers" "$(json '" ".join(str(q["worker"]["pid"]) for q in j["queues"])')" "$(workers | xargs)"
equal "seen" "$(json 'sum(q["packets"]["seen"] for q in j["queues"])')" 57
equal "dropped" "$(json 'sum(q["packets"]["dropped"] for q in j["queues"])')" 7

asks 0 stats
has "tables of queues" "$tmp/out" '^queue +number +seen'
has "tables of handlers" "$tmp/out" '^tel +57 '
asks 0 stats --json
equal "a handler's books" "$(json 'sum(h["seen"] for q in j["queues"] for h in q["handlers"] if h["name"] == "tel")')" 57
equal "a plugin's own counter" "$(json 'sum(h["counters"].get("rule 1", 0) for q in j["queues"] for h in q["handlers"])')" 7
equal "what the rules counted" "$(json '[(s["name"], s["steered"], s["bypassed"], s["exact"]) for s in j["steered"]]')" "[('edge', 57, 0, True)]"
equal "a histogram" "$(json 'sum(b["count"] for q in j["queues"] for b in q["work"]["batch_packets"]) == sum(q["work"]["receives"] for q in j["queues"])')" True

# Every key of both has its words in the manual.
python3 - "$tool" "$top_srcdir/daemon/tool/nfverdict-json.5" <<-'END' || fail "keys that nfverdict-json(5) does not tell"
	import json, re, subprocess, sys

	def keys(value):
	    if isinstance(value, list):
	        return set().union(*map(keys, value))
	    if not isinstance(value, dict):
	        return set()
	    free = {"counters", "verdict_errors", "refused"}  # what is in these is named by others
	    return set(value) | set().union(*(keys(v) for k, v in value.items() if k not in free))

	told = set(re.findall(r"[a-z0-9_]+", open(sys.argv[2]).read().replace("\\", "")))
	found = set()
	for command in "status", "stats":
	    found |= keys(json.loads(subprocess.run([sys.argv[1], command, "--json"], stdout=subprocess.PIPE).stdout))
	print("ok: keys in the manual:", len(found & told))
	print("\n".join(sorted(found - told)))
	sys.exit(bool(found - told) or len(found) < 60)
END

# ---- what is wrong is said, and is the exit status ----

asks 0 status --json
victim=$(json 'j["queues"][2]["worker"]["pid"]')
kill -KILL "$victim"
wait_for "the next worker" 5 sh -c "$tool status --json | grep -q '\"deaths\": 1'"
wait_for "it to serve" 5 sh -c "$tool status"
asks 0 status
has "a death is counted" "$tmp/out" '^other +9 .* 1$'
at right iptables -t mangle -F
wait_for "somebody to notice" 10 sh -c "$tool status --json | grep -q '\"flushes\": 1'"
wait_for "the rules to be back" 15 sh -c "$tool status | grep -q 'in place; found gone 1 times, put back 1 times'"
note "ok: steering that was flushed is told"

asks 0 status --json
victim=$(json 'j["queues"][2]["worker"]["pid"]')
kill -STOP "$victim" # nothing is steered to its queue; see below

# ---- those who should not, and those who do not behave ----

if [ "$worker_user" = nobody ]; then
	status=0
	setpriv --reuid nobody --clear-groups "$tool" status >"$tmp/out" 2>"$tmp/err" || status=$?
	equal "another user" "$status $(cat "$tmp/err")" "3 nfverdict: status: $socket: Permission denied"
	chmod 755 "${socket%/*}"
	chmod 666 "$socket"
	status=0
	setpriv --reuid nobody --clear-groups "$tool" status >"$tmp/out" 2>"$tmp/err" || status=$?
	equal "another user, with the file's rights" "$status $(cat "$tmp/err")" "1 nfverdict: status: only root may ask"
fi

before=$(find "/proc/$daemon_pid/fd" -type l | wc -l)
python3 -B "$lib_dir/control-abuse.py" "$socket" "$tmp/abuse.done" >"$tmp/abuse.out" 2>&1 &
abuser=$!
until [ -e "$tmp/abuse.done" ]; do
	kill -0 "$abuser" 2>/dev/null || fail "the abuser: $(cat "$tmp/abuse.out")"
	send left udp-send "$right4" 5000 --count 100 >/dev/null
done
received sink
wait "$abuser" || fail "the abuser: $(cat "$tmp/abuse.out")"
cat "$tmp/abuse.out"
asks 1 status
has "something is wrong" "$tmp/out" "something is wrong$"
has "a worker that is silent" "$tmp/out" "^! queue other, number 9: worker $victim was last heard of [0-9]+ s ago$"
kill -CONT "$victim"
wait_for "it to be heard again" 5 "$tool" status
asks 0 status --json
seen=$(json 'sum(q["packets"]["seen"] for q in j["queues"])')
equal "no packet was lost meanwhile" "$(json 'sum(q["packets"]["lost"] for q in j["queues"])')" 0
wait_for "all of them" 5 counted_is right arrived "$((seen - 7))"
equal "deaths are still one" "$(json 'sum(q["deaths"] for q in j["queues"])')" 1
descriptors_are() {
	[ "$(find "/proc/$daemon_pid/fd" -type l | wc -l)" -eq "$1" ]
}
wait_for "descriptors as before" 10 descriptors_are "$before"
note "ok: descriptors are as before: $before"

# ---- two daemons ----

cat >"$tmp/second.yaml" <<-END
	user: $worker_user
	queues:
	  q: { numbers: 77 }
END
host second
nsenter --net=/run/netns/second "$nfverdictd" -f --allow-unsafe-files -c "$tmp/second.yaml" >"$tmp/second.log" 2>&1 &
second=$!
wait_for "the second daemon" 10 grep -q 'ready' "$tmp/second.log"
has "the second one says who has it" "$tmp/second.log" "warning: control socket: $socket: another nfverdictd has it; going on without it"
asks 0 status --json
equal "the first one still answers" "$(json 'j["daemon"]["pid"]')" "$daemon_pid"
kill -TERM "$second"
wait "$second" || fail "the second daemon: $(cat "$tmp/second.log")"
asks 0 status

# ---- another place, by a reload; and the same one, when somebody took the file away ----

cp "$config_file" "$tmp/kept.yaml"
sed -i '1i control-socket: run/c.sock' "$config_file"
asks 0 reload
[ ! -e "$socket" ] || fail "the socket is still at its old place"
asks 3 status
asks 0 status --socket "$tmp/run/c.sock"
rm "$tmp/run/c.sock"
kill -HUP "$daemon_pid"
wait_for "it to be there again" 10 "$tool" status --socket "$tmp/run/c.sock"
cp "$tmp/kept.yaml" "$config_file"
asks 0 reload --socket "$tmp/run/c.sock"
[ -z "$(ls -A "$tmp/run")" ] || fail "files are left where it was: $(ls -A "$tmp/run")"
asks 0 status
note "ok: it goes where a new configuration says"

# ---- the end, asked for, and one that is killed ----

workers_may_die=1
asks 0 stop
[ ! -e "$socket" ] || fail "the socket is left"
wait "$daemon_pid" || fail "nfverdictd ended with status $?"
no_queues right || fail "queues are left"
no_rules_left
note "ok: stopped by command"

start_daemon right
kill_daemon
[ -e "$socket" ] || fail "a killed daemon has no time to remove its socket"
asks 3 status
start_daemon right
asks 0 status
stop_daemon
[ -z "$(find /run/nfverdict -name 'control*')" ] || fail "files are left"
note "ok: a dead daemon's socket is replaced"

sed -i '1i control-socket: none' "$config_file"
start_daemon right
asks 3 status
stop_daemon
