#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The master executes another nfverdictd in its place, and back, again and again while packets flow: none is lost, none passes
# uninspected, none arrives twice, and the books go on. An executable that cannot take its place changes nothing.
# NFV_SOAK_UPGRADES: how often (6).
#
#	left: 40,000 packets/s ---- right: queues 1 and 2 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/two-queues-lib.sh"

upgrades=${NFV_SOAK_UPGRADES:-6}
rate=${NFV_SOAK_RATE:-40000}
[ "$sanitizers" -eq 0 ] || rate=4000

this=$nfverdictd
other=$top_builddir/tests/netns/nfverdictd-other
unready=$top_builddir/tests/netns/nfverdictd-unready
nfverdictd=$tmp/nfverdictd # where packages are put in place of each other

put() {
	cp "$1" "$tmp/new"
	chmod "${2-755}" "$tmp/new"
	mv "$tmp/new" "$nfverdictd"
}

two_hosts
books_rules
configure_two

# upgraded N PROGRAM: the Nth upgrade is over, and that is what runs.
upgraded() {
	logged 'has the place of' "$1" && [ "$(grep -E 'has the place of' "$daemon_log" | tail -n 1 | grep -c -- "$2")" -eq 1 ]
}

# ---- and back again ----

put "$this"
books_open "and back"
start_daemon right
master=$daemon_pid
master_note
rules right nft >"$tmp/rules.before"
before=$(sockets)
send_both
for ((i = 1; i <= upgrades; i++)); do
	if [ $((i % 2)) -eq 1 ]; then
		put "$other"
		program=-other
	else
		put "$this"
		program='nfverdict [^ ]* has'
	fi
	kill -USR2 "$daemon_pid"
	wait_for "upgrade $i" 20 upgraded "$i" "$program"
done
flow_stop one two
rules right nft | diff "$tmp/rules.before" - || fail "upgrades changed the rules"
equal "sockets of the queues" "$(sockets)" "$before"
equal "the process" "$daemon_pid" "$master"
[ $((upgrades % 2)) -eq 0 ] || rm "$tmp/master.has" # another file is being executed
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
equal "seen through all upgrades" "${books[seen]}" "$((books[sent] - books[wire]))"

# ---- executables that cannot ----

# refused WHAT REGEX: nothing changes, and the log says why.
refused() {
	local workers

	workers=$(workers)
	kill -USR2 "$daemon_pid"
	wait_for "$1 to be refused" 20 logged 'nothing was changed' $((++refusals))
	has "$1" "$daemon_log" "upgrade: $nfverdictd: $2; nothing was changed"
	equal "$1: the workers" "$(workers)" "$workers"
}

put "$this"
refusals=0
books_open "broken executables"
start_daemon right
flow_send one left "$right4" 9 --rate $((rate / 2))
put "$this" 644
refused "one that may not be executed" "it may not be executed"
put /bin/true
refused "one that exits at once" "it is no nfverdictd that can take this one's place"
put /bin/false
refused "one that fails" "checking the configuration it ended with status 1"
python3 -c "
import sys
b = bytearray(open(sys.argv[1], 'rb').read())
b[18:20] = bytes([0xf3, 0xf3]) # a machine that does not exist
open(sys.argv[2], 'wb').write(b)" "$this" "$tmp/alien"
put "$tmp/alien"
refused "one for another machine" "it cannot be executed: Exec format error"
rm -f "$nfverdictd"
refused "one that is not there" "No such file or directory"
mkdir "$nfverdictd"
refused "a folder" "is a folder, wanted a regular file"
rmdir "$nfverdictd"
sed 's/\x00started-ns\x00/\x00started-us\x00/g' "$this" >"$tmp/deaf" # a field has another name
put "$tmp/deaf"
refused "one that does not understand what it is left" ".*state: started-us: is missing"

# A configuration that has become wrong is seen before anything is touched.
put "$this"
cp "$config_file" "$tmp/good.yaml"
sed -i 's/on-error: drop/on-error: perhaps/' "$config_file"
refused "a configuration that is wrong" ".*nfverdict.yaml:[0-9]+:[0-9]+: queue first: on-error: .*"
cp "$tmp/good.yaml" "$config_file"

# One whose workers do not get ready: it goes back, and the old workers have served all the time.
put "$unready"
kill -USR2 "$daemon_pid"
wait_for "the way back" 20 logged 'upgrade: back to nfverdict [^ ]*: workers could not be started' 1
equal "after the way back, the process" "$(cat "/proc/$daemon_pid/comm")" nfverdictd
put "$other"
kill -USR2 "$daemon_pid"
wait_for "an upgrade after all that" 20 upgraded 1 -other
flow_stop one
workers_may_die=yes # those of the one that was never ready
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
equal "seen through all upgrades" "${books[seen]}" "$((books[sent] - books[wire]))"

# ---- signals that come meanwhile, workers that die meanwhile ----

serving() {
	grep -lxE 'nfv-queue-.*' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3 || [ $? -le 2 ]
}

put "$this"
books_open "a worker killed while the master is replaced"
start_daemon right
flow_send one left "$right4" 9 --rate $((rate / 2))
for ((i = 1; i <= 3; i++)); do
	kill -USR2 "$daemon_pid"
	wait_for "the check" 20 logged 'takes the place of' "$i"
	for pid in $(serving); do
		kill -KILL "$pid" || : # it may have left by now
	done
	wait_for "upgrade $i" 20 upgraded "$i" nfverdict
done
flow_stop one
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0

start_daemon right
kill -USR2 "$daemon_pid"
wait_for "the check" 10 logged 'takes the place of' 1
stop_daemon
note "ok: a stop that is asked for while the master is replaced"
