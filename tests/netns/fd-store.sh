#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service manager keeps the queues' sockets: nfverdictd is restarted, and all of it is killed, while packets flow, and none is lost.
#
#	left: 20,000 packets/s ---- right: queues 1 (fast) and 2 (strict) at mangle INPUT, nfverdictd below a manager
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"
. "$lib_dir/two-queues-lib.sh"

kills=${NFV_SOAK_ORPHANS:-3}
rate=${NFV_SOAK_RATE:-20000}
[ "$sanitizers" -eq 0 ] || rate=4000

two_hosts
books_rules
# said WHAT N: the manager has said so, N times at least.
said() {
	[ "$(grep -cE "^$1" "$tmp/manager.out")" -ge "$2" ]
}

start_manager() {
	: >"$daemon_log"
	: >"$tmp/manager.out" # here, because the one of the background may come after the first look
	nsenter --net=/run/netns/right python3 -B "$lib_dir/manager.py" "$tmp/notify" \
		"$nfverdictd" -f --allow-unsafe-files -c "$config_file" >"$tmp/manager.out" 2>"$daemon_log" &
	manager=$!
	daemon_host=right
	wait_for "nfverdictd to be ready" 30 said ready 1
}

end_manager() {
	kill -TERM "$manager"
	wait "$manager" || fail "the manager: $(cat "$tmp/manager.out")"
	has "the last end" "$tmp/manager.out" '^ended 0$'
	no_rules_left
}

# What the last one counted is not what all counted: the books are those of the kernel and the sinks. The command ends the manager.
books_close_kernel() {
	books_settle
	flow_stop sink9 sink10
	"${@:-end_manager}"
	for key in before inspected uninspected; do
		books[$key]=$(books_counter "$key")
	done
	books[sent]=$(books_sent)
	books[wire]=$(($(books_wire_lost) - books_start[wire]))
	equal "$books_name: came before the queues" "${books[before]}" $((books[sent] - books[wire]))
	equal "$books_name: delivered, inspected or not" $((books[inspected] + books[uninspected])) "${books[before]}"
	equal "$books_name: packets that arrived twice" "$(value sink9 duplicates)+$(value sink10 duplicates)" 0+0
}

configure_two
books_open "all of it killed"
start_manager
wait_for "both sockets to be kept" 10 said 'kept nfv-queue-[12] 0' 2
rules right nft >"$tmp/rules.before"
before=$(sockets)
send_both
for ((i = 1; i <= kills; i++)); do
	# shellcheck disable=SC2046 # process ids
	kill -KILL $(daemons) 2>/dev/null || : # some may be gone with the first
	wait_for "start $((i + 1))" 30 said ready $((i + 1))
done
rules right nft | diff "$tmp/rules.before" - || fail "the rules were changed"
equal "sockets of the queues" "$(sockets)" "$before"
flow_stop one two
books_close_kernel
equal "uninspected" "${books[uninspected]}" 0

# ---- restarted in order: rules stay; stopped, and started again: they do not ----

main_pid() {
	sed -nE 's/^started //p' "$tmp/manager.out" | tail -n 1
}

for signal in RTMIN TERM; do
	books_open "ended by SIG$signal"
	start_manager
	before=$(sockets)
	send_both
	for ((i = 1; i <= 2; i++)); do
		kill "-$signal" "$(main_pid)"
		wait_for "start $((i + 1))" 30 said ready $((i + 1))
		[ "$signal" = TERM ] || rules right nft | diff "$tmp/rules.before" - || fail "the rules were changed"
	done
	equal "sockets of the queues" "$(sockets)" "$before"
	flow_stop one two
	books_close_kernel
	[ "$signal" = TERM ] || equal "uninspected" "${books[uninspected]}" 0
done

# With a configuration that no start could use nobody would serve the rules.
books_open "a restart with a bad configuration"
start_manager
send_both
cp "$config_file" "$tmp/good.yaml"
echo 'queues: 1' >>"$config_file"
kill -USR1 "$manager" # no other start
kill -RTMIN "$(main_pid)"
wait_for "the end" 20 said 'ended 0' 1
has "why" "$daemon_log" 'restart: .*nfverdict.yaml:[0-9]+:[0-9]+: .*; an ordinary stop'
no_rules_left
mv "$tmp/good.yaml" "$config_file"
flow_stop one two
books_close_kernel wait "$manager"

# ---- numbers that nobody wants any more, descriptors that are none of ours ----

start_manager
configure_one
kill -HUP "$(sed -nE 's/^started //p' "$tmp/manager.out" | tail -n 1)"
wait_for "the second queue's socket to be forgotten" 20 said 'forgot nfv-queue-2' 1
configure_two
kill -HUP "$(sed -nE 's/^started //p' "$tmp/manager.out" | tail -n 1)"
wait_for "the second queue's socket to be kept again" 20 said 'kept nfv-queue-2' 2
configure_one
kill -HUP "$manager"
# shellcheck disable=SC2046 # process ids
kill -KILL $(daemons) 2>/dev/null || :
wait_for "another start, after two reloads" 30 said ready 4
wait_for "what nobody wants to be forgotten" 10 said 'forgot nfv-queue-2' 2
has "the queue that nobody wants" "$daemon_log" 'queue 2: the service manager kept it, and no entry of the configuration wants it: closed'
has "what is none of ours" "$daemon_log" "gave a descriptor named 'something-else', which is not ours: closed"
[ -z "$(queue_field right 2 portid)" ] || fail "queue 2 is still bound"
end_manager
