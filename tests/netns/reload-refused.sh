#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Configurations that cannot be put in force, of every kind, under load: each is refused by name, nothing changes, and no packet
# notices.
#
#	left ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/reload-lib.sh"

steer_cli=$top_builddir/tests/rules/steer-cli
workers_may_die=yes
rate=5000
[ "$sanitizers" -eq 0 ] || rate=500

two_hosts
books_rules

steer='steer: [ { chain: INPUT, table: mangle, match: -p udp } ]'
# with HANDLERS QUEUE-LINES: a configuration with more handlers, and with these lines in the queue's entry.
with() {
	config < <(
		cat <<-END
			handlers:
			  look: { plugin: trial, mark: $books_mark/$books_mark }
			  $1
			queues:
			  load:
			    numbers: 1
			    max-length: 200000
			    when-full: drop
			    when-down: drop
			    on-error: drop
			    ${2:-handlers: [look]}
		END
		printf '    %s\n' "${3:-$steer}"
		printf '%s\n' "${@:4}"
	)
}
standing_by() {
	[ "$(workers | wc -w)" -eq 2 ]
}

with '' ''
books_open "refused under load"
start_daemon right
master_note
flow_send load left "$right4" 9 --rate "$rate"

with '' 'handlers: [look' ''
refuse "a file that is no YAML" 'nfverdict.yaml:[0-9]+:[0-9]+: '
with '' 'handlers: [look, nobody]' "$steer"
refuse "a handler that is not there" 'nfverdict.yaml:13:22: queue load: handlers 2: .*nobody'
with 'x: { plugin: not-there }' 'handlers: [look, x]' "$steer"
refuse "a plugin that is not there" 'nfverdict.yaml:5:16: handler x: plugin: .*not-there'
with 'x: { plugin: filter, rules: [ { match: "tcp dst prt 1" } ] }' 'handlers: [look, x]' "$steer"
refuse "options that the handler refuses" 'nfverdict.yaml:5:[0-9]+: handler x: .*prt'
with 'x: { plugin: trouble, makes: fault }' 'handlers: [look, x]' "$steer"
refuse "a plugin that crashes in the check" 'nfverdict.yaml:5:16: handler x: plugin: the checker was killed by signal 11'
with 'x: { plugin: trouble, makes: exit }' 'handlers: [look]' "$steer"
refuse "one that exits there, and that no queue uses" 'nfverdict.yaml:5:16: handler x: plugin: the checker ended with status'
with 'x: { plugin: trouble, makes: fault, checked: false }' 'handlers: [look, x]' "$steer"
refuse "one that crashes in the worker alone" 'queue 1: its new worker ended before it was ready'
has "where it crashed is told, too" "$tmp/refuse.log" 'worker [0-9]+ was killed by signal 11 .* in open\(\) of handler x'
with 'x: { plugin: trial, fifo: /nowhere/at-all }' 'handlers: [look, x]' "$steer"
refuse "one that refuses in the worker alone" 'nfverdict.yaml:5:[0-9]+: handler x: fifo: cannot be opened'
with '' '' 'steer: [ { chain: INPUT, table: mangle, match: -p udp --dprt 9 } ]'
refuse "a match that the tool refuses" 'nfverdict.yaml:14:[0-9]+: queue load: steer: iptables: unknown option "--dprt"'
with '' '' 'steer: [ { chain: INPUT, table: mangle, match: "-m bpf --bytecode \"1,255 9 9 9\"" } ]'
refuse "a match that only the kernel refuses" 'nfverdict.yaml:14:[0-9]+: queue load: steer: '
with '' '' "$steer" '  more: { numbers: 1, handlers: [] }'
refuse "a number that is there twice" 'nfverdict.yaml:15:[0-9]+: queue more: numbers: '
with '' '' "$steer" 'user: nobody-of-that-name'
refuse "keys twice" 'nfverdict.yaml:15:1: .*user'

coproc LISTENER { exec nsenter --net=/run/netns/right "$steer_cli" listen 7; }
listener=$LISTENER_PID
read -r -u "${LISTENER[0]}" line
equal "somebody listens on number 7" "$line" ready
with '' '' "$steer" '  more: { numbers: 6-7, handlers: [] }'
refuse "a number that somebody else has" 'nfverdict.yaml:15:[0-9]+: queue more: number 7: bind: another process has this queue number'
kill "$listener"

chmod 000 "$config_file" 2>/dev/null || :
if [ "$(stat -c %u "$config_file")" -eq 0 ] && [ "$worker_user" != root ]; then
	refuse "a file that the master's rights do not open" 'nfverdict.yaml: Permission denied'
fi
chmod 600 "$config_file"
rm "$config_file"
refuse "a file that is gone" 'nfverdict.yaml: No such file or directory'

# Two that ask while one is under way get one more, not two.
mkfifo "$tmp/fifo"
chmod 666 "$tmp/fifo"
exec 7<>"$tmp/fifo"
with "x: { plugin: trial, fifo: $tmp/fifo, faults: [ { on: open, does: wait } ] }" 'handlers: [look, x]' "$steer"
before=$(reload_ends)
reload_ask
wait_for "a worker that stands by" 10 standing_by
kill -HUP "$daemon_pid"
kill -HUP "$daemon_pid"
with '' '' "$steer"
printf x >&7
wait_for "both" 20 reload_ended $((before + 2))
reload
equal "reloads: one under way, one for those who asked meanwhile, and one more" $(($(reload_ends) - before)) 3

flow_stop load
# shellcheck disable=SC2119
books_close
equal "uninspected" "${books[uninspected]}" 0
equal "dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
