#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A handler that dies of a packet costs that packet only, and so does one that hangs, as deadline says; one that takes long does not
# hold what was decided before; one that never returns does not keep the queue from the next master.
#
#	left: UDP to ports 9 (good), 10 (abort), 11 (exit), 12 (wait) ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"

two_hosts
mkfifo "$tmp/word"
chmod 666 "$tmp/word"

trial() {
	config <<END
orphan-time: 0s
crash-dir: $tmp/crashes
crash-files: 2
handlers:
  trial: { plugin: trial, crash: 10, leave: 11, wait: 12, fifo: $tmp/word }
queues:
  work:
    numbers: 1
    on-error: $1
    deadline: ${2-none}
    max-crashes: ${3-unlimited}
    quarantine: ${4-skip}
    handlers: [trial]
    steer:
      - { chain: INPUT, table: mangle, match: -p udp --dport 9:12 }
END
}

waiting_are() {
	[ "$(queue_field right 1 waiting)" -ge "$1" ]
}

# together PORT...: datagrams that the worker finds in its socket all at once.
together() {
	local port n=0

	kill -STOP $(workers)
	for port; do
		send left udp-send "$right4" "$port" >"$tmp/sent.out"
		n=$((n + 1))
		wait_for "packets to wait" 5 waiting_are "$n"
	done
	kill -CONT $(workers)
}

for port in 9 10 11 12; do
	count right "at$port" INPUT -p udp --dport "$port"
done
workers_may_die=yes

note "a packet that kills, with on-error: drop"
trial drop
start_daemon right
together 9 9 9 10 9 11 9
wait_for "the good packets" 10 counted_is right at9 5
wait_for "an empty queue" 10 queue_is right 1 waiting 0
equal "deadly packets" "$(counted right at10)+$(counted right at11)" 0+0
stop_daemon
equal "seen, accepted, dropped, failed" "$(statistic queue work seen) $(statistic queue work accepted) \
$(statistic queue work dropped) $(statistic queue work failed)" "7 5 2 2"
has "the log names signal, handler and packet" "$daemon_log" 'killed by signal 6 .* in handler trial at packet [0-9]+'
has "the log names the exit" "$daemon_log" 'ended with status 3 in handler trial at packet [0-9]+'


# saved N PORT CAUSE: the file that was saved as the N-th holds a UDP packet to that port, and the comment.
saved() {
	local file

	wait_for "packet $1 to be saved" 5 saved_lines "$1"
	file=$(ls "$tmp"/crashes/*.pcapng | sed -n "$1p")
	equal "permissions of the saved packet" "$(stat -c %a "$file")" 600
	has "its comment" "$file" "queue work, number 1, packet [0-9]+, handler trial: $3; on-error: drop; hook 1, mark 0x0"
	at right "$top_builddir/tests/netns/read-pcapng" "$file" >"$tmp/saved.out"
	equal "the saved packet" "$(cat "$tmp/saved.out")" "UDP 10.77.1.1 > $right4 port $2"
}

saved_lines() {
	[ "$(grep -c 'the packet is saved as' "$daemon_log")" -ge "$1" ]
}

saved 1 10 'signal 6 \(Aborted\)'
saved 2 11 'exit status 3'
equal "saved packets" "$(ls "$tmp/crashes" | wc -l)" 2

note "a packet that kills, with on-error: accept"
trial accept
start_daemon right
together 10 9
wait_for "the good packet" 10 counted_is right at9 6
wait_for "the deadly packet" 10 counted_is right at10 1
stop_daemon

note "a handler that hangs, with on-error: drop"
trial drop 200ms
start_daemon right
together 9 12 9
wait_for "the packet behind the one that hangs" 10 counted_is right at9 8
wait_for "an empty queue" 10 queue_is right 1 waiting 0
equal "the packet that hangs" "$(counted right at12)" 0
has "the log names handler, packet and time" "$daemon_log" 'worker [0-9]+ hangs in handler trial at packet 2: more than 200 ms'
note "time in which the worker is stopped does not count"
together 12
worker=$(workers)
worker=${worker% }
wait_for "the handler to have it" 5 grep -q '^State:.S' "/proc/$worker/status"
kill -STOP "$worker"
sleep 0.6 # three deadlines: nothing must come to pass in them
equal "the worker" "$(workers)" "$worker "
kill -CONT "$worker"
wait_for "its end" 10 queue_is right 1 waiting 0
stop_daemon
equal "seen, accepted, dropped, failed" "$(statistic queue work seen) $(statistic queue work accepted) \
$(statistic queue work dropped) $(statistic queue work failed)" "4 2 2 2"

note "a handler in quarantine"
trial drop none 2
start_daemon right
together 10 9 11 9
wait_for "the good packets" 10 counted_is right at9 10
has "the log tells it" "$daemon_log" 'queue 1: handler trial is in quarantine: 2 crashes within 60 s; packets pass it by'
together 10 9
wait_for "packets that nobody looks at" 10 counted_is right at9 11
wait_for "a deadly one among them" 10 counted_is right at10 2
stop_daemon
has "the statistics tell it" "$daemon_log" '^.*queue 1: handler trial is in quarantine$'
equal "seen, accepted, dropped, failed" "$(statistic queue work seen) $(statistic queue work accepted) \
$(statistic queue work dropped) $(statistic queue work failed)" "6 4 2 2"

note "a queue in quarantine"
trial drop none 1 on-error
start_daemon right
together 10 9
wait_for "an empty queue" 10 queue_is right 1 waiting 0
stop_daemon
equal "good packets" "$(counted right at9)" 11
has "the log tells it" "$daemon_log" 'handler trial is in quarantine: 1 crash within 60 s; every packet of the queue gets on-error'

note "a handler that takes long"
trial accept
start_daemon right
together 9 9 9 9 12 9
wait_for "those before the slow one" 10 counted_is right at9 15
equal "the slow one and the one behind it wait" "$(queue_field right 1 waiting)" 2
printf x >"$tmp/word"
wait_for "the slow one" 10 counted_is right at12 1
wait_for "the one behind it" 10 counted_is right at9 16
stop_daemon

note "a handler that never returns, and a master that is killed"
start_daemon right
together 12
worker=$(workers)
worker=${worker% }
kill -KILL "$daemon_pid"
wait "$daemon_pid" || :
wait_for "the worker to end" 10 no_queues right
start_daemon right
send left udp-send "$right4" 9 >"$tmp/sent.out"
wait_for "a packet of the next master" 10 counted_is right at9 17
stop_daemon
