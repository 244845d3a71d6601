#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nobody reads what the daemon writes: packets pass all the same, it listens to signals, and stops in order; then what was lost is told.
#
#	left ---- right: queue 1 for IPv4 and queue 2 for IPv6 at mangle INPUT; standard output, and error too, are a terminal or a pipe
. "$(dirname "$0")/lib.sh"

two_hosts
packets=6000
[ "$sanitizers" -eq 0 ] || packets=2000
count right arrived INPUT -p udp --dport 9

# Runs a program with a terminal or a pipe that it does not read before FILE.read exists; what it then reads goes to FILE.
cat >"$tmp/holder.py" <<'PYTHON'
import os, pty, subprocess, sys, time

kind, streams, text, log, *command = sys.argv[1:]
reader, writer = pty.openpty() if kind == "terminal" else os.pipe()
with open(log, "ab") as log_file:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer if streams == "both" else log_file)
if os.get_blocking(writer) is False:
    sys.exit("the description that others share was changed")
with open(text + ".pid.new", "w") as f:
    f.write(str(child.pid))
os.rename(text + ".pid.new", text + ".pid")
while not os.path.exists(text + ".read") and child.poll() is None:
    time.sleep(0.02)
    if not os.get_blocking(writer):
        sys.exit("the description that others share was changed")
os.close(writer)
with open(text, "wb") as out:
    while True:
        try:
            data = os.read(reader, 65536)
        except OSError:  # a terminal that nobody has open any more
            break
        if not data:
            break
        out.write(data.replace(b"\r\n", b"\n"))
        out.flush()
sys.exit(child.wait())
PYTHON

# hold KIND STREAMS: the daemon with its output held; returns when packets are steered.
hold() {
	daemon_host=right
	: >"$daemon_log"
	rm -f "$tmp"/text*
	python3 -B "$tmp/holder.py" "$1" "$2" "$tmp/text" "$daemon_log" \
		nsenter --net=/run/netns/right "$nfverdictd" -f --allow-unsafe-files -c "$config_file" &
	holder=$!
	wait_for "the daemon to start" 15 test -e "$tmp/text.pid"
	daemon_pid=$(cat "$tmp/text.pid")
	wait_for "packets to be steered" 15 steered
}

steered() {
	[[ $(rules right nft) == *NFQUEUE* ]]
}

# release: reads on; the daemon must end in order.
ended() {
	local status=0

	wait "$holder" || status=$?
	equal "exit status of the daemon" "$status" 0
	daemon_pid=
	no_queues right || fail "queues are left"
	no_rules_left
}

pass() {
	local before senders=()

	before=$(counted right arrived)
	for address in "$right4" "$right6"; do
		nsenter --net=/run/netns/left python3 -B "$lib_dir/traffic.py" udp-send "$address" 9 --count $((packets / 2)) \
			--rate 20000 >"$tmp/sent.out" &
		senders+=($!)
	done
	wait "${senders[@]}"
	wait_for "all packets to pass" 10 counted_is right arrived $((before + packets))
	note "ok: $packets packets passed"
}

# Lines of the handlers that came out whole, and others that begin like one.
whole='^\(queue [12] packet [0-9]+ 0{300}\)$'
lines_are_whole() {
	local all good

	all=$(grep -c 'queue [12] packet' "$1") good=$(grep -cE "$whole" "$1")
	between "whole lines" "$good" 1 "$packets"
	equal "lines that are not" $((all - good)) 0
	if grep 'by itself' "$1"; then
		fail "a plugin's own lines came through"
	fi
	lost=$(sed -nE 's/.* ([0-9]+) printed lines lost.*/\1/p' "$1" "$2" | awk '{ n += $1 } END { print n + 0 }')
	# The statistics at the end are lines too.
	between "printed and lost" $((good + lost)) "$packets" $((packets + 40))
}

chatty() {
	config <<-END
		log-level: info
		handlers:
		  talk: { plugin: chatty, logs: $1 }
		queues:
		  one:
		    numbers: 1
		    handlers: [talk]
		    steer:
		      - { chain: INPUT, table: mangle, family: ipv4, match: -p udp --dport 9 }
		  two:
		    numbers: 2
		    handlers: [talk]
		    steer:
		      - { chain: INPUT, table: mangle, family: ipv6, match: -p udp --dport 9 }
	END
}

for kind in terminal pipe; do
	note "$kind: standard output is not read until the daemon is told to stop"
	chatty 0
	hold "$kind" out
	pass
	kill -TERM "$daemon_pid"
	touch "$tmp/text.read"
	ended
	lines_are_whole "$tmp/text" "$daemon_log"

	note "$kind: neither standard output nor error is ever read"
	chatty 20
	hold "$kind" both
	pass
	kill -USR1 "$daemon_pid"
	pass
	start=$SECONDS
	kill -TERM "$daemon_pid"
	wait_for "queues to be closed" 20 no_queues right
	between "seconds to stop" $((SECONDS - start)) 0 20
	ended
done

note "a pipe that is read again after a while"
chatty 20
hold pipe both
pass
touch "$tmp/text.read"
wait_for "the loss to be told" 10 grep -E 'log lines lost' "$tmp/text"
ask() {
	kill -USR1 "$daemon_pid"
	grep -qE '^chatty line 2999 of its statistics$' "$tmp/text"
}
wait_for "statistics" 10 ask
kill -TERM "$daemon_pid"
ended
has "the end" "$tmp/text" '^nfverdictd: notice: stopped$'

note "log lines that the master has no room for"
chatty 20
start_daemon right
kill -STOP "$daemon_pid"
pass
kill -CONT "$daemon_pid"
wait_for "the loss to be told" 10 grep -E 'queue 1: [0-9]+ log lines lost' "$daemon_log"
wait_for "the loss to be told" 10 grep -E 'queue 2: [0-9]+ log lines lost' "$daemon_log"
ask_statistics
all_lines() {
	[ "$(grep -c '^chatty line [0-9]* of its statistics$' "$daemon_log")" = 6000 ]
}
wait_for "all lines of both handlers' statistics" 10 all_lines
stop_daemon
logged=$(grep -c 'chatty log' "$daemon_log")
lost=$(sed -nE 's/.*queue [12]: ([0-9]+) log lines lost.*/\1/p' "$daemon_log" | awk '{ n += $1 } END { print n + 0 }')
between "log lines lost, as told" "$lost" 1 $((20 * packets))
equal "logged and lost" $((logged + lost)) $((20 * packets))

note "a log that may not become larger"
chatty 0
start_daemon right
limits=$(prlimit --pid "$daemon_pid" --fsize --output SOFT,HARD --noheadings --raw)
prlimit --pid "$daemon_pid" --fsize="$(stat -c %s "$daemon_log"):${limits#* }"
kill -USR1 "$daemon_pid"
config <<-END
	handlers: { talk: { plugin: chatty } }
	queues: { one: { numbers: 1, handlers: [talk] }, two: { numbers: 2, handlers: [talk] } }
END
at right "$top_builddir/nfverdict" reload >"$tmp/reload.out" 2>&1 && fail "a reload with memory that cannot be made: $(cat "$tmp/reload.out")"
has "a reload names what there is no room for" "$tmp/reload.out" 'queue 1: worker cannot be started: File too large'
prlimit --pid "$daemon_pid" --fsize="${limits% *}:${limits#* }"
stop_daemon
has "the end of it" "$daemon_log" 'log lines lost'
