# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034 # lib.sh and conserve.sh have the variables, tests use these
#
# More load than can be carried. Sourced after lib.sh and conserve.sh by overload-*.sh. In each case: neither master nor worker ends, a
# packet that is sent after the load is inspected within a second, and the books balance with what passed by.

books_ports=(9 11) # load, and packets sent one by one after it

# overload_config [KEY VALUE]...: of the queue. NFV_TEST_BACKEND chooses the rules' backend.
overload_config() {
	overload_text "$@" >"$tmp/overload.yaml"
	config <"$tmp/overload.yaml"
}

overload_text() {
	[ -z "${NFV_TEST_BACKEND-}" ] || printf 'backend: %s\n' "$NFV_TEST_BACKEND"
	cat <<-END
		handlers:
		  slow: { plugin: slow, busy: ${busy_us:-0}, mark: $books_mark/$books_mark }
		queues:
		  load:
		    numbers: 1
		    handlers: [slow]
		    steer:
		      - { chain: INPUT, table: mangle, match: -p udp }
	END
	while [ $# -gt 0 ]; do
		printf '    %s: %s\n' "$1" "$2"
		shift 2
	done
}

# overload_isolation MODE: for the configurations that follow, unless the caller of the test has chosen one.
overload_given=${NFV_TEST_ISOLATION-}
overload_isolation() {
	[ -n "$overload_given" ] || NFV_TEST_ISOLATION=$1
}

# overload_begin NAME: with the last configuration.
overload_begin() {
	books_open "$1${NFV_TEST_ISOLATION:+, $NFV_TEST_ISOLATION}"
	start_daemon right
	overload_workers=$(workers)
	overload_probes=0
	overload_probe
	overload_calm=$overload_elapsed
}

now_ms() {
	printf '%d\n' $(($(date +%s%N) / 1000000))
}

probe_inspected() {
	[ "$(at right sh -c 'iptables-save -c -t filter' | sed -nE 's/^\[([0-9]+):.*count_inspected_11.*/\1/p')" -gt "$overload_inspected" ]
}

# overload_probe: sends single packets until one is inspected; sets $overload_elapsed to the milliseconds that took.
overload_probe() {
	local start

	start=$(now_ms)
	overload_inspected=$(at right sh -c 'iptables-save -c -t filter' | sed -nE 's/^\[([0-9]+):.*count_inspected_11.*/\1/p')
	until probe_inspected; do
		overload_elapsed=$(($(now_ms) - start))
		[ "$overload_elapsed" -lt 20000 ] ||
			fail "no packet is inspected: $(at right cat /proc/self/net/netfilter/nfnetlink_queue)"
		flow_send "probe$overload_probes" left "$right4" 11 --count 1 --first "$overload_probes"
		flow_sent "probe$overload_probes"
		overload_probes=$((overload_probes + 1))
	done
	overload_elapsed=$(($(now_ms) - start))
}

# overload_over: called when the load ends. A packet is inspected within a second of that, beside what looking for it takes on a
# machine as busy as this one: some times what it took before the load.
overload_over() {
	overload_probe
	between "milliseconds until a packet is inspected after the load ($overload_calm before it)" "$overload_elapsed" 0 \
		$((999 + 4 * overload_calm + sanitizers * 4000))
	equal "workers are those of the start" "$(workers)" "$overload_workers"
}

# overload_end: the books, with what the daemon told about packets that it never saw.
overload_end() {
	books_close
	equal "steered, to the daemon" "$(statistic steering load steered)" "${books[before]}"
	equal "bypassed, to the daemon: behind the queue without inspection" "$(statistic steering load bypassed)" "${books[uninspected]}"
	equal "lost, to the daemon: as the kernel's queue counted" "${books[lost]}" $((books[full] + books[overrun]))
	equal "inspected: accepted, to the daemon" "${books[inspected]}" "${books[accepted]}"
	! grep -E 'bypassed is not' "$daemon_log" || fail "the daemon does not know it exactly"
}
