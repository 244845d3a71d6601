# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2120 # lib.sh has the variables; lines are for those who want them
#
# For the tests that make calls fail. Sourced after lib.sh.

[ "$sanitizers" -eq 0 ] || skip "calls would fail inside the sanitizers, too, which bring an allocator of their own"
mkdir "$tmp/crashes"

# nth_config [LINES...]: a queue of each isolation, with everything that the daemon may have to do; these lines at its end.
nth_config() {
	config < <(
		cat <<-END
			crash-dir: $tmp/crashes
			rules-socket: /run/nfverdict.rules
			handlers:
			  look: { plugin: print }
			  pick:
			    plugin: filter
			    rules:
			      - { match: udp dst port 1, verdict: drop }
			queues:
			  one:
			    numbers: 1
			    isolation: fast
			    max-crashes: unlimited
			    handlers: [look, pick]
			    steer:
			      - { chain: INPUT, table: mangle, match: -p udp --dport 9000 }
			  two:
			    numbers: 2
			    isolation: strict
			    max-crashes: unlimited
			    handlers: [pick]
			    steer:
			      - { chain: INPUT, table: mangle, match: -p udp --dport 9001 }
		END
		[ $# -eq 0 ] || printf '%s\n' "$@"
	)
}

# nth WHAT SECONDS [ARG...]: the loop of nth/ over the last configuration, for so long; with NFV_NTH=all for as long as it takes.
nth() {
	local what=$1 seconds=$2

	shift 2
	if [ "${NFV_NTH-}" = all ]; then
		set -- --every "$@"
	else
		set -- --seconds "$seconds" "$@"
	fi
	python3 -B "$lib_dir/nth" "$what" --daemon "$nfverdictd" --command "$top_builddir/nfverdict" \
		--library "$top_builddir/tests/fail/fail.so" --config "$config_file" --file "$tmp/nth" \
		--folder "$tmp/crashes" --folder /run "$@"
}
