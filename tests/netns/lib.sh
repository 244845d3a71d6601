# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every namespace test starts with. Sourcing it runs the test again as root of network, mount and process namespaces of its own
# (a user namespace too when not root), with an empty /run: whatever the test makes is gone when it ends, however it ends.
#
#	. "${srcdir:-.}/tests/netns/lib.sh"
#	two_hosts                                  # left ---- right
#	config <<-END                              # nfverdict.yaml, plugin-path and user in front
#	count right arrived INPUT -p udp           # a rule that counts behind the queue
#	start_daemon right
#
# Steering in the tests goes to table mangle, so that the rules of table filter (see count) come after the queue.

set -eu -o pipefail

lib_file=${BASH_SOURCE[0]}
lib_dir=$(cd "$(dirname "$lib_file")" && pwd)
PATH=$PATH:/usr/sbin:/sbin # where iptables is, which is not in everybody's path
top_srcdir=${top_srcdir:-$(cd "$lib_dir/../.." && pwd)}
top_builddir=${top_builddir:-$PWD}
nfverdictd=$top_builddir/nfverdictd

skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

# ---- isolation ----

if [ -z "${NFV_TEST_ISOLATED-}" ]; then
	[ -x "$nfverdictd" ] || skip "no nfverdictd in $top_builddir: run from the build folder"
	for tool in unshare nsenter ip iptables iptables-legacy python3; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	lib_user=()
	if [ "$(id -u)" -ne 0 ] || [ -n "${NFV_TEST_USERNS-}" ]; then
		lib_user=(--user --map-root-user)
	fi
	lib_unshare=(unshare ${lib_user[@]+"${lib_user[@]}"} --net --mount --pid --fork --kill-child --mount-proc --propagation private)
	lib_why=$("${lib_unshare[@]}" mount -t tmpfs none /run 2>&1) || skip "no namespaces for uid $(id -u): $lib_why"
	lib_tmp=$(mktemp -d "${TMPDIR:-/tmp}/nfv-test.XXXXXX")
	trap 'rm -rf "$lib_tmp"' EXIT
	lib_status=0
	NFV_TEST_ISOLATED=$lib_tmp top_srcdir=$top_srcdir top_builddir=$top_builddir \
		"${lib_unshare[@]}" bash "$0" "$@" </dev/null || lib_status=$?
	exit "$lib_status"
fi

tmp=$NFV_TEST_ISOLATED
chmod 755 "$tmp"
mount -t tmpfs -o mode=755 none /run
ip link set lo up
daemon_pid=
daemon_log=$tmp/daemon.log
: >"$daemon_log"

# In a user namespace that maps one user, nobody can become somebody else.
if awk '{ n += $3 } END { exit n <= 1 }' /proc/self/uid_map; then
	worker_user=nobody
else
	worker_user=root
fi

# Owners of sockets are told as the first user namespace knows them.
outer_uid=$(awk '$1 == 0 { print $2 }' /proc/self/uid_map)
outer_gid=$(awk '$1 == 0 { print $2 }' /proc/self/gid_map)

# Smaller loads, and more patience, where every instruction is checked.
if grep -q '^#define NFV_SANITIZERS 1' "$top_builddir/config.h"; then
	sanitizers=1 patience=4
else
	sanitizers=0 patience=1
fi

# ---- judging ----

lib_end() {
	local status=$?

	trap - EXIT
	[ "$status" -ne 0 ] || no_sanitizer_spoke || status=1
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		printf -- '---- processes: number, parent, name, state, where they wait ----\n'
		lib_processes
		printf -- '---- the end of the log of nfverdictd ----\n'
		tail -n 200 "$daemon_log"
	fi
	exit "$status"
}

lib_processes() {
	local one

	for one in /proc/[0-9]*; do
		sed -E 's/^([0-9]+) \((.*)\) (.) ([0-9]+) .*/\1 \4 \2 \3/' "$one/stat" 2>/dev/null | tr '\n' ' ' || continue
		cat "$one/wchan" 2>/dev/null || :
		printf '\n'
	done
}

# A worker that a sanitizer ended would be replaced, and the test might not notice.
no_sanitizer_spoke() {
	! grep -E 'Sanitizer|runtime error:' "$daemon_log"
}

trap lib_end EXIT
trap 'printf "FAIL: %s:%d: status %d: %s\n" "$0" "$LINENO" "$?" "$BASH_COMMAND"' ERR
set -E

fail() {
	trap - ERR
	printf 'FAIL: %s\n' "$*"
	exit 1
}

note() {
	printf '%s\n' "$*"
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1: got $2, wanted $3"
	note "ok: $1: $2"
}

# between WHAT GOT LOW HIGH
between() {
	{ [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; } || fail "$1: got $2, wanted $3 to $4"
	note "ok: $1: $2"
}

# has WHAT FILE EXTENDED-REGEX
has() {
	grep -qE -- "$3" "$2" || {
		cat "$2"
		fail "$1: no line matches $3"
	}
	note "ok: $1"
}

# wait_for WHAT SECONDS COMMAND...: until the command succeeds. The seconds only tell a hang from an end.
wait_for() {
	local what=$1 end=$((SECONDS + $2 * patience + 1))

	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $what"
		sleep 0.02
	done
}

# ---- hosts ----

host() {
	ip netns add "$1"
	ip -n "$1" link set lo up
}

# at HOST COMMAND... (Not in the background: $! would be a shell's.)
at() {
	local where=$1

	shift
	nsenter --net="/run/netns/$where" "$@"
}

# cable HOST DEVICE HOST DEVICE: a veth pair.
cable() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# address HOST DEVICE ADDRESS/LENGTH...
address() {
	local where=$1 device=$2 one

	shift 2
	for one; do
		case $one in
		*:*) ip -n "$where" address add "$one" dev "$device" nodad ;;
		*) ip -n "$where" address add "$one" dev "$device" ;;
		esac
	done
}

# left l0 10.77.1.1 fd77:1::1 ---- 10.77.1.2 fd77:1::2 r0 right
two_hosts() {
	host left
	host right
	cable left l0 right r0
	address left l0 10.77.1.1/16 fd77:1::1/64
	address right r0 10.77.1.2/16 fd77:1::2/64
	left4=10.77.1.1 left6=fd77:1::1 right4=10.77.1.2 right6=fd77:1::2
	settle right
}

# left l0 10.77.1.1 ---- 10.77.1.254 m0 mid m1 10.77.2.254 ---- 10.77.2.2 r0 right; fd77:1:: and fd77:2:: likewise
three_hosts() {
	local name

	for name in left mid right; do
		host "$name"
	done
	cable left l0 mid m0
	cable mid m1 right r0
	address left l0 10.77.1.1/24 fd77:1::1/64
	address mid m0 10.77.1.254/24 fd77:1::fe/64
	address mid m1 10.77.2.254/24 fd77:2::fe/64
	address right r0 10.77.2.2/24 fd77:2::2/64
	at mid sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n left route add default via 10.77.1.254
	ip -n left -6 route add default via fd77:1::fe
	ip -n right route add default via 10.77.2.254
	ip -n right -6 route add default via fd77:2::fe
	left4=10.77.1.1 left6=fd77:1::1 right4=10.77.2.2 right6=fd77:2::2
	settle right
}

# Until both families pass, so that neighbour discovery is not part of what is tested.
settle() {
	local name=${1}4

	wait_for "IPv4 to $1" 10 at left ping -c 1 -W 0.2 "${!name}"
	name=${1}6
	wait_for "IPv6 to $1" 10 at left ping -c 1 -W 0.2 "${!name}"
}

# ---- traffic: see traffic.py ----

traffic() {
	python3 -B "$lib_dir/traffic.py" "$@"
}

# send HOST COMMAND ARG...: a sender or asker to its end.
send() {
	local where=$1

	shift
	at "$where" python3 -B "$lib_dir/traffic.py" "$@"
}

# receive NAME HOST COMMAND ARG...: starts a receiver and returns once it listens.
receive() {
	local name=$1 where=$2

	shift 2
	rm -f "$tmp/$name.ready"
	nsenter --net="/run/netns/$where" python3 -B "$lib_dir/traffic.py" "$@" --ready "$tmp/$name.ready" >"$tmp/$name.out" 2>&1 &
	printf '%d\n' $! >"$tmp/$name.pid"
	wait_for "$name to listen" 10 test -e "$tmp/$name.ready"
}

# received NAME: ends a receiver that runs until told; its output is in $tmp/NAME.out.
received() {
	kill "$(cat "$tmp/$1.pid")"
	wait "$(cat "$tmp/$1.pid")" || fail "receiver $1: $(cat "$tmp/$1.out")"
}

# finished NAME: waits for a receiver that ends by itself.
finished() {
	wait "$(cat "$tmp/$1.pid")" || fail "receiver $1: $(cat "$tmp/$1.out")"
}

# value NAME KEY: the number behind KEY= in what a receiver or sender printed to $tmp/NAME.out.
value() {
	sed -nE "s/(.* )?$2=([^ ]*).*/\2/p" "$tmp/$1.out" | head -n 1
}

# ---- counters of the kernel ----

# count HOST NAME [-t TABLE] CHAIN MATCH...: a rule without target; both families unless the match is for one of them only.
count() {
	local where=$1 name=$2 table=filter family done=0

	shift 2
	if [ "$1" = -t ]; then
		table=$2
		shift 2
	fi
	for family in iptables ip6tables; do
		at "$where" "$family" -w -t "$table" -A "$@" -m comment --comment "count_$name" 2>"$tmp/count.err" && done=1
	done
	[ "$done" -eq 1 ] || fail "count $name: $(cat "$tmp/count.err")"
}

# counted HOST NAME: packets that the rule saw.
counted() {
	at "$1" sh -c 'iptables-save -c; ip6tables-save -c' 2>/dev/null |
		sed -nE "s/^\[([0-9]+):.*--comment \"?count_$2\"?( .*)?$/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

counted_is() {
	[ "$(counted "$1" "$2")" = "$3" ]
}

# queue_field HOST QUEUE FIELD: of /proc/net/netfilter/nfnetlink_queue.
queue_field() {
	local column

	case $3 in
	portid) column=2 ;;
	waiting) column=3 ;;
	copy-mode) column=4 ;;
	range) column=5 ;;
	dropped) column=6 ;;
	user-dropped) column=7 ;;
	last-id) column=8 ;;
	*) fail "queue_field: $3?" ;;
	esac
	at "$1" awk -v q="$2" -v c="$column" '$1 == q { print $c }' /proc/self/net/netfilter/nfnetlink_queue
}

queue_is() {
	[ "$(queue_field "$1" "$2" "$3")" = "$4" ]
}

no_queues() {
	[ -z "$(at "$1" cat /proc/self/net/netfilter/nfnetlink_queue)" ]
}

# All rules of a host without counters and times, for comparing; $2 picks a backend: nft or legacy.
rules() {
	at "$1" sh -c "iptables-$2-save; ip6tables-$2-save" 2>/dev/null | sed -E 's/^# .*//; s/\[[0-9]+:[0-9]+\]//'
}

# ---- the daemon ----

# config: writes nfverdict.yaml from standard input, with what the tests need in front. With NFV_TEST_ISOLATION every queue of it
# gets that isolation.
config() {
	config_file=$tmp/nfverdict.yaml
	{
		printf 'user: %s\nplugin-path: [%s]\n' "$worker_user" "$(plugin_folders)"
		if [ -n "${NFV_TEST_ISOLATION-}" ]; then
			sed -E "s/^( *)numbers: .*/&\n\1isolation: $NFV_TEST_ISOLATION/; s/\{ numbers: [^,]*,/& isolation: $NFV_TEST_ISOLATION,/"
		else
			cat
		fi
	} >"$config_file"
}

plugin_folders() {
	find "$top_builddir/plugins" "$top_builddir/tests" -name '*.so' -not -path '*/fail/*' -printf '%h\n' | sort -u | paste -sd , -
}

# start_daemon HOST [ARG...]: with the last configuration; returns when it is ready.
start_daemon() {
	daemon_host=$1
	shift
	no_sanitizer_spoke || fail "a sanitizer found something in the daemon before this one"
	: >"$daemon_log" # here, because the one of the background may come after the first look
	nsenter --net="/run/netns/$daemon_host" "$nfverdictd" -f --allow-unsafe-files -c "$config_file" "$@" >"$daemon_log" 2>&1 &
	daemon_pid=$!
	wait_for "nfverdictd to be ready" 15 daemon_ready_or_dead
	daemon_ready || fail "nfverdictd ended before it was ready"
}

daemon_ready() {
	grep -qE '\<ready: [0-9]+ queue' "$daemon_log"
}

daemon_ready_or_dead() {
	daemon_ready || ! kill -0 "$daemon_pid"
}

# stop_daemon: in order; it must leave neither queues nor rules.
stop_daemon() {
	local status=0

	kill -TERM "$daemon_pid"
	wait "$daemon_pid" || status=$?
	daemon_pid=
	[ "$status" -eq 0 ] || fail "nfverdictd ended with status $status"
	no_sanitizer_spoke || fail "a sanitizer found something"
	[ -n "${workers_may_die-}" ] || ! grep -E 'worker [0-9]+ (was killed|ended with|does not end)' "$daemon_log" ||
		fail "a worker ended that should not have"
	no_queues "$daemon_host" || fail "queues are left after nfverdictd ended"
	no_rules_left
}

# logged EXTENDED-REGEX TIMES: the daemon has written such a line, so many times at least.
logged() {
	[ "$(grep -cE "$1" "$daemon_log")" -ge "$2" ]
}

# kill_daemon: all of it at once, so that nobody is left to tidy up.
kill_daemon() {
	local pids

	pids="$daemon_pid $(workers)"
	# shellcheck disable=SC2086 # process ids
	kill -KILL $pids 2>/dev/null || : # workers may be gone with their master
	{ wait "$daemon_pid" || :; } 2>/dev/null
	daemon_pid=
	wait_for "the queues to be gone" 10 no_queues "$daemon_host"
}

# Chains named NFV-foreign… and NFV-mine… are the tests' own.
no_rules_left() {
	local backend

	for backend in nft legacy; do
		if rules "$daemon_host" "$backend" | grep -E 'NFV-|nfv:' | grep -vE 'NFV-(foreign|mine)'; then
			fail "rules are left after nfverdictd ended"
		fi
	done
}

# Process ids of master, checker and workers: in this namespace only what the test started.
daemons() {
	grep -lxE 'nfverdictd|nfv-.*' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3 || [ $? -le 2 ]
}

# stat_field PID FIELD: of /proc/PID/stat, as proc(5) counts; 4 is the parent, 6 the session.
stat_field() {
	cut -d' ' -f"$2" "/proc/$1/stat"
}

# Process ids of the workers: the children of the master that serve a queue.
workers() {
	local pid name

	for pid in $(cat "/proc/$daemon_pid/task/$daemon_pid/children"); do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		case $name in nfv-queue-* | nfverdictd) printf '%s ' "$pid" ;; esac
	done
}

# statistic queue NAME-OR-NUMBER COLUMN, statistic handler NAME COLUMN, statistic steering NAME COLUMN: of the last tables that the
# daemon printed; several rows are summed. `ask_statistics` makes it print them; at its end it does so anyway.
statistic() {
	awk -v kind="$1" -v key="$2" -v column="$3" '
		$1 == kind && ($3 == "seen" || $2 == "seen" || $2 == "steered") {
			inside = 1; sum = 0; rows = 0
			for (i = 1; i <= NF; i++)
				at[$i] = i
			next
		}
		NF == 0 { inside = 0 }
		inside && ($1 == key || kind == "queue" && $2 == key) { sum += $at[column]; rows++ }
		END {
			if (!rows || !(column in at))
				exit 1
			printf "%.0f\n", sum
		}' "$daemon_log" || fail "no statistics of $1 $2: $3"
}

tables_printed() {
	grep -cE '^queue +number +seen' "$daemon_log" || [ $? -eq 1 ]
}

ask_statistics() {
	local before

	before=$(tables_printed)
	kill -USR1 "$daemon_pid"
	wait_for "statistics" 5 more_tables_than "$before"
}

more_tables_than() {
	[ "$(tables_printed)" -gt "$1" ]
}
