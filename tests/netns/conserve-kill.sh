#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A worker killed with SIGKILL again and again while packets flow: none is lost, none passes uninspected, none arrives twice, and
# the books balance; also where packets cannot be repeated and get on-error. NFV_SOAK_KILLS: how often (30).
#
#	left: 40,000 packets/s ---- right: queue 1 at mangle INPUT
. "$(dirname "$0")/lib.sh"
. "$lib_dir/conserve.sh"

NFV_TEST_ISOLATION=${NFV_TEST_ISOLATION:-fast}

kills=${NFV_SOAK_KILLS:-30}
rate=${NFV_SOAK_RATE:-40000}
[ "$sanitizers" -eq 0 ] || rate=4000

two_hosts
books_rules
workers_may_die=yes

# kill_config RECOVERY ON-ERROR PLUGIN
kill_config() {
	config <<-END
		recovery: $1
		handlers:
		  look: { plugin: $3, mark: $books_mark/$books_mark }
		queues:
		  load:
		    numbers: 1
		    max-length: 200000
		    when-full: drop
		    when-down: drop
		    on-error: $2
		    handlers: [look]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
}

# killed NAME [OPTION...]: the options of the killer.
killed() {
	local name=$1

	shift
	books_open "$name" --gaps 1000
	start_daemon right
	master_note
	flow_send load left "$right4" 9 --rate "$rate"
	flow_governed load 1 40000
	at right "$killer_program" "$daemon_pid" nfv-queue-1 9 --count "$kills" "$@" >"$tmp/killer.out"
	flow_stop load
	# shellcheck disable=SC2119
	books_close
	equal "$name: passed without the daemon's word" "${books[passed]}" 0
	equal "$name: uninspected, of those in dead hands that got on-error" "${books[uninspected]}" "${books[failed]}"
	equal "$name: dropped by policy or for want of room" $((books[dropped] + books[full] + books[overrun])) 0
	equal "$name: workers killed" "$(value killer killed)" "$kills"
}

# replaced: for each kill, the milliseconds from the signal to the first packet behind the queue that the successor let go, sorted.
# No gap there: it was quicker than those that the sink notes.
replaced() {
	awk 'FNR == NR { if ($1 == "gap") { from[++n] = $2; to[n] = $3 } next }
		$1 == "kill" {
			least = 1
			for (i = 1; i <= n; i++)
				if (from[i] <= $4 + 2000 && to[i] > $2)
					least = (to[i] - $2) / 1000
			printf "%.1f\n", least
		}' "$tmp/sink9.out" "$tmp/killer.out" | sort -n
}

# percentile FILE PERCENT: of sorted lines.
percentile() {
	awk -v percent="$2" '{ value[NR] = $1 } END { print value[int((NR * percent + 99) / 100)] }' "$1"
}

kill_config repeat drop trial
killed "killed at any time" --most 60
killed "killed at work" --least 30 --most 60
replaced >"$tmp/replaced"
note "replaced $(wc -l <"$tmp/replaced") times: p50 $(percentile "$tmp/replaced" 50) ms, p99 $(percentile "$tmp/replaced" 99) ms," \
	"at most $(percentile "$tmp/replaced" 100) ms"
# What the machine does besides is not the daemon's fault: a bound that only a fault passes.
between "milliseconds to the first verdict of half of the successors" "$(percentile "$tmp/replaced" 50 | cut -d. -f1)" 0 1000

# Busy for some 40 % of the time: who is killed has packets in hand often enough.
kill_config on-error accept "slow, busy: $((400000 / rate))"
killed "killed, and nothing is repeated" --least 30 --most 60
between "packets in dead hands" "${books[failed]}" 1 $((kills * 256))
