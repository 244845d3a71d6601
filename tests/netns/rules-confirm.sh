#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commits that are rolled back unless they are confirmed, with both backends:
#
#	[ nothing but rules, and the process that waits ]

. "${srcdir:-.}/tests/netns/lib.sh"
. "$lib_dir/rules-lib.sh"

change='read 4
read 6
text 4 *filter;-N OURS;-I INPUT 1 -j OURS;-A OURS -p tcp -m comment --comment ours -j DROP;COMMIT;*nat;-F THEIRS;COMMIT
text 6 *filter;-A INPUT -p udp -m comment --comment ours -j DROP;COMMIT'

prepare() {
	foreign_rules
	# The tools make table nat of IPv6 appear, and the like.
	ruleset >/dev/null
	ruleset >"$tmp/old"
}

is_old() {
	ruleset >"$tmp/now"
	cmp -s "$tmp/old" "$tmp/now"
}

# The processes that wait; there is nobody else's in this namespace.
waiters() {
	grep -lx nfv-confirm /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3 || :
}

no_waiters() {
	[ -z "$(waiters)" ]
}

one_waiter() {
	[ "$(waiters | wc -l)" -eq 1 ]
}

waits() {
	cli <<-END
		$change
		confirming $1
		commit
		left
	END
	[ "$(sed -n 5p "$tmp/outcomes")" = 0 ] || {
		cat "$tmp/cli"
		fail "the commit"
	}
	between "seconds left of $1" "$(sed -n 6p "$tmp/outcomes")" 1 "$1"
	! is_old || fail "nothing was committed"
	wait_for "the process that waits" 5 one_waiter
}

rolls_back() {
	prepare
	waits 3
	wait_for "the old rules" 10 is_old
	note "ok: rolled back by itself, counters are kept"
	wait_for "the end of the process" 10 no_waiters
	no_journal "rolled back"
	cli <<-'END'
		left
		confirm
		rollback
	END
	outcomes_are "then nothing waits" ENOENT "ENOENT: nothing waits" "ENOENT: nothing waits"
}

confirmed() {
	prepare
	waits 600
	ruleset >"$tmp/new"
	cli <<-'END'
		confirm
		left
	END
	outcomes_are "confirmed" 0 ENOENT
	wait_for "the end of the process" 10 no_waiters
	ruleset >"$tmp/now"
	same_rules "what was confirmed stays" new now
	no_journal "confirmed"
}

by_hand() {
	prepare
	waits 600
	cli <<-'END'
		read 4
		append 4 filter FORWARD -p gre
		commit
	END
	outcomes_are "a second one in the same table" 0 0 "EBUSY: a change of the same table waits to be confirmed"
	cli <<-'END'
		read 4
		append 4 mangle FORWARD -p gre
		commit
		confirming 5
		append 4 raw OUTPUT -p gre
		commit
	END
	outcomes_are "others" 0 0 0 0 "EBUSY: a change waits to be confirmed"
	cli <<-'END'
		rollback
		left
		read 4
		text 4 *mangle;-D FORWARD -p gre;COMMIT
		commit
	END
	outcomes_are "rolled back by hand" 0 ENOENT 0 0 0
	is_old || fail "not the old rules: $(diff "$tmp/old" "$tmp/now")"
	wait_for "the end of the process" 10 no_waiters
}

process_killed() {
	prepare
	waits 3
	kill -KILL "$(waiters)"
	wait_for "the end of the time" 10 time_is_over
	! is_old || fail "somebody rolled back"
	cli <<-'END'
		read 4
	END
	has "the next use rolls back" "$tmp/cli" 'log: warning: a change by process [0-9]+ was not confirmed: it is rolled back'
	is_old || fail "not the old rules: $(diff "$tmp/old" "$tmp/now")"
	no_journal "rolled back by the next use"
}

time_is_over() {
	[ "$(echo left | "$live_cli" backend "$backend" | sed -n 's/^= //p')" = 0 ]
}

# Whoever made the change is cut off together with the terminal.
terminal_closed() {
	prepare
	printf '%s\nconfirming 3\ncommit\nshell sleep 100\n' "$change" >"$tmp/commands"
	python3 - "$live_cli" "$backend" "$tmp/commands" <<-'END'
		import os, pty, sys, time
		pid, terminal = pty.fork()
		if pid == 0:
		    commands = os.open(sys.argv[3], os.O_RDONLY)
		    os.dup2(commands, 0)
		    os.execv(sys.argv[1], [sys.argv[1], "backend", sys.argv[2]])
		said = b""
		while said.count(b"= ") < 5:
		    said += os.read(terminal, 4096)
		assert b"= E" not in said, said
		os.close(terminal) # SIGHUP for everybody of that session
		status = os.waitpid(pid, 0)[1]
		assert os.WIFSIGNALED(status), status
	END
	one_waiter || fail "the process that waits went with the terminal"
	! is_old || fail "rolled back too early"
	wait_for "the old rules" 10 is_old
	note "ok: rolled back after the terminal was closed"
	wait_for "the end of the process" 10 no_waiters
}

others_since() {
	prepare
	waits 3
	"iptables-$backend" -w -I INPUT 1 -p gre -m comment --comment foreign
	"iptables-$backend" -w -A INPUT -p esp -m comment --comment foreign
	wait_for "the end of the process" 10 no_waiters
	ruleset | grep -v 'comment foreign' >"$tmp/now"
	same_rules "ours are gone" old now
	equal "rules that others put in meanwhile" "$(ruleset | grep -c 'comment foreign')" 2
	no_journal "rolled back beside others"
}

# The process that commits dies in the middle: what nobody can confirm is taken back at once by the next use.
committer_killed() {
	local tools=$tmp/tools-$backend name

	prepare
	mkdir -p "$tools"
	for name in ip6tables iptables; do
		cp "$top_builddir/tests/rules/bad-tool" "$tools/$name-$backend-restore"
		cp "$top_builddir/tests/rules/bad-tool" "$tools/$name-$backend-save"
	done
	dirname "$(command -v iptables-legacy-restore)" >"$tools/real"
	echo "2 1 before caller" >"$tools/plan"
	printf '%s\nconfirming 300\ncommit\n' "$change" >"$tmp/commands"
	("$live_cli" backend "$backend" tools "$tools" <"$tmp/commands" >"$tmp/cli" 2>&1 || :) 2>"$tmp/shell"
	[ -e "$tools/struck" ] || fail "nobody was killed"
	! is_old || fail "nothing was changed before"
	printf 'read 4\n' | "$live_cli" backend "$backend" >"$tmp/cli"
	is_old || fail "not the old rules: $(diff "$tmp/old" "$tmp/now")"
	no_journal "the process that commits was killed"
	wait_for "the end of the process" 10 no_waiters
	note "ok: taken back by the next use"
}

for_backends rolls_back confirmed by_hand process_killed terminal_closed others_since committer_killed
