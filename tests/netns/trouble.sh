#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Plugins whose open() forks, starts a thread, faults, hangs or ends the process: told with the place of the handler, and no process
# stays behind, however the start ends.
#
#	alone: queue 1, no traffic
. "$(dirname "$0")/lib.sh"

host alone

# trouble MAKES [CHECKED]: the configuration.
trouble() {
	config <<-END
		handlers:
		  calm: { plugin: trouble }
		  maker: { plugin: trouble, makes: $1, checked: ${2-true} }
		queues:
		  one:
		    numbers: 1
		    handlers: [calm, maker]
		    steer: [ { chain: INPUT, table: mangle } ]
	END
}
place=$tmp/nfverdict.yaml:5:20

# left_behind: processes that are neither this shell nor what it asks with.
left_behind() {
	grep -lxE 'nfverdictd|nfv-.*|sleep' /proc/[0-9]*/comm 2>/dev/null
}

nobody_left() {
	wait_for "$1: every process to end" 5 nobody
}

nobody() {
	! left_behind
}

# checked MAKES CAUSE: what -t must say.
checked() {
	local status=0

	trouble "$1"
	at alone timeout 15 "$nfverdictd" -t --allow-unsafe-files -c "$config_file" >"$tmp/out" 2>"$tmp/err" || status=$?
	equal "-t: makes $1: status" "$status" 1
	has "-t: makes $1" "$tmp/err" "$2"
	nobody_left "-t: makes $1"
}

plugin=$top_builddir/tests/plugins/trouble.so
for makes in fork vfork spawn shell exec; do
	checked "$makes" "^$tmp/nfverdict.yaml:5:3: handler maker: plugin $plugin: open: Operation not permitted$"
done
checked thread "^$place: handler maker: plugin: $plugin: starts a thread: "
checked fault "^$place: handler maker: plugin: the checker was killed by signal 11 \(Segmentation fault\) while opening it$"
checked exit "^$place: handler maker: plugin: the checker ended with status 3 while opening it$"

trouble joined
at alone "$nfverdictd" -t --allow-unsafe-files -c "$config_file" >"$tmp/out" 2>"$tmp/err" || fail "a thread that is over was refused: $(cat "$tmp/err")"
note "ok: a thread that is joined in open()"

# ---- in the worker alone ----

for makes in fork thread fault exit; do
	trouble "$makes" false
	status=0
	at alone timeout 15 "$nfverdictd" -f --allow-unsafe-files -c "$config_file" >"$tmp/out" 2>&1 || status=$?
	equal "worker: makes $makes: status" "$status" 1
	nobody_left "worker: makes $makes"
	no_queues alone || fail "worker: makes $makes: a queue is left"
	! rules alone nft | grep NFV || fail "worker: makes $makes: rules are left"
	case $makes in
	fork) has "worker: fork" "$tmp/out" "handler maker: plugin .*: open: Operation not permitted" ;;
	thread) has "worker: thread" "$tmp/out" "$place: handler maker: .*starts a thread" ;;
	fault) has "worker: fault" "$tmp/out" "worker [0-9]+ was killed by signal 11" ;;
	exit) has "worker: exit" "$tmp/out" "worker [0-9]+ ended with status 3" ;;
	esac
done

# ---- a checker that hangs ends with its master ----

checker_waits() {
	grep -lx nfv-checker /proc/[0-9]*/comm && sleep 0.3
}

for signal in TERM INT KILL; do
	trouble hang
	nsenter --net=/run/netns/alone env --default-signal=INT "$nfverdictd" -f --allow-unsafe-files -c "$config_file" >"$tmp/out" 2>&1 &
	pid=$!
	wait_for "the checker" 10 checker_waits
	kill -"$signal" "$pid"
	status=0
	{ wait "$pid" || status=$?; } 2>/dev/null
	[ "$signal" = KILL ] || equal "SIG$signal while the checker hangs: status" "$status" 0
	nobody_left "SIG$signal while the checker hangs"
	note "ok: SIG$signal while the checker hangs"
done
