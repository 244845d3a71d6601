# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # lib.sh has the variables, tests use these
#
# Books that must balance to the packet, whatever is done to the daemon meanwhile. Sourced after lib.sh:
#
#	two_hosts
#	books_rules                                # counters before the queue and behind it
#	config <<-END ... END                      # a handler that gives the mark $books_mark to what it looks at: trial
#	books_open killed                          # sinks listen; what the machine has is noted
#	start_daemon right
#	flow_send load left "$right4" 9 --rate 40000 --count 200000
#	...
#	flow_sent load
#	books_close                                # stops the daemon, prints the books, fails when they do not balance
#	equal "uninspected" "${books[uninspected]}" 0
#
# What stands in the books comes from four places that know nothing of each other: the sender and the sinks, which count
# numbers; rules of the kernel; the kernel's queue; the daemon.

flow_program=$top_builddir/tests/netns/flow
killer_program=$top_builddir/tests/netns/killer
books_ports=(9)         # each with a sink of its own
books_queues=(1)        # numbers
books_mark=0x100000     # what the handler puts on packets that it looked at
books_deadline_ms=$((sanitizers ? 1500 : 400)) # of handlers that are to hang: a busy machine must not make others seem to
books_wire=(left l0)    # host and device whose full backlog is told apart
declare -A books=() books_start=() books_lives=() # what is known at the end, at the start, of daemons that came and went
books_senders=()
# books_twice=yes: rules of both backends stood side by side for a moment, and a packet may have gone through a queue twice.

# ---- traffic ----

# Its leak check at the end, which stops it with ptrace(), hangs now and then on a busy machine.
flow_asan=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

# flow_sink NAME HOST PORT [OPTION...]: returns once it listens.
flow_sink() {
	local name=$1 where=$2

	shift 2
	rm -f "$tmp/$name.ready"
	ASAN_OPTIONS=$flow_asan nsenter --net="/run/netns/$where" "$flow_program" sink "$@" --ready "$tmp/$name.ready" >"$tmp/$name.out" 2>&1 &
	printf '%d\n' $! >"$tmp/$name.pid"
	wait_for "$name to listen" 10 test -e "$tmp/$name.ready"
}

# flow_send NAME HOST ADDRESS PORT [OPTION...]: in the background, and into the books that are open.
flow_send() {
	local name=$1 where=$2

	shift 2
	rm -f "$tmp/$name.ready"
	ASAN_OPTIONS=$flow_asan nsenter --net="/run/netns/$where" "$flow_program" send "$@" --ready "$tmp/$name.ready" >"$tmp/$name.out" 2>&1 &
	printf '%d\n' $! >"$tmp/$name.pid"
	wait_for "$name to send" 10 test -e "$tmp/$name.ready"
	books_senders+=("$name")
}

# flow_governed NAME QUEUE MOST: holds the sender up while more than that wait in the queue, so that a machine that has other things to do
# does not lose packets for want of room.
flow_governed() {
	local pid

	pid=$(cat "$tmp/$1.pid")
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$(queue_field right "$2" waiting)" -gt "$3" ]; then
			kill -STOP "$pid"
			wait_for "$1: room in queue $2" 60 waiting_less_than "$2" $(($3 / 2))
			kill -CONT "$pid"
		fi
		sleep 0.05
	done &
	printf '%d\n' $! >"$tmp/$1.governor"
}

waiting_less_than() {
	[ "$(queue_field right "$1" waiting)" -lt "$2" ]
}

# flow_sends NAME: whether it still does.
flow_sends() {
	kill -0 "$(cat "$tmp/$1.pid")" 2>/dev/null
}

# flow_sent NAME...: waits for senders with a --count.
flow_sent() {
	local name

	for name; do
		wait "$(cat "$tmp/$name.pid")" || fail "sender $name: $(cat "$tmp/$name.out")"
	done
}

# flow_stop NAME...: ends senders or sinks.
flow_stop() {
	local name

	for name; do
		if [ -e "$tmp/$name.governor" ]; then
			kill "$(cat "$tmp/$name.governor")"
			wait "$(cat "$tmp/$name.governor")" || :
			rm "$tmp/$name.governor"
		fi
		kill -TERM "$(cat "$tmp/$name.pid")"
		kill -CONT "$(cat "$tmp/$name.pid")" 2>/dev/null || :
		wait "$(cat "$tmp/$name.pid")" || fail "flow $name: $(cat "$tmp/$name.out")"
	done
}

# ---- counters ----

books_rules() {
	local port

	for port in "${books_ports[@]}"; do
		count right "before_$port" -t raw PREROUTING -p udp --dport "$port"
		count right "inspected_$port" INPUT -p udp --dport "$port" -m mark --mark "$books_mark/$books_mark"
		count right "uninspected_$port" INPUT -p udp --dport "$port" -m mark ! --mark "$books_mark/$books_mark"
	done
}

# books_counters: "before", "inspected", "uninspected" and their values, over all ports and, with _PORT, of each.
books_counters() {
	local ports

	ports=$(printf '|%s' "${books_ports[@]}")
	at right sh -c 'iptables-save -c; ip6tables-save -c' 2>/dev/null |
		sed -nE "s/^\[([0-9]+):.*--comment \"?count_(before|inspected|uninspected)_(${ports#|})\"?( .*)?$/\2 \3 \1/p" |
		awk '{ n[$1] += $3; n[$1 "_" $2] += $3 } END { for (k in n) print k, n[k] }' | sort
}

books_wire_lost() {
	at "${books_wire[0]}" awk -v device="${books_wire[1]}:" '$1 == device { print $13 }' /proc/self/net/dev
}

# books_counter KEY: how much more than at books_open.
books_counter() {
	local value

	value=$(books_counters | awk -v key="$1" '$1 == key { print $2 }')
	printf '%d\n' $((value - books_start[$1]))
}

# ---- one test's books ----

# books_open NAME [OPTION...]: the options are those of the sinks.
books_open() {
	local port key value

	books_name=$1
	shift
	books=() books_lives=() books_start=() books_senders=()
	while read -r key value; do
		books_start[$key]=$value
	done < <(books_counters)
	books_start[wire]=$(books_wire_lost)
	machine_note
	for port in "${books_ports[@]}"; do
		flow_sink "sink$port" right "$port" "$@"
	done
}

books_add() {
	books_lives[$1]=$((books_lives[$1] + $2))
}

# What the kernel's queues and the daemon know when it goes: a test that starts it several times stops it with books_stop.
books_kernel() {
	local number

	for number in "${books_queues[@]}"; do
		books_add full "$(queue_field right "$number" dropped)"
		books_add overrun "$(queue_field right "$number" user-dropped)"
	done
}

books_daemon() {
	local number key

	for number in "${books_queues[@]}"; do
		for key in seen accepted dropped repeated requeued failed lost marked; do
			books_add "$key" "$(statistic queue "$number" "$key")"
		done
	done
}

books_stop() {
	books_kernel
	stop_daemon
	books_daemon
}

books_sent() {
	local name sent=0

	for name in "${books_senders[@]}"; do
		sent=$((sent + $(value "$name" sent)))
	done
	printf '%d\n' "$sent"
}

# All that was sent is in the queue or past it, or the wire lost it.
books_arrived() {
	[ $(($(books_counter before) + $(books_wire_lost) - books_start[wire])) -ge "$(books_sent)" ]
}

# Empty, and nothing on the way round a hook.
books_quiet() {
	local number before

	before=$(books_counters)
	for number in "${books_queues[@]}"; do
		[ "$(queue_field right "$number" waiting)" = 0 ] || no_queues right || return 1
	done
	[ "$(books_counters)" = "$before" ]
}

books_settle() {
	wait_for "all packets at the receiver" 20 books_arrived
	wait_for "empty queues" 20 books_quiet
}

# books_close [keep]: with keep the daemon goes on, and its books are those of its statistics up to now.
books_close() {
	local port key value

	books_settle
	if [ "${1-}" = keep ]; then
		books_kernel
		ask_statistics
		books_daemon
	elif [ -n "$daemon_pid" ]; then
		machine_same
		books_stop
	fi
	while read -r key value; do
		books[$key]=$((value - books_start[$key]))
	done < <(books_counters)
	books[sent]=$(books_sent)
	books[wire]=$(($(books_wire_lost) - books_start[wire]))
	for key in "${!books_lives[@]}"; do
		books[$key]=${books_lives[$key]}
	done
	for port in "${books_ports[@]}"; do
		flow_stop "sink$port"
		for key in received distinct duplicates odd socket-dropped; do
			books[$key]=$((${books[$key]-0} + $(value "sink$port" "$key")))
		done
	done
	[ "${1-}" = keep ] || nothing_left
	books_judge
}

books_judge() {
	local delivered=$((books[inspected] + books[uninspected]))

	books[passed]=$((delivered - books[accepted]))
	books[unexplained]=$((books[sent] - books[wire] - delivered - books[dropped] - books[full] - books[overrun]))
	books_print
	equal "$books_name: unexplained" "${books[unexplained]}" 0
	equal "$books_name: duplicates" "${books[duplicates]}" 0
	equal "$books_name: came before the queue: all but what the wire lost" "${books[before]}" $((books[sent] - books[wire]))
	equal "$books_name: received, and no room in the sinks" $((books[received] + books[socket-dropped])) "$delivered"
	equal "$books_name: seen by the daemon: accepted, dropped, repeated, requeued" "${books[seen]}" \
		$((books[accepted] + books[dropped] + books[repeated] + books[requeued]))
	[ -n "${books_twice-}" ] || [ "${books[passed]}" -ge 0 ] ||
		fail "$books_name: the daemon accepted more than there is behind the queue"
}

books_print() {
	printf '  books of %s\n' "$books_name"
	printf '  %-34s %10d\n' sent "${books[sent]}" "  lost on the wire" "${books[wire]}" \
		"  inspected and delivered" "${books[inspected]}" "  uninspected and delivered" "${books[uninspected]}" \
		"    of these passed by the kernel" "${books[passed]}" "  dropped by policy" "${books[dropped]}" \
		"    of these by on-error" "${books[failed]}" "  dropped, no room in the queue" "${books[full]}" \
		"  dropped, no room in the socket" "${books[overrun]}" "  unexplained" "${books[unexplained]}" \
		duplicates "${books[duplicates]}"
}

# ---- what is left ----

machine_files() {
	find /run /dev/shm -mindepth 1 ! -name xtables.lock ! -path '*/netns*' ! -path '/run/nfverdict' ! -name 'lock-*' ! -name 'xtables-*' 2>/dev/null |
		sort
}

machine_note() {
	machine_files >"$tmp/machine.files"
	ip netns list | sort >"$tmp/machine.netns"
}

# What the master has: descriptors by what they are, mappings of shared memory, children by name. Numbers of sockets and
# pipes change with each worker.
master_has() {
	local pid

	for pid in "/proc/$daemon_pid/fd"/*; do
		readlink "$pid" || :
	done | sed -E 's/:\[[0-9]+\]//; s/ \(deleted\)//' | sort | uniq -c
	grep -oE '/memfd:[^ ]*' "/proc/$daemon_pid/maps" | sort | uniq -c
	while read -r pid; do
		cat "/proc/$pid/comm" 2>/dev/null || :
	done < <(tr ' ' '\n' <"/proc/$daemon_pid/task/$daemon_pid/children") | sort
}

# master_note: after the start; machine_same then compares with it, at the end of the books.
master_note() {
	wait_for "a master that has a worker" 10 master_is_whole
}

# A worker may die at any time in some tests: twice the same.
master_is_whole() {
	master_has >"$tmp/master.has"
	grep -q nfv-queue "$tmp/master.has" && master_is_same
}

master_is_same() {
	master_has | cmp -s - "$tmp/master.has"
}

machine_same() {
	[ -e "$tmp/master.has" ] || return 0
	wait_for "descriptors, mappings and children to be as at the start: $(master_has | diff "$tmp/master.has" - || :)" 10 \
		master_is_same
	note "ok: $books_name: descriptors, mappings and children as at the start"
	rm "$tmp/master.has"
}

# After the daemon ended: in the namespaces of a test everybody but its shell is somebody who was left.
nothing_left() {
	local one

	for one in /proc/[0-9]*; do
		case ${one#/proc/} in
		"$$" | "$BASHPID") ;;
		*) [ ! -e "$one/comm" ] || fail "$books_name: process ${one#/proc/} is left: $(cat "$one/comm")" ;;
		esac
	done
	machine_files | diff "$tmp/machine.files" - || fail "$books_name: files are left"
	ip netns list | sort | diff "$tmp/machine.netns" - || fail "$books_name: namespaces are left"
	no_queues right || fail "$books_name: queues are left"
	note "ok: $books_name: no process, file, rule, queue or namespace is left"
}
