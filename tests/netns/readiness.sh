#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Readiness is told when packets are judged, not before; SIGTERM and SIGINT stop in order; a service manager hears of both.
#
#	right: nfverdictd with NOTIFY_SOCKET
. "$(dirname "$0")/lib.sh"

host right
config <<'END'
handlers:
  everything: { plugin: accept }
queues:
  one:
    numbers: 1-2
    handlers: [everything]
    steer:
      - { chain: INPUT, match: -p udp }
END

for signal in TERM INT; do
	receive manager right notify "$tmp/notify"
	NOTIFY_SOCKET=$tmp/notify nsenter --net=/run/netns/right "$nfverdictd" --foreground --allow-unsafe-files \
		--config "$config_file" >"$daemon_log" 2>&1 &
	daemon_pid=$! daemon_host=right
	wait_for "READY=1" 15 grep -q '^READY=1' "$tmp/manager.out"
	# At once, without waiting: this is what readiness means.
	equal "queues bound when ready" "$(at right cat /proc/self/net/netfilter/nfnetlink_queue | wc -l)" 2
	rules right nft | grep -q -- '-j NFV-one' || fail "ready, and no rules"
	equal "workers when ready" "$(workers | wc -w)" 2
	kill -"$signal" "$daemon_pid"
	status=0
	wait "$daemon_pid" || status=$?
	equal "exit status after SIG$signal" "$status" 0
	no_queues right || fail "queues are left after SIG$signal"
	no_rules_left
	received manager
	has "STOPPING=1 after SIG$signal" "$tmp/manager.out" '^STOPPING=1'
done

# A reload is told, too: begun with a time stamp, and ready again, also when it was refused.
told() {
	[ "$(grep -cE '^READY=1' "$tmp/manager.out")" -ge "$1" ]
}
receive manager right notify "$tmp/notify"
export NOTIFY_SOCKET=$tmp/notify
start_daemon right
wait_for "READY=1" 10 told 1
kill -HUP "$daemon_pid"
wait_for "READY=1 after the reload" 10 told 2
cp "$config_file" "$tmp/good.yaml"
printf 'odd: true\n' >>"$config_file"
kill -HUP "$daemon_pid"
wait_for "READY=1 after one that was refused" 10 told 3
cp "$tmp/good.yaml" "$config_file"
stop_daemon
received manager
equal "what the manager was told" "$(sed -E '/^FD/d; s/=[0-9]{2,}.*/=number/; s/^STATUS=.*/STATUS/' "$tmp/manager.out" | paste -sd ' ')" \
	"READY=1 MAINPID=number STATUS RELOADING=1 MONOTONIC_USEC=number READY=1 MAINPID=number STATUS\
 RELOADING=1 MONOTONIC_USEC=number READY=1 MAINPID=number STATUS STOPPING=1"

# Without the socket, and with one that nobody listens on: it runs all the same.
unset NOTIFY_SOCKET # the shell may have one
start_daemon right
stop_daemon
export NOTIFY_SOCKET=$tmp/nobody-listens
start_daemon right

# SIGHUP reloads: it does not end the daemon. Two signals at once end it once.
kill -HUP "$daemon_pid"
wait_for "the reload" 10 grep -q 'reloaded: ' "$daemon_log"
kill -0 "$daemon_pid" || fail "SIGHUP ended it"
equal "workers after SIGHUP" "$(workers | wc -w)" 2
kill -INT "$daemon_pid"
stop_daemon
