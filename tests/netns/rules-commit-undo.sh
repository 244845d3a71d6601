#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commits over several tables and families that do not get through: a later table is refused; the tool is killed at each of its writes in
# each of its runs; the process that commits is. Always all of the old or all of the new is there, with both backends:
#
#	[ nothing but rules; bad-tool stands in the tools' place ]

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

bad_tools

# Four parts: three tables of one family, and one of the other.
change='read 4
read 6
text 4 *filter;-N OURS;-I INPUT 1 -j OURS;-A OURS -p tcp -j DROP;-D INPUT 3;COMMIT
text 4 *mangle;-A FORWARD -j MARK --set-xmark 0x1/0xff;-P INPUT DROP;COMMIT
text 4 *nat;-F THEIRS;-A THEIRS -p udp -j RETURN;COMMIT
text 6 *filter;-N OURS;-A OURS -p udp -j ACCEPT;-A INPUT -g OURS;COMMIT'

# The same for every try; made once.
restore_state() {
	if [ "${made_for-}" != "$backend" ]; then
		clear_rules
		foreign_rules
		keep_rules
		made_for=$backend
	fi
	put_rules
}

later_refused() {
	restore_state
	ruleset >"$tmp/before"
	# The kernel refuses a helper that it has not, which no test of the text tells.
	cli <<-END
		$change
		text 6 *raw;-A PREROUTING -p tcp;-A PREROUTING -p tcp -j CT --helper nosuch;COMMIT
		commit
		changed 4
		changed 6
		refresh 6
		changed 4
		text 6 *filter;-N OURS;-A OURS -p udp -j ACCEPT;-A INPUT -g OURS;COMMIT
		commit
	END
	outcomes_are "the last table is refused, then mended" 0 0 0 0 0 0 0 "EINVAL: typed:3: ip6tables: table raw: " 1 1 0 1 0 0
	ruleset plain >"$tmp/new"
	no_journal "after that"
	restore_state
	cli <<-END
		$change
		text 6 *raw;-A PREROUTING -p tcp;-A PREROUTING -p tcp -j CT --helper nosuch;COMMIT
		commit
	END
	ruleset >"$tmp/after"
	same_rules "what came before it is undone, counters are kept" before after
	no_journal "after the refusal"
}

# old_or_new WHAT: sets $state
old_or_new() {
	ruleset plain >"$tmp/now"
	if cmp -s "$tmp/now" "$tmp/old"; then
		state=old
	elif cmp -s "$tmp/now" "$tmp/new"; then
		state=new
	else
		diff -u "$tmp/old" "$tmp/now" || :
		fail "$1: neither the old nor the new state"
	fi
}

# Which states came, for the end: a test in which nothing is ever cut off would prove nothing.
prepare() {
	restore_state
	ruleset plain >"$tmp/old"
	cli <<-END
		$change
		commit
	END
	outcomes_are "the change itself" 0 0 0 0 0 0 0
	ruleset plain >"$tmp/new"
	: >"$tmp/states"
}

tool_killed() {
	local run call when strikes=0

	prepare
	for run in 1 2 3 4; do
		for when in before after; do
			call=1
			while strike "$run" "$call" "$when" tool; do
				strikes=$((strikes + 1))
				old_or_new "run $run, $when call $call, the tool is killed"
				printf '%s\n' "$state" >>"$tmp/states"
				[ "$state $(sed -n '$s/^= //p' "$tmp/cli")" = "new 0" ] || {
					cat "$tmp/cli"
					fail "run $run, $when call $call: the state is $state"
				}
				no_journal "run $run, $when call $call"
				call=$((call + 1))
			done
		done
	done
	[ "$strikes" -ge 12 ] || fail "only $strikes kills"
	note "ok: $strikes kills of the tool: each commit got through"
}

caller_killed() {
	local run call when strikes=0

	prepare
	for run in 1 2 3 4; do
		for when in before after; do
			call=1
			while strike "$run" "$call" "$when" caller; do
				strikes=$((strikes + 1))
				printf 'read 4\nread 6\n' | "$live_cli" backend "$backend" >"$tmp/cli"
				grep -v '^= 0' "$tmp/cli" >"$tmp/said" || :
				old_or_new "run $run, $when call $call, the process is killed"
				printf '%s\n' "$state" >>"$tmp/states"
				no_journal "run $run, $when call $call"
				grep -q 'journal: process' "$tmp/said" || fail "run $run, $when call $call: nothing was recovered"
				call=$((call + 1))
			done
		done
	done
	sort "$tmp/states" | uniq -c
	if ! { [ "$strikes" -ge 12 ] && grep -q old "$tmp/states" && grep -q new "$tmp/states"; }; then
		fail "only $strikes kills, or one state only"
	fi
	note "ok: $strikes kills of the process: all old or all new at the next start"
}

# Somebody uses a chain of the change before the next start: it stays, with what is theirs alone.
others_since() {
	prepare
	strike 3 1 before caller || fail "nothing was killed"
	"iptables-$backend" -A OURS -p esp -j ACCEPT
	printf 'read 4\nread 6\n' | "$live_cli" backend "$backend" >"$tmp/cli"
	has "it is undone" "$tmp/cli" 'log: warning: journal: process .* it is undone now'
	ruleset plain | grep -v -e '^-A OURS -p esp -j ACCEPT' -e '^:OURS ' >"$tmp/after"
	[ "$(ruleset plain | grep -c OURS)" = 2 ] || fail "their rule is gone"
	same_rules "theirs stays" old after
	no_journal "theirs"
	cli <<-'END'
		read 4
		append 4 filter INPUT -p gre
		commit
	END
	outcomes_are "others go on" 0 0 0
}

# A journal that nobody can read stops nobody, nor one of another namespace.
odd_journals() {
	local inode

	restore_state
	inode=$(stat -L -c %i /proc/self/ns/net)
	printf 'read 4\nappend 4 filter INPUT -p gre\ncommit\n' | "$live_cli" backend "$backend" >/dev/null
	printf '{ "version": 1, ' >"$rules_state/journal-$backend-$inode.json"
	cli <<-'END'
		read 4
		append 4 filter INPUT -p gre
		commit
	END
	outcomes_are "half a journal" 0 0 0
	has "it is told" "$tmp/cli" 'log: error: journal: '
	rm -f "$rules_state"/*.failed-*
	no_journal "half a journal"
	prepare
	strike 3 1 before caller || fail "nothing was killed"
	sed -i 's/"namespace": "[0-9a-f]*"/"namespace": "123456789"/' "$rules_state/journal-$backend-$inode.json"
	ruleset >"$tmp/before"
	cli <<-'END'
		read 4
	END
	outcomes_are "the journal of a namespace that had this inode before" 0
	ruleset >"$tmp/after"
	same_rules "it is not used here" before after
	no_journal "one of another namespace"
}

# A tool that does nothing, and says that it did; nothing of others goes when that is found.
lying_tool() {
	local folder=$tmp/lying-$backend name err=EIO

	[ "$backend" = legacy ] || err=EAGAIN
	restore_state
	ruleset >"$tmp/before"
	mkdir "$folder"
	for name in iptables ip6tables; do
		ln -s "$(command -v "$name-$backend-save")" "$folder/$name-$backend-save"
		printf '#!/bin/sh\nexit 0\n' >"$folder/$name-$backend-restore"
		chmod +x "$folder/$name-$backend-restore"
	done
	cli tools "$folder" <<-'END'
		read 4
		text 4 *filter;-I INPUT 1 -p tcp -j DROP;-D INPUT 3;COMMIT
		commit
	END
	outcomes_are "a tool that does nothing" 0 0 "$err"
	ruleset >"$tmp/after"
	same_rules "and nothing is undone" before after
}

for_backends lying_tool later_refused tool_killed caller_killed others_since odd_journals
