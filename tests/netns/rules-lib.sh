# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of the rule engine against real rulesets; after lib.sh. $backend is nft or legacy, and for_backends runs a function with each.

live_cli=$top_builddir/tests/rules/live-cli
[ -x "$live_cli" ] || skip "no live-cli in $top_builddir/tests/rules"
export XTABLES_LOCKFILE=/run/xtables.lock
rules_tables="raw mangle nat filter security"
rules_state=/run/nfverdict

for_backends() {
	local backend what

	for backend in nft legacy; do
		# A kernel may be without the legacy tables.
		if ! "iptables-$backend" -t security -L -n >"$tmp/out" 2>&1; then
			cat "$tmp/out"
			[ "$backend" = legacy ] || skip "the kernel has no $backend tables"
			note 'left out: legacy: the kernel has no such tables'
			continue
		fi
		for what; do
			note "---- $backend: $what"
			clear_rules
			rm -rf "$rules_state"
			"$what"
		done
		clear_rules
	done
}

clear_rules() {
	local family table

	for family in iptables ip6tables; do
		for table in $rules_tables; do
			"$family-$backend" -w -t "$table" -F
			"$family-$backend" -w -t "$table" -X
			"$family-$backend" -w -t "$table" -Z
		done
		"$family-$backend" -w -P OUTPUT ACCEPT
		"$family-$backend" -w -P FORWARD ACCEPT
	done
}

# Both families with counters, or without if $1 is "plain". Tables in one order: the tool's is not stable.
ruleset() {
	local family

	for family in iptables ip6tables; do
		"$family-$backend-save" -c 2>/dev/null | awk -v tables="$rules_tables" '
			/^#/ { next }
			/^\*/ { table = substr($0, 2) }
			{ text[table] = text[table] $0 "\n" }
			END {
				count = split(tables, names, " ")
				for (i = 1; i <= count; i++)
					printf "%s", text[names[i]]
			}'
	done | if [ "${1-}" = plain ]; then
		sed -E 's/^\[[0-9]+:[0-9]+\] //; s/ \[[0-9]+:[0-9]+\]$//'
	else
		cat
	fi
}

# keep_rules and put_rules: everything as it is now, for later. Whole, so no packet may wait in a queue.
keep_rules() {
	local family

	for family in iptables ip6tables; do
		"$family-$backend-save" -c >"$tmp/kept-$family"
	done
}

put_rules() {
	local family

	for family in iptables ip6tables; do
		"$family-$backend-restore" -c <"$tmp/kept-$family"
	done
}

# What others have: quotes, backslashes, counters, chains of their own, in several tables.
foreign_rules() {
	local family address

	for family in iptables ip6tables; do
		address=10.1.0.0/16
		[ "$family" = iptables ] || address=fd00:1::/32
		"$family-$backend-restore" -c <<-END
			*mangle
			:PREROUTING ACCEPT [0:0]
			:INPUT ACCEPT [0:0]
			:FORWARD ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			:POSTROUTING ACCEPT [0:0]
			[2:80] -A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
			COMMIT
			*nat
			:PREROUTING ACCEPT [0:0]
			:INPUT ACCEPT [0:0]
			:OUTPUT ACCEPT [0:0]
			:POSTROUTING ACCEPT [0:0]
			:THEIRS - [0:0]
			[3:120] -A PREROUTING -p tcp -m tcp --dport 8080 -j THEIRS
			[3:120] -A THEIRS -p tcp -j REDIRECT --to-ports 80
			COMMIT
			*filter
			:INPUT ACCEPT [0:0]
			:FORWARD DROP [0:0]
			:OUTPUT ACCEPT [0:0]
			:THEIRS - [0:0]
			:zz.odd+name - [0:0]
			[4:160] -A INPUT -s $address -m comment --comment "it's \"quoted\" \\\\ and back\\\\slashed" -j THEIRS
			[5:200] -A INPUT -i lo -j ACCEPT
			[6:240] -A THEIRS -p udp -m udp --dport 53 -m limit --limit 5/sec -j ACCEPT
			[7:280] -A THEIRS -m connlimit --connlimit-above 10 -j DROP
			[8:320] -A zz.odd+name -m recent --set --name x -j RETURN
			COMMIT
		END
	done
}

# cli ARGUMENT…: commands for live-cli from standard input; its output is in $tmp/cli, outcomes alone in $tmp/outcomes.
cli() {
	"$live_cli" backend "$backend" "$@" >"$tmp/cli" 2>&1 || {
		cat "$tmp/cli"
		fail "live-cli $*"
	}
	sed -n 's/^= //p' "$tmp/cli" >"$tmp/outcomes"
}

# outcomes_are WHAT OUTCOME…: each as far as it is given
outcomes_are() {
	local what=$1 one line=0

	shift
	[ "$(wc -l <"$tmp/outcomes")" -eq $# ] || {
		cat "$tmp/cli"
		fail "$what: wanted $# outcomes"
	}
	for one; do
		line=$((line + 1))
		case $(sed -n "${line}p" "$tmp/outcomes") in
		"$one"*) ;;
		*)
			cat "$tmp/cli"
			fail "$what: outcome $line: wanted $one"
			;;
		esac
	done
	note "ok: $what"
}

same_rules() {
	diff -u "$tmp/$2" "$tmp/$3" || fail "$1: the rulesets differ"
	note "ok: $1"
}

# No journal is left, and nothing that a writer did not finish.
no_journal() {
	! find "$rules_state" -name '*.json*' | grep . || fail "$1: a journal is left"
}

# bad_tools: makes a folder $tools in which bad-tool stands in the tools' place
bad_tools() {
	local name kind

	bad_tool=$top_builddir/tests/rules/bad-tool
	[ -x "$bad_tool" ] || skip "no bad-tool in $top_builddir/tests/rules"
	tools=$tmp/tools
	mkdir "$tools"
	for name in ip6tables iptables; do
		for kind in nft legacy; do
			ln "$bad_tool" "$tools/$name-$kind-restore" 2>/dev/null || cp "$bad_tool" "$tools/$name-$kind-restore"
			ln -s "$tools/$name-$kind-restore" "$tools/$name-$kind-save"
		done
	done
	dirname "$(command -v iptables-legacy-restore)" >"$tools/real"
}

# strike RUN CALL before|after tool|caller: one commit of $change with that plan, after restore_state, which the test has. 1 when the
# run had fewer calls.
strike() {
	restore_state
	rm -f "$tools/runs" "$tools/missed" "$tools/struck"
	printf '%s\n' "$*" >"$tools/plan"
	printf '%s\ncommit\n' "$change" >"$tmp/commands"
	# In a shell of its own, which does not tell that somebody was killed.
	("$live_cli" backend "$backend" tools "$tools" <"$tmp/commands" >"$tmp/cli" 2>&1 || :) 2>"$tmp/shell"
	[ -e "$tools/struck" ]
}
