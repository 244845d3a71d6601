#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Starts that are called off or fail, and what a start takes over from its caller: the exit status and the last line tell the
# truth, and neither process, queue nor rule stays. Tools that hang do not hold up the end.
#
#	alone: no traffic; iptables is a script in front of the real one, which hangs when told
. "$(dirname "$0")/lib.sh"

host alone
log_level=info
numbers=1

# one MAKES: queue one with a handler that makes trouble in the worker.
one() {
	config <<-END
		log-level: $log_level
		handlers:
		  maker: { plugin: trouble, makes: $1, checked: false }
		queues:
		  one:
		    numbers: $numbers
		    handlers: [maker]
		    steer: [ { chain: INPUT, table: mangle } ]
	END
}

# start STATUS [ARG...]: runs to its end; the words are in $tmp/out.
start() {
	local wanted=$1 status=0

	shift
	at alone timeout 60 "$nfverdictd" --allow-unsafe-files -c "$config_file" "$@" >"$tmp/out" 2>&1 || status=$?
	cp "$tmp/out" "$daemon_log"
	[ "$status" -eq "$wanted" ] || cat "$tmp/out"
	equal "status of nfverdictd $*" "$status" "$wanted"
}

begin() {
	: >"$daemon_log"
	nsenter --net=/run/netns/alone "$nfverdictd" --allow-unsafe-files -c "$config_file" "$@" >"$daemon_log" 2>&1 &
	pid=$!
}

# ended WHAT STATUS: of what `begin` began.
ended() {
	local status=0

	wait "$pid" || status=$?
	equal "$1: status" "$status" "$2"
	nothing_left "$1"
}

nobody() {
	[ -z "$(daemons)" ]
}

nothing_left() {
	wait_for "$1: every process to end" 5 nobody
	no_queues alone || fail "$1: a queue is left"
	! rules alone nft | grep 'NFV-' || fail "$1: rules are left"
}

last_line() {
	equal "the last line" "$(tail -n 1 "$daemon_log")" "$1"
}

worker_waits() {
	grep -lx nfv-queue-1 /proc/[0-9]*/comm && sleep 0.3
}


# ---- a start that is called off ----

one hang
for signal in TERM INT; do
	begin -f
	wait_for "the worker" 10 worker_waits
	kill -"$signal" "$pid"
	ended "SIG$signal while a worker opens its handlers" 0
	last_line "nfverdictd: notice: stopped before it was ready"
done
begin
wait_for "the worker" 10 worker_waits
kill -INT "$pid"
ended "SIGINT while the daemon starts in the background" 1
last_line "nfverdictd: notice: stopped before it was ready"

# ---- a start that fails: the last line, whatever the log's level ----

log_level=error
one exit
for how in "-f" ""; do
	start 1 $how
	last_line "nfverdictd: error: start failed: workers could not be started"
	nothing_left "a worker that cannot be started"
done

one none
at alone iptables -t mangle -N NFV-one
at alone iptables -t mangle -A NFV-one -j ACCEPT
rules alone nft >"$tmp/rules"
for how in "-f" ""; do
	start 1 $how
	has "the cause" "$tmp/out" '^nfverdictd: error: steering: iptables: table mangle: chain NFV-one is there already'
	last_line "nfverdictd: error: start failed: packets could not be steered to the queues"
	diff "$tmp/rules" <(rules alone nft) || fail "rules of others were changed"
done
at alone iptables -t mangle -F NFV-one
at alone iptables -t mangle -X NFV-one

numbers=0-199
one none
(
	ulimit -n 300
	start 1 -f
)
cp "$tmp/out" "$daemon_log"
has "out of descriptors" "$tmp/out" '^nfverdictd: error: 200 queue numbers need [0-9]{4} descriptors, the limit is 300 \(ulimit -n\)$'
last_line "nfverdictd: error: start failed: queues could not be bound"
equal "lines of it" "$(grep -c error "$tmp/out")" 2
nothing_left "out of descriptors"
numbers=1 log_level=info

# ---- what comes from the caller ----

one none
daemon_host=alone
: >"$tmp/theirs"
(cd "$tmp" && exec nsenter --net=/run/netns/alone env --ignore-signal=CHLD --block-signal=TERM,INT,CHLD "$nfverdictd" --allow-unsafe-files \
	-c nfverdict.yaml 7>theirs >out 2>&1) || {
	cat "$tmp/out"
	fail "a start with SIGCHLD ignored and signals blocked"
}
for process in $(daemons); do
	equal "folder of process $process" "$(readlink "/proc/$process/cwd")" /
	! find "/proc/$process/fd" -lname "$tmp/theirs" | grep . || fail "process $process holds a file of its caller"
done
# The master: the names of its children differ, but for the first moments of those that come and go.
kill -TERM "$({ grep -lxs nfverdictd /proc/[0-9]*/comm || :; } | cut -d/ -f3 | sort -n | head -n 1)"
nothing_left "SIGTERM to a daemon that was started with it blocked"

# ---- output that does not arrive ----

for arguments in --help -V --keys --cleanup "-t --allow-unsafe-files -c $config_file"; do
	status=0
	# shellcheck disable=SC2086 # words
	at alone "$nfverdictd" $arguments >/dev/full 2>"$tmp/err" || status=$?
	equal "status of nfverdictd ${arguments%% *} with a full device" "$status" 1
	has "what it says" "$tmp/err" 'standard output: No space left on device'
done

# ---- tools that hang ----

real=$(readlink -f "$(command -v iptables-nft)")
cp "$real" "$tmp/multi"
cat >"$tmp/front" <<END
#!/bin/bash
case \$0 in *-save) while [ -e $tmp/hang ]; do sleep 0.1; done ;; esac
exec -a "\$0" $tmp/multi "\$@"
END
chmod 755 "$tmp/front" "$tmp/multi"
mount --bind "$tmp/front" "$real"

begin -f
wait_for "nfverdictd to be ready" 15 daemon_ready
touch "$tmp/hang"
begun=$SECONDS
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
equal "status after rules that could not be removed" "$status" 1
between "seconds of a stop while iptables hangs" $((SECONDS - begun)) 7 40
has "how to clean up" "$daemon_log" 'error: steering: rules could not all be removed; .*nfverdictd --cleanup'
wait_for "every process to end" 5 nobody
no_queues alone || fail "a queue is left"
rm "$tmp/hang"
rules alone nft | grep -q NFV-one || fail "the test did not do what it should: no rule was left"
at alone "$nfverdictd" --cleanup
nothing_left "--cleanup"

tool_hangs() {
	grep -lx iptables-save /proc/[0-9]*/comm && sleep 0.3
}

touch "$tmp/hang"
begin -f
wait_for "iptables-save to hang" 10 tool_hangs
begun=$SECONDS
kill -TERM "$pid"
wait_for "the end" 5 test ! -e "/proc/$pid/exe"
rm "$tmp/hang"
ended "SIGTERM while iptables hangs at the start" 0
